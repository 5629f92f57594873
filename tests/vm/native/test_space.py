"""The native code of a program: in processes that are forked, and where there is no room for more."""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from spawnlab.vm import host_memory, program
from spawnlab.vm.engines import TieredEngine, engine, native_refusal
from spawnlab.vm.machine import Machine
from spawnlab.vm.native import cache, space
from spawnlab.vm.native.pages import PAGE, ExecutableMemoryRefused
from spawnlab.vm.native.region import Assembler
from spawnlab.vm.program import forget_programs
from spawnlab.vm.tiers import Tier

from ..support import CODE, code_of, machine_of
from ..test_slices import ended

pytestmark = pytest.mark.skipif(native_refusal() is not None, reason=str(native_refusal()))

CALLING = """
again:
    jalr ra, 0(t0)
    add t0, t0, t1; and t0, t0, t2
    addi s1, s1, -1
    bnez s1, again
    li a7, 93; ecall
"""
FUNCTIONS, FUNCTION_SIZE = CODE + 0x100, 16


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "off")
    forget_programs()


def calling(chosen: int, name: str = "native", *, distance: int = 0) -> Machine:
    """A machine with 8 functions, which add 1 to 8 to a0. It calls a chosen one, and others in turn, 40 times."""
    content = code_of(CALLING).ljust(FUNCTIONS - CODE, b"\0")
    for number in range(1, 9):  # between them is nothing, so that each is translated when it is come to
        content += code_of(f"addi a0, a0, {number}; ret").ljust(FUNCTION_SIZE, b"\0")
    first = FUNCTIONS + FUNCTION_SIZE * (chosen - 1)
    machine = machine_of(content, registers={5: first, 6: FUNCTION_SIZE * distance, 7: ~(8 * FUNCTION_SIZE), 9: 40})
    machine.engine = engine(name)
    return machine


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes can't be forked here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_processes_that_were_forked_each_have_their_own_code() -> None:
    """The parent translates what the child has not, at the same addresses."""
    assert calling(1).run() == 40
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(told, 1)
        os._exit(calling(3).run() or 0)
    assert calling(2).run() == 80
    assert calling(3).run() == 120
    os.write(tell, b".")
    _, status = os.waitpid(child, 0)
    os.close(told)
    os.close(tell)
    assert os.waitstatus_to_exitcode(status) == 120


# No room


def refuse(*_: object) -> NoReturn:
    raise ExecutableMemoryRefused(12, "no more")


def agrees(name: str) -> Machine:
    """A machine that calls all of its functions, and ends as a stepped one."""
    played, stepped = calling(1, name, distance=1), calling(1, "step", distance=1)
    assert played.run() == stepped.run()
    assert ended(played) == ended(stepped)
    return played


@pytest.mark.parametrize("name", ["native", "auto"])
@pytest.mark.parametrize("refused", ["Reservation", "protect_none"])
def test_blocks_stand_in_where_a_machine_gets_no_memory(
    name: str, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, refused, refuse)
    assert agrees(name).context.used.name == "blocks"
    monkeypatch.undo()
    assert agrees(name).context.used.name == "native"


def _nothing_is_written_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Since the host refuses it after the glue and a batch."""
    write, calls = space.Reservation.write, list[int]()

    def written(self: space.Reservation, offset: int, code: bytes) -> None:
        calls.append(offset)
        if len(calls) > 2:
            refuse()
        write(self, offset, code)

    monkeypatch.setattr(space.Reservation, "write", written)


def _all_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "SIZE", 2 * PAGE)


@pytest.mark.parametrize("spoil", [_nothing_is_written_any_more, _all_is_used])
@pytest.mark.parametrize("name", ["native", "auto"])
def test_what_has_no_room_is_stepped_and_not_translated_again(
    name: str, spoil: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch)
    assemble, sizes = Assembler.assemble, list[int]()

    def counted(self: Assembler, blocks: Any) -> bytes:
        code = assemble(self, blocks)
        sizes.append(len(code))
        return code

    monkeypatch.setattr(Assembler, "assemble", counted)
    context = agrees(name).context
    assert (context.used.name, len(sizes)) == ("native", 2)


@pytest.mark.parametrize(
    ("page", "wanted"), [(1 << 12, [(0x2000, 0x10000)]), (1 << 14, [(0x4000, 0xC000)]), (1 << 16, [])]
)
def test_guards_are_made_of_whole_pages_of_the_host(
    page: int, wanted: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which may be larger than the guest's; what is left of a guard is one still."""
    found: list[tuple[int, int]] = []

    def note(address: int, size: int) -> None:
        found.append((address, size))

    monkeypatch.setattr(space, "PAGE", page)
    monkeypatch.setattr(space, "protect_none", note)
    space._protect_within(0x2000, 0x12000)  # pyright: ignore[reportPrivateUsage]
    assert found == wanted


def test_guards_are_made_once_for_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """They stay with it for whoever has it next; a block from a file has others."""
    made: list[int] = []
    protect = space.protect_none

    def note(address: int, size: int) -> None:
        made.append(address)
        protect(address, size)

    monkeypatch.setattr(space, "protect_none", note)
    host_memory._blocks.clear()  # pyright: ignore[reportPrivateUsage]
    counts: list[int] = []
    for _ in range(3):
        machine = calling(1)
        assert machine.run() == 40
        assert machine.memory.block.guarded
        machine.memory.reusable = True
        del machine
        gc.collect()
        counts.append(len(made))
    assert counts == [len(set(made))] * 3
    host_memory._blocks.clear()  # pyright: ignore[reportPrivateUsage]
    assert calling(1).run() == 40
    assert len(made) == 2 * counts[0]


def test_an_engine_that_nothing_stands_in_for_fails() -> None:
    machine = calling(1)
    machine.engine = TieredEngine("none", Tier("none", refuse, 1, 1, 1, 1000))
    with pytest.raises(ExecutableMemoryRefused):
        machine.run()


def test_code_of_a_program_that_is_dropped_is_freed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when the garbage collector comes: a process has room for so many mappings only."""
    forget_programs()
    monkeypatch.setattr(program, "PROGRAMS_MAX", 3)

    def played(number: int) -> Machine:
        machine = machine_of(f"li a0, {number}; li a7, 93; ecall")
        machine.engine = engine("native")
        assert machine.run() == number
        return machine

    gc.disable()
    try:
        spaces = [weakref.ref(played(number).context.translation) for number in range(10)]
        assert [made() is None for made in spaces] == 7 * [True] + 3 * [False]
        forget_programs()
        assert all(made() is None for made in spaces)
    finally:
        gc.enable()


def test_code_that_many_files_share_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files may differ in their data only, as those of generated topologies do; dropping one of them drops no code."""
    forget_programs()
    monkeypatch.setattr(program, "PROGRAMS_MAX", 3)
    translations: set[int] = set()
    for number in range(10):
        machine = machine_of("li a0, 5; li a7, 93; ecall")
        machine.memory.image = b"file %d" % number
        machine.engine = engine("native")
        assert machine.run() == 5
        translations.add(id(machine.context.translation))
        assert machine.context.program.translations
    assert len(translations) == 1
