"""Our verdict on an Appointment is the official one, but for the registry's own rules.

Thousands of damaged Appointments are judged by us (reading schema and walk) and by the official judges: HL7's schema,
run by libxml2, and the official definitions with every invariant run as FHIRPath. What the two disagree on is listed
with its reason, here and in docs/decisions.md; any other disagreement fails.
"""

import copy
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lxml import etree

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Format, Resource
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.reading.codec import Codec
from registry_sandbox.validation.compiled_profiles import CompiledProfiles
from registry_sandbox.validation.conformance import Definition, definitions_at, shipped_definitions
from registry_sandbox.validation.profiles import CARECONNECT_APPOINTMENT, REGISTRY_APPOINTMENT, SHIPPED, Profiles
from registry_sandbox.validation.valuesets import ValueSets

Damage = Callable[[random.Random, Resource], None]
DamageXml = Callable[[random.Random, etree._Element], None]  # noqa: SLF001 - lxml has no public name for it

DIFFERENCES: dict[str, str] = {
    "is empty: expected": "ele-1 wants a value or children, which the schema cannot say; what is empty cannot be read",
    'value "": expected': "an attribute is never empty (Formats, XML), which the schema allows where a URI stands",
    'url "": expected': "an attribute is never empty (Formats, XML), which the schema allows where a URI stands",
    "expected a URI": "a URI has no white space (RFC 3986), while xs:anyURI takes nearly everything",
    "expected a code": "a code has no white space but single spaces, while the schema takes a line feed for one",
    "expected an instant": "an instant has a time zone and no hour 24, while xs:dateTime asks neither",
    "expected a dateTime": "a time has a time zone, while xs:dateTime does not ask it",
    "expected base64": "data is never empty, while xs:base64Binary takes white space alone",
    "expected a whole number": "an integer has 32 bits (Datatypes), which the schema does not ask of a positiveInt",
    "per-1": "a period that begins with a day and ends within it is in order; FHIRPath compares no two precisions",
}
"""Why the verdicts differ, by words of the message of those who refuse."""


class Judges:
    """The official judges and ours, side by side."""

    def __init__(self, folder: Path) -> None:
        self.codec, self.profiles = Codec(), Profiles.load()
        self._schema = etree.XMLSchema(etree.parse(folder / "stu3" / "xsd" / "fhir-single.xsd"))
        shipped = list(shipped_definitions(SHIPPED))
        official = [*definitions_at(folder / "careconnect"), *definitions_at(folder / "stu3" / "definitions")]
        self._ours = walks_of(shipped, by_hand=True)
        # No invariant of these is ours: each runs as the FHIRPath that HL7 wrote.
        self._theirs = walks_of([*shipped, *official], by_hand=False)

    def official(self, xml: bytes, resource: Resource | None) -> list[str]:
        """Return what the official judges say against a document, and against the resource where it could be read."""
        document = etree.fromstring(xml)
        if not self._schema.validate(document):
            return ["HL7's schema refuses it"]
        if resource is None:
            return []
        return [finding.message for finding in errors_of(self._theirs.findings(resource, CARECONNECT_APPOINTMENT))]

    def read(self, body: bytes, body_format: Format) -> Resource | SandboxError:
        """Read as a request's body is read."""
        try:
            return self.codec.read(body, body_format).resource
        except SandboxError as refusal:
            return refusal

    def ours(self, resource: Resource) -> list[str]:
        """Return what we say against a resource, the registry's rules left out."""
        return [finding.message for finding in errors_of(self._ours.findings(resource, CARECONNECT_APPOINTMENT))]


def walks_of(definitions: list[Definition], *, by_hand: bool) -> CompiledProfiles:
    """Make walks by these definitions; the later of one URL counts."""
    by_url = {(str(each.resource["resourceType"]), each.url): each for each in definitions}
    valuesets = ValueSets(lambda kind, url: by_url.get((kind, url)))
    return CompiledProfiles(lambda url: by_url.get(("StructureDefinition", url)), valuesets, by_hand=by_hand)


def errors_of(findings: list[Finding]) -> list[Finding]:
    """Keep the errors."""
    return [finding for finding in findings if finding.severity == "error"]


