"""With a bad certificate nothing is sent: a client that cannot tell whom it speaks to says nothing."""

from collections.abc import Iterator

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.evidence import Evidence
from registry_sandbox.verdict.rule import Observation, broken, rule


def _was_turned_away(evidence: Evidence) -> bool:
    return evidence.turned_away > 0


@rule(
    "with a bad certificate nothing is sent",
    "must",
    ("2-mutual-tls",),
    to_exercise="start the sandbox with --tls server --tls-fault expired, and let the client call it",
    shown_by=_was_turned_away,
)
def with_a_bad_certificate_nothing_is_sent(client: Conversation) -> Iterator[Observation]:
    """Find what was sent all the same; a client that is turned away leaves no exchange."""
    for seen in client.exchanges:
        fault = seen.exchange.request.tls_fault
        if fault:
            message = (
                f"The server's certificate is bad ({fault}), and the request was sent; expected nothing to be sent."
            )
            yield broken(message, seen)
