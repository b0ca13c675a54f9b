"""The decision for one exchange: which effects of which rules are in force."""

from dataclasses import dataclass, field

from registry_sandbox.faults.effect import Activation, Effect
from registry_sandbox.faults.live_rule import Fired, LiveRule

InForce = tuple[Effect, Activation]
"""An effect, and the activation of the rule that it belongs to."""


@dataclass(slots=True)
class Decision:
    """The effects in force, each with the activation of its rule, in order of precedence.

    `fired` are the activations, `idle` the ids of rules that fired at first but found nothing to spoil. Of replicas,
    `number` names the decision among them, and `owed` are rules whose activations are to be taken back in all.
    """

    effects: list[InForce] = field(default_factory=list)
    terminal: InForce | None = None
    fired: list[Fired] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    number: str = ""
    owed: list[str] = field(default_factory=list)

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The ids of the rules that fired."""
        return tuple(each.live.rule.id for each in self.fired)

    def add(self, live: LiveRule, activation: Activation, interaction: str) -> bool:
        """Add the effects of a rule of lower precedence; return False if higher rules overrule all of them."""
        activation.acting.update(each.word for each in live.effects_for(interaction) if self._add(each, activation))
        return bool(activation.acting)

    def _add(self, effect: Effect, activation: Activation) -> bool:
        if effect.terminal:
            return self._add_terminal(effect, activation)
        for at, (higher, of_higher) in enumerate(self.effects):
            if higher.word == effect.word:
                joined = higher.joined_with(effect)
                self.effects[at] = (joined, of_higher)
                return joined != higher
        self.effects.append((effect, activation))
        return True

    def _add_terminal(self, effect: Effect, activation: Activation) -> bool:
        if self.terminal is not None:
            return False
        self.terminal = (effect, activation)
        return True

    def all_effects(self) -> list[InForce]:
        """Return the effects and the terminal."""
        return self.effects if self.terminal is None else [*self.effects, self.terminal]

    def discard(self, in_force: InForce) -> None:
        """Take one effect out of force: the exchange has nothing for it to spoil."""
        effect, activation = in_force
        activation.found_nothing(effect)
        self.effects = [each for each in self.effects if each != in_force]
        if self.terminal == in_force:
            self.terminal = None

    def take_back(self, rule_id: str) -> list[Fired]:
        """Remove everything that a rule does which found nothing to spoil; return its activations."""
        dropped = self.drop(rule_id)
        self.idle += [rule_id for each in dropped if each.live.source != "setting"]
        return dropped

    def drop(self, rule_id: str) -> list[Fired]:
        """Remove everything that one rule does; return its activations."""
        dropped = [each for each in self.fired if each.live.rule.id == rule_id]
        self.fired = [each for each in self.fired if each.live.rule.id != rule_id]
        self.effects = [each for each in self.effects if each[1].rule_id != rule_id]
        if self.terminal is not None and self.terminal[1].rule_id == rule_id:
            self.terminal = None
        return dropped
