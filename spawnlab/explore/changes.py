"""What the modes of a campaign change of a plain run, at random, and how such a change is made smaller."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgspec

from ..scheduler.events import IterationEnded
from ..staging import Run
from .cases import Case
from .faulting import random_faults

SUSPENDS_MAX = 4


def changed(mode: str, case: Case, plain: Run, random: Random) -> Case:
    """The case in another order, within a limit, with faults, or suspended; ``plain`` is its run as it is."""
    totals = [event.total for event in plain.journal if isinstance(event, IterationEnded)]
    total = plain.outcome.cycles
    match mode:
        case "policy":
            seed = random.randrange(1 << 32)
            other = random.choice(("smallest", "round-robin", f"random:{seed}", f"pct:{seed}:3"))
            return msgspec.structs.replace(case, policy=other)
        case "limits":
            near = random.choice(totals or [0]) + random.randint(-2, 2)
            return msgspec.structs.replace(case, limit=max(0, random.choice((near, random.randint(0, total + 1)))))
        case "faults":
            return msgspec.structs.replace(case, faults=random_faults(random, plain))
        case _:
            count = random.randint(1, SUSPENDS_MAX)
            points = {random.choice([*totals, random.randint(1, total + 1)]) for _ in range(count)}
            return msgspec.structs.replace(case, suspend_at=tuple(sorted(points - {0})))


def with_less(case: Case) -> Iterator[Case]:
    """The case with one change of several left out."""
    for name in ("suspend_at", "faults"):
        several = getattr(case, name)
        for index in range(len(several) if len(several) > 1 else 0):
            yield msgspec.structs.replace(case, **{name: (*several[:index], *several[index + 1 :])})
