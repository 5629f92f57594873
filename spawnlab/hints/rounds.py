"""A program's steps in the order in which they are done: loops unrolled, without those that matter to nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ..explain.steps_at import Path
from ..scenarios import steps as s


class Loop(msgspec.Struct, frozen=True):
    """What is done so many times; never nothing."""

    times: int
    items: tuple[Item, ...]


class One(msgspec.Struct, frozen=True):
    """One step, and its path."""

    step: s.AnyStep
    path: Path


Item = Loop | One


def items_of(steps: Sequence[s.AnyStep], path: Path = ()) -> tuple[Item, ...]:
    """What is done, loops kept. A loop that asks nothing of anybody is done once: its rounds are all the same."""
    made: list[Item] = []
    for index, step in enumerate(steps):
        match step:
            case s.Compute() | s.Log():
                pass
            case s.Repeat():
                inner = items_of(step.steps, (*path, index))
                if inner:
                    made.append(Loop(step.times if _asks(inner) else 1, inner))
            case _:
                made.append(One(step, (*path, index)))
    return tuple(made)


def _asks(items: Sequence[Item]) -> bool:
    return any(item.times > 1 or _asks(item.items) if isinstance(item, Loop) else _is_call(item.step) for item in items)


def _is_call(step: s.AnyStep) -> bool:
    return isinstance(step, s.Call | s.Exit)


def walk(items: Sequence[Item]) -> Iterator[One]:
    """The steps one after the other; there may be very many."""
    for item in items:
        if isinstance(item, Loop):
            for _ in range(item.times):
                yield from walk(item.items)
        else:
            yield item
