"""A run as a trace for Perfetto (ui.perfetto.dev) and Chrome: the Trace Event Format, a cycle as a microsecond.

Every VM is a thread: what it does are slices, bytes, spawns and exit codes are flow arrows from slice to slice, and
what takes no time is an instant. That a VM is swapped out lies over what else it does, and has a track of its own.

A flow is bound to the slice that is there at its time, so it begins in the last cycle before what it tells of, and ends
in the first one after it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from . import wording
from .fold import Loop, fold
from .model import Doing, Span, Story
from .scale import Stretch, scale_of

TURNS_MAX = 1_000
"""Turns that are shown at the most."""
_PID = 1
_RUN_TID = 1_000_000
"""The thread of what is said of the whole run, and of folds; a VM's is its id and 1, since 0 is the idle thread."""
_FOR_EVER_PART = 20
"""A wait for ever is drawn as long as this part of the run."""
Event = dict[str, Any]


def trace(story: Story, *, turns_max: int | None = TURNS_MAX) -> str:
    """The trace as JSON, an event a line. A run of more than ``turns_max`` turns is folded; ``None`` shows all."""
    events = ",\n".join(msgspec.json.encode(event).decode() for event in _Trace(story, turns_max).events())
    other = msgspec.json.encode(_other(story)).decode()
    return f'{{"displayTimeUnit":"ns","otherData":{other},"traceEvents":[\n{events}\n]}}\n'


def _other(story: Story) -> Mapping[str, str]:
    said = {"title": wording.title(story), "ending": wording.ending(story), "unit": "a cycle is a microsecond"}
    if story.hypothetical is not None:
        said["hypothetical"] = wording.label(story.hypothetical)
    return said


