"""Common to every interaction: formats, headers, sizes, and what answers wear (registry.md section 3)."""

import gzip
from urllib.parse import quote

import pytest

from tests.spec.conversation import MEDIA_TYPES, Registry, appointment, encoded

READ = "/Appointment/booked-tomorrow"
JSON, XML = (f"{MEDIA_TYPES[each]}; charset=utf-8" for each in ("json", "xml"))


class TestFormats:
    """_format beats Accept, which beats the Content-Type of the request, else JSON."""

    @pytest.mark.parametrize(
        ("accept", "expected"),
        [
            ("application/fhir+xml", XML),
            ("application/fhir+json", JSON),
            ("application/xml", XML),
            ("text/xml", XML),
            ("application/json", JSON),
            ("application/fhir+json;q=0.5, application/fhir+xml", XML),
            ("application/fhir+json;q=0, application/fhir+xml;q=0.1", XML),
            ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", XML),
            ("APPLICATION/FHIR+XML;charset=UTF-8", XML),
            ("application/fhir+json;q=0, */*", XML),
            ("application/fhir+json;q=0.1, */*;q=0.5", XML),
            ("*/*, application/fhir+xml;q=0", JSON),
            ("*/*, application/fhir+xml", XML),
            ("application/xml, application/json", XML),
            ("application/json, application/xml", JSON),
            ("*/*", JSON),
            ("application/*", JSON),
            (None, JSON),
            ("", JSON),
        ],
    )
    def test_the_answer_is_in_the_format_asked_for(self, registry: Registry, accept: str | None, expected: str) -> None:
        """Quality values are weighed; the generic types are known; */* states no preference."""
        answer = registry.get(READ, Accept=accept)
        assert (answer.status, answer.headers["Content-Type"]) == (200, expected)

    @pytest.mark.parametrize(
        "value",
        [
            "xml",
            "text/xml",
            "application/xml",
            "application/fhir%2Bxml",
            "application/fhir+xml",
            "application%2Ffhir%2Bxml",
            "xml&%5Fformat=xml",
        ],
    )
    def test_the_format_parameter_beats_accept(self, registry: Registry, value: str) -> None:
        """A raw + is understood."""
        answer = registry.get(f"{READ}?_format={value}", Accept="application/fhir+json")
        assert (answer.status, answer.headers["Content-Type"]) == (200, XML)

    def test_the_format_parameter_may_stand_in_a_form(self, registry: Registry) -> None:
        """A search by POST has its parameters there, this one too, in any spelling."""
        patient = "Patient=https://fhir.nhs.uk/Id/nhs-number|9990001111"
        for form, status, expected in (
            ("_format=xml", 200, XML),
            ("%5Fformat=json", 200, JSON),
            ("_format=a", 406, JSON),
        ):
            answer = registry.ask(
                "POST",
                "/Appointment/_search",
                f"{patient}&{form}".encode(),
                Accept=None,
                Content_Type="application/x-www-form-urlencoded",
            )
            assert (answer.status, answer.headers["Content-Type"]) == (status, expected)

    @pytest.mark.parametrize("path", ["/metadata", "/Appointment/unknown", READ + "/_history", "/Nothing"])
    def test_the_format_parameter_holds_everywhere(self, registry: Registry, path: str) -> None:
        """Errors take the format too."""
        assert registry.get(f"{path}?_format=xml", Accept=None).headers["Content-Type"] == XML
        assert registry.get(f"{path}?_format=json", Accept=None).headers["Content-Type"] == JSON

    def test_without_accept_the_answer_is_in_the_format_of_the_body(self, registry: Registry) -> None:
        """What came as XML goes back as XML."""
        answer = registry.register(Accept=None)
        assert answer.headers["Content-Type"] == f"{MEDIA_TYPES[registry.format]}; charset=utf-8"

    @pytest.mark.parametrize("accept", ["text/html", "application/pdf, image/*", "application/fhir+xml;q=0", "garbage"])
    def test_nothing_acceptable_is_a_406(self, registry: Registry, accept: str) -> None:
        """The outcome names what there is."""
        answer = registry.get(READ, Accept=accept)
        assert (answer.status, answer.issues) == (406, [("not-supported", "NOT_IMPLEMENTED")])
        assert "application/fhir+json" in answer.diagnostics

    @pytest.mark.parametrize(
        "parameter", ["fhirVersion=4.0", 'fhirversion="4.0"', "version=4.0.1", "version=1.0", "version="]
    )
    @pytest.mark.parametrize("media_type", MEDIA_TYPES.values())
    def test_another_version_of_fhir_is_no_match(self, registry: Registry, media_type: str, parameter: str) -> None:
        """A client that says it speaks R4 must not be answered in STU3; what it takes besides is."""
        accept = f"{media_type};{parameter}"
        for answer in (
            registry.get(READ, Accept=accept),
            registry.get(READ, Accept=f"*/*;{parameter}"),
            registry.get(f"{READ}?_format={quote(accept)}"),
            registry.get(f"{READ}?_format={quote(media_type)};+{parameter}"),
        ):
            assert (answer.status, answer.issues) == (406, [("not-supported", "NOT_IMPLEMENTED")])
            assert "FHIR version 3.0" in answer.diagnostics
        besides = registry.get(READ, Accept=f"{accept}, application/xml;q=0.1")
        assert (besides.status, besides.headers["Content-Type"]) == (200, XML)

    @pytest.mark.parametrize("parameter", ["fhirVersion=4.0", "fhirVersion=4.3; charset=utf-8", "version=5.0"])
    def test_a_body_in_another_version_of_fhir_is_a_415(self, registry: Registry, parameter: str) -> None:
        """It is not taken at its media type alone, however much it looks like STU3."""
        answer = registry.register(Content_Type=f"{MEDIA_TYPES[registry.format]}; {parameter}")
        assert (answer.status, answer.issues) == (415, [("not-supported", "UNSUPPORTED_MEDIA_TYPE")])
        assert answer.locations == ["http.Content-Type"]
        assert "FHIR version 3.0" in answer.diagnostics

    @pytest.mark.parametrize("parameter", ["fhirVersion=3.0", "fhirVersion=3.0.1", 'version="3.0"'])
    def test_stu3_may_be_named(self, registry: Registry, parameter: str) -> None:
        """The .NET client says so with every request, and means what there is."""
        media_type = f"{MEDIA_TYPES[registry.format]}; {parameter}"
        assert registry.register(Content_Type=media_type, Accept=media_type).status == 201
        assert registry.get(f"{READ}?_format={quote(media_type)}").status == 200

    def test_an_unknown_format_parameter_is_a_406(self, registry: Registry) -> None:
        """_format=html is nothing we have."""
        assert registry.get(f"{READ}?_format=html").status == 406

    @pytest.mark.parametrize("content_type", [None, "text/plain", "application/fhir+json; charset=latin-1", "json"])
    def test_a_body_of_another_type_is_a_415(self, registry: Registry, content_type: str | None) -> None:
        """A missing Content-Type too."""
        answer = registry.ask("POST", "/Appointment", b"{}", Content_Type=content_type)
        assert (answer.status, answer.issues) == (415, [("not-supported", "UNSUPPORTED_MEDIA_TYPE")])

    @pytest.mark.parametrize("suffix", ["", ";charset=utf-8", '; charset="UTF-8"'])
    def test_the_generic_types_are_taken_for_bodies(self, registry: Registry, suffix: str) -> None:
        """Real client libraries send application/json and application/xml."""
        content_type = f"application/{registry.format}{suffix}"
        assert registry.register(Content_Type=content_type).status == 201


