"""The composition root: every part of a sandbox, built from the settings and put together."""

from registry_sandbox.app.building import REFUSALS, build, token_signed_here
from registry_sandbox.app.sandbox import Sandbox

__all__ = ["REFUSALS", "Sandbox", "build", "token_signed_here"]
