"""TLS over real sockets: who is let in, who is refused, and which protocol versions are spoken."""

import asyncio
import contextlib
import shutil
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from registry_sandbox.auth.certificates import UnusableCertificates, certificate, write_certificates
from registry_sandbox.server.tls import ssl_context, subject_of

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
Mode = Literal["server", "mutual"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write one set, good by the machine's clock, which is what TLS goes by."""
    made = tmp_path_factory.mktemp("tls") / "set"
    write_certificates(made, ["registry.test"], datetime.now(UTC))
    return made


@contextlib.asynccontextmanager
async def listening(folder: Path, mode: Mode) -> AsyncIterator[int]:
    """Serve on a free port: whoever is let in is told the subject of their certificate."""

    async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"<{subject_of(writer.get_extra_info('ssl_object'))}>\n".encode())
        with contextlib.suppress(OSError):  # the client may have gone
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(tell, "127.0.0.1", 0, ssl=ssl_context(mode, folder))
    async with server:
        yield server.sockets[0].getsockname()[1]


def client_context(folder: Path, name: str, version: ssl.TLSVersion) -> ssl.SSLContext:
    """Make the context of a client that trusts the CA, speaks this version only, and has that certificate or none."""
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.minimum_version = context.maximum_version = version
    if name:
        own = certificate(folder, name)
        context.load_cert_chain(own.chain, own.key)
    return context


