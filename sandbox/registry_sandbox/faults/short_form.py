"""The short form of a rule: `INTERACTION[/ID]:THEN[+THEN...][@WHEN[,WHEN...]]`, as in `cancel:500@10%`.

It is turned into the long form, which is then read.
"""

import re
from typing import Any

from registry_sandbox.faults.effect import Effect, is_flat, vocabulary
from registry_sandbox.faults.fields import BadFault, Member, from_text, may_be_bare, members, shown
from registry_sandbox.faults.kinds import UNITS_S
from registry_sandbox.faults.rule import Rule, bare_words, owners, read_rule
from registry_sandbox.faults.when import When

_EXPECTED = "expected INTERACTION[/ID]:THEN[+THEN...][@WHEN[,WHEN...]], such as cancel:500@10%"
_WHENS = "expected 10% or 0.1 (a share), x2 (twice), #3 (the third), 30s..90s (a window), skip=, every=, per="
_LONGEST = 10_000  # it is read character by character, while all other requests wait
_WINDOW = re.compile(r"((?:\d[\d.]*(?:ms|s|m|h|d))?)\.\.((?:\d[\d.]*(?:ms|s|m|h|d))?)", re.ASCII)


def read_short_form(text: str, place: str, default_id: str) -> Rule:
    """Read a short form.

    Raises:
        BadFault: the text is no short form, or its rule cannot be used.
    """
    about = f"{place} {shown(text)}" if place else shown(text)
    return read_rule(long_form(text, about), about, default_id)


def long_form(text: str, place: str) -> dict[str, Any]:
    """Return the long form, as JSON, that a short form stands for. Its values are not checked yet.

    Raises:
        BadFault: the text is no short form.
    """
    if len(text) > _LONGEST:
        raise BadFault(f"{place} has {len(text):,} characters; expected at most {_LONGEST:,}, or the long form")
    target, colon, rest = text.partition(":")
    if not colon or not target.strip() or not rest.strip():
        raise BadFault(f"{place}: {_EXPECTED}")
    then, *whens = _split(rest, "@")
    if len(whens) > 1:
        raise BadFault(f"{place}: more than one @; {_EXPECTED}")
    spec: dict[str, Any] = {"match": _match(target.strip()), "then": _then(then, place)}
    if whens:
        spec["when"] = _when(whens[0], place)
    return {key: value for key, value in spec.items() if value}


def _split(text: str, separator: str) -> list[str]:
    """Split the text, but not inside the brackets and quotes of JSON values."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, character in enumerate(text):
        if character == '"' and text[at - 1] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (character in "{[") - (character in "}]")
            if character == separator and depth <= 0:
                parts.append(text[start:at].strip())
                start = at + 1
    return [*parts, text[start:].strip()]


def split_several(text: str) -> list[str]:
    """Return the rules of a text in which semicolons separate them."""
    return [each for each in _split(text, ";") if each]


def _match(target: str) -> dict[str, Any]:
    interaction, slash, logical_id = target.partition("/")
    match: dict[str, Any] = {} if interaction == "*" else {"interaction": interaction}
    return {**match, "id": logical_id} if slash else match


def _then(text: str, place: str) -> dict[str, Any]:
    then: dict[str, Any] = {}
    for part in _split(text, "+"):
        key, value = _then_part(part, place)
        if key in then:
            raise BadFault(f"{place}: {key} is given twice; expected it once")
        then[key] = value
    return then


def _then_part(part: str, place: str) -> tuple[str, Any]:
    if re.fullmatch(r"\d{3}", part, re.ASCII):
        return "status", int(part)
    if part == "commit":
        return "commit", True
    if part in bare_words():
        return "wire", part
    key, equals, value = part.partition("=")
    if equals and key == "wire":
        return key, value
    named = _named(key)
    if named is not None and not equals and may_be_bare(named[1].kind):
        return key, True
    if named is None or not equals:
        keys = [f"{each}=" for each in sorted(owners()) if each != "wire"]
        expected = f"a status such as 503, commit, {', '.join([*bare_words(), *keys])}"
        raise BadFault(f"{place}: {shown(part)} is not an effect; expected {expected}")
    effect, member = named
    several = effect.from_text(value)
    return key, several if several is not None else _settings(effect, member, value)


def _settings(effect: type[Effect], member: Member, text: str) -> Any:
    if is_flat(effect) or "/" not in text or text[:1] in '{["':
        return from_text(member.kind, text)
    return {each.name: from_text(each.kind, one) for each, one in zip(members(effect), text.split("/"), strict=False)}


def _named(key: str) -> tuple[type[Effect], Member] | None:
    """Return the effect of a key of `then` and the member that it sets: the one so named, or the first."""
    word = owners().get(key)
    if not word:
        return None
    effect = vocabulary()[word]
    known = members(effect)
    return effect, next((each for each in known if each.name == key), known[0])


def _when(text: str, place: str) -> dict[str, Any]:
    when: dict[str, Any] = {}
    for part in _split(text, ","):
        for key, value in _when_part(part, place).items():
            if key == "nth" and key in when:
                when[key] = [*when[key], *value]
            elif key in when:
                raise BadFault(f"{place}: {key} is given twice; expected it once")
            else:
                when[key] = value
    return when


def _when_part(part: str, place: str) -> dict[str, Any]:
    if re.fullmatch(r"\d+(\.\d+)?%", part, re.ASCII):
        return {"probability": round(float(part[:-1]) / 100, 12)}
    if re.fullmatch(r"\d*\.\d+", part, re.ASCII):
        return {"probability": float(part)}
    if re.fullmatch(r"x\d{1,9}", part, re.ASCII):
        return {"times": int(part[1:])}
    if re.fullmatch(r"#\d{1,9}", part, re.ASCII):
        return {"nth": [int(part[1:])]}
    if re.fullmatch(r"\d+", part, re.ASCII):
        raise BadFault(
            f"{place}: @{part} is ambiguous; expected {part}% or 0.{part} (a share), x{part} (times) or #{part} (nth)"
        )
    window = _WINDOW.fullmatch(part)
    if window is not None and (window[1] or window[2]):
        return _window(window[1], window[2], place)
    return _named_when(part, place)


def _window(begin: str, end: str, place: str) -> dict[str, Any]:
    when: dict[str, Any] = {"after": begin} if begin else {}
    if not end:
        return when
    lasts_s = _seconds(end, place) - (_seconds(begin, place) if begin else 0.0)
    if lasts_s <= 0:
        raise BadFault(f"{place}: the window {begin}..{end} ends before it begins; expected one such as 30s..90s")
    return {**when, "for": f"{round(lasts_s, 6):g}s" if lasts_s < 10**5 else round(lasts_s, 6)}


def _seconds(text: str, place: str) -> float:
    number = text.rstrip("msdh")
    try:
        return float(number) * UNITS_S[text[len(number) :]]
    except ValueError:
        raise BadFault(f"{place}: '{text}' is not a time span; expected one such as 30s") from None


def _named_when(part: str, place: str) -> dict[str, Any]:
    key, equals, value = part.partition("=")
    known = {each.name: each for each in members(When)}
    if not equals or key not in known:
        raise BadFault(f"{place}: {shown(part)} is not a condition; {_WHENS}")
    return {key: from_text(known[key].kind, value)}
