"""The sentences that say what is wrong: what was found, and what was expected instead."""

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

from registry_sandbox.fhir.json import MAX_DEPTH, described, flaw_of, quoted, shortened
from registry_sandbox.reading.lexical import EXPECTED

_LONGEST_GUESSED = 60
"""Characters of a name for which others like it are looked for: that takes long for long names."""

_MOST_NAMES = 5


def empty_element() -> str:
    """Say that an element has neither a value nor content."""
    return "is empty: expected a value or content, or no such element at all"


def empty_object() -> str:
    """Say that a JSON object has no members."""
    return "is an empty object: leave it out"


def too_deep() -> str:
    """Say that too many elements stand inside each other."""
    return f"is nested too deep: at most {MAX_DEPTH} elements stand inside each other"


def unknown(name: str, known: Iterable[str]) -> str:
    """Say that a type has no element of this name, and which ones are spelled like it."""
    hint = _hint(name, known, most=2)
    return f"is no element that FHIR STU3 knows here{hint}"


def unknown_before(name: str, known: Iterable[str], following: Sequence[str]) -> str:
    """Say the same in XML: where no name is like it, those that may stand there or later are listed."""
    if hint := _hint(name, known, most=2):
        return f"is no element that FHIR STU3 knows here{hint}"
    more = ", ..." if len(following) > _MOST_NAMES else ""
    listed = ", ".join(following[:_MOST_NAMES]) + more if following else "nothing"
    return f"is no element that FHIR STU3 knows here: expected {listed}"


def other_namespace(expected: str) -> str:
    """Say that an element is known there, but in another namespace."""
    return f"is of another namespace than FHIR STU3 has there: expected {expected}"


def no_resource_type(found: object, known: Iterable[str]) -> str:
    """Say what is wrong with a resourceType that is none of those known."""
    if found is None:
        return "has no resourceType"
    hint = _hint(found, known, most=1) if isinstance(found, str) else ""
    return f"has as resourceType {described(found)}, which FHIR STU3 does not know{hint}"


def no_resource_element(name: str, known: Iterable[str]) -> str:
    """Say the same of an element where a resource belongs."""
    return f"is no resource type of FHIR STU3{_hint(name, known, most=1)}"


def twice_chosen(choice: str, first: str) -> str:
    """Say that an element has two types at once."""
    return f"is one too many: {choice} may stand there once, and {first} is there already"


def one_too_many(name: str) -> str:
    """Say that an element that does not repeat is there again."""
    return f"is one too many: {name} may stand there once"


def too_late(later: str) -> str:
    """Say that an element stands after one that it belongs before."""
    return f"stands too late: it belongs before {later}"


def no_such_type(value: object, json_type: str) -> str:
    """Say that a primitive has another JSON type than it should."""
    return f"is {described(value)}: expected a {json_type}"


def no_object(value: object) -> str:
    """Say that there is something else where an object belongs."""
    expected = "one object, for it does not repeat" if isinstance(value, list) else "an object"
    return f"is {described(value)}: expected {expected}"


def no_array(value: object, name: str) -> str:
    """Say that an element that may repeat is not in an array."""
    return f"is {described(value)}, but {name} may repeat: expected an array"


def misspelt(text: str, of_type: str) -> str:
    """Say that a text is not of its type."""
    if flaw := flaw_of(text):
        return f"is {flaw}: expected text of characters that XML can carry too"
    return f"has the value {quoted(text)}: expected {EXPECTED[of_type]}"


def bad_attribute(name: str, text: str, of_type: str) -> str:
    """Say the same of an attribute in XML."""
    subject = "the value" if name == "value" else f"as {name}"
    return f"has {subject} {quoted(text)}: expected {EXPECTED[of_type]}"


def unknown_attribute(name: str, known: Collection[str]) -> str:
    """Say that an element has no such attribute."""
    expected = f"expected only {' and '.join(known)}" if known else "expected none"
    return f"has the attribute {quoted(name)}: {expected}"


def stray_text(text: str, *, in_primitive: bool) -> str:
    """Say that there is text where none belongs."""
    expected = "a value is written as the attribute value" if in_primitive else "expected only elements"
    return f"has the text {quoted(text)}: {expected}"


def repeated_id(text: str) -> str:
    """Say that an element of a narrative has the id of another one."""
    return f"has as id {quoted(text)}, which another element of the narrative has already"


def repeated_name(name: str) -> str:
    """Say that an object has two members of one name."""
    return f"has the member {quoted(name)} more than once"


def unpaired_null(sibling: str) -> str:
    """Say that a null stands for nothing."""
    return f"is null, and nothing stands for it in {sibling}"


def unpaired_length(own: int, sibling: str, others: int) -> str:
    """Say that the two arrays of a primitive that repeats have different lengths."""
    return f"has {own} items, but {sibling} has {others}: they go in pairs, padded with null"


def plain(sentence: str) -> str:
    """Return a sentence that says all by itself."""
    return sentence


def _hint(name: str, known: Iterable[str], *, most: int) -> str:
    near = get_close_matches(shortened(name, _LONGEST_GUESSED), known, n=most)
    return f": did you mean {' or '.join(near)}?" if near else ""
