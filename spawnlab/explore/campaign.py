"""A campaign: numbered cases of one kind, each asked the same question. Case ``n`` is the same whoever plays it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from random import Random

import msgspec

from ..actors.failures import place_of
from ..explain.causes import cause_of
from ..play import run as trio_run
from ..play import run_synchronously
from ..scenarios.build import Build
from ..staging import Run
from ..vm.engines import default_engine, use_engine
from ..vm.errors import SpawnlabError
from .cases import Case, plain_case
from .changes import changed, with_less
from .exhaustive import Space
from .facts import ending
from .generate import Shape, random_topology
from .properties import Property, PropertyError, Seen, property_of
from .results import Result, end_of
from .shrink import shrink
from .topology import Topology
from .written import Written

MODES = ("random", "limits", "suspend", "policy", "faults", "agree", "exhaustive")
DEFAULTS = {
    "random": "deadlock",
    "limits": "differs and error != 'CyclesExceeded'",
    "suspend": "differs",
    "policy": "differs",
    "faults": "deadlock and not plain_deadlock",
    "agree": "differs",
    "exhaustive": "deadlock",
}
"""What is asked unless something else is."""
ALONE = ("random", "exhaustive")
"""Modes that play a topology once; there is nothing that they would change of a scenario."""
BATCH = 100
"""Cases that are played in one go."""
ENGINES = ("step", "blocks", "native")
"""Besides ``auto``, or what was asked for; where there is no native code, blocks take its place."""


class CampaignError(SpawnlabError):
    """A campaign that can't be; says why."""


