"""What the values of settings may be. Each function reads a text, or raises a ValueError that says what is expected."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from registry_sandbox.fhir.datatypes import datetime_of
from registry_sandbox.runtime.clock import SHOWABLE, require_showable

Parse = Callable[[str], Any]
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")

LAST_PORT: Final = 65_535
STORE_PARAMETERS: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
"""What the URL of a store with TLS may name: files, in PEM."""

_STORE: Final = re.compile(
    r"(valkey|redis)(?P<tls>s?)://([^\s/?#]*@)?([^\s/?#@:\[\]]+|\[[^\s/?#@]+\])(:(?P<port>[0-9]{1,5}))?(/[0-9]{0,4})?"
    r"(\?(?P<query>[^\s#]*))?"
)
_A_STORE: Final = "valkey://HOST:PORT/NUMBER, with a password valkey://:PASSWORD@HOST..., with TLS valkeys://HOST..."


def whole(least: int, most: int) -> Parse:
    """Return a reader of whole numbers within these bounds."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return parse


def seconds(text: str) -> float:
    """Read a number of seconds."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text):
        raise ValueError("a number of seconds, such as 2.5")
    return float(text)


def span(text: str) -> float:
    """Read a time span; return it in seconds."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhd]?)", text)
    if match is None or not float(match[1]):
        raise ValueError("a time span above 0, such as 90s, 30m, 1h (a plain number is seconds)")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]]


def moment(text: str) -> datetime:
    """Read an instant."""
    try:
        return require_showable(datetime_of(text))
    except ValueError as error:
        raise ValueError(SHOWABLE) from error


def host(text: str) -> str:
    """Read the name or the address of a host."""
    name = text[1:-1] if re.fullmatch(r"\[.*:.*\]", text) else text  # as it stands in a URL
    if not re.fullmatch(r"[^\s/\[\]]+", name):
        raise ValueError("a host name or an address, such as 127.0.0.1, :: or localhost")
    return name


def base_url(text: str) -> str:
    """Read the URL of a FHIR base."""
    if not re.fullmatch(r"https?://[^\s/?#@<>\"]+(/[^\s?#<>\"]*)?", text) or text.endswith("/"):
        raise ValueError("an absolute http(s) URL without a slash at its end, such as https://example.test/STU3")
    return text


def store(text: str) -> str:
    """Read the URL of a store of replicas."""
    found = _STORE.fullmatch(text)
    if found is None or int(found["port"] or 0) > LAST_PORT:
        raise ValueError(_A_STORE)
    if found["query"] is not None:
        _require_store_parameters(found["query"], tls=bool(found["tls"]))
    return text


def _require_store_parameters(query: str, *, tls: bool) -> None:
    if not tls:
        raise ValueError(f"{_A_STORE} (only valkeys:// has parameters)")
    given = dict(parse_qsl(query, keep_blank_values=True))
    for name, value in given.items():
        # The rest of a password that has a question mark ends here too: it must not be shown.
        shown = "" if "@" in query else f", not {name}={value}"
        if name not in STORE_PARAMETERS or not value:
            raise ValueError(f"{_A_STORE}?NAME=FILE; the names are {', '.join(STORE_PARAMETERS)}{shown}")
    if "ssl_keyfile" in given and "ssl_certfile" not in given:
        raise ValueError(f"{_A_STORE}, and ssl_certfile beside ssl_keyfile")


def yes(text: str) -> bool:
    """Read yes or no."""
    if text.lower() not in _TRUE + _FALSE:
        raise ValueError("true or false")
    return text.lower() in _TRUE
