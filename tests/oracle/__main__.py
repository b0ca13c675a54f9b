"""`make agreement`: the sandbox's verdicts beside those of HAPI's instance validator, on a seeded corpus.

HAPI is also asked about the shipped definitions, and about the answers of the sandbox under `--vary`.

Ends with 0 if every difference is explained, or if there is no Java or no Maven to compare with (which it says); else
with 1, and prints each document that is not explained, with both verdicts.
"""

import argparse
import sys
from pathlib import Path

from tests.oracle.beside_hapi import beside_hapi
from tests.oracle.comparison import Comparison
from tests.oracle.corpus import corpus
from tests.oracle.definitions import complaints
from tests.oracle.hapi import CannotBeBuilt, Hapi, build
from tests.oracle.sandbox import Sandbox
from tests.oracle.varied import refused_answers
from tests.oracle.verdict import PROFILES

_SHOWN = 20
BEGIN, END = "<!-- make agreement: begin -->", "<!-- make agreement: end -->"


def main() -> int:
    """Run, print, and return the exit status."""
    asked = _arguments()
    try:
        build()
    except CannotBeBuilt as missing:
        print(f"\n*** make agreement: SKIPPED: {missing} ***\n")
        return 0
    with Sandbox() as sandbox:
        if asked.single_faults:
            return _show_single_faults(sandbox)
        definitions = sandbox.definitions()
        own = [each for each in definitions if not each["url"].startswith("http://hl7.org/fhir/")]
        if asked.generated_snapshots:
            own = [{name: value for name, value in each.items() if name != "snapshot"} for each in own]
        with Hapi(own) as hapi:
            complained = [f"definition: {each}" for each in complaints(hapi, definitions)]
            complained += [f"under --vary: {each}" for each in refused_answers(hapi, asked.seed)]
            compared = compare(sandbox, hapi, asked.seed, asked.documents)
    return _report(asked, compared, complained)


def _show_single_faults(sandbox: Sandbox) -> int:
    with Hapi(sandbox.definitions()) as hapi:
        for line in beside_hapi(sandbox, hapi):
            print(line)
    return 0


def compare(sandbox: Sandbox, hapi: Hapi, seed: int, count: int) -> Comparison:
    """Show every document of a corpus to both."""
    comparison = Comparison.by_the_shipped_classes()
    for document in corpus(seed, count):
        hapi.begin(document.text, PROFILES[document.profile])
        ours = sandbox.validate(document)  # while HAPI is at work
        comparison.add(document, ours, hapi.verdict())
        if comparison.documents % 1000 == 0:
            print(f"{comparison.documents} of {count} documents", file=sys.stderr)
    return comparison


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make agreement", description=__doc__)
    parser.add_argument("--documents", type=int, default=1000, metavar="N", help="how many documents (default 1000)")
    parser.add_argument("--seed", type=int, default=7, help="of the corpus (default 7)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table between the marks of this page")
    parser.add_argument("--generated-snapshots", action="store_true", help="let HAPI make the snapshots, too")
    parser.add_argument("--single-faults", action="store_true", help="show what both say of each single fault")
    return parser.parse_args()


def _report(asked: argparse.Namespace, compared: Comparison, complained: list[str]) -> int:
    for disagreement in compared.unexplained[:_SHOWN]:
        print(f"{disagreement}\n")
    for complaint in complained:
        print(complaint)
    table = f"{compared.documents} documents, seed {asked.seed}:\n\n{compared.table()}"
    print(table)
    if asked.write:
        write_into(asked.write, table)
    return exit_status(compared, complained)


def exit_status(compared: Comparison, complained: list[str]) -> int:
    """Return 0 if there is nothing but what is explained, else 1."""
    return 1 if compared.unexplained or complained else 0


def write_into(page: Path, table: str) -> None:
    """Put the table between the two marks of a page.

    Raises:
        ValueError: the page does not have both marks.
    """
    before, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} does not have the marks {BEGIN!r} and {END!r}")
    page.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
