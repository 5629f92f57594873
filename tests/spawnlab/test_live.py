"""A run on a stage: stepping, stopping, looking, pausing, suspending; and nothing of it changes the run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio
import trio.testing

import spawnlab
from spawnlab.actors.vm import Vm
from spawnlab.live import StageError
from spawnlab.saved import SavedRun, SavedRunError
from spawnlab.scenarios.model import Program
from spawnlab.scheduler.events import AnyEvent, IterationEnded, SwappedIn, Transferred
from spawnlab.scheduler.journal import Journal
from spawnlab.scheduler.states import Runnable, WaitForRead, WaitForWrite
from spawnlab.staging import Playable
from spawnlab.vm.assembler import assemble
from spawnlab.vm.errors import MemOutOfBound, Unexpected
from spawnlab.vm.machine import Machine

GALLERY = sorted((Path(__file__).resolve().parents[2] / "scenarios" / "gallery").glob("*.toml"))
PIPELINE = Path(__file__).resolve().parents[2] / "scenarios" / "gallery" / "pipeline.toml"


async def root(vm: Vm) -> int:
    read_end, write_end = await vm.pipe()
    child = await vm.spawn("child", fds=[read_end])
    await vm.spend(5000)
    await write_end.send_all(b"hello")
    await write_end.aclose()
    return await child.wait()


async def child(vm: Vm) -> int:
    (end,) = await vm.inherited_fds()
    return len(await vm.read(end.fd, 100))


ACTORS = {"root": root, "child": child}


@pytest.mark.parametrize(
    "file", [file for file in GALLERY if "[suspend]" not in file.read_text()], ids=lambda f: f.stem
)
async def test_steps_add_up_to_the_run(file: Path) -> None:
    whole = spawnlab.run_synchronously(file)
    async with spawnlab.stage(file) as stage:
        ends: list[AnyEvent] = []
        while (ended := await stage.step()) is not None:
            ends.append(ended)
    assert ends == [event for event in whole.journal if isinstance(event, IterationEnded)]
    assert stage.outcome == whole.outcome
    run = stage.result()
    assert (run.journal, run.unmet) == (whole.journal, whole.unmet)
    assert await stage.step() is None


async def test_stops() -> None:
    async with spawnlab.stage(PIPELINE) as stage:
        assert await stage.run(until_iteration=4) is None
        assert stage.scheduler.iterations == 4
        await stage.run(until_cycles=400_000)
        assert stage.scheduler.consumed_cycles() >= 400_000
        await stage.run(until_blocked=3)
        assert isinstance(stage.state(3), WaitForRead)
        assert await stage.run(until=lambda event: isinstance(event, Transferred)) is None
        assert isinstance(stage.state(0), Runnable | WaitForWrite)
        outcome = await stage.run()
        assert outcome is not None
        assert outcome is stage.outcome
        assert outcome.exit_code == 0
    assert stage.result().journal == spawnlab.run_synchronously(PIPELINE).journal


async def test_looking() -> None:
    """At machines and at snapshots, alike."""
    async with spawnlab.stage(PIPELINE) as stage:
        await stage.run(until=lambda event: isinstance(event, SwappedIn))
        statistics = stage.statistics()
        assert statistics.swapped_out
        assert sorted({*statistics.runnable, *statistics.blocked}) == [0, 1, 2, 3, 4]
        assert (statistics.tasks, statistics.ended, statistics.open_fds) == (5, 0, len(stage.fds()))
        assert statistics.iterations == stage.scheduler.iterations
        assert stage.states().keys() == {0, 1, 2, 3, 4}
        for vm in stage.states():
            assert len(stage.registers(vm)) == 32
            assert 0x10000 <= stage.pc(vm) < 0x20000
            assert any(stage.memory(vm, 0x10000, 8))  # its code
        assert set(stage.fds(0)) < set(stage.fds())
        for wrong in (lambda: stage.registers(9), lambda: stage.memory(9, 0, 1)):
            with pytest.raises(Unexpected):
                wrong()
        for vm in (statistics.swapped_out[0], 3):
            with pytest.raises(MemOutOfBound):
                stage.memory(vm, (4 << 20) - 1, 2)


async def test_a_snapshot_reads_as_its_machine_will() -> None:
    async with spawnlab.stage(PIPELINE) as stage:
        await stage.run(until=lambda event: isinstance(event, SwappedIn))
        (vm, *_) = stage.statistics().swapped_out
        before = stage.memory(vm, 0, 4 << 20), stage.registers(vm), stage.pc(vm)
        await stage.run(until=lambda event: isinstance(event, SwappedIn) and event.vm == vm)
        machine = stage.scheduler.table.instantiated[vm].machine
        differing = [i for i in range(0, 4 << 20, 4096) if machine.memory.read(i, 4096) != before[0][i : i + 4096]]
        assert len(differing) <= 1  # where the answer to its call was stored
        assert stage.pc(vm) == before[2]


async def test_a_pause_holds_a_run_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def small_slice(machine: Machine) -> int | None:
        return machine.run(2000)  # so that any engine's run has many

    monkeypatch.setattr(Machine, "run_slice", small_slice)
    spinning = assemble("li t0, 300000\nagain: addi t0, t0, -1\n bnez t0, again\n li a7, 93\n ecall").elf()
    made = spawnlab.build(spawnlab.Scenario(programs={"root": Program(elf="spin")}), elves={"root": spinning})
    whole = spawnlab.run_synchronously(made)
    async with spawnlab.stage(made) as stage, trio.open_nursery() as nursery:
        nursery.start_soon(stage.run)
        await trio.lowlevel.checkpoint()
        for _ in range(5):
            stage.pause()
            await trio.testing.wait_all_tasks_blocked()
            assert stage.outcome is None
            held = stage.pc(0), stage.scheduler.table.instantiated[0].machine.cycles
            await trio.testing.wait_all_tasks_blocked()
            assert held == (stage.pc(0), stage.scheduler.table.instantiated[0].machine.cycles)
            with pytest.raises(StageError, match="under way"):
                await stage.step()
            with pytest.raises(StageError):
                stage.suspend()
            stage.resume()
            await trio.lowlevel.checkpoint()
    assert stage.result().journal == whole.journal


async def test_a_stage_is_not_over_before_the_end() -> None:
    async with spawnlab.stage(ACTORS) as stage:
        with pytest.raises(StageError, match="not over"):
            stage.result()
        await stage.run()
        assert stage.result().outcome.exit_code == 5
        with pytest.raises(StageError):
            stage.suspend()


async def test_observers_see_events_as_they_happen() -> None:
    seen: list[AnyEvent] = []
    async with spawnlab.stage(ACTORS, observers=[seen.append]) as stage:
        await stage.step()
        first = len(seen)
        await stage.run()
    assert 0 < first < len(seen)
    assert seen == stage.journal.events


async def test_the_limit_is_that_of_the_whole_run() -> None:
    async with spawnlab.stage(PIPELINE, limit=300_000) as stage:
        while await stage.step() is not None:
            pass
        assert stage.outcome == spawnlab.run_synchronously(PIPELINE, limit=300_000).outcome


# Suspending actors


def test_actors_are_brought_back_by_what_they_were_told() -> None:
    whole, skipped = spawnlab.run_synchronously(ACTORS), 0
    for cycles in range(200, whole.outcome.cycles, 997):
        saved = spawnlab.run_synchronously(ACTORS, suspend_at=cycles).saved
        assert saved is not None
        again = SavedRun.from_bytes(saved.to_bytes())
        run = spawnlab.run(again, actors=ACTORS)
        if run.outcome.deadlock is not None and run.outcome.deadlock.io_pass_skipped:  # T10, as on a node
            skipped += 1
        else:
            assert (run.outcome.exit_code, run.outcome.cycles) == (5, whole.outcome.cycles), cycles
    assert skipped < 5


async def test_a_stage_can_be_suspended() -> None:
    async with spawnlab.stage(ACTORS) as stage:
        await stage.run(until_iteration=4)
        run = stage.suspend()
    assert run.saved is not None
    with pytest.raises(StageError):
        stage.result()
    async with spawnlab.stage(run.saved, actors=ACTORS) as again:
        assert (await again.run()) is not None
    assert again.outcome is not None
    assert again.outcome.exit_code == 5


def test_a_function_that_does_not_repeat_itself() -> None:
    saved = spawnlab.run_synchronously(ACTORS, suspend_at=104_000).saved
    assert saved is not None

    async def other(vm: Vm) -> None:
        await vm.debug("something else")

    async def shorter(vm: Vm) -> None:
        await vm.pipe()

    with pytest.raises(SavedRunError, match="functions play root, child: give them again"):
        spawnlab.run_synchronously(saved)
    for wrong in (other, shorter):
        with pytest.raises(SavedRunError, match="must depend on nothing but its arguments and answers"):
            spawnlab.run_synchronously(saved, actors={"root": wrong, "child": child})


# Cancelling


@pytest.mark.parametrize("what", [PIPELINE, ACTORS], ids=["pipeline", "actors"])
async def test_cancelled_at_any_moment_nothing_is_left(what: Playable) -> None:
    """By deadlines, between two events, and from within an observer."""
    generator = random.Random(5)
    whole = spawnlab.run_synchronously(what)
    for _ in range(500):
        place = generator.randrange(len(whole.journal))
        seen = Journal(whole.journal.policy)
        with trio.CancelScope() as scope:

            def cancel(
                event: AnyEvent, place: int = place, scope: trio.CancelScope = scope, to: Journal = seen
            ) -> None:
                to(event)
                if len(to) == place:
                    scope.cancel()

            async with spawnlab.stage(what, observers=[cancel]) as stage:
                await stage.run()
        journal = Journal.from_bytes(seen.to_bytes())
        assert journal.events == whole.journal.events[: len(journal)]
    assert trio.lowlevel.current_statistics().tasks_living <= 4


async def test_several_runs_side_by_side() -> None:
    """Each is what it is alone, however they are interleaved."""
    results: dict[str, str] = {}

    async def play(file: Path) -> None:
        run = await spawnlab.perform(file)
        results[file.stem] = run.journal.fingerprint()

    async with trio.open_nursery() as nursery:
        for file in GALLERY:
            nursery.start_soon(play, file)
    assert results == {file.stem: spawnlab.run_synchronously(file).journal.fingerprint() for file in GALLERY}


# Elsewhere

MODULE = """
async def root(vm):
    read_end, write_end = await vm.pipe()
    child = await vm.spawn("child", fds=[read_end])
    for part in (b"one ", b"two ", b"three"):
        await vm.spend(2000)
        await write_end.send_all(part)
    await write_end.aclose()
    return await child.wait()


