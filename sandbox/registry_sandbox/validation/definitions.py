"""Where the definitions are: `profiles/`, inside the installed package or beside it in a checkout."""

from pathlib import Path

from registry_sandbox import shipped


def profiles_folder() -> Path:
    """Give the folder of the shipped definitions."""
    return shipped("profiles")
