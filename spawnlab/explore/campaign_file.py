"""The file of a campaign: what was asked, and each batch that is done. Nothing that is in it is lost or done twice.

It is an SQLite database, so that a batch is in it whole or not at all, whatever happens to the process.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ..vm.errors import SpawnlabError
from .campaign import BATCH, DEFAULTS, Batch, Campaign, CampaignError
from .topology import TopologyError

FORMAT = 2
_TABLES = (
    "create table campaign (format integer not null, json blob not null)",
    "create table batches (first integer primary key, json blob not null)",
)


class CampaignFileError(SpawnlabError):
    """A file that holds no campaign, or another one; says which file and why."""


class CampaignFile:
    """A campaign and its batches; ``file`` may be ``None`` for one that is kept in memory only."""

    def __init__(self, file: Path | None, campaign: Campaign | None) -> None:
        """Open the file, or make it for a new campaign.

        Raises :class:`CampaignFileError` where there is no campaign in it, or not this one.
        """
        self._name = str(file) if file is not None else "the campaign"
        exists = file is not None and file.exists() and file.stat().st_size > 0
        if not exists and campaign is None:
            raise CampaignFileError(f"{self._name}: there is no such file to go on with")
        with self._errors():
            self._database = sqlite3.connect(file or ":memory:", isolation_level=None)
        try:
            self.campaign = self._read() if campaign is None or exists else self._made(campaign)
            if campaign is not None and campaign != self.campaign:
                raise CampaignFileError(f"{self._name}: it is of another campaign: {describe(self.campaign)}")
        except CampaignFileError:
            self.close()
            raise

    def _made(self, campaign: Campaign) -> Campaign:
        """Tables and campaign in one transaction: a file that was being made when the process died is empty."""
        with self._errors():
            self._database.execute("begin immediate")
            for table in _TABLES:
                self._database.execute(table)
            row = FORMAT, msgspec.json.encode(campaign)
            self._database.execute("insert into campaign values (?, ?)", row)
            self._database.execute("commit")
        return campaign

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise CampaignFileError(f"{self._name}: not a campaign file, or damaged ({error})") from None
        except (msgspec.MsgspecError, TypeError, ValueError, TopologyError, CampaignError) as error:
            raise CampaignFileError(f"{self._name}: damaged ({error})") from None

    def _read(self) -> Campaign:
        with self._errors():
            rows = self._database.execute("select format, json from campaign").fetchall()
            if len(rows) != 1:
                raise CampaignFileError(f"{self._name}: there is no campaign in it")
            ((number, content),) = rows
            if number != FORMAT:
                raise CampaignFileError(f"{self._name}: format {number}; this version reads format {FORMAT}")
            return msgspec.json.decode(content, type=Campaign)

    def close(self) -> None:
        """Close it."""
        self._database.close()

    def add(self, batch: Batch) -> None:
        """Keep what came of a batch; one that is kept already stays."""
        with self._errors():
            row = batch.first, msgspec.json.encode(batch)
            self._database.execute("insert or ignore into batches values (?, ?)", row)

    def batches(self) -> list[Batch]:
        """Those that are done, in their order."""
        with self._errors():
            rows = self._database.execute("select json from batches order by first").fetchall()
            batches = [msgspec.json.decode(content, type=Batch) for (content,) in rows]
            for batch in batches:
                if batch.count > BATCH - batch.first % BATCH:
                    raise ValueError(f"no batch has {batch.count} numbers from {batch.first} on")
            return batches

    def missing(self, count: int) -> list[tuple[int, int]]:
        """First number and count of the batches that cases 0 to ``count - 1`` still need.

        Numbers go in steps of :data:`BATCH`, each of which is filled from its start.
        """
        done: Counter[int] = Counter()
        for batch in self.batches():
            done[batch.first // BATCH] += batch.count
        wanted: list[tuple[int, int]] = []
        for start in range(0, count, BATCH):
            first, end = start + done[start // BATCH], min(start + BATCH, count)
            if first < end:
                wanted.append((first, end - first))
        return wanted


def describe(campaign: Campaign) -> str:
    """A campaign in a line."""
    shape = campaign.shape
    if campaign.scenarios:
        played = ", ".join(it.name for it in campaign.scenarios)
    else:
        played = (
            f"{shape.kind} topologies of up to {shape.vms_max} VMs, {shape.pipes_max} pipes and "
            f"{shape.operations_max} operations"
        )
    return f"{campaign.mode}, {played}, seed {campaign.seed}: {campaign.question or DEFAULTS[campaign.mode]}"
