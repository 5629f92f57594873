"""All engines leave behind what the step engine does: at any limit, after any fault, and when code changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spawnlab.vm import engines
from spawnlab.vm.engines import EngineError, default_engine, engine, use_engine
from spawnlab.vm.errors import (
    CyclesExceeded,
    MemOutOfBound,
    MemWriteOnExecutablePage,
    MemWriteOnFreezedPage,
    Pause,
    VmError,
)
from spawnlab.vm.machine import CYCLES_UNLIMITED, Machine
from spawnlab.vm.memory import DIRTY, EXECUTABLE, FREEZED
from spawnlab.vm.program import forget_programs
from spawnlab.vm.tiers import CYCLES_PER_SLICE, STEPS_PER_SLICE
from spawnlab.vm.version import VERSIONS, Isa

from .support import ALL_VERSIONS, CODE, EXIT_0, SIZE, TOP, R, Segment, code_of, elf_of, fails, machine_of
from .test_slices import MIXED

TRANSLATING = ("native", "blocks", "auto")
every_engine = pytest.mark.parametrize("name", TRANSLATING)
every_version = pytest.mark.parametrize("version", ALL_VERSIONS)
DATA = 0x20000


def left_behind(machine: Machine) -> tuple[object, ...]:
    return (
        machine.this_pc,
        machine.cycles,
        machine.steps,
        machine.registers,
        machine.reservation_address,
        bytes(machine.memory.flags),
        bytes(machine.memory.data),
    )


def outcome(machine: Machine, name: str, *, change: Callable[[Machine], None] | None = None) -> tuple[object, ...]:
    """What running a machine leaves behind, its exit code or error first."""
    machine.engine = engine(name)
    if change is not None:
        change(machine)
    try:
        result: object = machine.run()
    except VmError as error:
        result = type(error), str(error)
    return result, *left_behind(machine)


def agree(make: Callable[[], Machine], *, change: Callable[[Machine], None] | None = None) -> tuple[object, ...]:
    """The outcome, which is the same for all engines."""
    wanted = outcome(make(), "step", change=change)
    for name in TRANSLATING:
        for _ in range(2):  # the second time the code is translated from the start
            assert outcome(make(), name, change=change) == wanted, name
    return wanted


@every_version
def test_a_run_that_fails_at_its_end(version: int) -> None:
    result = agree(lambda: machine_of(MIXED, version))
    assert result[0] == (MemOutOfBound, result[0][1])  # type: ignore[index]


@given(limit=st.integers(0, 2500), version=st.sampled_from(ALL_VERSIONS))
@settings(max_examples=60, deadline=None)
def test_any_limit_of_cycles_stops_at_the_same_place(limit: int, version: int) -> None:
    agree(lambda: machine_of(MIXED, version, max_cycles=limit))


@example(sizes=[100, 300], version=1)  # the last operation within translated code, and the next one not in it
@given(sizes=st.lists(st.integers(0, 300), max_size=12), version=st.sampled_from(ALL_VERSIONS))
@settings(max_examples=30, deadline=None)
def test_any_slices_of_operations_are_exact(sizes: list[int], version: int) -> None:
    stepped = machine_of(MIXED, version)
    machines = [stepped] + [machine_of(MIXED, version) for _ in TRANSLATING]
    for machine, name in zip(machines, ("step", *TRANSLATING), strict=True):
        machine.engine = engine(name)
    for size in sizes:
        for machine in machines:
            with suppress(VmError):
                assert machine.run(size) is None
            assert left_behind(machine) == left_behind(stepped)


# Faults

LOADS = [f"{name} a0, {offset}(a1)" for name in ("lb", "lbu", "lh", "lhu", "lw", "lwu", "ld") for offset in (0, -8, 8)]
STORES = [f"{name} a0, {offset}(a1)" for name in ("sb", "sh", "sw", "sd") for offset in (0, -8, 8)]
EDGES = [
    0,
    7,
    8,
    0xFFFF,
    CODE - 8,
    CODE,
    CODE + 0xFF9,
    DATA,
    0x1FFFC,
    SIZE - 8,
    SIZE - 7,
    SIZE - 1,
    SIZE,
    TOP - 8,
    TOP - 1,
]


@every_version
@pytest.mark.parametrize("access", LOADS + STORES)
def test_accesses_at_edges(access: str, version: int) -> None:
    """Between others that succeed, through the same register and another one."""
    text = f"li a0, 0x1122334455667788; sd a0, 0(a2); {access}; addi a3, a3, 1; sd a3, 8(a2); ld a4, 0(a2); ebreak"
    for edge in EDGES:
        agree(lambda edge=edge: machine_of(text, version, registers={11: edge, 12: DATA}, max_cycles=600))


@every_version
def test_accesses_as_far_apart_as_one_check_takes(version: int) -> None:
    """At both ends of the memory, through a register that is kept in one of the host and one that may not be."""
    for base, number in (("a1", 11), ("s10", 26)):
        text = f"ld a0, -2048({base}); sd a0, 2040({base}); lb a2, -2048({base}); ebreak"
        for edge in (2047, 2048, 2049, SIZE - 2049, SIZE - 2048, SIZE - 2047):
            registers = {number: edge}
            agree(lambda text=text, registers=registers: machine_of(text, version, registers=registers, max_cycles=600))


@every_version
@pytest.mark.parametrize("flags", [0, DIRTY, FREEZED, FREEZED | DIRTY, EXECUTABLE, EXECUTABLE | DIRTY])
@pytest.mark.parametrize("address", [DATA, DATA + 0xFFC])
def test_stores_mark_just_the_pages_they_write(address: int, flags: int, version: int) -> None:
    """The second one fails in between, so the third is never made."""
    text = "sd a0, 0(a1); ld a3, 0(a2); sd a0, 0x700(a1); sd a0, 4(a1); ebreak"

    def change(machine: Machine) -> None:
        machine.memory.flags[DATA >> 12] = flags

    for other in (DATA, SIZE):
        agree(
            lambda other=other: machine_of(text, version, registers={11: address, 12: other}, max_cycles=600),
            change=change,
        )


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("kind", ["w", "d"])
def test_atomics(kind: str, version: int) -> None:
    isa = Isa(version, b=version > 0, mop=version > 0, a=True)
    names = ("swap", "add", "xor", "and", "or", "min", "max", "minu", "maxu")
    operations = "".join(f"amo{name}.{kind} a{i % 4 + 2}, s{i % 3 + 2}, (a1); " for i, name in enumerate(names))
    text = (
        f"lr.{kind} a0, (a1); sc.{kind} a2, a3, (a1); sc.{kind} a4, a3, (a1); {operations} lr.{kind} a1, (a1); ebreak"
    )

    def change(machine: Machine) -> None:
        machine.isa = isa

    for address in (DATA, DATA + 0xFFE, CODE, SIZE - 4, SIZE):
        registers = {11: address, 13: TOP - 5, 18: 1 << 31, 19: 77, 20: TOP - 1}
        agree(lambda registers=registers: machine_of(text, version, registers=registers, max_cycles=640), change=change)


# Code that changes


def test_code_that_a_system_call_loads_is_run() -> None:
    def load(machine: Machine) -> bool:
        code = code_of(f"addi a0, a0, {machine.registers[17]}; ret")
        page = DATA + 0x1000 * machine.registers[17]
        machine.memory.init_pages(page, 0x1000, EXECUTABLE | FREEZED, code)
        machine.registers[5] = page
        return True

    text = "again: addi a7, a7, 1; ecall; jalr ra, 0(t0); addi s1, s1, -1; bnez s1, again; addi a7, x0, 93; ecall"
    result = agree(lambda: machine_of(text, registers={9: 40}, system_calls=[load]))
    assert result[0] == sum(range(1, 41)) % 256 - 256 * (sum(range(1, 41)) % 256 > 127)


@pytest.mark.parametrize("number", [3, 4])
def test_data_that_became_code_when_mapping_failed_is_known_by_its_bytes(number: int) -> None:
    """Of one file, so that all other code is the same."""
    file = elf_of(Segment(CODE, EXIT_0), Segment(DATA + 0x1000, b"", R, memsz=0x1000))

    def make() -> Machine:
        machine = Machine(VERSIONS[2])
        machine.load_elf(file)
        machine.memory.write(DATA, code_of(f"li a0, {number}; li a7, 93; ecall"))
        with fails(MemWriteOnFreezedPage):
            machine.memory.init_pages(DATA, 0x2000, EXECUTABLE | FREEZED, b"")
        machine.set_pc(DATA)
        return machine

    assert agree(make)[0] == number


def test_a_machine_that_is_reset_runs_its_new_program() -> None:
    def replace(machine: Machine) -> bool:
        machine.reset()
        machine.memory.init_pages(CODE, 0x1000, EXECUTABLE | FREEZED, code_of("addi a0, a0, 7; li a7, 93; ecall"))
        machine.set_pc(CODE)
        return True

    assert agree(lambda: machine_of("nop; li a0, 3; ecall; ecall", system_calls=[replace]))[0] == 7


def test_a_jump_into_the_middle_of_what_is_fused_elsewhere() -> None:
    text = "lui a0, 1\n middle: addiw a0, a0, 5; addi s1, s1, -1; bnez s1, middle; li a7, 93; ecall"
    agree(lambda: machine_of(text, registers={9: 30}))


@pytest.mark.parametrize("at", [CODE + 1, CODE + 0xFFE, CODE + 0xFFD])
def test_code_at_odd_addresses_and_page_ends(at: int) -> None:
    code = code_of("again: addi a0, a0, 1; addi s1, s1, -1; bnez s1, again; ebreak")
    agree(lambda: machine_of(code, at=at, registers={9: 30}, max_cycles=900))


def test_a_jump_to_itself_ends_at_the_limit() -> None:
    agree(lambda: machine_of("again: j again", max_cycles=100_001))


# Stopping


@every_engine
def test_a_pause_is_seen_before_the_first_operation(name: str) -> None:
    machine = machine_of("again: j again")
    machine.engine = engine(name)
    machine.pause.request()
    with fails(Pause):
        machine.run()
    assert (machine.cycles, machine.pause.requested) == (0, False)


@every_engine
def test_a_pause_from_another_thread_stops_an_endless_loop(name: str) -> None:
    machine = machine_of("again: j again")
    machine.engine = engine(name)
    timer = threading.Timer(0.05, machine.pause.request)
    timer.start()
    with fails(Pause):
        machine.run()
    timer.join()
    assert machine.cycles > 0
    assert machine.this_pc == CODE


def test_slices_of_native_code_end_by_themselves() -> None:
    """A run goes on over them: nobody sees a difference."""
    limit = 3 * CYCLES_PER_SLICE + 5
    machine = machine_of("again: j again", max_cycles=limit)
    machine.engine = engine("native")
    with pytest.raises(VmError):
        machine.run()
    assert machine.cycles == limit // 3 * 3
    assert machine.steps == limit // 3


def test_machines_of_one_program_run_in_threads_at_the_same_time() -> None:
    machines = [machine_of(MIXED, 2, registers={20: number}) for number in range(4)]
    for machine in machines:
        machine.engine = engine("native")

    def play(machine: Machine) -> None:
        with suppress(MemOutOfBound):
            machine.run()

    threads = [threading.Thread(target=play, args=(machine,)) for machine in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({machine.cycles for machine in machines}) == 1
    assert [machine.registers[20] for machine in machines] == [0, 1, 2, 3]


# Slices that an engine chooses

EVERYTHING_SLOW = "again: ecall; addi s1, s1, 1; lui a0, 1; jalr ra, 0(s2)"
"""Native code is come to and left again and again."""
LONG = MIXED.replace("addi s1, x0, 30", "addi s1, x0, 1000")


@pytest.mark.parametrize("name", engines.NAMES)
@every_version
def test_slices_end_where_a_run_ends(name: str, version: int) -> None:
    """With a limit of cycles, and then at the fault."""
    whole = machine_of(LONG, version)
    with fails(MemOutOfBound):
        whole.run()
    sliced = machine_of(LONG, version, max_cycles=4000)
    sliced.engine = engine(name)
    with fails(CyclesExceeded):
        while sliced.run_slice() is None:
            pass
    sliced.max_cycles = CYCLES_UNLIMITED
    with fails(MemOutOfBound):
        while sliced.run_slice() is None:
            pass
    assert left_behind(sliced) == left_behind(whole)


@pytest.mark.parametrize("name", engines.NAMES)
@pytest.mark.parametrize("text", ["again: j again", EVERYTHING_SLOW])
def test_a_slice_of_an_endless_run_ends(name: str, text: str) -> None:
    machine = machine_of(text, registers={18: CODE}, system_calls=[lambda _: True])
    machine.engine = engine(name)
    for _ in range(3):
        before = machine.steps
        assert machine.run_slice() is None
        assert before < machine.steps <= before + CYCLES_PER_SLICE + STEPS_PER_SLICE
    assert text == "again: j again" or machine.steps <= 3 * 4 * STEPS_PER_SLICE


@pytest.mark.parametrize("name", engines.NAMES)
def test_a_slice_gives_the_exit_code(name: str) -> None:
    machine = machine_of("li a0, 7; li a7, 93; ecall")
    machine.engine = engine(name)
    assert machine.run_slice() == 7


# Choosing


@pytest.fixture
def fresh_engines() -> Iterator[None]:
    engine.cache_clear()
    yield
    engine.cache_clear()


@pytest.mark.usefixtures("fresh_engines")
def test_blocks_stand_in_where_there_is_no_native_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "native_refusal", lambda: "refused")
    for name in ("native", "auto"):
        made = engine(name)
        assert isinstance(made, engines.TieredEngine)
        assert made.tier.name == "blocks"
    machine = machine_of(MIXED, 2)
    assert outcome(machine, "native") == outcome(machine_of(MIXED, 2), "step")


def test_there_is_no_other_engine() -> None:
    with pytest.raises(EngineError, match="there is no engine 'fast'; they are auto, step, blocks, native"):
        engine("fast")


def test_machines_take_the_engine_that_was_asked_for() -> None:
    before = default_engine()
    try:
        use_engine("blocks")
        assert machine_of("nop").engine is engine("blocks")
    finally:
        use_engine(before.name)
    assert machine_of("nop").engine.name == before.name


def test_writing_code_is_refused_natively() -> None:
    result = agree(lambda: machine_of("sd a0, 0(a1)", registers={11: CODE}))
    assert result[0][0] is MemWriteOnExecutablePage  # type: ignore[index]


def test_a_small_program_is_not_translated() -> None:
    """Not by ``auto``, before it has come to so many blocks; the count is the program's, whichever machine runs it."""
    forget_programs()

    def translations(times: int) -> list[str]:
        machine = machine_of("again: addi s1, s1, -1; bnez s1, again\nli a7, 93; ecall", registers={9: times})
        machine.engine = engine("auto")
        assert machine.run() == 0
        return list(machine.context.program.translations)

    assert translations(engines.AUTO_WARM_UP - 10) == []
    assert len(translations(20)) == 1
