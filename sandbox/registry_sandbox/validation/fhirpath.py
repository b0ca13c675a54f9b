"""Invariants run as the FHIRPath that the definitions state.

The library takes a fifth of a second to import, so it is loaded when the first such invariant is compiled. Its gaps
are filled here: `hasValue` and `htmlchecks`; `not` of nothing, which the reference implementation of STU3 takes for
true (on that the standard's own invariants rely: ref-1 would else refuse every Reference without `reference`); and
`matches`, whose `$` is the end of the text and not also the place before a last newline.

Source: https://hl7.org/fhir/STU3/fhirpath.html
"""

from typing import Any

from registry_sandbox.validation.context import ValidationContext
from registry_sandbox.validation.narrative import is_clean_narrative
from registry_sandbox.validation.validators import Holds
from registry_sandbox.validation.values import pattern


class BadExpression(Exception):
    """An expression is no FHIRPath, or uses what the library does not have."""


def _has_value(items: list[Any]) -> list[bool]:
    return [len(items) == 1 and not isinstance(items[0], dict | list)]


def _html_checks(items: list[Any]) -> list[bool]:
    return [all(is_clean_narrative(item) for item in items if isinstance(item, str))]


def _not(items: list[Any]) -> list[bool]:
    return [not _is_true(items)]


def _is_true(result: list[Any]) -> bool:
    """Convert a result to a truth value as the reference implementation does: anything that is not false is true."""
    if len(result) == 1 and isinstance(result[0], bool):
        return result[0]
    return bool(result)


def _matches(items: list[Any], expression: str) -> list[bool]:
    return [pattern(expression).search(str(item)) is not None for item in items]


_OPTIONS: dict[str, Any] = {
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

    _require_syntax(expression)
    run: Any = compile_fhirpath(expression, model=models["stu3"], options=_OPTIONS)
    _require_functions(run.parsedPath)
    needs_resource = "%resource" in expression or "%rootResource" in expression

    def evaluate(value: Any, context: ValidationContext) -> bool:
        node: Any = ResourceNode(_one_node_each(value), element_path)  # type: ignore[no-untyped-call]
        try:
            whole = context.for_fhirpath(_one_node_each) if needs_resource else None
            result = run(node, {"resource": whole, "rootResource": whole})
        except Exception:  # noqa: BLE001 - the library raises nothing finer
            # An expression that means nothing for this value (two dates where one is compared) does not hold of it.
            return False
        return _is_true([_plain(item) for item in result])

    return evaluate


def _require_syntax(expression: str) -> None:
    """Parse strictly: the library's own parser skips what it does not understand, and evaluates the rest."""
    from antlr4 import CommonTokenStream, InputStream, Token
    from antlr4.error.Errors import LexerNoViableAltException
    from fhirpathpy.parser import recover
    from fhirpathpy.parser.generated.FHIRPathLexer import FHIRPathLexer
    from fhirpathpy.parser.generated.FHIRPathParser import FHIRPathParser

    lexer = FHIRPathLexer(InputStream(expression))
    lexer.removeErrorListeners()
    lexer.recover = recover
    tokens = CommonTokenStream(lexer)
    parser = FHIRPathParser(tokens)
    parser.removeErrorListeners()
    try:
        parser.expression()
    except LexerNoViableAltException as error:
        raise BadExpression(f"is no FHIRPath: {expression!r} has a character that means nothing there") from error
    stopped = tokens.LT(1)
    if parser.getNumberOfSyntaxErrors() or stopped.type != Token.EOF:
        raise BadExpression(
            f"is no FHIRPath: {expression!r} cannot be read at or before character {stopped.column + 1}"
        )


def _require_functions(node: dict[str, Any]) -> None:
    """Refuse functions that do not exist, which the library would notice only when it calls them."""
    from fhirpathpy.engine.invocations import invocation_registry

    children = node.get("children", [])
    if node.get("type") == "Functn":
        name = children[0]["text"].strip("`")
        if name not in invocation_registry and name not in _OPTIONS["userInvocationTable"]:
            raise BadExpression(f"calls {name}(), which is not supported")
    for child in children:
        _require_functions(child)


def _one_node_each(value: Any) -> Any:
    """Leave out the ids and extensions of primitives with a value: the library counts those as nodes of their own."""
    if isinstance(value, dict):
        kept = (name for name in value if not (name.startswith("_") and value.get(name[1:]) is not None))
        return {name: _one_node_each(value[name]) for name in kept}
    return [_one_node_each(item) for item in value] if isinstance(value, list) else value


def _plain(item: Any) -> Any:
    return getattr(item, "data", item)
