"""Requests on one connection: what was worked out of one's headers holds for the next only if they are the same."""

import http.client
from urllib.parse import urlsplit

import pytest

from registry_sandbox.testing.running import RegistrySandbox

JSON, XML = "application/fhir+json; charset=utf-8", "application/fhir+xml; charset=utf-8"


def test_headers_that_change_are_heard_anew(running: RegistrySandbox) -> None:
    """Token, format, host, ids and origin of each request are its own, whatever the one before it said."""
    address = urlsplit(running.base_url)
    good = {"Authorization": f"Bearer {running.token()}"}
    said: list[tuple[dict[str, str], int, dict[str, str]]] = [
        (good, 200, {"Content-Type": JSON}),
        (good, 200, {"Content-Type": JSON}),
        ({**good, "Accept": "application/fhir+xml"}, 200, {"Content-Type": XML}),
        ({"Accept": "application/fhir+xml"}, 403, {"Content-Type": XML}),
        ({**good, "Accept": "text/plain"}, 406, {"Content-Type": JSON}),
        ({**good, "X-Request-Id": "one"}, 200, {"X-Correlation-Id": "one"}),
        ({**good, "X-Request-Id": "two"}, 200, {"X-Correlation-Id": "two"}),
        ({**good, "Origin": "http://page.test"}, 200, {"Access-Control-Allow-Origin": "*"}),
        ({"Authorization": "Bearer x.y.z"}, 403, {}),
        ({"Authorization": f"Bearer {running.token(client='sandbox-reader')}"}, 200, {}),
        (good, 200, {"Content-Type": JSON}),
    ]
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    path = f"/STU3/Appointment/{running.register()['id']}"
    optional = {"X-Correlation-Id", "Access-Control-Allow-Origin"}
    for headers, status, expected in said:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
        assert {name: answer.headers[name] for name in expected} == expected
        assert not {name for name in optional - expected.keys() if name in answer.headers}
    connection.close()


@pytest.mark.parametrize("host", ["one.test", "two.test:8443"])
def test_the_base_follows_the_host_of_each_request(running: RegistrySandbox, host: str) -> None:
    """On the same connection, too."""
    address = urlsplit(running.base_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    for name in ("localhost", host, "localhost"):
        connection.request("GET", "/STU3/metadata", headers={"Host": name})
        body = connection.getresponse().read().decode()
        assert f'"url":"http://{name}/STU3/metadata"' in body
    connection.close()


def test_a_token_ages_on_a_connection() -> None:
    """The same header is good before the token expires, refused afterwards, and good again once the clock is back."""
    with RegistrySandbox() as sandbox:
        address = urlsplit(sandbox.base_url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port)
        headers = {"Authorization": f"Bearer {sandbox.token()}"}
        for by, status in (("0s", 200), ("1d", 403), ("-1d", 200)):
            sandbox.clock.advance(by)
            connection.request("GET", "/STU3/Appointment/booked-tomorrow", headers=headers)
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (status, True)
        connection.close()
