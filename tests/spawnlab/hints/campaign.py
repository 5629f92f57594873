"""Hints held against runs: how often each kind is given, how often the run bears it out, and which deadlocks have none.

As a command: ``python tests/spawnlab/hints/campaign.py --count 20000 --seed 0``. It prints two tables, and each case in
which a certain hint is wrong; it leaves with 1 if there is one. Case ``n`` of a seed is always the same.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import msgspec

if __name__ == "__main__":  # as a command; a package's modules are found from the folder that holds it
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    __package__ = "tests.spawnlab.hints"

from spawnlab.explore.generate import KINDS, Shape, random_topology
from spawnlab.explore.player import build_of
from spawnlab.hints.hints import hints_of
from spawnlab.hints.model import CERTAIN, DEADLOCK, NOTE, POSSIBLE
from spawnlab.play import run_synchronously
from spawnlab.scenarios.build import Build, build
from spawnlab.scenarios.compiler import compile_steps
from spawnlab.scenarios.gallery import gallery_file, names
from spawnlab.scenarios.load import load_scenario
from spawnlab.scenarios.model import Program, Scenario

from .claims import FALSE, TRUE, UNMET, deeds_of, verdict
from .rich import rich
from .varied import varied

LIMIT = 1 << 40
UNKNOWN = frozenset({"guessed-id", "not-followed", "opaque"})
"""Notes that say that something is not known."""


class Tally(msgspec.Struct):
    """What has come of some cases."""

    cases: int = 0
    deadlocks: int = 0
    told: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Deadlocks by the level of the best hint that there is one; ``missed`` where none says so."""
    alarms: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Other cases in which a hint says that there is a deadlock, by level."""
    kinds: Counter[tuple[str, str, str, str]] = msgspec.field(default_factory=Counter[tuple[str, str, str, str]])
    """Hints by level, kind, claim, and what the run says of it."""
    wrong: list[str] = msgspec.field(default_factory=list[str])
    """Cases in which a certain hint is contradicted, or a deadlock is missed though all is known."""

    def add(self, other: Tally) -> None:
        """Add the cases of another."""
        self.cases += other.cases
        self.deadlocks += other.deadlocks
        for mine, its in ((self.told, other.told), (self.alarms, other.alarms), (self.kinds, other.kinds)):
            mine.update(its)  # type: ignore[arg-type]
        self.wrong += other.wrong


def look(name: str, made: Build, scenario: Scenario) -> Tally:
    """One case: its hints, and what its run says of them."""
    hints = hints_of(scenario)
    run = run_synchronously(made, limit=LIMIT)
    deeds = deeds_of(run)
    tally = Tally(cases=1, deadlocks=int(deeds.deadlock))
    for hint in hints:
        if hint.level != NOTE:
            said = verdict(hint, deeds)
            tally.kinds[hint.level, hint.kind, hint.claim or "", said] += 1
            if hint.level == CERTAIN and said == FALSE:
                tally.wrong.append(f"{name}: {hint.kind} at {hint.path} is wrong")
    levels = {hint.level for hint in hints if hint.claim == DEADLOCK}
    best = next((level for level in (CERTAIN, POSSIBLE) if level in levels), None)
    if deeds.deadlock:
        tally.told[best or "missed"] += 1
        if best is None and not UNKNOWN & {hint.kind for hint in hints}:
            tally.wrong.append(f"{name}: the deadlock is missed")
    elif best is not None:
        tally.alarms[best] += 1
    return tally


# Cases


def topology_case(kind: str, random: Random) -> tuple[Build, Scenario]:
    """A random topology, played without compiling."""
    made = build_of(random_topology(random, Shape(kind)))
    return made, made.scenario


def opaque(random: Random) -> Scenario:
    """A scenario of which some programs are the assembly that they would be compiled to: the same run, but opaque."""
    scenario = varied(random)
    deps = {name: index for index, name in enumerate(scenario.programs)}
    programs = {
        name: Program(asm=compile_steps(program.steps or (), deps, f"$.programs.{name}"))
        if random.random() < 0.3
        else program
        for name, program in scenario.programs.items()
    }
    return Scenario(programs=programs)


WRITTEN: dict[str, Callable[[Random], Scenario]] = {"varied": varied, "rich": rich, "opaque": opaque}
SOURCES = (*KINDS, *WRITTEN)


def case(source: str, seed: int, number: int) -> tuple[Build, Scenario]:
    """Case ``number`` of a source."""
    random = Random(f"{seed}/{number}")
    if source in KINDS:
        return topology_case(source, random)
    scenario = WRITTEN[source](random)
    return build(scenario), scenario


def campaign(source: str, count: int, seed: int) -> Tally:
    """So many cases of a source."""
    tally = Tally()
    for number in range(count):
        made, scenario = case(source, seed, number)
        tally.add(look(f"{source} {seed}/{number}", made, scenario))
    return tally


def gallery() -> Tally:
    """The gallery, played as a whole, without suspending."""
    tally = Tally()
    for name in names():
        file = gallery_file(name)
        scenario = msgspec.structs.replace(load_scenario(file), suspend=None)
        if not any(program.c or program.source or program.python for program in scenario.programs.values()):
            tally.add(look(f"gallery:{name}", build(scenario, folder=file.parent), scenario))
    return tally


# Tables


def by_source(tallies: dict[str, Tally]) -> Iterator[str]:
    """Deadlocks: how many have a hint, and how many hints have no deadlock."""
    yield "| scenarios | cases | deadlocks | certain | possible | missed | false, certain | false, possible |"
    yield "|---|---|---|---|---|---|---|---|"
    for source, tally in tallies.items():
        told, alarms = tally.told, tally.alarms
        numbers = (tally.cases, tally.deadlocks, told[CERTAIN], told[POSSIBLE], told["missed"])
        yield f"| {source} | {' | '.join(f'{n:,}' for n in (*numbers, alarms[CERTAIN], alarms[POSSIBLE]))} |"


def by_kind(kinds: Counter[tuple[str, str, str, str]]) -> Iterator[str]:
    """Each kind of hint: given, borne out, not come to, and wrong."""
    yield "| level | kind | claim | given | true | not come to | false |"
    yield "|---|---|---|---|---|---|---|"
    for level, kind, claim in sorted({key[:3] for key in kinds}):
        found = [kinds[level, kind, claim, said] for said in (TRUE, UNMET, FALSE)]
        yield f"| {level} | `{kind}` | {claim} | {' | '.join(f'{n:,}' for n in (sum(found), *found))} |"


def main() -> int:
    """Play and print; gives 1 if a certain hint is wrong, or a deadlock is missed where all is known."""
    parser = argparse.ArgumentParser(description="Hold hints against runs.")
    parser.add_argument("--count", type=int, default=20_000, help="cases of each source")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--of", choices=SOURCES, action="append", help="of this source only; may be repeated")
    options = parser.parse_args()
    tallies = {source: campaign(source, options.count, options.seed) for source in options.of or SOURCES}
    tallies["gallery"] = gallery()
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    print("\n".join([*by_source(tallies), "", *by_kind(total.kinds), *total.wrong]))
    return int(bool(total.wrong))


if __name__ == "__main__":
    sys.exit(main())