class _Trace:
    def __init__(self, story: Story, turns_max: int | None) -> None:
        self.story = story
        self.scale = scale_of(story, fold(story, turns_max=turns_max))
        self.shown = self.scale.shown()
        self.turns = {turn for stretch in self.shown for turn in range(stretch.first, stretch.first + stretch.turns)}
        self.turns.add(-1)
        self.spans: dict[int, list[Span]] = {}
        for span in story.spans:
            if span.end > span.start:
                self.spans.setdefault(span.vm, []).append(span)
        self.starts = {vm: [span.start for span in spans] for vm, spans in self.spans.items()}
        self.exits = {exited.vm: exited.at for exited in story.exits}
        self.flows = 0

    def events(self) -> Iterator[Event]:
        yield from self._names()
        for stretch in self.scale.stretches:
            if stretch.fold is not None:
                yield self._fold(stretch)
        for span in self.story.spans:
            if span.end > span.start or (span.doing is not Doing.RUNNABLE and span.turn in self.turns):
                yield from self._slices(span)
        yield from self._away()
        yield from self._flows()
        yield from self._instants()
        yield from self._for_ever()

    def _names(self) -> Iterator[Event]:
        story = self.story
        said = [wording.title(story), *wording.warnings(story), wording.ending(story)]
        yield {"ph": "M", "name": "process_name", "pid": _PID, "args": {"name": "; ".join(said)}}
        for vm in story.vms:
            if any(stretch.start <= vm.born <= stretch.end for stretch in self.shown) or self._lives(vm.vm):
                name = wording.named(vm.vm, vm.programs)
                yield {"ph": "M", "name": "thread_name", "pid": _PID, "tid": vm.vm + 1, "args": {"name": name}}
                sort = {"sort_index": vm.vm}
                yield {"ph": "M", "name": "thread_sort_index", "pid": _PID, "tid": vm.vm + 1, "args": sort}
        yield {"ph": "M", "name": "thread_name", "pid": _PID, "tid": _RUN_TID, "args": {"name": "the run"}}
        yield {"ph": "M", "name": "thread_sort_index", "pid": _PID, "tid": _RUN_TID, "args": {"sort_index": -1}}

    def _lives(self, vm: int) -> bool:
        return any(s.start < span.end and span.start < s.end for span in self.spans.get(vm, ()) for s in self.shown)

    def _fold(self, stretch: Stretch) -> Event:
        piece = stretch.fold
        if isinstance(piece, Loop):
            name = f"{wording.count(piece.rounds - 1, 'more round')} of {wording.rounds(self.story, piece)}"
        else:
            assert piece is not None
            name = wording.omitted(self.story, piece)
        args = {"turns": stretch.turns, "cycles": stretch.end - stretch.start}
        return self._slice(_RUN_TID, name, "folded", stretch.start, stretch.end, args)

    def _slices(self, span: Span) -> Iterator[Event]:
        name, args = self._said(span)
        for stretch in self.shown:
            start, end = max(span.start, stretch.start), min(span.end, stretch.end)
            if start < end or (span.start == span.end == start == end):
                yield self._slice(span.vm + 1, name, span.doing.value, start, end, args)
                if start == end:
                    return

    def _said(self, span: Span) -> tuple[str, dict[str, Any]]:
        if span.doing is Doing.RUNNING:
            turn = self.story.turns[span.turn]
            call = turn.call
            name = "runs" if call is None else call.kind
            if turn.exit_code is not None:
                name = "exit"
            args: dict[str, Any] = {"turn": turn.number}
            if call is not None:
                said = msgspec.to_builtins(call)
                args |= {key: value for key, value in said.items() if value not in (None, [], ()) and key != "kind"}
            return name, args
        name = wording.waits(span) if span.doing not in (Doing.RUNNABLE, Doing.UNKNOWN) else span.doing.value
        args = {"fd": span.fd, "size": span.size, "target": span.target}
        return name, {key: value for key, value in args.items() if value is not None}

    def _slice(self, tid: int, name: str, kind: str, start: int, end: int, args: dict[str, Any]) -> Event:
        return {
            "ph": "X",
            "name": name,
            "cat": kind,
            "ts": start,
            "dur": end - start,
            "pid": _PID,
            "tid": tid,
            "args": args,
        }

    def _away(self) -> Iterator[Event]:
        for away in self.story.away:
            for stretch in self.shown:
                start, end = max(away.start, stretch.start), min(away.end, stretch.end)
                if start < end:
                    self.flows += 1
                    event = {
                        "name": f"VM {away.vm} is swapped out",
                        "cat": "swapped",
                        "id": self.flows,
                        "pid": _PID,
                        "tid": away.vm + 1,
                    }
                    yield {"ph": "b", **event, "ts": start}
                    yield {"ph": "e", **event, "ts": end}

    def _flows(self) -> Iterator[Event]:
        for transfer in self.story.transfers:
            if transfer.turn in self.turns:
                args = {"bytes": transfer.size, "fd": transfer.fd, "left": transfer.left}
                name = wording.moved(transfer)
                yield from self._flow(
                    "transfer", name, transfer.writer, transfer.at, transfer.reader, transfer.at, args
                )
        for spawn in self.story.spawns:
            if spawn.turn in self.turns:
                args = {"fds": spawn.fds}
                yield from self._flow("spawn", "spawn", spawn.parent, spawn.at, spawn.child, spawn.at, args)
        for answer in self.story.answers:
            if answer.turn in self.turns:
                args = {"exit_code": answer.exit_code}
                ended = self.exits.get(answer.target, answer.at)
                yield from self._flow("answer", "exit code", answer.target, ended, answer.vm, answer.at, args)

    def _flow(
        self, kind: str, name: str, source: int, start: int, target: int, end: int, args: dict[str, Any]
    ) -> Iterator[Event]:
        self.flows += 1
        event = {"name": name, "cat": kind, "id": self.flows, "pid": _PID}
        yield {"ph": "s", **event, "tid": source + 1, "ts": max(self.story.start, start - 1), "args": args}
        ts = end if self._is_in_slice(target, end) else max(self.story.start, end - 1)
        yield {"ph": "f", "bp": "e", **event, "tid": target + 1, "ts": ts}

    def _is_in_slice(self, vm: int, at: int) -> bool:
        """Whether a VM does something at a time that takes time."""
        index = bisect_right(self.starts.get(vm, []), at) - 1
        return index >= 0 and at < self.spans[vm][index].end

    def _instants(self) -> Iterator[Event]:
        story = self.story
        for log in story.logs:
            if log.turn in self.turns:
                yield self._instant(log.vm + 1, f"says {wording.label(log.text)!r}", "log", log.at, "t")
        for refusal in story.refusals:
            if refusal.turn in self.turns:
                yield self._instant(refusal.vm + 1, wording.refused(refusal), "refused", refusal.at, "t")
        for exited in story.exits:
            if exited.turn in self.turns:
                name = f"ends with exit code {exited.exit_code}"
                yield self._instant(exited.vm + 1, name, "exit", max(story.start, exited.at - 1), "t")
        for gone in story.gone:
            if gone.turn in self.turns:
                yield self._instant(gone.vm + 1, wording.gone(gone), "gone", gone.at, "t")
        for fault in story.faults:
            where = f", at {fault.place}" if fault.place else ""
            name = f"the run stops: {wording.label(fault.error)}{where}"
            yield self._instant(fault.vm + 1 if story.vms else _RUN_TID, name, "fault", fault.at, "p")
        for cut in story.breaks:
            name = f"suspended{' and resumed' if cut.resumed else ''}"
            yield self._instant(_RUN_TID, name, "suspended", cut.at, "p")
        report = story.ending.deadlock
        for one in report.waiting if report else ():
            yield self._instant(one.vm + 1, one.words, "deadlock", story.end, "t")

    def _for_ever(self) -> Iterator[Event]:
        """Waits that nobody ends, drawn on behind the end: as long as a part of the run, to be seen."""
        report = self.story.ending.deadlock
        length = max(1, (self.story.end - self.story.start) // _FOR_EVER_PART)
        for one in report.waiting if report else ():
            args = {"rings": [list(ring) for ring in report.rings if one.vm in ring] if report else []}
            name = f"for ever: {one.words}"
            yield self._slice(one.vm + 1, name, "deadlock", self.story.end, self.story.end + length, args)

    def _instant(self, tid: int, name: str, kind: str, ts: int, scope: str) -> Event:
        return {"ph": "i", "name": name, "cat": kind, "ts": ts, "pid": _PID, "tid": tid, "s": scope}
