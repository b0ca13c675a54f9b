"""An answer and its headers: its own, and those that it has in common with others."""

from http import HTTPStatus

from multidict import CIMultiDict

from registry_sandbox.http.response import NOTHING_IN_COMMON, InCommon, Response

COMMON = InCommon((("Server", "ours"),), "Server: ours")


def answer() -> Response:
    """Return an answer with a header of its own, and one in common."""
    return Response(HTTPStatus.OK, headers=CIMultiDict({"ETag": "1"}), common=COMMON)


def test_all_headers_are_in_the_order_in_which_they_are_sent() -> None:
    """Who changes what is returned changes no answer: the journal is read in threads while answers are sent."""
    made = answer()
    shown = made.all_headers
    assert list(shown.items()) == [("ETag", "1"), ("Server", "ours")]
    shown["ETag"] = "2"
    assert (made.headers, made.common) == (CIMultiDict({"ETag": "1"}), COMMON)


def test_what_is_taken_in_can_be_changed_for_this_answer_alone() -> None:
    """So a fault sets another Server, and other answers keep theirs."""
    made, other = answer(), answer()
    made.take_in_common()
    made.headers["Server"] = "theirs"
    assert made.common is NOTHING_IN_COMMON
    assert [made.all_headers["Server"], other.all_headers["Server"]] == ["theirs", "ours"]
