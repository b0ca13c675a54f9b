"""Texts of clients in characters that every format can hold and that everybody can see.

A client may send anything: the escape sequences of terminals, characters that XML forbids, marks that turn the
direction of a text, halves of surrogate pairs.
"""


def visible(text: str) -> str:
    """Return a text in which each character can be seen: others are escaped; lines stay lines, and tabs tabs."""
    if text.isprintable():
        return text
    lines = text.replace("\r\n", "\n")
    return "".join(each if each.isprintable() or each in "\n\t" else escaped(each) for each in lines)


def one_line(text: str) -> str:
    """Return a text on one line, with single spaces."""
    return visible(" ".join(text.split()))


def escaped(character: str) -> str:
    """Return the escape of a character, as Python writes it."""
    return character.encode("ascii", "backslashreplace").decode() if character > "\x7f" else f"\\x{ord(character):02x}"
