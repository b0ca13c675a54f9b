"""Every choice of the operator: one field is a flag, an environment variable and a key of the YAML file.

`port` is `--port`, `SANDBOX_PORT` and `port:`. A flag beats the environment, which beats the file.
"""

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from registry_sandbox.fhir.datatypes import datetime_of
from registry_sandbox.runtime.clock import SHOWABLE, require_showable

PREFIX = "SANDBOX_"
MUTUAL_CONTROL_PORT = 8081
"""Of the control plane under mutual TLS, unless it is named: health checks have no certificate."""
# What Kubernetes sets beside SANDBOX_PORT=tcp://... in every pod, where a service is called "sandbox".
_OF_KUBERNETES = re.compile(r"SANDBOX_(SERVICE_(HOST|PORT(_.+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class BadSetting(Exception):
    """A setting is unknown, or has a value that it cannot have; the message names where it was set."""


Parse = Callable[[str], Any]


def _setting(default: Any, meaning: str, parse: Parse = str, *, choices: Sequence[str] = (), many: bool = False) -> Any:
    about = {"meaning": meaning, "parse": parse, "choices": tuple(choices), "many": many}
    return field(default=default, metadata=about)


def _whole(least: int, most: int) -> Parse:
    def parse(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return parse


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text):
        raise ValueError("a number of seconds, such as 2.5")
    return float(text)


def _moment(text: str) -> datetime:
    try:
        return require_showable(datetime_of(text))
    except ValueError as error:
        raise ValueError(SHOWABLE) from error


def _base_url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@<>\"]+(/[^\s?#<>\"]*)?", text) or text.endswith("/"):
        raise ValueError("an absolute http(s) URL without a slash at its end, such as https://example.test/STU3")
    return text


