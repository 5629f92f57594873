"""Ready-made programs of the public RISC-V suites, run in every setting that has their instructions.

As a command: ``python tests/agree/riscv_suites.py --programs DIR``. It prints counts, each failure, and each program
left out with the reason; it leaves with 1 if there is a failure. Without programs it says so and leaves with 0.

A program is ``DIR/SUITE/EXTENSION/NAME.elf``. One with the symbols ``begin_signature`` and ``end_signature`` passes
when it exits with 0 and the memory between them is then right: as the 32-bit numbers in ``NAME.signature`` say, else as
the model, an emulator of Linux programs, writes it to standard output. Any other checks itself: it exits with 0, or
with the number of the check that failed. ``NAME.skipped`` in place of a program says why there is none.

The model runs the others too, so that a doubtful signature or environment is noticed.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from io import BytesIO
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from spawnlab.conform.settings import SETTINGS
from spawnlab.vm.errors import VmError
from spawnlab.vm.machine import Machine
from spawnlab.vm.version import Isa

MODEL = "qemu-riscv64"
STEPS_MAX = 5_000_000
WRITE = 64
A0, A2, A7 = 10, 12, 17
PASSED, FAILED, LEFT_OUT = "passed", "failed", "left out"


# What is left out


@dataclass(frozen=True)
class Rule:
    """Programs that cannot pass in some settings, and why. The names are patterns of ``SUITE/EXTENSION/NAME``."""

    names: tuple[str, ...]
    reason: str
    holds: Callable[[Isa], bool] = lambda isa: True

    def covers(self, name: str, isa: Isa) -> bool:
        """Whether the program of that name is left out on that machine."""
        return self.holds(isa) and any(fnmatchcase(name, pattern) for pattern in self.names)


def _version_0(isa: Isa) -> bool:
    return isa.version == 0


RULES = (
    Rule(("*/I/fence_i", "*/Zifencei/Fencei"), "writes code that it runs: no page is both writable and executable"),
    Rule(("*/privilege/ebreak", "*/C/cebreak-01"), "a breakpoint has to trap: here it does nothing"),
    Rule(("*/privilege/ecall",), "an environment call has to trap: here it is a system call, its number in a7"),
    Rule(
        ("*/I/jalr", "*/I/jalr-01", "*/C/cjalr-01"),
        "version 0: jalr with rd = rs1 takes its target from the link",
        _version_0,
    ),
    Rule(
        tuple(f"*/C/{name}-01" for name in ("cadd", "caddi", "cli", "clui", "cmv", "cnop")),
        "version 0: compressed hints are illegal",
        _version_0,
    ),
)
"""Such programs are run all the same: one that passes is reported, since its rule is then too wide."""


MODEL_IS_WRONG = {"ctzw-01": "it needs a recorded signature: QEMU 7.2 counts on into the high half"}
"""Programs whose signature must not be taken from the model."""


def lacking(extension: str, isa: Isa) -> str | None:
    """Why no program of an extension can run on a machine; ``None`` where it has what they use."""
    if extension == "A" and not isa.a:
        return "A is off"
    if (extension in {"B", "K"} or extension.startswith("Zb")) and not isa.b:
        return "B is off"
    return None


# Programs


@dataclass(frozen=True)
class Program:
    """One of a suite's programs, or the place of one that could not be made."""

    suite: str
    extension: str
    name: str
    file: Path
    skipped: str | None = None
    """Why there is none."""

    @property
    def path(self) -> str:
        """``SUITE/EXTENSION/NAME``."""
        return f"{self.suite}/{self.extension}/{self.name}"


def find_programs(folder: Path, only: str = "") -> list[Program]:
    """All programs under a folder whose path has ``only`` in it."""
    found: list[Program] = []
    for file in sorted(folder.glob("*/*/*")):
        if file.suffix in {".elf", ".skipped"}:
            skipped = file.read_text().strip() if file.suffix == ".skipped" else None
            program = Program(file.parts[-3], file.parts[-2], file.stem, file, skipped)
            if only in program.path:
                found.append(program)
    return found


def signature_range(content: bytes) -> tuple[int, int] | None:
    """Where an ELF file's signature begins and ends; ``None`` where it has none."""
    places: dict[str, int] = {}
    for section in ELFFile(BytesIO(content)).iter_sections():
        if isinstance(section, SymbolTableSection):
            places |= {symbol.name: int(symbol["st_value"]) for symbol in section.iter_symbols()}
    if "begin_signature" not in places:
        return None
    return places["begin_signature"], places["end_signature"]


