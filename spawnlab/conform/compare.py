"""One script group, run here and on the reference: equal, or the first difference side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ..scheduler.transaction import ScriptGroupData
from ..vm.errors import CyclesExceeded
from .modes import Mode, run_recorded
from .records import OutcomeRecord
from .reference import case_of, run_reference
from .scheduler import LISTS, first_difference

_WIDTH_MAX = 60
FORMAT = 1


class Comparison(msgspec.Struct, frozen=True):
    """Our outcome and the reference's, in the last mode that was run."""

    mode: Mode
    ours: OutcomeRecord
    reference: OutcomeRecord

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return self.ours == self.reference

    def differences(self) -> list[tuple[str, object, object]]:
        """What differs: a name, ours, the reference's. Of lists only the first entry that does."""
        ours, reference = (msgspec.json.decode(msgspec.json.encode(o)) for o in (self.ours, self.reference))
        found: list[tuple[str, object, object]] = []
        for name in LISTS:
            mine, its = ours.pop(name, []), reference.pop(name, [])
            found += first_difference(name, mine, its)
            if not found and len(its) > len(mine):
                found.append((f"{name}[{len(mine)}]", None, its[len(mine)]))
        names = sorted({*ours, *reference})
        return found + [(n, ours.get(n), reference.get(n)) for n in names if ours.get(n) != reference.get(n)]

    def report(self) -> dict[str, object]:
        """The comparison for JSON: both outcomes whole, and what differs."""
        return {
            "format": FORMAT,
            "equal": self.equal,
            "mode": self.mode,
            "here": self.ours,
            "reference": self.reference,
            "differences": [{"path": n, "here": mine, "reference": its} for n, mine, its in self.differences()],
        }

    def lines(self) -> Iterator[str]:
        """The comparison as text."""
        ours = self.ours
        if self.equal:
            end = f"exit code {ours.exit_code}" if ours.status == "exit" else ours.error_debug or ours.stop_reason
            yield f"equal: {end}, {ours.cycles or 0:,} cycles{_counted(ours)}"
            return
        rows = [("", "here", "reference"), *((n, _short(a), _short(b)) for n, a, b in self.differences())]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        yield "different:"
        yield from (f"  {name:<{widths[0]}}  {mine:<{widths[1]}}  {its}" for name, mine, its in rows)


def _counted(ours: OutcomeRecord) -> str:
    for name, records in (("iteration", ours.trace), ("suspend", ours.suspends)):
        if records is not None:
            return f", {len(records):,} {name}{'' if len(records) == 1 else 's'}"
    return " (iterations are not compared: the run goes on beyond its limit)"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _WIDTH_MAX else f"{text[: _WIDTH_MAX - 4]} ..."


def compare_group(sg_data: ScriptGroupData, modes: Sequence[Mode], *, machine: str = "plain") -> Comparison:
    """Run a group in each mode by both, until one of them does not come to an end within its limit.

    Gives the last comparison, or the last in which they differ. Raises
    :class:`~spawnlab.conform.reference.ReferenceUnavailable`.
    """
    comparisons: list[Comparison] = []
    for mode in modes:
        (reference,) = run_reference([case_of(sg_data, mode)], machine=machine)
        comparisons.append(Comparison(mode, run_recorded(sg_data, mode), reference))
        if CyclesExceeded.__name__ in (comparisons[-1].ours.error_variant, reference.error_variant):
            break
    return next((found for found in reversed(comparisons) if not found.equal), comparisons[-1])
