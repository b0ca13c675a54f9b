"""`--tls-fault`: each bad certificate is seen as what it is, and the sandbox sees what the client does about it."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from registry_sandbox.auth.certificates import write_certificates
from registry_sandbox.auth.tls_faults import TLS_FAULTS
from registry_sandbox.cli.command import main
from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import until

PAGE = Path(__file__).parents[2] / "docs" / "interoperability.md"
BEGIN, END = "| `--tls-fault` | ", "<!-- end of the bad certificates -->"
CLIENTS = Path(__file__).parent / "tls_clients"

NO_PATH = r"unable to find valid certification path"
SEEN: Mapping[str, Mapping[str, str]] = {
    "curl": {
        "expired": r"\(60\).*certificate has expired",
        "not-yet-valid": r"\(60\).*certificate is not yet valid",
        "wrong-host": r"\(60\).*no alternative certificate subject name matches",
        "unknown-ca": r"\(60\).*self.signed certificate in certificate chain",
        "self-signed": r"\(60\).*self.signed certificate$",
        "incomplete-chain": r"\(60\).*unable to get local issuer certificate",
    },
    "Python": {
        "expired": r"certificate has expired",
        "not-yet-valid": r"certificate is not yet valid",
        "wrong-host": r"IP address mismatch",
        "unknown-ca": r"self.signed certificate in certificate chain",
        "self-signed": r"self.signed certificate$",
        "incomplete-chain": r"unable to get local issuer certificate",
    },
    "Java": {
        "expired": r"CertificateExpiredException",
        "not-yet-valid": r"CertificateNotYetValidException",
        "wrong-host": r"No subject alternative names",
        "unknown-ca": NO_PATH,
        "self-signed": NO_PATH,
        "incomplete-chain": NO_PATH,
    },
    "Node": {
        "expired": r"^CERT_HAS_EXPIRED",
        "not-yet-valid": r"^CERT_NOT_YET_VALID",
        "wrong-host": r"^ERR_TLS_CERT_ALTNAME_INVALID",
        "unknown-ca": r"^SELF_SIGNED_CERT_IN_CHAIN",
        "self-signed": r"^DEPTH_ZERO_SELF_SIGNED_CERT",
        "incomplete-chain": r"^UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    },
}
"""What each client says, as a regular expression. Java tells three of the faults by the same words."""

Ask = Callable[[Path, Sequence[str]], list[str]]
"""Asks each URL once, trusting the authority of a file; returns the status of each, or what the client said."""


def by_curl(authority: Path, urls: Sequence[str]) -> list[str]:
    """Ask with curl."""
    return [_by_curl(authority, url) for url in urls]


def _by_curl(authority: Path, url: str) -> str:
    command = ["curl", "-sS", "--cacert", str(authority), "-o", os.devnull, "-w", "%{http_code}", url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    return done.stdout if done.returncode == 0 else done.stderr.splitlines()[0]


def by_python(authority: Path, urls: Sequence[str]) -> list[str]:
    """Ask with the standard library, whose TLS most libraries for Python use."""
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=authority)),
    )
    return [_by_python(opener, url) for url in urls]


def _by_python(opener: urllib.request.OpenerDirector, url: str) -> str:
    try:
        with opener.open(url, timeout=30) as answer:
            return str(answer.status)
    except OSError as error:
        reason = getattr(error, "reason", error)
        assert isinstance(reason, ssl.SSLCertVerificationError)
        return f"{type(reason).__name__}: {reason.verify_message}"


def by_java(authority: Path, urls: Sequence[str]) -> list[str]:
    """Ask with Java's own client, which is compiled as it starts."""
    _require("java", "javac")
    return _printed("java", str(CLIENTS / "Ask.java"), str(authority), *urls)


def by_node(authority: Path, urls: Sequence[str]) -> list[str]:
    """Ask with Node's own client."""
    _require("node")
    return _printed("node", str(CLIENTS / "ask.mjs"), str(authority), *urls)


def _require(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"SKIPPED: this machine has no {' and no '.join(missing)}")


def _printed(*command: str) -> list[str]:
    return subprocess.check_output(command, text=True, timeout=120).splitlines()  # noqa: S603 - our own command


