"""For each rule a scene: what happens to a client, what it does, and the conduct that breaks the rule there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from registry_sandbox.auth.bad_certificate import BadCertificate
from registry_sandbox.testing import builders
from tests.unit.verdict.model import AGENT, Client
from tests.unit.verdict.stage import Stage

PATIENT: Final = "9990001111"
OTHER: Final = "9991000011"


@dataclass(frozen=True)
class Scene:
    """A scene.

    Attributes:
        act: what the client does; with `faults` in force.
        faults: as fault rules or short forms.
        conduct: the conduct that breaks the rule; empty where it has the rule's id.
        consequences: the rules that it breaks besides.
    """

    act: Callable[[Client], Any]
    faults: tuple[Any, ...] = ()
    conduct: str = ""
    consequences: frozenset[str] = frozenset()


def seeded(stage: Stage, patient: str = PATIENT, pointer: str = "https://provider.example/seeded") -> str:
    """Store an appointment that the client has not registered; return its id."""
    resource = builders.appointment(nhs_number=patient, pointer=pointer)
    return stage.workspace.service.register(resource).version.logical_id


def _pointer(client: Client, number: int = 1) -> str:
    return f"https://provider.example/{client.seed}/{number}"


def _register(client: Client) -> Any:
    return client.register(PATIENT, _pointer(client))


def _register_two(client: Client) -> None:
    client.register(PATIENT, _pointer(client, 1))
    client.register(OTHER, _pointer(client, 2))


def _cancel(client: Client) -> Any:
    return client.cancel(seeded(client.stage, pointer=_pointer(client, 3)))


def _meet_a_bad_certificate(client: Client) -> None:
    stage = client.stage
    stage.workspace.bad_certificate = BadCertificate("expired")
    if client.is_bad("with-a-bad-certificate-nothing-is-sent"):
        stage.tls_fault = "expired"
        client.metadata()
    else:
        stage.workspace.bad_certificate.note_refusal("certificate expired")


def _cancel_two(client: Client) -> None:
    for number in (3, 4):
        client.cancel(seeded(client.stage, pointer=_pointer(client, number)))
        client.stage.wait(100)


def _read(client: Client) -> Any:
    return client.read(seeded(client.stage, pointer=_pointer(client, 3)))


def _register_and_read(client: Client) -> None:
    registered = _register(client)
    client.stage.wait(10)
    client.read(registered["id"])


def _search_and_read(client: Client) -> None:
    found = client.search(PATIENT)
    for each in found or ():
        client.read(each["id"])


def _outlive_the_token(client: Client) -> None:
    logical_id = seeded(client.stage, pointer=_pointer(client, 3))
    client.read(logical_id)
    client.stage.advance(hours=2)
    for _ in range(3):
        client.stage.wait(10)
        client.read(logical_id)


def _look_around(client: Client) -> None:
    for _ in range(3):
        client.metadata()
        _read(client)
        client.stage.wait(10)


def _with_a_spine_token(client: Client) -> None:
    scope = "write" if client.is_bad("the-least-scope") else "read"
    claims = (("mode", "spine"), ("claim.requested_scope", f"patient/appointment.{scope}"))
    headers = {"Authorization": f"Bearer {client.stage.token(*claims)}", "User-Agent": AGENT}
    client.stage.send("GET", f"Appointment/{seeded(client.stage)}", headers)


_UNSETTLED = "an-unknown-outcome-of-a-register-is-settled-before-registering-again"
_NOT_READ = "what-is-cancelled-was-read-from-the-registry-before"
_REPEATED = "a-4xx-is-not-repeated-unchanged"

SCENES: Final[Mapping[str, Scene]] = {
    _REPEATED: Scene(_read, ("read:404@x1",)),
    _UNSETTLED: Scene(_register, ("register:500@x1",)),
    "an-unknown-outcome-of-a-register-makes-no-duplicate": Scene(
        _register, ("register:commit+reset@x1",), conduct=_UNSETTLED, consequences=frozenset({_UNSETTLED})
    ),
    "an-unknown-outcome-of-a-cancel-is-settled-by-reading": Scene(_cancel, ("cancel:500@x1",)),
    "a-409-to-a-cancel-that-was-done-before-is-settled-by-reading": Scene(
        _cancel,
        ("cancel:commit+reset@x1",),
        consequences=frozenset({"an-unknown-outcome-of-a-cancel-is-settled-by-reading"}),
    ),
    "the-retries-of-a-500-end": Scene(_cancel, ("cancel:500",)),
    "a-retry-waits": Scene(_cancel, ("cancel:500@x3",), consequences=frozenset({"the-pauses-between-retries-grow"})),
    "retry-after-is-kept": Scene(_read, ("read:503+retry_after=5@x1",)),
    "the-pauses-between-retries-grow": Scene(_cancel, ("cancel:500@x4",)),
    "the-pauses-between-retries-vary": Scene(
        _cancel_two,
        ({"match": {"interaction": "cancel"}, "when": {"times": 4, "per": "resource"}, "then": {"status": 500}},),
    ),
    "the-pauses-between-retries-are-bounded": Scene(_cancel, ("cancel:500@x4",)),
    "a-503-followed-by-a-4xx-ends-the-retrying": Scene(
        _read, ("read:503@#1", "read:404@#2"), consequences=frozenset({_REPEATED})
    ),
    "a-409-is-followed-by-a-read-before-the-next-put": Scene(
        _cancel, ("cancel:race=bump@x1",), consequences=frozenset({_NOT_READ})
    ),
    _NOT_READ: Scene(_cancel),
    "every-update-carries-if-match": Scene(_cancel),
    "what-is-sent-back-is-what-was-read": Scene(_cancel),
    "the-location": Scene(_register_and_read),
    "one-token-serves-until-it-is-about-to-expire": Scene(_register_two),
    "no-token-is-used-after-its-exp": Scene(_outlive_the_token),
    "the-least-scope": Scene(_with_a_spine_token),
    "metadata-is-read-once": Scene(_look_around),
    "the-same-get-is-not-repeated-within-seconds-without-need": Scene(_read),
    "the-patient-is-named-only-where-documented": Scene(_search_and_read),
    "a-retry-keeps-its-x-request-id": Scene(_read, ("read:500@x1",)),
    "a-new-operation-has-a-new-x-request-id": Scene(_register_two),
    "with-a-bad-certificate-nothing-is-sent": Scene(_meet_a_bad_certificate),
    "a-truncated-or-corrupt-answer-is-not-taken-for-a-good-one": Scene(
        _cancel, ("read:cut=100@x1",), consequences=frozenset({_NOT_READ})
    ),
}
"""By the id of the rule."""
