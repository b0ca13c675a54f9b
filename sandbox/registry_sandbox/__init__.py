"""The Appointment Registry Sandbox: a registry to test clients against, specified by the NHS and never delivered."""

from pathlib import Path

__version__ = "0.2.0"
RELEASED = "2026-11-22"


def shipped(name: str) -> Path:
    """Return a folder of shipped data: inside the package if installed, beside `sandbox/` in a checkout."""
    package = Path(__file__).parent
    installed = package / name
    return installed if installed.is_dir() else package.parent.parent / name
