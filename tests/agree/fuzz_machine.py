"""Random streams of instructions, run by one of our engines and the reference's, and compared in all they leave behind.

As a command: ``python tests/agree/fuzz_machine.py --count 20000 --seed 1``. It prints what was covered, and each
difference with a stream that was made as small as it can be; it leaves with 1 if there is one.

Stream number ``n`` is always the same, whatever the count and the batch: ``--seed 77 --count 1`` makes the 77th again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from types import TracebackType

import msgspec

if __name__ == "__main__":  # as a command; a package's modules are found from the folder that holds it
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    __package__ = "tests.agree"

from spawnlab.conform.isa import Bench, Result, Vector
from spawnlab.conform.reference import build_runner
from spawnlab.conform.settings import SETTINGS
from spawnlab.vm.decoder import decode_word
from spawnlab.vm.engines import NAMES as ENGINES
from spawnlab.vm.engines import engine as engine_named
from spawnlab.vm.isa.definition import Definition, Operation
from spawnlab.vm.isa.fusion import RULES
from spawnlab.vm.isa.tables import COMPRESSED, OPERATIONS
from spawnlab.vm.isa.text import operation_text

from .stream_words import known_bytes
from .streams import CODE, Stream, stream

BATCH = 500
SHOWN_MAX = 20
"""So many streams that differ are made small and printed; all are counted."""
SECONDS = 10.0
"""Between two lines about the progress."""
NOP, SHORT_NOP = 0x13, 0x1
ERRORS = ("CyclesExceeded", "InvalidEcall", "InvalidInstruction", "MemOutOfBound", "MemWriteOnExecutablePage")
"""The variants that running code can end with."""


class Reference:
    """The reference's interpreter as a process that answers vector after vector."""

    def __init__(self) -> None:
        binary = build_runner().with_name("spawnlab-vm-reference")
        self._process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._decoder = msgspec.json.Decoder(Result, strict=False)

    def __enter__(self) -> Reference:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, jobs: Iterable[tuple[Vector, str]]) -> Answers:
        """Start to run vectors, each in a setting."""
        lines = [line_of(vector, setting) for vector, setting in jobs]
        return Answers(self._process, self._decoder, lines)

    def run(self, vector: Vector, setting: str) -> Result:
        """What one vector leaves behind."""
        return next(iter(self.ask([(vector, setting)])))


