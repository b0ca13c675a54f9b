"""A resource and its two formats, as everything above speaks of them."""

from collections.abc import Callable
from typing import Any, Literal

Format = Literal["json", "xml"]
"""One of the two formats of the interface; its media type is `negotiation.MEDIA_TYPE`."""

Resource = dict[str, Any]
"""A resource in FHIR's JSON shape, whichever format it came in."""

Write = Callable[[Resource, Format], bytes]
"""Encodes a resource."""
