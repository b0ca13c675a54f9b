"""What MkDocs does before it builds the site: the README becomes the first page, and the OpenAPI document a page.

Links that leave docs/ lead to the repository (`REPOSITORY_URL`, which the workflow sets); without it they become text.
"""

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from registry_sandbox.testing.running import RegistrySandbox

ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_FROM_THE_ROOT = {"index.md": "README.md", "examples.md": "examples/README.md"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    for name, source in _FROM_THE_ROOT.items():
        files.append(File.generated(config, name, content=(ROOT / source).read_text(encoding="utf-8")))
    with RegistrySandbox() as sandbox:
        document = sandbox.control.json("GET", "/openapi.json")
    files.append(File.generated(config, "openapi.md", content="\n".join(_described(document))))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links between files of the repository lead to pages of the site, or to the repository."""
    del config
    folder = (ROOT / _FROM_THE_ROOT.get(page.file.src_uri, f"docs/{page.file.src_uri}")).parent

    def linked(match: re.Match[str]) -> str:
        text, target = match.groups()
        if ":" in target or target.startswith("#"):
            return match[0]
        path, _, anchor = target.partition("#")
        there = (folder / path).resolve().relative_to(ROOT).as_posix()
        of_site = {source: name for name, source in _FROM_THE_ROOT.items()} | {"docs/README.md": "index.md"}
        name = of_site.get(there, there.removeprefix("docs/"))
        if files.get_file_from_path(name) is not None and (there in of_site or there.startswith("docs/")):
            return f"[{text}]({name}{'#' + anchor if anchor else ''})"
        repository = os.environ.get("REPOSITORY_URL", "").rstrip("/")
        return f"[{text}]({repository}/blob/main/{there})" if repository else text

    return _LINK.sub(linked, markdown)


def _described(document: dict[str, Any]) -> list[str]:
    """Return the OpenAPI document as Markdown: a heading for each path, a table of its answers for each method."""
    lines = ["# Every call", "", document["info"].get("description", ""), ""]
    lines += ["A running sandbox has this as OpenAPI 3.1 at `/_sandbox/openapi.json`.", ""]
    for path, methods in document["paths"].items():
        lines += [f"## `{path}`", ""]
        for method, operation in methods.items():
            if method != "parameters":
                lines += _of_operation(method, operation)
    return lines


def _of_operation(method: str, operation: dict[str, Any]) -> list[str]:
    lines = [f"**{method.upper()}** {operation.get('summary') or operation.get('description', '')}", ""]
    parameters = [each for each in operation.get("parameters", []) if "name" in each]
    if parameters:
        lines += ["| parameter | in | |", "|---|---|---|"]
        lines += [f"| `{each['name']}` | {each['in']} | {_cell(each.get('description', ''))} |" for each in parameters]
        lines += [""]
    lines += ["| status | |", "|---|---|"]
    answers = operation["responses"].items()
    lines += [f"| {status} | {_cell(answer.get('description', ''))} |" for status, answer in answers]
    return [*lines, ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
