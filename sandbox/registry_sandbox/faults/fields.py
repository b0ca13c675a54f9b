"""Reads rules and effects from JSON values or from text, and describes them as JSON Schema.

A frozen dataclass is the declaration. Its type hints say what is read and what the schema says.
"""

import dataclasses
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, cast, get_args, get_origin, get_type_hints

from registry_sandbox.faults.kinds import Duration, Number, Whole

_SHOWN = 60


class BadFault(Exception):
    """A fault cannot be used. The message names the place, what was found and what was expected."""


class UnknownKey(BadFault):
    """A mapping has a key that is not known.

    Attributes:
        key: what was found.
        known: what was expected.
    """

    def __init__(self, place: str, key: object, known: Sequence[str]) -> None:
        super().__init__(f"{place}: {shown(key)} is not known; expected {', '.join(known)}")
        self.key = str(key)
        self.known = known


class Member(NamedTuple):
    """A field of a dataclass. Its name in JSON has no trailing underscore: `for`, where the attribute is `for_`."""

    attribute: str
    name: str
    kind: Any
    required: bool


def members(declared: type) -> tuple[Member, ...]:
    """Return the fields of a dataclass, in the order of declaration."""
    return _members(cast("Any", declared))


@cache
def _members(declared: Any) -> tuple[Member, ...]:
    hints = get_type_hints(declared, include_extras=True)
    return tuple(_member(each, hints[each.name]) for each in dataclasses.fields(declared))


def _member(about: "dataclasses.Field[Any]", kind: Any) -> Member:
    return Member(
        about.name, about.name.rstrip("_"), kind, about.default is MISSING and about.default_factory is MISSING
    )


def read(kind: Any, value: Any, place: str) -> Any:
    """Return a JSON value converted to what the kind declares.

    Raises:
        BadFault: the value is not of this kind.
    """
    if dataclasses.is_dataclass(kind):
        return read_object(cast("type", kind), value, place)
    arms = _arms(kind)
    if len(arms) > 1:
        return _read_union(arms, value, place)
    try:
        return _read_plain(kind, value, place)
    except ValueError as error:
        raise BadFault(f"{place}: {shown(value)} cannot be used; expected {error}") from None


