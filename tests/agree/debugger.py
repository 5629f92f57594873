"""The examples of ckb-debugger, each run by ckb-debugger and by us.

As a command: ``python tests/agree/debugger.py --debugger FILE --examples FOLDER``. Every program of the folder is run
alone in each script version, every transaction with each of its scripts, and once more with each program in the place
of the script; one that asks for a file (system call 9000) is run once more with its own source. It prints a line for
each, and leaves with 1 where anything differs: the exit code, all that is printed, cycles, and what files there are
afterwards. ``reference/README.md`` says how to build ckb-debugger 1.1.1, whose crate has the examples.

What is printed is compared in ckb-debugger's own form, with two things left out: cycles in thousands, which it adds in
parentheses, and the trace of a panic. Numbers that only the host can know, the time and random ones, are taken from
what ckb-debugger printed, so that all else can be the same.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from spawnlab.debugger.calls import START, DebuggerCalls
from spawnlab.play import run_synchronously
from spawnlab.scenarios.build import read_transaction
from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.mock.scripts import address_of
from spawnlab.scenarios.model import BLOCK_CYCLES
from spawnlab.scheduler.events import Logged
from spawnlab.staging import Run, load
from spawnlab.verifying.verify import verify

REFUSED = "refused"
"""A file or a script that is not run at all: for ckb-debugger exit code 1, or 101 after a panic."""
_ENDED = re.compile(r"^All cycles: (\d+)", re.MULTILINE)
_SHORT = re.compile(r"^(All cycles: \d+)\(.*\)$", re.MULTILINE)
_ONLY_THE_HOST_KNOWS = re.compile(r"\b\d{17,20}\b")


@dataclass(frozen=True)
class Case:
    """One run: a program alone, or a script of a transaction; files are names in the folder of examples."""

    file: str
    script: str | None = None
    version: int = 2
    program: str | None = None
    """A file that takes the place of the script's program."""
    content: str | None = None
    """The file for system call 9000."""

    @property
    def options(self) -> list[str]:
        """For ckb-debugger."""
        what = ["--bin", self.file] if self.script is None else ["--tx-file", self.file, "--script", self.script]
        what += [] if self.program is None else ["--bin", self.program]
        read = [] if self.content is None else ["--read-file", self.content]
        return ["--mode", "fast", *what, "--script-version", str(self.version), *read]

    @property
    def name(self) -> str:
        """For people."""
        program = "" if self.program is None else f" with {self.program}"
        content = "" if self.content is None else f" < {self.content}"
        script = f"version {self.version}" if self.script is None else self.script
        return f"{self.file} {script}{program}{content}"


@dataclass(frozen=True)
class Said:
    """What became of a case: 0, 254 for a script that does not pass, or ``refused``, and what was printed."""

    status: int | str
    text: str

    @property
    def cycles(self) -> str:
        """Cycles, where it came to an end."""
        found = _ENDED.search(self.text)
        return f"{int(found[1]):,}" if found else "-"


def cases(folder: Path) -> Iterator[Case]:
    """All examples of a folder."""
    files = [file for file in sorted(folder.iterdir()) if file.is_file()]
    programs = [file.name for file in files if file.read_bytes()[:4] == b"\x7fELF"]
    for name in programs:
        yield from (Case(name, version=version) for version in (2, 1, 0))
    for file in files:
        for script in scripts_of(file) if file.suffix == ".json" else ():
            yield Case(file.name, script)
            yield from (Case(file.name, script, program=name) for name in programs)


def scripts_of(file: Path) -> list[str]:
    """The scripts of a transaction; of one that can't be read, the one that ckb-debugger takes by default."""
    try:
        return [address_of(group) for group in read_transaction(file).verifier.groups]
    except ScenarioError:
        return ["input.0.lock"]


