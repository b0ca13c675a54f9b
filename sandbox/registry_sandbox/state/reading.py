"""Reads a state from a JSON document, step by step: whoever reads can do other work between the steps.

Everything is judged before anything is used: rules like those of `--fault`, appointments like seeds.
Source: docs/state.md.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from registry_sandbox.faults.fields import BadFault, shown
from registry_sandbox.registry.store import Registry
from registry_sandbox.runtime.clock import Reading
from registry_sandbox.runtime.random_streams import Position
from registry_sandbox.state import FORMAT, VERSION, BadState
from registry_sandbox.state.appointments import AppointmentsReader, BadAppointment
from registry_sandbox.state.parts import read_clock, read_random, read_windows
from registry_sandbox.state.rules import EngineReader
from registry_sandbox.state.scanner import BadText, Scanner
from registry_sandbox.workspace import State, Workspace

_PART_BYTES: Final = 65_536
_MEMBERS: Final = ("clock", "random", "faults", "rate_limits", "appointments")
_IGNORED: Final = ("written_by", "journal")


class StateReader:
    """Reads one document.

    Args:
        parts: of the document.
        workspace: whose readers, profiles and machine's clock are used; it is not changed.
        place: names the document in messages.
    """

    def __init__(self, parts: Iterable[bytes], workspace: Workspace, place: str) -> None:
        self._scanner = Scanner(parts)
        self._place = place
        service = workspace.service
        self._wall = service.clock.wall
        self._engine = EngineReader(service.clock)
        registry = Registry(service.codec.write, service.registry.parse)
        self._appointments = AppointmentsReader(service, registry)
        self._seen: list[str] = []
        self._clock: Reading | None = None
        self._random: Position | None = None
        self._rate_limits: dict[str, tuple[float, int]] = {}

    def steps(self) -> Iterator[None]:
        """Read; every step is short.

        Raises:
            BadState: the document cannot be used.
        """
        try:
            for name in self._scanner.members():
                yield from self._member(name)
            self._scanner.end()
            self._require_whole()
        except (BadText, BadFault, BadAppointment) as error:
            raise BadState(f"{self._place}: {error}") from error

    @property
    def state(self) -> State:
        """The state, once all steps were taken."""
        return State(
            contents=self._appointments.contents,
            clock=self._clock,
            faults=self._engine.state,
            random=self._random,
            rate_limits=self._rate_limits,
        )

    def _member(self, name: str) -> Iterator[None]:
        if name in self._seen:
            raise BadText(f"the member '{name[:40]}' is repeated")
        self._seen.append(name)
        if name in _IGNORED:
            yield from self._skip(name)
        elif name == "faults":
            yield from self._engine.read(self._scanner)
        elif name == "appointments":
            yield from self._appointments.read(self._scanner)
        else:
            self._small(name, self._scanner.value()[0])
            yield

    def _skip(self, name: str) -> Iterator[None]:
        if name != "journal":
            self._scanner.value()
            return
        for _ in self._scanner.elements():
            self._scanner.value()
            yield

    def _small(self, name: str, value: Any) -> None:
        match name:
            case "clock":
                self._clock = read_clock(value, self._wall())
            case "random":
                self._random = read_random(value)
            case "rate_limits":
                self._rate_limits = read_windows(value, name)
            case _ if name == FORMAT:
                _require_version(value)
            case _:
                known = ", ".join((FORMAT, *_MEMBERS, *_IGNORED))
                raise BadText(f"{shown(name)} is not known; expected {known}")

    def _require_whole(self) -> None:
        missing = [name for name in (FORMAT, *_MEMBERS) if name not in self._seen]
        if missing:
            raise BadText(f"'{missing[0]}' is missing; expected a document of GET /_sandbox/state")
        _ = self._engine.state  # which refuses rules that cannot stand side by side


def _require_version(value: Any) -> None:
    if value != VERSION or isinstance(value, bool):
        raise BadText(f"{FORMAT} is {shown(value)}; expected {VERSION}, the version of the format that is known here")


def in_parts(document: bytes) -> Iterator[bytes]:
    """Yield the parts of a document that is in memory."""
    view = memoryview(document)
    return (bytes(view[at : at + _PART_BYTES]) for at in range(0, len(view), _PART_BYTES))


def read_file(file: Path, workspace: Workspace) -> State:
    """Read a document from a file.

    Raises:
        BadState: it cannot be read or used.
    """
    try:
        with file.open("rb") as document:
            reader = StateReader(iter(lambda: document.read(_PART_BYTES), b""), workspace, str(file))
            for _ in reader.steps():
                pass
    except OSError as error:
        raise BadState(f"{file}: {error.strerror}") from error
    return reader.state