class Campaign(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a campaign plays and asks.

    * ``random``: topologies in the chain's order; ``exhaustive``: all of a :class:`~spawnlab.explore.exhaustive.Space`;
    * ``limits``: each within a random cycle limit; ``suspend``: suspended up to 4 times; ``policy``: in another order;
      ``faults``: with up to 3 of them. The last two are hypothetical.
      The topology is also played as it is, for the fact ``differs``: whether the ends do;
    * ``agree``: by each driver and each engine. ``differs`` is whether a journal does, which none should.

    Where ``scenarios`` are given, these are played in turn, in place of topologies.
    """

    mode: str
    shape: Shape = Shape()
    seed: int = 0
    question: str = ""
    source: str = ""
    """Of the file, where the question is ``FILE.py:NAME``."""
    scenarios: tuple[Written, ...] = ()

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise CampaignError(f"there is no mode {self.mode!r}; there are {', '.join(MODES)}")
        if self.scenarios and self.mode in ALONE:
            others = ", ".join(mode for mode in MODES if mode not in ALONE)
            raise CampaignError(f"{self.mode} is about topologies; a scenario can be explored by {others}")

    def asked(self) -> Property:
        """What is asked; raises :class:`~spawnlab.explore.properties.PropertyError`."""
        return property_of(self.question or DEFAULTS[self.mode], self.source)

    def space(self) -> Space | None:
        """What is numbered, where there is an end to it."""
        if self.mode != "exhaustive":
            return None
        return _space(self.shape.vms_max, self.shape.pipes_max, self.shape.operations_max)

    @property
    def compiled(self) -> bool:
        """Whether cycles matter, so that the programs have to be a scenario's own; a function might look at them."""
        return self.mode in ("limits", "suspend") or bool(self.source) or "cycles" in self.asked().names


_space = lru_cache(maxsize=2)(Space)


class Found(msgspec.Struct, frozen=True):
    """A case of which the property holds."""

    number: int
    token: str
    ending: str
    size: tuple[int, int, int, int]
    changes: str = ""
    """What is otherwise than in a plain run, as options of ``spawnlab run``."""


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
    sizes: dict[int, int]
    """Cases by how many VMs (of a scenario: programs) they have."""

    def __post_init__(self) -> None:
        """Raise :class:`ValueError` for numbers that there are not, as a damaged file may have them."""
        if self.first < 0 or self.count < 1:
            raise ValueError(f"no batch has {self.count} numbers from {self.first} on")
        counts = (*self.endings.values(), *self.causes.values(), *self.sizes.values(), self.runs, self.turns)
        if min(counts) < 0:
            raise ValueError(f"the batch from {self.first} on counts less than none")


class Played(msgspec.Struct, frozen=True):
    """A case that was played, and what properties are asked of."""

    number: int
    case: Case
    seen: Seen
    runs: int


def play_batch(campaign: Campaign, first: int, count: int) -> Batch:
    """Play the cases ``first`` to ``first + count - 1``: the same result wherever it is done.

    Raises :class:`~spawnlab.explore.properties.PropertyError`, with the case's token, where a function fails that is
    asked, and :class:`CampaignError`, with the token too, where one fails that plays a VM.
    """
    question = campaign.asked()
    endings, causes, sizes = Counter[str](), Counter[str](), Counter[int]()
    found: list[Found] = []
    runs = turns = 0
    for played in _each(campaign, range(first, first + count)):
        run, case = played.seen.run, played.case
        runs += played.runs
        turns += run.outcome.iterations
        end = ending(run)
        endings[end] += 1
        sizes[case.size[0]] += 1
        if run.outcome.deadlock is not None:
            causes[cause_of(run.outcome.deadlock)[0]] += 1
        try:
            holds = question.of(played.seen)
        except PropertyError as error:
            raise PropertyError(f"{error}; case {played.number}: spawnlab case {case.token}") from None
        if holds:
            found.append(Found(played.number, case.token, end, case.size, case.changes))
    return Batch(first, count, dict(endings), dict(causes), runs, turns, tuple(found), dict(sizes))


def _each(campaign: Campaign, numbers: range) -> Iterator[Played]:
    """Play the cases of these numbers; a scenario is made ready, and played as it is, once for all of them."""
    space, compiled = campaign.space(), campaign.compiled
    plain_ones: dict[int, Run] = {}
    for number in numbers:
        random = Random(f"{campaign.seed}/{number}")
        if campaign.scenarios:
            which = number % len(campaign.scenarios)
            case = plain_case(campaign.scenarios[which])
            plain = plain_ones.get(which) or plain_ones.setdefault(which, _played_once(number, case))
        else:
            topology = random_topology(random, campaign.shape) if space is None else space.topology(number)
            if topology is None:
                continue
            case = Case(topology, compiled)
            plain = case.play()
        yield _played(campaign.mode, number, case, plain, random)


def _played_once(number: int, case: Case, base: Build | None = None) -> Run:
    try:
        return case.play(base)
    except Exception as error:
        place = place_of(error)
        if place is None:
            raise
        raise CampaignError(f"{place}; case {number}: spawnlab case {case.token}") from None


def _played(mode: str, number: int, case: Case, plain: Run, random: Random) -> Played:
    """Play a case as the mode wants it; it is then what was played."""
    if mode in ALONE:
        return Played(number, case, Seen(plain, plain, differs=False), runs=1)
    if mode == "agree":
        return Played(number, case, Seen(plain, plain, _is_other_by_others(plain)), runs=2 + len(ENGINES))
    case = changed(mode, case, plain, random)
    run = _played_once(number, case, plain.build)
    return Played(number, case, _compared(run, plain), runs=2)


def _compared(run: Run, plain: Run) -> Seen:
    return Seen(run, plain, differs=_end(plain) != _end(run))


def _end(run: Run) -> Result:
    return end_of(run.build, run.outcome, run.journal)


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


def holds_of(campaign: Campaign, case: Case) -> bool:
    """Whether the property holds of a case."""
    plain = case.plain.play()
    if campaign.mode in ALONE:
        seen = Seen(plain, plain, differs=False)
    elif campaign.mode == "agree":
        seen = Seen(plain, plain, _is_other_by_others(plain))
    else:
        seen = _compared(case.play(), plain)
    return campaign.asked().of(seen)


def smallest(campaign: Campaign, case: Case) -> Case:
    """The smallest case that is found to have the property too: with fewer changes, and of a smaller topology."""

    def holds(topology: Topology) -> bool:
        return holds_of(campaign, msgspec.structs.replace(case, topology=topology))

    less = [case]
    while less:
        case = less[0]
        less = [one for one in with_less(case) if holds_of(campaign, one)]
    if case.written is not None:
        return case
    return msgspec.structs.replace(case, topology=shrink(case.topology, holds))