async def child(vm):
    (end,) = await vm.inherited_fds()
    return len(b"".join([part async for part in end]))
"""


def in_another_process(folder: Path, program: str, *arguments: str, seed: str = "0") -> str:
    (folder / "functions.py").write_text(MODULE)
    command = [sys.executable, "-c", f"import sys, spawnlab, functions\n{program}", *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


ACTORS_THERE = 'actors = {"root": functions.root, "child": functions.child}'


def test_actors_go_on_in_a_fresh_process(tmp_path: Path) -> None:
    whole = in_another_process(
        tmp_path, f"{ACTORS_THERE}\no = spawnlab.run(actors).outcome\nprint(o.exit_code, o.cycles)"
    )
    for cycles in (90_000, 104_000, 107_000, 110_000):
        saving = (
            f"{ACTORS_THERE}\nsaved = spawnlab.run(actors, suspend_at={cycles}).saved\n"
            "open(sys.argv[1], 'wb').write(saved.to_bytes())"
        )
        in_another_process(tmp_path, saving, str(tmp_path / "state"))
        going_on = (
            f"from pathlib import Path\n{ACTORS_THERE}\nsaved = spawnlab.SavedRun.read(Path(sys.argv[1]))\n"
            "o = spawnlab.run(saved, actors=actors).outcome\nprint(o.exit_code, o.cycles)"
        )
        assert in_another_process(tmp_path, going_on, str(tmp_path / "state")) == whole == f"13 {whole.split()[1]}"


def test_fingerprints_are_the_same_everywhere(tmp_path: Path) -> None:
    """Over hash seeds, both drivers, and asyncio."""
    here = [spawnlab.run_synchronously(file).journal.fingerprint() for file in GALLERY]
    files = [str(file) for file in GALLERY]
    drivers = (
        "lambda f: spawnlab.run(f)",
        "lambda f: spawnlab.run_synchronously(f)",
        "lambda f: __import__('asyncio').run(__import__('spawnlab.aio').aio.perform(f))",
    )
    for seed, driver in zip(("1", "2", "random"), drivers, strict=True):
        program = f"play = {driver}\nprint(*(play(f).journal.fingerprint() for f in sys.argv[1:]))"
        assert in_another_process(tmp_path, program, *files, seed=seed).split() == here


async def test_a_hundred_shuffles_give_one_fingerprint() -> None:
    """Trio shuffles the order of tasks on purpose."""
    expected = spawnlab.run_synchronously(PIPELINE).journal.fingerprint()
    found = {(await spawnlab.perform(PIPELINE)).journal.fingerprint() for _ in range(100)}
    assert found == {expected}


def test_an_interrupted_run_leaves_its_journal(tmp_path: Path) -> None:
    """Ctrl-C, in the middle of a program without an end."""
    (tmp_path / "endless").write_bytes(assemble("again: j again").elf())
    journal = tmp_path / "journal"
    command = [sys.executable, "-m", "spawnlab", "run", "endless", "--limit", str(1 << 60), "--journal", str(journal)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        while "VM 0 starts root" not in running.stdout.readline():
            pass
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
    assert (running.returncode, errors) == (130, "spawnlab: interrupted\n")
    events = Journal.from_bytes(journal.read_bytes()).events
    assert [type(event).__name__ for event in events] == ["Booted", "IterationStarted"][: len(events)]
    assert events  # the turn may not have begun
