"""The comparison with HAPI's validator is to be trusted: it explains what is explained, and nothing else.

The comparison itself is no test of this run: `make agreement`.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.oracle import definitions
from tests.oracle.__main__ import BEGIN, END, exit_status, write_into
from tests.oracle.comparison import BadClass, Comparison, Difference, load
from tests.oracle.corpus import Document
from tests.oracle.verdict import Said, Verdict

DOCUMENT = Document("<Appointment/>", "xml", "registry", "minimal", ())
ACCEPTED = Verdict("accepted", (Said("warning", "/f:Appointment", "a warning"),))
BLANK = Said("error", "Appointment.start", "a blank instant")
OTHER = Said("error", "Appointment.end", "another error")
CLASS = Difference("blanks", "HAPI", "blank", "HAPI minds blanks", "the standard")


def compared(sandbox: Verdict, hapi: Verdict, *classes: Difference, document: Document = DOCUMENT) -> Comparison:
    """Compare one document by some classes."""
    comparison = Comparison(list(classes))
    comparison.add(document, sandbox, hapi)
    return comparison


def refused(*errors: Said) -> Verdict:
    """Return a refusal for these errors, and a warning."""
    return Verdict("refused", (*errors, Said("warning", "", "blank")))


def test_validators_that_agree_need_no_class() -> None:
    """Both accept, or both refuse, for whatever reasons."""
    for one, other in ((ACCEPTED, ACCEPTED), (Verdict("400", (BLANK,)), refused(OTHER))):
        comparison = compared(one, other, CLASS)
        assert (comparison.documents, comparison.explained.total(), comparison.unexplained) == (1, 0, [])


def test_a_difference_is_explained_by_its_class() -> None:
    """It is counted, and does not fail the run."""
    comparison = compared(ACCEPTED, refused(BLANK), CLASS)
    assert comparison.explained == {"blanks": 1}
    assert not comparison.unexplained


def test_a_document_counts_once_in_its_class() -> None:
    """However many errors of the class there are."""
    assert compared(ACCEPTED, refused(BLANK, replace(BLANK, location="")), CLASS).explained == {"blanks": 1}


def test_a_difference_that_is_explained_in_part_is_not_explained() -> None:
    """Behind an explained error, another may hide."""
    comparison = compared(ACCEPTED, refused(BLANK, OTHER), CLASS)
    assert not comparison.explained
    assert [each.unexplained for each in comparison.unexplained] == [(OTHER,)]
    assert "another error" in str(comparison.unexplained[0])
    assert DOCUMENT.text in str(comparison.unexplained[0])


def test_a_refusal_without_an_error_is_not_explained() -> None:
    """A verdict needs a reason."""
    assert compared(Verdict("400"), ACCEPTED, replace(CLASS, refuses="sandbox", message="")).unexplained


def test_a_class_explains_what_its_own_side_refuses() -> None:
    """The same words of the other side are another matter."""
    assert compared(Verdict("422", (BLANK,)), ACCEPTED, CLASS).unexplained
    assert not compared(Verdict("422", (BLANK,)), ACCEPTED, replace(CLASS, refuses="sandbox")).unexplained


@pytest.mark.parametrize(
    ("changes", "explains"),
    [
        ({"location": r"start$"}, True),
        ({"location": r"end$"}, False),
        ({"document": "<App"}, True),
        ({"document": "<Pat"}, False),
        ({"profile": "registry"}, True),
        ({"profile": "base"}, False),
        ({"message": "blanks"}, False),
    ],
)
def test_every_pattern_of_a_class_must_fit(changes: dict[str, str], explains: bool) -> None:  # noqa: FBT001 - a parameter
    """Message, location, document and profile."""
    assert replace(CLASS, **changes).explains(BLANK, DOCUMENT) is explains  # type: ignore[arg-type]  # texts all


def test_errors_and_what_is_worse_are_reasons_to_refuse() -> None:
    """A warning is none."""
    findings = [Said(severity, "", "") for severity in ("fatal", "error", "warning", "information")]
    assert Verdict("refused", tuple(findings)).errors() == findings[:2]


def test_what_is_not_explained_fails_the_run() -> None:
    """A difference between verdicts, and a complaint about a definition."""
    explained, unexplained = compared(ACCEPTED, refused(BLANK), CLASS), compared(ACCEPTED, refused(OTHER), CLASS)
    assert exit_status(explained, []) == 0
    assert exit_status(unexplained, []) == 1
    assert exit_status(explained, ["a complaint"]) == 1


def test_the_first_class_that_fits_counts() -> None:
    """The narrower one stands first."""
    assert compared(ACCEPTED, refused(BLANK), replace(CLASS, id="narrow"), CLASS).explained == {"narrow": 1}


def test_the_table_has_the_classes_that_were_met() -> None:
    """With the verdicts, and the documents that are not explained."""
    comparison = compared(ACCEPTED, refused(BLANK), CLASS, replace(CLASS, id="never met", message="never"))
    comparison.add(DOCUMENT, ACCEPTED, refused(OTHER))
    comparison.add(DOCUMENT, ACCEPTED, Verdict("failed", (BLANK,)))
    table = comparison.table()
    assert "| accepts | 0 | 2 | 1 |" in table
    assert "| blanks | HAPI | 2 | HAPI minds blanks | the standard |" in table
    assert "never met" not in table
    assert "| not explained | | 1 | | |" in table


def test_the_shipped_classes_can_be_used() -> None:
    """Each explains one side, with a reason and a source."""
    assert {each.refuses for each in load()} == {"sandbox", "HAPI"}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[{id: a, refuses: HAPI, message: m, why: w}]", "source"),
        ("[{id: a, refuses: nobody, message: m, why: w, source: s}]", "nobody"),
        ("[{id: a, refuses: HAPI, message: '(', why: w, source: s}]", "unterminated"),
        ("[{id: a, refuses: HAPI, message: m, why: '', source: s}]", "empty"),
        ("[{id: a, refuses: HAPI, message: m, why: w, source: s, more: x}]", "more"),
        (2 * "- {id: a, refuses: HAPI, message: m, why: w, source: s}\n", "two classes"),
    ],
)
def test_a_class_that_cannot_be_used_is_named(tmp_path: Path, written: str, told: str) -> None:
    """A class without a reason explains nothing."""
    file = tmp_path / "differences.yaml"
    file.write_text(written)
    with pytest.raises(BadClass, match=f"'a'.*{told}|{told}.*'a'"):
        load(file)


def test_the_table_is_written_between_its_marks(tmp_path: Path) -> None:
    """What stands around them stays, and an older table goes."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_into(page, "new")
    assert page.read_text() == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"


