"""Where in a resource something is, as people write it and as XPath."""

from typing import NamedTuple


class Path(NamedTuple):
    """The member `name` of what is at `above`, and its place in an array (from 0) if it is in one.

    `resource` is the type of the resource that stands there, if one does; `depth` counts elements of XML, from 1.
    """

    above: "Path | None"
    name: str
    index: int | None = None
    resource: str = ""
    depth: int = 1

    def to(self, name: str, index: int | None = None) -> "Path":
        """Give the path to a member of what is here."""
        return Path(self, name, index, "", self.depth + 1)

    def holding(self, resource: str) -> "Path":
        """Give this path as that of a resource of this type, which is an element of its own in XML."""
        return self._replace(resource=resource, depth=self.depth + 1)

    def __str__(self) -> str:
        """Give it as people write it: `Appointment.participant[0].actor`."""
        here = self.name if self.index is None else f"{self.name}[{self.index}]"
        return here if self.above is None else f"{self.above}.{here}"

    def xpath(self) -> str:
        """Give it as XPath into the XML of the resource: `/f:Appointment/f:participant[1]/f:actor`."""
        if self.above is None:
            return f"/f:{self.name}"
        position = "" if self.index is None else f"[{self.index + 1}]"
        inside = f"/f:{self.resource}" if self.resource else ""
        return f"{self.above.xpath()}/f:{self.name.removeprefix('_')}{position}{inside}"
