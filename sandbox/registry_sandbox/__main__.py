"""The command line: reads the arguments and the environment once, and does as it is told.

Source: operator.md, Start.
"""

import argparse
import gc
import os
import ssl
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import Field
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from registry_sandbox import __version__
from registry_sandbox.settings import MUTUAL_CONTROL_PORT, PREFIX, BadSetting, Settings, combined, fields, flag_of

USAGE_ERROR = 2
_URL = "http://127.0.0.1:8080"
_COMMANDS = ("serve", "token", "certs", "validate", "health", "settings")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status: 2 for a bad setting, seed, profile or port, named in one line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (words[0] not in _COMMANDS and words[0] not in ("-h", "--help", "--version")):
        words.insert(0, "serve")
    options = _parser().parse_args(words)
    try:
        return int(options.run(options) or 0)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        return 1


class _Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong, and what may have been meant."""

    def error(self, message: str) -> NoReturn:
        """End with 2."""
        unknown = message.removeprefix("unrecognized arguments: ").split()[0]
        meant = get_close_matches(unknown.partition("=")[0], [*map(flag_of_field, fields()), *_COMMANDS], n=1)
        hint = f"did you mean {meant[0]}? " if meant and unknown.startswith(("-", meant[0][0])) else ""
        self.exit(_refuse(f"{message}; {hint}`{self.prog} --help` lists what there is"))


def flag_of_field(about: Field[Any]) -> str:
    """Give the flag of a field."""
    return flag_of(about.name)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="registry-sandbox",
        description="A sandbox of the NHS Appointment Registry. Without a command it serves: see `serve --help`.",
    )
    parser.add_argument("--version", action="version", version=f"registry-sandbox {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _serve_options(commands.add_parser("serve", help="start the sandbox (the default)", allow_abbrev=False))
    _token_options(commands.add_parser("token", help="print a token", allow_abbrev=False))
    certs = commands.add_parser("certs", help="write certificates for TLS tests")
    certs.add_argument("directory", type=Path, metavar="DIR")
    certs.add_argument("--name", action="append", default=[], help="a further name of the server")
    certs.set_defaults(run=_certs)
    validate = commands.add_parser("validate", help="judge files by the profiles")
    validate.add_argument("files", nargs="+", metavar="FILE", help="XML or JSON; a folder; - for standard input")
    validate.add_argument("--profiles", action="append", default=[], type=Path, metavar="PATH")
    validate.add_argument("--format", choices=("text", "json"), default="text")
    validate.set_defaults(run=_validate)
    health = commands.add_parser("health", help="exit 0 when the sandbox at --url is ready")
    health.add_argument("--url", default=None, help="default: where SANDBOX_* settings put it")
    health.set_defaults(run=_health)
    commands.add_parser("settings", help="print the table of all settings").set_defaults(run=_settings)
    return parser


def _serve_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", help="YAML file with settings")
    for each in fields():
        about = each.metadata
        kind: dict[str, Any] = {"action": "append"} if about["many"] else {}
        if each.default is False:
            kind = {"action": "store_const", "const": True}
        elif about["choices"]:
            kind["metavar"] = "|".join(about["choices"])
        parser.add_argument(
            flag_of(each.name), dest=each.name, default=None, help=about["meaning"].replace("%", "%%"), **kind
        )
    parser.set_defaults(run=_serve)


def _token_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", default=_URL, help=f"the running sandbox to ask (default: {_URL})")
    parser.add_argument("--signing-key", type=Path, metavar="FILE", help="sign here with this key, and ask nobody")
    parser.add_argument("--audience", help="the aud, with --signing-key (default: the FHIR base below --url)")
    parser.add_argument("--auth", choices=("registry", "spine"), help="the kind of token")
    parser.add_argument("--client", help="sandbox-client or sandbox-reader; any name for a Spine token")
    parser.add_argument("--expires-in", metavar="SECONDS", help="negative: expired")
    parser.add_argument("--claim", action="append", default=[], metavar="NAME=VALUE", help="VALUE: JSON, else text")
    parser.add_argument("--header", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--without", action="append", default=[], metavar="CLAIM")
    parser.add_argument("--control-token", help="of the control plane, if it has one")
    parser.set_defaults(run=_token)


def _refuse(message: object) -> int:
    print(f"registry-sandbox: {message}", file=sys.stderr)
    return USAGE_ERROR


def _serve(options: argparse.Namespace) -> int:
    try:
        settings = _chosen(options, os.environ)
    except BadSetting as error:
        return _refuse(error)
    gc.disable()  # a tenth of the start goes by in looking for garbage that there is not; serving puts it on again
    with _no_authorities():
        from registry_sandbox.app import REFUSALS, build
        from registry_sandbox.cli.serve import run
        from registry_sandbox.server.serving import PortTaken, UnwritableReadyFile

    try:
        run(build(settings, progress=_tell_seeds))
    except (*REFUSALS, PortTaken, UnwritableReadyFile) as error:
        return _refuse(error)
    return 0


def _tell_seeds(judged: int) -> None:
    # One line that is written over, for a person who waits; a log needs none.
    if sys.stderr.isatty():
        print(f"registry-sandbox: {judged:,} seeds judged ...", end="\r", file=sys.stderr, flush=True)


@contextmanager
def _no_authorities() -> Iterator[None]:
    # aiohttp reads every certificate authority of the system when it is imported, for clients: a tenth of the start,
    # of a server that calls nobody.
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = os.devnull
    try:
        yield
    finally:
        if before is None:
            del os.environ["SSL_CERT_FILE"]
        else:
            os.environ["SSL_CERT_FILE"] = before


def _chosen(options: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    flags = {each.name: getattr(options, each.name) for each in fields()}
    return _together(flags, environment, options.config)


def _together(flags: Mapping[str, Any], environment: Mapping[str, str], config: str | None) -> Settings:
    name = config or environment.get(f"{PREFIX}CONFIG")
    return combined(flags, environment, _file(name) if name else {}, name or "")


def _file(name: str) -> Mapping[str, Any]:
    import yaml  # only where there is a file: 40 ms

    try:
        content = yaml.safe_load(Path(name).read_bytes()) or {}
    except OSError as error:
        raise BadSetting(f"--config {name}: {error.strerror}") from error
    except RecursionError as error:
        raise BadSetting(f"--config {name}: nested too deeply") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: such as the 99th of a month
        raise BadSetting(f"--config {name}: no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise BadSetting(f"--config {name}: expected a mapping of settings")
    return content


def _token(options: argparse.Namespace) -> int:
    from registry_sandbox.cli.control_client import NoAnswer, token

    try:
        pairs = _token_query(options)
        print(_signed_here(options, pairs) if options.signing_key else token(options.url, pairs, options.control_token))
    except (NoAnswer, ValueError) as error:
        return _refuse(error)
    return 0


def _token_query(options: argparse.Namespace) -> list[tuple[str, str]]:
    plain = {"client": options.client, "mode": options.auth, "expires_in": options.expires_in}
    pairs = [(name, value) for name, value in plain.items() if value is not None]
    for kind in ("claim", "header"):
        for each in getattr(options, kind):
            name, equals, value = each.partition("=")
            if not name or not equals:
                raise ValueError(f"--{kind} {each}: expected NAME=VALUE")
            pairs.append((f"{kind}.{name}", value))
    return pairs + [("without", name) for name in options.without]


def _signed_here(options: argparse.Namespace, pairs: list[tuple[str, str]]) -> str:
    from registry_sandbox.app import token_signed_here

    return token_signed_here(options.signing_key, options.audience or f"{options.url}/STU3", pairs)


def _certs(options: argparse.Namespace) -> int:
    from registry_sandbox.auth.certificates import UnusableCertificates, write_certificates

    try:
        written = write_certificates(options.directory, options.name, datetime.now(UTC))
    except (UnusableCertificates, OSError) as error:
        return _refuse(error)
    print("\n".join(map(str, written)))
    return 0


def _validate(options: argparse.Namespace) -> int:
    from registry_sandbox.cli.validate import REFUSALS, judged

    try:
        report, status = judged(options.files, options.profiles, options.format, sys.stdin.buffer)
    except REFUSALS as error:
        return _refuse(error)
    print(report)
    return status


def _health(options: argparse.Namespace) -> int:
    from registry_sandbox.cli.control_client import NoAnswer, is_ready

    try:
        if options.url is not None:
            return 0 if is_ready(options.url) else 1
        url = _own_control_url(_together({}, os.environ, None))
        return 0 if is_ready(url, _unverified() if url.startswith("https") else None) else 1
    except BadSetting as error:
        return _refuse(error)
    except NoAnswer as error:
        print(f"registry-sandbox: {error}", file=sys.stderr)
        return 1


def _own_control_url(settings: Settings) -> str:
    """Give where a sandbox with these settings has its control plane, seen from its own machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    port = settings.control_port
    if port is None:
        port = MUTUAL_CONTROL_PORT if settings.tls == "mutual" else settings.port
    apart = settings.control_port is not None or settings.tls == "mutual"
    scheme = "https" if settings.tls != "off" and not apart else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _unverified() -> ssl.SSLContext:
    # The sandbox asks itself, and sends no secret: whether it is ready is all that it wants to know.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _settings(options: argparse.Namespace) -> int:
    del options
    from registry_sandbox.settings import table

    print(table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
