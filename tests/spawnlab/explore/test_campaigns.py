"""Campaigns: properties, tokens, the file, processes that die, and the command."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab.explore.campaign as campaigns
from spawnlab.__main__ import main
from spawnlab.commands import explore
from spawnlab.explain.causes import DEADLOCK_RULES
from spawnlab.explore.campaign import BATCH, MODES, Campaign, CampaignError, holds_of, play_batch, smallest
from spawnlab.explore.campaign_file import CampaignFile, CampaignFileError
from spawnlab.explore.cases import Case, TokenError, case_of
from spawnlab.explore.facts import Facts, ending, facts_of
from spawnlab.explore.generate import ANY, KINDS, Shape
from spawnlab.explore.orders import orders
from spawnlab.explore.properties import NAMES, PropertyError, Seen, property_of
from spawnlab.explore.results import end_of
from spawnlab.explore.summary import summary_of
from spawnlab.explore.survey import LARGE
from spawnlab.explore.topology import Operation, Pipe, Topology, scenario_of
from spawnlab.explore.work import processes, work
from spawnlab.play import run_synchronously
from spawnlab.scenarios.build import Build
from spawnlab.scenarios.load import load_scenario
from spawnlab.staging import Run
from spawnlab.testing.strategies import topologies
from spawnlab.vm.engines import default_engine, use_engine

SMALL = Shape("free", 4, 4, 8)
RING = Topology((0,), (Pipe(0, 0, 1), Pipe(0, 1, 0)), (Operation(0, "read", 0, 1), Operation(1, "read", 1, 1)))


def campaign(mode: str = "random", question: str = "", shape: Shape = SMALL) -> Campaign:
    return Campaign(mode=mode, shape=shape, seed=7, question=question)


def facts(topology: Topology) -> Facts:
    return facts_of(run_synchronously(scenario_of(topology)))


# Facts and properties


def test_facts_of_a_ring() -> None:
    found = facts(RING)
    assert (found.deadlock, found.waiting, found.ring, found.error) == (True, 2, 2, "Unexpected")
    assert (found.vms, found.pipes, found.bytes, found.swaps, found.exit_code) == (2, 2, 0, 0, None)


def test_facts_of_a_transfer() -> None:
    operations = (Operation(0, "read", 0, 5), Operation(0, "exit", 0, 3), Operation(1, "write", 0, 5))
    found = facts(Topology((0,), (Pipe(0, 0, 1),), operations))
    assert (found.exit_code, found.bytes, found.turns > 2, found.cycles > 0) == (3, 5, True, True)


@pytest.mark.parametrize(
    ("operations", "leaks"),
    [
        ((), True),
        ((Operation(0, "close_read", 0),), True),
        ((Operation(0, "close_read", 0), Operation(0, "close_write", 0)), False),
        ((Operation(0, "close_read", 0), Operation(0, "close_write", 0), Operation(0, "exit", 0, 9)), False),
    ],
)
def test_fds_that_the_root_leaves_open(operations: tuple[Operation, ...], leaks: bool) -> None:
    assert facts(Topology((), (Pipe(0, 0, 0),), operations)).leaks_fd == leaks


def test_fds_that_a_child_leaves_open() -> None:
    own = (Operation(0, "wait", 1), Operation(0, "close_read", 0))
    pipes = (Pipe(0, 0, 1),)
    assert facts(Topology((0,), pipes, own)).leaks_fd
    assert not facts(Topology((0,), pipes, (*own, Operation(1, "close_write", 0)))).leaks_fd


def test_properties() -> None:
    run = run_synchronously(scenario_of(RING))
    seen = Seen(run, run, differs=False)
    for text, holds in {
        "deadlock": True,
        "not deadlock": False,
        "deadlock and ring >= 2 and waiting - ring == 0": True,
        "error in ('Unexpected', 'CyclesExceeded')": True,
        "exit_code is None": True,
        "exit_code > 0": False,  # there is none to compare
        "exit_code not in (0, 1)": True,
        " 1 < vms < 3 ": True,
    }.items():
        assert property_of(text).of(seen) == holds, text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no expression"),
        ("deadlock and", "no expression"),
        ("dedlock", "there is no fact 'dedlock'; did you mean 'deadlock'"),
        ("1 == 1", "asks nothing"),
        ("vms.__class__", "Attribute is not known"),
        ("__import__('os')", "Call is not known"),
        ("[vms for vms in ()]", "ListComp is not known"),
        ("vms ** 9 ** 9 > 1", "Pow is not known"),
        ("lambda: vms", "Lambda is not known"),
        ("-" * 900 + "vms" + " " * 200, "longer than 1000"),
        ("(" * 400 + "vms" + ")" * 400, "no expression"),
        ("vms == '\x00'", "no expression"),
    ],
)
def test_properties_that_can_not_be(text: str, words: str) -> None:
    with pytest.raises(PropertyError, match=words):
        property_of(text)


@given(st.text(max_size=60) | st.sampled_from(NAMES))
def test_any_text_is_a_property_or_is_refused(text: str) -> None:
    try:
        asked = property_of(text)
    except PropertyError:
        return
    assert asked.names <= set(NAMES)


# Tokens


@given(
    topologies("free"),
    st.booleans(),
    st.sampled_from(["", "smallest", "random:7"]),
    st.integers(0, 1 << 40),
    st.lists(st.integers(1, 1 << 40), max_size=3),
    st.lists(st.sampled_from(["exit:1:2:0", "memory:7", "close:0:1:3"]), max_size=2),
)
@settings(max_examples=60, deadline=None)
def test_tokens_are_read_back(
    topology: Topology, compiled: bool, policy: str, limit: int, at: list[int], faults: list[str]
) -> None:
    case = Case(topology, compiled, policy, limit, tuple(at), tuple(faults))
    assert case_of(case.token) == case
    assert " " not in case.token


@given(st.text(max_size=80), st.integers(0, 60), st.characters())
def test_no_other_text_is_a_token(text: str, place: int, other: str) -> None:
    token = Case(RING).token
    for wrong in (text, "t1." + text, token[:place] + other + token[place + 1 :], token[:place]):
        try:
            case_of(wrong)
        except TokenError:
            continue
        assert case_of(wrong) == Case(RING)  # some last bits mean nothing


def test_a_token_of_what_can_not_be() -> None:
    bad = Case(Topology((), (Pipe(0, 3, 0),), ())).token
    with pytest.raises(TokenError, match="can't hold pipe 0"):
        case_of(bad)


# Campaigns


def test_the_same_cases_come_of_it_again_however_they_are_cut() -> None:
    whole = play_batch(campaign(), 0, 30)
    pieces = [play_batch(campaign(), first, 10) for first in (0, 10, 20)]
    assert whole.found == tuple(one for piece in pieces for one in piece.found)
    assert whole == play_batch(campaign(), 0, 30)
    assert 0 < len(whole.found) < 30
    assert whole.found != play_batch(msgspec.structs.replace(campaign(), seed=8), 0, 30).found


@pytest.mark.parametrize("mode", MODES)
def test_found_cases_have_the_property_when_they_are_played_again(mode: str) -> None:
    shape = Shape("free", 2, 1, 2) if mode == "exhaustive" else SMALL
    asked = campaign(mode, "not deadlock and exit_code != 0", shape)
    batch = play_batch(asked, 0, 25)
    assert (sum(batch.endings.values()) == 25) == (mode != "exhaustive")
    assert batch.found
    for one in batch.found:
        case = case_of(one.token)
        assert ending(case.play()) == one.ending
        assert holds_of(asked, case)


def test_other_orders_can_make_a_difference_and_the_smallest_is_found() -> None:
    asked = campaign("policy", shape=Shape())
    found = play_batch(asked, 0, 150).found
    assert found
    case = smallest(asked, case_of(found[0].token))
    assert holds_of(asked, case)
    assert case.topology.vms <= 3
    assert case.policy


def test_a_peer_that_misbehaves_can_make_others_hang_and_the_fewest_faults_are_found() -> None:
    asked = campaign("faults", shape=Shape("acyclic"))
    found = play_batch(asked, 0, 200).found
    assert found
    assert all(one.ending == "deadlock" and "--fault " in one.changes for one in found)
    several = next(case for case in (case_of(one.token) for one in found) if len(case.faults) > 1)
    case = smallest(asked, several)
    assert holds_of(asked, case)
    assert len(case.faults) == 1
    assert case.topology.size < several.topology.size
    assert case.play().hypothetical == f"largest + {case.faults[0]}"
    assert case.plain.play().outcome.exit_code == 0


def test_faults_that_take_effect_are_counted() -> None:
    for faults, count in (((), 0), (("exit:1:50:0",), 0), (("exit:1:1:0",), 1), (("memory:1", "close:0:2:9"), 2)):
        found = facts_of(Case(RING, faults=faults).play())
        assert found.faults == count  # the root and its child are started on filled memory
        assert found.deadlock == ("exit:1:1:0" not in faults)


def test_drivers_and_engines_agree() -> None:
    assert not play_batch(campaign("agree"), 0, 40).found


def test_a_disagreement_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_short(what: Build, *, limit: int) -> Run:
        return run_synchronously(what, limit=1000)

    monkeypatch.setattr(campaigns, "trio_run", cut_short)
    assert len(play_batch(campaign("agree"), 0, 5).found) == 5


def test_what_a_deadlock_is_about() -> None:
    asked = campaign(question="deadlock", shape=Shape("cyclic", 3, 3, 0))
    batch = play_batch(asked, 0, 30)
    assert sum(batch.causes.values()) == batch.endings["deadlock"] == 30
    assert "ring-of-reads" in batch.causes
    assert set(batch.causes) <= set(DEADLOCK_RULES)


def test_dependence_on_the_order_is_a_fact_that_is_asked_for() -> None:
    asked = campaign("exhaustive", "depends", Shape("free", 2, 1, 1))
    space = asked.space()
    assert space is not None
    batch = play_batch(asked, 0, space.numbers)
    assert 0 < len(batch.found) < sum(batch.endings.values())
    for one in batch.found:
        verdict = orders(case_of(one.token).scenario())
        assert verdict.verdict == "dependent"


def test_what_is_neither_shown_nor_proved() -> None:
    """A run that comes to its limit settles nothing where there are other orders."""
    asked = campaign("limits", "undecided", Shape("acyclic", 4, 4, 0))
    found = play_batch(asked, 0, 30).found
    assert 0 < len(found) < 30
    for one in found:
        case = case_of(one.token)
        assert orders(case.build(), limit=case.limit).verdict == "undecided"


def test_a_campaign_that_can_not_be() -> None:
    with pytest.raises(CampaignError, match="there is no mode 'odd'; there are random"):
        campaign("odd")


def test_deadlocks_of_other_vms_are_a_difference() -> None:
    """Where as many VMs wait, but others or for something else."""
    pipes = (Pipe(0, 1, 0), Pipe(0, 2, 0))
    stuck = [Topology((0, 0), pipes, (Operation(0, "wait", vm), Operation(vm, "read", vm - 1, 1))) for vm in (1, 2)]
    runs = [Case(topology).play() for topology in stuck]
    one, other = (end_of(run.build, run.outcome, run.journal) for run in runs)
    assert one.kind == other.kind == "deadlock"
    assert len(one.stuck) == len(other.stuck) == 2
    assert one != other


def test_the_engine_is_what_it_was_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    before = default_engine()
    monkeypatch.setattr(campaigns, "run_synchronously", fail)
    with pytest.raises(KeyboardInterrupt):
        holds_of(campaign("agree"), Case(RING))
    assert default_engine() is before


# The file


def test_a_file_that_was_being_made_is_made_anew(tmp_path: Path) -> None:
    """The process died before the campaign was in it."""
    file = tmp_path / "c"
    code = (
        "import os, sys; from pathlib import Path; import spawnlab.explore.campaign_file as f; "
        "from spawnlab.explore.campaign import Campaign; from spawnlab.explore.generate import Shape; "
        "f.msgspec.json.encode = lambda _: os._exit(7); "
        "f.CampaignFile(Path(sys.argv[1]), Campaign(mode='random', shape=Shape()))"
    )
    assert subprocess.run([sys.executable, "-c", code, str(file)], check=False).returncode == 7
    kept = CampaignFile(file, campaign())
    work(kept, 10)
    assert kept.missing(10) == []
    kept.close()


def test_processes_have_the_engine_that_was_asked_for() -> None:
    before = default_engine()
    try:
        use_engine("step")
        with processes(1) as pool:
            name = pool.submit(eval, "__import__('spawnlab.vm.engines', fromlist=['_']).default_engine().name").result()
    finally:
        use_engine(before.name)
    assert name == "step"


def test_what_is_kept_is_not_played_again(tmp_path: Path) -> None:
    file = tmp_path / "c.campaign"
    first = CampaignFile(file, campaign())
    work(first, BATCH + 20)
    first.close()
    told: list[tuple[int, int]] = []
    again = CampaignFile(file, campaign())
    work(again, 2 * BATCH + 50, told=lambda batch: told.append((batch.first, batch.count)))
    assert told == [(BATCH + 20, BATCH - 20), (2 * BATCH, 50)]
    whole = CampaignFile(None, campaign())
    work(whole, 2 * BATCH + 50)
    results = [summary_of(campaign(), kept.batches(), shown=9) for kept in (again, whole)]
    assert results[0] == results[1]
    assert results[0].cases == 2 * BATCH + 50
    again.close()
    whole.close()


def test_processes_come_to_the_same(tmp_path: Path) -> None:
    asked = campaign(shape=Shape("free", 3, 2, 4))
    one, two = CampaignFile(None, asked), CampaignFile(tmp_path / "c", asked)
    work(one, 5 * BATCH)
    work(two, 5 * BATCH, jobs=2)
    assert one.batches() == two.batches()
    one.close()
    two.close()


def test_a_campaign_that_is_killed_is_gone_on_with(tmp_path: Path) -> None:
    """Whatever it was doing: what is in the file is whole, and the rest is played."""
    file = tmp_path / "c"
    command = [sys.executable, "-m", "spawnlab", "explore", "random", "--count", "100_000", "--resume", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    asked = Campaign(mode="random", shape=Shape())
    until = time.monotonic() + 60
    while time.monotonic() < until:
        time.sleep(0.1)
        if file.exists():
            try:
                kept = CampaignFile(file, None)
            except CampaignFileError:
                continue  # it is being made
            count = len(kept.batches())
            kept.close()
            if count >= 2:
                break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = CampaignFile(file, asked)
    before = kept.batches()
    assert len(before) >= 2
    assert [batch.first for batch in before] == [BATCH * index for index in range(len(before))]
    work(kept, BATCH * (len(before) + 1))
    after = kept.batches()
    assert after[: len(before)] == before
    assert after[-1] == play_batch(asked, BATCH * len(before), BATCH)
    kept.close()


def test_processes_end_with_the_one_that_wants_them() -> None:
    """Killed, it can't tell them."""
    code = (
        "import os; from spawnlab.explore.work import processes\n"
        "if __name__ == '__main__':\n"
        "    with processes(1) as pool:\n"
        "        print(pool.submit(os.getpid).result(), flush=True)\n"
        "        os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    until = time.monotonic() + 30
    while _is_alive(int(done.stdout)):
        assert time.monotonic() < until
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text()


def test_files_that_hold_no_campaign_or_another(tmp_path: Path) -> None:
    text, empty, other = tmp_path / "text", tmp_path / "empty.db", tmp_path / "other"
    text.write_text("this is no campaign, but it is long enough to be looked at: " * 20)
    sqlite3.connect(empty).execute("create table x (y)").connection.commit()
    CampaignFile(other, campaign()).close()
    with pytest.raises(CampaignFileError, match="not a campaign file"):
        CampaignFile(text, campaign())
    with pytest.raises(CampaignFileError, match="not a campaign file"):
        CampaignFile(empty, campaign())
    with pytest.raises(CampaignFileError, match="it is of another campaign: random, free topologies of up to 4 VMs"):
        CampaignFile(other, campaign("policy"))
    with pytest.raises(CampaignFileError, match="no such file"):
        CampaignFile(tmp_path / "none", None)
    with sqlite3.connect(other) as database:
        database.execute("update campaign set format = 99")
    with pytest.raises(CampaignFileError, match="format 99; this version reads format 2"):
        CampaignFile(other, campaign())
    with sqlite3.connect(other) as database:
        database.execute("update campaign set format = 2, json = 'x'")
    with pytest.raises(CampaignFileError, match="damaged"):
        CampaignFile(other, campaign())


# The commands


def test_exploring_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["explore", "random", "--count", "60", "--seed", "7", "--shrink", "--write", str(tmp_path)]
    assert main(arguments) == 1
    printed = capsys.readouterr().out
    assert "60 cases, 60 runs" in printed
    token = printed.split()[-1]
    assert main(["case", token, "--quiet"]) == 1
    assert "deadlock" in capsys.readouterr().out
    (file,) = [file for file in tmp_path.iterdir() if load_scenario(file) == case_of(token).scenario("deadlock")]
    assert main(["run", str(file), "--quiet"]) == 1
    assert "deadlock" in capsys.readouterr().out


def test_exploring_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "random", "--kind", "acyclic", "--count", "20", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["cases"], found["count_found"], found["endings"]) == (20, 0, {"exit 0": 20})


