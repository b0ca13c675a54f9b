"""What a rule about clients says of one client: a finding, with its grade and its evidence."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["must", "should"]
Grade = Literal["pass", "fail", "warning", "inconclusive", "not exercised", "attested"]
"""`fail` breaks a must, `warning` a should. Only what occurred can pass: what did not occur is `not exercised`."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A sentence that binds a client, and where it stands.

    Attributes:
        text: the sentence.
        source: the page, section or specification, such as `RFC 9110, 9.2.2`.
    """

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a client did, and should or must not have done; or that could not be judged.

    Attributes:
        rule: the id of the rule.
        level: whether the rule is a must or a should.
        grade: `fail` or `warning`; `inconclusive` where the evidence is missing or ambiguous.
        client: the client of the token, else the `User-Agent`, else empty.
        appointment: the logical id that it is about; None where there is none.
        message: what was seen and what was expected; for `inconclusive`, what would make it conclusive.
        exchanges: the numbers of the exchanges that show it, in order.
        requirement: what the rule holds the client to.
        replay: a fault file (YAML) that provokes the same again; empty where no fault is needed.
    """

    rule: str
    level: Level
    grade: Grade
    client: str
    appointment: str | None
    message: str
    exchanges: tuple[int, ...]
    requirement: Requirement
    replay: str = ""
