"""Ends of pipes are Trio's streams, as far as CKB's rules allow."""

from __future__ import annotations

import pytest
import trio

import spawnlab
from spawnlab.actors.python_vm import Actor
from spawnlab.actors.vm import BUFFER_MAX, ReceiveEnd, SendEnd, Vm


def exit_code(**actors: Actor) -> int | None:
    return spawnlab.run(actors).outcome.exit_code


async def inherited(vm: Vm) -> ReceiveEnd:
    (end,) = await vm.inherited_fds()
    assert isinstance(end, ReceiveEnd)
    return end


def test_they_are_streams() -> None:
    async def root(vm: Vm) -> int:
        read_end, write_end = await vm.pipe()
        assert isinstance(read_end, trio.abc.ReceiveStream)
        assert isinstance(write_end, trio.abc.SendStream)
        assert (repr(read_end), repr(write_end)) == ("<ReceiveEnd 2>", "<SendEnd 3>")
        return 1

    assert exit_code(root=root) == 1


def test_large_payloads_go_in_parts() -> None:
    size = 2 * BUFFER_MAX + 5

    async def root(vm: Vm) -> int:
        read_end, write_end = await vm.pipe()
        child = await vm.spawn("child", fds=[read_end])
        async with write_end:
            await write_end.send_all(bytes(range(256)) * (size // 256) + bytes(size % 256))
        return await child.wait()

    async def child(vm: Vm) -> int:
        end = await inherited(vm)
        total = 0
        while part := await end.receive_some(1 << 20):
            total += len(part)
        return total == size

    assert exit_code(root=root, child=child) == 1


def test_ends_that_are_closed() -> None:
    async def root(vm: Vm) -> int:
        read_end, write_end = await vm.pipe()
        await read_end.aclose()
        await read_end.aclose()
        with pytest.raises(trio.ClosedResourceError):
            await read_end.receive_some(1)
        with pytest.raises(trio.BrokenResourceError):
            await write_end.send_all(b"x")
        await write_end.aclose()
        with pytest.raises(trio.ClosedResourceError):
            await write_end.send_all(b"x")
        with pytest.raises(trio.ClosedResourceError):
            await write_end.wait_send_all_might_not_block()
        return 1

    assert exit_code(root=root) == 1


def test_the_end_of_a_stream() -> None:
    async def root(vm: Vm) -> int:
        read_end, write_end = await vm.pipe()
        await write_end.aclose()
        assert await read_end.receive_some() == b""
        assert await read_end.receive_some(5) == b""
        with pytest.raises(ValueError, match="at least 1"):
            await read_end.receive_some(0)
        return 1

    assert exit_code(root=root) == 1


def test_ends_that_were_handed_over() -> None:
    async def root(vm: Vm) -> int:
        read_end, write_end = await vm.pipe()
        await vm.spawn("child", fds=[read_end, write_end])
        with pytest.raises(trio.ClosedResourceError, match="fd 2 is not this VM's"):
            await read_end.receive_some()
        with pytest.raises(trio.ClosedResourceError, match="fd 3 is not this VM's"):
            await write_end.send_all(b"x")
        await read_end.aclose()  # nothing is left to close
        return 1

    async def child(vm: Vm) -> None:
        await vm.wait(0)

    assert exit_code(root=root, child=child) == 1


def test_a_reader_that_goes_away_in_the_middle() -> None:
    async def root(vm: Vm) -> int:
        read_end, write_end = await vm.pipe()
        await vm.spawn("child", fds=[read_end])
        with pytest.raises(trio.BrokenResourceError, match="after 4 bytes"):
            await write_end.send_all(b"0123456789")
        return 1

    async def child(vm: Vm) -> int:
        (end,) = await vm.inherited_fds()
        return len(await vm.read(end.fd, 4))

    assert exit_code(root=root, child=child) == 1


def test_nothing_to_send_is_no_call() -> None:
    """A write of no bytes would wait for a reader, where Trio's streams return at once."""

    async def root(vm: Vm) -> int:
        _, write_end = await vm.pipe()
        before = await vm.current_cycles()
        await write_end.send_all(b"")
        await write_end.wait_send_all_might_not_block()
        return await vm.current_cycles() - before == 500

    assert exit_code(root=root) == 1


def test_trios_own_helpers_work_on_them() -> None:
    """A StapledStream of two pipes, and bytes sent and received through it."""

    async def root(vm: Vm) -> int:
        read_a, write_a = await vm.pipe()
        read_b, write_b = await vm.pipe()
        child = await vm.spawn("echo", fds=[read_a, write_b])
        async with trio.StapledStream(write_a, read_b) as stream:
            await stream.send_all(b"ping")
            assert await stream.receive_some(100) == b"ping"
        return await child.wait()

    async def echo(vm: Vm) -> int:
        source, target = await vm.inherited_fds()
        assert isinstance(source, ReceiveEnd)
        assert isinstance(target, SendEnd)
        count = 0
        async for part in source:
            await target.send_all(part)
            count += 1
        return count

    assert exit_code(root=root, echo=echo) == 1