class TestHeaders:
    """What every answer wears."""

    @pytest.mark.parametrize("path", ["/metadata", READ, "/Appointment/unknown", "/Nothing", "/Appointment?x=y"])
    def test_nothing_is_to_be_stored(self, registry: Registry, path: str) -> None:
        """Cache-Control: no-store, on errors too."""
        assert registry.get(path).headers["Cache-Control"] == "no-store"

    def test_request_ids_are_echoed_as_correlation_ids(self, registry: Registry) -> None:
        """And each answer has an id of its own."""
        first = registry.get(READ, X_Request_Id="mine-1")
        second = registry.get("/Appointment/unknown", X_Request_Id="mine-2")
        assert first.headers["X-Correlation-Id"] == "mine-1"
        assert second.headers["X-Correlation-Id"] == "mine-2"
        assert first.headers["X-Request-Id"] not in ("mine-1", second.headers["X-Request-Id"])

    def test_absolute_urls_are_under_the_base_that_was_used(self, registry: Registry) -> None:
        """The Host of the request decides, unless a base is configured."""
        answer = registry.register(Host="registry.example.test:8443")
        if answer.status == 403:  # the audience of the token is another base
            pytest.skip("the sandbox has a configured base")
        assert answer.headers["Location"].startswith("http://registry.example.test:8443/STU3/Appointment/")

    def test_a_preflight_needs_no_token(self, registry: Registry) -> None:
        """CORS: browsers ask before they call."""
        answer = registry.ask(
            "OPTIONS",
            "/Appointment",
            Authorization=None,
            Origin="https://app.example.test",
            Access_Control_Request_Method="POST",
            Access_Control_Request_Headers="authorization, content-type",
        )
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Access-Control-Allow-Headers"] == "authorization, content-type"

    def test_a_page_may_read_the_headers_that_matter(self, registry: Registry) -> None:
        """Location and ETag are exposed."""
        exposed = registry.get(READ, Origin="https://app.example.test").headers["Access-Control-Expose-Headers"]
        assert {"ETag", "Location"} <= {each.strip() for each in exposed.split(",")}


