"""Two VMs of a scenario. They may await nothing but what their `vm` gives."""

from spawnlab.actors.vm import Vm


async def root(vm: Vm) -> int:
    """Writes to a child, and ends as it does."""
    read_end, write_end = await vm.pipe()
    child = await vm.spawn("child", fds=[read_end])
    await write_end.send_all(b"hello")
    return await child.wait()


async def child(vm: Vm) -> int:
    """Reads what comes."""
    (end,) = await vm.inherited_fds()
    return 2 + len(await end.receive_some(64))
