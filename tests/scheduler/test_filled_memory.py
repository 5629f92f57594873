"""Fresh memory that holds random bytes: the same whenever a machine is made again, and nothing else is otherwise."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from hashlib import shake_128
from mmap import mmap

import pytest

from spawnlab.scheduler.events import Ended, SwappedIn
from spawnlab.scheduler.faults import faults_of
from spawnlab.scheduler.injecting import PATTERN_SIZE
from spawnlab.scheduler.scheduler import Scheduler
from spawnlab.scheduler.transaction import DataPieceId
from spawnlab.vm import elf, host_memory
from spawnlab.vm.engines import NAMES, default_engine, use_engine
from spawnlab.vm.memory import MEMORY_SIZE, PAGE_SHIFT, PAGE_SIZE, PAGES
from spawnlab.vm.snapshot import Snapshot

from ..vm.support import EXIT_0, R, Segment, W, elf_of
from .execs import ARGUMENTS, exec_, with_arguments
from .programs import FOREVER, LEAVE_WITH_ANSWER, call, leave, pipe, read, spawn, spawn_with, write
from .runs import Played, machine_of, play, sg_data_of

BLOCKS = host_memory._blocks  # pyright: ignore[reportPrivateUsage]
NOWHERE = 0x200000
"""Where no program has anything."""
PEEK = f"  li t0, {NOWHERE}\n  lbu a0, 0(t0)\n" + LEAVE_WITH_ANSWER


@pytest.fixture(params=NAMES)
def _engine(request: pytest.FixtureRequest) -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    before = default_engine().name
    use_engine(request.param)
    yield
    use_engine(before)


def filled(seed: int, vm: int, address: int, size: int = 1) -> bytes:
    """What is there, as the document says."""
    pattern = shake_128(seed.to_bytes(8, "little") + vm.to_bytes(8, "little")).digest(PATTERN_SIZE)
    return bytes(pattern[place % PATTERN_SIZE] for place in range(address, address + size))


def guest_of(block: mmap) -> bytes:
    """The guest's part: the host may forbid to look at what lies round it."""
    return block[host_memory.GUEST_AT : host_memory.GUEST_AT + MEMORY_SIZE]


def signed(byte: int) -> int:
    return byte - 256 if byte >= 128 else byte


def codes(run: Played) -> dict[int, int]:
    return {event.vm: event.exit_code for event in run.events(Ended)}


def test_what_a_program_reads_depends_on_the_seed() -> None:
    assert play(PEEK).exit_code == 0
    seen = {seed: play(PEEK, faults=[f"memory:{seed}"]).exit_code for seed in range(30)}
    assert seen == {seed: signed(filled(seed, 0, NOWHERE)[0]) for seed in range(30)}
    assert len(set(seen.values())) > 20


def test_each_vm_has_other_bytes() -> None:
    run = play(spawn(1) * 3 + PEEK, PEEK, faults=["memory:4"])
    assert codes(run) == {vm: signed(filled(4, vm, NOWHERE)[0]) for vm in range(4)}
    assert len(set(codes(run).values())) == 4


@pytest.mark.usefixtures("_engine")
def test_it_is_the_same_before_and_after_being_swapped_out() -> None:
    """Each child looks, stores a byte beside it, waits, and looks again; what it has seen last is its exit code."""
    pipes = pipe() * 5 + "".join(spawn_with(i + 1, 2 * i + 2) for i in range(5))
    talk = "".join(write(fd, 1) for fd in range(3, 13, 2))
    waits = "".join(call(2602, vm, "code") for vm in range(1, 6))
    look = f"  li t0, {NOWHERE}\n  ld {{}}, 0(t0)\n  ld {{}}, 1024(t0)\n"
    children = [
        look.format("s1", "s2") + "  sb s1, 512(t0)\n" + read(fd, 1) + look.format("s3", "s4")
        + "  lbu a0, 512(t0)\n  bne s1, s3, other\n  bne s2, s4, other\n" + LEAVE_WITH_ANSWER + "other:\n" + leave(100)
        for fd in range(2, 12, 2)
    ]  # fmt: skip
    run = play(pipes + talk + waits + leave(0), *children, faults=["memory:9"])
    assert {event.vm for event in run.events(SwappedIn)} >= {0, 1, 2}
    expected = {vm: signed(filled(9, vm, NOWHERE)[0]) for vm in range(1, 6)}
    assert codes(run) == {0: 0} | expected
    assert len({*expected.values(), 0, 100}) == 7