ASK: Mapping[str, Ask] = {"curl": by_curl, "Python": by_python, "Java": by_java, "Node": by_node}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `certs` writes."""
    made = tmp_path_factory.mktemp("bad") / "certs"
    write_certificates(made, [], datetime.now(UTC))
    return made


@pytest.fixture(scope="module")
def started(folder: Path) -> Iterator[Mapping[str, RegistrySandbox]]:
    """A sandbox for each fault."""
    with ExitStack() as stack:
        yield {
            fault: stack.enter_context(RegistrySandbox(tls="server", tls_dir=folder, tls_fault=fault))
            for fault in TLS_FAULTS
        }


@pytest.fixture
def bad(started: Mapping[str, RegistrySandbox]) -> Mapping[str, RegistrySandbox]:
    """The same, as at their start."""
    for sandbox in started.values():
        sandbox.reset()
    return started


def transport(sandbox: RegistrySandbox) -> dict[str, Any]:
    """Return what health tells of the certificate."""
    told: dict[str, Any] = sandbox.control.json("GET", "/health")["transport"]
    return told


def refusals(sandbox: RegistrySandbox, count: int) -> dict[str, int]:
    """Return how clients refused, once so many have: a client may be gone before the sandbox has noticed."""
    until(lambda: sum(_ways(sandbox).values()) >= count)
    return _ways(sandbox)


def _ways(sandbox: RegistrySandbox) -> dict[str, int]:
    told = transport(sandbox)
    return {**told["refused"], **({"silent": told["silent"]} if told["silent"] else {})}


def urls(sandboxes: Mapping[str, RegistrySandbox]) -> list[str]:
    """Return a URL of each, in the order of the faults."""
    return [f"{sandboxes[fault].base_url}/metadata" for fault in TLS_FAULTS]


def accepts_the_good(ask: Ask, folder: Path) -> bool:
    """Return True if the client comes through where the certificate is good."""
    with RegistrySandbox(tls="server", tls_dir=folder, no_seed_data=True) as sandbox:
        return ask(folder / "ca.pem", [f"{sandbox.base_url}/metadata"]) == ["200"]


@pytest.mark.parametrize("client", ASK)
def test_a_client_sees_each_fault_as_what_it_is(client: str, bad: Mapping[str, RegistrySandbox], folder: Path) -> None:
    """It says so in its own words, and sends nothing; with the good certificate it comes through."""
    said: dict[str, str] = dict(zip(TLS_FAULTS, ASK[client](folder / "ca.pem", urls(bad)), strict=True))
    assert {fault: words for fault, words in said.items() if not re.search(SEEN[client][fault], words)} == {}
    for sandbox in bad.values():
        assert sum(refusals(sandbox, 1).values()) == 1
        assert list(sandbox.journal) == []
    assert accepts_the_good(ASK[client], folder)
    if os.environ.get("WRITE_DOCS"):
        _write(client, said)


def _write(client: str, said: Mapping[str, str]) -> None:
    """Put what a client said into its column of the page."""
    page = PAGE.read_text()
    begin, end = page.index(BEGIN), page.index(END)
    head, line, *rows = page[begin:end].strip().splitlines()
    at = list(ASK).index(client) + 2
    for number, (row, words) in enumerate(zip(rows, said.values(), strict=True)):
        cells = row.split(" | ")
        cells[at - 1] = f"{words} |" if at == len(ASK) + 1 else words
        rows[number] = " | ".join(cells)
    PAGE.write_text("\n".join([page[:begin] + head, line, *rows, "", page[end:]]))


def test_the_table_of_the_page_has_what_each_client_says() -> None:
    """One row for each fault, one column for each client; `WRITE_DOCS=1` writes anew what the clients here say."""
    page = PAGE.read_text()
    _, _, *rows = page[page.index(BEGIN) : page.index(END)].strip().splitlines()
    cells = [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in rows]
    assert [row[0].strip("`") for row in cells] == list(TLS_FAULTS)
    for fault, *said in cells:
        for client, words in zip(ASK, said, strict=True):
            assert re.search(SEEN[client][fault.strip("`")], words), (client, fault, words)


def test_the_alert_of_the_client_is_counted(bad: Mapping[str, RegistrySandbox], folder: Path) -> None:
    """Health names it as TLS does, and counts from the last reset."""
    sandbox = bad["expired"]
    for _ in range(2):
        by_python(folder / "ca.pem", [f"{sandbox.base_url}/metadata"])
    assert refusals(sandbox, 2) == {"certificate expired": 2}
    sandbox.reset()
    assert transport(sandbox) == {"tls_fault": "expired", "refused": {}, "silent": 0}


@pytest.mark.parametrize("fault", TLS_FAULTS)
def test_what_is_sent_all_the_same_is_marked(fault: str, bad: Mapping[str, RegistrySandbox]) -> None:
    """A client that does not look at the certificate: its exchanges are in the journal, those for a token too."""
    sandbox = bad[fault]
    with httpx.Client(verify=False) as client:  # noqa: S501 - the client that the rule is about
        assert client.get(f"{sandbox.base_url}/metadata").status_code == 200
        assert client.post(sandbox.token_url, content=b"").status_code == 400
    assert [each["transport"] for each in sandbox.journal] == [{"tls_fault": fault}] * 2
    assert transport(sandbox) == {"tls_fault": fault, "refused": {}, "silent": 0}


def test_with_a_good_certificate_nothing_is_marked(folder: Path) -> None:
    """Neither in the journal nor in health."""
    trust = ssl.create_default_context(cafile=folder / "ca.pem")
    with RegistrySandbox(tls="server", tls_dir=folder, no_seed_data=True) as sandbox:
        assert httpx.get(f"{sandbox.base_url}/metadata", verify=trust).status_code == 200
        assert "transport" not in sandbox.journal[0]
        assert "transport" not in sandbox.control.json("GET", "/health")


def test_the_faults_name_is_all_that_it_needs() -> None:
    """Without a folder, a temporary set is made; the kit comes through, for it is no client under test."""
    with RegistrySandbox(tls="server", tls_fault="wrong-host", no_seed_data=True) as sandbox:
        said = by_python(sandbox.certificates / "ca.pem", [f"{sandbox.base_url}/metadata"])
        assert re.search(SEEN["Python"]["wrong-host"], said[0])
        assert sandbox.register()["id"] in sandbox.appointments


def test_under_mutual_tls_a_client_can_refuse_too(folder: Path) -> None:
    """The sandbox's own refusals, of a client without a certificate, are not counted as the client's."""
    with RegistrySandbox(tls="mutual", tls_dir=folder, tls_fault="expired", no_seed_data=True) as sandbox:
        with pytest.raises(httpx.TransportError), httpx.Client(verify=False) as client:  # noqa: S501
            client.get(f"{sandbox.base_url}/metadata")
        by_python(folder / "ca.pem", [f"{sandbox.base_url}/metadata"])
        assert refusals(sandbox, 1) == {"certificate expired": 1}


def test_the_intermediate_completes_the_chain(bad: Mapping[str, RegistrySandbox], folder: Path, tmp_path: Path) -> None:
    """A client that has it already comes through: nothing else is wrong with that certificate."""
    both = tmp_path / "both.pem"
    both.write_bytes((folder / "ca.pem").read_bytes() + (folder / "intermediate-ca.pem").read_bytes())
    assert by_python(both, [f"{bad['incomplete-chain'].base_url}/metadata"]) == ["200"]


def test_the_commands_reach_the_control_plane(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bad: Mapping[str, RegistrySandbox]
) -> None:
    """On the server's own machine; by a URL and a CA file, the certificate is refused like any client refuses it."""
    sandbox = bad["self-signed"]
    port = str(urlsplit(sandbox.base_url).port)
    for name, value in {"SANDBOX_PORT": port, "SANDBOX_TLS": "server", "SANDBOX_TLS_FAULT": "self-signed"}.items():
        monkeypatch.setenv(name, value)
    assert main(["health"]) == 0
    assert main(["health", "--url", sandbox.base_url, "--ca-file", str(sandbox.certificates / "ca.pem")]) == 1
    assert "self-signed certificate" in capsys.readouterr().err.replace("self signed", "self-signed")


