"""The order of the checks: a request that is wrong in several ways is told of the first (registry.md section 3)."""

import pytest

from tests.spec.conversation import Registry, appointment, encoded

LARGE = b" " * 1_048_577


class TestEachStepSpeaksBeforeTheNext:
    """Two faults at once: the earlier step answers."""

    def test_the_token_before_the_route(self, registry: Registry) -> None:
        """403 before 404."""
        assert registry.ask("DELETE", "/Nothing", Authorization=None).status == 403

    def test_the_route_before_the_formats(self, registry: Registry) -> None:
        """404 and 405 before 406."""
        assert registry.get("/Nothing", Accept="text/html").status == 404
        assert registry.ask("DELETE", "/Appointment/unknown", Accept="text/html").status == 405

    def test_the_formats_before_the_size(self, registry: Registry) -> None:
        """415 before 413."""
        assert registry.ask("POST", "/Appointment", LARGE, Content_Type="text/plain").status == 415

    def test_the_size_before_the_resource(self, registry: Registry) -> None:
        """413 before 404."""
        assert registry.ask("PUT", "/Appointment/unknown", LARGE).status == 413

    def test_the_resource_before_if_match(self, registry: Registry) -> None:
        """404 before 412."""
        assert registry.update(appointment(id="unknown"), None).status == 404

    def test_if_match_before_the_body(self, registry: Registry) -> None:
        """412 and 409 before 400."""
        path = "/Appointment/booked-tomorrow"
        assert registry.ask("PUT", path, b"{").status == 412
        assert registry.ask("PUT", path, b"{", If_Match='W/"9"').status == 409
        assert registry.ask("PUT", path, b"{", If_Match='W/"1"').status == 400

    def test_the_id_before_the_profile(self, registry: Registry) -> None:
        """400 before 422."""
        wrong = {"resourceType": "Appointment", "id": "another"}
        path = "/Appointment/booked-tomorrow"
        assert registry.ask("PUT", path, encoded(wrong, registry.format), If_Match='W/"1"').status == 400

    def test_the_profile_before_the_rules(self, registry: Registry) -> None:
        """What does not conform is not held to the rules too."""
        answer = registry.register(appointment(id="mine", start=None))
        assert answer.status == 422
        assert ("business-rule", "MSG_RESOURCE_ID_FAIL") not in answer.issues

    @pytest.mark.parametrize("query", ["?x=y", "?_summary=true"])
    def test_the_resource_before_the_query(self, registry: Registry, query: str) -> None:
        """404 before 400."""
        assert registry.get(f"/Appointment/unknown{query}").status == 404
        assert registry.get(f"/Appointment/booked-tomorrow{query}").status == 400
