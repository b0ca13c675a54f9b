"""HAPI's instance validator for STU3, in a JVM of its own that is asked through a pipe."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tests.oracle.verdict import Said, Verdict

_HERE = Path(__file__).parent
_CLASSES = _HERE / "target" / "classes"
_CLASSPATH = _HERE / "target" / "classpath"
_FAILED = "HAPI failed: "
"""So begins what Oracle.java tells of a document on which the validator itself fails."""


class CannotBeBuilt(Exception):
    """HAPI is not there, and cannot be fetched; the message says what is missing."""


class Ended(Exception):
    """The validator is gone in the middle of a run."""


class Hapi:
    """The validator, once it has been built.

    Args:
        definitions: what it validates by, before HL7's own definitions.
    """

    def __init__(self, definitions: list[dict[str, Any]]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        bundle = Path(self._folder.name) / "definitions.json"
        entries = [{"resource": each} for each in definitions]
        bundle.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), "utf-8")
        classpath = f"{_CLASSES}{os.pathsep}{_CLASSPATH.read_text('utf-8').strip()}"
        self._process = subprocess.Popen(
            ["java", "-XX:+UseSerialGC", "-Xmx2g", "-cp", classpath, "oracle.Oracle", str(bundle)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        """Return itself: it has been started."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the pipe, at which it ends."""
        self._process.communicate()
        self._folder.cleanup()

    def begin(self, text: str, profile: str | None = None) -> None:
        """Hand over a document; `verdict` waits for what becomes of it."""
        self._send({"validate": text} | ({"profile": profile} if profile else {}))

    def begin_resource(self, resource: dict[str, Any]) -> None:
        """Hand over a resource, to be validated by the definition of its type."""
        self.begin(json.dumps(resource))

    def verdict(self) -> Verdict:
        """Return what HAPI makes of the document handed over."""
        findings = tuple(Said(**_told(each)) for each in self._answer()["findings"])
        if any(each.message.startswith(_FAILED) for each in findings):
            return Verdict("failed", findings)
        verdict = Verdict("accepted", findings)
        return Verdict("refused", findings) if verdict.errors() else verdict

    def snapshot(self, url: str) -> list[dict[str, Any]]:
        """Return the elements of the snapshot that HAPI generates for a StructureDefinition."""
        self._send({"snapshot": url})
        elements: list[dict[str, Any]] = json.loads(self._answer()["resource"])["snapshot"]["element"]
        return elements

    def _send(self, request: dict[str, Any]) -> None:
        pipe = _open(self._process.stdin)
        pipe.write(json.dumps(request) + "\n")
        pipe.flush()

    def _answer(self) -> dict[str, Any]:
        line = _open(self._process.stdout).readline()
        if not line:
            raise Ended("HAPI's validator ended without an answer")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _open(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise Ended("HAPI's validator has no pipe")
    return pipe


def _told(finding: dict[str, Any]) -> dict[str, Any]:
    known = {"severity": finding["severity"], "location": finding["location"] or "", "message": finding["message"]}
    return {**known, "line": finding["line"]}


def build() -> None:
    """Compile the Java, and note the class path; offline where everything is there, else from Maven's registry.

    Raises:
        CannotBeBuilt: there is no Java or no Maven, or what they need cannot be had.
        subprocess.CalledProcessError: the Java does not compile.
    """
    for needed in ("java", "mvn"):
        if shutil.which(needed) is None:
            raise CannotBeBuilt(f"there is no {needed} on this machine")
    ended = _maven("--offline")
    if ended.returncode and "COMPILATION ERROR" not in ended.stdout:
        ended = _maven()
    if "COMPILATION ERROR" in ended.stdout:
        raise subprocess.CalledProcessError(ended.returncode, ended.args, ended.stdout)
    if ended.returncode:
        errors = [line for line in ended.stdout.splitlines() if line.startswith("[ERROR]")]
        raise CannotBeBuilt(f"Maven could not build it: {' '.join(errors[:1])}")


def _maven(*options: str) -> subprocess.CompletedProcess[str]:
    goals = ["compile", "dependency:build-classpath"]
    command = ["mvn", "--batch-mode", "--no-transfer-progress", "--quiet", *options, *goals]
    return subprocess.run(command, cwd=_HERE, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
