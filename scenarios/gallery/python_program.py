"""Plays the root of python_program.toml."""

from spawnlab.actors.vm import Vm


async def root(vm: Vm) -> int:
    """Write to a child, and end as it does."""
    read_end, write_end = await vm.pipe()
    child = await vm.spawn("child", fds=[read_end])
    await write_end.send_all(b"from Python")
    return await child.wait()
