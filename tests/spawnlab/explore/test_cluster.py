"""Many machines: a real scheduler and real workers on this one, of which some are lost, come late, or are others."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spawnlab.__main__ import main
from spawnlab.explore import cluster
from spawnlab.explore.campaign import BATCH, Batch, Campaign, CampaignError
from spawnlab.explore.campaign_file import CampaignFile
from spawnlab.explore.cluster import in_cluster
from spawnlab.explore.generate import Shape
from spawnlab.explore.properties import PropertyError
from spawnlab.explore.work import work

ASKED = Campaign(mode="random", shape=Shape("free", 5, 5, 12), seed=11)
SECONDS = 60


class Hosts:
    """Processes that stand for machines; each writes what it says to a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0")
        self.address = self._said(self.scheduler, r"Scheduler at:\s+(tcp://\S+)")

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{len(self._processes)}.log").open("wb") as log:
            command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:], "--no-dashboard"]
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)
        self._processes.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        options = ["--nthreads", "1", "--no-nanny", "--host", "127.0.0.1"]
        process = self.start("worker", self.address, *options)
        self._said(process, r"Registered to:\s+(\S+)")
        return process

    def _said(self, process: subprocess.Popen[bytes], pattern: str) -> str:
        log = self._folder / f"{self._processes.index(process)}.log"
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            found = re.search(pattern, log.read_text(errors="replace"))
            if found:
                return found[1]
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        raise AssertionError(log.read_text())

    def end(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()


@contextmanager
def hosts(folder: Path) -> Generator[Hosts]:
    made = Hosts(folder)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def peers(tmp_path: Path) -> Generator[Hosts]:
    with hosts(tmp_path) as made:
        yield made


def here(count: int) -> list[Batch]:
    kept = CampaignFile(None, ASKED)
    work(kept, count)
    batches = kept.batches()
    kept.close()
    return batches


def test_a_worker_is_killed_and_another_comes_and_nothing_is_lost_or_played_twice(peers: Hosts, tmp_path: Path) -> None:
    lost = peers.worker()
    peers.worker()
    count = 12 * BATCH
    kept = CampaignFile(tmp_path / "campaign", ASKED)
    told: list[int] = []

    def hear(batch: Batch) -> None:
        told.append(batch.first)
        if len(told) == 2:
            os.kill(lost.pid, signal.SIGKILL)
        if len(told) == 4:
            peers.worker()

    work(kept, count, cluster=peers.address, told=hear)
    assert lost.wait() == -signal.SIGKILL
    assert sorted(told) == list(range(0, count, BATCH))
    assert kept.batches() == here(count)
    assert kept.missing(count) == []
    kept.close()


def test_a_campaign_goes_on_elsewhere(peers: Hosts, tmp_path: Path) -> None:
    """Begun in this process, gone on with by others."""
    peers.worker()
    kept = CampaignFile(tmp_path / "campaign", ASKED)
    work(kept, BATCH + 30)
    told: list[tuple[int, int]] = []
    work(kept, 3 * BATCH, cluster=peers.address, told=lambda batch: told.append((batch.first, batch.count)))
    assert sorted(told) == [(BATCH + 30, BATCH - 30), (2 * BATCH, BATCH)]
    batches = kept.batches()
    assert sum(batch.count for batch in batches) == 3 * BATCH
    found = [one for batch in here(3 * BATCH) for one in batch.found]
    assert [one for batch in batches for one in batch.found] == found
    kept.close()


def test_a_scheduler_that_is_lost_is_an_error_and_what_is_done_is_kept(peers: Hosts, tmp_path: Path) -> None:
    peers.worker()
    kept = CampaignFile(tmp_path / "campaign", ASKED)

    def hear(batch: Batch) -> None:
        os.kill(peers.scheduler.pid, signal.SIGKILL)

    with pytest.raises(CampaignError, match=r"the scheduler is lost|workers die"):
        work(kept, 100 * BATCH, cluster=peers.address, told=hear)
    assert kept.batches() == here(BATCH * len(kept.batches()))
    assert kept.batches()
    kept.close()


def test_workers_of_another_version_are_refused(peers: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    peers.worker()
    monkeypatch.setattr(cluster, "digest_of_sources", lambda: "0" * 64)
    with pytest.raises(CampaignError, match="another version of Spawnlab"):
        list(in_cluster(ASKED, [(0, 5)], peers.address))


def test_no_worker_comes(peers: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "WORKER_SECONDS", 0.2)
    with pytest.raises(CampaignError, match="has had no worker"):
        list(in_cluster(ASKED, [(0, 5)], peers.address))


def test_an_error_of_a_property_comes_back(peers: Hosts) -> None:
    peers.worker()
    asked = Campaign(mode="random", question="p.py:f", source="def f(run):\n    raise KeyError(run.outcome.cycles)\n")
    with pytest.raises(PropertyError, match=r"KeyError: \d+ \(line 2.*case 0: spawnlab case t1"):
        list(in_cluster(asked, [(0, 5)], peers.address))


@pytest.mark.parametrize("address", ["nonsense", "tcp://", "127.0.0.1", "tcp://127.0.0.1:99999999", "a b:1"])
def test_what_is_no_address(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "random", "--count", "5", "--cluster", address]) == 2
    assert "is no address: tcp://HOST:PORT is wanted" in capsys.readouterr().err


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    with pytest.raises(CampaignError, match="no Dask scheduler answers"):
        list(in_cluster(ASKED, [(0, 5)], "tcp://127.0.0.1:9"))


def test_the_digest_is_of_all_modules() -> None:
    assert len(cluster.digest_of_sources()) == 64