def _yes(text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise ValueError("true or false")
    return text.lower() in _TRUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The operator's choices; each field's metadata says what it means and how it is read."""

    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _setting(8080, "port to listen on; 0 takes a free one", _whole(0, 65_535))
    base_url: str | None = _setting(
        None, "what absolute URLs begin with, /STU3 included; default: as in the request", _base_url
    )
    seed_data: tuple[Path, ...] = _setting(
        (), "appointments to start with, instead of the shipped ones", Path, many=True
    )
    no_seed_data: bool = _setting(False, "start with an empty registry", _yes)  # noqa: FBT003 - a default
    profiles: tuple[Path, ...] = _setting(
        (), "definitions added to the shipped ones: files, folders, FHIR packages (.tgz)", Path, many=True
    )
    clock: datetime | None = _setting(None, "the instant that the sandbox's clock starts at; default: now", _moment)
    clock_frozen: bool = _setting(False, "let the clock stand still", _yes)  # noqa: FBT003
    auth: str = _setting("registry", "which tokens are accepted", choices=("registry", "spine", "any", "off"))
    token_leeway: float = _setting(0.0, "seconds of tolerance for exp and nbf", _seconds)
    issuer: str | None = _setting(None, "the iss that tokens must have; default: the built-in issuer's")
    audience: str | None = _setting(None, "the aud that tokens must have; default: the registry's own URLs")
    jwks: Path | None = _setting(None, "keys of your own issuer, a JWKS file", Path)
    signing_key: Path | None = _setting(None, "the built-in issuer's RSA key, a PEM file; default: made at start", Path)
    tls: str = _setting("off", "transport security", choices=("off", "server", "mutual"))
    tls_dir: Path | None = _setting(None, "folder of the certificates; default: an ephemeral set", Path)
    fault: tuple[str, ...] = _setting((), "a fault to inject, such as cancel:500@10%; docs/faults.md", many=True)
    fault_file: Path | None = _setting(None, "YAML or JSON file with a list of faults", Path)
    no_sentinels: bool = _setting(False, "let the reserved NHS numbers meet no fault", _yes)  # noqa: FBT003
    request_faults: bool = _setting(False, "let requests bring a fault, in X-Sandbox-Fault", _yes)  # noqa: FBT003
    max_delay: float = _setting(60.0, "seconds that any injected delay or hang may last", _seconds)
    journal_size: int = _setting(10_000, "exchanges that the journal keeps", _whole(0, 10**6))
    random_seed: int | None = _setting(
        None, "makes ids and probabilities repeatable; default: random", _whole(0, 10**18 - 1)
    )
    max_body: int = _setting(1_048_576, "bytes that a body may have", _whole(1, 2**31))
    max_connections: int = _setting(10_000, "connections that a port has open at one time", _whole(1, 10**6))
    request_timeout: float = _setting(60.0, "seconds in which the head of a request, and its body, must come", _seconds)
    duplicates: str = _setting("allow", "the same pointer registered twice", choices=("allow", "refuse"))
    check_digit: bool = _setting(False, "judge the check digit of NHS numbers (modulus 11)", _yes)  # noqa: FBT003
    require_ssp: bool = _setting(False, "demand the four Ssp headers", _yes)  # noqa: FBT003
    full_url: str = _setting("plain", "form of fullUrl in a searchset", choices=("plain", "versioned"))
    allow_entered_in_error: bool = _setting(False, "let an update set entered-in-error too", _yes)  # noqa: FBT003
    control_port: int | None = _setting(None, "a port of its own for the control plane", _whole(0, 65_535))
    control_token: str | None = _setting(None, "bearer token that the control plane demands")
    ready_file: Path | None = _setting(None, "file written once requests are answered: FHIR base, control root", Path)
    quiet: bool = _setting(False, "no banner", _yes)  # noqa: FBT003
    log_format: str = _setting("text", "form of the access lines on stderr", choices=("text", "json"))

    def __post_init__(self) -> None:
        """Refuse combinations of which one half would be ignored.

        Raises:
            BadSetting: naming both halves.
        """
        if self.seed_data and self.no_seed_data:
            raise BadSetting("--seed-data and --no-seed-data contradict each other; give one of them")
        if self.jwks and self.signing_key:
            raise BadSetting("--jwks (your own issuer) and --signing-key (the built-in one) exclude each other")
        if self.jwks and not self.issuer:
            raise BadSetting("--jwks needs --issuer: a key speaks for the issuer that it belongs to")
        if self.tls_dir and self.tls == "off":
            raise BadSetting("--tls-dir needs --tls server or --tls mutual")


def flag_of(name: str) -> str:
    """Give the flag of a field."""
    return "--" + name.replace("_", "-")


def fields() -> tuple[dataclasses.Field[Any], ...]:
    """Give all fields, in the order of their declaration."""
    return dataclasses.fields(Settings)


def combined(
    flags: Mapping[str, Any], environment: Mapping[str, str], file: Mapping[str, Any], file_name: str
) -> Settings:
    """Put the settings together: a flag beats the environment, which beats the file.

    Args:
        flags: texts by field name; for a repeatable flag a list of them, for a switch True.
        environment: the whole environment; what does not begin with SANDBOX_ is not looked at.
        file: the parsed YAML file, keys as the flags without their dashes, or with underscores.
        file_name: what messages call it.

    Raises:
        BadSetting: an unknown key, or a value that the setting cannot have.
    """
    chosen = _from_file(file, file_name) | _from_environment(environment) | _from_flags(flags)
    return Settings(**chosen)


def _from_flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    known = {each.name: each for each in fields()}
    return {name: _value(known[name], sent, flag_of(name)) for name, sent in flags.items() if sent is not None}


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    chosen = {}
    known = {PREFIX + each.name.upper(): each for each in fields()}
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or text.startswith("tcp://") or _OF_KUBERNETES.fullmatch(variable):
            continue
        if variable == PREFIX + "CONFIG":
            continue
        if variable not in known:
            raise BadSetting(f"environment variable {variable} is no setting; `registry-sandbox settings` lists them")
        about = known[variable]
        sent = [part for part in text.split(";") if part] if about.metadata["many"] else text
        chosen[about.name] = _value(about, sent, variable)
    return chosen


def _from_file(file: Mapping[str, Any], file_name: str) -> dict[str, Any]:
    chosen = {}
    known = {each.name: each for each in fields()}
    for key, sent in file.items():
        name = str(key).replace("-", "_")
        if name not in known:
            raise BadSetting(f"{file_name}: '{key}' is no setting; `registry-sandbox settings` lists them")
        chosen[name] = _value(known[name], sent, f"{file_name}: {key}")
    return chosen


def _value(about: dataclasses.Field[Any], sent: Any, place: str) -> Any:
    if about.metadata["many"]:
        values = sent if isinstance(sent, list) else [sent]
        return tuple(_parsed(about, each, place) for each in values)
    return _parsed(about, sent, place)


def _parsed(about: dataclasses.Field[Any], sent: Any, place: str) -> Any:
    text = _text(sent)
    choices = about.metadata["choices"]
    if text is None or (choices and text not in choices):
        raise BadSetting(f"{place}: {sent!r} cannot be used; expected {' or '.join(choices) or 'one plain value'}")
    try:
        return about.metadata["parse"](text)
    except ValueError as error:
        raise BadSetting(f"{place}: {sent!r} cannot be used; expected {error}") from error


def _text(sent: Any) -> str | None:
    # YAML gives false for `off`, and a datetime for an instant: both are read as they were written.
    if isinstance(sent, bool):
        return "on" if sent else "off"
    if isinstance(sent, datetime):
        return sent.isoformat() + ("" if sent.tzinfo else "Z")
    return str(sent) if isinstance(sent, str | int | float) else None


def table() -> str:
    """Give the table of all settings, in Markdown."""
    rows = ["| flag | environment | default | meaning |", "|---|---|---|---|"]
    for each in fields():
        about = each.metadata
        value = "" if each.default is False else "\\|".join(about["choices"]) or "VALUE"
        flag = f"`{f'{flag_of(each.name)} {value}'.strip()}`" + (" (repeatable)" if about["many"] else "")
        rows.append(f"| {flag} | `{PREFIX}{each.name.upper()}` | {_shown(each.default)} | {about['meaning']} |")
    return "\n".join(rows)


def _shown(default: Any) -> str:
    if default is None or default == ():
        return "none"
    if isinstance(default, bool):
        return "off"
    return f"{default:g}" if isinstance(default, float) else str(default)
