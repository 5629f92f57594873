"""Runs with faults: the same under both drivers, said to be hypothetical everywhere, never suspended."""

from __future__ import annotations

import asyncio
import contextlib
import json
from hashlib import shake_128
from pathlib import Path

import pytest

import spawnlab
import spawnlab.aio
from spawnlab.__main__ import main
from spawnlab.actors.vm import CallError, Vm
from spawnlab.explain.explain import explain
from spawnlab.explain.text import text_of
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scheduler.events import FaultInjected, Logged
from spawnlab.scheduler.faults import FaultError
from spawnlab.scheduler.injecting import PATTERN_SIZE
from spawnlab.scheduler.journal import Journal
from spawnlab.staging import HypotheticalRunError, Staging
from spawnlab.views.hypotheticals import FaultNote, fault_notes, hypothetical_lines

TWO = "gallery:question_and_answer"
EARLY = "exit:1:3:0"
"""The child exits instead of writing its answer."""
CHAIN = "on the chain there are none"
Capture = pytest.CaptureFixture[str]


def out_of(capsys: Capture, *arguments: str) -> str:
    main([*arguments])
    return capsys.readouterr().out


# Playing


async def test_every_way_to_play_is_the_same_run() -> None:
    run = spawnlab.run_synchronously(TWO, faults=[EARLY])
    assert run.outcome.exit_code == 7
    assert run.hypothetical == f"largest + {EARLY}"
    assert run.journal.policy == f"hypothetical:largest + {EARLY}"
    assert (await spawnlab.perform(TWO, faults=[EARLY])).journal == run.journal
    async with spawnlab.stage(TWO, faults=[EARLY]) as stage:
        await stage.run()
        assert stage.result().journal == run.journal


def test_from_code_that_is_not_asynchronous_and_under_asyncio() -> None:
    expected = spawnlab.run_synchronously(TWO, faults=[EARLY], policy="smallest").journal
    assert spawnlab.run(TWO, faults=[EARLY], policy="smallest").journal == expected
    assert asyncio.run(spawnlab.aio.perform(TWO, faults=[EARLY], policy="smallest")).journal == expected


def test_no_faults_are_the_chains_run() -> None:
    run = spawnlab.run(TWO, faults=[])
    assert run.hypothetical is None
    assert run.journal.fingerprint() == spawnlab.run(TWO).journal.fingerprint()


def test_bad_faults_are_errors_before_anything_is_played() -> None:
    for play in (spawnlab.run, spawnlab.run_synchronously):
        with pytest.raises(FaultError, match="exit:VM:CALL:CODE"):
            play(TWO, faults=["exit:1"])
        with pytest.raises(FaultError, match="a list of texts"):
            play(TWO, faults=EARLY)


def test_a_run_with_faults_is_not_suspended_nor_gone_on_with() -> None:
    with pytest.raises(HypotheticalRunError, match=f"a run with the faults {EARLY}, short:1 can't be suspended"):
        spawnlab.run(TWO, faults=[EARLY, "short:1"], suspend_at=1000)
    with pytest.raises(HypotheticalRunError, match=f"by the policy smallest with the faults {EARLY} can't"):
        spawnlab.run(TWO, policy="smallest", faults=[EARLY], suspend_at=1000)
    with pytest.raises(HypotheticalRunError, match=r"suspend\.at"):
        spawnlab.run("gallery:suspended_well", faults=["memory:1"])
    saved = spawnlab.run(TWO, suspend_at=1000).saved
    assert saved is not None
    with pytest.raises(HypotheticalRunError, match=f"without faults, not with the faults {EARLY}"):
        spawnlab.run(saved, faults=[EARLY])


async def test_a_stage_with_faults_is_not_suspended() -> None:
    async with spawnlab.stage(TWO, faults=["exit:9:9:0"]) as stage:
        await stage.step()
        with pytest.raises(HypotheticalRunError, match="exit:9:9:0 can't be suspended"):
            stage.suspend()


