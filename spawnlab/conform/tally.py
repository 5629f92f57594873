"""What came out of running records: how many matched, and what differed where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from ..vm.errors import SpawnlabError

SHOWN_MAX = 20
FORMAT = 1

T = TypeVar("T")


class RecordError(SpawnlabError):
    """A file of records that cannot be read; names the file and the line."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A record that came out otherwise: which one, and each field with what was expected and what came."""

    where: str
    fields: tuple[tuple[str, object, object], ...]

    def lines(self) -> Iterator[str]:
        """The difference as text."""
        yield self.where
        for name, expected, got in self.fields:
            yield f"  {name}: expected {expected}, got {got}"


@dataclass
class Tally:
    """Counts of records that matched, those that could not be run, and the differences."""

    matched: int = 0
    absent: list[str] = field(default_factory=list[str])
    differences: list[Difference] = field(default_factory=list[Difference])

    def note(self, where: str, fields: list[tuple[str, object, object]]) -> None:
        """Count one record, by the fields that differ."""
        if fields:
            self.differences.append(Difference(where, tuple(fields)))
        else:
            self.matched += 1

    def compare(self, where: str, expected: dict[str, object], got: dict[str, object]) -> None:
        """Count one record by all its fields; a missing field is ``None``."""
        names = sorted({*expected, *got})
        differing = [(n, expected.get(n), got.get(n)) for n in names if expected.get(n) != got.get(n)]
        self.note(where, differing)

    def whole(self) -> dict[str, object]:
        """All of it, for JSON; the values of fields as text, whatever they are."""
        return {
            "format": FORMAT,
            "matched": self.matched,
            "absent": sorted(set(self.absent)),
            "differences": [
                {
                    "where": d.where,
                    "fields": [{"name": n, "expected": str(wanted), "got": str(got)} for n, wanted, got in d.fields],
                }
                for d in self.differences
            ],
        }

    def report(self, *, every: bool) -> Iterator[str]:
        """Lines: the differences (the first 20 unless all are asked for), and the counts."""
        shown = self.differences if every else self.differences[:SHOWN_MAX]
        for difference in shown:
            yield from difference.lines()
        if len(shown) < len(self.differences):
            yield f"... and {len(self.differences) - len(shown)} more (--all shows them)"
        yield from (f"no program {name}" for name in sorted(set(self.absent)))
        absent = f", {len(self.absent)} without their program" if self.absent else ""
        yield f"{self.matched} matched, {len(self.differences)} differ{absent}"


def read_records(file: Path, decode: Callable[[bytes], T], content: bytes) -> Iterator[tuple[str, T]]:
    """Records of a file of JSON lines, each with its place ``file:line``; raises :class:`RecordError`."""
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield f"{file}:{number}", decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RecordError(f"{file}:{number}: {error}") from None
