"""vary: an answer that keeps to the contract and to FHIR STU3, but not to what a client may have got used to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from registry_sandbox.faults.effect import Activation, Effect, FaultContext
from registry_sandbox.faults.match import FHIR_INTERACTIONS
from registry_sandbox.faults.variations import json_text, resources, response_headers, stored, xml_text
from registry_sandbox.fhir.json import reparse
from registry_sandbox.fhir.resource import Format, Write
from registry_sandbox.http.response import Representable, Response

VARIATIONS: Final = tuple(
    dict.fromkeys((*json_text.NAMES, *xml_text.NAMES, *resources.NAMES, *response_headers.NAMES, *stored.NAMES))
)
_SHARE: Final = 0.5


class _Variations:
    """True for all variations, each on half of the exchanges; or a list of those that are made on every one."""

    bare: ClassVar[bool] = True

    def read(self, value: Any) -> tuple[str, ...]:
        """Return the names; none for all."""
        if value is True:
            return ()
        names = value if isinstance(value, list) else [value]
        if not names or any(each not in VARIATIONS for each in names):
            raise ValueError(f"true, or a list of {', '.join(VARIATIONS)}")
        return tuple(dict.fromkeys(names))

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        name = {"enum": list(VARIATIONS)}
        return {"anyOf": [{"const": True}, name, {"type": "array", "items": name, "minItems": 1}]}


@dataclass(frozen=True, slots=True)
class Vary(Effect):
    """Varies what clients must not rely on; the journal names each variation that was made.

    Versions never change once they are stored, and a history keeps its order.
    """

    word: ClassVar[str] = "vary"
    early: ClassVar[bool] = True
    by_wire: ClassVar[bool] = True
    only: ClassVar[frozenset[str]] = frozenset(FHIR_INTERACTIONS)
    short: ClassVar[str] = "*:vary, read:vary=member-order"

    vary: Annotated[tuple[str, ...], _Variations()]

    async def before(self, context: FaultContext, activation: Activation) -> None:
        """Change what a registration stores."""
        wanted, service = self._wanted(activation), context.service
        if context.request.interaction != "create" or not {stored.EXTENSION, stored.IDS} & wanted:
            return

        def change(logical_id: str, resource: dict[str, Any]) -> dict[str, Any]:
            if stored.IDS in wanted:
                activation.note(stored.IDS)
            drawn = bool(self.vary) or stored.is_in_half(context.seed, logical_id)
            if stored.EXTENSION not in wanted or not drawn or not stored.takes_extension(resource):
                return resource
            activation.note(stored.EXTENSION)
            return stored.planted(context.seed, logical_id, resource)

        context.service = stored.varying(service, change, ids=stored.IDS in wanted)

    async def after(self, context: FaultContext, activation: Activation, response: Response) -> Response:
        """Encode the answer in another way, and have it sent in chunks."""
        wanted = self._wanted(activation)
        if response.content is not None:
            response.content = _Varied(response.content, activation, wanted)
            if response_headers.CHUNKED in wanted and context.request.method != "HEAD":
                response.headers["Transfer-Encoding"] = "chunked"
                activation.note(response_headers.CHUNKED)
        return response

    def finish(self, activation: Activation, response: Response) -> None:
        """Write the headers in another way."""
        for name in response_headers.varied(response, self._wanted(activation), activation.draw):
            activation.note(name)
        if not activation.notes:
            activation.found_nothing(self)

    def _wanted(self, activation: Activation) -> set[str]:
        if self.vary:
            return set(self.vary)
        # Which appointments have an extension is drawn for each id, not for each exchange.
        half = {each for each in VARIATIONS if activation.draw(f"vary {each}") < _SHARE}
        return half | {stored.EXTENSION}


@dataclass(frozen=True, slots=True)
class _Varied:
    """A resource that is encoded in another way than usual."""

    content: Representable
    activation: Activation
    wanted: set[str]

    @property
    def large(self) -> bool:
        """Whether it takes long to encode."""
        return self.content.large

    def encode(self, wanted: Format, write: Write) -> bytes:
        """Return the bytes of the resource, varied, in the wanted format."""
        body = self.content.encode(wanted, write)
        resource = reparse(body if wanted == "json" else self.content.encode("json", write))
        changed = resources.varied(resource, self.wanted, self.activation.draw)
        if changed:
            body = write(resource, wanted)
        text = _TEXT_OF[wanted]
        in_text = [each for each in text.NAMES if each in self.wanted]
        for name in (*changed, *in_text):
            self.activation.note(name)
        return text.varied(body, in_text, self.activation.draw) if in_text else body


_TEXT_OF: Mapping[Format, Any] = {"json": json_text, "xml": xml_text}
