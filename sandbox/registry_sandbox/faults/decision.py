"""The decision for one exchange: which effects of which rules are in force."""

from dataclasses import dataclass, field

from registry_sandbox.faults.effect import Activation, Effect
from registry_sandbox.faults.live_rule import Fired, LiveRule


@dataclass(slots=True)
class Decision:
    """The effects in force, each with the activation of its rule, in order of precedence.

    `commit` is True if the terminal waits until the write has succeeded.
    """

    effects: list[tuple[Effect, Activation]] = field(default_factory=list)
    terminal: tuple[Effect, Activation] | None = None
    commit: bool = False
    fired: list[Fired] = field(default_factory=list)

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The ids of the rules that fired."""
        return tuple(each.live.rule.id for each in self.fired)

    def add(self, live: LiveRule, activation: Activation, interaction: str) -> bool:
        """Add the effects of a rule of lower precedence; return False if higher rules overrule all of them."""
        added = [self._add(effect, live, activation) for effect in live.effects_for(interaction)]
        return any(added)  # over the list: over a generator it would stop early and leave effects out

    def _add(self, effect: Effect, live: LiveRule, activation: Activation) -> bool:
        if effect.terminal:
            return self._add_terminal(effect, live, activation)
        for at, (higher, of_higher) in enumerate(self.effects):
            if higher.word == effect.word:
                joined = higher.joined_with(effect)
                self.effects[at] = (joined, of_higher)
                return joined != higher
        self.effects.append((effect, activation))
        return True

    def _add_terminal(self, effect: Effect, live: LiveRule, activation: Activation) -> bool:
        if self.terminal is not None:
            return False
        self.terminal, self.commit = (effect, activation), live.rule.then.commit
        return True

    def drop(self, rule_id: str) -> list[Fired]:
        """Remove everything that one rule does; return its activations."""
        dropped = [each for each in self.fired if each.live.rule.id == rule_id]
        self.fired = [each for each in self.fired if each.live.rule.id != rule_id]
        self.effects = [each for each in self.effects if each[1].rule_id != rule_id]
        if self.terminal is not None and self.terminal[1].rule_id == rule_id:
            self.terminal, self.commit = None, False
        return dropped