@pytest.mark.usefixtures("_engine")
def test_every_engine_sees_it() -> None:
    """A loop that is hot: a sum over what no one has written."""
    text = f"""
      li t0, {NOWHERE}
      li t1, {NOWHERE + 40_000}
      li a0, 0
    again:
      ld t2, 0(t0)
      add a0, a0, t2
      addi t0, t0, 8
      bltu t0, t1, again
    """
    content = filled(1, 0, NOWHERE, 40_000)
    total = sum(int.from_bytes(content[i : i + 8], "little") for i in range(0, 40_000, 8))
    assert play(text + LEAVE_WITH_ANSWER, faults=["memory:1"]).exit_code == signed(total & 0xFF)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_what_is_loaded_is_as_the_loader_leaves_it(version: int) -> None:
    """Segments with their zeros, flags of all pages, and registers are those of a run on zeros."""
    segments = (Segment(0x10000, EXIT_0), Segment(0x30123, b"some data", R | W, memsz=3 * PAGE_SIZE))
    file = elf_of(*segments)
    plain, other = (
        machine_of(play(file, version=version, faults=faults, root_args=[b"one", b"two"]).scheduler, 0)
        for faults in ([], ["memory:3"])
    )
    assert bytes(plain.memory.flags) == bytes(other.memory.flags)
    assert plain.registers == other.registers
    mapped = [page for page in range(PAGES) if 0x10 <= page < 0x11 or 0x30 <= page < 0x34]
    differing = 0
    for page in range(PAGES - 1):
        start = page << PAGE_SHIFT
        was, now = plain.memory.read(start, PAGE_SIZE), other.memory.read(start, PAGE_SIZE)
        if page in mapped:
            assert was == now
        else:
            assert was == bytes(PAGE_SIZE)
            assert now == filled(3, 0, start, PAGE_SIZE)
            differing += 1
    assert differing > 1000


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("arguments", [(), (b"first", b"second")])
def test_arguments_are_found_all_the_same(version: int, arguments: tuple[bytes, ...]) -> None:
    load = "lw" if version == 0 else "ld"
    run = play(f"  {load} a0, 0(sp)\n" + LEAVE_WITH_ANSWER, version=version, root_args=arguments, faults=["memory:1"])
    assert run.exit_code == len(arguments)


def snapshot_of(run: Played) -> Snapshot[DataPieceId]:
    vm = run.table.instantiated[0]
    return vm.context.snapshots.make_snapshot(vm.machine)


def shape(snapshot: Snapshot[DataPieceId]) -> list[tuple[int, int, int]]:
    return [(pages.address, pages.flags, len(pages.data)) for pages in snapshot.dirty_pages]


def test_no_page_is_dirty_for_it() -> None:
    """What a snapshot keeps is what it keeps on zeros: pages, not all of the same bytes."""
    text = f"  li t0, {NOWHERE}\n  sb t0, 0(t0)\n" + FOREVER
    plain, other = (snapshot_of(play(text, faults=faults)) for faults in ([], ["memory:2"]))
    assert shape(plain) == shape(other)
    assert plain.source_pages == other.source_pages
    assert plain.dirty_pages != other.dirty_pages  # the rest of the page that was stored to
    page = next(pages for pages in other.dirty_pages if pages.address == NOWHERE)
    assert page.data[1:] == filled(2, 0, NOWHERE + 1, PAGE_SIZE - 1)


