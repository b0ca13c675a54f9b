"""Cancel a registered appointment: PUT [base]/Appointment/[id] with If-Match."""

import pytest

from tests.spec.conversation import MEDIA_TYPES, Registry, appointment, encoded

SAMPLE_ID = "b7e99463-00a1-45fc-98aa-02301c103aba"
SAMPLE = f"""<Appointment xmlns="http://hl7.org/fhir">
\t<id value="{SAMPLE_ID}"/>
\t<meta>
\t\t<versionId value="1"/>
\t\t<profile value="https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"/>
\t</meta>
\t<identifier>
\t\t<system value="urn:ietf:rfc:3986"/>
\t\t<value value="http://test.nhs.uk/test3"/>
\t</identifier>
\t<status value="cancelled"/>
\t<start value="2019-02-01T10:51:23.620+00:00"/>
\t<end value="2019-01-17T15:10:00.000Z"/>
\t<created value="2019-01-17T14:00:00.000Z"/>
\t<participant>
\t\t<actor>
\t\t\t<identifier>
\t\t\t\t<use value="official"/>
\t\t\t\t<system value="https://fhir.nhs.uk/Id/nhs-number"/>
\t\t\t\t<value value="1234554321"/>
\t\t\t</identifier>
\t\t</actor>
\t\t<status value="accepted"/>
\t</participant>
</Appointment>
"""
GENERATED = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">An appointment</div>'}


class TestSuccess:
    """200, with where the new version is and what it says."""

    def test_the_pages_own_sample_works_as_it_stands(self, registry: Registry) -> None:
        """Pasted once it cancels, pasted again it conflicts."""
        path, xml = f"/Appointment/{SAMPLE_ID}", "application/fhir+xml"
        first = registry.ask("PUT", path, SAMPLE.encode(), If_Match='W/"1"', Content_Type=xml)
        assert first.status == 200
        assert first.headers["Location"] == f"{registry.base}{path}/_history/2"
        assert first.resource["status"] == "cancelled"
        again = registry.ask("PUT", path, SAMPLE.encode(), If_Match='W/"1"', Content_Type=xml)
        assert again.status == 409

    def test_it_makes_the_next_version(self, registry: Registry) -> None:
        """ETag, meta.versionId and Location name version 2; everything else is as it was."""
        created = registry.registered()
        answer = registry.cancel(created)
        assert (answer.status, answer.headers["ETag"]) == (200, 'W/"2"')
        assert answer.headers["Location"] == f"{registry.base}/Appointment/{created['id']}/_history/2"
        assert answer.resource["meta"]["versionId"] == "2"
        assert {**answer.resource, "meta": None, "status": "booked"} == {**created, "meta": None}

    @pytest.mark.parametrize("if_match", ['W/"1"', '"1"', 'W/"7", W/"1"', '"1",'])
    def test_the_version_may_be_spelled_in_these_ways(self, registry: Registry, if_match: str) -> None:
        """Weak or strong, alone or in a list; a list that is none names no version."""
        expected = 409 if if_match.endswith(",") else 200
        assert registry.cancel(registry.registered(), if_match).status == expected

    def test_the_versioned_location_takes_a_put_too(self, registry: Registry) -> None:
        """The page says that the Location of an answer supports updates."""
        created = registry.register()
        cancelled = {**created.resource, "status": "cancelled"}
        path = created.headers["Location"].removeprefix(registry.base)
        answer = registry.ask("PUT", path, encoded(cancelled, registry.format), If_Match='W/"1"')
        assert answer.status == 200
        assert registry.ask("PUT", path, encoded(cancelled, registry.format), If_Match='W/"2"').status == 409

    @pytest.mark.parametrize(
        ("element", "value"),
        [
            ("start", "2031-05-06T08:30:00Z"),
            ("start", "2031-05-06T09:30:00.000000+01:00"),
            ("created", "2026-11-20T16:05:00.0Z"),
            ("meta", {"tag": [{"code": "mine"}]}),
            ("text", GENERATED),
        ],
    )
    def test_these_are_no_differences(self, registry: Registry, element: str, value: object) -> None:
        """Another spelling of the same instant, meta, and a generated narrative."""
        created = registry.registered()
        assert registry.cancel({**created, element: value}).status == 200

    def test_indents_in_the_narrative_are_no_difference(self, registry: Registry) -> None:
        """A client that writes XML out with indents indents the narrative too; another word in it is a change."""
        div = '<div xmlns="http://www.w3.org/1999/xhtml">{0}<p>Bring{0} your <b>card</b></p>{0}<p>{1}</p></div>'
        written, indented, changed = div.format("", "Soon"), div.format("\n    ", "Soon"), div.format("", "Now")
        created = registry.registered(appointment(text={"status": "additional", "div": written}))
        refused = registry.cancel({**created, "text": {"status": "additional", "div": changed}})
        assert (refused.status, refused.locations) == (422, ["/f:Appointment/f:text/f:div"])
        assert registry.cancel({**created, "text": {"status": "additional", "div": indented}}).status == 200

    def test_a_change_of_format_is_no_difference(self, registry: Registry) -> None:
        """What was read as XML can be cancelled as JSON, and the other way round."""
        created = registry.registered()
        other = "json" if registry.format == "xml" else "xml"
        body = encoded({**created, "status": "cancelled"}, other)  # type: ignore[arg-type]
        path = f"/Appointment/{created['id']}"
        answer = registry.ask("PUT", path, body, If_Match='W/"1"', Content_Type=MEDIA_TYPES[other])  # type: ignore[index]
        assert answer.status == 200

    def test_prefer_decides_on_the_body(self, registry: Registry) -> None:
        """The outcome of a success says RESOURCE_UPDATED."""
        answer = registry.cancel(registry.registered(), Prefer="return=OperationOutcome")
        assert (answer.status, answer.issues) == (200, [("informational", "RESOURCE_UPDATED")])