def theirs(debugger: Path, folder: Path, case: Case) -> Said:
    """Run ckb-debugger in the folder."""
    done = subprocess.run(
        [str(debugger.resolve()), *case.options],
        cwd=folder,
        env={**os.environ, "RUST_BACKTRACE": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode in (1, 101):
        return Said(REFUSED, "")
    return Said(done.returncode, _SHORT.sub(r"\1", done.stdout))


def ours(folder: Path, case: Case, told: Iterable[int]) -> Said:
    """Run it here; ``told`` are numbers that only the other host could know."""
    numbers = [*told]
    content = None if case.content is None else (folder / case.content).read_bytes()
    with DebuggerCalls(
        folder,
        content=content,
        clock=lambda cycles: numbers[0] if numbers else START + cycles,
        numbers=(lambda: numbers[-1]) if numbers else None,
    ) as calls:
        try:
            if case.script is None:
                program = load(str(folder / case.file), version=case.version)
                run = run_synchronously(program, limit=BLOCK_CYCLES, system_calls=calls)
            else:
                code = None if case.program is None else (folder / case.program).read_bytes()
                made = verify(
                    folder / case.file, script=case.script, version=case.version, program=code, system_calls=calls
                )
                run = made.scripts[0].run
        except ScenarioError:
            run = None
    return Said(REFUSED, "") if run is None else _said(run)


def _said(run: Run) -> Said:
    outcome = run.outcome
    lines = [f"Script log: {text}" for text in _printed(run)]
    if outcome.failure is not None:
        return Said(254, "\n".join([*lines, f"Run result: {outcome.failure.display}", ""]))
    lines += [f"Run result: {outcome.exit_code}", f"All cycles: {outcome.cycles}", ""]
    return Said(254 if outcome.exit_code else 0, "\n".join(lines))


def _printed(run: Run) -> Iterator[str]:
    for event in run.journal:
        if isinstance(event, Logged) and (text := event.text.rstrip("\n")):
            yield text


def compare(debugger: Path, examples: Path) -> Iterator[tuple[Case | None, Said, Said]]:
    """Each case with what both said; at last, as no case, the files that they left."""
    with tempfile.TemporaryDirectory() as work:
        one, other = Path(work) / "theirs", Path(work) / "ours"
        shutil.copytree(examples, one)
        shutil.copytree(examples, other)
        waiting = list(cases(examples))
        while waiting:
            case = waiting.pop(0)
            found = theirs(debugger, one, case)
            told = map(int, _ONLY_THE_HOST_KNOWS.findall(found.text))
            yield case, found, ours(other, case, told)
            if "invalid syscall 9000" in found.text and case.content is None:
                waiting.insert(0, replace(case, content=f"{case.program or case.file}.c"))
        yield None, Said(0, _files(one)), Said(0, _files(other))


def _files(folder: Path) -> str:
    return "\n".join(f"{file.name} {file.read_bytes().hex()}" for file in sorted(folder.iterdir()) if file.is_file())


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--debugger", type=Path, required=True, metavar="FILE", help="the program ckb-debugger")
    parser.add_argument("--examples", type=Path, required=True, metavar="FOLDER", help="its examples")
    options = parser.parse_args(arguments)
    for path in (options.debugger, options.examples):
        if not path.exists():
            parser.error(f"{path} is not there (reference/README.md says how to build ckb-debugger)")
    count = differing = 0
    print("| example | exit code | ours | cycles | ours | lines printed | |\n|---|---|---|---|---|---|---|")
    for case, found, here in compare(options.debugger, options.examples):
        count += 1
        same = found == here
        differing += not same
        lines = len(found.text.splitlines())
        verdict = "equal" if same else "DIFFERS"
        row = (
            case.name if case else "all files afterwards",
            found.status,
            here.status,
            found.cycles,
            here.cycles,
            lines,
            verdict,
        )
        print(f"| {' | '.join(map(str, row))} |", flush=True)
        for theirs_line, our_line in [] if same else _first(found.text, here.text):
            print(f"  ckb-debugger: {theirs_line[:200]}\n  ours: {our_line[:200]}")
    print(f"{count} compared, {differing} differ")
    return 1 if differing else 0


def _first(one: str, other: str) -> list[tuple[str, str]]:
    """The first line in which two texts differ."""
    lines, others = [*one.split("\n"), "(no more)"], [*other.split("\n"), "(no more)"]
    return [pair for pair in zip(lines, others, strict=False) if pair[0] != pair[1]][:1]


if __name__ == "__main__":
    sys.exit(main())
