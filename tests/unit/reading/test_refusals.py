"""A refusal says what was found, what belongs there, and where: all of it at once."""

import json

import pytest

from tests.unit.reading.refusals import appointment, findings_of


@pytest.mark.parametrize(
    ("inner", "location", "line", "said"),
    [
        ('<statuss value="x"/>', "/f:Appointment/f:statuss", 2, "did you mean status or start?"),
        ("<qqq/>", "/f:Appointment/f:qqq", 2, "expected id, meta, implicitRules, language, text, ..."),
        ('<x xmlns="urn:o"/>', "/f:Appointment", 2, 'x of the namespace "urn:o"'),
        (
            '<start value="2019-01-17T14:00:00Z"/>\n<status value="booked"/>',
            "/f:Appointment/f:status",
            3,
            "Appointment.status stands too late: it belongs before start",
        ),
        (
            '<status value="booked"/>\n<status value="booked"/>',
            "/f:Appointment/f:status[2]",
            3,
            "Appointment.status is one too many: status may stand there once",
        ),
        (
            '<extension url="x"><valueCode value="a"/><valueString value="a"/></extension>',
            "/f:Appointment/f:extension[1]/f:valueString",
            2,
            "value[x] may stand there once, and valueCode is there already",
        ),
        ('<start value="2019"/>', "/f:Appointment/f:start", 2, 'the value "2019": expected an instant such as'),
        ('<status value=" a"/>', "/f:Appointment/f:status", 2, "expected a code"),
        ('<status id="" value="a"/>', "/f:Appointment/f:status", 2, 'as id ""'),
        ('<status valu="a"/>', "/f:Appointment/f:status", 2, 'the attribute "valu": expected only id and value'),
        ("<status>booked</status>", "/f:Appointment/f:status", 2, 'the text "booked": a value is written as'),
        ("stray", "/f:Appointment", 1, 'the text "stray": expected only elements'),
        ("<status/>", "/f:Appointment/f:status", 2, "is empty: expected a value or content"),
        ("<participant/>", "/f:Appointment/f:participant[1]", 2, "is empty"),
        ("<contained/>", "/f:Appointment/f:contained[1]", 2, "is empty"),
        ("<contained><Nothing/></contained>", "/f:Appointment/f:contained[1]/f:Nothing", 2, "Nothing in"),
        (
            "<contained><Slot/></contained><contained><Bundle><total value='-1'/></Bundle></contained>",
            "/f:Appointment/f:contained[2]/f:Bundle/f:total",
            2,
            'the value "-1"',
        ),
        (
            '<text><div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x">a</p></div></text>',
            "/f:Appointment/f:text/h:div/h:p",
            2,
            "onclick",
        ),
        (
            '<text><div xmlns="http://www.w3.org/1999/xhtml"><script/></div></text>',
            "/f:Appointment/f:text/h:div",
            2,
            "script",
        ),
        (
            '<status xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="code" value="a"/>',
            "/f:Appointment/f:status",
            2,
            '"xsi:type"',
        ),
        ('<implicitRules value="##"/>', "/f:Appointment/f:implicitRules", 2, 'the value "##": expected a URI'),
        (f'<id value="{"x" * 1000}"/>', "/f:Appointment/f:id", 2, "1 to 64 letters"),
    ],
)
def test_refused_xml_is_explained(inner: str, location: str, line: int, said: str) -> None:
    """What was found, what belongs there, where, and on which line."""
    (finding,) = findings_of(appointment(inner), "xml")
    assert said in finding.message
    assert (finding.location, finding.line, finding.code) == (location, line, "structure")
    assert len(finding.message) < 300


@pytest.mark.parametrize(
    ("members", "location", "said"),
    [
        ('"start":"2019"', "/f:Appointment/f:start", 'Appointment.start has the value "2019": expected an instant'),
        (
            '"participant":[{"status":"a"},{"actor":{"display":"a"}},{"period":{"start":"soon"}}]',
            "/f:Appointment/f:participant[3]",
            "Appointment.participant[2].period is no element",
        ),
        (
            '"requestedPeriod":[{"start":"2019"},{"end":"soon"}]',
            "/f:Appointment/f:requestedPeriod[2]/f:end",
            'Appointment.requestedPeriod[1].end has the value "soon"',
        ),
        (
            '"extension":[{"url":"x","valueCode":"a","valueString":"b"}]',
            "/f:Appointment/f:extension[1]/f:valueString",
            "valueCode is there already",
        ),
        ('"minutesDuration":0', "/f:Appointment/f:minutesDuration", "from 1 to 2147483647"),
        ('"comment":null', "/f:Appointment/f:comment", "Appointment.comment is null: expected a string"),
        (
            '"text":{"status":"generated","div":"<div xmlns=\'http://www.w3.org/1999/xhtml\'><form/></div>"}',
            "/f:Appointment/f:text/h:div",
            "form",
        ),
    ],
)
def test_refused_json_is_explained_with_the_path(members: str, location: str, said: str) -> None:
    """The same sentences, with the path into the JSON, its line and its column."""
    (finding,) = findings_of(f'{{"resourceType":"Appointment",\n {members}}}', "json")
    assert said in finding.message
    assert (finding.location, finding.line) == (location, 2)
    assert finding.column is not None
    assert finding.column >= 2


