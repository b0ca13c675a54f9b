"""The settings that the operator chose: flags, environment and configuration file together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from registry_sandbox.cli.failure import CommandFailed
from registry_sandbox.settings import PREFIX, BadSetting, Settings, combined


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
    try:
        return combined(flags or {}, environment, _content(file) if file else {}, file or "")
    except BadSetting as error:
        raise CommandFailed(error) from error


def _content(name: str) -> Mapping[str, Any]:
    import yaml  # takes 40 ms, so only if there is a file

    try:
        content = yaml.safe_load(Path(name).read_bytes()) or {}
    except OSError as error:
        raise CommandFailed(f"--config {name}: {error.strerror}") from error
    except RecursionError as error:
        raise CommandFailed(f"--config {name}: nested too deeply") from error
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise CommandFailed(f"--config {name}{line}: not YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: such as the 99th day of a month
        raise CommandFailed(f"--config {name}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise CommandFailed(f"--config {name}: expected a mapping of settings, such as `port: 8080`")
    return content