def _arms(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _read_union(arms: tuple[Any, ...], value: Any, place: str) -> Any:
    if value is None and NoneType in arms:
        return None
    wanted = [each for each in arms if each is not NoneType]
    fitting = [each for each in wanted if _looks_like(each, value)] or wanted
    refusals = []
    for each in fitting:
        try:
            return read(each, value, place)
        except BadFault as refused:
            refusals.append(str(refused))
    raise BadFault(refusals[0] if len(refusals) == 1 else _either(refusals))


def _either(refusals: list[str]) -> str:
    return refusals[0] + "".join(f", or {each.partition('; expected ')[2]}" for each in refusals[1:])


def _looks_like(kind: Any, value: Any) -> bool:
    if dataclasses.is_dataclass(kind) or get_origin(kind) is Mapping:
        return isinstance(value, dict)
    return get_origin(kind) is tuple if isinstance(value, list) else get_origin(kind) is not tuple


def _read_plain(kind: Any, value: Any, place: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return arguments[1].read(value)
    if origin is Literal:
        if value not in arguments or isinstance(value, bool):
            raise ValueError(" or ".join(map(str, arguments)))
        return value
    if origin is tuple:
        return _read_list(arguments[0], value, place)
    if origin is Mapping:
        return _read_mapping(arguments, value, place)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError({bool: "true or false", str: "a text"}.get(kind, f"a {kind.__name__}"))
    return value


def _read_list(kind: Any, value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError("a list that is not empty")
    return tuple(read(kind, each, f"{place}[{at}]") for at, each in enumerate(value))


def _read_mapping(arguments: tuple[Any, ...], value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise ValueError("names with values, such as X-Test:1; as YAML or JSON, a mapping that is not empty")
    return {read(arguments[0], key, place): read(arguments[1], each, f"{place}.{key}") for key, each in value.items()}


def read_object(declared: type, value: Any, place: str) -> Any:
    """Return a JSON object as an instance of the dataclass.

    Raises:
        BadFault: the value is no object, has an unknown key, lacks a key, or one of its values cannot be used.
    """
    known = members(declared)
    require_keys(value, [each.name for each in known], place)
    for each in known:
        if each.required and each.name not in value:
            raise BadFault(f"{place}: '{each.name}' is missing")
    given = [each for each in known if each.name in value]
    try:
        return declared(**{each.attribute: read(each.kind, value[each.name], f"{place}.{each.name}") for each in given})
    except ValueError as error:  # the dataclass itself checks what one field cannot know
        raise BadFault(f"{place}: {error}") from None


def require_keys(value: Any, known: list[str], place: str) -> None:
    """Refuse a value that is no object or has an unknown key.

    Raises:
        BadFault: naming the key and the known ones.
    """
    if not isinstance(value, dict):
        raise BadFault(f"{place}: {shown(value)} cannot be used; expected a mapping of {', '.join(known)}")
    for key in value:
        if key not in known:
            raise UnknownKey(place, key, known)


def from_text(kind: Any, text: str) -> Any:
    """Return the JSON value that a text stands for where this kind is wanted; `read` checks it afterwards."""
    if text[:1] in ("{", "[", '"'):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    for leaf in _leaves(kind):
        pattern, made = _PLAIN.get(leaf if isinstance(leaf, type) else type(leaf), ("", str))
        if re.fullmatch(pattern, text, re.ASCII):
            return made(text)
    return text


_NUMBER = r"-?\d{1,18}(\.\d{1,18})?|\.\d{1,18}"
_PLAIN: dict[Any, tuple[str, Callable[[str], Any]]] = {
    Whole: (r"-?\d{1,18}", int),
    Number: (_NUMBER, float),
    Duration: (_NUMBER, float),
    bool: ("true|false", "true".__eq__),
}


def may_be_bare(kind: Any) -> bool:
    """Return True if the short form may name a field of this kind without a value."""
    return any(getattr(leaf, "bare", False) for leaf in _leaves(kind))


def _leaves(kind: Any) -> Iterator[Any]:
    for arm in _arms(kind):
        yield get_args(arm)[1] if get_origin(arm) is Annotated else arm


def is_time_span(kind: Any) -> bool:
    """Return True if a plain number of this kind is seconds."""
    return any(isinstance(leaf, Duration) for leaf in _leaves(kind))


def kinds_inside(kind: Any) -> dict[str, Any]:
    """Return the kinds of the members that a value of this kind may have, by name; none if it has no names of ours."""
    declared = [arm for arm in _arms(kind) if dataclasses.is_dataclass(arm)]
    return {each.name: each.kind for arm in declared for each in members(cast("type", arm))}


def schema(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of a kind."""
    if dataclasses.is_dataclass(kind):
        return object_schema(cast("type", kind))
    arms = _arms(kind)
    if len(arms) > 1:
        return {"anyOf": [{"type": "null"} if each is NoneType else schema(each) for each in arms]}
    return _plain_schema(kind)


def _plain_schema(kind: Any) -> dict[str, Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        described: dict[str, Any] = arguments[1].schema()
    elif origin is Literal:
        described = {"enum": list(arguments)}
    elif origin is tuple:
        described = {"type": "array", "items": schema(arguments[0]), "minItems": 1}
    elif origin is Mapping:
        described = {"type": "object", "additionalProperties": schema(arguments[1]), "minProperties": 1}
    else:
        described = {"type": {bool: "boolean", str: "string"}[kind]}
    return described


def object_schema(declared: type) -> dict[str, Any]:
    """Return the JSON Schema of a dataclass."""
    known = members(declared)
    described = {
        "type": "object",
        "properties": {each.name: schema(each.kind) for each in known},
        "additionalProperties": False,
    }
    required = [each.name for each in known if each.required]
    return {**described, "required": required} if required else described


def shown(value: Any) -> str:
    """Return a value as messages quote it: as JSON, cut after 60 characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