class TestFailure:
    """Nothing but the status changes, and only from the current version."""

    def test_every_difference_is_named_with_both_values(self, registry: Registry) -> None:
        """The element, what is stored and what was sent."""
        created = registry.registered()
        changed = {**created, "start": "2031-05-06T10:30:00Z", "language": "en"}
        changed["participant"] = [{**created["participant"][0], "status": "declined"}]
        answer = registry.cancel(changed)
        assert (answer.status, set(answer.issues)) == (422, {("business-rule", "INVALID_RESOURCE")})
        for told in ("Appointment.start", "2031-05-06T09:30:00.000+01:00", "2031-05-06T10:30:00Z"):
            assert told in answer.diagnostics
        for told in ("Appointment.language", "absent", "Appointment.participant[0].status", "accepted", "declined"):
            assert told in answer.diagnostics

    def test_what_the_registry_did_not_keep_is_a_difference(self, registry: Registry) -> None:
        """Cancelling starts from what was read, not from what was sent once."""
        created = registry.registered(appointment(comment="Bring the letter"))
        answer = registry.cancel({**created, "comment": "Bring the letter"})
        assert answer.status == 422
        assert "Appointment.comment" in answer.diagnostics

    def test_a_cancelled_entry_is_not_cancelled_again(self, registry: Registry) -> None:
        """There is no change to make."""
        cancelled = registry.cancel(registry.registered()).resource
        answer = registry.cancel(cancelled, 'W/"2"')
        assert answer.status == 422
        assert "cancelled already" in answer.diagnostics
        assert "re-opened" not in answer.diagnostics

    def test_a_cancelled_entry_is_not_reopened(self, registry: Registry) -> None:
        """Back to booked is refused."""
        cancelled = registry.cancel(registry.registered()).resource
        answer = registry.update({**cancelled, "status": "booked"}, 'W/"2"')
        assert answer.status == 422
        assert "not re-opened" in answer.diagnostics
        assert "already" not in answer.diagnostics

    @pytest.mark.parametrize("status", ["booked", "entered-in-error"])
    def test_another_status_is_refused(self, registry: Registry, status: str) -> None:
        """The page says cancelled."""
        answer = registry.update({**registry.registered(), "status": status})
        assert answer.status == 422
        assert "expected 'cancelled'" in answer.diagnostics

    @pytest.mark.parametrize("if_match", [None, "", "*"])
    def test_a_version_must_be_named(self, registry: Registry, if_match: str | None) -> None:
        """Without If-Match, or with one that guards nothing, it is a 412."""
        answer = registry.cancel(registry.registered(), if_match)
        assert (answer.status, answer.issues) == (412, [("required", "MISSING_OR_INVALID_HEADER")])
        assert answer.locations == ["http.If-Match"]

    @pytest.mark.parametrize("if_match", ['W/"2"', 'W/"01"', "1", "W/1", 'w/"1"', 'W/"1', "abc", 'W/"1" W/"1"'])
    def test_it_must_be_the_current_version(self, registry: Registry, if_match: str) -> None:
        """Any other tag, and what is no tag, is a 409 that shows the right form."""
        answer = registry.cancel(registry.registered(), if_match)
        assert (answer.status, answer.issues) == (409, [("conflict", "FHIR_CONSTRAINT_VIOLATION")])
        assert 'W/"1"' in answer.diagnostics

    @pytest.mark.parametrize("bare", ["1", "W/1", 'w/"1"', '"1'])
    def test_a_version_in_another_spelling_is_shown_the_right_one(self, registry: Registry, bare: str) -> None:
        """Where it names the current version; where it names an older one, the client is told to read again."""
        created = registry.registered()
        current = registry.cancel(created, bare)
        assert (current.status, current.locations) == (409, ["http.If-Match"])
        assert 'expected W/"1"' in current.diagnostics
        assert "again" not in current.diagnostics
        cancelled = registry.cancel(created).resource
        stale = registry.cancel(cancelled, bare)
        assert (stale.status, stale.locations) == (409, ["http.If-Match"])
        assert 'W/"2"' in stale.diagnostics
        assert "Read the appointment again" in stale.diagnostics

    @pytest.mark.parametrize("logical_id", [None, "another"])
    def test_the_body_names_the_same_id(self, registry: Registry, logical_id: str | None) -> None:
        """An id that is missing or another is a 400."""
        created = registry.registered()
        changed = {**created, "status": "cancelled", "id": logical_id}
        body = encoded({name: value for name, value in changed.items() if value is not None}, registry.format)
        answer = registry.ask("PUT", f"/Appointment/{created['id']}", body, If_Match='W/"1"')
        assert (answer.status, answer.issues) == (400, [("value", "CONFLICTING_VALUES")])

    def test_an_unknown_id_is_not_found_and_not_created(self, registry: Registry) -> None:
        """UpdateCreate is false."""
        assert registry.update(appointment(id="unknown")).status == 404
        assert registry.get("/Appointment/unknown").status == 404

    def test_a_refused_cancel_changes_nothing(self, registry: Registry) -> None:
        """The entry stays at version 1."""
        created = registry.registered()
        registry.cancel({**created, "start": "2031-05-06T10:30:00Z"})
        assert registry.get(f"/Appointment/{created['id']}").resource == created
