"""``python -m spawnlab.conform FILE...``: record the reference's outcomes of scenarios in ``reference/`` by them."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import msgspec

from ..staging import load
from .modes import mode_of
from .records import OutcomeRecord
from .reference import case_of, run_reference


def main(files: list[str]) -> int:
    """Record each file's outcome, one iteration at a time where that can be, on the interpreter that is modelled."""
    paths = [Path(file) for file in files]
    recorded = {path: made for path in paths if not (made := load(path)).actors}
    cases = [case_of(made.sg_data, mode_of(made), title=made.scenario.title) for made in recorded.values()]
    outcomes = run_reference(cases, machine="plain")
    for path, outcome in zip(recorded, outcomes, strict=True):
        target = path.parent / "reference" / f"{path.stem}.json"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(_one_record_a_line(outcome))
        print(target)
    if any(program.c or program.source for made in recorded.values() for program in made.scenario.programs.values()):
        compiler = paths[0].parent / "reference" / "compiler.txt"
        compiler.write_text(compiler_version() + "\n")
    return 0


def compiler_version() -> str:
    """What compiles C here: another version makes other programs, of which a record says nothing."""
    return f"ziglang {version('ziglang')}"


def _one_record_a_line(outcome: OutcomeRecord) -> bytes:
    """JSON that a diff can be read of."""
    if outcome.trace is None:
        return msgspec.json.encode(outcome) + b"\n"
    head = msgspec.json.encode(msgspec.structs.replace(outcome, trace=None))[:-1]
    records = b",\n  ".join(msgspec.json.encode(record) for record in outcome.trace)
    return head + b',\n "trace": [\n  ' + records + b"\n]}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
