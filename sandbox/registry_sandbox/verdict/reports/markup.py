"""Elements of HTML and XML, made of values: the library escapes them, and what cannot be held is shown as an escape."""

from typing import TypeAlias
from xml.etree.ElementTree import Element

from registry_sandbox.verdict.reports.characters import visible

Child: TypeAlias = Element | str


def element(tag: str, *children: Child, **attributes: str) -> Element:
    """Return an element with text and elements in it, in this order.

    `class_` is the attribute `class`; an underscore in a name is a hyphen otherwise.
    """
    made = Element(tag, {_name(name): visible(value) for name, value in attributes.items()})
    for child in children:
        if isinstance(child, str):
            _append_text(made, visible(child))
        else:
            made.append(child)
    return made


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _append_text(parent: Element, text: str) -> None:
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text
