"""`certs`: writes a set of certificates for TLS tests.

Source: docs/tls.md.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from registry_sandbox.cli.failure import CommandFailed


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the folder and the names of the server."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="folder to write to")
    parser.add_argument(
        "--name", action="append", default=[], help="a DNS name or IP address of the server, besides localhost"
    )


def run(options: argparse.Namespace) -> int:
    """Write the files and print their paths.

    Raises:
        CommandFailed: a file exists already or cannot be written, or a name is invalid.
    """
    from registry_sandbox.auth.certificates import UnusableCertificates, write_certificates

    try:
        written = write_certificates(options.directory, options.name, datetime.now(UTC), pkcs12=True)
    except UnusableCertificates as error:
        raise CommandFailed(error) from error
    print("\n".join(map(str, written)))
    return 0
