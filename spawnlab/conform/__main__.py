"""``python -m spawnlab.conform FILE...``: record the reference's outcomes of scenarios in ``reference/`` by them."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from ..staging import load
from .modes import Mode
from .records import OutcomeRecord
from .reference import case_of, run_reference


def main(files: list[str]) -> int:
    """Record each file's outcome: one iteration at a time, on the machine that nodes use."""
    paths = [Path(file) for file in files]
    builds = [load(path) for path in paths]
    cases = [case_of(made.sg_data, Mode(trace=True), title=made.scenario.title) for made in builds]
    outcomes = run_reference(cases, machine="asm")
    for path, outcome in zip(paths, outcomes, strict=True):
        target = path.parent / "reference" / f"{path.stem}.json"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(_one_record_a_line(outcome))
        print(target)
    return 0


def _one_record_a_line(outcome: OutcomeRecord) -> bytes:
    """JSON that a diff can be read of."""
    head = msgspec.json.encode(msgspec.structs.replace(outcome, trace=None))[:-1]
    records = b",\n  ".join(msgspec.json.encode(record) for record in outcome.trace or ())
    return head + b',\n "trace": [\n  ' + records + b"\n]}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
