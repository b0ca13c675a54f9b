"""The settings of the sandbox: each field is a flag, an environment variable and a key of the YAML file.

`port` is `--port`, `SANDBOX_PORT` and `port:`. A flag beats the environment, which beats the file, which beats the
default.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from registry_sandbox import setting_values
from registry_sandbox.runtime.rate_limiter import RateLimit, read_rate_limit
from registry_sandbox.setting_values import Parse

PREFIX = "SANDBOX_"
MUTUAL_CONTROL_PORT = 8081
"""The default port of the control plane under mutual TLS, where health checks have no certificate."""
# If a service is called "sandbox", Kubernetes sets these in every pod, and SANDBOX_PORT=tcp://...
_OF_KUBERNETES = re.compile(r"SANDBOX_(SERVICE_(HOST|PORT(_.+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")


class BadSetting(Exception):
    """A setting is unknown or its value is invalid; the message names the place where it was set."""


def _setting(  # noqa: PLR0913 - what there is to say of a setting
    default: Any,
    meaning: str,
    parse: Parse = str,
    *,
    choices: Sequence[str] = (),
    many: bool = False,
    secret: bool = False,
) -> Any:
    about = {"meaning": meaning, "parse": parse, "choices": tuple(choices), "many": many, "secret": secret}
    return field(default=default, metadata=about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The operator's choices. The metadata of each field has its meaning and its parser."""

    host: str = _setting(
        "127.0.0.1", "address to listen on; :: is every address, of IPv4 and IPv6", setting_values.host
    )
    port: int = _setting(
        8080, "port to listen on; 0 takes a free one", setting_values.whole(0, setting_values.LAST_PORT)
    )
    base_url: str | None = _setting(
        None, "what absolute URLs begin with, /STU3 included; default: as in the request", setting_values.base_url
    )
    trust_forwarded: bool = _setting(
        False,  # noqa: FBT003
        "let Forwarded and X-Forwarded-* of a proxy make the base URL",
        setting_values.yes,
    )
    seed_data: tuple[Path, ...] = _setting(
        (), "appointments to start with, instead of the shipped ones", Path, many=True
    )
    no_seed_data: bool = _setting(False, "start with an empty registry", setting_values.yes)  # noqa: FBT003 - a default
    state: Path | None = _setting(None, "a saved state to start from; docs/state.md", Path)
    profiles: tuple[Path, ...] = _setting(
        (), "definitions added to the shipped ones: files, folders, FHIR packages (.tgz)", Path, many=True
    )
    clock: datetime | None = _setting(
        None, "the instant that the sandbox's clock starts at; default: now", setting_values.moment
    )
    clock_frozen: bool = _setting(False, "freeze the clock at the start", setting_values.yes)  # noqa: FBT003
    auth: str = _setting("registry", "which tokens are accepted", choices=("registry", "spine", "any", "off"))
    token_leeway: float = _setting(0.0, "tolerance for the times in tokens, in seconds", setting_values.seconds)
    issuer: str | None = _setting(None, "the iss that tokens must have; default: the built-in issuer's")
    audience: str | None = _setting(None, "the aud that tokens must have; default: the registry's own URLs")
    jwks: Path | None = _setting(None, "public keys of your own issuer, a JWKS file", Path)
    signing_key: Path | None = _setting(None, "the built-in issuer's RSA key, a PEM file; default: a new key", Path)
    tls: str = _setting("off", "transport security", choices=("off", "server", "mutual"))
    tls_dir: Path | None = _setting(None, "folder of the certificates; default: a temporary set", Path)
    tls_fault: str | None = _setting(
        None,
        "what is wrong with the server's certificate; not with --store; docs/tls.md",
        choices=("expired", "not-yet-valid", "wrong-host", "unknown-ca", "self-signed", "incomplete-chain"),
    )
    fault: tuple[str, ...] = _setting((), "a fault to inject, such as cancel:500@10%; docs/faults.md", many=True)
    fault_file: Path | None = _setting(
        None,
        "YAML or JSON file with a list of faults, or a shipped outage: brown-out, deploy, flapping, slow-recovery",
        Path,
    )
    no_sentinels: bool = _setting(False, "no faults for the reserved NHS numbers", setting_values.yes)  # noqa: FBT003
    request_faults: bool = _setting(False, "accept faults in the request header X-Sandbox-Fault", setting_values.yes)  # noqa: FBT003
    max_delay: float = _setting(60.0, "longest injected delay or hang, in seconds", setting_values.seconds)
    journal_size: int = _setting(10_000, "how many exchanges the journal keeps", setting_values.whole(0, 10**6))
    max_workspaces: int = _setting(
        1_000, "how many workspaces there may be at one time", setting_values.whole(0, 10**6)
    )
    workspace_ttl: float = _setting(
        3_600.0,
        "how long a workspace lives after its last use: seconds, or such as 90s, 30m, 1h, 2d",
        setting_values.span,
    )
    rate_limit: RateLimit | None = _setting(
        None, "requests that a client may send, such as 5/s: more get 429 with Retry-After", read_rate_limit
    )
    vary: bool = _setting(False, "vary, within the contract, what clients must not rely on", setting_values.yes)  # noqa: FBT003
    random_seed: int | None = _setting(
        None, "makes ids and probabilities repeatable; default: random", setting_values.whole(0, 10**18 - 1)
    )
    max_body: int = _setting(1_048_576, "largest accepted body, in bytes", setting_values.whole(1, 2**31))
    max_connections: int = _setting(
        10_000, "largest number of open connections of a port", setting_values.whole(1, 10**6)
    )
    request_timeout: float = _setting(
        60.0, "seconds in which the head of a request, and its body, must come", setting_values.seconds
    )
    duplicates: str = _setting("allow", "whether the same pointer may be registered twice", choices=("allow", "refuse"))
    check_digit: bool = _setting(False, "check the check digit of NHS numbers (modulus 11)", setting_values.yes)  # noqa: FBT003
    require_ssp: bool = _setting(False, "require the four Ssp headers", setting_values.yes)  # noqa: FBT003
    full_url: str = _setting("plain", "form of fullUrl in a searchset", choices=("plain", "versioned"))
    allow_entered_in_error: bool = _setting(False, "accept an update that sets entered-in-error", setting_values.yes)  # noqa: FBT003
    control_port: int | None = _setting(
        None, "separate port for the control plane", setting_values.whole(0, setting_values.LAST_PORT)
    )
    control_token: str | None = _setting(None, "bearer token that the control plane requires")
    verdict_file: tuple[Path, ...] = _setting(
        (), "the verdict on the clients, written at the stop: .json, .html, .xml (JUnit), .sarif", Path, many=True
    )
    verdict_fail_on: str | None = _setting(
        None,
        "exit status 1 if the verdict has findings as bad as this, or nothing was exercised",
        choices=("fail", "warning"),
    )
    ready_file: Path | None = _setting(None, "file written once requests are answered: FHIR base, control root", Path)
    quiet: bool = _setting(False, "print no startup message", setting_values.yes)  # noqa: FBT003
    store: str | None = _setting(
        None,
        "where replicas keep their common state, such as valkey://127.0.0.1:6379/0; docs/replicas.md",
        setting_values.store,
        secret=True,
    )
    workers: int = _setting(
        1, "how many processes answer on the port; more than one needs --store", setting_values.whole(1, 64)
    )
    log_format: str = _setting("text", "form of the log on stderr", choices=("text", "json"))

    def __post_init__(self) -> None:
        """Refuse combinations in which one setting would be ignored.

        Raises:
            BadSetting: the message names both settings.
        """
        if self.seed_data and self.no_seed_data:
            raise BadSetting("--seed-data and --no-seed-data contradict each other; use one of them")
        if self.state is not None:
            self._require_nothing_beside_the_state()
        if self.workers > 1:
            self._require_what_workers_need()
        if self.store is not None and self.tls_fault is not None:
            raise BadSetting(
                "--store and --tls-fault exclude each other: a client that refuses a bad certificate is counted by one "
                "replica only; for this, start a sandbox of its own, without --store"
            )
        if self.jwks and self.signing_key:
            raise BadSetting("--jwks (your own issuer) and --signing-key (the built-in one) exclude each other")
        if self.jwks and not self.issuer:
            raise BadSetting("--jwks needs --issuer: a key speaks for the issuer that it belongs to")
        if self.tls_dir and self.tls == "off":
            raise BadSetting("--tls-dir needs --tls server or --tls mutual")
        if self.tls_fault and self.tls == "off":
            raise BadSetting(f"--tls-fault {self.tls_fault} needs --tls server or --tls mutual")

    def _require_nothing_beside_the_state(self) -> None:
        for name in ("seed_data", "no_seed_data", "clock", "clock_frozen", "random_seed", "fault", "fault_file"):
            if getattr(self, name) not in (None, (), False):
                raise BadSetting(
                    f"--state and {flag_of(name)} contradict each other: a state brings its own; use one of them"
                )

    def _require_what_workers_need(self) -> None:
        if self.store is None:
            raise BadSetting(
                f"--workers {self.workers} needs --store: without one, each process would be a registry of its own"
            )
        if self.tls != "off" and self.tls_dir is None:
            needed = f"--workers {self.workers} with --tls {self.tls} needs --tls-dir"
            raise BadSetting(f"{needed}: without one, each would have another certificate")

    @property
    def judged_at_the_stop(self) -> bool:
        """Whether the clients are judged at the stop."""
        return bool(self.verdict_file) or self.verdict_fail_on is not None

    @property
    def control_apart(self) -> bool:
        """Whether the control plane has its own port: with mutual TLS always, for health checks have no certificate."""
        return self.control_port is not None or self.tls == "mutual"

    @property
    def port_of_control(self) -> int:
        """The port that the control plane listens on: its own, or the registry's; 0 takes a free one."""
        if self.control_port is not None:
            return self.control_port
        return MUTUAL_CONTROL_PORT if self.tls == "mutual" and self.port else self.port