class Answers:
    """What the reference says to some vectors, which it is handed meanwhile."""

    def __init__(
        self, process: subprocess.Popen[bytes], decoder: msgspec.json.Decoder[Result], lines: Sequence[bytes]
    ) -> None:
        self._process = process
        self._decoder = decoder
        self._lines = lines
        # With one thread for both directions each side could wait until the other one reads.
        self._feeder = Thread(target=self._feed, daemon=True)
        self._feeder.start()

    def _feed(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # whoever reads the answers finds that there are none
            self._process.stdin.write(b"\n".join(self._lines) + b"\n")
            self._process.stdin.flush()

    def __iter__(self) -> Iterator[Result]:
        assert self._process.stdout is not None
        for line in self._lines:
            answer = self._process.stdout.readline()
            try:
                yield self._decoder.decode(answer)
            except msgspec.DecodeError:
                raise RuntimeError(f"the reference answers {answer} to {line}") from None
        self._feeder.join()


def line_of(vector: Vector, setting: str) -> bytes:
    """A vector as the reference reads it."""
    return b'{"v":"%b",' % setting.encode() + msgspec.json.encode(vector)[1:]


# Comparing


@dataclass(frozen=True)
class Found:
    """A difference: the stream's number, the stream as small as it could be made, and both results."""

    number: int
    setting: str
    stream: Stream
    ours: Result
    theirs: Result
    stray: str | None = None
    """A byte that was changed on a page that is not marked as dirty."""
    elsewhere: tuple[str, ...] = ()
    """Further settings in which the stream differs."""

    def lines(self) -> Iterator[str]:
        """The difference as text."""
        also = f" (also in {' '.join(self.elsewhere)})" if self.elsewhere else ""
        yield f"stream {self.number} in setting {self.setting}{also}:"
        for name in Result.__struct_fields__:
            theirs, ours = getattr(self.theirs, name), getattr(self.ours, name)
            if theirs != ours:
                yield f"  {name}: the reference has {theirs}, we have {ours}"
        if self.stray:
            yield f"  stray write: {self.stray}"
        yield f"  vector: {line_of(self.stream.vector(), self.setting).decode()}"
        yield from (f"    {line}" for line in listing(self.stream, self.setting))


def listing(s: Stream, setting: str) -> Iterator[str]:
    """The parts of a stream, instruction by instruction."""
    pc = s.pc
    end = pc + len(b"".join(s.parts)) - s.beyond
    for part in s.parts:
        operation = decode_word(int.from_bytes(part, "little"), SETTINGS[setting])
        text = operation_text(operation, pc) if operation else "no instruction"
        after = "  (beyond the code)" if pc >= end else ""
        yield f"0x{pc:x}: {part.hex():8} {text}{after}"
        pc += len(part)


class Comparer:
    """Runs streams on both sides."""

    def __init__(self, reference: Reference, engine: str = "step") -> None:
        self.reference = reference
        self.engine = engine_named(engine)
        self.bench = Bench(self.engine)

    def differs(self, number: int, s: Stream, setting: str) -> Found | None:
        """How one stream differs in one setting, with a look at the whole memory."""
        vector = s.vector()
        theirs = self.reference.run(vector, setting)
        ours = self.bench.run(vector, setting)
        stray = self.stray()
        return Found(number, setting, s, ours, theirs, stray) if ours != theirs or stray else None

    def stray(self) -> str | None:
        """Where the memory was changed but not marked so; makes it whole again."""
        self.bench.clear()
        stray = self.bench.first_difference()
        if stray:
            self.bench = Bench(self.engine)
        return stray

    def small(self, found: Found) -> Found:
        """The same difference, or another one, of the smallest stream that can be made of it."""
        smaller = True
        while smaller:
            smaller = False
            for s in simpler(found.stream):
                other = self.differs(found.number, s, found.setting)
                if other:
                    found, smaller = other, True
                    break
        return found


def simpler(s: Stream) -> Iterator[Stream]:
    """Streams that are simpler in one way, the much simpler ones first."""
    count = len(s.parts)
    size = count // 2
    while size:
        for at in range(0, count, size):
            rest = s.parts[:at] + s.parts[at + size :]
            if rest:
                yield replace(s, parts=rest, beyond=min(s.beyond, len(b"".join(rest)) - 1))
        size //= 2
    plain = Stream(s.parts)
    for name in ("limit", "reservation", "executable", "beyond", "pc", "data"):
        if getattr(s, name) != getattr(plain, name):
            yield replace(s, **{name: getattr(plain, name)})
    if s.pc not in (CODE, CODE + 0x1000 - 2):
        yield replace(s, pc=CODE + 0x1000 - 2)
    yield from (replace(s, beyond=beyond) for beyond in (2, 4) if beyond < s.beyond)
    yield from (replace(s, data=s.data[:i] + s.data[i + 1 :]) for i in range(len(s.data)))
    yield from (replace(s, registers=s.registers[:i] + s.registers[i + 1 :]) for i in range(len(s.registers)))
    for i, (register, value) in enumerate(s.registers):
        for other in (0, 1, value & 0xFFFF, value & 0xFFFF_FFFF):
            if other < value:
                yield replace(s, registers=(*s.registers[:i], (register, other), *s.registers[i + 1 :]))
    yield from (replace(s, steps=steps) for steps in (1, s.steps // 2, s.steps - 1) if 0 < steps < s.steps)
    for i, part in enumerate(s.parts):
        nop = known_bytes(NOP if len(part) == 4 else SHORT_NOP)
        if part != nop:
            yield replace(s, parts=(*s.parts[:i], nop, *s.parts[i + 1 :]))


# What was covered


Fusion = tuple[int, str, tuple[str, ...]]
"""Version, fused operation, and sequence."""


@dataclass
class Coverage:
    """How often what was run: operations, compressed forms, fused sequences by version, and ends."""

    operations: Counter[Definition] = field(default_factory=Counter[Definition])
    forms: Counter[str] = field(default_factory=Counter[str])
    fused: Counter[Fusion] = field(default_factory=Counter["Fusion"])
    fused_short: Counter[Fusion] = field(default_factory=Counter["Fusion"])
    """Those with a compressed part."""
    ends: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By what it was and the setting."""

    def note(self, vector: Vector, setting: str, result: Result, operations: Sequence[Operation]) -> None:
        """Count one run."""
        for operation in operations:
            self.operations[operation.definition] += 1
            for part in operation.parts or (operation,):
                if part.written:
                    form, operands = part.written
                    self.forms[form.mnemonic + (" HINT" if form.is_hint(operands) else "")] += 1
            if operation.parts:
                names = tuple(part.mnemonic for part in operation.parts)
                key = SETTINGS[setting].version, operation.mnemonic, names
                self.fused[key] += 1
                self.fused_short[key] += any(part.written for part in operation.parts)
        if result.e:
            end = result.e
        elif result.exit is not None:
            end = "exit"
        else:
            end = "steps used up" if result.n == vector.n else "left the code"
        self.ends[end, setting] += 1

    def missing(self) -> list[str]:
        """What should have been run but was not."""
        texts = [_operation_name(d) for d in OPERATIONS if not self.operations[d]]
        texts += [name for name in _form_names() if not self.forms[name]]
        texts += [f"{key[1]} in version {key[0]}" for key in _fusions() if not self.fused[key]]
        ends = {end for end, _ in self.ends}
        return texts + [end for end in (*ERRORS, "exit") if end not in ends]

    def lines(self) -> Iterator[str]:
        """The counts as text."""
        yield from _paragraph("operations", {_operation_name(d): self.operations[d] for d in OPERATIONS})
        yield from _paragraph("compressed forms", {name: self.forms[name] for name in _form_names()})
        yield "fused sequences, by version, and those with compressed parts:"
        for key in _fusions():
            version, fused, names = key
            text = f"{fused} = {'; '.join(names)}"
            yield f"  {version}: {text:36}{self.fused[key]:9}{self.fused_short[key]:9}"
        settings = list(dict.fromkeys(setting for _, setting in self.ends))
        yield f"ends, by setting:            {''.join(f'{setting:>9}' for setting in settings)}"
        for end in sorted({end for end, _ in self.ends}):
            yield f"  {end:27}{''.join(f'{self.ends[end, setting]:9}' for setting in settings)}"
        yield f"not covered: {', '.join(self.missing()) or 'nothing'}"


def _operation_name(d: Definition) -> str:
    versions = "".join(f" v{version}" for version in sorted(d.versions)) if d.mnemonic == "jalr" else ""
    return d.mnemonic + versions


def _form_names() -> list[str]:
    return [name for form in COMPRESSED for name in (form.mnemonic, f"{form.mnemonic} HINT")[: 2 if form.hint else 1]]


def _fusions() -> list[Fusion]:
    return sorted((version, rule.fused.mnemonic, rule.sequence) for rule in RULES for version in rule.versions)


def _paragraph(title: str, counts: dict[str, int]) -> Iterator[str]:
    yield f"{title} ({sum(1 for count in counts.values() if count)} of {len(counts)}):"
    text = ", ".join(f"{name} {count}".replace(" ", "\xa0") for name, count in counts.items())
    yield from (
        line.replace("\xa0", " ") for line in textwrap.wrap(text, 116, initial_indent="  ", subsequent_indent="  ")
    )


# A campaign


@dataclass
class Campaign:
    """The outcome of running many streams."""

    streams: int = 0
    runs: int = 0
    operations: int = 0
    differing: int = 0
    """Runs: a stream in a setting."""
    found: list[Found] = field(default_factory=list[Found])
    """The first streams that differ, made small."""
    coverage: Coverage = field(default_factory=Coverage)
    seconds: float = 0.0

    def summary(self) -> Iterator[str]:
        """Counts and coverage."""
        yield from self.coverage.lines()
        rate = self.streams / self.seconds if self.seconds else 0
        yield (
            f"{self.streams} streams, {self.runs} runs, {self.operations} operations "
            f"in {self.seconds:.0f} s ({rate:.0f} streams a second): {self.differing} runs differ"
        )


def run(
    comparer: Comparer, *, seed: int, count: int, settings: Sequence[str] = tuple(SETTINGS), batch: int = BATCH
) -> Iterator[Campaign]:
    """Run streams batch by batch; the campaign is handed out after each."""
    campaign = Campaign()
    begun = time.monotonic()
    for first in range(seed, seed + count, batch):
        numbers = range(first, min(first + batch, seed + count))
        streams = [(number, stream(number)) for number in numbers]
        vectors = [(number, s, s.vector()) for number, s in streams]
        _run_batch(comparer, campaign, [(*vector, setting) for vector in vectors for setting in settings])
        campaign.streams += len(numbers)
        campaign.seconds = time.monotonic() - begun
        yield campaign


def _run_batch(comparer: Comparer, campaign: Campaign, jobs: Sequence[tuple[int, Stream, Vector, str]]) -> None:
    answers = comparer.reference.ask((vector, setting) for _, _, vector, setting in jobs)
    suspects: dict[int, tuple[Stream, list[str]]] = {}
    for (number, s, vector, setting), theirs in zip(jobs, answers, strict=True):
        ours = comparer.bench.run(vector, setting)
        campaign.runs += 1
        campaign.operations += ours.n
        campaign.coverage.note(vector, setting, ours, comparer.bench.operations)
        if ours != theirs:
            suspects.setdefault(number, (s, []))[1].append(setting)
    if comparer.stray():
        for number, s, _, setting in jobs:
            suspects.setdefault(number, (s, []))[1].append(setting)
    for number, (s, settings) in suspects.items():
        differences = [found for setting in dict.fromkeys(settings) if (found := comparer.differs(number, s, setting))]
        campaign.differing += len(differences)
        if differences and len(campaign.found) < SHOWN_MAX:
            first, *others = differences
            small = comparer.small(first)
            campaign.found.append(replace(small, elsewhere=tuple(found.setting for found in others)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--count", type=int, default=20_000, help="streams (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="number of the first one")
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS), help="default: all six")
    parser.add_argument("--batch", type=int, default=BATCH, help="streams handed over at once (default %(default)s)")
    parser.add_argument("--engine", choices=ENGINES, default="step", help="what runs our side (default %(default)s)")
    options = parser.parse_args(arguments)
    campaign = Campaign()
    shown, told = 0, 0.0
    with Reference() as reference:
        comparer = Comparer(reference, options.engine)
        for campaign in run(
            comparer, seed=options.seed, count=options.count, settings=options.settings, batch=options.batch
        ):
            for found in campaign.found[shown:]:
                print(*found.lines(), sep="\n", flush=True)
            shown = len(campaign.found)
            if campaign.seconds - told > SECONDS:
                told = campaign.seconds
                rate = campaign.streams / told
                print(f"{campaign.streams} streams, {rate:.0f} a second, {campaign.differing} differ", flush=True)
    print(*campaign.summary(), sep="\n")
    return 1 if campaign.differing else 0


if __name__ == "__main__":
    sys.exit(main())