async def test_a_stage_shows_filled_memory_whether_swapped_out_or_not() -> None:
    async with spawnlab.stage("gallery:seventeen_vms", faults=["memory:3"]) as stage:
        while len(stage.statistics().swapped_out) < 3:
            await stage.step()
        assert len(stage.states()) - len(stage.statistics().swapped_out) > 1
        for vm in stage.states():
            seed = (3).to_bytes(8, "little") + vm.to_bytes(8, "little")
            pattern = shake_128(seed).digest(PATTERN_SIZE) * 40
            assert stage.memory(vm, 0x200000, 64) == pattern[0x200000 : 0x200000 + 64]
        await stage.run()
    assert stage.result().journal.events == (await spawnlab.perform("gallery:seventeen_vms")).journal.events


async def _whole(vm: Vm, fd: int) -> tuple[bytes, int]:
    """Eight bytes, unless the other end is closed, and the reads that it took."""
    got, reads = b"", 0
    with contextlib.suppress(CallError):
        while len(got) < 8:
            got += await vm.read(fd, 8)
            reads += 1
    return got, reads


async def _asks(vm: Vm) -> int:
    (read_end, write_end), (other_end, answer_end) = await vm.pipe(), await vm.pipe()
    child = await vm.spawn("child", fds=[other_end, write_end])
    await vm.write(answer_end.fd, b"question")
    got, reads = await _whole(vm, read_end.fd)
    assert got in (b"question", b"")
    return 10 * await child.wait() + reads


async def _answers(vm: Vm) -> int:
    read_end, write_end = await vm.inherited_fds()
    try:
        got, reads = await _whole(vm, read_end.fd)
        await vm.write(write_end.fd, got)
    finally:
        _left.append(vm.process_id)
    return reads


_left: list[int] = []


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ([], 11),
        (["exit:1:3:4"], 40),  # instead of its write
        (["exit:1:4:5"], 51),  # instead of its own exit
        (["short:1:2:3"], 21),
        (["short:1:2:3", "short:0:5:1", "short:0:6:6"], 23),
        (["exit:0:1:9"], 9),
        (["memory:5"], 11),
    ],
)
def test_functions_have_faults_too(faults: list[str], code: int) -> None:
    actors = {"root": _asks, "child": _answers}
    _left.clear()
    run = spawnlab.run(actors, faults=faults)
    assert run.outcome.exit_code == code
    assert all(note.times for note in fault_notes(run.journal))
    assert spawnlab.run_synchronously(actors, faults=faults).journal == run.journal
    assert _left == ([] if code == 9 else [1, 1])  # also of a function that is cut short


def test_a_function_finds_that_its_end_is_closed() -> None:
    with pytest.raises(spawnlab.SpawnlabError, match="WriteTo: INVALID_FD"):
        spawnlab.run({"root": _asks, "child": _answers}, faults=["close:1:3:3"])


# What is said of them


def test_the_command_says_that_faults_are_hypothetical(capsys: Capture) -> None:
    assert main(["run", TWO, "--fault", EARLY, "--fault", "close:1:9:2"]) == 1
    out = capsys.readouterr().out
    assert f"hypothetical faults: {EARLY}, close:1:9:2; {CHAIN}\n> runs" in out
    assert f"VM 1 exits with code 0 instead of its system call 3, write (hypothetical fault {EARLY})" in out
    assert f"hypothetical faults: {EARLY} (in turn 7), close:1:9:2 (never took effect); {CHAIN}" in out
    assert "not as expected: exit code 7, not 0" in out
    assert "hypothetical order" not in out
    assert "hypothetical" not in out_of(capsys, "run", TWO)


def test_with_another_order_both_are_said(capsys: Capture) -> None:
    out = out_of(capsys, "run", TWO, "--quiet", "--driver", "sync", "--fault", "short:3", "--policy", "smallest")
    assert "hypothetical order: smallest; on the chain" in out
    assert "hypothetical fault: short:3 (in turn 6)" in out


@pytest.mark.parametrize("fault", ["exit:1:99:0", "close:0:1:2", "short:0:1:1"])
def test_a_fault_that_never_took_effect_says_so(fault: str, capsys: Capture) -> None:
    assert main(["run", TWO, "--quiet", "--fault", fault]) == 0
    out = capsys.readouterr().out
    assert f"hypothetical fault: {fault} (never took effect); all is as without faults" in out


