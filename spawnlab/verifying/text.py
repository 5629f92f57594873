"""What a verification says, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from ..runs import Run
from ..scenarios.model import CYCLES_DEFAULT
from ..scheduler.events import Logged
from ..scheduler.verify.type_id import is_type_id
from ..views.jsontext import json_text
from ..views.terminal import Terminal
from ..views.text import harmless
from .type_id import why_refused
from .verify import ScriptResult, Verification

if TYPE_CHECKING:
    from ..explain.model import Explanation

_CELLS_SHOWN = 8


def lines_of(made: Verification, terminal: Terminal) -> Iterator[str]:
    """A line for each script, what it printed, and of one that does not pass, why."""
    for note in made.notes:
        yield from terminal.wrap(harmless(f"note: {note}"), hanging="  ")
    width = max((len(script.address) for script in made.scripts), default=0)
    for script in made.scripts:
        yield from terminal.wrap(_line(script, width), hanging="  ")
        for vm, text in _log(script):
            yield from terminal.wrap(harmless(f"  VM {vm} says {text!r}"), hanging="    ")
        if script.group in made.whole.expected:
            yield from _unmet(script, terminal)
        if script.error is not None:
            yield from _why(made, script, terminal)
    yield from terminal.wrap(harmless(_verdict(made)), hanging="  ")
    if made.not_run:
        yield f"{made.not_run} more {'script is' if made.not_run == 1 else 'scripts are'} not run"


def _explained(run: Run) -> Explanation:
    """Explaining is loaded where there is something to explain: most transactions pass."""
    from ..explain.explain import explain

    return explain(run)


def _unmet(script: ScriptResult, terminal: Terminal) -> Iterator[str]:
    for missed in script.unmet:
        yield from terminal.wrap(harmless(f"  not as expected: {missed}"), hanging="    ")


def _why(made: Verification, script: ScriptResult, terminal: Terminal) -> Iterator[str]:
    """The explanation of a run, or what is wrong where nothing ran."""
    from ..explain.text import text_of

    if script.run is not None:
        for line in text_of(_explained(script.run), terminal, brief=False):
            yield f"  {line}"
    else:
        said = f"why: {refused}" if (refused := _refused(made, script)) else script.error or ""
        yield from terminal.wrap(harmless(f"  {said}"), hanging="    ")


def _refused(made: Verification, script: ScriptResult) -> str | None:
    """Why the built-in type id script does not pass."""
    is_refused = script.error is not None and is_type_id(script.group.script)
    return why_refused(script.group, made.whole.mock.transaction) if is_refused else None


def _end(script: ScriptResult) -> str:
    if script.exit_code is not None:
        return f"exit code {script.exit_code}"
    return "does not run" if script.run is None else "fails"


def _line(script: ScriptResult, width: int) -> str:
    built_in = script.run is None and script.error is None
    what = "type id, built in" if built_in else "" if script.run is None else f"version {script.version}"
    cells = f"inputs {_numbers(script.group.inputs)}" if script.group.inputs else ""
    more = f"outputs {_numbers(script.group.outputs)}" if script.group.outputs else ""
    about = "; ".join(part for part in (what, cells, more) if part)
    return (
        f"{script.address:<{width}}  {_end(script):<14} {script.cycles:>13,} cycles  {script.seconds:7.3f} s  ({about})"
    )


def _numbers(indices: Sequence[int]) -> str:
    """The first few; all of them are in the JSON."""
    shown = ", ".join(map(str, indices[:_CELLS_SHOWN]))
    return shown if len(indices) <= _CELLS_SHOWN else f"{shown}, ..., {len(indices):,} in all"


def _log(script: ScriptResult) -> list[tuple[int, str]]:
    if script.run is None:
        return []
    return [(event.vm, event.text) for event in script.run.journal if isinstance(event, Logged)]


def _verdict(made: Verification) -> str:
    if made.error is not None:
        return made.error
    count = len(made.scripts)
    scripts = f"{count} script{'' if count == 1 else 's'}"
    used = f"{made.cycles:,} cycles, {scripts}: passes"
    if made.cycles is not None and made.cycles > CYCLES_DEFAULT:
        used += f"; a node's pool takes {CYCLES_DEFAULT:,} at the most, unless it is told otherwise"
    return used


class ScriptReport(msgspec.Struct, frozen=True):
    """One script in JSON."""

    script: str
    hash: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    version: int | None
    exit_code: int | None
    cycles: int
    limit: int
    seconds: float
    error: str | None
    log: tuple[tuple[int, str], ...]
    unmet: tuple[str, ...]
    why: str | None
    explanation: Explanation | None


class VerificationReport(msgspec.Struct, frozen=True, kw_only=True):
    """A verification in JSON."""

    format: int = 1
    tx_hash: str
    passes: bool
    as_expected: bool
    cycles: int | None
    error: str | None
    notes: tuple[str, ...]
    scripts: tuple[ScriptReport, ...]
    not_run: int


def json_of(made: Verification) -> str:
    """The same as JSON (``docs/json.md``)."""
    scripts = tuple(
        ScriptReport(
            script=script.address,
            hash=f"0x{script.group.hash.hex()}",
            inputs=script.group.inputs,
            outputs=script.group.outputs,
            version=script.version,
            exit_code=script.exit_code,
            cycles=script.cycles,
            limit=script.limit,
            seconds=script.seconds,
            error=script.error,
            log=tuple(_log(script)),
            unmet=script.unmet if script.group in made.whole.expected else (),
            why=_refused(made, script),
            explanation=_explained(script.run) if script.error is not None and script.run is not None else None,
        )
        for script in made.scripts
    )
    return json_text(
        VerificationReport(
            tx_hash=f"0x{made.tx_hash.hex()}",
            passes=made.passes,
            as_expected=made.as_expected,
            cycles=made.cycles,
            error=made.error,
            notes=made.notes,
            scripts=scripts,
            not_run=made.not_run,
        )
    )
