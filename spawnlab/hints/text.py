"""Hints in words, for people at terminals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..views.terminal import Terminal
from ..views.text import harmless
from .model import LEVELS, Hint

_STYLES = {"certain": ("bold", "red"), "possible": ("bold", "yellow"), "note": ("dim",)}
_SPOTS_SHOWN = 4


def text_of(hints: Sequence[Hint], terminal: Terminal | None = None, *, file: str = "") -> Iterator[str]:
    """Lines, wrapped where the terminal has a width, and harmless to it; ``file`` stands before numbers of lines."""
    terminal = terminal or Terminal()
    for hint in hints:
        for number, line in enumerate(_lines(hint, file)):
            margin = " " * (len(line) - len(line.lstrip()))
            styles = () if number else _STYLES[hint.level]
            for part in terminal.wrap(harmless(line.strip()), indent=margin, hanging=f"{margin}  "):
                yield terminal.style(part, *styles)
    yield terminal.style(_sum(hints), "bold")


def _lines(hint: Hint, file: str) -> Iterator[str]:
    where = f" ({file}:{hint.line})" if hint.line is not None and file else ""
    yield f"{hint.level}: {hint.kind} at {hint.path}{where}"
    yield f"  {hint.words}"
    told = [spot for spot in hint.spots if spot.words]
    for spot in told:
        yield f"    VM {spot.vm} ({spot.program}, {spot.place}) {spot.words}"
    more = [] if told else [f"VM {spot.vm}" for spot in hint.spots[1:]]
    if more:
        yield f"    and likewise {_listed(more)}"
    claim = _claim(hint)
    if claim:
        yield f"  {claim}"
    yield f"  try: {hint.advice}"


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _SPOTS_SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[:_SPOTS_SHOWN])} and {len(names) - _SPOTS_SHOWN} more"


def _claim(hint: Hint) -> str:
    sure = hint.level == "certain"
    match hint.claim:
        case "deadlock":
            return f"so the run {'comes' if sure else 'may come'} to a deadlock ({hint.cause})"
        case "stuck":
            return f"so {'each of them' if len(hint.spots) > 1 else 'it'} may wait till the run is over ({hint.cause})"
        case "ends":
            code = "" if hint.exit_code is None else f" with exit code {hint.exit_code}"
            return f"so the VM {'ends' if sure else 'may end'} there{code}"
        case _:
            return ""


def _sum(hints: Sequence[Hint]) -> str:
    counts = Counter(hint.level for hint in hints)
    told = [f"{counts[level]} {level}" for level in LEVELS[:2] if counts[level]]
    if counts["note"]:
        told.append("1 note" if counts["note"] == 1 else f"{counts['note']} notes")
    return ", ".join(told) if told else "no hints"