@dataclass
class Tally:
    """How often which verdicts met, and what nobody has explained."""

    table: Counter[tuple[str, str]] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)

    def add(self, body: bytes, official: list[str], ours: str, said: Callable[[], list[str]]) -> None:
        """Count one document."""
        self.table["refused" if official else "accepted", ours] += 1
        refuses = ours in {"400", "422"}
        if bool(official) == refuses:
            return
        reasons = official or said()
        why = next((why for word, why in DIFFERENCES.items() if any(word in reason for reason in reasons)), None)
        if why is None:
            self.unexplained.append(f"official: {official[:2]}; ours: {ours} {reasons[:2]}\n{body.decode()[:3000]}")
        else:
            self.explained[why] += 1

    def printed(self) -> str:
        """Write the confusion table."""
        columns = ("accepted", "422, registry only", "422", "400")
        lines = [f"{'official':10}" + "".join(f"{name:>20}" for name in columns)]
        for row in ("accepted", "refused"):
            numbers = "".join(f"{self.table[row, name]:>20}" for name in columns)
            lines.append(f"{row:10}{numbers}")
        return "\n".join([*lines, *(f"{count:6} times: {why}" for why, count in self.explained.items())])


def judge(judges: Judges, body: bytes, body_format: Format, xml: bytes | None, tally: Tally) -> None:
    """Put one document before all judges; `xml` is what the schema is shown of it."""
    read = judges.read(body, body_format)
    resource = read if isinstance(read, dict) else None
    if xml is None and resource is None:
        tally.table["(no XML)", "400"] += 1
        return
    official = judges.official(xml or judges.codec.write(resource or {}, "xml"), resource)
    if isinstance(read, SandboxError):
        tally.add(body, official, "400", lambda: [finding.message for finding in read.findings])
    else:
        said = judges.ours(read)
        strictly = errors_of(judges.profiles.validate(read))
        assert not said or strictly, "the registry's profile accepts what its base refuses"
        tally.add(body, official, "422" if said else "422, registry only" if strictly else "accepted", lambda: said)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_we_and_the_official_judges_agree(  # noqa: PLR0913, PLR0917 - what it is made of
    seed: int,
    definitions: Path,
    seeds: list[Resource],
    damage: Damage,
    damage_xml: DamageXml,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What the official judges refuse, we refuse; what they accept, we refuse for the registry's reasons only."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    judges, tally = Judges(definitions), Tally()
    while sum(tally.table.values()) < 1000:
        resource = copy.deepcopy(chance.choice(seeds))
        for _ in range(chance.choice([0, 1, 1, 2])):
            damage(chance, resource)
        body = json.dumps(resource).encode()
        judge(judges, body, "json", None, tally)
        read = judges.read(body, "json")
        if isinstance(read, dict):
            root = etree.fromstring(judges.codec.write(read, "xml"))
            judge(judges, etree.tostring(root), "xml", etree.tostring(root), tally)
            damage_xml(chance, root)
            judge(judges, etree.tostring(root), "xml", etree.tostring(root), tally)
    with capsys.disabled():
        print(f"\n{tally.printed()}")  # noqa: T201 - the table is what there is to see
    assert tally.table["accepted", "accepted"]
    assert tally.table["refused", "422"]
    assert not tally.unexplained, "\n\n".join(tally.unexplained[:5])


def test_the_official_profile_gives_the_same_verdicts_as_ours(
    definitions: Path, seeds: list[Resource], damage: Damage
) -> None:
    """Official CareConnect-Appointment-1 takes the place of ours, and not a finding changes but for its wording."""
    codec, chance = Codec(), random.Random(3)  # noqa: S311 - no secret
    ours, theirs = Profiles.load(), Profiles.load([definitions / "careconnect"])
    compared = 0
    while compared < 300:
        resource = copy.deepcopy(chance.choice(seeds))
        damage(chance, resource)
        try:
            read = codec.read(json.dumps(resource).encode(), "json").resource
        except SandboxError:
            continue
        assert places(ours.validate(read)) == places(theirs.validate(read))
        compared += 1


def places(findings: list[Finding]) -> list[tuple[str, str, str, str]]:
    """Keep of findings what does not depend on who worded them."""
    return [(each.severity, each.code, each.location, each.source) for each in findings]


def test_the_official_examples_are_refused_for_the_registrys_reasons_only(
    definitions: Path, examples: list[Resource]
) -> None:
    """HL7's examples are valid: every error against them is one of Registry-Appointment-1."""
    judges = Judges(definitions)
    for example in examples:
        errors = errors_of(judges.profiles.validate(example))
        assert errors
        assert {e.source for e in errors if not e.source.startswith("reg-")} <= {REGISTRY_APPOINTMENT}
        assert judges.ours(example) == []
