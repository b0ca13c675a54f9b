"""A running sandbox as tests handle it: tokens, faults, the clock, the journal and the appointments.

Everything goes over the control plane, so that the same object steers a sandbox in this process, in a container or
on another machine, from any thread. Source: operator.md, Paths.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from registry_sandbox.cli.control_client import control_root
from registry_sandbox.testing.builders import Resource, appointment
from registry_sandbox.testing.control import Control
from registry_sandbox.testing.holding import Hold
from registry_sandbox.testing.journal import Journal
from registry_sandbox.testing.snapshot import Snapshot
from registry_sandbox.testing.steering import Fault, RemoteClock, written
from registry_sandbox.testing.verdict import Verdict
from registry_sandbox.verdict.reports.json import read

__tracebackhide__ = True  # of every function here: a failing test shows where it called, and not us
if TYPE_CHECKING:
    from registry_sandbox.testing.workspace import RemoteWorkspace


class RemoteSandbox:
    """A sandbox that runs already, such as one in a container.

    Args:
        base_url: its FHIR base, such as `http://127.0.0.1:8080/STU3`.
        control_url: its control root, where that is not `/_sandbox` beside the base.
        control_token: what its `--control-token` demands.
        trust: for a control plane that is reached over TLS.
    """

    client_id = "sandbox-client"
    client_secret = "sandbox-secret"

    def __init__(
        self,
        base_url: str,
        control_url: str | None = None,
        *,
        control_token: str | None = None,
        trust: SSLContext | None = None,
    ) -> None:
        self._connect(base_url, Control(control_url or control_root(base_url), control_token, trust))

    def _connect(self, base_url: str, control: Control) -> None:
        self.base_url = base_url
        self.control = control
        self.clock = RemoteClock(control)
        self.journal = Journal(control)
        self._pointers = itertools.count(1)
        self._faults: list[Fault] = []
        self._set_before: dict[str, tuple[Fault, ...]] = {}  # by the name of the snapshot that has them

    @property
    def control_url(self) -> str:
        """The control plane's root."""
        return self.control.root

    @property
    def token_url(self) -> str:
        """The token endpoint, for clients that fetch their tokens with `client_id` and `client_secret`."""
        return f"{control_root(self.base_url).removesuffix('/_sandbox')}/oauth2/token"

    def token(  # noqa: PLR0913 - a token has so many parts, each by keyword
        self,
        *,
        client: str | None = None,
        mode: Literal["registry", "spine"] | None = None,
        expires_in: int | None = None,
        claims: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
        without: Sequence[str] = (),
    ) -> str:
        """Return a token that may write, or one made to order; docs/tokens.md has one for every fault.

        Args:
            client: `sandbox-reader` for one that may only read.
            mode: the kind of token.
            expires_in: seconds; negative for an expired one.
            claims: what to put into the claims instead of what is right.
            headers: likewise, into the header.
            without: claims to leave out.
        """
        single = {"client": client, "mode": mode, "expires_in": expires_in}
        pairs = [(name, str(value)) for name, value in single.items() if value is not None]
        pairs += [(f"claim.{name}", json.dumps(value)) for name, value in (claims or {}).items()]
        pairs += [(f"header.{name}", json.dumps(value)) for name, value in (headers or {}).items()]
        pairs += [("without", name) for name in without]
        return self.control.text("GET", f"/token?{urlencode(pairs)}").strip()

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that configure a client under test, named as in the examples."""
        return {
            "REGISTRY_BASE_URL": self.base_url,
            "REGISTRY_TOKEN_URL": self.token_url,
            "REGISTRY_CLIENT_ID": self.client_id,
            "REGISTRY_CLIENT_SECRET": self.client_secret,
        }

    def fault(self, rule: str | Mapping[str, Any], *, must_fire: bool = True) -> Fault:
        """Put a fault in force: a short form such as `cancel:503@x1`, or a rule of match, when and then.

        Under pytest, a test that passes fails all the same if the fault never fired, unless `must_fire` is False.
        """
        fault = Fault(self.control, self.control.json("POST", "/faults", rule), must_fire=must_fire)
        self._faults.append(fault)
        return fault

    def hold(
        self, target: str = "*", *, commit: bool = False, times: int | None = None, must_fire: bool = True
    ) -> Hold:
        """Hold exchanges until the test releases them; use it in a `with`.

        Args:
            target: an interaction such as `cancel`, or `cancel/ID`; by default every FHIR interaction.
            commit: let the write happen first, and hold the answer.
            times: hold so many exchanges, and let the others pass.
            must_fire: as of `fault`.
        """
        when = "" if times is None else f"@x{times}"
        rule = self.control.json("POST", "/faults", f"{target}:{'commit+' if commit else ''}hold{when}")
        hold = Hold(self.control, rule, must_fire=must_fire)
        self._faults.append(hold)
        return hold

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that were set here since the last reset."""
        return tuple(self._faults)

    def faults_that_never_fired(self) -> list[Fault]:
        """Return the faults that were set since the last reset, must fire, and did not."""
        return [fault for fault in self._faults if fault.must_fire and fault.never_fired]

    def undo_faults(self) -> None:
        """Undo every fault that was set here."""
        while self._faults:
            self._faults.pop().remove()

    def register(self, resource: Mapping[str, Any] | None = None, **changes: Any) -> Resource:
        """Register an appointment beside the clients under test, and return what is stored.

        No fault meets it and the journal does not show it. By default it is a valid one for tomorrow, with a pointer
        of its own.

        Args:
            resource: the appointment; it must conform, and may carry an id.
            changes: as `registry_sandbox.testing.builders.appointment` takes them.
        """
        now = self.clock.now
        if resource is None:
            pointer = f"https://provider.example.test/appointments/{next(self._pointers)}"
            resource = appointment(**{"pointer": pointer, "at": now + timedelta(days=1), **changes})
        elif changes:
            raise TypeError("register takes a whole resource, or what the builder shall change, but not both")
        stamped = {**resource, "meta": {"lastUpdated": written(now), **resource.get("meta", {})}}
        registered: Resource = self.control.json("POST", "/appointments", stamped)["appointments"][0]
        return registered

    @property
    def appointments(self) -> dict[str, Resource]:
        """The current version of every appointment, past ones too, by id, in the order of registration."""
        return {history[-1]["id"]: history[-1] for history in self._histories()}

    def versions(self, logical_id: str) -> list[Resource]:
        """Return all versions of an appointment, oldest first.

        Raises:
            LookupError: there is none of that id.
        """
        for history in self._histories():
            if history[0]["id"] == logical_id:
                return history
        raise LookupError(f"there is no appointment {logical_id!r}")

    def _histories(self) -> list[list[Resource]]:
        return [each["versions"] for each in self.control.json("GET", "/appointments")["appointments"]]

    def verdict(self, *, client: str | None = None, since: int | None = None) -> Verdict:
        """Return what the sandbox makes of its clients since the last reset.

        Args:
            client: judge this one alone.
            since: the number of an exchange; judge what came after it.
        """
        __tracebackhide__ = True
        query = {"format": "json", "client": client, "since": since}
        chosen = urlencode({name: value for name, value in query.items() if value is not None})
        return Verdict(read(self.control.text("GET", f"/verdict?{chosen}")))

    def workspace(self, **wanted: Any) -> "RemoteWorkspace":
        """Make a registry of the test's own in the same server; use it in a `with`, or `close` it.

        `wanted` is what it starts with, as docs/workspaces.md lists it: `clock`, `faults`, `seed_data` ...
        """
        from registry_sandbox.testing.workspace import RemoteWorkspace, server_of

        return RemoteWorkspace(server_of(self), wanted)

    def snapshot(self, name: str | None = None) -> Snapshot:
        """Keep the state as it is now. In a `with`, whatever happens is undone at its end, and nothing is kept."""
        made = self.control.json("POST", "/snapshots", {} if name is None else {"name": name})
        self._set_before[made["name"]] = tuple(self._faults)
        return Snapshot(self, made["name"], passing=True)

    def restore(self, name: str) -> Snapshot:
        """Return to a snapshot now, and in a `with` again at its end; it is kept."""
        for fault in self._faults:
            fault.note(ends=fault not in self._set_before.get(name, ()))
        self.journal.forget()
        self.control.json("POST", f"/snapshots/{name}/restore")
        return Snapshot(self, name, passing=False)

    def reset(self) -> None:
        """Return to the exact start: the seeds, no faults but those of the settings, the clock, an empty journal."""
        self._faults.clear()
        self.journal.forget()
        self.control.json("POST", "/reset")
