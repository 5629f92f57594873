"""A campaign: numbered cases of one kind, each asked the same question. Case ``n`` is the same whoever plays it."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from random import Random

import msgspec

from ..explain.causes import cause_of
from ..hints.hints import hints_of, kinds_of
from ..play import run as trio_run
from ..play import run_synchronously
from ..scheduler.events import IterationEnded
from ..staging import Run
from ..vm.engines import default_engine, use_engine
from ..vm.errors import SpawnlabError
from .cases import Case
from .exhaustive import Space
from .facts import Facts, Property, ending, facts_of, property_of
from .generate import Shape, random_topology
from .orders import DEPENDENT, orders
from .results import Result, end_of
from .shrink import shrink
from .topology import Topology

MODES = ("random", "limits", "suspend", "policy", "agree", "exhaustive")
DEFAULTS = {
    "random": "deadlock",
    "limits": "differs and error != 'CyclesExceeded'",
    "suspend": "differs",
    "policy": "differs",
    "agree": "differs",
    "exhaustive": "deadlock",
}
"""What is asked unless something else is."""
ALONE = ("random", "exhaustive")
"""Modes that play a topology once."""
BATCH = 100
"""Cases that are played in one go."""
SUSPENDS_MAX = 4
ENGINES = ("step", "blocks", "native")
"""Besides ``auto``, or what was asked for; where there is no native code, blocks take its place."""


class CampaignError(SpawnlabError):
    """A campaign that can't be; says why."""


class Campaign(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a campaign plays and asks.

    * ``random``: topologies in the chain's order; ``exhaustive``: all of a :class:`~spawnlab.explore.exhaustive.Space`;
    * ``limits``: each within a random cycle limit; ``suspend``: suspended up to 4 times; ``policy``: in another order.
      The topology is also played as it is, for the fact ``differs``: whether the ends do;
    * ``agree``: by each driver and each engine. ``differs`` is whether a journal does, which none should.
    """

    mode: str
    shape: Shape
    seed: int = 0
    question: str = ""

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise CampaignError(f"there is no mode {self.mode!r}; there are {', '.join(MODES)}")

    def asked(self) -> Property:
        """What is asked; raises :class:`~spawnlab.explore.facts.PropertyError`."""
        return property_of(self.question or DEFAULTS[self.mode])

    def space(self) -> Space | None:
        """What is numbered, where there is an end to it."""
        if self.mode != "exhaustive":
            return None
        return _space(self.shape.vms_max, self.shape.pipes_max, self.shape.operations_max)

    @property
    def compiled(self) -> bool:
        """Whether cycles matter, so that the programs have to be a scenario's own."""
        return self.mode in ("limits", "suspend") or "cycles" in self.asked().names


_space = lru_cache(maxsize=2)(Space)


class Found(msgspec.Struct, frozen=True):
    """A case of which the property holds."""

    number: int
    token: str
    ending: str
    size: tuple[int, int, int, int]


class Batch(msgspec.Struct, frozen=True):
    """What came of the numbers from ``first`` on; not each is a case where all topologies are numbered."""

    first: int
    count: int
    endings: dict[str, int]
    causes: dict[str, int]
    """Deadlocks by their cause, as :mod:`spawnlab.explain.causes` names them."""
    runs: int
    turns: int
    found: tuple[Found, ...]


def play_batch(campaign: Campaign, first: int, count: int) -> Batch:
    """Play the cases ``first`` to ``first + count - 1``: the same result wherever it is done."""
    question, compiled, space = campaign.asked(), campaign.compiled, campaign.space()
    endings: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    found: list[Found] = []
    runs = turns = 0
    for number in range(first, first + count):
        random = Random(f"{campaign.seed}/{number}")
        topology = random_topology(random, campaign.shape) if space is None else space.topology(number)
        if topology is None:
            continue
        played = _played(campaign.mode, Case(topology, compiled), random)
        outcome = played.run.outcome
        runs += played.runs
        turns += outcome.iterations
        end = ending(played.run)
        endings[end] += 1
        if outcome.deadlock is not None:
            causes[cause_of(outcome.deadlock)[0]] += 1
        if question.of(_facts(question, played.run, differs=played.differs)):
            found.append(Found(number, played.case.token, end, topology.size))
    return Batch(first, count, dict(endings), dict(causes), runs, turns, tuple(found))


def _facts(question: Property, run: Run, *, differs: bool) -> Facts:
    depends = "depends" in question.names and orders(run.build, limit=run.limit).verdict == DEPENDENT
    hints = kinds_of(hints_of(run.build.scenario)) if "hints" in question.names else ()
    return facts_of(run, differs=differs, depends=depends, hints=hints)


class _Played(msgspec.Struct, frozen=True):
    case: Case
    run: Run
    differs: bool
    runs: int


def _played(mode: str, case: Case, random: Random) -> _Played:
    """Play a topology as the mode wants it; the case is then what was played."""
    plain = case.play()
    if mode in ALONE:
        return _Played(case, plain, differs=False, runs=1)
    if mode == "agree":
        return _Played(case, plain, differs=_is_other_by_others(plain), runs=2 + len(ENGINES))
    changed = _changed(mode, case, plain, random)
    run = changed.play()
    return _Played(changed, run, differs=_end(plain) != _end(run), runs=2)


def _is_other_by_others(run: Run) -> bool:
    """Whether something else happens by the other driver, or on some engine."""
    journals = [trio_run(run.build, limit=run.limit).journal]
    before = default_engine()
    try:
        for name in ENGINES:
            use_engine(name)
            journals.append(run_synchronously(run.build, limit=run.limit).journal)
    finally:
        use_engine(before.name)
    return any(journal != run.journal for journal in journals)


def _changed(mode: str, case: Case, plain: Run, random: Random) -> Case:
    """The case in another order, within a limit, or suspended."""
    totals = [event.total for event in plain.journal if isinstance(event, IterationEnded)]
    total = plain.outcome.cycles
    if mode == "policy":
        seed = random.randrange(1 << 32)
        other = random.choice(("smallest", "round-robin", f"random:{seed}", f"pct:{seed}:3"))
        return msgspec.structs.replace(case, policy=other)
    if mode == "limits":
        near = random.choice(totals or [0]) + random.randint(-2, 2)
        return msgspec.structs.replace(case, limit=max(0, random.choice((near, random.randint(0, total + 1)))))
    points = {random.choice([*totals, random.randint(1, total + 1)]) for _ in range(random.randint(1, SUSPENDS_MAX))}
    return msgspec.structs.replace(case, suspend_at=tuple(sorted(points - {0})))


def _end(run: Run) -> Result:
    return end_of(run.build, run.outcome, run.journal)


def holds_of(campaign: Campaign, case: Case) -> bool:
    """Whether the property holds of a case."""
    run = case.play()
    if campaign.mode in ALONE:
        differs = False
    elif campaign.mode == "agree":
        differs = _is_other_by_others(run)
    else:
        differs = _end(Case(case.topology, case.compiled).play()) != _end(run)
    question = campaign.asked()
    return question.of(_facts(question, run, differs=differs))


def smallest(campaign: Campaign, case: Case) -> Case:
    """The case with the smallest topology that is found to have the property too; all else stays as it is."""

    def holds(topology: Topology) -> bool:
        return holds_of(campaign, msgspec.structs.replace(case, topology=topology))

    return msgspec.structs.replace(case, topology=shrink(case.topology, holds))
