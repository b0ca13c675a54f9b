"""Language tags, such as en or en-GB: whether a text has the shape that BCP 47 asks for.

Source: RFC 5646, section 2.1. What the registry of subtags holds is not checked, but a primary subtag has two or three
letters: four are reserved, and of five to eight none has ever been registered.
"""

import re

ALL_LANGUAGES = "http://hl7.org/fhir/ValueSet/all-languages"
"""The value set of all tags of BCP 47, which no list can hold."""

_TAG = re.compile(
    r"[a-z]{2,3}(-[a-z]{3}){0,3}"  # language, extended language
    r"(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?"  # script, region
    r"(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"  # variants
    r"(-[a-wy-z0-9](-[a-z0-9]{2,8})+)*"  # extensions
    r"(-x(-[a-z0-9]{1,8})+)?"  # private use
    r"|x(-[a-z0-9]{1,8})+",
    re.ASCII | re.IGNORECASE,
)

# The tags of RFC 3066 that do not fit the grammar, and are valid all the same.
_IRREGULAR = re.compile(
    r"en-gb-oed|sgn-(be-fr|be-nl|ch-de)"
    r"|i-(ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)",
    re.ASCII | re.IGNORECASE,
)


def is_language_tag(text: str) -> bool:
    """Return whether a text has the shape of a language tag."""
    return bool(_TAG.fullmatch(text) or _IRREGULAR.fullmatch(text))
