"""ckb-debugger's own system calls: only where they are asked for, and the same in every run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.debugger.calls import FCLOSE, FOPEN, RANDOM, READ_CONTENT, START, TIMESTAMP, WRITE_FILE, DebuggerCalls
from spawnlab.debugger.numbers import OWN
from spawnlab.explain.explain import explain
from spawnlab.scenarios.build import Build, build_elf
from spawnlab.scheduler.events import Logged
from spawnlab.vm.engines import default_engine, use_engine
from spawnlab.vm.errors import InvalidEcall, VmError

from ...scenarios.mock import files
from ...scheduler.programs import DEBUG, LEAVE_WITH_ANSWER, assembled, call, leave
from ..verifying.test_verify import transaction
from .guest import BUFFER, Guest, guest

WRITES = assembled(call(WRITE_FILE, "buffer", "buffer", 3) + LEAVE_WITH_ANSWER).elf()
READS = assembled(call(READ_CONTENT, "buffer", 3) + call(DEBUG, "buffer") + leave()).elf()
TIME = assembled(call(TIMESTAMP) + leave()).elf()
CHAINS = {
    *(*range(2041, 2044), 2051, 2052, 2061, 2062, *range(2071, 2075), *range(2081, 2084), 2091, 2092, 2104, DEBUG),
    *range(2601, 2609),
}
"""What version 2 has of the chain."""
NAME = "abcdefghijklmnopqrstuvwxyz012345"
"""What the file of WRITES is called."""


def program(folder: Path, elf: bytes) -> Build:
    """An ELF file ready to run."""
    file = folder / "program.elf"
    file.write_bytes(elf)
    return build_elf(file, version=2)


@pytest.mark.parametrize("number", [*sorted(OWN), 4097])
def test_the_chain_has_none_of_them(number: int, tmp_path: Path) -> None:
    run = spawnlab.run_synchronously(program(tmp_path, assembled(call(number) + leave()).elf()))
    assert run.outcome.failure is not None
    assert run.outcome.failure.debug == f"InvalidEcall({number})"
    said = f"{number} is a system call that ckb-debugger has, and no node: --debugger-calls"
    assert any(said in fact for fact in explain(run).facts) == (number in OWN)


def test_the_numbers_are_those_that_are_answered(tmp_path: Path) -> None:
    def is_answered(number: int) -> bool:
        try:
            guest(tmp_path, content=b"x").call(number, 0, 0, 0, 0)
        except VmError as error:
            return not isinstance(error, InvalidEcall)
        return True

    answered = {number for number in range(10_000) if is_answered(number)}
    assert answered - OWN == CHAINS
    assert answered >= OWN


def test_a_content_is_read_where_there_is_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidEcall):
        guest(tmp_path).call(READ_CONTENT, BUFFER, 3)
    made = guest(tmp_path, content=b"abcdefg")
    answers = [made.call(READ_CONTENT, BUFFER + 10 * index, size) for index, size in enumerate((3, 0, 1 << 63, 1))]
    assert answers == [3, -1, 4, -1]
    assert made.memory(3) == b"abc"
    assert made.memory(4, BUFFER + 20) == b"defg"


def test_each_machine_reads_from_the_start(tmp_path: Path) -> None:
    calls = DebuggerCalls(tmp_path, content=b"ab")
    assert [Guest(calls, vm).call(READ_CONTENT, BUFFER, 9) for vm in (0, 1, 1)] == [2, 2, 2]


def test_files_are_all_vms(tmp_path: Path) -> None:
    calls = DebuggerCalls(tmp_path)
    one, other = Guest(calls, 0), Guest(calls, 1)
    file = one.call(FOPEN, b"file", b"w")
    assert other.call(FOPEN, b"other", b"w") not in (0, file)
    assert other.call(FCLOSE, file) == 0


def test_what_is_left_open_is_closed(tmp_path: Path) -> None:
    opened = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else None
    with DebuggerCalls(tmp_path) as calls:
        made = Guest(calls)
        assert all(made.call(FOPEN, f"{name}".encode(), b"w") for name in range(20))
    if opened is not None:
        assert len(list(Path("/proc/self/fd").iterdir())) == opened


def test_numbers_of_the_host_can_be_given(tmp_path: Path) -> None:
    made = Guest(DebuggerCalls(tmp_path, clock=lambda cycles: cycles * 2, numbers=iter([5, 7]).__next__))
    made.machine.cycles = 23
    assert made.call(TIMESTAMP) == 2 * 1023
    assert (made.call(RANDOM), made.call(RANDOM)) == (5, 7)


def test_random_numbers_are_the_same_in_every_run(tmp_path: Path) -> None:
    one, other = guest(tmp_path), guest(tmp_path)
    numbers = [one.call(RANDOM) for _ in range(50)]
    assert [other.call(RANDOM) for _ in range(50)] == numbers
    assert len(set(numbers)) == 50


@pytest.mark.parametrize("engine", ["step", "blocks", "auto"])
def test_the_clock_counts_cycles(engine: str, tmp_path: Path) -> None:
    before, asked = default_engine().name, list[int]()
    use_engine(engine)
    try:
        with DebuggerCalls(tmp_path, clock=lambda cycles: asked.append(cycles) or START) as calls:
            run = spawnlab.run_synchronously(program(tmp_path, TIME), system_calls=calls)
    finally:
        use_engine(before)
    assert asked == [run.outcome.cycles - 502]  # two instructions and the last ecall


def test_the_clock_begins_with_a_run(tmp_path: Path) -> None:
    made = guest(tmp_path)
    assert made.call(TIMESTAMP) == START + 1000


@pytest.mark.parametrize("driver", [spawnlab.run, spawnlab.run_synchronously])
def test_both_drivers_have_them(driver: Callable[..., spawnlab.Run], tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    with DebuggerCalls(folder) as calls:
        run = driver(program(tmp_path, WRITES), system_calls=calls)
    assert run.outcome.exit_code == 0
    assert (folder / NAME).read_bytes() == b"abc"


async def test_a_stage_has_them(tmp_path: Path) -> None:
    with DebuggerCalls(tmp_path) as calls:
        async with spawnlab.stage(program(tmp_path, WRITES), system_calls=calls) as stage:
            outcome = await stage.run()
    assert outcome is not None
    assert outcome.exit_code == 0


async def test_a_verification_under_trio_has_them(tmp_path: Path) -> None:
    file = transaction(tmp_path, WRITES)
    assert not (await spawnlab.perform_verification(file)).passes
    with DebuggerCalls(tmp_path) as calls:
        made = await spawnlab.perform_verification(file, system_calls=calls)
    assert made.passes
    assert any("other system calls" in note for note in made.notes)


# Commands


def test_run_has_them_where_they_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "writes.elf"
    file.write_bytes(WRITES)
    assert main(["run", str(file)]) == 1
    assert "invalid syscall 9013" in capsys.readouterr().out
    assert main(["run", str(file), "--debugger-calls", str(tmp_path)]) == 0
    assert "with other system calls than the chain's" in capsys.readouterr().out
    assert (tmp_path / NAME).read_bytes() == b"abc"


def test_run_reads_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "reads.elf").write_bytes(READS)
    (tmp_path / "content").write_bytes(b"xyz123")
    given = ["--debugger-calls", str(tmp_path), "--read-file", str(tmp_path / "content")]
    assert main(["run", str(tmp_path / "reads.elf"), *given]) == 0
    assert f"VM 0 says 'xyz{NAME[3:]}'" in capsys.readouterr().out


def test_verify_has_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, given = transaction(tmp_path, WRITES), ["--debugger-calls", str(tmp_path)]
    assert main(["verify", str(file)]) == 1
    assert "InvalidEcall(9013)" in capsys.readouterr().out
    assert main(["verify", str(file), *given]) == 0
    assert "note: with other system calls" in capsys.readouterr().out
    assert (tmp_path / NAME).read_bytes() == b"abc"
    (tmp_path / NAME).unlink()
    assert main(["verify", str(transaction(tmp_path, files.SMALLEST)), "--bin", str(_written(tmp_path)), *given]) == 0
    assert (tmp_path / NAME).exists()
    capsys.readouterr()
    assert main(["verify", str(file), "--json", *given]) == 0
    assert any("other system calls" in note for note in json.loads(capsys.readouterr().out)["notes"])


def _written(folder: Path) -> Path:
    (folder / "writes.elf").write_bytes(WRITES)
    return folder / "writes.elf"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--read-file", "x"], "--read-file FILE goes with --debugger-calls FOLDER"),
        (["--debugger-calls", ".", "--suspend-at", "10", "--state", "x"], "leave out --suspend-at"),
        (["--debugger-calls", "nothing"], "nothing: there is no such folder"),
        (["--debugger-calls", ".", "--read-file", "nothing"], "nothing"),
    ],
)
def test_what_does_not_go_together(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        status = main(["run", str(_written(tmp_path)), *options])
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert said in capsys.readouterr().err


def test_the_run_goes_on_where_a_scenario_suspends_it(tmp_path: Path) -> None:
    """A plan's legs are one run: what is open stays open."""
    _written(tmp_path)
    (tmp_path / "plan.toml").write_text('[programs.root]\nelf = "writes.elf"\n[suspend]\nat = [600]\n')
    with DebuggerCalls(tmp_path) as calls:
        run = spawnlab.run_synchronously(tmp_path / "plan.toml", system_calls=calls)
    assert run.outcome.exit_code == 0


def test_printing_is_an_event(tmp_path: Path) -> None:
    elf = assembled(call(64, 1, "buffer", 3) + leave()).elf()
    with DebuggerCalls(tmp_path) as calls:
        run = spawnlab.run_synchronously(program(tmp_path, elf), system_calls=calls)
    assert [event.text for event in run.journal if isinstance(event, Logged)] == ["abc"]
