"""The settings that the operator chose: flags, environment and configuration file together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from registry_sandbox.cli.failure import CommandFailed
from registry_sandbox.reading.yaml_reader import Document, NotYaml, read_yaml
from registry_sandbox.settings import PREFIX, BadSetting, Settings, combined

_NONE: Final = Document({}, {"": 1})


def settings_from(
    environment: Mapping[str, str], flags: Mapping[str, Any] | None = None, config: str | None = None
) -> Settings:
    """Return the settings; a flag beats the environment, which beats the file.

    Args:
        environment: the environment of the process.
        flags: values by the name of the field; None for a flag that was not used.
        config: the configuration file; by default the one that SANDBOX_CONFIG names, if any.

    Raises:
        CommandFailed: a setting is unknown or has an invalid value, or the file cannot be read.
    """
    file = config or environment.get(f"{PREFIX}CONFIG")
    read = _content(file) if file else _NONE
    try:
        return combined(flags or {}, environment, read.value, file or "")
    except BadSetting as error:
        raise CommandFailed(_with_line(str(error), file or "", read)) from error


def _with_line(said: str, file: str, read: Document) -> str:
    """Return a message about a setting, with the line where it is about one of the file."""
    about = said.removeprefix(f"{file}: ")
    return said if about == said else f"{file}, line {read.line(about)}: {about}"


def _content(name: str) -> Document:
    try:
        documents = read_yaml(Path(name).read_bytes())
    except OSError as error:
        raise CommandFailed(f"--config {name}: {error.strerror}") from error
    except NotYaml as error:
        raise CommandFailed(f"--config {name}, {error}") from error
    read = documents[0] if documents and documents[0].value is not None else _NONE
    if len(documents) > 1 or not isinstance(read.value, dict):
        line = documents[-1].line("")
        raise CommandFailed(f"--config {name}, line {line}: expected one mapping of settings, such as `port: 8080`")
    return read