def flag_of(name: str) -> str:
    """Return the flag of a field, such as `--base-url` for `base_url`."""
    return "--" + name.replace("_", "-")


def _key_of(name: str) -> str:
    return flag_of(name).removeprefix("--")


def fields() -> tuple[dataclasses.Field[Any], ...]:
    """Return all fields, in the order of their declaration."""
    return dataclasses.fields(Settings)


def combined(
    flags: Mapping[str, Any], environment: Mapping[str, str], file: Mapping[str, Any], file_name: str
) -> Settings:
    """Return the settings: a flag beats the environment, which beats the file.

    Args:
        flags: texts by the name of the field; a list of them for a repeatable flag, True for a switch.
        environment: the whole environment; only variables that begin with SANDBOX_ are read.
        file: the parsed YAML file; a key is the flag without its two dashes, or the name of the field.
        file_name: the name of the file in messages.

    Raises:
        BadSetting: a key is unknown, or a value is invalid.
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
        if variable == PREFIX + "CONFIG" or not text:  # compose makes empty ones of ${X:-}
            continue
        if variable not in known:
            raise BadSetting(f"environment variable {variable} {_no_setting(variable, known)}")
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
            raise BadSetting(f"{file_name}: '{key}' {_no_setting(str(key), map(_key_of, known))}")
        chosen[name] = _value(known[name], sent, f"{file_name}: {key}")
    return chosen


def _no_setting(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # only for somebody who has mistyped

    nearest = get_close_matches(name, known, n=1)
    hint = f"did you mean {nearest[0]}? " if nearest else ""
    return f"is not a setting; {hint}`registry-sandbox settings` lists them"


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
        shown = "what is given" if about.metadata["secret"] else repr(sent)
        raise BadSetting(f"{place}: {shown} cannot be used; expected {error}") from error


def _text(sent: Any) -> str | None:
    # YAML reads `off` as false and an instant as a datetime; here both become the text that was written.
    if isinstance(sent, bool):
        return "on" if sent else "off"
    if isinstance(sent, datetime):
        return sent.isoformat() + ("" if sent.tzinfo else "Z")
    return str(sent) if isinstance(sent, str | int | float) else None
