"""The registry: versions kept for ever, and compare-and-set."""

from datetime import UTC, datetime

import pytest

from registry_sandbox.fhir import json
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.http.errors import NoRecordFound, VersionConflict
from registry_sandbox.registry.store import Registry, pointers_of
from registry_sandbox.registry.version import History

AT = datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 13, 0, 0, tzinfo=UTC)


def resource(status: str = "booked") -> Resource:
    """Return what is stored of an appointment, as far as the registry cares."""
    identifier = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9991000011"}
    return {
        "resourceType": "Appointment",
        "identifier": [{"value": "https://provider.example.test/1"}],
        "status": status,
        "end": "2031-01-01T00:00:00Z",
        "participant": [{"actor": {"identifier": identifier}}],
    }


@pytest.fixture
def registry() -> Registry:
    """A registry with one appointment, called `a`."""
    made = Registry(lambda sent, _: json.dumps(sent), json.parse)
    made.create(resource(), logical_id="a", at=AT)
    return made


def test_a_version_is_stamped_by_the_server(registry: Registry) -> None:
    """Its id, version id and instant of change are the registry's."""
    version = registry.current("a")
    assert version.resource()["id"] == "a"
    assert version.resource()["meta"] == {"versionId": "1", "lastUpdated": "2026-11-22T12:00:00.123+00:00"}
    assert version.etag == 'W/"1"'


def test_what_a_client_says_of_version_and_time_is_not_kept(registry: Registry) -> None:
    """Nor what it puts beside them as an extension; the rest of meta is."""
    beside = {"extension": [{"url": "https://provider.example.test/note", "valueString": "mine"}]}
    own = {"versionId": "7", "_versionId": beside, "lastUpdated": "2001-01-01T00:00:00Z", "_lastUpdated": beside}
    kept = {"profile": ["https://provider.example.test/profile"], "_profile": [beside], "tag": [{"code": "mine"}]}
    sent = {**resource(), "id": "theirs", "meta": {**own, **kept}}
    stored = registry.create(sent, logical_id="b", at=AT).version.resource()
    assert stored["id"] == "b"
    assert stored["meta"] == {"versionId": "1", "lastUpdated": "2026-11-22T12:00:00.123+00:00", **kept}
    updated = registry.update("b", sent, expected=1, at=LATER).version.resource()
    assert updated["meta"] == {"versionId": "2", "lastUpdated": "2026-11-22T13:00:00.000+00:00", **kept}


def test_what_was_sent_is_left_as_it_was(registry: Registry) -> None:
    """The stamp is put on a copy: the caller may have more to do with its resource."""
    sent = {**resource(), "meta": {"versionId": "7", "tag": [{"code": "mine"}]}}
    registry.create(sent, logical_id="b", at=AT)
    assert sent == {**resource(), "meta": {"versionId": "7", "tag": [{"code": "mine"}]}}


def test_an_update_leaves_the_version_before_unchanged(registry: Registry) -> None:
    """Both are readable."""
    before = registry.current("a").json
    registry.update("a", resource("cancelled"), expected=1, at=LATER)
    assert registry.version("a", "1").json == before
    assert registry.version("a", "2").resource()["status"] == "cancelled"


def test_an_update_from_another_version_is_a_conflict_and_changes_nothing(registry: Registry) -> None:
    """Of two writers who read the same version, one wins."""
    registry.update("a", resource("cancelled"), expected=1, at=LATER)
    with pytest.raises(VersionConflict):
        registry.update("a", resource(), expected=1, at=LATER)
    assert len(registry.history("a")) == 2


@pytest.mark.parametrize("expected", [2, 3, 0, -1])
def test_an_update_from_a_version_that_is_not_there_is_a_conflict(registry: Registry, expected: int) -> None:
    """Neither one that is to come nor one that never was; the message names both."""
    with pytest.raises(VersionConflict, match=rf'current version is W/"1", no longer W/"{expected}"'):
        registry.update("a", resource("cancelled"), expected=expected, at=LATER)
    assert [each.number for each in registry.history("a")] == [1]
    assert registry.current("a").resource()["status"] == "booked"


def test_an_update_of_what_is_not_there_makes_nothing(registry: Registry) -> None:
    """The registry creates under ids of its own only."""
    with pytest.raises(NoRecordFound, match="no Appointment with the id 'b'"):
        registry.update("b", resource(), expected=1, at=LATER)
    assert list(registry.ids()) == ["a"]