def test_a_case_is_written_with_its_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "case.json"
    token = Case(RING, policy="smallest", faults=("exit:1:1:0",)).token
    assert main(["case", token, "--write", str(file)]) == 0
    options = "--policy smallest --fault exit:1:1:0"
    assert capsys.readouterr().out == f"wrote {file}: spawnlab run {file} {options}\n"
    assert main(["case", token, "--quiet"]) == main(["run", str(file), "--quiet", *options.split()])
    assert "hypothetical fault: exit:1:1:0" in capsys.readouterr().out
    kept = load_scenario(file)
    assert kept.programs == Case(RING).scenario().programs
    assert options in kept.why


def test_what_the_options_offer_is_what_there_is() -> None:
    """They stand in the command by hand, so that asking for help loads no more than it must."""
    assert explore.MODES == MODES
    assert (*KINDS, ANY) == explore.KINDS
    shape = Shape()
    assert (shape.vms_max, shape.pipes_max, shape.operations_max) == LARGE


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explore", "random", "--property", "dedlock"], "did you mean 'deadlock'"),
        (["explore", "random", "--vms", "99"], "vms_max must be 1 to 16"),
        (["explore", "random", "--resume", "/"], "Is a directory|not a campaign file"),
        (["case", "nonsense"], "a token begins with 't1.'"),
    ],
)
def test_bad_input(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert any(word in error for word in words.split("|")), error
    assert "Traceback" not in error
