"""The page itself: everything in one HTML file, which needs no network and leaves nothing behind."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

import msgspec

from ..explain.explain import explain
from ..explain.text import text_of
from ..recording import Recording
from ..saved import SavedRun
from ..scenarios.build import Build
from ..scheduler.faults import conditions_of
from ..scheduler.hypothetical import CONSENSUS_TEXT, hypothetical_order
from ..scheduler.journal import Journal
from ..staging import Playable, Run, load
from ..views.ending import ending
from ..views.hypotheticals import fault_notes, hypothetical_lines
from ..views.text import harmless
from ..vm.isa.text import ABI_NAMES
from .capture import Captured
from .frames import Frame, Framing
from .sources import Source, Where, sources_of
from .texts import Texts

FORMAT = 1
_TURNS_IN_FULL = 500
"""A run of more turns is told in the page without a program (and in print) by its first and last ones."""


class _Data(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What the page's program reads."""

    format: int = FORMAT
    title: str
    registers: list[str]
    sources: list[Source]
    texts: list[str]
    frames: list[Frame]
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
    data = _Data(
        title=_title(made),
        registers=[*ABI_NAMES, "pc"],
        sources=sources,
        texts=texts.all,
        frames=captured.frames,
        rings=() if run.outcome.deadlock is None else run.outcome.deadlock.rings,
        memory_until=captured.memory_until,
    )
    return _page(data, list(ending(run)), _why(run), run.journal)


def page_of_recording(recording: Recording, *, limit: int | None = None) -> str:
    """The page of a recording, that was made within ``limit`` cycles; raises as :func:`page_of`.

    Of a kept journal there are no sources, registers or memory.
    """
    if recording.what is not None:
        policy, faults = conditions_of(hypothetical_order(recording.journal.policy) or CONSENSUS_TEXT)
        return page_of(recording.what, limit=limit, policy=policy, faults=faults)
    texts = Texts()
    frames = list(Framing(None, texts).frames(recording.journal))
    data = _Data(
        title="a kept journal",
        registers=[*ABI_NAMES, "pc"],
        sources=[],
        texts=texts.all,
        frames=frames,
        looked_into=False,
    )
    return _page(data, [f"{frames[-1].cycles:,} cycles"], [], recording.journal)


def _title(build: Build) -> str:
    return harmless(build.scenario.title) or "A run"


def _why(run: Run) -> list[str]:
    return list(text_of(explain(run)))


def _page(data: _Data, end: Iterable[str], why: list[str], journal: Journal) -> str:
    from jinja2 import Environment, StrictUndefined

    assets = files("spawnlab.stepping") / "assets"

    def asset(name: str) -> str:
        return (assets / name).read_text(encoding="utf-8")

    packed = base64.b64encode(zlib.compress(msgspec.json.encode(data), 9)).decode()
    hypothetical = hypothetical_order(journal.policy)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(asset("stepper.html.j2")).render(
        title=data.title,
        ending=[harmless(line) for line in end],
        why=why,
        hypothetical=() if hypothetical is None else hypothetical_lines(hypothetical, fault_notes(journal)),
        turns=list(_told(data)),
        data=packed,
        css=asset("stepper.css"),
        js=asset("stepper.js"),
    )


def _told(data: _Data) -> Iterable[dict[str, Any]]:
    """Every turn in words, for readers without a program and for print; of a long run the first and the last ones."""
    frames = data.frames
    half = _TURNS_IN_FULL // 2
    for index, frame in enumerate(frames):
        if len(frames) > _TURNS_IN_FULL and half <= index < len(frames) - half:
            if index == half:
                yield {"left": len(frames) - 2 * half}
            continue
        yield {"turn": frame.turn, "cycles": frame.cycles, "lines": [data.texts[number] for number in frame.lines]}
