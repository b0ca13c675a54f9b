"""How the text of each primitive type is spelled, as patterns that a schema can hold.

Source: FHIR STU3, Data Types. Its regular expressions let the 31st of February pass and say nothing of an instant, so
that dates are spelled out here: real days, no year 0000, no hour 24, no second 60, a time zone where there is a time.
"""

from registry_sandbox.fhir.json import XML_CHARACTERS

_YEAR = r"([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_LEAP_YEAR = r"([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
_DAY = (
    r"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    r"|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    r"|02-(0[1-9]|1[0-9]|2[0-8]))"
)
_FULL_DATE = f"({_YEAR}-{_DAY}|{_LEAP_YEAR}-02-29)"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
_ZONE = r"(Z|[+\-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_PARTIAL_DATE = f"{_YEAR}(-(0[1-9]|1[0-2]))?"

_UP_TO_MAX_INT = (
    "([0-9]{1,9}|1[0-9]{9}|20[0-9]{8}|21[0-3][0-9]{7}|214[0-6][0-9]{6}|2147[0-3][0-9]{5}|21474[0-7][0-9]{4}"
    "|214748[0-2][0-9]{3}|2147483[0-5][0-9]{2}|21474836[0-3][0-9]|214748364[0-7])"
)

LARGEST_INTEGER = 2**31 - 1
"""What the pattern above spells digit by digit."""

PATTERN = {
    "boolean": "true|false",
    "code": r"[^\s]+( [^\s]+)*",
    "date": f"-?({_PARTIAL_DATE}|{_FULL_DATE})",
    "dateTime": f"-?({_PARTIAL_DATE}|{_FULL_DATE}(T{_TIME}{_ZONE})?)",
    "decimal": r"-?(0|[1-9][0-9]*)(\.[0-9]+)?",
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "instant": f"{_FULL_DATE}T{_TIME}{_ZONE}",
    "oid": r"urn:oid:(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*",
    "time": _TIME,
    "uri": r"[^\s]+",
    "uuid": "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
}
"""By type, what its text must match as a whole; a type that is absent is free text."""

INTEGER_PATTERNS = {
    "integer": (r"-?(0|[1-9][0-9]*)", f"-?{_UP_TO_MAX_INT}|-2147483648"),
    "positiveInt": (r"[1-9][0-9]*", _UP_TO_MAX_INT),
    "unsignedInt": (r"0|[1-9][0-9]*", _UP_TO_MAX_INT),
}
"""The integers match two patterns: how they are spelled, and that 32 bits hold them."""

# To note where each group matched would be half of the work, and nobody asks.
_GROUPLESS = {name: pattern.replace("(", "(?:") for name, pattern in PATTERN.items()}

PLAIN = {
    "code": r"[!-~]++(?: [!-~]++)*+",
    "date": _GROUPLESS["date"],
    "dateTime": f"{_GROUPLESS['instant']}|{_GROUPLESS['dateTime']}",  # which is the same, what is most often sent first
    "id": _GROUPLESS["id"],
    "instant": _GROUPLESS["instant"],
    "markdown": f"[{XML_CHARACTERS}]++",
    "oid": _GROUPLESS["oid"],
    "string": f"[{XML_CHARACTERS}]++",
    "time": _GROUPLESS["time"],
    "uri": (
        r"https?://[A-Za-z0-9.\-]++(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/\-]*+)?"
        r"(?:\?[A-Za-z0-9._~/=&\-]*+)?(?:#[A-Za-z0-9._~/\-]*+)?"
        r"|urn:[A-Za-z0-9.:\-]++"
        r"|[A-Za-z0-9._\-]++"
    ),
    "uuid": _GROUPLESS["uuid"],
}
"""By type, as regular expressions of Python's own: texts that are its values beyond doubt, if not all of them.

Of the types that take nearly any character, only the spellings that no two engines can differ about.
"""

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
    "string": "text that is not empty",
    "time": "a time such as 14:00:00, without time zone",
    "unsignedInt": "a whole number from 0 to 2147483647, without leading zeros",
    "uri": "a URI, without white space",
    "uuid": "a UUID such as urn:uuid:00000000-0000-4000-8000-000000000000, in lower case",
    "xhtml": "an XHTML div",
}
"""By type, the words for a person whose value does not match."""
