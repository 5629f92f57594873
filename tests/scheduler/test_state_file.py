"""States as bytes: no damage and no hostile hand makes them mean something else, or breaks what resumes them."""

from __future__ import annotations

import hashlib
import random
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.scheduler.scheduler import RunMode, Scheduler
from spawnlab.scheduler.state_file import KIND, VERSION, state_from_bytes, state_to_bytes
from spawnlab.scheduler.states import TERMINATED, VmState, Wait, WaitForRead, WaitForWrite
from spawnlab.scheduler.suspended import FullSuspendedState
from spawnlab.vm.errors import VmError
from spawnlab.vm.sealed import CorruptFileError, seal
from spawnlab.vm.snapshot import SourcePages

from .programs import FOREVER, leave, pipe, read, spawn, spawn_with, wait, write
from .runs import sg_data_of

GROUP = sg_data_of(
    pipe() + spawn_with(1, 2) + spawn(2) * 4 + write(3, 9) + wait(1) + leave("[code]"),
    read(2, 9) + leave(3),
    "  nop\n" * 1024 + FOREVER,
)


def suspended(iterations: int) -> FullSuspendedState:
    scheduler = Scheduler(GROUP)
    for _ in range(iterations):
        scheduler.iterate()
    return scheduler.suspend()


STATE = suspended(9)
GOOD = state_to_bytes(STATE)
SMALL = state_to_bytes(suspended(1))


def refused(content: bytes) -> str:
    with pytest.raises(CorruptFileError) as caught:
        state_from_bytes(content)
    return str(caught.value)


def test_every_state_of_a_run_comes_back_from_its_bytes() -> None:
    scheduler = Scheduler(GROUP)
    count = 0
    while not scheduler.terminated():
        scheduler.iterate()
        state = scheduler.suspend()
        content = state_to_bytes(state)
        assert state_from_bytes(content) == state
        assert state_to_bytes(state_from_bytes(content)) == content
        scheduler = Scheduler.resume(GROUP, state)
        count += 1
    assert count > 10


# Damage


def test_a_file_cut_at_any_length_is_refused() -> None:
    for size in range(len(SMALL)):
        assert refused(SMALL[:size]).startswith("byte "), size
    for size in range(0, len(GOOD), 997):
        assert refused(GOOD[:size]).startswith("byte "), size


def test_a_flipped_bit_at_ten_thousand_places_is_refused() -> None:
    generator = random.Random(1)
    for _ in range(10_000):
        damaged = bytearray(SMALL)
        damaged[generator.randrange(len(SMALL))] ^= 1 << generator.randrange(8)
        assert refused(bytes(damaged)).startswith("byte ")


@given(st.binary(max_size=100))
def test_any_bytes_are_refused(content: bytes) -> None:
    sealed = KIND + bytes((VERSION,)) + content
    for wrong in (content, sealed, sealed + hashlib.sha256(sealed).digest()):
        assert refused(wrong).startswith("byte ")


def test_a_file_of_another_kind_or_version_is_refused() -> None:
    assert refused(seal(b"SPAWNLAB-OTHER", 1, STATE)) == "byte 0: not a SPAWNLAB-STATE file"
    assert refused(seal(KIND, 9, STATE)) == "byte 14: version 9; this program reads version 1"


# Hostile contents, well sealed


def changed(**fields: Any) -> bytes:
    return seal(KIND, VERSION, {**msgspec.structs.asdict(STATE), **fields})


def with_vm(index: int, **fields: Any) -> dict[str, Any]:
    vms = list(STATE.vms)
    vms[index] = msgspec.structs.replace(vms[index], **fields)
    return {"vms": tuple(vms)}


def with_snapshot(**fields: Any) -> dict[str, Any]:
    return with_vm(1, snapshot=msgspec.structs.replace(STATE.vms[1].snapshot, **fields))


def in_state(state: VmState) -> dict[str, Any]:
    return with_vm(1, state=state)


