"""The transactions of the reference's own tests, verified by us and by the reference.

As a command: ``python tests/agree/own_transactions.py``. It prints a table of what each came to in each script version,
in how many pieces, and each difference; it leaves with 1 if there is one, or if a total is not what the test asserts.
``--only WORD`` takes those with a word in their name, ``--quick`` those of CI.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

if not __package__:  # as a command; a package's modules are found from the folder that holds it
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    __package__ = "tests.agree"

from .asking import Reference
from .own import execs, since_2019, since_2021, since_2023
from .own.asked import Answer, answer
from .own.case import VERSIONS, Case


def cases() -> Iterator[Case]:
    """All cases, in the order of the reference's files."""
    yield from since_2019.CASES
    yield from since_2021.CASES
    yield from execs.cases()
    yield from since_2023.cases()


def unmet(case: Case, version: int, found: Answer) -> list[str]:
    """What the reference's test asserts and we do not come to."""
    said: list[str] = []
    end, what = found.ours
    match case.expected.get(version):
        case None:
            pass
        case bool(passes):
            if (end == "ok") is not passes:
                said.append(f"the test asserts that it {'passes' if passes else 'fails'}: {what}")
        case int(cycles):
            if found.ours != ("ok", cycles):
                said.append(f"the test asserts {cycles:,}: {what}")
        case text:
            if end != "error" or text not in what:
                said.append(f"the test asserts {text!r}: {what}")
    if version in case.chunks and ("paused", case.chunks[version]) not in found.pieces:
        said.append(f"the test asserts {case.chunks[version]} pieces: {found.pieces}")
    return said


def row(case: Case, version: int, found: Answer) -> str:
    """A row of the table."""
    (end, mine), (_, its) = found.ours, found.its
    shown = [f"{one:,}" if isinstance(one, int) else "" for one in (mine, its)]
    says = "passes" if end == "ok" else str(mine).partition("cause: ")[2].removesuffix(" }").partition(" on page")[0]
    pieces = "; ".join(f"{count} ({name})" for name, count in found.pieces)
    return f"| {case.name} | {version} | {says[:90]} | {shown[0]} | {shown[1]} | {pieces} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; gives 1 if anything differs."""
    parser = argparse.ArgumentParser(description="Verify the transactions of the reference's own tests.")
    parser.add_argument("--only", metavar="WORD", default="", help="those with a word in their name")
    parser.add_argument("--quick", action="store_true", help="those that take no second")
    options = parser.parse_args(arguments)
    wrong = count = 0
    begun = time.perf_counter()
    print("| transaction | version | verdict | cycles, ours | reference | pieces |\n|---|---|---|---|---|---|")
    with Reference() as reference:
        for case in cases():
            if options.only not in case.name or (options.quick and case.long):
                continue
            for version in VERSIONS:
                found = answer(case, version, reference)
                count += 1
                print(row(case, version, found), flush=True)
                for said in (*found.differences, *unmet(case, version, found)):
                    wrong += 1
                    print(f"DIFFERENT: {said}")
    print(f"\n{count} verified, {wrong} differences, {time.perf_counter() - begun:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