async def call(port: int, folder: Path, name: str = "", version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> str:
    """Connect with the certificate of that name, or none, and give what the server says."""
    context = client_context(folder, name, version)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        return (await reader.read()).decode()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def run(folder: Path, mode: Mode, talk: Callable[[int], Awaitable[Any]]) -> Any:
    """Serve while the talk goes on, and give its result."""

    async def conversation() -> Any:
        async with listening(folder, mode) as port:
            return await asyncio.wait_for(talk(port), 20)

    return asyncio.run(conversation())


class TestServer:
    """--tls server."""

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_client_without_certificate_is_let_in(self, folder: Path, version: ssl.TLSVersion) -> None:
        """It trusts the CA, the server's name fits, and it has no subject itself."""
        assert run(folder, "server", lambda port: call(port, folder, version=version)) == "<>\n"

    def test_a_certificate_is_not_asked_for(self, folder: Path) -> None:
        """A client that has one is not told to show it."""
        assert run(folder, "server", lambda port: call(port, folder, "client")) == "<>\n"


class TestMutual:
    """--tls mutual."""

    @pytest.mark.parametrize("version", VERSIONS)
    def test_the_right_client_is_let_in(self, folder: Path, version: ssl.TLSVersion) -> None:
        """Its subject is told as RFC 4514 writes it, the last of its names first."""
        subject = "<CN=client,OU=Certificates for tests,O=Appointment Registry Sandbox>\n"
        assert run(folder, "mutual", lambda port: call(port, folder, "client", version)) == subject

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        ("name", "alerts"),
        [
            ("", ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE")),
            ("expired-client", ("CERTIFICATE_EXPIRED",)),
            ("unknown-client", ("UNKNOWN_CA",)),
        ],
    )
    def test_the_others_are_refused_in_the_handshake(
        self, name: str, alerts: tuple[str, ...], folder: Path, version: ssl.TLSVersion
    ) -> None:
        """The alert tells which check failed; a client of TLS 1.3 learns it when it reads."""
        with pytest.raises(ssl.SSLError) as refusal:
            run(folder, "mutual", lambda port: call(port, folder, name, version))
        assert (refusal.value.reason or "").endswith(alerts)

    def test_who_goes_on_after_a_refusal_is_cut_off(self, folder: Path) -> None:
        """The alert is sent, and a peer that takes no notice of it is not listened to for long."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        connection = ssl_context("mutual", folder).wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 10)
        with pytest.raises(ssl.SSLWantReadError):
            connection.do_handshake()
        for _ in range(3):  # OpenSSL itself would say something else the second time
            with pytest.raises(ssl.SSLError, match=r"HTTP_REQUEST|WRONG_VERSION_NUMBER") as refusal:
                connection.do_handshake()
            assert not isinstance(refusal.value, ssl.SSLWantReadError)


class TestVersions:
    """Which protocol versions are offered: Python's ssl and openssl agree."""

    def test_python_offers_1_2_and_later(self, folder: Path) -> None:
        """The context's lower bound is TLS 1.2, and it has no upper one."""
        context = ssl_context("mutual", folder)
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
        assert context.maximum_version is ssl.TLSVersion.MAXIMUM_SUPPORTED

    @pytest.mark.parametrize(
        ("version", "spoken"), [("tls1", False), ("tls1_1", False), ("tls1_2", True), ("tls1_3", True)]
    )
    def test_openssl_sees_the_same(self, version: str, spoken: bool, folder: Path) -> None:  # noqa: FBT001 - a table
        """The client of openssl, made as lenient as it can be, connects by 1.2 and 1.3 only."""
        openssl = shutil.which("openssl")
        if openssl is None:
            pytest.skip("there is no openssl on this machine")
        own = certificate(folder, "client")
        arguments = ["-cert", str(own.chain), "-key", str(own.key), "-CAfile", str(folder / "ca.pem")]

        async def connect(port: int) -> bool:
            process = await asyncio.create_subprocess_exec(
                *(openssl, "s_client", "-connect", f"127.0.0.1:{port}", f"-{version}"),
                *("-cipher", "ALL:@SECLEVEL=0", "-verify_return_error", *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output, _ = await process.communicate()
            return b"Verify return code: 0 (ok)" in output and b"Cipher is (NONE)" not in output

        assert run(folder, "mutual", connect) is spoken


class TestFiles:
    """A folder that cannot be used stops the start, and the file is named."""

    def test_a_missing_file(self, tmp_path: Path) -> None:
        """What is expected is what certs writes."""
        with pytest.raises(UnusableCertificates, match=r"server\.pem cannot be read \(No such file or directory\)"):
            ssl_context("server", tmp_path)

    def test_files_that_are_no_certificates(self, tmp_path: Path) -> None:
        """Both files of the pair are named, since it may be that they do not fit each other."""
        for end in ("pem", "key"):
            (tmp_path / f"server.{end}").write_text("rubbish")
        with pytest.raises(UnusableCertificates, match=r"server\.pem and .*server\.key cannot be used"):
            ssl_context("server", tmp_path)

    def test_a_bad_certificate_that_is_missing(self, folder: Path, tmp_path: Path) -> None:
        """A folder of an earlier version has none of them; the good one does not stand in."""
        for name in ("server.pem", "server.key"):
            shutil.copy(folder / name, tmp_path)
        with pytest.raises(UnusableCertificates, match=r"wrong-host-server\.pem cannot be read"):
            ssl_context("server", tmp_path, "wrong-host")

    def test_a_key_of_another_certificate(self, folder: Path, tmp_path: Path) -> None:
        """A pair that does not fit is no pair."""
        shutil.copy(folder / "server.pem", tmp_path)
        shutil.copy(folder / "client.key", tmp_path / "server.key")
        with pytest.raises(UnusableCertificates, match="cannot be used"):
            ssl_context("server", tmp_path)

    def test_an_authority_that_is_none(self, folder: Path, tmp_path: Path) -> None:
        """Under mutual TLS the CA is needed, and named."""
        for name in ("server.pem", "server.key"):
            shutil.copy(folder / name, tmp_path)
        ssl_context("server", tmp_path)
        with pytest.raises(UnusableCertificates, match=r"ca\.pem cannot be read"):
            ssl_context("mutual", tmp_path)
        (tmp_path / "ca.pem").write_text("rubbish")
        with pytest.raises(UnusableCertificates, match=r"ca\.pem cannot be used"):
            ssl_context("mutual", tmp_path)


def test_without_tls_there_is_no_subject() -> None:
    """A plain connection has no certificate."""
    assert subject_of(None) == ""