# What a program has to do


@dataclass(frozen=True)
class Expectation:
    """When a program passes."""

    content: bytes
    place: tuple[int, int] | None
    """Of the signature."""
    signature: bytes | None
    """What it has to be; ``None`` where nothing says so, or for a program that checks itself."""
    doubt: str | None
    """What the model does otherwise."""

    @property
    def complete(self) -> bool:
        """Whether it can be said that a run passed."""
        return self.place is None or self.signature is not None


def expectation_of(file: Path, model: Sequence[str]) -> Expectation:
    """What to expect of a program, and whether the model, where there is one, does it."""
    content = file.read_bytes()
    place = signature_range(content)
    recorded = _recorded_signature(file.with_suffix(".signature")) if place else None
    if not model:
        return Expectation(content, place, recorded, None)
    try:
        done = subprocess.run(
            [*model, str(file)], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
    except subprocess.TimeoutExpired:
        return Expectation(content, place, recorded, "the model does not end")
    if done.returncode:
        return Expectation(content, place, recorded, f"the model ends with {done.returncode}")
    if place is None:
        return Expectation(content, None, None, None)
    if recorded is None:
        wrong = MODEL_IS_WRONG.get(file.stem)
        return Expectation(content, place, None if wrong else done.stdout, wrong)
    problem = difference(done.stdout, recorded)
    return Expectation(content, place, recorded, None if problem is None else f"in the model {problem}")


def _recorded_signature(file: Path) -> bytes | None:
    """The bytes of a file of 32-bit numbers in hex."""
    if not file.exists():
        return None
    return b"".join(int(word, 16).to_bytes(4, "little") for word in file.read_text().split())


def difference(got: bytes, expected: bytes) -> str | None:
    """The first double word in which two signatures differ; ``None`` where they are equal."""
    if len(got) != len(expected):
        return f"the signature has {len(got)} bytes, not {len(expected)}"
    starts = range(0, len(got), 8)
    wrong = [at for at in starts if got[at : at + 8] != expected[at : at + 8]]
    if not wrong:
        return None
    at = wrong[0]
    was, should = (int.from_bytes(side[at : at + 8], "little") for side in (got, expected))
    return f"{len(wrong)} of {len(starts)} words differ, first at byte {at}: 0x{was:016x}, not 0x{should:016x}"


# Running


def problem_of(expected: Expectation, isa: Isa) -> str | None:
    """Run a program: why it did not pass, ``None`` when it did."""
    machine = Machine(isa, system_calls=(_ignore_write,))
    try:
        machine.load_program(expected.content)
        code = machine.run(STEPS_MAX)
    except VmError as error:
        return f"{error.variant} after {machine.steps} steps: {error}"
    if code is None:
        return f"it still ran after {STEPS_MAX} steps"
    if code:
        return f"it exited with {code & 0xFF}"
    if expected.place is None:
        return None
    begin, end = expected.place
    return difference(machine.memory.read(begin, end - begin), expected.signature or b"")


def _ignore_write(machine: Machine) -> bool:
    """The call by which programs hand the model their signature; here it does nothing, since the memory is read."""
    if machine.registers[A7] != WRITE:
        return False
    machine.registers[A0] = machine.registers[A2]
    return True


@dataclass
class Report:
    """What became of the programs."""

    counts: dict[tuple[str, str, str], Counter[str]] = field(default_factory=dict[tuple[str, str, str], Counter[str]])
    """By suite, extension and setting."""
    failures: list[str] = field(default_factory=list[str])
    left_out: dict[str, dict[tuple[str, str], list[str]]] = field(
        default_factory=dict[str, dict[tuple[str, str], list[str]]]
    )
    """Names by reason, then by suite with extension and settings."""
    stale: list[str] = field(default_factory=list[str])
    """Left out by a rule, but they pass."""
    doubts: list[str] = field(default_factory=list[str])
    """Where the model differs from what was expected."""

    def add(self, program: Program, setting: str, outcome: str) -> None:
        """Count one outcome."""
        self.counts.setdefault((program.suite, program.extension, setting), Counter())[outcome] += 1

    def leave_out(self, program: Program, settings: Sequence[str], reason: str) -> None:
        """Count one that is left out in some settings."""
        for setting in settings:
            self.add(program, setting, LEFT_OUT)
        place = f"{program.suite}/{program.extension}", ", ".join(settings)
        self.left_out.setdefault(reason, {}).setdefault(place, []).append(program.name)

    def lines(self) -> Iterator[str]:
        """The report as text."""
        yield f"{'suite':<14} {'extension':<11} {'setting':<7} {'run':>5} {'passed':>6} {'failed':>6} {'left out':>8}"
        order = list(SETTINGS)
        for (suite, extension, setting), count in sorted(
            self.counts.items(), key=lambda item: (*item[0][:2], order.index(item[0][2]))
        ):
            run = count[PASSED] + count[FAILED]
            numbers = f"{run:>5} {count[PASSED]:>6} {count[FAILED]:>6} {count[LEFT_OUT]:>8}"
            yield f"{suite:<14} {extension:<11} {setting:<7} {numbers}"
        for reason, places in self.left_out.items():
            yield f"left out: {reason}"
            for (place, settings), names in places.items():
                yield f"  {place} ({settings}): {' '.join(names)}"
        yield from (f"left out, but passes: {line}" for line in self.stale)
        yield from (f"the model differs: {line}" for line in self.doubts)
        yield from (f"FAILED {line}" for line in self.failures)


def run_suites(programs: Iterable[Program], settings: Sequence[str], model: Sequence[str] = ()) -> Report:
    """Run programs in settings."""
    report = Report()
    for program in programs:
        if program.skipped is not None:
            report.leave_out(program, settings, program.skipped)
        else:
            _run_in_each(program, settings, expectation_of(program.file, model), report)
    return report


def _run_in_each(program: Program, settings: Sequence[str], expected: Expectation, report: Report) -> None:
    left_out: dict[str, list[str]] = {}
    ran = False
    for setting in settings:
        isa = SETTINGS[setting]
        absent = lacking(program.extension, isa)
        rule = next((rule for rule in RULES if rule.covers(program.path, isa)), None)
        if absent is not None:
            left_out.setdefault(absent, []).append(setting)
        elif rule is not None:
            left_out.setdefault(rule.reason, []).append(setting)
            if expected.complete and problem_of(expected, isa) is None:
                report.stale.append(f"{program.path} in {setting}")
        elif not expected.complete:
            left_out.setdefault(expected.doubt or "nothing says what its signature has to be", []).append(setting)
        else:
            ran = True
            problem = problem_of(expected, isa)
            report.add(program, setting, PASSED if problem is None else FAILED)
            if problem is not None:
                report.failures.append(f"{program.path} in {setting}: {problem}")
    for reason, where in left_out.items():
        report.leave_out(program, where, reason)
    if ran and expected.doubt is not None:
        report.doubts.append(f"{program.path}: {expected.doubt}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Run ready-made programs of the public RISC-V suites in every setting and count.",
        epilog="Exit status: 0 when none failed, or there is nothing to run; 1 when any failed.",
    )
    parser.add_argument("--programs", metavar="DIR", type=Path, help="where SUITE/EXTENSION/NAME.elf are")
    parser.add_argument("--only", metavar="TEXT", default="", help="only programs with this in SUITE/EXTENSION/NAME")
    parser.add_argument("--setting", action="append", choices=list(SETTINGS), help="only this one (default: all)")
    parser.add_argument("--model", metavar="COMMAND", default=MODEL, help=f"(default: {MODEL}, where it is on PATH)")
    options = parser.parse_args(arguments)
    if options.programs is None or not options.programs.is_dir():
        place = "--programs DIR is not given" if options.programs is None else f"{options.programs} is not a folder"
        print(f"skipped: no programs of the suites: {place}")
        return 0
    programs = find_programs(options.programs, options.only)
    if not programs:
        print(f"skipped: no programs of the suites: {options.programs} has no SUITE/EXTENSION/NAME.elf")
        return 0
    words = shlex.split(options.model)
    model = words if words and shutil.which(words[0]) else []
    started = time.monotonic()
    report = run_suites(programs, options.setting or list(SETTINGS), model)
    for line in report.lines():
        print(line)
    totals: Counter[str] = sum(report.counts.values(), Counter[str]())
    print(", ".join(f"{totals[outcome]} {outcome}" for outcome in (PASSED, FAILED, LEFT_OUT)), end="; ")
    print(f"model: {' '.join(model) or 'none'}; {time.monotonic() - started:.0f} s")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
