"""Entity tags: the weak tags that name versions, and the lists of tags that clients send.

Source: RFC 9110 sections 8.8.3, 13.1.1 and 13.1.2; FHIR STU3, RESTful API, Managing Resource Contention.
"""

import re

_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LIST = re.compile(rf"[ \t]*{_TAG.pattern}(?:[ \t]*,[ \t]*{_TAG.pattern})*[ \t]*")


def entity_tag(version_id: str) -> str:
    """Write the weak entity tag of a version: `W/"2"`."""
    return f'W/"{version_id}"'


def versions_named(header: str) -> frozenset[str]:
    """Return the version ids that an If-Match or If-None-Match header names.

    Weak and strong tags name the same version, because older clients send `"1"`. A header that is not a list of entity
    tags, such as a bare `1`, names none. The caller decides about `*`.
    """
    if _LIST.fullmatch(header) is None:
        return frozenset()
    return frozenset(_TAG.findall(header))
