"""The CapabilityStatement: GET [base]/metadata, and the definitions in use."""

import pytest

from tests.spec.conversation import Registry, appointment, encoded


def declared(registry: Registry) -> dict[str, object]:
    """Return what is declared of Appointment."""
    rest = registry.get("/metadata").resource["rest"][0]
    found: dict[str, object] = next(each for each in rest["resource"] if each["type"] == "Appointment")
    return found


class TestMetadata:
    """What is declared is what is done."""

    def test_it_declares_the_interactions_of_the_registry(self, registry: Registry) -> None:
        """No more and no fewer."""
        codes = {each["code"] for each in declared(registry)["interaction"]}  # type: ignore[attr-defined]
        assert codes == {"create", "read", "vread", "update", "search-type", "history-instance"}

    def test_it_says_what_clients_rely_on(self, registry: Registry) -> None:
        """Version-aware updates, no create by update, conditional read."""
        appointment = declared(registry)
        assert (appointment["versioning"], appointment["updateCreate"], appointment["readHistory"]) == (
            "versioned-update",
            False,
            True,
        )
        assert appointment["conditionalRead"] == "full-support"

    def test_it_has_what_stu3_demands(self, registry: Registry) -> None:
        """date, kind, fhirVersion, acceptUnknown, format."""
        statement = registry.get("/metadata").resource
        assert (statement["fhirVersion"], statement["kind"], statement["acceptUnknown"]) == (
            "3.0.1",
            "instance",
            "extensions",
        )
        assert {"application/fhir+xml", "application/fhir+json"} <= set(statement["format"])

    @pytest.mark.parametrize(
        "query", ["_summary=true", "_summary=false", "_elements=fhirVersion", "mode=full", "_pretty=true&_summary=text"]
    )
    def test_what_clients_ask_of_it_first_changes_nothing(self, registry: Registry, query: str) -> None:
        """The .NET and Swift clients begin with `metadata?_summary=true`."""
        assert registry.get(f"/metadata?{query}").resource == registry.get("/metadata").resource
        assert registry.get(f"/metadata?{query}", Authorization=None).status == 200

    @pytest.mark.parametrize("query", ["mode=terminology", "mode=", "_count=1", "_summary=true&x=y", "_SUMMARY=true"])
    def test_other_parameters_are_refused(self, registry: Registry, query: str) -> None:
        """A part of the statement that there is not, and what is no parameter of it."""
        answer = registry.get(f"/metadata?{query}")
        assert (answer.status, answer.issues) == (400, [("invalid", "INVALID_PARAMETER")])

    def test_every_declared_search_parameter_is_accepted(self, registry: Registry) -> None:
        """And they are all that is."""
        for parameter in declared(registry)["searchParam"]:  # type: ignore[attr-defined]
            query = f"{parameter['name']}=https://fhir.nhs.uk/Id/nhs-number|9991000011"
            assert registry.search(query).status == 200

    def test_it_names_the_token_endpoint(self, registry: Registry) -> None:
        """In the security part."""
        security = registry.get("/metadata").resource["rest"][0]["security"]
        assert security["extension"][0]["extension"][0]["valueUri"].endswith("/oauth2/token")
        assert security["cors"] is True

    def test_every_profile_that_it_names_can_be_read(self, registry: Registry) -> None:
        """By its canonical URL, and then by its id."""
        for reference in registry.get("/metadata").resource["profile"]:
            found = registry.get(f"/StructureDefinition?url={reference['reference']}").resource
            assert found["total"] == 1
            one = registry.get(found["entry"][0]["fullUrl"])
            assert one.resource["url"] == reference["reference"]
            assert one.resource["snapshot"]["element"]


class TestDefinitions:
    """StructureDefinition, ValueSet and CodeSystem are readable."""

    @pytest.mark.parametrize(
        "path", ["/StructureDefinition/Appointment", "/StructureDefinition/Registry-Appointment-1"]
    )
    def test_a_definition_is_read_by_its_id(self, registry: Registry, path: str) -> None:
        """The standard's own, and the registry's."""
        assert registry.get(path).status == 200

    @pytest.mark.parametrize("path", ["/StructureDefinition/unknown", "/ValueSet/unknown", "/CodeSystem/unknown"])
    def test_an_unknown_one_is_not_found(self, registry: Registry, path: str) -> None:
        """With an outcome."""
        assert registry.get(path).status == 404

    def test_an_unknown_url_finds_nothing(self, registry: Registry) -> None:
        """An empty searchset."""
        assert registry.get("/ValueSet?url=https://unknown.example.test/vs").resource["total"] == 0


class TestValidate:
    """POST [base]/Appointment/$validate gives the findings with 200 and stores nothing."""

    def test_a_good_appointment_has_no_errors(self, registry: Registry) -> None:
        """The outcome is information."""
        answer = registry.ask("POST", "/Appointment/$validate", encoded(appointment(), registry.format))
        assert answer.status == 200
        assert {each["severity"] for each in answer.resource["issue"]} == {"information"}

    def test_a_bad_one_has_findings_and_is_a_success_all_the_same(self, registry: Registry) -> None:
        """Errors are findings here, and no Spine profile is claimed."""
        body = encoded(appointment(start=None, description="x"), registry.format)
        answer = registry.ask("POST", "/Appointment/$validate", body)
        assert (answer.status, "meta" in answer.resource) == (200, False)
        assert "error" in {each["severity"] for each in answer.resource["issue"]}

    def test_a_schema_location_on_the_root_is_told_and_does_no_harm(self, registry: Registry) -> None:
        """Published files carry one: it is ignored, and what it names is never fetched."""
        located = b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://hl7.org/fhir a"'
        body = encoded(appointment(), "xml").replace(b"<Appointment", b"<Appointment" + located, 1)
        answer = registry.ask("POST", "/Appointment/$validate", body, Content_Type="application/fhir+xml")
        assert (answer.status, answer.locations) == (200, ["/f:Appointment"])
        assert [each["severity"] for each in answer.resource["issue"]] == ["information"]
        assert "http://hl7.org/fhir a" in answer.diagnostics
        assert registry.ask("POST", "/Appointment", body, Content_Type="application/fhir+xml").status == 201

    def test_as_a_create_the_rules_are_asked_too(self, registry: Registry) -> None:
        """mode=create: what the registry would refuse to register, such as an id; other modes there are none."""
        body = encoded(appointment(id="mine"), registry.format)
        assert "Appointment.id" not in registry.ask("POST", "/Appointment/$validate", body).diagnostics
        answer = registry.ask("POST", "/Appointment/$validate?mode=create", body)
        assert (answer.status, answer.locations) == (200, ["/f:Appointment/f:id"])
        refused = registry.ask("POST", "/Appointment/$validate?mode=delete", body)
        assert (refused.status, refused.issues) == (400, [("invalid", "INVALID_PARAMETER")])

    def test_each_parameter_that_is_not_supported_is_named(self, registry: Registry) -> None:
        """As the other interactions name them: all of them, not the first alone."""
        body = encoded(appointment(), registry.format)
        answer = registry.ask("POST", "/Appointment/$validate?one=1&mode=create&two=2", body)
        assert (answer.status, answer.locations) == (400, ["http.one", "http.two"])
