"""`token`: prints a test token, of the running sandbox or signed here.

Source: docs/tokens.md.
"""

import argparse
import os
from pathlib import Path
from urllib.parse import urlencode

from registry_sandbox.cli.configuration import settings_from
from registry_sandbox.cli.connection import add_connection_options, control_client, fhir_base
from registry_sandbox.cli.failure import CommandFailed


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add where the sandbox is, and what the token shall be."""
    add_connection_options(parser)
    parser.add_argument("--signing-key", type=Path, metavar="FILE", help="sign here with this key, without a sandbox")
    parser.add_argument("--audience", help="the aud, with --signing-key; default: the FHIR base of the sandbox")
    parser.add_argument("--auth", choices=("registry", "spine"), help="the kind of token")
    parser.add_argument("--client", help="sandbox-client or sandbox-reader")
    parser.add_argument("--expires-in", metavar="SECONDS", help="a negative number makes an expired token")
    parser.add_argument(
        "--claim", action="append", default=[], metavar="NAME=VALUE", help="VALUE is JSON, otherwise text"
    )
    parser.add_argument(
        "--header", action="append", default=[], metavar="NAME=VALUE", help="a member of the token's header"
    )
    parser.add_argument("--without", action="append", default=[], metavar="CLAIM", help="a claim to leave out")


def run(options: argparse.Namespace) -> int:
    """Print the token.

    Raises:
        CommandFailed: an option cannot be used, or the sandbox does not answer.
    """
    parameters = _parameters(options)
    print(_signed_here(options, parameters) if options.signing_key else _requested(options, parameters))
    return 0


def _parameters(options: argparse.Namespace) -> list[tuple[str, str]]:
    """Return the query of `/_sandbox/token`."""
    single = {"client": options.client, "mode": options.auth, "expires_in": options.expires_in}
    pairs = [(name, value) for name, value in single.items() if value is not None]
    for kind in ("claim", "header"):
        for text in getattr(options, kind):
            name, equals, value = text.partition("=")
            if not name or not equals:
                raise CommandFailed(f"--{kind} {text}: expected NAME=VALUE")
            pairs.append((f"{kind}.{name}", value))
    return pairs + [("without", name) for name in options.without]


def _requested(options: argparse.Namespace, parameters: list[tuple[str, str]]) -> str:
    query = f"?{urlencode(parameters)}" if parameters else ""
    return control_client(options).text("GET", f"/token{query}").strip()


def _signed_here(options: argparse.Namespace, parameters: list[tuple[str, str]]) -> str:
    from registry_sandbox.app import token_signed_here

    audience = options.audience or fhir_base(options.url, settings_from(os.environ))
    try:
        return token_signed_here(options.signing_key, audience, parameters)
    except ValueError as error:
        raise CommandFailed(error) from error