def test_a_page_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    """The table does not go just anywhere."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\n")
    with pytest.raises(ValueError, match="does not have the marks"):
        write_into(page, "new")
    assert page.read_text() == f"before\n{BEGIN}\n"


ELEMENT: definitions.Element = {
    "id": "Appointment.start",
    "path": "Appointment.start",
    "min": 1,
    "max": "1",
    "type": [{"code": "instant"}],
    "binding": {"strength": "required", "valueSetReference": {"reference": "http://x.test/codes"}},
    "constraint": [{"key": "reg-2", "severity": "error", "human": "It has a value", "expression": "hasValue()"}],
}
OF_THE_TYPE = {"key": "ele-1", "severity": "error", "human": "x", "expression": "x"}


@pytest.mark.parametrize(
    "change",
    [
        {"min": 0},
        {"max": "*"},
        {"type": [{"code": "dateTime"}]},
        {"type": [{"code": "instant", "profile": "http://x.test/profile"}]},
        {"binding": {**ELEMENT["binding"], "strength": "extensible"}},
        {"binding": {**ELEMENT["binding"], "valueSetReference": {"reference": "http://x.test/others"}}},
        {
            "binding": {
                **ELEMENT["binding"],
                "extension": [
                    {
                        "url": "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet",
                        "valueReference": {"reference": "http://x.test/all"},
                    }
                ],
            }
        },
        {"fixedInstant": "2019-01-17T14:00:00Z"},
        {"constraint": []},
        {"constraint": [{**ELEMENT["constraint"][0], "expression": "true"}]},
        {"contentReference": "#a"},
        {"sliceName": "a"},
        {"id": "Appointment.end"},
    ],
)
def test_snapshots_that_differ_in_a_fact_are_told(change: dict[str, object]) -> None:
    """Cardinality, types, bindings, fixed values, invariants, references, slices."""
    assert len(list(definitions.differences([ELEMENT], [{**ELEMENT, **change}]))) == 1


def test_an_element_that_one_snapshot_lacks_is_named() -> None:
    """It is found by its id."""
    other = {**ELEMENT, "id": "Appointment.end"}
    assert "Appointment.end" in next(definitions.differences([ELEMENT, other], [ELEMENT]))


OURS: definitions.Definition = {
    "resourceType": "StructureDefinition",
    "url": "http://x.test/ours",
    "snapshot": {"element": [ELEMENT]},
}


@dataclass
class Says:
    """A validator that says the same of every definition, and whose snapshots have one element."""

    said: Said
    element: definitions.Element

    def begin_resource(self, resource: definitions.Definition) -> None:
        """Take it."""

    def verdict(self) -> Verdict:
        """Return the verdict."""
        return Verdict("refused", (self.said,))

    def snapshot(self, url: str) -> list[definitions.Element]:
        """Return the one element; of a definition of the standard none is asked."""
        assert not url.startswith(definitions.BASE)
        return [self.element]


def test_complaints_name_the_definition() -> None:
    """Of those of the standard the snapshots are not compared: both take them from the same differential."""
    standard = {**OURS, "url": f"{definitions.BASE}StructureDefinition/a"}
    codes = {"resourceType": "CodeSystem", "url": "http://x.test/codes"}
    told = definitions.complaints(Says(OTHER, {**ELEMENT, "min": 0}), [OURS, standard, codes])
    assert [each.partition(": ")[0] for each in told] == [OURS["url"], standard["url"], codes["url"], OURS["url"]]
    assert "min is 1 in our snapshot and 0 in HAPI's" in told[-1]


def test_what_is_known_is_no_complaint() -> None:
    """HL7's own files get the same error."""
    known = Said("error", "StructureDefinition.snapshot", "Problem processing expression '(%resource.kind = #39;x")
    assert definitions.complaints(Says(known, ELEMENT), [OURS]) == []


def test_snapshots_in_another_order_are_told() -> None:
    """The order of the elements is the order of the XML."""
    other = {**ELEMENT, "id": "Appointment.end"}
    assert "in another order" in next(definitions.differences([ELEMENT, other], [other, ELEMENT]))


def test_snapshots_may_differ_in_words_and_in_what_the_type_says_already() -> None:
    """Sentences are no facts, and ele-1 is an invariant of every element."""
    reworded = {**ELEMENT["constraint"][0], "human": "another sentence"}
    other = {**ELEMENT, "short": "a start", "constraint": [reworded, OF_THE_TYPE]}
    assert list(definitions.differences([ELEMENT], [other])) == []


def test_what_is_known_of_the_definitions_has_reasons() -> None:
    """Nothing is waved through without one."""
    assert all(each.complaint and each.why for each in definitions.load())
