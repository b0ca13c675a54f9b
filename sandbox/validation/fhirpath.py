"""Invariants run as the FHIRPath that the definitions state.

The library costs a fifth of a second to import, so it is loaded when the first such invariant is compiled. Its gaps
are filled here: `hasValue` and `htmlchecks`; `not` of nothing, which the reference implementation of STU3 takes for
true (on that the standard's own invariants rely: ref-1 would else refuse every Reference without `reference`); and
`matches`, whose `$` is the end of the text and not also the place before a last newline.

Source: https://hl7.org/fhir/STU3/fhirpath.html
"""

from typing import Any

from sandbox.exchange import Resource
from sandbox.validation.checks import Holds
from sandbox.validation.narrative import is_clean_narrative
from sandbox.validation.values import pattern


class BadExpression(Exception):
    """An expression is no FHIRPath, or uses what the library does not have."""


def _has_value(items: list[Any]) -> list[bool]:
    return [len(items) == 1 and not isinstance(items[0], dict | list)]


def _html_checks(items: list[Any]) -> list[bool]:
    return [all(is_clean_narrative(item) for item in items if isinstance(item, str))]


def _not(items: list[Any]) -> list[bool]:
    return [not _is_true(items)]


def _is_true(result: list[Any]) -> bool:
    """Take a result for a truth value, as the reference implementation does: something that is not false is true."""
    if len(result) == 1 and isinstance(result[0], bool):
        return result[0]
    return bool(result)


def _matches(items: list[Any], expression: str) -> list[bool]:
    return [pattern(expression).search(str(item)) is not None for item in items]


_OPTIONS = {
    "userInvocationTable": {
        "hasValue": {"fn": _has_value, "arity": {0: []}},
        "htmlchecks": {"fn": _html_checks, "arity": {0: []}},
        "matches": {"fn": _matches, "arity": {1: ["String"]}},
        "not": {"fn": _not, "arity": {0: []}},
    },
    "traceFn": lambda *_: None,
    "returnRawData": True,
}


def compiled(expression: str, element_path: str) -> Holds:
    """Compile an expression, to be evaluated on a type or path such as `Period` or `Appointment.participant`.

    Raises:
        BadExpression: it cannot be parsed, or calls a function that there is not.
    """
    from fhirpathpy import compile as compile_fhirpath
    from fhirpathpy.engine.nodes import ResourceNode
    from fhirpathpy.models import models

    try:
        run = compile_fhirpath(expression, model=models["stu3"], options=_OPTIONS)
    except Exception as error:
        raise BadExpression(f"is no FHIRPath that can be used: {error}") from error

    def evaluate(value: Any, resource: Resource) -> bool:
        node: Any = ResourceNode(value, element_path)  # type: ignore[no-untyped-call]
        try:
            result = run(node, {"resource": resource, "rootResource": resource})
        except Exception:  # noqa: BLE001 - the library raises nothing finer
            # An expression that means nothing for this value (two dates where one is compared) does not hold of it.
            return False
        return _is_true([_plain(item) for item in result])

    return evaluate


def _plain(item: Any) -> Any:
    return getattr(item, "data", item)
