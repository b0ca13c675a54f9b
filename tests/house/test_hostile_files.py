"""Files made to hurt stop the start with one line that names them."""

from pathlib import Path

import pytest

from registry_sandbox.cli.command import main


@pytest.mark.parametrize("flag", ["--config", "--seed-data", "--fault-file"])
@pytest.mark.parametrize("content", ["[" * 2_000, "port: 2019-99-99"], ids=["deep", "no date"])
def test_yaml_that_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, content: str
) -> None:
    """Nested beyond any use, or a date that there is not: exit status 2, and no traceback."""
    file = tmp_path / "hostile.yaml"
    file.write_text(content)
    assert main(["serve", "--port", "0", flag, str(file)]) == 2
    said = capsys.readouterr().err
    assert ("hostile.yaml" in said, "Traceback" in said) == (True, False)


def test_a_definition_of_a_list_of_types_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It holds no resource that is known."""
    file = tmp_path / "hostile.json"
    file.write_text('{"resourceType": ["StructureDefinition"]}')
    assert main(["serve", "--port", "0", "--profiles", str(file)]) == 2
    assert "hostile.json" in capsys.readouterr().err
