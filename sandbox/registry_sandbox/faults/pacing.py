"""A wire in front of a wire, for effects that change how the answer is sent."""

from dataclasses import dataclass

from registry_sandbox.http.response import Response, Wire


@dataclass(frozen=True, slots=True)
class PassedOn:
    """Passes every call on; an effect overrides what it changes."""

    wire: Wire

    async def head(self, response: Response) -> None:
        """Pass it on."""
        await self.wire.head(response)

    async def body(self, part: bytes) -> None:
        """Pass it on."""
        await self.wire.body(part)

    async def raw(self, octets: bytes) -> None:
        """Pass it on."""
        await self.wire.raw(octets)

    async def close(self) -> None:
        """Pass it on."""
        await self.wire.close()

    async def reset(self) -> None:
        """Pass it on."""
        await self.wire.reset()

    async def gone(self) -> None:
        """Pass it on."""
        await self.wire.gone()
