"""Resources drawn from the definitions, for tests of whatever these allow."""

import base64
import string
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, ParamSpec, TypeVar, cast

from hypothesis import strategies as st

from registry_sandbox import shipped
from registry_sandbox.fhir import structure
from registry_sandbox.fhir.structure import ANY_RESOURCE, XHTML, Element, Structure

FACTS: Structure = structure.load(shipped("profiles") / "structure.json")
P = ParamSpec("P")
T = TypeVar("T")

RESOURCES = sorted(each.name for each in FACTS.resources())
_DEEPEST = 4
_NEVER_PLAIN = {XHTML, "Narrative", "decimal", "base64Binary"}

_DIVS = (
    "<p>plain</p>",
    'a <b>b</b> &amp; &lt;c&gt; <br/> <a href="#x" title="&quot;">é\U0001f600</a>\n\ttail',
    '<table border="1"><tr><th colspan="2">h</th><td><ul><li>i</li></ul></td></tr></table>',
    '<img src="#i" alt=""/><span xml:lang="en-GB" style="color: red">s</span><pre>  kept\n  so</pre>',
)

_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"], include_characters="\t\n\r\x85"), min_size=1)
_TOKEN = st.text(string.ascii_letters + string.digits + "-.", min_size=1, max_size=64)
_FRACTION = st.sampled_from(["", ".6", ".620", ".000000000001"])
_ZONE = st.sampled_from(["Z", "+00:00", "-00:00", "+05:30", "-14:00"])
_DATE = st.dates().map(str)
_TIME = st.builds("{:02}:{:02}:{:02}{}".format, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), _FRACTION)
_INSTANT = st.builds("{}T{}{}".format, _DATE, _TIME, _ZONE)
PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "base64Binary": st.binary(min_size=1).map(lambda data: base64.b64encode(data).decode()),
    "boolean": st.booleans(),
    "code": st.lists(_TOKEN, min_size=1, max_size=3).map(" ".join),
    "date": st.one_of(_DATE, st.dates().map(lambda date: f"{date:%Y}".zfill(4))),
    "dateTime": st.one_of(_DATE, _INSTANT),
    "decimal": st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: Decimal(f"{number:f}")),
    "id": _TOKEN,
    "instant": _INSTANT,
    "integer": st.integers(-(2**31), 2**31 - 1),
    "oid": st.lists(st.integers(0), min_size=1).map(lambda arcs: "urn:oid:" + ".".join(map(str, arcs))),
    "positiveInt": st.integers(1, 2**31 - 1),
    "SampledDataDataType": st.lists(st.sampled_from(["E", "U", "L", "0", "-1.5", ".5"]), min_size=1).map(" ".join),
    "time": _TIME,
    "unsignedInt": st.integers(0, 2**31 - 1),
    "uri": st.builds("{}{}".format, st.sampled_from(["", "urn:x:", "http://a/é?b=c&d=%27#"]), _TOKEN),
    "uuid": st.uuids().map(lambda uuid: f"urn:uuid:{uuid}"),
    XHTML: st.sampled_from(_DIVS).map(lambda inner: f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'),
}


def _made_once(make: Callable[P, st.SearchStrategy[T]]) -> Callable[P, st.SearchStrategy[T]]:
    """Make a strategy once for the same arguments: Hypothesis looks through each new one before it draws from it."""
    return cast("Callable[P, st.SearchStrategy[T]]", cache(make))


@_made_once
@st.composite
def resources(draw: st.DrawFn, depth: int = 0, *, plain: bool = False) -> dict[str, Any]:
    """Draw a resource; a plain one has no narrative, no decimal, no base64, and primitives have nothing but values."""
    name = draw(st.sampled_from(RESOURCES))
    return {"resourceType": name, **draw(_members(name, depth, plain=plain))}


@_made_once
@st.composite
def _members(draw: st.DrawFn, of_type: str, depth: int, *, plain: bool) -> dict[str, Any]:
    """Draw some elements of a type: at least one, of each choice one, at the bottom only primitives."""
    members: dict[str, Any] = {}
    for element in draw(_elements(of_type, depth, plain=plain)):
        if FACTS.types[element.type].json and element.type != XHTML and not element.attribute:
            members |= draw(_primitive(element, depth, plain=plain))
        else:
            members[element.name] = draw(_value(element.type, depth + 1, many=element.many, plain=plain))
    return members


@_made_once
def _elements(of_type: str, depth: int, *, plain: bool) -> st.SearchStrategy[list[Element]]:
    fitting = [each for each in FACTS.types[of_type].elements if depth < _DEEPEST or FACTS.types[each.type].json]
    fitting = [each for each in fitting if not (plain and each.type in _NEVER_PLAIN)]
    return st.lists(st.sampled_from(fitting), min_size=1, max_size=4, unique_by=_choice_of)


def _choice_of(element: Element) -> str:
    return element.choice or element.name


@_made_once
def _value(of_type: str, depth: int, *, many: bool, plain: bool) -> st.SearchStrategy[Any]:
    if many:
        return st.lists(_value(of_type, depth, many=False, plain=plain), min_size=1, max_size=2)
    if of_type == ANY_RESOURCE:
        return resources(depth, plain=plain)
    if FACTS.types[of_type].json:
        return PRIMITIVES.get(of_type, _TEXT)
    return _members(of_type, depth, plain=plain)


@_made_once
@st.composite
def _primitive(draw: st.DrawFn, element: Element, depth: int, *, plain: bool) -> dict[str, Any]:
    """Draw the values of a primitive, and beside them ids and extensions: one of the two, or both."""
    pairs = [
        (
            draw(PRIMITIVES.get(element.type, _TEXT)) if has_value else None,
            draw(_beside(depth)) if has_beside else None,
        )
        for has_value, has_beside in draw(_presences(many=element.many, plain=plain))
    ]
    members: dict[str, Any] = {}
    for name, items in zip((element.name, f"_{element.name}"), zip(*pairs, strict=True), strict=True):
        if any(each is not None for each in items):
            members[name] = list(items) if element.many else items[0]
    return members


@_made_once
def _presences(*, many: bool, plain: bool) -> st.SearchStrategy[list[tuple[bool, bool]]]:
    ways = [(True, False)] if plain else [(True, False), (True, True), (False, True)]
    return st.lists(st.sampled_from(ways), min_size=1, max_size=3 if many else 1)


@_made_once
def _beside(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    identified = _TEXT.map(lambda text: {"id": text})
    return identified if depth >= _DEEPEST else st.one_of(identified, _members("Element", depth + 1, plain=False))
