"""The ids of elements: without spaces, and unique in their resource.

Source: https://hl7.org/fhir/STU3/element.html (Element.id)
"""

from registry_sandbox.validation.context import Place, ValidationContext, path, quoted, xpath
from registry_sandbox.validation.validators import Validator


def element_id(*, unique: bool) -> Validator:
    """Return the validator of an element's id.

    Those of ElementDefinitions stand in the differential and again in the snapshot, and so are not `unique`.
    """
    return lambda value, at, context: require_id(value, at, context, unique=unique)


def require_id(value: str, at: Place, context: ValidationContext, *, unique: bool = True) -> None:
    """Note an element id that has a space, or that another element of the resource has."""
    if any(character.isspace() for character in value):
        message = f"{path(at)} is {quoted(value)}; FHIR STU3 wants an element id without spaces"
        context.add("value", at, message, "FHIR STU3")
    if not unique:
        return
    owner = xpath(at[0])
    # A second profile meets the same elements again: they are told by their places.
    first = context.ids.setdefault(value, owner)
    if first != owner:
        message = f"{path(at)} is {quoted(value)}, as that of {first} is; FHIR STU3 wants unique ids in a resource"
        context.add("value", at, message, "FHIR STU3")
