"""All that a fault engine knows at one moment."""

from dataclasses import dataclass

from registry_sandbox.faults.live_rule import Fired, LiveRule


@dataclass(frozen=True, slots=True)
class EngineState:
    """All that an engine knows at one moment; nobody counts on in it.

    Attributes:
        seed: the start of every draw.
        rules: in force, in order of precedence.
        of_header: the rules of each header's text.
        fired: the last activations, oldest first; `activations` counts all.
        numbered: how many ids were made up for rules.
    """

    seed: int
    rules: tuple[LiveRule, ...]
    of_header: tuple[tuple[str, tuple[LiveRule, ...]], ...] = ()
    fired: tuple[Fired, ...] = ()
    activations: int = 0
    numbered: int = 0
