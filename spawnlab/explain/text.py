"""An explanation in words, for people at terminals."""

from __future__ import annotations

from collections.abc import Iterator

from ..views.hypotheticals import hypothetical_lines
from ..views.terminal import Terminal
from ..views.text import harmless
from .graph import drawn
from .model import Edit, Explanation, Spender, Wait
from .phrases import iterations


def text_of(explanation: Explanation, terminal: Terminal | None = None, *, brief: bool = False) -> Iterator[str]:
    """Lines, wrapped where the terminal has a width, and harmless to it; ``brief``: without who waits for what."""
    terminal = terminal or Terminal()
    for line in _lines(explanation, brief):
        margin = " " * (len(line) - len(line.lstrip()))
        style = () if margin else ("bold",)
        style = {"  - ": ("red",), "  + ": ("green",)}.get(line[:4], style)
        for part in terminal.wrap(harmless(line.strip()), indent=margin, hanging=f"{margin}  "):
            yield terminal.style(part, *style)


def _lines(e: Explanation, brief: bool) -> Iterator[str]:
    if brief and e.cause == "exit" and not e.facts:
        return  # the end says it all
    yield f"why: {e.headline}"
    yield from (f"  {line}" for line in e.facts)
    for wait in () if brief else e.waits:
        yield from _wait(wait)
    by_vm = {wait.vm: wait for wait in e.waits}
    for ring, cause in () if brief else zip(e.rings, e.causes, strict=True):
        yield f"  ring ({cause}): {drawn((*ring, ring[0]), by_vm)}"
    for chain in () if brief else e.chains:
        yield f"  chain: {drawn(chain, by_vm)}"
    yield from _spenders(e.spenders)
    yield f"rule: {e.rule}"
    if e.edit is not None:
        yield from _edit(e.edit)
    if e.advice:
        yield f"try: {e.advice}"
    if e.hypothetical is not None and not brief:
        yield from hypothetical_lines(e.hypothetical, e.faults)


def _wait(wait: Wait) -> Iterator[str]:
    where = ", ".join(filter(None, (wait.program, wait.place)))
    yield f"  VM {wait.vm}{f' ({where})' if where else ''} {wait.words}"
    if wait.step:
        yield f"    at {wait.step}"
    if wait.held:
        yield f"    {wait.held}"
    yield f"    last: {wait.progress}"


def _spenders(spenders: tuple[Spender, ...]) -> Iterator[str]:
    total = sum(spender.cycles for spender in spenders) or 1
    for spender in spenders:
        program = f" ({spender.program})" if spender.program else ""
        yield f"  VM {spender.vm}{program} spent {spender.cycles:,} cycles, {100 * spender.cycles // total} %"
        kinds = sorted(spender.kinds.items(), key=lambda kind: -kind[1])
        if kinds:
            yield "    " + ", ".join(f"{name} {cycles:,}" for name, cycles in kinds)


def _edit(edit: Edit) -> Iterator[str]:
    yield f"tried: {edit.words}"
    for change in edit.changes:
        yield f"  programs.{change.program}, {change.place}:"
        yield from (f"  - {line}" for line in change.removed)
        yield from (f"  + {line}" for line in change.added)
    yield f"  {edit.outcome} (before: {iterations(edit.turns_before)})"