def test_a_control_plane_of_its_own_has_no_certificate(folder: Path) -> None:
    """With `--control-port` it is plain HTTP, and only the client under test is counted."""
    with RegistrySandbox(
        tls="server", tls_dir=folder, tls_fault="expired", control_port=0, no_seed_data=True
    ) as sandbox:
        assert sandbox.control_url.startswith("http://")
        assert transport(sandbox) == {"tls_fault": "expired", "refused": {}, "silent": 0}


def test_a_connection_that_the_sandbox_refuses_is_nobodys_silence(folder: Path) -> None:
    """One too many is told so and closed, whatever it would have sent; the first one says nothing of its own accord."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with RegistrySandbox(
        tls="server", tls_dir=folder, tls_fault="expired", control_port=0, max_connections=1, no_seed_data=True
    ) as sandbox:
        address = ("127.0.0.1", urlsplit(sandbox.base_url).port)
        with (
            context.wrap_socket(socket.create_connection(address, timeout=30)),
            context.wrap_socket(socket.create_connection(address, timeout=30)) as second,
        ):
            assert second.recv(100).startswith(b"HTTP/1.1 503 ")
        bad = sandbox.sandbox.workspace.bad_certificate
    assert bad is not None
    assert bad.silent == 1


def test_the_verdict_passes_a_client_that_turns_away_and_fails_one_that_speaks(
    bad: Mapping[str, RegistrySandbox], folder: Path
) -> None:
    """Whoever refuses the certificate leaves no exchange, and has kept the rule all the same."""
    sandbox, rule = bad["expired"], "with-a-bad-certificate-nothing-is-sent"
    assert sandbox.verdict().grade(rule) == "not exercised"
    by_python(folder / "ca.pem", [f"{sandbox.base_url}/metadata"])
    refusals(sandbox, 1)
    assert sandbox.verdict().grade(rule) == "pass"
    httpx.get(f"{sandbox.base_url}/metadata", verify=False)  # noqa: S501 - the client that the rule is about
    assert sandbox.verdict().grade(rule) == "fail"
