"""Where the definitions are: `profiles/`, inside the installed package or beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def profiles_folder() -> Path:
    """Give the folder of the shipped definitions."""
    installed = _PACKAGE / "profiles"
    return installed if installed.is_dir() else _PACKAGE.parent / "profiles"
