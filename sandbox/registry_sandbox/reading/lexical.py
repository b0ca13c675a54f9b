"""How the text of each primitive type is spelled: one regular expression per type, and the words for it.

Source: FHIR STU3, Data Types. Its regular expressions let the 31st of February pass and say nothing of an instant, so
dates are spelled out here: real days, no year 0000, no hour 24, no second 60, a time zone where there is a time.

Every expression is linear, whatever the text: what repeats is possessive, so that nothing is tried twice.
"""

import re
from collections.abc import Callable, Mapping

from registry_sandbox.fhir.json import XML_CHARACTERS

_YEAR = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_FULL_DATE = f"(?:{_YEAR}-{_DAY}|{_LEAP_YEAR}-02-29)"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]++)?"
_ZONE = r"(?:Z|[+\-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_PARTIAL_DATE = f"{_YEAR}(?:-(?:0[1-9]|1[0-2]))?"
_INSTANT = f"{_FULL_DATE}T{_TIME}{_ZONE}"

_UP_TO_MAX_INT = (
    "(?:[0-9]{1,9}|1[0-9]{9}|20[0-9]{8}|21[0-3][0-9]{7}|214[0-6][0-9]{6}|2147[0-3][0-9]{5}|21474[0-7][0-9]{4}"
    "|214748[0-2][0-9]{3}|2147483[0-5][0-9]{2}|21474836[0-3][0-9]|214748364[0-7])"
)

LARGEST_INTEGER = 2**31 - 1
"""What the pattern above spells digit by digit."""

# White space is XML's alone; the rest of what XML can carry may stand in a code.
_NO_SPACE = "!-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"

# RFC 3986, and the characters that XML Schema's anyURI lets stand unescaped, which count as unreserved: in effect all
# but white space and the general delimiters. Classes of ASCII alone: one that names all of Unicode is slow to compile.
_DELIMITERS = "#/:?@[]"
_ENCODED = "%[0-9A-Fa-f]{2}"


def _any_of(more: str) -> str:
    outside = "".join(f"\\{each}" for each in _DELIMITERS if each not in more)
    return rf"(?:[^\x00- %{outside}]++|{_ENCODED})*+"


_REG_NAME, _USER, _SEGMENTS = _any_of(""), _any_of(":"), _any_of(":@/")
_PORT = f"(?::(?=[0-9])0*+{_UP_TO_MAX_INT}?(?![0-9]))?"
_AUTHORITY = rf"//(?:{_USER}@)?+(?:\[[^\]\s]*+\]|{_REG_NAME}){_PORT}"
_HIERARCHY = f"(?:{_AUTHORITY}(?:/{_SEGMENTS})?+|(?!//){_SEGMENTS})"
# Without a scheme, the first segment of a path has no colon.
_RELATIVE = f"(?:{_AUTHORITY}(?:/{_SEGMENTS})?+|(?!//){_any_of('@')}(?:/{_SEGMENTS})?+)"
_QUERY, _FRAGMENT = _any_of(":@/?"), _any_of(":@/?[]")
# Most are of this kind, for which the whole grammar takes three times as long.
_PLAIN_URI = r"(?:https?://[A-Za-z0-9.\-]++/|urn:[A-Za-z0-9])[A-Za-z0-9:./_\-]*+"
_URI = (
    rf"{_PLAIN_URI}|(?=[{_NO_SPACE}]++\Z)(?:[A-Za-z][A-Za-z0-9+.\-]*+:{_HIERARCHY}|{_RELATIVE})"
    rf"(?:\?{_QUERY})?+(?:#{_FRAGMENT})?+"
)

# Four letters are 24 bits; in a last group of three or two, the bits that are left over are zero.
_SPACE = "[ \t\r\n]*+"
_LETTER = f"[A-Za-z0-9+/]{_SPACE}"
_FOUR = f"(?:{4 * _LETTER})"
_THREE = f"{2 * _LETTER}[AEIMQUYcgkosw048]{_SPACE}={_SPACE}"
_TWO = f"{_LETTER}[AQgw]{_SPACE}={_SPACE}={_SPACE}"
_BASE64 = f"{_SPACE}(?:{_FOUR}++(?:{_THREE}|{_TWO})?|{_THREE}|{_TWO})"

_DECIMAL = r"(?:[0-9]++(?:\.[0-9]++)?+|\.[0-9]++)"
_SAMPLE = f"(?:-?{_DECIMAL}|[EUL])"

_PATTERNS = {
    "base64Binary": _BASE64,
    "boolean": "true|false",
    "code": f"[{_NO_SPACE}]++(?: [{_NO_SPACE}]++)*+",
    "date": f"-?(?:{_FULL_DATE}|{_PARTIAL_DATE})",
    "dateTime": f"{_INSTANT}|-?(?:{_FULL_DATE}(?:T{_TIME}{_ZONE})?|{_PARTIAL_DATE})",
    "decimal": r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+",
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "instant": _INSTANT,
    "integer": f"-?(?!0[0-9]){_UP_TO_MAX_INT}|-2147483648",
    "markdown": f"[{XML_CHARACTERS}]++",
    "oid": r"urn:oid:(?:0|[1-9][0-9]*+)(?:\.(?:0|[1-9][0-9]*+))*+",
    "positiveInt": f"(?!0){_UP_TO_MAX_INT}",
    "SampledDataDataType": f"{_SAMPLE}(?: {_SAMPLE})*+",
    "string": f"[{XML_CHARACTERS}]++",
    "time": _TIME,
    "unsignedInt": f"(?!0[0-9]){_UP_TO_MAX_INT}",
    "uri": _URI,
    "uuid": "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
}

ANY_TEXT = frozenset({"markdown", "string"})
"""Types that take any text that is not empty. A document of XML has no other characters than they take."""

Fits = Callable[[str], object]
"""Truthy if the whole text is a value of the type."""

FITS: Mapping[str, Fits] = {name: re.compile(pattern).fullmatch for name, pattern in _PATTERNS.items()}
"""By type, what tells whether a text is one of its values."""

EXPECTED = {
    "base64Binary": "base64",
    "boolean": "true or false",
    "code": "a code: no white space but single spaces inside",
    "date": "a date such as 2019, 2019-01 or 2019-01-17",
    "dateTime": "a dateTime such as 2019-01-17 or 2019-01-17T14:00:00Z: a time has seconds and a time zone",
    "decimal": "a decimal such as 1.50, without exponent",
    "id": "an id: 1 to 64 letters, digits, hyphens and full stops",
    "instant": "an instant such as 2019-01-17T14:00:00.000Z: a real date, a time with seconds, and a time zone",
    "integer": "a whole number of 32 bits, without leading zeros",
    "markdown": "text that is not empty",
    "oid": "an OID such as urn:oid:1.2.3",
    "positiveInt": "a whole number from 1 to 2147483647, without leading zeros",
    "SampledDataDataType": "decimals with single spaces between them, or E, U or L in the place of one",
    "string": "text that is not empty",
    "time": "a time such as 14:00:00, without time zone",
    "unsignedInt": "a whole number from 0 to 2147483647, without leading zeros",
    "uri": "a URI, without white space",
    "uuid": "a UUID such as urn:uuid:00000000-0000-4000-8000-000000000000, in lower case",
    "xhtml": "an XHTML div",
}
"""By type, the words for a person whose value does not match."""