class TestCodings:
    """gzip both ways."""

    def test_a_gzipped_body_is_read(self, registry: Registry) -> None:
        """Content-Encoding: gzip."""
        body = gzip.compress(encoded(appointment(), registry.format))
        assert registry.ask("POST", "/Appointment", body, Content_Encoding="gzip").status == 201

    def test_a_large_answer_is_gzipped_for_who_takes_it(self, registry: Registry) -> None:
        """And only for them."""
        assert registry.get("/metadata", Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"
        for refused in ("identity", "gzip;q=0", "br"):
            assert "Content-Encoding" not in registry.get("/metadata", Accept_Encoding=refused).headers

    @pytest.mark.parametrize(
        "body", [b"no gzip at all", gzip.compress(b"{}", mtime=0)[:-6], gzip.compress(b"{}", mtime=0) + b"x"]
    )
    def test_a_corrupt_gzip_body_is_a_bad_request(self, registry: Registry, body: bytes) -> None:
        """Cut short, followed by something, or none."""
        answer = registry.ask("POST", "/Appointment", body, Content_Encoding="gzip")
        assert (answer.status, answer.issues) == (400, [("structure", "MESSAGE_NOT_WELL_FORMED")])

    def test_another_coding_is_a_415(self, registry: Registry) -> None:
        """Br is not read."""
        assert registry.ask("POST", "/Appointment", b"x", Content_Encoding="br").status == 415

    @pytest.mark.parametrize("coding", [None, "gzip"])
    def test_a_body_beyond_the_limit_is_a_413(self, registry: Registry, coding: str | None) -> None:
        """Also one that only inflates to it."""
        body = b" " * 1_048_577
        answer = registry.ask("POST", "/Appointment", gzip.compress(body) if coding else body, Content_Encoding=coding)
        assert (answer.status, answer.issues) == (413, [("too-long", "BAD_REQUEST")])


class TestPaths:
    """What is not there, and what is not allowed."""

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("DELETE", READ, "GET, HEAD, PUT"),
            ("PATCH", READ, "GET, HEAD, PUT"),
            ("POST", "/metadata", "GET, HEAD"),
            ("PUT", "/Appointment", "GET, HEAD, POST"),
            ("GET", "/Appointment/_search", "POST"),
            ("OPTIONS", READ, "GET, HEAD, PUT"),
            ("POST", READ, "GET, HEAD, PUT"),
        ],
    )
    def test_a_method_that_is_not_for_the_path_is_a_405(
        self, registry: Registry, method: str, path: str, allowed: str
    ) -> None:
        """Allow names those that are."""
        answer = registry.ask(method, path)
        assert (answer.status, answer.issues) == (405, [("not-supported", "NOT_IMPLEMENTED")])
        assert answer.headers["Allow"] == allowed

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "/",
            "/Patient",
            "/appointment",
            "/Appointment/",
            "/Appointment/a/b",
            "/Appointment//_history",
            "/Appointment/%0A/x",
            "/Appointment/$lastn",
            "/metadata/x",
            "/Appointment/booked-tomorrow/_history/1/x",
        ],
    )
    def test_an_unknown_path_is_a_404_with_an_outcome(self, registry: Registry, path: str) -> None:
        """URLs are case-sensitive."""
        answer = registry.get(path)
        assert (answer.status, answer.issues) == (404, [("not-found", "NO_RECORD_FOUND")])

    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
    @pytest.mark.parametrize(
        "path", ["/Appointment/", "/metadata/", READ + "/", READ + "/_history/", READ + "/_history/1/", "/Nothing/"]
    )
    def test_nothing_is_behind_a_trailing_slash(self, registry: Registry, method: str, path: str) -> None:
        """It is a 404 whatever the method, which says to leave the slash out."""
        answer = registry.ask(method, path)
        assert answer.status == 404
        if method != "HEAD":
            assert answer.issues == [("not-found", "NO_RECORD_FOUND")]
            assert "slash: leave it out" in answer.diagnostics

    def test_nothing_is_said_of_a_slash_that_is_not_there(self, registry: Registry) -> None:
        """Another unknown path has another fault."""
        assert "slash" not in registry.get("/Nothing").diagnostics
