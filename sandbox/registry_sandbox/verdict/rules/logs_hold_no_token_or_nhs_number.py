"""Logs hold no token or NHS number. No server sees a client's logs; a person says so."""

from registry_sandbox.verdict.rule import attested

logs_hold_no_token_or_nhs_number = attested(
    "logs hold no token or NHS number",
    "should",
    ("no-secrets-in-logs",),
    to_exercise="look through the client's logs, then POST /_sandbox/verdict/attestations",
)
