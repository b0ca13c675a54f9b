"""A place in a resource is told in two ways."""

from registry_sandbox.fhir.place import Place


def test_a_place_is_named_for_people_and_as_xpath() -> None:
    """Positions count from 0 as in JSON, and from 1 in XPath; a contained resource is an element of its own."""
    patient = Place(None, "Appointment").to("contained", 1).holding("Slot")
    place = patient.to("_status").to("extension", 0)
    assert str(place) == "Appointment.contained[1]._status.extension[0]"
    assert place.xpath() == "/f:Appointment/f:contained[2]/f:Slot/f:status/f:extension[1]"
    assert place.named() == "Appointment.contained.status.extension"
    assert place.depth == 5


def test_the_narratives_div_is_of_another_namespace() -> None:
    """XPath says so by another prefix."""
    assert Place(None, "Appointment").to("text").to("div").xpath() == "/f:Appointment/f:text/h:div"
