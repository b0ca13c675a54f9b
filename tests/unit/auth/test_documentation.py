"""docs/tokens.md compared with the code: the token of every curl line is refused with the messages of its row.

The lines are interpreted here, without a server: the token of the inner `curl` is made from the same specification, and
the Authorization headers of the outer one are verified.
"""

import itertools
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from registry_sandbox.api.interactions import declared
from registry_sandbox.auth.groups import READERS, WRITERS
from registry_sandbox.auth.issue.issuer import Issuer
from registry_sandbox.auth.issue.token_spec import read_token_spec
from registry_sandbox.auth.verify.authorisation import require_authorisation
from registry_sandbox.auth.verify.verifier import TokenVerifier
from registry_sandbox.http.errors import AccessDenied

NOW = 1_547_802_000
BASE = "http://127.0.0.1:8080/STU3"
PAGE = (Path(__file__).parents[3] / "docs" / "tokens.md").read_text(encoding="utf-8")

SECTION = re.compile(
    r"^## .*?--auth (?P<mode>\w+).*?^\| what is wrong \|(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)
ROW = re.compile(r"^\| (?P<wrong>[^|]+?) \| (?P<says>`[^|]+`) \|$", re.MULTILINE)
CURL = re.compile(r"^# (?P<wrong>.+)\n(?P<line>curl .+)$", re.MULTILINE)
TOKEN = re.compile(r"\$\(curl -sSg '([^']+)'\)")
ZEROS = re.compile(r"\$\(printf '%0(\d+)d' 0\)")


def rows() -> list[tuple[str, str, str, list[str]]]:
    """Return for each row: the mode, what is wrong, the curl line, and the messages of the outcome."""
    found = []
    for section in SECTION.finditer(PAGE):
        lines = {match["wrong"]: match["line"] for match in CURL.finditer(section["body"])}
        messages = {match["wrong"]: re.findall(r"`([^`]+)`", match["says"]) for match in ROW.finditer(section["body"])}
        assert list(lines) == list(messages), "the curl lines below a table are not those of its rows"
        found += [(section["mode"], wrong, lines[wrong], says) for wrong, says in messages.items()]
    return found


def provoked(line: str, verifier: TokenVerifier, issuer: Issuer) -> list[str]:
    """Return the messages that this curl line leads to."""
    arguments = shlex.split(line)
    values = [value for flag, value in itertools.pairwise(arguments) if flag == "-H"]
    authorization = [re.split(r"[:;]", value, maxsplit=1)[1].strip() for value in values]

    def made(match: re.Match[str]) -> str:
        spec = read_token_spec(parse_qsl(urlsplit(match[1]).query, keep_blank_values=True))
        return spec.issue(issuer, BASE, NOW)

    tokens = [ZEROS.sub(lambda match: "0" * int(match[1]), TOKEN.sub(made, value)) for value in authorization]
    code = "create" if "POST" in arguments else "read"
    interaction = next(each for each in declared() if each.code == code)
    with pytest.raises(AccessDenied) as refusal:
        require_authorisation(verifier.verify(tokens, [BASE], NOW).client, interaction)
    return [finding.message for finding in refusal.value.findings]


def test_there_are_rows_of_both_kinds() -> None:
    """The page could be read at all."""
    assert {mode for mode, *_ in rows()} == {"registry", "spine"}
    assert len(rows()) > 50


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]}: {row[1]}")
def test_an_error_is_reported_as_the_table_says(
    row: tuple[str, str, str, list[str]], make_verifier: Callable[..., TokenVerifier], issuer: Issuer
) -> None:
    """The findings are those of the row, word by word; three dots stand for what depends on the sandbox."""
    mode, _, line, says = row
    found = provoked(line, make_verifier(mode), issuer)
    assert len(found) == len(says)
    for message, expected in zip(found, says, strict=True):
        assert re.fullmatch(re.escape(expected).replace("…", ".+"), message)


def test_every_checked_claim_has_its_rows() -> None:
    """A claim that is missing and one that is wrong are in the table of each mode."""
    registry = {"iat", "nbf", "exp", "iss", "appid", "aud", "groups"}
    spine = {
        *("iss", "sub", "aud", "exp", "iat", "reason_for_request", "requested_scope"),
        *("requesting_device", "requesting_organization"),
    }
    for mode, claims in (("registry", registry), ("spine", spine)):
        wrong = {what for row_mode, what, *_ in rows() if row_mode == mode}
        assert {f"`{claim}` missing" for claim in claims} <= wrong
        assert {f"`{claim}` wrong" for claim in claims} <= wrong


def test_the_groups_are_those_of_the_code() -> None:
    """Whoever puts them in their own tokens can copy them from the page."""
    assert f"| readers | `{READERS}` |" in PAGE
    assert f"| writers | `{WRITERS}` |" in PAGE
