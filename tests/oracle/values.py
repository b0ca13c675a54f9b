"""Values of FHIR's types, right and wrong ones, drawn from a seeded source of chance.

Source: https://hl7.org/fhir/STU3/datatypes.html
"""

import random
from typing import Any

from tests.oracle.facts import PRIMITIVES, Member, codes, members

XHTML = "http://www.w3.org/1999/xhtml"
UCUM = "http://unitsofmeasure.org"
_DEEPEST = 3

GOOD: dict[str, list[Any]] = {
    "base64Binary": ["aGVsbG8=", "aGk=", "YWJj"],
    "boolean": [True, False],
    "code": ["a", "text/plain", "a b", "A-1.b"],
    "date": ["2019", "2019-01", "2019-01-17", "2020-02-29", "1905-08-23"],
    "dateTime": ["2019", "2019-01", "2019-01-17", "2019-01-17T14:00:00Z", "2019-01-17T14:00:00.123456+05:30"],
    "decimal": [0, 1, -1, 1.5, 0.001, 100000, -273.15],
    "id": ["a", "A-1.b", "x" * 64, "0"],
    "instant": ["2019-01-17T14:00:00Z", "2019-01-17T14:00:00.000-14:00", "2016-02-29T23:59:59.9+14:00"],
    "integer": [0, 1, -1, 2147483647, -2147483648],
    "markdown": ["a *b*", "line\n\nline", "a"],
    "oid": ["urn:oid:1.2.840.10008", "urn:oid:2.16.840.1.113883.2.1.4.1"],
    "positiveInt": [1, 17, 2147483647],
    "string": ["a", "two words", "Ünïcode \U0001f600", "a & b < c > 'd' \"e\"", "line\nline\ttab", "x" * 300],
    "time": ["14:00:00", "00:00:00.5", "23:59:59"],
    "unsignedInt": [0, 1, 2147483647],
    "uri": [
        "http://x.test/a",
        "urn:oid:2.16.840.1.113883.2.1.4.1",
        "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
        "http://x.test/%C3%A9?a=b#c",
    ],
    "uuid": ["urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"],
    "xhtml": [
        f'<div xmlns="{XHTML}"><p>An <b>appointment</b></p></div>',
        f'<div xmlns="{XHTML}">text alone</div>',
        f'<div xmlns="{XHTML}"><ul><li>one</li><li>two<br/>lines</li></ul><hr/></div>',
        f'<div xmlns="{XHTML}"><table border="1"><tbody><tr><td colspan="2">c</td></tr></tbody></table></div>',
        f'<div xmlns="{XHTML}"><a href="http://x.test/a" title="t">a</a> &amp; &lt; é \U0001f600</div>',
        f'<div xmlns="{XHTML}" class="c" style="color: red" lang="en"><pre>  kept\n  so</pre></div>',
    ],
}

BAD: dict[str, list[Any]] = {
    "base64Binary": ["a", "=", "aGVsbG8", "a-b_", "aGVsbG8==="],
    "boolean": ["true", "TRUE", 1, "yes", "1"],
    "code": [" a", "a ", "a  b", "a\tb", "a\nb"],
    "date": ["2019-13", "2019-02-30", "19", "2019-1-1", "17/01/2019", "2019-01-17T14:00:00Z", "20190117", "0000"],
    "dateTime": ["2019-01-17T14:00:00", "2019-01-17T14:00Z", "2019-01-17T24:00:00Z", "2019-01-17 14:00:00Z"],
    "decimal": ["1.5", "abc", "1,5", True],
    "id": ["a b", "a_b", "x" * 65, "é", " a"],
    "instant": [
        "2019-01-17", "2019-01-17T14:00:00", "2019-01-17T14:00Z", "2019-01-17T24:00:00Z", "2019-01-17T14:60:00Z",
        "2019-02-30T14:00:00Z", "2019-01-17T14:00:00+15:00", "2019-01-17t14:00:00z", "2019-01-17T14:00:00+0100",
        "tomorrow", "2019-01-17T14:00:00,5Z", "2019-01-17T14:00:61Z",
    ],
    "integer": [1.5, "1", 2147483648, "a", 1.0],
    "oid": ["urn:oid:", "1.2.3", "urn:oid:a.b", "urn:oid:3.1"],
    "positiveInt": [0, -1, 1.5, "1", 2147483648],
    "string": [1, True],
    "time": ["24:00:00", "14:00", "14:00:00Z", "2pm"],
    "unsignedInt": [-1, 1.5, "0", 4294967296],
    "uri": ["http://x.test/a b", " http://x.test/a", "http://x.test/a ", "a\nb"],
    "uuid": ["53fefa32-fcbb-4ff8-8a92-55ee120877b7", "urn:uuid:1", "urn:uuid:g3fefa32-fcbb-4ff8-8a92-55ee120877b7"],
    "xhtml": [
        f'<div xmlns="{XHTML}"> </div>',
        f'<div xmlns="{XHTML}"/>',
        f'<div xmlns="{XHTML}"><script>1</script></div>',
        f'<div xmlns="{XHTML}"><p onclick="f()">a</p></div>',
        f'<div xmlns="{XHTML}"><a href="javascript:f()">a</a></div>',
        f'<div xmlns="{XHTML}"><object data="a">b</object></div>',
        f'<div xmlns="{XHTML}"><form><input name="a"/></form></div>',
        f'<div xmlns="{XHTML}"><p><p>a</p></p></div>',
        f'<div xmlns="{XHTML}"><ul>a</ul></div>',
        f'<div xmlns="{XHTML}"><nav>a</nav></div>',
        f'<p xmlns="{XHTML}">a</p>',
        "<div>no namespace</div>",
        '<div xmlns="http://x.test">another namespace</div>',
    ],
}  # fmt: skip
"""Texts that are no value of their type, and values of another type of JSON."""

SPACES = [" ", "\t", "\n", "\u00a0"]


def drawn(chance: random.Random, of: str, depth: int = 0) -> Any:
    """Return a value of a type: required elements, and some of the others."""
    if of in PRIMITIVES:
        return chance.choice(GOOD[of])
    if of == "SampledData":  # its data must fit its dimensions
        return {
            "origin": {"value": 0},
            "period": 10,
            "dimensions": 1,
            "data": chance.choice(["1 2 3", "E U 1.5", "-1"]),
        }
    described = [each for each in members(of) if each.name not in {"extension", "modifierExtension", "contained"}]
    wanted = [each for each in described if each.required or _is_chosen(chance, each, depth)]
    wanted = wanted or [next(each for each in described if not each.attribute)]
    value: dict[str, Any] = {}
    for each in {each.choice or each.name: each for each in wanted}.values():  # one type of each choice
        one = member_value(chance, each, depth + 1)
        value[each.name] = [one] if each.many else one
    return value


def member_value(chance: random.Random, member: Member, depth: int = 0) -> Any:
    """Return one value of an element, of its required codes where there are any."""
    bound = codes(member.bound) if member.bound else ()
    return chance.choice(bound) if bound else drawn(chance, member.of, depth)


def _is_chosen(chance: random.Random, member: Member, depth: int) -> bool:
    if member.of not in PRIMITIVES and depth >= _DEEPEST:
        return False
    return chance.random() < (0.05 if member.attribute else 0.3)
