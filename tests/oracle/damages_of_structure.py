"""Ways to damage the structure of a resource: its elements, their number, their types and their codes."""

import copy
import random
from collections.abc import Callable
from typing import Any

from tests.oracle.facts import codes
from tests.oracle.places import any_object, places
from tests.oracle.shapes import EXTENSION, Resource
from tests.oracle.values import BAD, SPACES

Damage = Callable[[random.Random, Resource], None]


def _remove_an_element(chance: random.Random, resource: Resource) -> None:
    place = chance.choice(places(resource))
    del place.holder[place.member.name]


def _misspell_a_value(chance: random.Random, resource: Resource) -> None:
    place = chance.choice([each for each in places(resource, primitive=True) if BAD.get(each.member.of)])
    place.put(chance.choice(BAD[place.member.of]))


def _give_another_type(chance: random.Random, resource: Resource) -> None:
    place = chance.choice(places(resource))
    others: list[Any] = ["a", 1, True, {}, {"id": "a"}, [], ["a"], [[place.value]], {"value": "a"}]
    place.holder[place.member.name] = chance.choice(others)


def _repeat_what_is_single(chance: random.Random, resource: Resource) -> None:
    place = chance.choice([each for each in places(resource) if not each.member.many])
    place.holder[place.member.name] = [place.value, copy.deepcopy(place.value)]


def _repeat_an_item(chance: random.Random, resource: Resource) -> None:
    place = chance.choice([each for each in places(resource) if isinstance(each.value, list)])
    place.value.append(copy.deepcopy(place.value[0]))


def _take_a_list_apart(chance: random.Random, resource: Resource) -> None:
    place = chance.choice([each for each in places(resource) if isinstance(each.value, list) and each.value])
    place.holder[place.member.name] = place.value[0]


def _add_an_unknown_element(chance: random.Random, resource: Resource) -> None:
    target = any_object(chance, resource)
    name = chance.choice(["unknown", "Status", "stat us", "valueString", "foo-bar", "_", "value[x]"])
    target[name if name != "stat us" else "status2"] = chance.choice(["a", {"a": "b"}, [1]])


def _move_an_element(chance: random.Random, resource: Resource) -> None:
    place = chance.choice(places(resource))
    target = any_object(chance, resource)
    target[place.member.name] = copy.deepcopy(place.value)


def _break_a_code(chance: random.Random, resource: Resource) -> None:
    bound = [each for each in places(resource, primitive=True) if each.member.of == "code"]
    place = chance.choice(bound)
    known = codes(place.member.bound) if place.member.bound else ()
    place.put(chance.choice(["nonsense", "Booked", "BOOKED", "booked2", "entered in error", *known]))


def _surround_by_space(chance: random.Random, resource: Resource) -> None:
    place = chance.choice([each for each in places(resource, primitive=True) if isinstance(each.value, str)])
    space = chance.choice(SPACES)
    place.put(
        chance.choice([space + place.value, place.value + space, f"{place.value}{space}{place.value}", space, ""])
    )


def _empty_an_element(chance: random.Random, resource: Resource) -> None:
    place = chance.choice(places(resource))
    place.holder[place.member.name] = chance.choice([{}, [], "", [{}], [""]])


def _leave_only_an_extension(chance: random.Random, resource: Resource) -> None:
    place = chance.choice(places(resource, primitive=True))
    name, of = place.member.name, place.member
    del place.holder[name]
    beside = {"extension": [{"url": f"{EXTENSION}/absent", "valueCode": "unknown"}]}
    place.holder[f"_{name}"] = [beside] if of.many else beside


STRUCTURE: dict[str, Damage] = {
    "an element removed": _remove_an_element,
    "a value misspelt": _misspell_a_value,
    "another type": _give_another_type,
    "single element repeated": _repeat_what_is_single,
    "item repeated": _repeat_an_item,
    "list taken apart": _take_a_list_apart,
    "unknown element": _add_an_unknown_element,
    "element moved": _move_an_element,
    "code outside its list": _break_a_code,
    "white space": _surround_by_space,
    "empty element": _empty_an_element,
    "extension in place of a value": _leave_only_an_extension,
}
