"""The outermost step of a replica's ports: every request sees what was told to anybody before it came."""

from collections.abc import Awaitable, Callable
from typing import Final

from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.replication.journal_writer import PATIENCE_S, JournalWriter
from registry_sandbox.replication.store import StoreAway
from registry_sandbox.replication.turn import patience_left

WITHOUT_STORE: Final = ("/_sandbox/health/live", "/_sandbox/health/ready", "/_sandbox/metrics")
"""What is answered without the store, and tells whether it is there."""

Refuse = Callable[[Request, StoreAway], Response]


class SharedPort:
    """Answers the requests of a port.

    Args:
        catch_up: takes up what the other replicas have done.
        writer: writes the journals.
        handler: returns what answers; it is another one when the replica has begun anew.
        refuse: answers while the store is away.
    """

    def __init__(
        self,
        catch_up: Callable[[], Awaitable[None]],
        writer: JournalWriter,
        handler: Callable[[], Handler],
        refuse: Refuse,
    ) -> None:
        self._catch_up, self._writer, self._handler, self._refuse = catch_up, writer, handler, refuse

    async def __call__(self, request: Request) -> Response:
        """Answer a request."""
        if request.path.endswith(WITHOUT_STORE):
            return await self._handler()(request)
        try:
            await self._take_turn(request)
        except StoreAway as away:
            return self._refuse(request, away)
        response = await self._handler()(request)
        # Whoever is told of an answer finds its exchange in the journal of any replica, if the store is not too slow.
        if patience_left() >= PATIENCE_S:
            await self._writer.written()
        return response

    async def _take_turn(self, request: Request) -> None:
        """Perform what others have done: a reset among it does not end this exchange, which comes after it."""
        await self._catch_up()
        if request.under_way is not None:
            request.under_way.before_its_turn = False
