"""A FHIR client that we did not write, fhirpy, holds the whole conversation: with requests, and with aiohttp."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import ForbiddenError, MultipleResourcesFound, OperationOutcome, ResourceNotFound

from registry_sandbox.testing.running import RegistrySandbox
from tests.spec.conversation import appointment

PATIENT = "https://fhir.nhs.uk/Id/nhs-number|9990001111"

Connect = Callable[..., SyncFHIRClient]


@pytest.fixture
def connect(running: RegistrySandbox) -> Connect:
    """Make fhirpy's clients for a registry as it is at its start, each with headers of its own."""
    httpx.post(f"{running.control_url}/reset").raise_for_status()
    token = httpx.get(f"{running.control_url}/token").text.strip()

    def connect(token: str = token, **headers: str) -> SyncFHIRClient:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return SyncFHIRClient(running.base_url, authorization=f"Bearer {token}", extra_headers=sent)

    return connect


def registered(client: SyncFHIRClient) -> Any:
    """Register an appointment."""
    created = client.resource("Appointment", **appointment())
    created.save()
    return created


def cancelled(of: Any) -> dict[str, Any]:
    """Return what was read, cancelled."""
    return {**of, "status": "cancelled"}


def issue_of(outcome: OperationOutcome) -> tuple[str, str]:
    """Return the code of the only issue, and what it says."""
    [issue] = outcome.resource["issue"]
    return issue["code"], issue["diagnostics"]


class TestSuccess:
    """What fhirpy asks for, it gets."""

    def test_metadata(self, connect: Connect) -> None:
        """The CapabilityStatement says STU3 and names the interactions that fhirpy is about to use."""
        statement = connect().execute("metadata", method="get")
        [resource] = [each for each in statement["rest"][0]["resource"] if each["type"] == "Appointment"]
        assert statement["fhirVersion"] == "3.0.1"
        assert {"create", "read", "update", "search-type"} <= {each["code"] for each in resource["interaction"]}

    def test_create(self, connect: Connect) -> None:
        """`save` registers, and takes over the id and the version that the registry assigned."""
        created = registered(connect())
        assert created.id
        assert created["meta"]["versionId"] == "1"

    def test_read(self, connect: Connect) -> None:
        """A reference resolves to what was registered."""
        client = connect()
        created = registered(client)
        assert dict(client.reference("Appointment", created.id).to_resource()) == dict(created)

    def test_vread(self, connect: Connect) -> None:
        """A version is read by its path, since fhirpy has no word for it."""
        client = connect()
        created = registered(client)
        version = client.execute(f"Appointment/{created.id}/_history/1", method="get")
        assert version == dict(created)

    @pytest.mark.parametrize(
        "asked", [{"patient__identifier": PATIENT}, {"Patient": PATIENT}, {"actor__Patient__identifier": PATIENT}]
    )
    def test_search(self, connect: Connect, asked: dict[str, str]) -> None:
        """The spelling that fhirpy makes of a chain finds the appointment; so does a spelling of the pages."""
        client = connect()
        created = registered(client)
        found = client.resources("Appointment").search(**asked)
        assert [each.id for each in found.fetch()] == [created.id]
        assert [each.id for each in found.fetch_all()] == [created.id]

    def test_refresh(self, connect: Connect) -> None:
        """`refresh` sends If-None-Match without quotes, which names no version: the answer is the whole resource."""
        created = registered(connect())
        before = dict(created)
        created["status"] = "noshow"
        created.refresh()
        assert dict(created) == before

    def test_cancel(self, connect: Connect) -> None:
        """An update under If-Match cancels; the version in the body is the next."""
        created = registered(connect())
        update = connect(If_Match='W/"1"').resource("Appointment", **cancelled(created))
        update.save()
        assert (update["status"], update["meta"]["versionId"]) == ("cancelled", "2")

    def test_validate(self, connect: Connect) -> None:
        """`is_valid` understands the findings of $validate."""
        client = connect()
        assert client.resource("Appointment", **appointment()).is_valid()
        assert not client.resource("Appointment", **appointment(status="noshow")).is_valid()


class TestFailure:
    """What the registry refuses, fhirpy raises as what it is."""

    def test_conflict(self, connect: Connect) -> None:
        """A second cancel from the same reading is a 409: an OperationOutcome with the code `conflict`."""
        created = registered(connect())
        client = connect(If_Match='W/"1"')
        client.resource("Appointment", **cancelled(created)).save()
        with pytest.raises(OperationOutcome) as refused:
            client.resource("Appointment", **cancelled(created)).save()
        code, diagnostics = issue_of(refused.value)
        assert code == "conflict"
        assert 'W/"2"' in diagnostics

    def test_no_if_match(self, connect: Connect) -> None:
        """Without If-Match it is a 412, which fhirpy calls MultipleResourcesFound; its text says what was missing."""
        created = registered(connect())
        with pytest.raises(MultipleResourcesFound, match="If-Match is missing"):
            connect().resource("Appointment", **cancelled(created)).save()

    def test_a_patch(self, connect: Connect) -> None:
        """The registry has no patch: 405, `not-supported`."""
        created = registered(connect())
        with pytest.raises(OperationOutcome) as refused:
            created.patch(status="cancelled")
        assert issue_of(refused.value)[0] == "not-supported"

    def test_a_limit(self, connect: Connect) -> None:
        """`first`, `get`, `limit` and `count` add _count, which the registry does not support: 400 names it."""
        with pytest.raises(OperationOutcome) as refused:
            connect().resources("Appointment").search(patient__identifier=PATIENT).first()
        code, diagnostics = issue_of(refused.value)
        assert code == "invalid"
        assert "_count" in diagnostics

    def test_an_unknown_id(self, connect: Connect) -> None:
        """404 is ResourceNotFound."""
        with pytest.raises(ResourceNotFound, match="NO_RECORD_FOUND"):
            connect().reference("Appointment", "nowhere").to_resource()

    def test_a_bad_token(self, connect: Connect) -> None:
        """403 is ForbiddenError, with the OperationOutcome as its text."""
        with pytest.raises(ForbiddenError) as refused:
            connect("no.token.atall").execute("metadata", method="get")
        assert json.loads(str(refused.value))["resourceType"] == "OperationOutcome"


def test_the_whole_conversation_with_aiohttp(running: RegistrySandbox) -> None:
    """The asynchronous client does the same: create, search, cancel, conflict."""

    async def converse(token: str) -> None:
        client = AsyncFHIRClient(running.base_url, authorization=f"Bearer {token}", extra_headers={"If-Match": 'W/"1"'})
        created = client.resource("Appointment", **appointment())
        await created.save()
        found = await client.resources("Appointment").search(patient__identifier=PATIENT).fetch()
        assert [each.id for each in found] == [created.id]
        update = client.resource("Appointment", **cancelled(created))
        await update.save()
        assert update["meta"]["versionId"] == "2"
        with pytest.raises(OperationOutcome) as refused:
            await client.resource("Appointment", **cancelled(created)).save()
        assert issue_of(refused.value)[0] == "conflict"

    httpx.post(f"{running.control_url}/reset").raise_for_status()
    asyncio.run(converse(httpx.get(f"{running.control_url}/token").text.strip()))
