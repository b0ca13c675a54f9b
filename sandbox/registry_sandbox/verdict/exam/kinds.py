"""What the values of a scenario file may be: sentences, placeholders, the ids of rules, faults and seeds."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, get_args

from registry_sandbox.faults.kinds import Text
from registry_sandbox.faults.rule import rule_schema
from registry_sandbox.registry.seeds import story_schema
from registry_sandbox.verdict.rule import all_rules

Verb = Literal["register", "search", "read", "cancel"]
VERBS: Final[tuple[Verb, ...]] = get_args(Verb)
PLACEHOLDERS: Final = ("appointment", "another", "patient", "pointer")
PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_]*)\}")


class Sentence:
    """What the client shall do, in words that begin with the operation."""

    def read(self, value: Any) -> str:
        """Return the sentence."""
        verb = value.split(" ")[0] if isinstance(value, str) else ""
        if verb not in VERBS:
            raise ValueError(f"a sentence that begins with {', '.join(VERBS[:-1])} or {VERBS[-1]}")
        _require_known_placeholders(value)
        return str(value)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "pattern": f"^({'|'.join(VERBS)}) "}


class Key:
    """What names an appointment: a logical id or a pointer, or a placeholder for one."""

    def read(self, value: Any) -> str:
        """Return the key."""
        if not isinstance(value, str) or not value:
            raise ValueError("a logical id or a pointer, such as '{appointment}' or '{pointer}'")
        _require_known_placeholders(value)
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "minLength": 1}


class RuleId:
    """The id of a rule about clients."""

    def read(self, value: Any) -> str:
        """Return the id."""
        known = [each.id for each in all_rules()]
        if value not in known:
            nearest = get_close_matches(str(value), known, n=1, cutoff=0.4) or known[:1]
            raise ValueError(f"the id of a rule; did you mean {nearest[0]}? `registry-sandbox verdict` lists them all")
        return str(value)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"enum": [each.id for each in all_rules()]}


class Faults:
    """A list of fault rules, in their long or short form."""

    def read(self, value: Any) -> Sequence[Any]:
        """Return the list; `Scenario.rules` reads what is in it."""
        if isinstance(value, list):
            return value
        raise ValueError("a list of fault rules (docs/faults.md)")

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "array", "items": {"anyOf": [rule_schema(), {"type": "string", "description": "a short form"}]}}


class Seeds:
    """A list of seeds: stories, or whole Appointments."""

    def read(self, value: Any) -> Sequence[Any]:
        """Return the list; `Scenario.seeded` reads what is in it."""
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise ValueError("a list of stories or Appointments (docs/seeds.md)")
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        appointment = {"type": "object", "required": ["resourceType"]}
        return {"type": "array", "items": {"anyOf": [story_schema(), appointment]}}


def _require_known_placeholders(text: str) -> None:
    for name in PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            nearest = get_close_matches(name, PLACEHOLDERS, n=1)
            hint = f"; did you mean {{{nearest[0]}}}?" if nearest else ""
            raise ValueError(f"no placeholder but {', '.join(f'{{{each}}}' for each in PLACEHOLDERS)}{hint}")


Name = Annotated[
    str, Text(r"[A-Za-z0-9](?:[A-Za-z0-9' ,:-]{0,98}[A-Za-z0-9])?", "a name of 1 to 100 letters, digits and spaces")
]
