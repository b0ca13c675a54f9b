"""Headers that come on several lines, in other cases, with parameters: RFC 9110 section 5.3 makes one list of them."""

import asyncio
from datetime import UTC, datetime

import pytest

from registry_sandbox.http.common_headers import CommonHeaders
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.runtime.clock import Clock
from tests.unit.api.exchanges import Exchanges, content, diagnostics

JSON, XML = "application/fhir+json; charset=utf-8", "application/fhir+xml; charset=utf-8"
API = Exchanges()


class TestPrefer:
    """return= decides on the body of a write."""

    @pytest.mark.parametrize(
        "lines",
        [
            ["return=minimal"],
            ['return="minimal"'],
            ["Return=minimal"],
            ["respond-async, return=minimal"],
            ["respond-async", "return=minimal"],
            ["return=minimal; foo=bar"],
            [" return = minimal "],
        ],
    )
    def test_each_spelling_of_minimal_is_understood(self, lines: list[str]) -> None:
        """RFC 7240: the answer is 201 without a body."""
        answer = API.register(*(("Prefer", each) for each in lines))
        assert (answer.status, answer.body) == (201, b"")
        assert answer.headers["Location"].endswith("/_history/1")

    @pytest.mark.parametrize(
        "line", ["respond-async", "return=other", "return", "handling=strict", "returning=minimal"]
    )
    def test_other_preferences_are_ignored(self, line: str) -> None:
        """The answer is the resource."""
        assert content(API.register(("Prefer", line)))["resourceType"] == "Appointment"


class TestIfMatch:
    """It names the version that is to be replaced."""

    def test_the_members_may_come_on_several_lines(self) -> None:
        """One of them is the current version."""
        assert API.cancel(API.registered(), ("If-Match", 'W/"7"'), ("If-Match", 'W/"1"')).status == 200

    def test_an_empty_line_is_none(self) -> None:
        """As if it had not been sent."""
        assert API.cancel(API.registered(), ("If-Match", " ")).status == 412


class TestConditionalReads:
    """304 where the client has the version already."""

    @pytest.mark.parametrize(
        ("lines", "status"),
        [
            (['W/"7"', 'W/"1"'], 304),
            (['W/"1"', "garbage"], 200),
            (['W/"7"', 'W/"8"'], 200),
            ([" * "], 304),
            (["1"], 200),
            (['W/"1"'], 304),
        ],
    )
    def test_if_none_match_may_come_on_several_lines(self, lines: list[str], status: int) -> None:
        """Any of them may name it."""
        created = API.registered()
        answer = API.ask("GET", f"Appointment/{created['id']}", *(("If-None-Match", each) for each in lines))
        assert (answer.status, answer.headers["ETag"]) == (status, 'W/"1"')

    @pytest.mark.parametrize(
        "date",
        [
            "Wed, 01 Jan 99999 00:00:00 GMT",
            "Wed, 01 Jan 99999999999999999999 00:00:00 GMT",
            "Wed, 01 Jan 2031 00:00:00 -9999",
            "9" * 400,
            "\x00",
        ],
    )
    def test_a_date_that_no_calendar_has_is_ignored(self, date: str) -> None:
        """However it fails to be read."""
        created = API.registered()
        assert API.ask("GET", f"Appointment/{created['id']}", ("If-Modified-Since", date)).status == 200

    def test_a_second_is_compared_whole(self) -> None:
        """Last-Modified has no fractions: a version of half past the second is not newer than it says."""
        half_past = Exchanges(clock=datetime(2026, 11, 22, 12, 0, 0, 500_000, tzinfo=UTC), clock_frozen=True)
        created = half_past.register()
        path = f"Appointment/{content(created)['id']}"
        since = created.headers["Last-Modified"]
        assert half_past.ask("GET", path, ("If-Modified-Since", since)).status == 304


class TestAccept:
    """Which format the answer takes."""

    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            (["text/html", "application/fhir+xml"], XML),
            (["application/fhir+json;q=0.1", "application/fhir+xml;q=0.2"], XML),
            (["text/*"], XML),
            (["application/fhir+xml;q=2, application/fhir+json;q=0.1"], JSON),
            (["application/fhir+xml;q=-1, application/fhir+json;q=0.1"], JSON),
            (["application/fhir+xml;q=nan, application/fhir+json;q=0.1"], JSON),
            (["application/fhir+xml;q=x, application/fhir+json;q=0.1"], JSON),
            (["application/fhir+xml; Q = 0.1, application/fhir+json;q=0.05"], XML),
            (["application/fhir+json;q=0.1," + " " * 2_000 + "application/fhir+xml"], XML),
        ],
    )
    def test_lines_are_one_list_and_what_is_no_weight_is_none(self, lines: list[str], expected: str) -> None:
        """A weight is between 0 and 1; a header too long to be remembered is read all the same."""
        answer = API.ask("GET", "metadata", *(("Accept", each) for each in lines))
        assert (answer.status, answer.headers["Content-Type"]) == (200, expected)

    @pytest.mark.parametrize("accept", ["xml", "json"])
    def test_a_short_form_is_no_media_type(self, accept: str) -> None:
        """It belongs in _format alone."""
        answer = API.ask("GET", "metadata", ("Accept", accept))
        assert answer.status == 406
        assert content(answer)["issue"][0]["location"] == ["http.Accept"]

    def test_the_parameter_is_named_where_it_is_at_fault(self) -> None:
        """And the header where it is."""
        answer = API.ask("GET", "metadata?_format=html", ("Accept", "application/fhir+json"))
        assert (answer.status, content(answer)["issue"][0]["location"]) == (406, ["http._format"])

    @pytest.mark.parametrize(("accept", "expected"), [("*/*", XML), ("application/*", XML), ("text/*, */*;q=0.1", XML)])
    def test_among_equals_the_format_of_the_body_is_taken(self, accept: str, expected: str) -> None:
        """What came as XML goes back as XML."""
        answer = API.ask("POST", "Appointment", ("Content-Type", "text/xml"), ("Accept", accept), body=b"<")
        assert (answer.status, answer.headers["Content-Type"]) == (400, expected)
        assert API.ask("GET", "metadata", ("Accept", "*/*")).headers["Content-Type"] == JSON

    def test_what_one_query_asks_is_not_held_against_the_next(self) -> None:
        """What follows from the headers is remembered for a connection; what follows from the query is not."""
        first = API.request("GET", "metadata?_format=xml")
        facts = first.facts
        assert API.ask("GET", "metadata?_format=xml", facts=facts).headers["Content-Type"] == XML
        assert API.ask("GET", "metadata", facts=facts).headers["Content-Type"] == JSON
        assert API.ask("GET", "metadata?_format=xml", facts=facts).headers["Content-Type"] == XML