def test_filled_memory_is_there_from_the_beginning(capsys: Capture) -> None:
    assert f"hypothetical fault: memory:1 (from the beginning); {CHAIN}" in out_of(
        capsys, "run", TWO, "--quiet", "--fault", "memory:1"
    )
    run = spawnlab.run(TWO, faults=["memory:1"])
    assert fault_notes(run.journal) == (FaultNote(fault="memory:1", times=2, turn=0),)


def test_json_has_fields(capsys: Capture) -> None:
    told = json.loads(out_of(capsys, "run", TWO, "--json", "--fault", EARLY, "--fault", "exit:5:1:0"))
    assert told["hypothetical"] == f"largest + {EARLY} + exit:5:1:0"
    assert told["faults"] == [
        {"fault": EARLY, "times": 1, "turn": 7},
        {"fault": "exit:5:1:0", "times": 0, "turn": None},
    ]
    told = json.loads(out_of(capsys, "run", TWO, "--json"))
    assert (told["hypothetical"], told["faults"]) == (None, [])


def test_bad_faults_are_bad_input(capsys: Capture) -> None:
    for faults in (["crash"], ["exit:1:0:0"], [EARLY, EARLY], ["memory:1", "memory:2"]):
        arguments = [part for fault in faults for part in ("--fault", fault)]
        assert main(["run", TWO, *arguments]) == 2
        assert capsys.readouterr().err.startswith("spawnlab: fault ")


def test_kept_journals_say_it_too(tmp_path: Path, capsys: Capture) -> None:
    kept, chains = str(tmp_path / "kept.journal"), str(tmp_path / "chains.journal")
    out_of(capsys, "run", TWO, "--quiet", "--fault", EARLY, "--journal", kept)
    out_of(capsys, "run", TWO, "--quiet", "--journal", chains)
    assert Journal.from_bytes(Path(kept).read_bytes()) == spawnlab.run(TWO, faults=[EARLY]).journal
    said = f"hypothetical fault: {EARLY} (in turn 7); {CHAIN}"
    assert said in out_of(capsys, "cost", kept)
    assert json.loads(out_of(capsys, "cost", kept, "--json"))["faults"][0]["turn"] == 7
    lines = out_of(capsys, "diff", chains, kept).splitlines()
    assert "  B has FaultInjected of VM 1" in lines
    assert [line.startswith(f"B {kept}: exit code 7") for line in lines if said in line] == [True]
    told = json.loads(out_of(capsys, "diff", chains, kept, "--json"))
    assert told["a"]["faults"] == []
    assert told["b"]["faults"][0]["fault"] == EARLY


def test_a_journal_that_only_names_faults_differs_by_that(tmp_path: Path, capsys: Capture) -> None:
    kept, chains = str(tmp_path / "kept.journal"), str(tmp_path / "chains.journal")
    out_of(capsys, "run", TWO, "--quiet", "--fault", "exit:9:9:0", "--journal", kept)
    out_of(capsys, "run", TWO, "--quiet", "--journal", chains)
    out = out_of(capsys, "diff", chains, kept)
    assert out.startswith("every event is equal, but they were made under different scheduling policies or faults")


def test_a_journal_that_somebody_else_has_made_is_shown(tmp_path: Path, capsys: Capture) -> None:
    """Whatever its name and its faults are."""
    odd = Journal("hypothetical:own + flood:1:2 + memory:x")
    for fault in ("", "exit", "close:", "flood:1:2", "short:1"):
        odd(FaultInjected(0, fault, 1, 5, 0, None))
    file = tmp_path / "odd.journal"
    file.write_bytes(odd.to_bytes())
    chains = tmp_path / "chains.journal"
    chains.write_bytes(Journal("largest-id-first/1").to_bytes())
    assert "hypothetical order: own" in out_of(capsys, "cost", str(file))
    out = out_of(capsys, "diff", str(chains), str(file))
    assert "(hypothetical fault flood:1:2)" in out


def test_lines() -> None:
    assert hypothetical_lines("smallest") == (
        "hypothetical order: smallest; on the chain every turn is the largest id's that can run",
    )
    notes = (FaultNote(fault="short:1", times=1_234, turn=2_000), FaultNote(fault="memory:1", times=0, turn=None))
    assert hypothetical_lines("largest + short:1 + memory:1", notes) == (
        f"hypothetical faults: short:1 (1,234 times, from turn 2,000 on), memory:1 (never took effect); {CHAIN}",
    )


