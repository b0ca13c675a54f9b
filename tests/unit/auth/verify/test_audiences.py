"""The loopback spellings of a registry's address."""

import pytest

from registry_sandbox.auth.verify.audiences import loopback_audiences


def test_each_scheme_with_each_name() -> None:
    """Six spellings, none with a trailing slash."""
    assert set(loopback_audiences(8080, "/STU3")) == {
        f"{scheme}://{host}:8080/STU3" for scheme in ("http", "https") for host in ("localhost", "127.0.0.1", "[::1]")
    }


@pytest.mark.parametrize(("port", "scheme"), [(80, "http"), (443, "https")])
def test_the_own_port_of_a_scheme_may_be_left_out(port: int, scheme: str) -> None:
    """At port 80 a client writes http://localhost/STU3, but not https."""
    spellings = loopback_audiences(port, "/STU3")
    assert [spelling for spelling in spellings if f":{port}" not in spelling] == [
        f"{scheme}://{host}/STU3" for host in ("127.0.0.1", "localhost", "[::1]")
    ]
