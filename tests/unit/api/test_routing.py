"""Routing: what is a path of the API, and what is an id."""

from tests.unit.api.exchanges import Exchanges


def test_a_word_of_another_path_is_no_id() -> None:
    """`_search` stands below another type: below this one it is no path, so no method is wrong for it."""
    api = Exchanges()
    assert api.ask("PUT", "StructureDefinition/_search").status == 404
    assert api.ask("PUT", "StructureDefinition/some-id").status == 405