# Explaining


def test_an_explanation_says_what_the_fault_did() -> None:
    found = explain(spawnlab.run_synchronously(TWO, faults=[EARLY]))
    assert found.cause == "OTHER_END_CLOSED"
    words = "VM 1 (child, steps[2]) exits with code 0 instead of its system call 3, write"
    assert found.facts[-1] == f"turn 7: {words} (hypothetical fault {EARLY})"
    assert found.faults == (FaultNote(fault=EARLY, times=1, turn=7),)
    assert f"hypothetical fault: {EARLY} (in turn 7); {CHAIN}" in list(text_of(found))


def test_only_so_many_are_told() -> None:
    run = spawnlab.run_synchronously("gallery:pipeline", faults=["short:1", "short:2", "short:3"])
    assert sum(note.times for note in fault_notes(run.journal)) > 4
    assert sum("hypothetical fault" in fact for fact in explain(run).facts) == 4


def test_what_closed_an_end_is_the_fault() -> None:
    found = explain(spawnlab.run_synchronously(TWO, faults=["close:1:3:5"]))
    assert found.cause == "INVALID_FD"
    assert any(
        fact.startswith("fd 5 of VM 1 was closed by the hypothetical fault close:1:3:5, in turn 7")
        for fact in found.facts
    )


def test_an_exit_of_a_fault_is_not_explained_by_an_answer_before() -> None:
    text = """
    [programs.root]
    asm = '''
      li a0, 9
      li a7, SYS_CLOSE
      ecall
      ecall
    '''
    """
    found = explain(spawnlab.run_synchronously(parse_scenario(text, ".toml"), faults=["exit:0:2:6"]))
    assert found.cause == "exit"
    assert found.facts[-1].endswith("(hypothetical fault exit:0:2:6)")


DEADLOCK = """
[programs.root]
steps = [
  { op = "pipe", as = ["r", "w"] },
  { op = "spawn", program = "child", fds = ["r"], as = "child" },
  { op = "write", fd = "w", size = 8 },
  { op = "wait", vm = "child" },
]
[programs.child]
steps = [
  { op = "inherited_fds", as = ["in"] },
  { op = "read", fd = "in", size = 8 },
  { op = "read", fd = "in", size = 8 },
]
"""


def test_edits_are_tried_with_the_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """With short reads the child's second read gets the rest, so that it waits for nothing."""
    made = spawnlab.build(parse_scenario(DEADLOCK, ".toml"))
    assert spawnlab.run_synchronously(made).outcome.deadlock is not None
    assert spawnlab.run_synchronously(made, faults=["short:1:2:3"]).outcome.deadlock is None
    played: list[tuple[str, ...]] = []
    stage = Staging.__init__

    def note(self: Staging, *args: object, faults: tuple[str, ...] = (), **rest: object) -> None:
        played.append(tuple(faults))
        stage(self, *args, faults=faults, **rest)  # type: ignore[arg-type] # pyright: ignore

    run = spawnlab.run_synchronously(made, faults=["short:1:3:3"])
    monkeypatch.setattr(Staging, "__init__", note)
    found = explain(run)
    assert found.edit is not None
    assert set(played) == {("short:1:3:3",)}


def test_an_edit_that_only_dodges_the_fault_is_none() -> None:
    """Each edit of it takes the read away, or lets it be refused: the short read that it was about is gone."""
    plain = explain(spawnlab.run_synchronously("gallery:own_pipe_deadlock"))
    assert plain.edit is not None
    run = spawnlab.run_synchronously("gallery:own_pipe_deadlock", faults=["short:0:3:1"])
    assert fault_notes(run.journal)[0].times == 1
    found = explain(run)
    assert found.cause == plain.cause
    assert found.edit is None


def test_what_programs_print_is_not_taken_for_a_fault() -> None:
    run = spawnlab.run(TWO)
    assert any(isinstance(event, Logged) for event in run.journal)
    assert fault_notes(run.journal) == ()
