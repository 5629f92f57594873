"""The topologies of ``spawnlab explore random``, case by case beside the reference: part of ``campaign.py``.

Each case is played three times: as ``explore`` plays it, and by us and the reference an iteration at a time and within
a random limit (with ``--suspend`` also in pieces). So two things are compared: how ``explore`` says that it ended with
how the reference did, and all that can be seen after each iteration.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import msgspec

from spawnlab.explore.campaign import Batch, Campaign, CampaignError, Found, play_batch
from spawnlab.explore.campaign_file import CampaignFile, describe
from spawnlab.explore.cases import Case, case_of
from spawnlab.explore.generate import Shape
from spawnlab.explore.work import processes
from spawnlab.scenarios.build import Build

from .comparing import Report, compare, ending

SHAPE = Shape("any", vms_max=15, pipes_max=30, operations_max=40)
EVERY_CASE = "turns >= 0"
"""A property of each, so that ``explore`` tells of each what came of it."""
DEADLOCK = "deadlock"
_OTHERWISE = ", reference: "


class Played(msgspec.Struct, frozen=True):
    """What came of a batch. Its ``found`` are the cases that came out differently, with what was different."""

    batch: Batch
    seconds: tuple[float, float, float]
    """Of exploring, of our runs with records, of the reference's."""


def campaign_of(kind: str, seed: int) -> Campaign:
    """The campaign whose cases are played."""
    return Campaign(mode="random", shape=msgspec.structs.replace(SHAPE, kind=kind), seed=seed, question=EVERY_CASE)


def play(campaign: Campaign, first: int, count: int, suspend: bool = False) -> Played:
    """Play the cases ``first`` to ``first + count - 1`` by all."""
    begun = time.perf_counter()
    explored = play_batch(campaign, first, count)
    exploring = time.perf_counter() - begun
    cases = [case_of(found.token) for found in explored.found]
    builds = [_titled(case, found) for case, found in zip(cases, explored.found, strict=True)]
    report = Report()
    pairs = compare(builds, [found.number for found in explored.found], report, suspend=suspend)
    endings: Counter[str] = Counter()
    differing = {difference.name: str(difference) for difference in reversed(report.differences)}  # the first of each
    for found, (_, its) in zip(explored.found, pairs, strict=True):
        said = found.ending if found.ending == ending(its) else f"{found.ending}{_OTHERWISE}{ending(its)}"
        endings[said] += 1
        if said != found.ending:
            differing.setdefault(str(found.number), said)
    batch = Batch(
        first=first,
        count=count,
        endings=dict(endings),
        causes=explored.causes,
        runs=explored.runs + report.runs,
        turns=explored.turns,
        found=tuple(
            msgspec.structs.replace(found, ending=differing[str(found.number)])
            for found in explored.found
            if str(found.number) in differing
        ),
        sizes=explored.sizes,
    )
    return Played(batch, (exploring, report.seconds_ours, report.seconds_reference))


def _titled(case: Case, found: Found) -> Build:
    made = case.build()
    return msgspec.structs.replace(made, scenario=msgspec.structs.replace(made.scenario, title=str(found.number)))


def work(kept: CampaignFile, count: int, *, jobs: int = 1, suspend: bool = False) -> Iterator[Played]:
    """Play what is missing of cases 0 to ``count - 1`` and keep each batch as it is done."""
    for played in _all(kept.campaign, kept.missing(count), jobs, suspend):
        kept.add(played.batch)
        yield played


def _all(campaign: Campaign, missing: list[tuple[int, int]], jobs: int, suspend: bool) -> Iterator[Played]:
    if jobs == 1:
        yield from (play(campaign, first, count, suspend) for first, count in missing)
        return
    with processes(jobs) as pool:
        futures = [pool.submit(play, campaign, first, count, suspend) for first, count in missing]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            raise CampaignError(f"a process that played cases has died: {error}; go on with --resume") from None


def cross_table(endings: Iterable[tuple[str, int]]) -> Counter[tuple[bool, bool]]:
    """Cases by whether they are a deadlock to ``explore``, and to the reference."""
    table: Counter[tuple[bool, bool]] = Counter()
    for said, count in endings:
        ours, _, theirs = said.partition(_OTHERWISE)
        table[ours == DEADLOCK, (theirs or ours) == DEADLOCK] += count
    return table


def lines_of(campaign: Campaign, batches: list[Batch]) -> Iterator[str]:
    """What came of a campaign."""
    endings, causes = Counter[str](), Counter[str]()
    for batch in batches:
        endings.update(batch.endings)
        causes.update(batch.causes)
    runs, turns = sum(batch.runs for batch in batches), sum(batch.turns for batch in batches)
    differing = [found for batch in batches for found in batch.found]
    yield describe(campaign).partition(f": {EVERY_CASE}")[0]
    yield f"{endings.total():,} cases, {runs:,} runs, {turns:,} iterations, {len(differing):,} differ"
    yield "endings: " + ", ".join(f"{name} {count:,}" for name, count in endings.most_common())
    yield "deadlocks by cause: " + ", ".join(f"{name} {count:,}" for name, count in causes.most_common())
    table = cross_table(endings.items())
    yield f"{'':20} {'reference: deadlock':>20} {'none':>12}"
    for ours, name in ((True, "explore: deadlock"), (False, "explore: none")):
        yield f"{name:20} {table[ours, True]:20,} {table[ours, False]:12,}"
    for found in differing:
        yield f"case {found.number}: {found.ending}\n  {found.token}"


def rate(seconds: tuple[float, ...], cases: int, elapsed: float) -> str:
    """How fast it went."""
    each = [f"{name} {1000 * spent / cases:.1f}" for name, spent in zip(_PARTS, seconds, strict=True)]
    return f"{cases:,} cases in {elapsed:,.0f} s, {cases / elapsed:.0f} a second; ms a case: {', '.join(each)}"


_PARTS = "exploring", "our records", "the reference"


def command(options: argparse.Namespace) -> int:
    """Go on with a campaign and print what has come of it; interrupted, what has come of it so far."""
    kept = CampaignFile(Path(options.resume) if options.resume else None, campaign_of(options.topologies, options.seed))
    begun, cases, seconds = time.perf_counter(), 0, (0.0, 0.0, 0.0)
    interrupted = False
    try:
        for played in work(kept, options.count, jobs=options.jobs, suspend=options.suspend):
            cases += played.batch.count
            seconds = tuple(a + b for a, b in zip(seconds, played.seconds, strict=True))
            print(f"{cases:,} cases, {len(played.batch.found)} of the last batch differ", file=sys.stderr)
    except KeyboardInterrupt:
        interrupted = True
    batches = kept.batches()
    kept.close()
    print(*lines_of(kept.campaign, batches), sep="\n")
    if cases:
        print(rate(seconds, cases, time.perf_counter() - begun))
    if interrupted:
        return 130
    return 1 if any(batch.found for batch in batches) else 0
