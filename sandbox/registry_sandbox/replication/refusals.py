"""What is told of a proposal that has no result."""

from registry_sandbox.http.errors import OutcomeUnknown, ServiceUnavailable


def not_done() -> ServiceUnavailable:
    """Return the refusal of what is not in the log, and never will be."""
    return ServiceUnavailable(
        "The store of this sandbox's replicas did not answer in time, so nothing was done. Try again later."
    )


def unknown() -> OutcomeUnknown:
    """Return the refusal of what may be in the log."""
    return OutcomeUnknown(
        "The store of this sandbox's replicas did not answer in time: whether this was done is not known. Look before "
        "you try again."
    )
