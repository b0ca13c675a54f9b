"""The Appointment Registry Sandbox: a registry that was specified and never delivered, to test clients against."""

from pathlib import Path

__version__ = "0.1.0"
RELEASED = "2026-11-22"


def shipped(name: str) -> Path:
    """Give a folder of data that travels with the package: inside it where installed, beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / name
    return installed if installed.is_dir() else package.parent.parent / name
