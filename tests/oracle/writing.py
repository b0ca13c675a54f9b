"""Resources as documents, whatever is wrong with them: both writers take any tree.

Members that FHIR knows are written in its order, others behind them, so that what a damage has put into a resource
reaches either format.
"""

import json
import random
from typing import Any
from xml.sax.saxutils import quoteattr

from tests.oracle.facts import PRIMITIVES, Member, members

NAMESPACE = "http://hl7.org/fhir"


def as_json(chance: random.Random, resource: dict[str, Any]) -> str:
    """Return JSON in one of several layouts, members in their order or in any."""
    shuffled = list(resource.items())
    if chance.random() < 0.2:
        chance.shuffle(shuffled)
    indent = chance.choice([None, 1, 2])
    return json.dumps(dict(shuffled), indent=indent, ensure_ascii=chance.random() < 0.5)


def as_xml(chance: random.Random, resource: dict[str, Any]) -> str:
    """Return XML, on one line or on many."""
    written = _resource(resource, f' xmlns="{NAMESPACE}"', "\n" if chance.random() < 0.5 else "")
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' if chance.random() < 0.5 else "") + written


def _resource(resource: dict[str, Any], attributes: str, between: str) -> str:
    kind = str(resource.get("resourceType", "Appointment"))
    content = {name: value for name, value in resource.items() if name != "resourceType"}
    return f"<{kind}{attributes}>{between}{_children(content, kind, between)}</{kind}>{between}"


def _children(content: dict[str, Any], of: str, between: str) -> str:
    described = {each.name: each for each in members(of)}
    order = {name: n for n, name in enumerate(described)}
    names = {name.removeprefix("_"): None for name in content}
    written: list[str] = []
    for name in sorted(names, key=lambda each: order.get(each, len(order))):
        member = described.get(name, Member(name, "Resource" if name == "contained" else "string"))
        if not (member.attribute and isinstance(content.get(name), str)):
            values, beside = _listed(content.get(name)), _listed(content.get(f"_{name}"))
            most = max(len(values), len(beside))
            written += [_element(member, _at(values, n), _at(beside, n), between) for n in range(most)]
    return "".join(written)


def _element(member: Member, value: Any, beside: Any, between: str) -> str:
    if member.of == "xhtml" and isinstance(value, str):
        return value + between
    if member.of == "Resource" and isinstance(value, dict):
        return f"<{member.name}>{between}{_resource(value, '', between)}</{member.name}>{between}"
    content = dict(value) if isinstance(value, dict) else {}
    content |= dict(beside) if isinstance(beside, dict) else {}
    of = "Element" if member.of in PRIMITIVES else member.of
    attributes = "".join(
        f" {name}={_quoted(content[name])}" for name in ("id", "url") if _is_attribute(of, name, content.get(name))
    )
    if value is not None and not isinstance(value, dict | list):
        attributes += f" value={_quoted(_text(value))}"
    inside = _children(content, of, between)
    ends = f">{between}{inside}</{member.name}>" if inside else "/>"
    return f"<{member.name}{attributes}{ends}{between}"


def _is_attribute(of: str, name: str, value: Any) -> bool:
    return isinstance(value, str) and any(each.name == name and each.attribute for each in members(of))


def _quoted(text: str) -> str:
    return quoteattr(text, {"\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else None