def test_an_id_is_given_once(registry: Registry) -> None:
    """A second appointment under it would hide the first."""
    with pytest.raises(ValueError, match="the id a is taken"):
        registry.create(resource("cancelled"), logical_id="a", at=LATER)
    assert registry.current("a").resource()["status"] == "booked"


def test_what_is_forgotten_is_found_no_more(registry: Registry) -> None:
    """Neither by its id, nor by its patient, nor by its pointer."""
    registry.clear()
    assert (len(registry), "a" in registry, registry.latest("a")) == (0, False, None)
    assert registry.of_patient("9991000011") == []
    assert not registry.knows_pointer("https://provider.example.test/1")


def test_an_update_that_names_another_patient_is_found_by_both(registry: Registry) -> None:
    """The rules let none through; what is stored all the same is not lost."""
    other = resource()
    other["participant"][0]["actor"]["identifier"]["value"] = "9991000038"
    registry.update("a", other, expected=1, at=LATER)
    assert [each.number for each in registry.of_patient("9991000038")] == [2]


@pytest.mark.parametrize("version_id", ["0", "2", "-1", "01", "1.0", "\u0661", ""])
def test_a_version_is_found_by_its_exact_id(registry: Registry, version_id: str) -> None:
    """No other spelling will do."""
    with pytest.raises(NoRecordFound, match="versions 1 to 1"):
        registry.version("a", version_id)


def test_a_patient_has_the_current_versions_of_their_appointments(registry: Registry) -> None:
    """Each once, whatever the number of versions."""
    registry.update("a", resource("cancelled"), expected=1, at=LATER)
    registry.create(resource(), logical_id="b", at=AT)
    assert [each.logical_id for each in registry.of_patient("9991000011")] == ["a", "b"]
    assert list(registry.of_patient("9991000038")) == []


def test_pointers_are_known_once_they_are_registered(registry: Registry) -> None:
    """So that duplicates can be refused."""
    assert registry.knows_pointer("https://provider.example.test/1")
    assert not registry.knows_pointer("https://provider.example.test/2")


def test_a_pointer_stays_known_when_others_come(registry: Registry) -> None:
    """However many there are; an identifier without a value is none."""
    other = {
        **resource(),
        "identifier": [{"system": "urn:ietf:rfc:3986"}, {"value": "https://provider.example.test/2"}],
    }
    registry.create(other, logical_id="b", at=AT)
    assert registry.knows_pointer("https://provider.example.test/1")
    assert registry.knows_pointer("https://provider.example.test/2")


class TestContents:
    """What was made elsewhere takes the place of all that is there, in one step."""

    @staticmethod
    def other(registry: Registry) -> Registry:
        """Return a registry with one appointment of two versions, called `b`, of another patient."""
        sent = resource()
        sent["identifier"][0]["value"] = "https://provider.example.test/2"
        sent["participant"][0]["actor"]["identifier"]["value"] = "9991000038"
        made = registry.empty()
        versions = [made.encoded(sent, "b", number, AT).version for number in (1, 2)]
        made.add(History(versions, pointers_of(sent)))
        return made

    def test_a_history_is_found_as_if_it_had_been_written(self, registry: Registry) -> None:
        """By its id, its patient and its pointer; and the id is given once."""
        other = self.other(registry)
        assert [each.number for each in other.history("b")] == [1, 2]
        assert [each.number for each in other.of_patient("9991000038")] == [2]
        assert other.knows_pointer("https://provider.example.test/2")
        with pytest.raises(ValueError, match="the id b is taken"):
            other.add(History(list(other.history("b")), ()))

    def test_two_registries_exchange_everything(self, registry: Registry) -> None:
        """Appointments, patients and pointers; whoever began before can see it."""
        other, before = self.other(registry), registry.generation
        registry.exchange_contents(other)
        assert (list(registry.ids()), list(other.ids())) == (["b"], ["a"])
        assert registry.of_patient("9991000011") == []
        assert [each.logical_id for each in other.of_patient("9991000011")] == ["a"]
        assert registry.knows_pointer("https://provider.example.test/2")
        assert not registry.knows_pointer("https://provider.example.test/1")
        assert registry.generation != before

    def test_what_is_removed_step_by_step_is_gone_at_the_end(self, registry: Registry) -> None:
        """And whoever reads an appointment in the meantime keeps it whole."""
        history = registry.history("a")
        assert len(list(registry.removing())) == 3
        assert (len(registry), registry.of_patient("9991000011")) == (0, [])
        assert not registry.knows_pointer("https://provider.example.test/1")
        assert [each.number for each in history] == [1]