SOURCE: SourcePages[Any] = STATE.vms[2].snapshot.source_pages[0]
NO_PIECE = msgspec.structs.replace(SOURCE, source=msgspec.structs.replace(SOURCE.source, index=-1))
TOO_MANY = tuple(msgspec.structs.replace(STATE.vms[0], id=i) for i in range(18))
ROOT_ALONE = (msgspec.structs.replace(STATE.vms[0], state=TERMINATED),)
HOSTILE: list[tuple[dict[str, Any], str]] = [
    ({"total_cycles": -1}, "counters: a number is not between 0 and 2^64 - 1"),
    ({"iteration_cycles": -(1 << 63)}, "counters: a number"),
    ({"next_vm_id": 0}, "vms: ids must ascend, from 0 up to -1"),
    ({"next_vm_id": 3}, "vms: ids must ascend, from 0 up to 2"),
    ({"vms": STATE.vms[::-1]}, "vms: ids must ascend"),
    ({"vms": (STATE.vms[0],) * 2}, "vms: ids must ascend"),
    ({"vms": STATE.vms[1:]}, "vms: there is no root"),
    ({"vms": (), "fds": (), "instantiated_ids": ()}, "vms: there is no root"),
    ({"vms": TOO_MANY, "next_vm_id": 18}, "vms: 18 of them; at most 17 can be"),
    (with_vm(1, id=-1), "vms: ids must ascend"),
    (in_state(TERMINATED), "vms: VM 1: only the root is kept when it has ended, and then alone"),
    (with_vm(0, state=TERMINATED), "vms: VM 0: only the root is kept"),
    (in_state(Wait(-1, 0)), "vms: VM 1: state: a number"),
    (in_state(Wait(0, -1)), "vms: VM 1: state: a number"),
    (in_state(WaitForRead(3, 1, 1, 1)), "vms: a read from fd 3, which is no read end"),
    (in_state(WaitForRead(2, -1, 1, 1)), "vms: VM 1: state: a number"),
    (in_state(WaitForWrite(2, 0, 1, 1, 1)), "vms: a write of 1 bytes to fd 2, 0 of them taken"),
    (in_state(WaitForWrite(3, 2, 1, 1, 1)), "vms: a write of 1 bytes to fd 3, 2 of them taken"),
    (in_state(WaitForWrite(3, -1, 1, 1, 1)), "vms: VM 1: state: a number"),
    (in_state(WaitForWrite(3, 0, 1, -1, 1)), "vms: VM 1: state: a number"),
    (in_state(WaitForRead(1000, 1, 1, 1)), "vms: VM 1 waits for fd 1000, which is not its own"),
    (in_state(WaitForWrite(1001, 0, 1, 1, 1)), "vms: VM 1 waits for fd 1001, which is not its own"),
    (with_snapshot(version=3), "vms: VM 1: version: 3 is not 0, 1 or 2"),
    (with_snapshot(registers=(0,)), "vms: VM 1: registers: there must be 32"),
    (with_snapshot(source_pages=(msgspec.structs.replace(SOURCE, address=1),)), "vms: VM 1: source_pages: 0x1"),
    (with_snapshot(source_pages=(NO_PIECE,), dirty_pages=()), "vms: VM 1: a number"),
    ({"next_fd_slot": 5}, "next_fd_slot: 5 is not an even number"),
    ({"next_fd_slot": 0}, "next_fd_slot: 0 is not an even number"),
    ({"next_fd_slot": 2}, "fds: ids must ascend, from 0 up to 1"),
    ({"fds": ((3, 0), (2, 0))}, "fds: ids must ascend"),
    ({"fds": ((1, 0),)}, "fds: the first that can be is 2"),
    ({"fds": ((2, 16),)}, "fds: one is owned by a VM that is not there"),
    ({"fds": tuple((fd, 0) for fd in range(2, 68)), "next_fd_slot": 100}, "fds: 66 of them; at most 65 can be"),
    ({"inherited_fd": ((99, ()),)}, "inherited_fd: ids must ascend"),
    ({"inherited_fd": ((1, (-1,)),)}, "inherited_fd of VM 1: a number"),
    ({"terminated_vms": ((99, 0),)}, "terminated_vms: ids must ascend"),
    ({"terminated_vms": ((1, 128),)}, "terminated_vms: an exit code is not between -128 and 127"),
    ({"terminated_vms": ((1, -129),)}, "terminated_vms: an exit code"),
    ({"instantiated_ids": (0, 1, 2, 3, 4)}, "instantiated_ids: 5 of them; at most 4 can be"),
    ({"instantiated_ids": (1, 0)}, "instantiated_ids: ids must ascend"),
    ({"instantiated_ids": (7,), "next_vm_id": 8}, "instantiated_ids: a VM that is not there"),
    ({"vms": ROOT_ALONE, "instantiated_ids": (0,), "fds": ((2, -1),)}, "fds: a number"),
    ({"surplus": 1}, "byte "),
    ({"fds": "none"}, "byte "),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), HOSTILE, ids=range(len(HOSTILE)))