@pytest.mark.parametrize("comment", ["comment", r"com\u006dent"])
def test_a_name_with_escapes_is_found_too(comment: str) -> None:
    """The path into the JSON has the name, and not its spelling."""
    body = f'{{"resourceType":"Appointment",\n "status":"booked",\n   "{comment}":1}}'
    (finding,) = findings_of(body, "json")
    assert (finding.line, finding.column) == (3, 4)


def test_what_is_wrong_in_an_element_that_is_one_too_many_is_told_of_that_one() -> None:
    """Elsewhere one element of its name stands alone, and has no number."""
    found = findings_of(
        appointment('<status value="a"/><start value="2019"/><status value=" "/><end value="x"/>'), "xml"
    )
    assert [(each.location.removeprefix("/f:Appointment/"), each.message.partition(":")[0]) for each in found] == [
        ("f:start", 'Appointment.start has the value "2019"'),
        ("f:status[2]", "Appointment.status is one too many"),
        ("f:status[2]", 'Appointment.status has the value " "'),
        ("f:end", 'Appointment.end has the value "x"'),
    ]


def test_all_findings_come_at_once_in_document_order() -> None:
    """No finding hides another, whatever found it."""
    as_xml = findings_of(
        appointment('<id value="_"/>\n<foo/>\n<end value="x"/>\n<start value="y"/>\n<participant><a/></participant>'),
        "xml",
    )
    assert [each.line for each in as_xml] == [2, 3, 4, 5, 5, 6]
    as_json = findings_of('{"resourceType":"Appointment","start":"x","end":1,"participant":[{"status":" "}]}', "json")
    assert [each.location.rpartition(":")[2] for each in as_json] == ["start", "end", "status"]


def test_a_long_list_of_findings_is_cut() -> None:
    """An answer stays readable: a hundred findings, and that there are more."""
    found = findings_of(appointment('<comment2 value="x"/>' * 150), "xml")
    assert len(found) == 101
    assert found[-1].message == "... and 50 more"


def test_many_broken_elements_are_explained_in_bounded_time() -> None:
    """Ten thousand errors are no reason to think for a minute."""
    findings_of(appointment("<x/>"), "xml")  # builds the explaining schema
    div = '<div xmlns="http://www.w3.org/1999/xhtml">'
    for body, body_format, count in (
        (appointment('<extension url=""><valueCode value=" "/></extension>' * 10_000), "xml", 101),
        (appointment("<x/>" * 100_000), "xml", 101),
        (appointment(f"<text>{div}{'<script/>' * 100_000}</div></text>"), "xml", 1),
        (f'{{"resourceType":"Appointment","participant":[{"{}," * 200_000}1]}}', "json", 101),
        (json.dumps({"resourceType": "Appointment"} | {f"a{n}": 1 for n in range(50_000)}), "json", 101),
    ):
        assert len(findings_of(body, body_format)) == count  # type: ignore[arg-type]  # a Format


def test_thousands_of_attributes_are_refused_in_few_words() -> None:
    """What is told of them is bounded: all of it would take a minute, and stop the whole server."""
    attributes = " ".join(f'a{n}="1"' for n in range(20_000))
    findings = findings_of(appointment("").replace(">", f" {attributes}>", 1), "xml")
    assert len(findings) == 101
    assert findings[-1].message == "... and 19900 more"
    (finding,) = findings_of(
        appointment(f'<text><div xmlns="http://www.w3.org/1999/xhtml"><p {attributes}/></div></text>'), "xml"
    )
    assert finding.message == (
        "In the narrative, the element div is refused: it has something that no narrative may have, and is too large "
        "for more to be said"
    )