class TestContentType:
    """It is looked at before the body is."""

    def test_one_that_cannot_be_read_is_refused_without_a_body_too(self) -> None:
        """The client means to send something else; none at all is an empty body."""
        assert API.ask("POST", "Appointment", ("Content-Type", "text/plain")).status == 415
        assert API.ask("POST", "Appointment").status == 400


class TestRequestIds:
    """X-Request-Id is echoed, if it can be."""

    def test_each_request_has_its_own(self) -> None:
        """Also where all else of its headers is as in the request before."""
        facts = API.request("GET", "metadata").facts
        for sent in ("1", "2", "2", None, None, "3", "a b", "3"):
            headers = () if sent is None else (("X-Request-Id", sent),)
            answer = API.ask("GET", "metadata", *headers, facts=facts)
            assert answer.headers.get("X-Correlation-Id") == (None if sent == "a b" else sent)

    def test_an_answer_keeps_its_own(self) -> None:
        """Also where the next one is of the same version: the journal has both."""
        path = f"Appointment/{content(API.register())['id']}"
        first, second = API.ask("GET", path), API.ask("GET", path)
        assert first.headers["ETag"] == second.headers["ETag"]
        assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]

    @pytest.mark.parametrize(
        ("sent", "echoed"), [("a" * 200, "a" * 200), ("a" * 201, None), ("a b", None), ("é", None), ("", None)]
    )
    def test_what_can_be_no_id_is_not_echoed(self, sent: str, echoed: str | None) -> None:
        """Spaces, bytes beyond ASCII, more than 200 characters."""
        assert API.ask("GET", "metadata", ("X-Request-Id", sent)).headers.get("X-Correlation-Id") == echoed

    @pytest.mark.parametrize(("sent", "echoed"), [("mine", "mine"), ("a b", None)])
    def test_an_answer_that_is_no_interactions_has_them_too(self, sent: str, echoed: str | None) -> None:
        """Such as the token endpoint's."""
        common_headers = CommonHeaders(lambda: "ours", Clock(lambda: 0.0))

        async def answer(_: Request) -> Response:
            return Response(200)

        asked = API.request("GET", "metadata", ("X-Request-Id", sent))
        headers = asyncio.run(common_headers.identify(asked, answer)).headers
        assert (headers["X-Request-Id"], headers.get("X-Correlation-Id")) == ("ours", echoed)


class TestPages:
    """CORS: a preflight is OPTIONS with an origin and the method that is meant."""

    @pytest.mark.parametrize("headers", [{}, {"Origin": "https://a.test"}, {"Access-Control-Request-Method": "POST"}])
    def test_an_options_that_is_no_preflight_is_a_method_like_another(self, headers: dict[str, str]) -> None:
        """It is none that the path has."""
        answer = API.ask("OPTIONS", "Appointment", *headers.items())
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST")

    @pytest.mark.parametrize("asked", ["", "a b", ",".join("x" * 4_000), "é", "a\tb"])
    def test_what_are_no_names_of_headers_are_answered_by_ours(self, asked: str) -> None:
        """Nothing is echoed that a page could not send."""
        sent = {
            "Origin": "https://a.test",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": asked,
        }
        answer = API.ask("OPTIONS", "Appointment", *sent.items())
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Headers"].startswith(
            "Authorization, Content-Type, Accept, If-Match"
        )

    def test_names_are_echoed_as_they_were_asked_for(self) -> None:
        """With the methods that there are, and for how long that holds."""
        sent = {
            "Origin": "https://a.test",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "x-a ,\tx-b",
        }
        headers = API.ask("OPTIONS", "Appointment", *sent.items()).headers
        assert headers["Access-Control-Allow-Headers"] == "x-a ,\tx-b"
        assert headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT, OPTIONS"
        assert headers["Access-Control-Max-Age"] == "600"

    def test_who_names_no_origin_is_told_of_none(self) -> None:
        """A client that is no page has no use for it."""
        assert "Access-Control-Allow-Origin" not in API.ask("GET", "metadata").headers


def test_a_refusal_takes_the_format_that_was_asked_for_whichever_step_refuses() -> None:
    """Also the very first: an unknown path, a method, a parameter."""
    for method, target in (("GET", "Nothing"), ("DELETE", "Appointment"), ("GET", "metadata?x=y")):
        answer = API.ask(method, target, ("Accept", "text/xml"))
        assert (answer.status >= 400, answer.headers["Content-Type"]) == (True, XML)


def test_head_is_named_among_the_methods_only_where_get_is() -> None:
    """RFC 9110 section 9.3.2."""
    assert API.ask("DELETE", "Appointment/$validate").headers["Allow"] == "POST"
    assert "HEAD" in diagnostics(API.ask("DELETE", "metadata"))
