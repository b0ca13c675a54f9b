"""The ready file, which exists only while requests are answered.

Source: operator.md, Start (`--ready-file`).
"""

from pathlib import Path


class UnwritableReadyFile(Exception):
    """The ready file cannot be written, or an old one cannot be removed; the message names it and the reason."""


def remove_ready_file(path: Path) -> None:
    """Remove the ready file if there is one.

    Raises:
        UnwritableReadyFile: it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UnwritableReadyFile(f"--ready-file {path} cannot be removed: {error.strerror or error}") from error


def write_ready_file(path: Path, fhir_base: str, control_root: str) -> None:
    """Write the two URLs, one per line.

    Raises:
        UnwritableReadyFile: it cannot be written.
    """
    # Written under another name and then renamed, so that nobody who waits for the file reads half of it.
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_text(f"{fhir_base}\n{control_root}\n", encoding="utf-8", newline="\n")
        beside.replace(path)
    except OSError as error:
        raise UnwritableReadyFile(f"--ready-file {path} cannot be written: {error.strerror or error}") from error
