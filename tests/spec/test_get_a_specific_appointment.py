"""Get a specific appointment: GET [base]/Appointment/[id] and .../_history/[vid]."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from tests.spec.conversation import Registry

SAMPLE = "/Appointment/eef4f241-e276-4c9e-8d1f-6d12dcdc0086"


class TestSuccess:
    """200 with the resource, its entity tag and when it was last changed."""

    def test_the_pages_sample_of_read_finds_the_current_version(self, registry: Registry) -> None:
        """The seeded appointment has two versions, and a read gives the second."""
        answer = registry.get(SAMPLE)
        assert (answer.status, answer.headers["ETag"], answer.resource["status"]) == (200, 'W/"2"', "cancelled")

    def test_the_pages_sample_of_vread_finds_version_2(self, registry: Registry) -> None:
        """.../_history/2 is what a read gives."""
        assert registry.get(f"{SAMPLE}/_history/2").resource == registry.get(SAMPLE).resource

    def test_an_old_version_stays_readable_unchanged(self, registry: Registry) -> None:
        """Version 1 is as it was registered, with its own tag and time."""
        created = registry.register()
        registry.cancel(created.resource)
        old = registry.get(created.headers["Location"])
        assert old.resource == created.resource
        assert old.headers["ETag"] == 'W/"1"'
        assert old.headers["Last-Modified"] == created.headers["Last-Modified"]

    def test_head_says_what_get_would(self, registry: Registry) -> None:
        """HEAD gives the headers alone."""
        head, get = registry.ask("HEAD", SAMPLE), registry.get(SAMPLE)
        assert (head.status, head.response.content) == (200, b"")
        for name in ("ETag", "Last-Modified", "Content-Type", "Content-Length"):
            assert head.headers[name] == get.headers[name]

    @pytest.mark.parametrize("tags", ['W/"2"', '"2"', 'W/"1", W/"2"', "*"])
    def test_a_client_that_has_it_is_told_so(self, registry: Registry, tags: str) -> None:
        """If-None-Match with the current version gives 304 and no body."""
        answer = registry.get(SAMPLE, If_None_Match=tags)
        assert (answer.status, answer.response.content, answer.headers["ETag"]) == (304, b"", 'W/"2"')

    @pytest.mark.parametrize("tags", ['W/"1"', "2", 'W/"22"'])
    def test_a_client_that_has_another_gets_it(self, registry: Registry, tags: str) -> None:
        """If-None-Match with anything else gives the resource."""
        assert registry.get(SAMPLE, If_None_Match=tags).status == 200

    def test_nothing_has_changed_since_it_was_last_modified(self, registry: Registry) -> None:
        """If-Modified-Since with the Last-Modified of an earlier answer gives 304, an older date the resource."""
        modified = registry.get(SAMPLE).headers["Last-Modified"]
        assert registry.get(SAMPLE, If_Modified_Since=modified).status == 304
        assert registry.get(SAMPLE, If_Modified_Since="Tue, 01 Jan 2019 00:00:00 GMT").status == 200

    def test_dates_come_in_three_forms(self, registry: Registry) -> None:
        """RFC 9110 section 5.6.7: what is written today, RFC 850's, and that of C's asctime, all of them in GMT."""
        modified = parsedate_to_datetime(registry.get(SAMPLE).headers["Last-Modified"])
        for after_s, status in ((0, 304), (-1, 200)):
            since = modified + timedelta(seconds=after_s)
            for form in ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b {0:2} %H:%M:%S %Y"):
                written = since.strftime(form.format(since.day))
                assert registry.get(SAMPLE, If_Modified_Since=written).status == status, written

    @pytest.mark.parametrize(
        "date",
        [
            "",
            "yesterday",
            "2031-01-01T00:00:00Z",
            "Wed, 01 Jan 2031 00:00:00",
            "wed jan  1 00:00:00 2031",
            "Wed, 99 Jan",
        ],
    )
    def test_what_is_no_http_date_is_ignored(self, registry: Registry, date: str) -> None:
        """RFC 9110 section 13.1.3: the resource is sent, as if nothing had been asked."""
        assert registry.get(SAMPLE, If_Modified_Since=date).status == 200

    def test_an_entity_tag_counts_more_than_a_date(self, registry: Registry) -> None:
        """RFC 9110 section 13.1.3: If-Modified-Since is ignored beside If-None-Match."""
        future = "Wed, 01 Jan 2031 00:00:00 GMT"
        assert registry.get(SAMPLE, If_Modified_Since=future).status == 304
        assert registry.get(SAMPLE, If_Modified_Since=future, If_None_Match='W/"1"').status == 200


class TestHistory:
    """All versions of an appointment, newest first."""

    def test_it_is_a_history_bundle_as_stu3_has_it(self, registry: Registry) -> None:
        """Each entry has a request and no response, and a fullUrl without a version."""
        answer = registry.get("/Appointment/several-versions/_history")
        bundle = answer.resource
        assert (answer.status, bundle["type"], bundle["total"]) == (200, "history", 4)
        assert [each["resource"]["meta"]["versionId"] for each in bundle["entry"]] == ["4", "3", "2", "1"]
        assert [each["request"]["method"] for each in bundle["entry"]] == ["PUT", "PUT", "PUT", "POST"]
        assert {each["fullUrl"] for each in bundle["entry"]} == {f"{registry.base}/Appointment/several-versions"}
        assert not any("response" in each for each in bundle["entry"])


class TestFailure:
    """404 for what there is not, 400 for parameters that are not supported."""

    @pytest.mark.parametrize("path", ["/Appointment/unknown", "/Appointment/unknown/_history", "/Appointment/a%0Ab"])
    def test_an_unknown_id_is_not_found(self, registry: Registry, path: str) -> None:
        """There is an OperationOutcome with it."""
        answer = registry.get(path)
        assert (answer.status, answer.issues) == (404, [("not-found", "NO_RECORD_FOUND")])

    @pytest.mark.parametrize("version", ["3", "0", "-1", "01", "1_0", "%D9%A1", "one", "1.0", ""])
    def test_a_version_is_named_exactly(self, registry: Registry, version: str) -> None:
        """No other spelling of a number finds a version."""
        assert registry.get(f"{SAMPLE}/_history/{version}").status == 404

    @pytest.mark.parametrize(
        "query", ["_summary=true", "_elements=status", "mode=full", "_pretty=true", "foo=bar", "=", "_format=xml&a=b"]
    )
    def test_unsupported_parameters_are_refused(self, registry: Registry, query: str) -> None:
        """Only _format is supported."""
        answer = registry.get(f"{SAMPLE}?{query}")
        assert (answer.status, answer.issues) == (400, [("invalid", "INVALID_PARAMETER")])
