"""The types of a resource and of its two formats."""

from collections.abc import Callable
from typing import Any, Literal

Format = Literal["json", "xml"]
"""One of the two formats; `http.negotiation.MEDIA_TYPE` has their media types."""

Resource = dict[str, Any]
"""A resource in FHIR's JSON form, whichever format it was sent in."""

Write = Callable[[Resource, Format], bytes]
"""Encodes a resource in a format."""
