"""The workspaces of replicas: they end by an entry of the log, so that all have the same ones."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from registry_sandbox.workspace import Workspace
from registry_sandbox.workspaces import Made, Member, Terms, Wanted, Workspaces

_TOLD_EVERY_S: Final = 60.0


class SharedWorkspaces(Workspaces):
    """The workspaces by name.

    That one was used, its replica tells the others now and then: at most every tenth of its time to live. So it lives
    up to a tenth longer.

    Args:
        make, terms: as for a sandbox alone.
        tell: proposes that a workspace was used (`touch`), or is over (`end`).
        leaving: told of the name of each workspace that is about to end.
        forget: told of each workspace that has ended.
    """

    def __init__(
        self,
        make: Callable[[str, Wanted], Made],
        terms: Terms,
        tell: Callable[[str, str], None],
        leaving: Callable[[str], None],
        forget: Callable[[Workspace], None],
    ) -> None:
        super().__init__(make, terms)
        self._tell, self._leaving, self._forget = tell, leaving, forget
        self._told_s: dict[str, float] = {}

    def find(self, name: str) -> Member | None:
        """Return the workspace that a request names, and tell of its use; None if there is none, or none any more."""
        member = self._members.get(name)
        if member is None or member.filling or self._is_over(member):
            return None
        self._use(member)
        return member

    def tick(self) -> None:
        """Tell of what is in use, and of what is over."""
        for member in list(self._members.values()):
            if member.workspace.in_use:
                self._use(member)
            elif self._is_over(member):
                self._tell_once(member, "end")

    def touched(self, name: str) -> None:
        """Note that one was used."""
        member = self._members.get(name)
        if member is not None:
            member.used_s = self._wall()

    def end_if_over(self, name: str) -> None:
        """End one, unless it was used meanwhile."""
        member = self._members.get(name)
        if member is not None and self._is_over(member):
            self._remove(member)

    def made_again(self, wanted: Wanted, created_s: float, used_s: float, ttl_s: float) -> Member:
        """Make a workspace that another replica has, with nothing in it."""
        member = self.create(replace(wanted, bare=True))
        member.wanted, member.created_s, member.used_s, member.ttl_s = wanted, created_s, used_s, ttl_s
        return member

    def ended_again(self, member: Member) -> None:
        """End a workspace that has ended in another replica, too."""
        self._remove(member)

    def _use(self, member: Member) -> None:
        if self._wall() - member.used_s >= _told_every_s(member):
            self._tell_once(member, "touch")

    def _tell_once(self, member: Member, what: str) -> None:
        now_s = self._wall()
        if now_s - self._told_s.get(member.name, 0.0) >= min(1.0, _told_every_s(member)):
            self._told_s[member.name] = now_s
            self._tell(what, member.name)

    def _is_over(self, member: Member) -> bool:
        return self._wall() >= member.expires_s + _told_every_s(member)

    def _sweep(self) -> None:
        """End none: the log does."""

    def _remove(self, member: Member) -> None:
        self._leaving(member.name)
        super()._remove(member)
        self._told_s.pop(member.name, None)
        self._forget(member.workspace)


def _told_every_s(member: Member) -> float:
    return min(member.ttl_s / 10, _TOLD_EVERY_S)
