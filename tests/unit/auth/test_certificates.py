"""The files that `certs DIR` writes."""

import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
from cryptography.x509 import (
    Certificate,
    DNSName,
    IPAddress,
    SubjectAlternativeName,
    load_pem_x509_certificate,
    load_pem_x509_certificates,
)

from registry_sandbox.auth.certificates import UnusableCertificates, write_certificates
from registry_sandbox.auth.tls_faults import TLS_FAULTS

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CLIENTS = ["client", "expired-client", "unknown-client"]
BAD_SERVERS = [f"{fault}-server" for fault in TLS_FAULTS]
PAIRS = ["server", *BAD_SERVERS, *CLIENTS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write one set for all tests of this module."""
    made = tmp_path_factory.mktemp("certificates") / "new" / "set"
    write_certificates(made, ["registry.test", "192.0.2.7"], NOW)
    return made


def read(folder: Path, name: str) -> Certificate:
    """Read a certificate of the set."""
    return load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())


def chain(folder: Path, name: str) -> list[Certificate]:
    """Read what the owner of a certificate presents."""
    return load_pem_x509_certificates((folder / f"{name}.pem").read_bytes())


def issued(certificate: Certificate, issuer: Certificate) -> bool:
    """Return True if the one was issued by the other."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, InvalidSignature):
        return False
    return True


def faults(folder: Path, name: str) -> set[str]:
    """Return everything that is wrong with a server's certificate."""
    own, *others = chain(folder, name)
    names = own.extensions.get_extension_for_class(SubjectAlternativeName).value.get_values_for_type(DNSName)
    trusted = any(issued(each, read(folder, "ca")) for each in (own, *others))
    known = issued(own, read(folder, "intermediate-ca"))
    wrong = {
        "expired": own.not_valid_after_utc < NOW,
        "not-yet-valid": own.not_valid_before_utc > NOW,
        "wrong-host": not {"localhost", "registry.test"} <= set(names),
        "self-signed": issued(own, own),
        "incomplete-chain": not trusted and known,
        "unknown-ca": not trusted and not known and not issued(own, own),
    }
    return {fault for fault, holds in wrong.items() if holds}


def test_the_files_are_private(folder: Path) -> None:
    """Nobody but their owner can read them, nor look into the folder."""
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_the_files_are_those_that_are_returned(tmp_path: Path) -> None:
    """Two CAs, and the certificates with their keys; no CA's key is left lying about."""
    written = write_certificates(tmp_path, [], NOW)
    assert sorted(written) == sorted(tmp_path.iterdir())
    names = ["ca.pem", "intermediate-ca.pem", *(f"{name}.{end}" for name in PAIRS for end in ("pem", "key"))]
    assert sorted(path.name for path in written) == sorted(names)


def test_the_server_is_known_by_all_its_names(folder: Path) -> None:
    """The loopback names, and those that were asked for."""
    names = read(folder, "server").extensions.get_extension_for_class(SubjectAlternativeName).value
    assert names.get_values_for_type(DNSName) == ["localhost", "registry.test"]
    assert names.get_values_for_type(IPAddress) == [ip_address(text) for text in ("127.0.0.1", "::1", "192.0.2.7")]


def test_who_issued_them(folder: Path) -> None:
    """All but the unknown client's are of the CA."""
    authority = read(folder, "ca")
    for name in ("server", "client", "expired-client"):
        read(folder, name).verify_directly_issued_by(authority)
    with pytest.raises((ValueError, InvalidSignature)):
        read(folder, "unknown-client").verify_directly_issued_by(authority)


def test_when_they_are_good(folder: Path) -> None:
    """All are good now, but the expired client's, which ended yesterday; those of today are good tomorrow too."""
    for name in ("server", "client", "unknown-client"):
        certificate = read(folder, name)
        assert certificate.not_valid_before_utc < NOW - timedelta(days=1)
        assert certificate.not_valid_after_utc > NOW + timedelta(days=30)
    expired = read(folder, "expired-client")
    assert expired.not_valid_before_utc < expired.not_valid_after_utc == NOW - timedelta(days=1)


def test_each_bad_certificate_has_one_fault(folder: Path) -> None:
    """Its own; the good one has none."""
    assert faults(folder, "server") == set()
    assert {fault: faults(folder, f"{fault}-server") for fault in TLS_FAULTS} == {
        fault: {fault} for fault in TLS_FAULTS
    }


def test_the_chain_of_an_unknown_authority_is_complete(folder: Path) -> None:
    """Otherwise clients could not tell it from a chain that is not."""
    own, root = chain(folder, "unknown-ca-server")
    assert issued(own, root)
    assert issued(root, root)


def test_the_intermediate_authority_is_certified(folder: Path) -> None:
    """By the one that clients trust: with it, the incomplete chain is complete."""
    assert issued(read(folder, "intermediate-ca"), read(folder, "ca"))
    assert len(chain(folder, "incomplete-chain-server")) == 1


def test_not_yet_valid_lasts_as_long_as_the_set(folder: Path) -> None:
    """It does not become valid while the good one still is."""
    good, early = read(folder, "server"), read(folder, "not-yet-valid-server")
    assert early.not_valid_before_utc >= good.not_valid_after_utc
    assert early.not_valid_before_utc < early.not_valid_after_utc


def test_pkcs12_files_hold_the_same(tmp_path: Path) -> None:
    """Certificate and key of each, by the documented password, for tools that read no PEM."""
    write_certificates(tmp_path, [], NOW, pkcs12=True)
    for name in PAIRS:
        path = tmp_path / f"{name}.p12"
        key, certificate, others = load_key_and_certificates(path.read_bytes(), b"sandbox")
        assert [certificate, *others] == chain(tmp_path, name)
        assert key is not None
        assert key.public_key() == read(tmp_path, name).public_key()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ValueError, match="password"):
        load_key_and_certificates((tmp_path / "client.p12").read_bytes(), b"other")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A key that is there may be in use: it is named, and nothing at all is written."""
    (tmp_path / "server.key").write_text("mine")
    with pytest.raises(UnusableCertificates, match=r"server\.key exists already; .* what is there: --tls-dir "):
        write_certificates(tmp_path, [], NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["server.key"]
    assert (tmp_path / "server.key").read_text() == "mine"


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    """The system's reason is told."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableCertificates, match=r"file cannot be written \(File exists\); expected a folder"):
        write_certificates(tmp_path / "file", [], NOW)


@pytest.mark.parametrize("name", ["", "a b", "x" * 64 + ".test"])
def test_a_name_that_is_none(name: str, tmp_path: Path) -> None:
    """Nothing is written for a server whose name no client could type."""
    with pytest.raises(UnusableCertificates, match="expected DNS names or IP addresses"):
        write_certificates(tmp_path / "set", [name], NOW)
    assert not (tmp_path / "set").exists()
