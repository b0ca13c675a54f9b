"""The message printed at the start: where everything is, what is loaded, and a command to paste.

Source: operator.md, Start.
"""

import shlex

from registry_sandbox import __version__
from registry_sandbox.app import Sandbox
from registry_sandbox.faults.rule import described
from registry_sandbox.fhir.datatypes import write_instant

_SAMPLE_ID = "b7e99463-00a1-45fc-98aa-02301c103aba"


def startup_message(sandbox: Sandbox, fhir_base: str, control_root: str) -> str:
    """Return the text, for a sandbox that answers at these URLs."""
    service = sandbox.workspace.service
    frozen = ", frozen" if service.clock.frozen else ""
    lines = [
        f"Appointment Registry Sandbox {__version__}",
        f"  FHIR base     {fhir_base}",
        f"  Control       {control_root}   (a console: {control_root.removesuffix('_sandbox')})",
        f"  Seed data     {_seed_data(sandbox)}: {len(service.registry)} appointments",
        f"  Profiles      {_profiles(sandbox)}",
        f"  Clock         {write_instant(service.clock.now())}{frozen}",
        *_faults(sandbox),
        f"  Random seed   {sandbox.workspace.random_streams.seed}",
    ]
    return "\n".join([*lines, "", *_to_paste(sandbox, fhir_base, control_root), ""])


def _seed_data(sandbox: Sandbox) -> str:
    if sandbox.settings.no_seed_data:
        return "none"
    return ", ".join(map(str, sandbox.settings.seed_data)) or "the shipped set"


def _profiles(sandbox: Sandbox) -> str:
    names = [url.rpartition("/")[2] for url, _ in sandbox.workspace.service.profiles.listing()]
    extensions = [name for name in names if name.startswith("Extension-")]
    return f"{', '.join(name for name in names if name not in extensions)}, and {len(extensions)} extensions"


def _faults(sandbox: Sandbox) -> list[str]:
    rules = list(sandbox.workspace.engine)
    configured = [described(live.rule) for live in rules if live.source != "sentinel"]
    sentinels = len(rules) - len(configured)
    shown = [
        *_certificate_fault(sandbox),
        *configured,
        f"{sentinels} sentinels (reserved NHS numbers)" if sentinels else "no sentinels",
    ]
    return [f"  {'Faults' if not at else '      '}        {text}" for at, text in enumerate(shown)]


def _certificate_fault(sandbox: Sandbox) -> list[str]:
    bad = sandbox.workspace.bad_certificate
    return [] if bad is None else [f"a bad server certificate ({bad.fault}): clients must refuse it"]


def _to_paste(sandbox: Sandbox, fhir_base: str, control_root: str) -> list[str]:
    common = " ".join([*_authorization(sandbox, fhir_base, control_root), *map(shlex.quote, _tls_options(sandbox))])
    if _SAMPLE_ID not in sandbox.workspace.service.registry:
        return ["Try it:", "", f"curl -i {shlex.quote(f'{fhir_base}/metadata')} {common}".rstrip()]
    url = shlex.quote(f"{fhir_base}/Appointment/{_SAMPLE_ID}")
    read = f"curl -s {url} {common}"
    change = 'sed \'s/"booked"/"cancelled"/\''
    headers = "-H 'If-Match: W/\"1\"' -H 'Content-Type: application/fhir+json'"
    cancel = f"curl -si -X PUT {url} {common} {headers} -d @-"
    title = "Cancel the pages' own appointment (paste it; paste it again for a 409):"
    return [title, "", f"{read} | {change} | {cancel}"]


def _authorization(sandbox: Sandbox, fhir_base: str, control_root: str) -> list[str]:
    """Return the option with the token, as shell words; the shell fetches it, so that the line stays short."""
    settings = sandbox.settings
    if settings.auth == "off":
        return []
    if settings.control_token is None:
        trust = _tls_options(sandbox) if control_root.startswith("https") else []
        return [f'-H "Authorization: Bearer $({shlex.join(["curl", "-s", *trust, f"{control_root}/token"])})"']
    # Without the control token the shell could not fetch one, and a secret does not belong into a message.
    token = sandbox.handlers.make_token(settings.base_url or fhir_base)
    return [f"-H {shlex.quote(f'Authorization: Bearer {token}')}"]


def _tls_options(sandbox: Sandbox) -> list[str]:
    if sandbox.settings.tls == "off":
        return []
    folder = sandbox.certificates
    # curl would refuse a bad certificate, and a line to paste must work.
    bad = sandbox.workspace.bad_certificate is not None
    options = ["--insecure"] if bad else ["--cacert", f"{folder}/ca.pem"]
    if sandbox.settings.tls == "mutual":
        options += ["--cert", f"{folder}/client.pem", "--key", f"{folder}/client.key"]
    return options
