"""Where a subcommand finds the running sandbox: by `--url`, or by the settings of the server in the environment.

Source: operator.md, Start (subcommands).
"""

import argparse
import os
import ssl

from registry_sandbox.cli.configuration import settings_from
from registry_sandbox.cli.control_client import ControlClient, control_root
from registry_sandbox.cli.failure import CommandFailed
from registry_sandbox.http.base_url import authority, reachable
from registry_sandbox.settings import Settings


def add_connection_options(
    parser: argparse.ArgumentParser, default: str = "where the SANDBOX_* variables place it"
) -> None:
    """Add `--url`, `--control-token` and `--ca-file`; `default` is what the help says of a call without `--url`."""
    parser.add_argument("--url", help=f"a URL of the sandbox; default: {default}")
    parser.add_argument("--control-token", metavar="TOKEN", help="the server's --control-token, if it has one")
    parser.add_argument("--ca-file", metavar="FILE", help="PEM file of the authority to trust, for an https URL")


def control_client(options: argparse.Namespace) -> ControlClient:
    """Return a client for the control plane that these options name.

    Raises:
        CommandFailed: the URL or the CA file cannot be used, or a variable is no valid setting.
    """
    settings = settings_from(os.environ)
    token = options.control_token or settings.control_token
    if options.url is None:
        root = f"{_control_origin(settings)}/_sandbox"
        # Without a CA file the certificate is not checked: this address belongs to this very machine.
        trust = _trust(options.ca_file) if options.ca_file else _unverified(root)
        return ControlClient(root, token, trust)
    return ControlClient(control_root(options.url), token, _trust(options.ca_file) if options.ca_file else None)


def fhir_base(url: str | None, settings: Settings) -> str:
    """Return the FHIR base of the sandbox at a URL, or of the one that these settings place on this machine."""
    if url is not None:
        return f"{url.rstrip('/').removesuffix('/STU3')}/STU3"
    scheme = "http" if settings.tls == "off" else "https"
    return settings.base_url or f"{scheme}://{authority(reachable(settings.host), settings.port)}/STU3"


def _control_origin(settings: Settings) -> str:
    scheme = "https" if settings.tls != "off" and not settings.control_apart else "http"
    return f"{scheme}://{authority(reachable(settings.host), settings.port_of_control)}"


def _trust(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise CommandFailed(f"--ca-file {ca_file} has no certificate; expected a PEM file") from error
    except OSError as error:
        raise CommandFailed(f"--ca-file {ca_file} cannot be read: {error.strerror}") from error


def _unverified(root: str) -> ssl.SSLContext | None:
    if not root.startswith("https"):
        return None  # creating a context reads the authorities of the system
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
