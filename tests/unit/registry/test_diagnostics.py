"""The first diagnostics of a refusal, whichever way it is written."""

import pytest

from registry_sandbox.registry.diagnostics import first_diagnostics


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"issue":[{"diagnostics":"one"},{"diagnostics":"two"}]}', "one"),
        ('{"issue": [{"diagnostics" : "with \\"quotes\\" and \\u00e9"}]}', 'with "quotes" and é'),
        ('{"error": "invalid_client", "error_description": "who?"}', "who?"),
        (
            '<issue xmlns="x"><diagnostics value="a &lt;b&gt; &quot;c&quot;"/></issue>',
            'a <b> "c"',
        ),
        ("<f:issue><f:diagnostics  value='it is'/></f:issue>", "it is"),
        ('{"diagnostics":"cut off', ""),
        ('{"diagnostics":"bad \\x"}', ""),
        ("", ""),
        ('{"resourceType":"Appointment"}', ""),
        (f'{{"diagnostics":"{"x" * 900}"}}', "x" * 400),
    ],
)
def test_it_is_found_and_bounded(body: str, found: str) -> None:
    """JSON and XML, with any prefix and quotation mark; what is spoiled has none."""
    assert first_diagnostics(body) == found
