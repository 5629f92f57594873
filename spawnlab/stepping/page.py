"""The page itself: everything in one HTML file, which needs no network and leaves nothing behind."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence

import msgspec

from ..pictures.story import story_of
from ..recording import Recording
from ..saved import SavedRun
from ..scenarios.build import Build
from ..scheduler.faults import conditions_of
from ..scheduler.hypothetical import CONSENSUS_TEXT, hypothetical_order
from ..scheduler.journal import Journal
from ..scheduler.limits import EXEC_LOAD_ELF_V2_CYCLES_BASE, SPAWN_EXTRA_CYCLES_BASE, SPAWN_YIELD_CYCLES_BASE
from ..staging import Playable, load
from ..views.accounts import Kind
from ..views.hypotheticals import fault_notes, hypothetical_lines
from ..views.text import harmless
from ..vm.cost import BYTES_PER_CYCLE
from ..vm.isa.text import ABI_NAMES
from ..vm.machine import SYSTEM_CYCLES
from .capture import Captured
from .endings import End, end_of, end_of_journal
from .frames import Frame, Framing
from .joining import program, style, template
from .sources import Source, Where, sources_of
from .telling import told
from .texts import Texts

FORMAT = 2
_BYTES = f"1 for {BYTES_PER_CYCLE} bytes"
_KINDS = {
    Kind.INSTRUCTIONS: "all instructions but ecalls",
    Kind.ECALLS: f"{SYSTEM_CYCLES} for each system call, an exit among them",
    Kind.CALLS: f"{SPAWN_YIELD_CYCLES_BASE} more for each system call that the scheduler answers, but exec",
    Kind.SPAWN: f"{SPAWN_EXTRA_CYCLES_BASE:,} more for each spawn",
    Kind.EXEC: f"{EXEC_LOAD_ELF_V2_CYCLES_BASE:,} for each exec",
    Kind.LOAD: f"loading programs: {_BYTES}",
    Kind.TRANSFER: f"bytes through pipes: {_BYTES}, for the writer and for the reader",
    Kind.DATA: f"bytes loaded from the transaction, or printed: {_BYTES}",
    Kind.SWAP: f"{SPAWN_EXTRA_CYCLES_BASE:,} each time this VM was swapped out or in, whoever had the turn",
    Kind.AGAIN: "a turn beyond its limit, counted once more",
    Kind.BEFORE: "consumed before the journal begins",
}


class _Data(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What the page's program reads."""

    format: int = FORMAT
    title: str
    registers: list[str]
    sources: list[Source]
    texts: list[str]
    frames: list[Frame]
    deadlock: bool = False
    rings: tuple[tuple[int, ...], ...] = ()
    memory_until: int | None = None
    looked_into: bool = True
    """Whether there are registers and memory."""


def page_of(what: Playable, *, limit: int | None = None, policy: str | None = None, faults: Sequence[str] = ()) -> str:
    """The page of a run, which is played for it within ``limit`` cycles.

    Raises as :func:`~spawnlab.play.perform`.
    """
    made = what.build() if isinstance(what, SavedRun) else load(what)
    texts, sources = Texts(), sources_of(made)
    captured = Captured(Framing(made, texts, Where(made, sources)))
    if isinstance(what, SavedRun):
        captured.past(what.events)
    run = captured.play(what if isinstance(what, SavedRun) else made, limit=limit, policy=policy, faults=faults)
    end = end_of(run)
    data = _Data(
        title=_title(made),
        registers=[*ABI_NAMES, "pc"],
        sources=sources,
        texts=texts.all,
        frames=captured.frames,
        deadlock=end.deadlock,
        rings=end.rings,
        memory_until=captured.memory_until,
    )
    return _page(data, end, run.journal, made)


def page_of_recording(recording: Recording, *, limit: int | None = None) -> str:
    """The page of a recording, that was made within ``limit`` cycles; raises as :func:`page_of`.

    Of a kept journal there are no sources, registers or memory.
    """
    if recording.what is not None:
        policy, faults = conditions_of(hypothetical_order(recording.journal.policy) or CONSENSUS_TEXT)
        return page_of(recording.what, limit=limit, policy=policy, faults=faults)
    story = story_of(recording.journal)
    texts = Texts()
    frames = list(Framing(None, texts).frames(recording.journal, story.ending))
    end = end_of_journal(story)
    data = _Data(
        title="a kept journal",
        registers=[*ABI_NAMES, "pc"],
        sources=[],
        texts=texts.all,
        frames=frames,
        deadlock=end.deadlock,
        rings=end.rings,
        looked_into=False,
    )
    return _page(data, end, recording.journal, None)


def _title(build: Build) -> str:
    return harmless(build.scenario.title) or "A run"


def _page(data: _Data, end: End, journal: Journal, build: Build | None) -> str:
    from jinja2 import Environment, StrictUndefined

    packed = base64.b64encode(zlib.compress(msgspec.json.encode(data), 9)).decode()
    hypothetical = hypothetical_order(journal.policy)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template()).render(
        title=data.title,
        about=harmless(" ".join(build.scenario.why.split())) if build is not None else "",
        ending=end.lines,
        why=end.why,
        hypothetical=() if hypothetical is None else hypothetical_lines(hypothetical, fault_notes(journal)),
        turns=list(told(story_of(journal, build), data.frames, data.texts)),
        kinds=_kinds(data.frames),
        data=packed,
        css=style(),
        js=program(),
    )


def _kinds(frames: Sequence[Frame]) -> list[tuple[str, str]]:
    """What cycles of this run were spent on, and what that is."""
    found = {kind for frame in frames for kinds in frame.kinds.values() for kind in kinds}
    return [(kind.value, _KINDS[kind]) for kind in Kind if kind.value in found]
