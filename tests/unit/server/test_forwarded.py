"""What proxies say of the URL that a client called, RFC 7239 and the older headers."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.server.forwarded import forwarded_root


def root(**headers: str) -> str:
    """Return the root for a request with these headers that came to http://10.0.0.1:8080."""
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return forwarded_root(CIMultiDictProxy(named), "http", "10.0.0.1:8080")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("proto=https;host=registry.example.test", "https://registry.example.test"),
        (
            'For="[2001:db8::1]:4711"; Proto=HTTPS; Host="registry.example.test:8443"',
            "https://registry.example.test:8443",
        ),
        ("host=first.example.test, host=second.example.test", "http://first.example.test"),
        ("proto=https", "https://10.0.0.1:8080"),
        ('host="[::1]:80"', "http://[::1]:80"),
        ("proto=gopher;host=evil.example.test/x", "http://10.0.0.1:8080"),
        ('host="a b"', "http://10.0.0.1:8080"),
        ("nonsense", "http://10.0.0.1:8080"),
        ("", "http://10.0.0.1:8080"),
    ],
)
def test_forwarded_is_read(value: str, expected: str) -> None:
    """The first element counts, and what can be no part of a URL is ignored."""
    assert root(Forwarded=value) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X_Forwarded_Proto": "https", "X_Forwarded_Host": "registry.example.test"}, "https://registry.example.test"),
        ({"X_Forwarded_Host": "a.example.test, b.example.test"}, "http://a.example.test"),
        ({"X_Forwarded_Host": "a.example.test", "X_Forwarded_Port": "8443"}, "http://a.example.test:8443"),
        ({"X_Forwarded_Host": "a.example.test:1", "X_Forwarded_Port": "8443"}, "http://a.example.test:1"),
        ({"X_Forwarded_Host": "[::1]", "X_Forwarded_Port": "8443"}, "http://[::1]:8443"),
        ({"X_Forwarded_Host": "a.example.test", "X_Forwarded_Port": "x"}, "http://a.example.test"),
        ({"X_Forwarded_Host": "a.example.test", "X_Forwarded_Prefix": "/nhs/"}, "http://a.example.test/nhs"),
        ({"X_Forwarded_Prefix": "/nhs/gp"}, "http://10.0.0.1:8080/nhs/gp"),
        ({"X_Forwarded_Prefix": "//evil.example.test"}, "http://10.0.0.1:8080"),
        ({"X_Forwarded_Host": "<script>"}, "http://10.0.0.1:8080"),
        ({"Forwarded": "host=a.example.test", "X_Forwarded_Host": "b.example.test"}, "http://a.example.test"),
    ],
)
def test_the_older_headers_are_read(headers: dict[str, str], expected: str) -> None:
    """Where there is no Forwarded, which says it better."""
    assert root(**headers) == expected
