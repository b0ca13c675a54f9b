"""Where in a resource something is, as people write it and as XPath."""

from typing import NamedTuple

from registry_sandbox.fhir.json import quoted

_LONGEST_NAME = 80


class Place(NamedTuple):
    """The member `name` of what is at `above`, and its position in an array (from 0) if it is in one.

    `resource` is the type of the resource that stands there, if one does; `depth` counts elements of XML, from 1.
    """

    above: "Place | None"
    name: str
    position: int | None = None
    resource: str = ""
    depth: int = 1

    def to(self, name: str, position: int | None = None) -> "Place":
        """Give the place of a member of what is here."""
        return Place(self, name, position, "", self.depth + 1)

    def at(self, position: int) -> "Place":
        """Give the place of one item of the array that is here."""
        return Place(self.above, self.name, position, self.resource, self.depth)

    def holding(self, resource: str) -> "Place":
        """Give this place as that of a resource of this type, which is an element of its own in XML."""
        return Place(self.above, self.name, self.position, resource, self.depth + 1)

    def __str__(self) -> str:
        """Give it as people write it: `Appointment.participant[0].actor`."""
        name = self.name if self.name.isidentifier() and len(self.name) <= _LONGEST_NAME else quoted(self.name)
        here = name if self.position is None else f"{name}[{self.position}]"
        return here if self.above is None else f"{self.above}.{here}"

    def named(self) -> str:
        """Give it without positions: `Appointment.participant.actor`."""
        here = self.name.removeprefix("_")
        return here if self.above is None else f"{self.above.named()}.{here}"

    def xpath(self) -> str:
        """Give it as XPath into the XML of the resource: `/f:Appointment/f:participant[1]/f:actor`."""
        if self.above is None:
            return f"/f:{self.name}"
        position = "" if self.position is None else f"[{self.position + 1}]"
        inside = f"/f:{self.resource}" if self.resource else ""
        # The narrative's div is the one element of another namespace.
        prefix = "h" if self.name == "div" else "f"
        return f"{self.above.xpath()}/{prefix}:{self.name.removeprefix('_')}{position}{inside}"
