"""Functions as VMs: ids, limits, prices, order and deadlocks are those of RISC-V VMs that make the same calls."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable

import pytest
import trio

import spawnlab
from spawnlab.actors.factory import UnknownProgramError
from spawnlab.actors.python_vm import Actor, ForeignAwaitError
from spawnlab.actors.vm import BUFFER_MAX, CallError, Vm
from spawnlab.scheduler.codes import ReturnCode
from spawnlab.scheduler.events import Logged, SwappedIn
from spawnlab.staging import Run


def run(root: Actor, **others: Actor) -> Run:
    """Run under Trio, and synchronously; both must agree."""
    actors = {"root": root, **others}
    here = spawnlab.run(actors)
    assert spawnlab.run_synchronously(actors).journal == here.journal
    return here


def said(of: Run) -> list[str]:
    return [event.text for event in of.journal if isinstance(event, Logged)]


async def nothing(vm: Vm) -> None:
    """Ends at once."""


# What an actor can do


def test_a_conversation() -> None:
    async def root(vm: Vm) -> int:
        read_end, write_end = await vm.pipe()
        child = await vm.spawn("child", argv=["an argument", b"\xff"], fds=[read_end])
        assert child.id == 1
        await write_end.send_all(b"hello, ")
        await write_end.send_all(b"child")
        await write_end.aclose()
        return await child.wait()

    async def child(vm: Vm) -> int:
        assert vm.argv == (b"an argument", b"\xff")
        (end,) = await vm.inherited_fds()
        received = b"".join([part async for part in end])
        await vm.debug(received.decode())
        return len(received)

    ended = run(root, child=child)
    assert ended.outcome.exit_code == 12
    assert said(ended) == ["hello, child"]


def test_calls_that_only_look() -> None:
    async def root(vm: Vm) -> int:
        assert vm.process_id == await vm.get_process_id() == 0
        assert await vm.vm_version() == 2
        first = await vm.current_cycles()
        await vm.spend(1234)
        assert await vm.current_cycles() == first + 1234 + 500
        assert await vm.ecall(2603) == 0
        return 200

    assert run(root).outcome.exit_code == -56


def test_prices() -> None:
    """Loading 6, a pipe 500 + 800, spending 100, the exit 500."""

    async def root(vm: Vm) -> None:
        await vm.pipe()
        await vm.spend(100)

    assert run(root).outcome.cycles == 6 + 1300 + 100 + 500


def test_nothing_returned_is_0() -> None:
    assert run(nothing).outcome.exit_code == 0


def test_a_program_is_named_in_three_ways() -> None:
    async def root(vm: Vm) -> int:
        codes = [await (await vm.spawn(program)).wait() for program in ("four", four, 1)]
        assert codes == [4, 4, 4]
        with pytest.raises(UnknownProgramError, match="'five'; there are root, four"):
            await vm.spawn("five")
        with pytest.raises(UnknownProgramError):
            await vm.spawn(nothing)
        return 0

    async def four(vm: Vm) -> int:
        return 4

    assert run(root, four=four).outcome.exit_code == 0


def test_what_is_answered_with_an_error_raises_it() -> None:
    async def root(vm: Vm) -> int:
        for attempt, code in (
            (vm.close(9), ReturnCode.INVALID_FD),
            (vm.wait(7), ReturnCode.WAIT_FAILURE),
            (vm.read(3, 5), ReturnCode.INVALID_FD),
            (vm.spawn(99), ReturnCode.INDEX_OUT_OF_BOUND),
            (vm.spawn("root", fds=[8]), ReturnCode.INVALID_FD),
        ):
            with pytest.raises(CallError) as caught:
                await attempt
            assert caught.value.code == code
        for _ in range(32):
            await vm.pipe()
        with pytest.raises(CallError, match="MakePipe: MAX_FDS_CREATED"):
            await vm.pipe()
        return 0

    assert run(root).outcome.exit_code == 0


def test_sixteen_children_and_no_more() -> None:
    async def root(vm: Vm) -> int:
        children = [await vm.spawn("child") for _ in range(16)]
        with pytest.raises(CallError, match="MAX_VMS_SPAWNED"):
            await vm.spawn("child")
        return children[-1].id

    async def child(vm: Vm) -> None:
        await vm.wait(0)

    ended = run(root, child=child)
    assert ended.outcome.exit_code == 16
    assert any(isinstance(event, SwappedIn) for event in ended.journal)


def test_arguments_that_cannot_be() -> None:
    async def root(vm: Vm) -> int:
        for attempt in (
            vm.spend(-1), vm.read(2, BUFFER_MAX + 1), vm.write(3, bytes(BUFFER_MAX + 1)), vm.wait(1 << 64),
            vm.ecall(1, 2, 3, 4, 5, 6, 7, 8), vm.debug("a\0b"), vm.ecall(-1),
        ):  # fmt: skip
            with pytest.raises(ValueError, match=r"."):
                await attempt
        return 3

    assert run(root).outcome.exit_code == 3


def test_deadlocks_are_deadlocks() -> None:
    async def root(vm: Vm) -> None:
        read_end, _ = await vm.pipe()
        await read_end.receive_some()

    report = run(root).outcome.deadlock
    assert report is not None
    assert [w.words for w in report.waiting] == ["waits to read from fd 2, whose write end 3 is held by itself"]


def test_out_of_cycles_in_the_middle_of_spending() -> None:
    async def root(vm: Vm) -> None:
        await vm.spend(10**15)

    outcome = spawnlab.run({"root": root}, limit=12_345).outcome
    assert outcome.failure is not None
    assert outcome.failure.variant == "CyclesExceeded"
    assert outcome.cycles == 12_345


def test_an_unknown_system_call() -> None:
    async def root(vm: Vm) -> None:
        await vm.ecall(4711)

    failure = run(root).outcome.failure
    assert failure is not None
    assert failure.debug == "InvalidEcall(4711)"


def test_exec_replaces_the_function() -> None:
    finished: list[str] = []

    async def root(vm: Vm) -> int:
        try:
            await vm.ecall(2043, 1, 3, 0, 0, 0, 0)
        finally:
            finished.append("root")
        return 1

    async def other(vm: Vm) -> int:
        return 40 + vm.process_id

    assert spawnlab.run_synchronously({"root": root, "other": other}).outcome.exit_code == 40
    assert finished == ["root"]


def test_children_of_a_root_that_ends_are_closed() -> None:
    finished: list[int] = []

    async def root(vm: Vm) -> None:
        await vm.spawn("child")
        await vm.spawn("child")

    async def child(vm: Vm) -> None:
        try:
            await vm.wait(0)
        finally:
            finished.append(vm.process_id)

    assert spawnlab.run({"root": root, "child": child}).outcome.exit_code == 0
    assert sorted(finished) == [1, 2]


# What it can't


DRIVERS: list[Callable[[dict[str, Actor]], Run]] = [spawnlab.run, spawnlab.run_synchronously]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("library", ["trio", "asyncio"])
@pytest.mark.parametrize("seconds", [0, 1])
def test_waiting_for_anything_else_is_caught_with_the_line(
    driver: Callable[[dict[str, Actor]], Run], library: str, seconds: int
) -> None:
    async def root(vm: Vm) -> None:
        await vm.pipe()
        if library == "trio":
            await trio.sleep(seconds)  # this line is named
        else:
            await asyncio.sleep(seconds)  # or this one

    line = inspect.getsourcelines(root)[1] + (3 if library == "trio" else 5)
    with pytest.raises(ForeignAwaitError, match=rf"^{__file__}:{line}: an actor may await only calls of its vm"):
        driver({"root": root})


def test_a_foreign_await_deep_within() -> None:
    async def helper() -> None:
        await asyncio.sleep(0)

    async def root(vm: Vm) -> None:
        await helper()

    line = inspect.getsourcelines(root)[1] + 1
    with pytest.raises(ForeignAwaitError, match=f":{line}: "):
        spawnlab.run_synchronously({"root": root})


@pytest.mark.parametrize("driver", DRIVERS)
def test_an_actors_own_error_comes_out_unchanged(driver: Callable[[dict[str, Actor]], Run]) -> None:
    class OwnError(Exception):
        pass

    async def root(vm: Vm) -> None:
        await vm.pipe()
        raise OwnError("what it says")

    with pytest.raises(OwnError, match="what it says"):
        driver({"root": root})


def test_what_is_no_actor() -> None:
    def plain(vm: Vm) -> int:
        return 1

    async def text(vm: Vm) -> str:
        return "x"

    with pytest.raises(TypeError, match=r"is no async def function: it gave a builtins.int"):
        spawnlab.run_synchronously({"root": plain})  # type: ignore[dict-item] # pyright: ignore
    with pytest.raises(TypeError, match=r"an actor returns its exit code, an int or None, not a builtins.str"):
        spawnlab.run_synchronously({"root": text})  # type: ignore[dict-item] # pyright: ignore
    with pytest.raises(spawnlab.ScenarioError, match="there is no program 'root'"):
        spawnlab.run_synchronously({"other": nothing})
