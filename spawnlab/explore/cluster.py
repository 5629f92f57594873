"""Playing the batches of a campaign on many machines: a Dask scheduler, and workers that come and go.

A batch is the same wherever it is played, so that one whose worker was lost is played by another. Workers need this
very version of Spawnlab. The extra ``cluster`` brings Dask.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# Dask's types are not whole.

from __future__ import annotations

import hashlib
import logging
import os
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any

import spawnlab

from ..scenarios.extras import install_words
from ..vm.engines import default_engine, use_engine
from .campaign import Batch, Campaign, CampaignError, play_batch

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10
AHEAD = 2
"""Batches for each thread of a worker that wait to be played, so that none has nothing to do."""
LOSSES_MAX = 5
"""Workers that may die, as the scheduler counts it, over one batch and be taken for bad luck."""
WORKER_SECONDS = 60
"""How long there may be no worker at all."""
_ADDRESS = re.compile(r"([a-z]+://)?[^/\s:]+:\d{1,5}|([a-z]+://)?\[[0-9a-fA-F:]+\]:\d{1,5}")
_ONE_AT_A_TIME = threading.Lock()
"""Threads of a worker share the choice of the engine."""

Piece = tuple[int, int]
"""First number and count."""


def play_remotely(campaign: Campaign, first: int, count: int, engine: str, sources: str) -> Batch:
    """On a worker: play a batch. Raises :class:`CampaignError` where the worker's Spawnlab is another one."""
    if sources != digest_of_sources():
        raise CampaignError("a worker has another version of Spawnlab than this one; install the same everywhere")
    with _ONE_AT_A_TIME:
        use_engine(engine)
        return play_batch(campaign, first, count)


@cache
def digest_of_sources() -> str:
    """A hash over all modules of Spawnlab."""
    digest = hashlib.sha256()
    for folder in spawnlab.__path__:
        files = [Path(at, name) for at, _, names in os.walk(folder, followlinks=True) for name in names]
        for file in sorted(file.relative_to(folder) for file in files if file.suffix == ".py"):
            digest.update(str(file.as_posix()).encode() + b"\0" + Path(folder, file).read_bytes() + b"\0")
    return digest.hexdigest()


def in_cluster(campaign: Campaign, missing: Sequence[Piece], address: str) -> Iterator[Batch]:
    """Have the scheduler at ``address`` (``tcp://HOST:PORT``) play these pieces; gives each batch as it comes in.

    Raises :class:`CampaignError` where there is no such scheduler or no worker, where workers have another Spawnlab, or
    where several die of one piece; and what playing raises.
    """
    client = _client(address)
    try:
        yield from _Crew(client, campaign, missing).batches()
    except OSError as error:
        raise CampaignError(f"{address}: the scheduler is lost ({error}); go on with --resume") from None
    finally:
        client.close()


def _client(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError as error:
        raise CampaignError(f"--cluster needs Dask: {install_words('cluster')} ({error})") from None
    if not _ADDRESS.fullmatch(address):  # a client of a bad one hangs when it is closed
        raise CampaignError(f"{address!r} is no address: tcp://HOST:PORT is wanted, as `dask scheduler` prints it")
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it would say is in the errors
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        words = str(error) or type(error).__name__
        raise CampaignError(
            f"{address}: no Dask scheduler answers ({words}); start one with `dask scheduler`, and workers with "
            "`dask worker ADDRESS`"
        ) from None


class _Crew:
    """The pieces that are under way, and who plays them is the scheduler's business."""

    def __init__(self, client: Client, campaign: Campaign, missing: Sequence[Piece]) -> None:
        self._client = client
        self._campaign = campaign
        self._todo = iter(missing)
        self._under_way: dict[Any, Piece] = {}
        """By future."""
        self._done: Queue[Any] = Queue()
        """Futures that are done."""
        self._losses: Counter[Piece] = Counter()

    def batches(self) -> Iterator[Batch]:
        """Each batch once, in whatever order they come in."""
        self._fill()
        while self._under_way:
            try:
                future = self._done.get(timeout=WORKER_SECONDS)
            except Empty:
                self._check_workers()
                continue
            batch = self._taken(future, self._under_way.pop(future))
            if batch is not None:
                yield batch
            self._fill()

    def _fill(self) -> None:
        nthreads: Any = self._client.nthreads()
        threads = sum(nthreads.values())
        while len(self._under_way) < AHEAD * max(1, threads):
            piece = next(self._todo, None)
            if piece is None:
                return
            self._submit(piece)

    def _submit(self, piece: Piece) -> None:
        sources, engine = digest_of_sources(), default_engine().name
        future = self._client.submit(play_remotely, self._campaign, *piece, engine, sources, pure=False)
        self._under_way[future] = piece
        future.add_done_callback(self._done.put)

    def _taken(self, future: Any, piece: Piece) -> Batch | None:
        """What has come of a piece; ``None`` where it has to be played once more."""
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        try:
            return future.result()
        except (KilledWorker, FutureCancelledError) as error:
            self._losses[piece] += 1
            if self._losses[piece] == LOSSES_MAX:
                first, count = piece
                raise CampaignError(
                    f"workers die over cases {first} to {first + count - 1} ({type(error).__name__}); see their logs, "
                    "and go on with --resume"
                ) from None
            self._submit(piece)
            return None
        except ImportError as error:
            raise CampaignError(f"a worker can't play: {error}; install the same Spawnlab everywhere") from None

    def _check_workers(self) -> None:
        if not self._client.nthreads():
            raise CampaignError(
                f"the scheduler has had no worker for {WORKER_SECONDS} s: start some with `dask worker ADDRESS`, and "
                "go on with --resume"
            )
