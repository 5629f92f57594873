"""A campaign from Python: many topologies are played, how they ended is counted, and the smallest that was looked for
is at hand as a run.
"""

from __future__ import annotations

import msgspec

from ..staging import Run
from .campaign import BATCH, Campaign, CampaignError, Found, play_batch, smallest
from .cases import case_of
from .generate import Shape
from .summary import Summary, summary_of

COUNT = 1000
"""Cases that are played unless another number is asked for; of an exhaustive campaign it is all."""
LARGE, SMALL = (8, 10, 24), (2, 1, 2)
"""VMs, pipes and operations at the most, unless asked for; the smaller ones of an exhaustive campaign."""


class Survey(msgspec.Struct, frozen=True):
    """What :func:`survey` has found."""

    summary: Summary
    """All results; ``summary.found`` are the cases with the property, the smallest first."""

    @property
    def cases(self) -> int:
        """How many topologies were played."""
        return self.summary.cases

    @property
    def endings(self) -> dict[str, int]:
        """How many ended in which way, the most frequent first."""
        return self.summary.endings

    @property
    def causes(self) -> dict[str, int]:
        """How many deadlocks have which cause (``docs/explain.md``)."""
        return self.summary.causes

    @property
    def found(self) -> tuple[Found, ...]:
        """The cases with the property, the smallest first. ``spawnlab case TOKEN`` plays one."""
        return self.summary.found

    def play(self, found: Found) -> Run:
        """The run of a found case."""
        return msgspec.structs.replace(case_of(found.token), compiled=True).play()

    def smallest(self, found: Found | None = None) -> Run:
        """A found case (unless given, the smallest) made as small as it can be with the property; its run.

        Raises :class:`~spawnlab.explore.campaign.CampaignError` where none was found.
        """
        if found is None and not self.found:
            raise CampaignError(f"none of {self.cases:,} cases has the property {self.summary.question!r}")
        case = smallest(self.summary.campaign, case_of((found or self.found[0]).token))
        return msgspec.structs.replace(case, compiled=True).play()


def survey(
    question: str = "",
    *,
    mode: str = "random",
    kind: str = "free",
    count: int | None = None,
    seed: int = 0,
    vms: int | None = None,
    pipes: int | None = None,
    operations: int | None = None,
) -> Survey:
    """Play ``count`` topologies and look for those with a property: what ``spawnlab explore`` does, in this process.

    ``question`` is an expression over facts (``docs/explore.md``), such as ``"ring >= 2"``; unless given, what the mode
    asks. ``mode``, ``kind``, ``seed``, and the largest numbers of ``vms``, ``pipes`` and ``operations`` are the
    options of the command. ``count`` is 1000 unless given, and for ``exhaustive`` all.

    Raises :class:`~spawnlab.explore.campaign.CampaignError`, :class:`~spawnlab.explore.properties.PropertyError` and
    :class:`~spawnlab.explore.topology.TopologyError` for what is no mode, property or kind.
    """
    campaign = Campaign(mode=mode, shape=shape_of(mode, kind, vms, pipes, operations), seed=seed, question=question)
    campaign.asked()
    space = campaign.space()
    most = COUNT if count is None else count
    if space is not None:
        most = space.numbers if count is None else min(count, space.numbers)
    batches = [play_batch(campaign, first, min(BATCH, most - first)) for first in range(0, most, BATCH)]
    return Survey(summary_of(campaign, batches, shown=most))


def shape_of(mode: str, kind: str, vms: int | None, pipes: int | None, operations: int | None) -> Shape:
    """How large topologies may be; ``None`` is the mode's own number. Raises as :class:`Shape`."""
    sizes = SMALL if mode == "exhaustive" else LARGE
    given = (vms, pipes, operations)
    return Shape(kind, *(size if one is None else one for one, size in zip(given, sizes, strict=True)))
