"""What a campaign has found: how its runs ended, and the smallest cases of each ending."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from .campaign import Batch, Campaign, Found

FORMAT = 1
_BAR = 30
_TOKEN_MAX = 4000
"""Characters of a token that is shown."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's results; ``found`` are the cases with the property, the smallest first."""

    format: int = FORMAT
    campaign: Campaign
    question: str
    cases: int
    runs: int
    turns: int
    endings: dict[str, int]
    """Cases by how they ended, the most frequent first."""
    causes: dict[str, int]
    """Deadlocks by their cause (``docs/explain.md``)."""
    count_found: int
    endings_found: dict[str, int]
    """Those with the property."""
    found: tuple[Found, ...]
    sizes: dict[int, int]
    """Cases by how many VMs (of a scenario: programs) they have."""
    sizes_found: dict[int, int]
    """Those with the property."""


def summary_of(campaign: Campaign, batches: Iterable[Batch], *, shown: int) -> Summary:
    """The results of these batches; of the cases with the property the ``shown`` smallest."""
    endings, causes, sizes = Counter[str](), Counter[str](), Counter[int]()
    found: list[Found] = []
    cases = runs = turns = 0
    for batch in batches:
        cases, runs, turns = cases + sum(batch.endings.values()), runs + batch.runs, turns + batch.turns
        endings.update(batch.endings)
        causes.update(batch.causes)
        sizes.update(batch.sizes)
        found += batch.found
    found.sort(key=_smallness)
    return Summary(
        campaign=campaign,
        question=campaign.asked().text,
        cases=cases,
        runs=runs,
        turns=turns,
        endings=_by_count(endings),
        causes=_by_count(causes),
        count_found=len(found),
        endings_found=_by_count(Counter(one.ending for one in found)),
        found=tuple(found[:shown]),
        sizes=dict(sorted(sizes.items())),
        sizes_found=dict(sorted(Counter(one.size[0] for one in found).items())),
    )


def _by_count(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _smallness(found: Found) -> tuple[object, ...]:
    return found.size, len(found.changes), found.changes, found.number


def lines_of(summary: Summary) -> list[str]:
    """The results for people: a table of endings with bars, and of the smallest cases."""
    lines = [
        f"{summary.cases:,} cases, {summary.runs:,} runs, {summary.turns:,} turns",
        f"{summary.question}: {summary.count_found:,}" + ("" if summary.count_found else " - none"),
        *_table(summary.endings, summary.endings_found),
    ]
    if summary.campaign.mode == "exhaustive" and summary.causes:
        lines += ["deadlocks by their cause:", *_table(summary.causes)]
    if summary.found:
        lines += ["smallest first:", *_smallest(summary.found)]
    return lines


def _smallest(found: Sequence[Found]) -> Iterator[str]:
    """A table; what was changed has a column where something was."""
    width = max(len(one.changes) for one in found)
    changes = f"{'changes':{width}}  " if width else ""
    yield f"   VMs pipes operations  ending        {changes}token"
    for one in found:
        vms, pipes, operations, _ = one.size
        changes = f"{one.changes:{width}}  " if width else ""
        yield f"  {vms:4} {pipes:5} {operations:10}  {one.ending:12}  {changes}{_shown(one.token)}"


def _shown(token: str) -> str:
    """A token, unless it holds more than anybody takes from a terminal: ELF files, or a transaction."""
    if len(token) <= _TOKEN_MAX:
        return token
    return f"{token[:24]}... ({len(token):,} characters: --write DIR makes files, --json has all of it)"


def _table(counts: Mapping[str, int], found: Mapping[str, int] | None = None) -> Iterator[str]:
    most = max(counts.values(), default=1)
    width = max((len(name) for name in counts), default=0)
    for name, count in counts.items():
        both = "" if found is None else f" {found.get(name, 0):10,}"
        yield f"  {name:{width}} {count:10,}{both}  {'#' * round(_BAR * count / most)}".rstrip()
