"""The campaign of explored topologies beside the reference: what it compares, and that it can be gone on with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spawnlab.explore.campaign import BATCH, play_batch
from spawnlab.explore.campaign_file import CampaignFile
from spawnlab.explore.cases import case_of
from spawnlab.explore.generate import KINDS
from spawnlab.staging import Run

from . import campaign, generated
from .generated import campaign_of, cross_table, play, work

pytestmark = [pytest.mark.campaign, pytest.mark.reference]
COMMAND = ["--kind", "generated"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_deadlock_of_either_is_one_of_both(kind: str) -> None:
    batch = play(campaign_of(kind, 3), 0, 60).batch
    assert batch.found == ()
    assert (sum(batch.endings.values()), batch.runs) == (60, 180)
    table = cross_table(batch.endings.items())
    assert table[True, True] + table[False, False] == 60
    assert table[True, True] == sum(batch.causes.values())
    if kind in ("acyclic", "cyclic"):
        assert table[kind == "cyclic", kind == "cyclic"] == 60  # by how they are made
    else:
        assert 0 < table[True, True] < 60


def test_the_cases_are_those_of_explore() -> None:
    asked = campaign_of("any", 5)
    alone, beside = play_batch(asked, 10, 30), play(asked, 10, 30).batch
    assert (beside.endings, beside.causes, beside.turns) == (alone.endings, alone.causes, alone.turns)


def test_in_pieces_too() -> None:
    batch = play(campaign_of("any", 6), 0, 20, suspend=True).batch
    assert (batch.found, batch.runs) == ((), 100)


def test_what_is_told_of_a_case_that_ends_otherwise_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a model that takes every deadlock for an exit."""

    def blind(run: Run) -> str:
        return "exit 0" if run.outcome.deadlock is not None else f"exit {run.outcome.exit_code}"

    monkeypatch.setattr("spawnlab.explore.campaign.ending", blind)
    batch = play(campaign_of("any", 3), 0, 30).batch
    table = cross_table(batch.endings.items())
    assert table[True, True] == table[True, False] == 0
    assert table[False, True] == len(batch.found) > 5
    found = batch.found[0]
    assert found.ending == "exit 0, reference: deadlock"
    assert case_of(found.token).play().outcome.deadlock is not None


def test_what_is_told_of_a_case_that_goes_otherwise_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spawnlab.scheduler.syscalls.context.SPAWN_YIELD_CYCLES_BASE", 801)
    batch = play(campaign_of("any", 3), 0, 10).batch
    assert len(batch.found) > 5
    assert "trace 1:\n  ours " in batch.found[0].ending


def test_it_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    """An interruption changes nothing."""
    asked = campaign_of("free", 8)
    count = 2 * BATCH + 30
    whole = CampaignFile(None, asked)
    assert len([*work(whole, count)]) == 3
    file = tmp_path / "kept.campaign"
    kept = CampaignFile(file, asked)
    next(work(kept, count))
    kept.close()
    again = CampaignFile(file, asked)
    assert sum(played.batch.count for played in work(again, count)) == BATCH + 30
    assert again.batches() == whole.batches()
    again.close()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    file = str(tmp_path / "kept.campaign")
    options = [*COMMAND, "--topologies", "cyclic", "--seed", "2", "--resume", file]
    assert campaign.main([*options, "--count", "20"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "random, cyclic topologies of up to 15 VMs, 30 pipes and 40 operations, seed 2"
    assert shown[1].startswith("20 cases, 60 runs, ")
    assert shown[1].endswith(" 0 differ")
    assert [line.split()[-2:] for line in shown[-3:-1]] == [["20", "0"], ["0", "0"]]
    assert "20 cases in " in shown[-1]
    assert campaign.main([*options, "--count", "0"]) == 0  # what is in the file
    assert capsys.readouterr().out.splitlines() == shown[:-1]
    assert campaign.main([*COMMAND, "--topologies", "free", "--resume", file]) == 2
    assert "it is of another campaign" in capsys.readouterr().err

    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(generated, "play", interrupted)
    assert campaign.main([*options, "--count", "30"]) == 130
    assert capsys.readouterr().out.splitlines() == shown[:-1]


def test_options_of_another_kind_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for options in (["--jobs", "2"], ["--resume", "x"], ["--topologies", "free"]):
        with pytest.raises(SystemExit):
            campaign.main(["--kind", "calls", *options])
        assert "are for --kind generated" in capsys.readouterr().err


def test_processes_come_to_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    options = [*COMMAND, "--count", str(BATCH + 20), "--topologies", "broken"]
    command = [sys.executable, campaign.__file__, *options, "--jobs", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (campaign.main(options), done.returncode) == (0, 0), done.stderr
    assert done.stdout.splitlines()[:-1] == capsys.readouterr().out.splitlines()[:-1]


def test_a_process_that_dies_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Here they die because they know no folder of tests."""
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if not (Path(entry) / "tests").is_dir()])
    assert campaign.main([*COMMAND, "--count", "1", "--jobs", "2"]) == 2
    assert "a process that played cases has died" in capsys.readouterr().err
