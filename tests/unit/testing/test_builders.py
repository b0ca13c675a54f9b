"""Builders give what the registry takes, with nothing changed but what was named."""

from datetime import datetime

import pytest

from registry_sandbox.reading.codec import Codec
from registry_sandbox.testing import builders
from registry_sandbox.validation.profiles import Profiles


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    """The shipped profiles."""
    return Profiles.load(())


class TestAppointment:
    """An appointment to register."""

    def test_conforms(self, profiles: Profiles) -> None:
        """It has no finding at all, not even a warning."""
        assert profiles.validate(builders.appointment()) == []

    def test_changes_one_element_by_keyword(self) -> None:
        """Only the element that is named differs."""
        plain, changed = builders.appointment(), builders.appointment(status="cancelled")
        assert {name for name in plain if plain[name] != changed[name]} == {"status"}

    def test_leaves_an_element_out(self) -> None:
        """None leaves it out."""
        assert builders.appointment().keys() - builders.appointment(end=None).keys() == {"end"}

    def test_is_for_whom_and_when_it_is_told(self) -> None:
        """The patient, the pointer and the time have words of their own."""
        built = builders.appointment(
            nhs_number="9991000011",
            pointer="https://provider.example.test/1",
            at=datetime.fromisoformat("2019-02-01T10:00:00+00:00"),
        )
        assert built["participant"][0]["actor"]["identifier"]["value"] == "9991000011"
        assert built["identifier"][0]["value"] == "https://provider.example.test/1"
        assert (built["start"], built["end"]) == ("2019-02-01T10:00:00.000+00:00", "2019-02-01T10:10:00.000+00:00")

    def test_does_not_share_what_it_was_given(self) -> None:
        """To change what was built changes nothing that was passed in."""
        given = [builders.patient("9991000011")]
        builders.appointment(participant=given)["participant"][0]["status"] = "declined"
        assert given[0]["status"] == "accepted"

    def test_refuses_a_time_without_a_zone(self) -> None:
        """An instant needs a zone."""
        with pytest.raises(ValueError, match="has no time zone"):
            builders.appointment(at=datetime.fromisoformat("2019-02-01T10:00:00"))


class TestCancelled:
    """What is PUT in order to cancel."""

    def test_differs_in_the_status_only(self) -> None:
        """All is as it was, but the status."""
        registered = builders.appointment(id="a", meta={"versionId": "1"})
        assert builders.cancelled(registered) == {**registered, "status": "cancelled"}


class TestAsXml:
    """The same resource in XML."""

    def test_reads_back_the_same(self) -> None:
        """What the codec reads from it is what was built."""
        built = builders.appointment()
        assert Codec().read(builders.as_xml(built), "xml", ("Appointment",)).resource == built
