"""Suspended runs on disk: going on gives what the scheduler's rules say, in another process too."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.conform.modes import Mode, run_recorded
from spawnlab.saved import KIND, VERSION, SavedRun, SavedRunError, is_saved
from spawnlab.scenarios.load import load_scenario
from spawnlab.scenarios.model import Limits
from spawnlab.scheduler.events import Resumed, Suspended
from spawnlab.scheduler.state_file import state_to_bytes
from spawnlab.staging import Run
from spawnlab.vm.assembler import assemble
from spawnlab.vm.sealed import CorruptFileError, seal

ROOT = Path(__file__).resolve().parents[2]
GALLERY = sorted((ROOT / "scenarios" / "gallery").glob("*.toml"))
PLAIN = [
    file
    for file in GALLERY
    if (it := load_scenario(file)).suspend is None
    and it.limits == Limits()
    and not any(program.python for program in it.programs.values())
]
"""Those without a plan, a limit or functions of their own."""
PIPELINE = ROOT / "scenarios" / "gallery" / "pipeline.toml"
Capture = pytest.CaptureFixture[str]


def suspend(what: spawnlab.Build | SavedRun | Path, cycles: int) -> SavedRun:
    saved = spawnlab.run_synchronously(what, suspend_at=cycles).saved
    assert saved is not None
    return SavedRun.from_bytes(saved.to_bytes())


def ended(run: Run) -> tuple[object, ...]:
    """What must agree; details of errors hold addresses of no interest."""
    outcome = run.outcome
    return outcome.status, outcome.exit_code, outcome.failure and outcome.failure.debug, outcome.cycles, run.unmet


@pytest.mark.parametrize("file", PLAIN, ids=lambda file: file.stem)
@pytest.mark.parametrize("step", [1, 30_000, 104_000, 350_000])
def test_pieces_are_those_of_the_scheduler(file: Path, step: int) -> None:
    """Paused whenever ``step`` more cycles are used up, as the reference is in the comparisons."""
    made = spawnlab.load(file)
    recorded = run_recorded(made.sg_data, Mode(pause_every=step, max_suspends=30))
    run = spawnlab.run_synchronously(made, suspend_at=step)
    states: list[bytes] = []
    while run.saved is not None and len(states) < 30:
        states.append(state_to_bytes(run.saved.state))
        if len(states) > 1 and states[-1] == states[-2]:
            break
        again = SavedRun.from_bytes(run.saved.to_bytes())
        run = spawnlab.run_synchronously(again, suspend_at=again.state.total_cycles + step)
    assert len(states) == len(recorded.suspends or ())
    if recorded.status != "stopped":
        assert run.outcome.cycles == recorded.cycles
        assert run.outcome.exit_code == recorded.exit_code
        assert (run.outcome.failure.debug if run.outcome.failure else None) == recorded.error_debug


@pytest.mark.parametrize("file", PLAIN, ids=lambda file: file.stem)
def test_both_drivers_go_on_alike(file: Path) -> None:
    total = spawnlab.run_synchronously(file).outcome.cycles
    for part in (0.1, 0.35, 0.6, 0.99):
        saved = suspend(file, int(total * part))
        with_trio, without = spawnlab.run(saved), spawnlab.run_synchronously(saved)
        assert with_trio.journal == without.journal
        assert with_trio.outcome == without.outcome
        other = spawnlab.run(file, suspend_at=int(total * part)).saved
        assert other is not None
        assert other.to_bytes() == saved.to_bytes()


def test_the_journal_is_of_the_whole_run() -> None:
    whole = spawnlab.run_synchronously(PIPELINE)
    saved = suspend(PIPELINE, 400_000)
    run = spawnlab.run_synchronously(saved)
    events = run.journal.events
    assert events[: len(saved.events)] == list(saved.events)
    assert [type(event) for event in events if isinstance(event, Suspended | Resumed)] == [Suspended, Resumed]
    assert run.outcome.iterations == max(getattr(event, "iteration", 0) for event in events)
    assert run.outcome.iterations >= whole.outcome.iterations


def test_a_run_that_ends_before_is_not_suspended() -> None:
    run = spawnlab.run_synchronously(PIPELINE, suspend_at=2_000_000)
    assert run.saved is None
    assert run.outcome.exit_code == 0


def test_the_limit_is_that_of_the_whole_run() -> None:
    total = spawnlab.run_synchronously(PIPELINE).outcome.cycles
    saved = suspend(PIPELINE, 200_000)
    assert spawnlab.run_synchronously(saved, limit=total).outcome.exit_code == 0
    assert spawnlab.run_synchronously(saved, limit=total - 1).outcome.failure is not None
    short = spawnlab.run_synchronously(saved, limit=1000)
    assert short.outcome.failure is not None
    assert short.outcome.failure.variant == "CyclesExceeded"
    both = spawnlab.run_synchronously(PIPELINE, limit=150_000, suspend_at=150_000)
    assert both.saved is None  # the limit is what ends it
    assert both.outcome.failure is not None


def test_a_place_that_is_behind() -> None:
    saved = suspend(PIPELINE, 200_000)
    with pytest.raises(SavedRunError, match="consumed already"):
        spawnlab.run_synchronously(saved, suspend_at=100_000)


def test_another_policy_cannot_go_on() -> None:
    saved = msgspec.structs.replace(suspend(PIPELINE, 200_000), policy="smallest-id-first/1")
    with pytest.raises(SavedRunError, match="policy 'smallest-id-first/1', not 'largest-id-first/1'"):
        spawnlab.run_synchronously(saved)


def test_other_programs_are_noticed() -> None:
    saved = suspend(PIPELINE, 200_000)
    with pytest.raises(SavedRunError, match="compiles to other programs"):
        msgspec.structs.replace(saved, digest=bytes(32)).build()
    with pytest.raises(SavedRunError, match="there is no program"):
        msgspec.structs.replace(saved, scenario=msgspec.structs.replace(saved.scenario, root="nobody")).build()


def test_a_vm_that_cannot_be_made_again(tmp_path: Path) -> None:
    saved = suspend(PIPELINE, 200_000)
    vm = saved.state.vms[0]
    wrong = msgspec.structs.replace(vm, snapshot=msgspec.structs.replace(vm.snapshot, version=1))
    state = msgspec.structs.replace(saved.state, vms=(wrong, *saved.state.vms[1:]))
    file = tmp_path / "run.state"
    file.write_bytes(msgspec.structs.replace(saved, state=state).to_bytes())
    with pytest.raises(SavedRunError, match="can't be made again"):
        spawnlab.run_synchronously(SavedRun.read(file))


def test_elf_files_travel_along(tmp_path: Path) -> None:
    """The state goes on where the files are not."""
    loop = "  li t0, 2000\nagain:\n  addi t0, t0, -1\n  bnez t0, again\n  li a0, 4\n  li a7, 93\n  ecall\n"
    (tmp_path / "loop").write_bytes(assemble(loop).elf())
    saved = suspend(tmp_path / "loop", 1000)
    (tmp_path / "scenario.json").write_text('{"version": 1, "programs": {"root": {"elf": "loop"}}}')
    other = suspend(tmp_path / "scenario.json", 1000)
    (tmp_path / "loop").unlink()
    assert spawnlab.run_synchronously(saved).outcome.exit_code == 4
    assert spawnlab.run_synchronously(other).outcome.exit_code == 4


# Files


def test_a_file_cut_or_flipped_anywhere_is_refused() -> None:
    content = suspend(GALLERY[0], 50_000).to_bytes()
    for size in range(0, len(content), 13):
        with pytest.raises(CorruptFileError, match=r"^byte "):
            SavedRun.from_bytes(content[:size])
    generator = random.Random(3)
    for _ in range(1000):
        damaged = bytearray(content)
        damaged[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
        with pytest.raises(CorruptFileError, match=r"^byte "):
            SavedRun.from_bytes(bytes(damaged))


def test_contents_that_cannot_be_are_refused() -> None:
    saved = suspend(GALLERY[0], 50_000)
    wrong: list[dict[str, object]] = [{"iterations": -1}, {"state": None}, {"elves": 1}, {"surplus": 1}]
    for fields in wrong:
        with pytest.raises(CorruptFileError):
            SavedRun.from_bytes(seal(KIND, VERSION, {**msgspec.structs.asdict(saved), **fields}))
    state = msgspec.structs.replace(saved.state, next_fd_slot=3)
    with pytest.raises(CorruptFileError, match="next_fd_slot"):
        SavedRun.from_bytes(msgspec.structs.replace(saved, state=state).to_bytes())


def test_a_scenario_cannot_be_mistaken_for_a_state(tmp_path: Path, capsys: Capture) -> None:
    assert main(["resume", str(PIPELINE)]) == 2
    assert capsys.readouterr().err == f"spawnlab: {PIPELINE}: byte 0: not a SPAWNLAB-RUN file\n"
    file = tmp_path / "run.state"
    file.write_bytes(suspend(PIPELINE, 200_000).to_bytes())
    assert is_saved(file)
    assert not is_saved(PIPELINE)
    assert not is_saved(tmp_path / "nothing")
    assert main(["run", str(file)]) == 2
    assert "go on with `spawnlab resume`" in capsys.readouterr().err


# The command line


def test_suspending_and_going_on_in_other_processes(tmp_path: Path) -> None:
    """Three processes play one run; the last comes to what a single process comes to (a deadlock: T10)."""

    def spawnlab_command(*arguments: object, status: int = 0) -> str:
        command = [sys.executable, "-m", "spawnlab", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (status, "")
        return done.stdout

    first, second = tmp_path / "first", tmp_path / "second"
    out = spawnlab_command("run", PIPELINE, "--suspend-at", 300_000, "--state", first, "--quiet")
    assert out.splitlines()[0] == "suspended"
    assert out.splitlines()[-1] == f"go on with: spawnlab resume {first}"
    spawnlab_command("resume", first, "--suspend-at", 700_000, "--state", second, "--json")
    here = spawnlab.run(suspend(suspend(PIPELINE, 300_000), 700_000))
    out = spawnlab_command("resume", second, status=0 if here.as_expected else 1)
    assert f"{here.outcome.cycles:,} cycles, {here.outcome.iterations} iterations" in out
    assert "goes on" not in first.read_text(errors="replace")
    assert "and all others go on from where they were suspended" in out
    assert "VM 2 learns" not in out
    assert here.outcome.deadlock is not None
    assert here.outcome.deadlock.io_pass_skipped
    assert "nobody makes up for the I/O pass that is skipped" in out
    assert first.read_bytes() == suspend(PIPELINE, 300_000).to_bytes()


def test_a_state_that_was_not_needed(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "state"
    assert main(["run", "--quiet", str(PIPELINE), "--suspend-at", "9_000_000", "--state", str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"it did not come to 9,000,000 cycles, so {file} was not written"
    assert not file.exists()


@pytest.mark.parametrize("command", ["run", "resume"])
def test_the_two_options_go_together(command: str, capsys: Capture) -> None:
    for options in (["--suspend-at", "5"], ["--state", "file"]):
        with pytest.raises(SystemExit):
            main([command, str(PIPELINE), *options])
        assert "--suspend-at CYCLES and --state FILE go together" in capsys.readouterr().err


def test_a_state_that_cannot_be_read_or_written(tmp_path: Path, capsys: Capture) -> None:
    assert main(["resume", str(tmp_path / "nothing")]) == 2
    assert capsys.readouterr().err == f"spawnlab: {tmp_path / 'nothing'}: No such file or directory\n"
    assert main(["run", "--quiet", str(PIPELINE), "--suspend-at", "5", "--state", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"spawnlab: {tmp_path}: Is a directory\n"