def test_what_cannot_be_a_scheduler_is_refused(change: dict[str, Any], expected: str) -> None:
    assert refused(changed(**change)).startswith(expected)


def test_the_end_of_the_root_leaves_fds_of_others() -> None:
    state = state_from_bytes(changed(vms=ROOT_ALONE, instantiated_ids=(0,), fds=((2, 5),)))
    assert Scheduler.resume(GROUP, state).run().exit_code == 0


NASTY = (-1, 0, 1, 2, 3, 5, 16, 17, 4095, 4096, 65536, 4 << 20, (4 << 20) - 1, 1 << 32, 1 << 63, (1 << 64) - 1)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key, part in cast("dict[Any, Any]", value).items() for leaf in _leaves(part, (*path, key))]
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [path, *(leaf for index, part in enumerate(items) for leaf in _leaves(part, (*path, index)))]
    return [path]


def _mutate(generator: random.Random, root: Any) -> None:
    path = generator.choice(_leaves(root))
    parent: Any = root
    for key in path[:-1]:
        parent = parent[key]
    value = parent[path[-1]]
    if isinstance(value, list):
        items = cast("list[Any]", value)
        if items and generator.random() < 0.5:
            del items[generator.randrange(len(items))]
        elif items:
            items.append(generator.choice(items))
    elif isinstance(value, bytes):
        parent[path[-1]] = value[: generator.choice((0, 1, 4096, len(value) - 1))]
    elif isinstance(value, int):
        near = (value + 1, value - 1, value ^ 1, value * 2, value + 4096)
        chosen = generator.choice(NASTY if generator.random() < 0.5 else near)
        parent[path[-1]] = max(-(1 << 63), min(chosen, (1 << 64) - 1))
    else:
        parent[path[-1]] = generator.choice(("Runnable", "Wait", "cell_dep", "witness", None))


@pytest.mark.campaign
def test_well_sealed_nonsense_is_refused_or_runs_like_any_state() -> None:
    """A hostile hand changes one to three things and seals the file anew: a typed error, or a run that ends."""
    generator = random.Random(7)
    body = msgspec.msgpack.decode(msgspec.msgpack.encode(STATE))
    resumed = 0
    for _ in range(1500):
        hostile = msgspec.msgpack.decode(msgspec.msgpack.encode(body))
        for _ in range(generator.choice((1, 1, 2, 3))):
            _mutate(generator, hostile)
        try:
            state = state_from_bytes(seal(KIND, VERSION, hostile))
        except CorruptFileError:
            continue
        resumed += 1
        try:
            Scheduler.resume(GROUP, state).run(RunMode(2_000_000))
        except VmError:
            continue
    assert 100 < resumed < 1400