@pytest.mark.parametrize(
    "text",
    [
        f"  li t0, {NOWHERE}\n  jr t0\n",  # not executable
        "  li t0, 0x10000\n  sb t0, 0(t0)\n",  # executable
        f"  li t0, {MEMORY_SIZE}\n  lb t0, 0(t0)\n",
    ],
)
def test_who_may_do_what_is_unchanged(text: str) -> None:
    plain, other = play(text), play(text, faults=["memory:6"])
    assert plain.error is not None
    assert other.outcome == plain.outcome
    assert other.journal.events == plain.journal.events


def test_a_program_of_another_exec_has_fresh_memory_too() -> None:
    store = f"  li t0, {NOWHERE}\n  sb zero, 0(t0)\n"
    for version in (1, 2):
        run = play(store + exec_(1), PEEK, version=version, faults=["memory:8"])
        assert run.exit_code == signed(filled(8, 0, NOWHERE)[0])


def test_the_arguments_of_an_exec_are_found() -> None:
    given = with_arguments("buffer", "buffer") + exec_(1, argc=2)
    for version in (1, 2):
        assert play(given, ARGUMENTS + LEAVE_WITH_ANSWER, version=version, faults=["memory:8"]).exit_code == 2


@pytest.mark.usefixtures("_engine")
def test_a_large_program_is_not_mapped_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large files are mapped from an image that has zeros elsewhere; here even the smallest is large."""
    monkeypatch.setattr(elf, "SHARED_MIN", 1)
    assert play(PEEK, noted=False).exit_code == 0
    assert play(PEEK, faults=["memory:5"]).exit_code == signed(filled(5, 0, NOWHERE)[0])
    assert play(PEEK, noted=False).exit_code == 0


@pytest.mark.usefixtures("_engine")
def test_nobody_gets_its_blocks_afterwards() -> None:
    """Six VMs, swapped and ended: blocks of a run on zeros may be used again, those that were filled never are."""
    root = pipe() * 5 + "".join(spawn_with(i + 1, 2 * i + 2) for i in range(5))
    root += "".join(write(fd, 1) for fd in range(3, 13, 2))
    children = [read(fd, 1) + PEEK for fd in range(2, 12, 2)]
    for _ in range(3):
        assert len(set(codes(play(root + PEEK, *children, faults=["memory:7"])).values())) > 3
        gc.collect()
        assert all(guest_of(block) == bytes(MEMORY_SIZE) for block in BLOCKS)
        assert set(codes(play(root + PEEK, *children)).values()) == {0}


def test_programs_that_read_what_is_theirs_alone_do_not_notice() -> None:
    root = pipe() + spawn_with(1, 3) + read(2, 8) + leave(4)
    child = write(3, 8) + leave(0)
    plain, other = play(root, child), play(root, child, faults=["memory:1"])
    assert other.journal.events == plain.journal.events
    assert other.journal.fingerprint() != plain.journal.fingerprint()


def test_two_runs_at_the_same_time() -> None:
    """One on filled memory and one on zeros, turn by turn."""
    one = Scheduler(sg_data_of(spawn(1) + FOREVER, PEEK), faults=faults_of(["memory:3"]))
    other = Scheduler(sg_data_of(spawn(1) + FOREVER, PEEK))
    for _ in range(2):
        one.iterate()
        other.iterate()
    assert one.table.terminated_vms == {1: signed(filled(3, 1, NOWHERE)[0])}
    assert other.table.terminated_vms == {1: 0}


def test_what_a_fresh_machine_would_have_can_be_asked() -> None:
    for faults in (["memory:3"], ["exit:0:9:9"]):
        injector = play(leave(0), faults=faults).table.injector
        assert injector is not None
        memory = injector.new_memory(2)
        assert memory.is_untouched()
        expected = filled(3, 2, NOWHERE, 50) if faults == ["memory:3"] else bytes(50)
        assert memory.read(NOWHERE, 50) == expected
