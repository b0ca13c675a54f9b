"""The headers of the Spine Secure Proxy, where they are demanded."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.api.interactions import declared
from registry_sandbox.api.ssp import documented_ids, require_ssp_headers
from registry_sandbox.http.errors import InvalidHeader
from registry_sandbox.http.request import Request

PREFIX = "urn:nhs:names:services:careconnect:fhir:rest:"


def headers(**changes: str | None) -> CIMultiDict[str]:
    """Return the headers of a good read, but for what is named (None leaves one out)."""
    good: dict[str, str | None] = {
        "TraceID": "09A01679-2564-0fb4-5129-aecc81ea2706",
        "From": "200000000359",
        "To": "918999198993",
        "InteractionID": f"{PREFIX}read:appointment",
    }
    return CIMultiDict({f"Ssp-{name}": value for name, value in {**good, **changes}.items() if value is not None})


def asked(sent: CIMultiDict[str], code: str) -> Request:
    """Return a request of an interaction with these headers."""
    request = Request("GET", "/STU3", "", CIMultiDictProxy(sent), b"", "http://localhost/STU3")
    request.declared = next(each for each in declared() if each.code == code and each.path.startswith(("App", "meta")))
    return request


@pytest.mark.parametrize(
    ("interaction", "suffix"),
    [
        ("capabilities", "read:metadata"),
        ("create", "create:appointment"),
        ("read", "read:appointment"),
        ("vread", "read:appointment"),
        ("history-instance", "read:appointment"),
        ("update", "update:appointment"),
        ("search-type", "search:appointment"),
    ],
)
def test_each_interaction_has_its_id(interaction: str, suffix: str) -> None:
    """The fitting id passes, and every other documented one is refused with the one that fits."""
    require_ssp_headers(asked(headers(InteractionID=PREFIX + suffix), interaction))
    for other in set(documented_ids()) - {PREFIX + suffix}:
        with pytest.raises(InvalidHeader, match=f"does not fit the request; expected {PREFIX}{suffix}$"):
            require_ssp_headers(asked(headers(InteractionID=other), interaction))


@pytest.mark.parametrize("suffix", ["read:metadata", "create:appointment", "search:appointment"])
def test_what_has_no_documented_id_takes_any(suffix: str) -> None:
    """For $validate any id of the interface will do, but no invented one."""
    require_ssp_headers(asked(headers(InteractionID=PREFIX + suffix), "validate"))
    with pytest.raises(InvalidHeader, match="does not fit the request"):
        require_ssp_headers(asked(headers(InteractionID=f"{PREFIX}validate:appointment"), "validate"))


def test_header_names_in_any_case() -> None:
    """HTTP does not care about the case of a header's name."""
    require_ssp_headers(asked(CIMultiDict({name.lower(): value for name, value in headers().items()}), "read"))


def test_all_that_is_missing_is_told_at_once() -> None:
    """Four findings, each located at its header."""
    with pytest.raises(InvalidHeader) as refusal:
        require_ssp_headers(asked(CIMultiDict(), "read"))
    assert [(finding.code, finding.location, finding.message) for finding in refusal.value.findings] == [
        ("value", "http.Ssp-TraceID", "Header Ssp-TraceID is missing; expected a UUID"),
        ("value", "http.Ssp-From", "Header Ssp-From is missing; expected the consumer's ASID, 12 digits"),
        ("value", "http.Ssp-To", "Header Ssp-To is missing; expected the registry's ASID, 12 digits"),
        (
            "value",
            "http.Ssp-InteractionID",
            f"Header Ssp-InteractionID is missing; expected {PREFIX}read:appointment",
        ),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TraceID", ""),
        ("TraceID", "x"),
        ("TraceID", "{09A01679-2564-0fb4-5129-aecc81ea2706}"),
        ("TraceID", "09A01679256400fb45129aecc81ea270"),
        ("From", "20000000035"),
        ("From", "2000000003590"),
        ("From", "20000000035x"),
        ("To", "\N{ARABIC-INDIC DIGIT ONE}" * 12),
        ("To", ""),
    ],
)
def test_what_is_malformed_is_named(name: str, value: str) -> None:
    """A value of another shape is refused, and not repeated."""
    with pytest.raises(InvalidHeader) as refusal:
        require_ssp_headers(asked(headers(**{name: value}), "read"))
    [finding] = refusal.value.findings
    assert finding.location == f"http.Ssp-{name}"
    assert "is malformed; expected" in finding.message


@pytest.mark.parametrize("name", ["Ssp-TraceID", "Ssp-InteractionID"])
def test_twice_is_once_too_often(name: str) -> None:
    """Two values leave open which one counts."""
    twice = headers()
    twice.add(name, twice[name])
    with pytest.raises(InvalidHeader, match=f"Header {name} is there more than once"):
        require_ssp_headers(asked(twice, "read"))
