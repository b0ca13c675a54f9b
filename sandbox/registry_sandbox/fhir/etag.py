"""Entity tags: the weak ones that versions are named by, and the lists of them that clients send.

Source: RFC 9110 sections 8.8.3, 13.1.1 and 13.1.2; FHIR STU3, RESTful API, Managing Resource Contention.
"""

import re

_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LIST = re.compile(rf"[ \t]*{_TAG.pattern}(?:[ \t]*,[ \t]*{_TAG.pattern})*[ \t]*")


def entity_tag(version_id: str) -> str:
    """Write the weak entity tag of a version: `W/"2"`."""
    return f'W/"{version_id}"'


def versions_named(header: str) -> frozenset[str]:
    """Give the version ids that an If-Match or If-None-Match header names.

    Weak and strong tags name alike, since older clients send `"1"`. A header that is no list of entity tags, a bare
    `1` included, names none. `*` is for the caller to judge.
    """
    if _LIST.fullmatch(header) is None:
        return frozenset()
    return frozenset(_TAG.findall(header))
