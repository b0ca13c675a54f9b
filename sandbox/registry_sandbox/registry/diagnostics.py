"""Why an exchange was refused: the first diagnostics of its answer, as the client received it."""

import json
import re
from html import unescape

_TEXT_AT_MOST = 400
# JSON of an OperationOutcome or of the token endpoint; XML with any prefix and either quotation mark.
_JSON = re.compile(r'"(?:diagnostics|error_description)"\s*:\s*("(?:[^"\\]|\\.)*+")')
_XML = re.compile(r"""<(?:\w+:)?diagnostics\s+value\s*=\s*(?:"([^"]*+)"|'([^']*+)')""")


def first_diagnostics(body: str) -> str:
    """Return the first diagnostics in the body of a refusal, cut after 400 characters; empty where it has none."""
    found = _JSON.search(body)
    if found is not None:
        try:
            return str(json.loads(found[1]))[:_TEXT_AT_MOST]
        except ValueError:  # the body was corrupted on purpose
            return ""
    marked = _XML.search(body)
    return unescape(marked[1] or marked[2] or "")[:_TEXT_AT_MOST] if marked else ""
