"""/_sandbox/metrics: the sandbox in figures, for Prometheus. Nothing of it costs anything until somebody asks.

Source: Prometheus, exposition formats; OpenMetrics 1.0.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from importlib import import_module
from typing import Final, Protocol

from registry_sandbox.control.operation import Operation
from registry_sandbox.http.json_response import plain_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.tally import Durations, Tally
from registry_sandbox.runtime.loop_lag import LoopLag
from registry_sandbox.runtime.slices import unhurried
from registry_sandbox.workspace import Workspace

_COUNTED_TOGETHER: Final = 1_000  # under a millisecond; other exchanges go on in between
_MEDIA_TYPES: Final = ("text/plain", "application/openmetrics-text")


PATH: Final = "/metrics"


class StoreFigures(Protocol):
    """How the store of replicas answers."""

    @property
    def lasted(self) -> Durations:
        """How long its calls took."""
        ...

    @property
    def failures(self) -> int:
        """How many failed."""
        ...

    @property
    def lost(self) -> int:
        """How many exchanges are missing in the journal, because it was away."""
        ...

    @property
    def trouble(self) -> str:
        """Why it cannot be used now; empty if it can."""
        ...


@dataclass(slots=True)
class Metrics:
    """What is exposed.

    Attributes:
        tally: what the journals of all workspaces share.
        workspaces: returns the workspaces that there are.
        uptime_s: returns the seconds since the start.
        store: how the store of replicas answers; None for a sandbox alone.
        lags: of the event loop, since the first scrape.
    """

    tally: Tally
    workspaces: Callable[[], Iterable[Workspace]]
    uptime_s: Callable[[], float]
    store: StoreFigures | None = None
    lags: Durations = field(default_factory=Durations)
    _lag: LoopLag = field(init=False)

    def __post_init__(self) -> None:
        """Prepare to measure the lag; measuring begins with the first scrape."""
        self._lag = LoopLag(self.lags.add)

    async def expose(self, accept: str) -> tuple[str, bytes]:
        """Return the media type and the text of the metrics as they are now; `accept` is the header of the scrape."""
        self._lag.watch()
        for workspace in self.workspaces():
            async for _ in unhurried(iter(partial(workspace.journal.count, _COUNTED_TOGETHER), False)):  # noqa: FBT003
                pass
        # The library takes a tenth of a second to import, and the first scrape is the first to need it.
        exposition = await asyncio.to_thread(import_module, "registry_sandbox.control.exposition")
        families = exposition.families(self.tally, tuple(self.workspaces()), self.lags, self.uptime_s())
        if self.store is not None:
            families += exposition.of_store(self.store)
        exposed: tuple[str, bytes] = await asyncio.to_thread(exposition.encoded, families, accept)
        return exposed

    def stop(self) -> None:
        """Measure no more."""
        self._lag.stop()


def operations(metrics: Metrics) -> list[Operation]:
    """Return the operation."""
    show = partial(_show, metrics)
    summary = "The sandbox in figures, in Prometheus' text format or as OpenMetrics."
    return [Operation("GET", PATH, show, summary, media_types=_MEDIA_TYPES)]


async def _show(metrics: Metrics, request: Request, _: str) -> Response:
    media_type, text = await metrics.expose(request.headers.get("Accept", ""))
    return plain_response(HTTPStatus.OK, media_type, text)
