"""A campaign: numbered cases of one kind, each asked the same question. Case ``n`` is the same whoever plays it."""

from __future__ import annotations

from collections import Counter
from random import Random

import msgspec

from ..scheduler.events import IterationEnded
from ..staging import Run
from ..vm.errors import SpawnlabError
from .cases import Case
from .facts import Property, ending, facts_of, property_of
from .generate import Shape, random_topology
from .shrink import shrink
from .topology import Topology

MODES = ("random", "limits", "suspend", "policy")
DEFAULTS = {
    "random": "deadlock",
    "limits": "differs and error != 'CyclesExceeded'",
    "suspend": "differs",
    "policy": "differs",
}
"""What is asked unless something else is."""
BATCH = 100
"""Cases that are played in one go."""
SUSPENDS_MAX = 4


class CampaignError(SpawnlabError):
    """A campaign that can't be; says why."""


class Campaign(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a campaign plays and asks.

    * ``random``: topologies in the chain's order;
    * ``limits``: each within a random cycle limit; ``suspend``: suspended up to 4 times; ``policy``: in another order.

    Of the last three the topology is also played as it is, for the fact ``differs``.
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

    @property
    def compiled(self) -> bool:
        """Whether cycles matter, so that the programs have to be a scenario's own."""
        return self.mode in ("limits", "suspend") or "cycles" in self.asked().names


class Found(msgspec.Struct, frozen=True):
    """A case of which the property holds."""

    number: int
    token: str
    ending: str
    size: tuple[int, int, int, int]


class Batch(msgspec.Struct, frozen=True):
    """What came of the cases from ``first`` on."""

    first: int
    count: int
    endings: dict[str, int]
    runs: int
    turns: int
    found: tuple[Found, ...]


def play_batch(campaign: Campaign, first: int, count: int) -> Batch:
    """Play the cases ``first`` to ``first + count - 1``: the same result wherever it is done."""
    question, compiled = campaign.asked(), campaign.compiled
    endings: Counter[str] = Counter()
    found: list[Found] = []
    runs = turns = 0
    for number in range(first, first + count):
        random = Random(f"{campaign.seed}/{number}")
        topology = random_topology(random, campaign.shape)
        case = Case(topology, compiled)
        plain = case.play() if campaign.mode != "random" else None
        if plain is not None:
            case = _changed(campaign.mode, case, plain, random)
        run = case.play()
        runs += 1 if plain is None else 2
        turns += run.outcome.iterations
        endings[ending(run)] += 1
        if question.of(facts_of(run, differs=plain is not None and _end(plain) != _end(run))):
            found.append(Found(number, case.token, ending(run), topology.size))
    return Batch(first, count, dict(endings), runs, turns, tuple(found))


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


def _end(run: Run) -> tuple[object, ...]:
    """How a run ended, without its cycles; a deadlock's VMs are named by nothing that the order changes."""
    outcome = run.outcome
    waiting = len(outcome.deadlock.waiting) if outcome.deadlock else 0
    return ending(run), waiting


def holds_of(campaign: Campaign, case: Case) -> bool:
    """Whether the property holds of a case."""
    run = case.play()
    differs = False
    if campaign.mode != "random":
        plain = Case(case.topology, case.compiled).play()
        differs = _end(plain) != _end(run)
    return campaign.asked().of(facts_of(run, differs=differs))


def smallest(campaign: Campaign, case: Case) -> Case:
    """The case with the smallest topology that is found to have the property too; all else stays as it is."""

    def holds(topology: Topology) -> bool:
        return holds_of(campaign, msgspec.structs.replace(case, topology=topology))

    return msgspec.structs.replace(case, topology=shrink(case.topology, holds))
