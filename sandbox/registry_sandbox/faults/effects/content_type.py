"""content_type: the answer has another Content-Type than its body."""

from dataclasses import dataclass
from typing import ClassVar

from registry_sandbox.faults.effect import Activation, Effect
from registry_sandbox.faults.kinds import HeaderValue
from registry_sandbox.http.response import Response


@dataclass(frozen=True, slots=True)
class ContentType(Effect):
    """Sends another Content-Type with the same body."""

    word: ClassVar[str] = "content_type"
    needs_body: ClassVar[bool] = True
    short: ClassVar[str] = "search:content_type=text/html"

    content_type: HeaderValue

    def finish(self, activation: Activation, response: Response) -> None:
        """Set the Content-Type."""
        del activation
        response.headers["Content-Type"] = self.content_type
