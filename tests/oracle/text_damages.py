"""Ways to damage a document that only one of the formats knows."""

import random
import re
from collections.abc import Callable

DamageText = Callable[[random.Random, str], str]

_MEMBER = re.compile(r'"(status|start|end|created|value|system)"\s*:\s*"[^"]*"')
_VALUE = re.compile(r' value="[^"]*"')
_LEAF = re.compile(r"<(status|start|end|created|value|system)( [^>]*)?/>")
_XSI = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def _one(chance: random.Random, pattern: re.Pattern[str], text: str, made: Callable[[re.Match[str]], str]) -> str:
    """Replace one of the matches, or nothing where there is none."""
    found = list(pattern.finditer(text))
    if not found:
        return text
    match = chance.choice(found)
    return text[: match.start()] + made(match) + text[match.end() :]


def _json_syntax(chance: random.Random, text: str) -> str:
    kinds = [
        lambda: text[:-1],
        lambda: text + "}",
        lambda: text + " x",
        lambda: text.replace("{", "{,", 1),
        lambda: text[:-1] + ",}",
        lambda: text.replace('"', "'"),
        lambda: text.replace("{", "{/* comment */", 1),
        lambda: text.replace("{", "{// comment\n", 1),
        lambda: text.replace('"booked"', "booked"),
        lambda: f"[{text}]",
        lambda: "\ufeff" + text,
        lambda: text[: len(text) // 2],
    ]
    return chance.choice(kinds)()


def _json_duplicate(chance: random.Random, text: str) -> str:
    return _one(chance, _MEMBER, text, lambda found: f"{found[0]}, {found[0]}")


def _json_null(chance: random.Random, text: str) -> str:
    value = chance.choice(["null", "[null]", "NaN", "01", "1e3", "+1", ".5", "-", "1.", "tru", "{}", "[]"])
    return _one(chance, _MEMBER, text, lambda found: f'"{found[1]}": {value}')


def _json_escape(chance: random.Random, text: str) -> str:
    escape = chance.choice(
        ["\\u0000", "\\ud800", "\\x41", "\\u12", "\\/", "\\u0041", "\t", "\x01", "\\u0007", "\\ud83d\\ude00"]
    )
    return text[:-1] + f', "comment": "a{escape}b"' + "}"


def _json_resource_type(chance: random.Random, text: str) -> str:
    wrong = [
        "",
        '"resourceType": "appointment",',
        '"resourceType": "Patient",',
        '"resourceType": ["Appointment"],',
        '"resourceType": null,',
    ]
    return re.sub(r'"resourceType":\s*"Appointment",', chance.choice(wrong), text, count=1)


def _xml_syntax(chance: random.Random, text: str) -> str:
    kinds = [
        lambda: text.rstrip()[:-1],
        lambda: text + "<a/>",
        lambda: text + "x",
        lambda: text.replace("/>", ">", 1),
        lambda: text.replace("<status", "<Status", 1),
        lambda: _one(chance, _VALUE, text, lambda _: " value=a"),
        lambda: _one(chance, _VALUE, text, lambda found: found[0] + found[0]),
        lambda: text.replace("</Appointment>", "&nbsp;</Appointment>"),
        lambda: text.replace("</Appointment>", "&#0;</Appointment>"),
        lambda: _one(chance, _VALUE, text, lambda _: ' value="a<b"'),
        lambda: text[: len(text) // 2],
    ]
    return chance.choice(kinds)()


def _xml_order(chance: random.Random, text: str) -> str:
    found = list(_LEAF.finditer(text))
    if len(found) < 2:
        return text
    one, other = sorted(chance.sample(found, 2), key=lambda each: each.start())
    return text[: one.start()] + other[0] + text[one.end() : other.start()] + one[0] + text[other.end() :]


def _xml_attribute(chance: random.Random, text: str) -> str:
    added = chance.choice(
        [
            ' foo="a"',
            ' id="a b"',
            ' id=""',
            ' url="http://x.test"',
            ' xml:id="a"',
            ' xml:lang="en"',
            ' xmlns:x="http://x.test" x:a="b"',
        ]
    )
    return _one(chance, _LEAF, text, lambda found: f"<{found[1]}{found[2] or ''}{added}/>")


def _xml_root_attribute(chance: random.Random, text: str) -> str:
    added = [
        ' id="a"',
        ' foo="a"',
        f'{_XSI} xsi:schemaLocation="http://hl7.org/fhir a.xsd"',
        f'{_XSI} xsi:type="Appointment"',
        ' value="a"',
        ' xml:lang="en"',
        ' xmlns:x="http://x.test"',
    ]
    return text.replace("<Appointment ", f"<Appointment{chance.choice(added)} ", 1)


def _xml_text(chance: random.Random, text: str) -> str:
    added = chance.choice(
        ["text", "<![CDATA[text]]>", "&#32;", "\n\n", "<!-- comment -->", "<?target data?>", "<![CDATA[ ]]>", "\u00a0"]
    )
    return _one(chance, _LEAF, text, lambda found: found[0] + added)


def _xml_inside(chance: random.Random, text: str) -> str:
    inside = chance.choice(
        ["text", " ", "<!-- comment -->", "<value/>", '<extension url="http://x.test/a"/>', "<a/>", ""]
    )
    return _one(chance, _LEAF, text, lambda found: f"<{found[1]}{found[2] or ''}>{inside}</{found[1]}>")


def _xml_namespace(chance: random.Random, text: str) -> str:
    kinds = [
        lambda: text.replace(' xmlns="http://hl7.org/fhir"', "", 1),
        lambda: text.replace("http://hl7.org/fhir", "http://hl7.org/fhir/", 1),
        lambda: text.replace("http://hl7.org/fhir", "urn:hl7-org:v3", 1),
        lambda: _one(chance, _LEAF, text, lambda found: f'<{found[1]}{found[2] or ""} xmlns="http://x.test"/>'),
        lambda: _one(
            chance, _LEAF, text, lambda found: f'<x:{found[1]}{found[2] or ""} xmlns:x="http://hl7.org/fhir"/>'
        ),
        lambda: _one(chance, _LEAF, text, lambda found: found[0] + '<x:a xmlns:x="http://x.test" value="a"/>'),
    ]
    return chance.choice(kinds)()


def _xml_value(chance: random.Random, text: str) -> str:
    value = chance.choice(["", ' value=""', ' Value="a"', f'{_XSI} xsi:nil="true"', ' value=" "'])
    return _one(chance, _VALUE, text, lambda _: value)


def _xml_prologue(chance: random.Random, text: str) -> str:
    body = text.partition("?>\n")[2] if text.startswith("<?xml") else text
    before = [
        "<!DOCTYPE Appointment>",
        '<!DOCTYPE Appointment [<!ENTITY e "booked">]>',
        "<!-- comment -->",
        "<?target data?>",
        '<?xml version="1.1"?>',
        "\n",
        "text",
    ]
    return chance.choice(before) + body


def _xml_root(chance: random.Random, text: str) -> str:
    name = chance.choice(["appointment", "Patient", "Nonsense", "Bundle"])
    return text.replace("<Appointment ", f"<{name} ", 1).replace("</Appointment>", f"</{name}>")


JSON_DAMAGES: dict[str, DamageText] = {
    "JSON syntax": _json_syntax,
    "JSON member twice": _json_duplicate,
    "JSON null or number": _json_null,
    "JSON escape": _json_escape,
    "JSON resourceType": _json_resource_type,
}

XML_DAMAGES: dict[str, DamageText] = {
    "XML syntax": _xml_syntax,
    "XML order": _xml_order,
    "XML attribute": _xml_attribute,
    "XML root attribute": _xml_root_attribute,
    "XML text": _xml_text,
    "XML inside a primitive": _xml_inside,
    "XML namespace": _xml_namespace,
    "XML value": _xml_value,
    "XML prologue": _xml_prologue,
    "XML root": _xml_root,
}
