"""The single faults shown to both validators, and what each says of them, as a table."""

import re
from collections.abc import Iterator

from tests.oracle.corpus import Document
from tests.oracle.hapi import Hapi
from tests.oracle.sandbox import Sandbox
from tests.oracle.single_faults import FAULTS, Fault, as_documents
from tests.oracle.verdict import REGISTRY, Said

_SHOWN = 160


def beside_hapi(sandbox: Sandbox, hapi: Hapi) -> Iterator[str]:
    """Yield a line for what each of them says of each fault in each format, and in the end one that counts."""
    told = {"sandbox": 0, "HAPI": 0}
    placed = dict(told)
    count = 0
    for fault in FAULTS:
        for written, text in as_documents(fault):
            count += 1
            yield f"{written}: {fault.name}"
            hapi.begin(text, REGISTRY)
            ours = sandbox.validate(Document(text, written, "registry", "single fault", ()))
            for who, errors in ("sandbox", ours.errors()), ("HAPI", hapi.verdict().errors()):
                told[who] += len(errors) == 1
                placed[who] += len(errors) == 1 and _is_placed(fault, written, text, errors[0])
                yield from (f"    {who:8}{_line(each)}" for each in errors or [Said("none", "", "accepted")])
    for who, times in told.items():
        yield f"{who}: one finding for {times} of {count} documents, in the right line for {placed[who]}"


def _is_placed(fault: Fault, written: str, text: str, error: Said) -> bool:
    in_words = re.search(r"\(line (\d+)", error.message)  # an OperationOutcome has no other place for it
    line = int(in_words[1]) if in_words else error.line
    return line is not None and fault.is_in_line(written, text, line)


def _line(error: Said) -> str:
    return re.sub(r"\s+", " ", str(error))[:_SHOWN]
