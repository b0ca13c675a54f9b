"""An OperationOutcome is shown to somebody: it says what is wrong. No server sees that; a person says so."""

from registry_sandbox.verdict.rule import attested

an_operationoutcome_is_shown_to_somebody = attested(
    "an OperationOutcome is shown to somebody",
    "should",
    ("3-outcome",),
    to_exercise="look whether the client shows the diagnostics of a refusal, then POST /_sandbox/verdict/attestations",
)
