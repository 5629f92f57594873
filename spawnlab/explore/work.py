"""Playing the batches of a campaign, here, in several processes or on many machines, and keeping each in its file."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager

from ..vm.engines import default_engine, use_engine
from .campaign import Batch, Campaign, CampaignError, play_batch
from .campaign_file import CampaignFile

Told = Callable[[Batch], None]
_AHEAD = 2
"""Batches for each process that wait to be played, so that none has nothing to do."""


def work(kept: CampaignFile, count: int, *, jobs: int = 1, cluster: str = "", told: Told = lambda batch: None) -> None:
    """Play what is missing of cases 0 to ``count - 1``, and keep it; ``told`` of each batch.

    It is played in ``jobs`` processes, or by the Dask scheduler at the address ``cluster``. Interrupted, it has kept
    all batches that are done. Raises :class:`CampaignError` where a process dies, or as
    :func:`~spawnlab.explore.cluster.in_cluster`,
    :class:`~spawnlab.explore.campaign_file.CampaignFileError` where the file can't be written, and
    :class:`~spawnlab.explore.properties.PropertyError` where a function fails.
    """
    with closing(_batches(kept.campaign, kept.missing(count), jobs, cluster)) as batches:
        for batch in batches:
            kept.add(batch)
            told(batch)


def _batches(
    campaign: Campaign, missing: list[tuple[int, int]], jobs: int, cluster: str
) -> Generator[Batch, None, None]:
    if cluster and missing:
        from .cluster import in_cluster

        yield from in_cluster(campaign, missing, cluster)
    elif jobs > 1:
        yield from _in_processes(campaign, missing, jobs)
    else:
        for first, count in missing:
            yield play_batch(campaign, first, count)


def _in_processes(campaign: Campaign, missing: list[tuple[int, int]], jobs: int) -> Iterator[Batch]:
    todo = iter(missing)
    under_way: set[Future[Batch]] = set()
    with processes(jobs) as pool:
        try:
            while True:
                for first, count in todo:
                    under_way.add(pool.submit(play_batch, campaign, first, count))
                    if len(under_way) >= _AHEAD * jobs:
                        break
                if not under_way:
                    return
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from sorted((future.result() for future in done), key=_first)
        except BrokenProcessPool as error:
            raise CampaignError(f"a process that played cases has died: {error}; go on with --resume") from None


def _first(batch: Batch) -> int:
    return batch.first


def _begin(engine: str) -> None:
    """In a new process: have the engine that is wanted, and end with the process that wants it, however that ends."""
    use_engine(engine)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


@contextmanager
def processes(jobs: int) -> Generator[ProcessPoolExecutor]:
    """Processes with the engine of this one. Leaving it, those that are at work end their batch."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(default_engine().name,))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
