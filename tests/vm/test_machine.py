"""The machine: counters and limits, what an error leaves behind, exit codes, slices, version differences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.vm.assembler import assemble
from spawnlab.vm.engines import NAMES, engine
from spawnlab.vm.errors import (
    CyclesExceeded,
    CyclesOverflow,
    External,
    InvalidEcall,
    InvalidInstruction,
    InvalidVersion,
    MemOutOfBound,
    MemWriteOnExecutablePage,
    Pause,
    Unexpected,
)
from spawnlab.vm.machine import A0, A7, Machine
from spawnlab.vm.memory import MEMORY_SIZE, Memory
from spawnlab.vm.version import VERSIONS, Isa

EXIT = "\n li a7, 93\n ecall\n"


def loaded(source: str, version: int = 2, **options: object) -> Machine:
    machine = Machine(VERSIONS[version], **options)  # type: ignore[arg-type] # pyright: ignore
    machine.load_program(assemble(source).elf())
    return machine


@pytest.mark.parametrize(
    ("a0", "code"), [(0, 0), (127, 127), (128, -128), (255, -1), (256, 0), (0x1FF, -1), (200, -56)]
)
def test_the_exit_code_is_the_low_byte_signed(a0: int, code: int) -> None:
    assert loaded(f"li a0, {a0}{EXIT}").run() == code


def test_the_smallest_program_costs_502() -> None:
    machine = loaded(f"li a0, 0{EXIT}")
    assert (machine.run(), machine.cycles, machine.steps) == (0, 502, 3)


def test_the_limit_is_inclusive_and_an_error_charges_nothing() -> None:
    assert loaded(f"li a0, 0{EXIT}", max_cycles=502).run() == 0
    machine = loaded(f"li a0, 0{EXIT}", max_cycles=501)
    with pytest.raises(CyclesExceeded, match="2 cycles used, 500 more asked, limit 501"):
        machine.run()
    assert (machine.cycles, machine.this_pc) == (2, 0x10008)
    machine.max_cycles = 502
    assert machine.run() == 0


def test_counters_have_64_bits() -> None:
    machine = loaded("nop")
    machine.cycles = 2**64 - 1
    with pytest.raises(CyclesOverflow):
        machine.run()
    with pytest.raises(CyclesOverflow):
        machine.add_cycles_no_checking(1)
    machine.cycles, machine.max_cycles = 5, 9
    machine.add_cycles_no_checking(100)
    assert machine.cycles == 105


@pytest.mark.parametrize("version", [0, 1, 2])
def test_pc_moves_on_also_when_an_operation_fails(version: int) -> None:
    machine = loaded("li a0, -1\n ld a1, 0(a0)", version)
    with pytest.raises(MemOutOfBound):
        machine.run()
    assert (machine.this_pc, machine.cycles, machine.steps) == (0x10008, 3, 1)


def test_a_word_that_is_no_instruction_is_named_and_not_charged() -> None:
    machine = loaded("nop\n .word 0xffffffff")
    with pytest.raises(InvalidInstruction) as caught:
        machine.run()
    assert caught.value.debug == "InvalidInstruction { pc: 65540, instruction: 4294967295 }"
    assert caught.value.display == "invalid instruction pc=0x10004 instruction=0xffffffff"
    assert (machine.this_pc, machine.cycles) == (0x10004, 1)


def test_pc_beyond_memory_and_on_data() -> None:
    with pytest.raises(MemOutOfBound):
        loaded("li t0, 0x400000\n jr t0").run()
    with pytest.raises(MemWriteOnExecutablePage):
        loaded("li t0, 0x20000\n jr t0").run()


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize(
    ("load", "size"), [("lb", 1), ("lh", 2), ("lw", 4), ("ld", 8), ("lbu", 1), ("lhu", 2), ("lwu", 4)]
)
def test_version_0_cannot_load_the_last_byte(version: int, load: str, size: int) -> None:
    machine = loaded(f"li t0, {MEMORY_SIZE - size}\n {load} a0, 0(t0)\n sd zero, {size - 8}(t0){EXIT}", version)
    if version == 0:
        with pytest.raises(MemOutOfBound):
            machine.run()
    else:
        assert machine.run() == 0


@pytest.mark.parametrize("version", [0, 1, 2])
def test_jalr_with_one_register(version: int) -> None:
    """Version 0 takes the link for the base, and so goes on after the jump."""
    source = f"""
      la ra, far
      jalr ra, 0(ra)
      li a0, 1
      j end
    far:
      li a0, 2
    end: {EXIT}
    """
    assert loaded(source, version).run() == (1 if version == 0 else 2)


def test_system_calls_are_asked_in_order() -> None:
    seen: list[int] = []

    def first(machine: Machine) -> bool:
        seen.append(1)
        return machine.registers[A7] == 5

    def second(machine: Machine) -> bool:
        seen.append(2)
        machine.registers[A0] = 9
        return machine.registers[A7] == 6

    machine = loaded(f"li a7, 5\n ecall\n li a7, 6\n ecall{EXIT}", system_calls=(first, second))
    assert machine.run() == 9
    assert seen == [1, 1, 2]
    with pytest.raises(InvalidEcall, match="invalid syscall 7"):
        loaded("li a7, 7\n ecall", system_calls=(first, second)).run()


def test_cycles_of_a_system_call_are_looked_at_after_it() -> None:
    def spend(machine: Machine) -> bool:
        machine.add_cycles_no_checking(1000)
        return True

    machine = loaded("ecall", system_calls=(spend,), max_cycles=1499)
    with pytest.raises(CyclesExceeded, match="1500 cycles after system call 0, limit 1499"):
        machine.run()
    assert machine.this_pc == 0x10004
    loaded("ecall\n" + EXIT, system_calls=(spend,), max_cycles=2001).run()


def test_a_pause_stops_before_the_next_operation_and_is_cleared() -> None:
    machine = loaded(f"li a0, 3{EXIT}")
    machine.run(1)
    machine.pause.request()
    with pytest.raises(Pause):
        machine.run()
    assert machine.steps == 1
    assert machine.run() == 3
    machine.pause.request()
    machine.pause.clear()
    assert not machine.pause.requested


def test_fusion_needs_version_1() -> None:
    with pytest.raises(InvalidVersion):
        Machine(Isa(0, mop=True)).run()


LOOP = f"""
  li s0, 40
again:
  mulhu t0, s0, s1
  mul s1, s0, s0
  lui t2, 0x12345
  addiw t2, t2, 0x678
  add s2, s2, t2
  sd s2, -8(sp)
  addi s0, s0, -1
  bnez s0, again
  mv a0, s2
  {EXIT}
"""


@given(st.lists(st.integers(1, 90), max_size=8), st.sampled_from((0, 1, 2)))
def test_slices_change_nothing(slices: list[int], version: int) -> None:
    whole = loaded(LOOP, version)
    code = whole.run()
    machine = loaded(LOOP, version)
    found = None
    for steps in slices:
        found = machine.run(steps)
        if found is not None:
            break
    found = machine.run() if found is None else found
    assert found == code
    assert (machine.cycles, machine.steps, machine.registers) == (whole.cycles, whole.steps, whole.registers)


def test_errors_have_the_references_words() -> None:
    assert str(MemOutOfBound("here")) == "memory error: out of bound (here)"
    assert (MemOutOfBound().variant, MemOutOfBound().debug) == ("MemOutOfBound", "MemOutOfBound")
    assert External('a "b"\n').debug == 'External("a \\"b\\"\\n")'
    assert External("x").display == "external error: x"
    assert (Unexpected("x").display, Unexpected("x").debug) == ("unexpected error", 'Unexpected("x")')
    assert InvalidEcall(7).debug == "InvalidEcall(7)"


# What others may have a say in


def test_a_hook_sees_every_system_call_before_anything_is_done() -> None:
    seen: list[tuple[int, int, int]] = []

    def hook(machine: Machine) -> None:
        seen.append((machine.registers[A7], machine.registers[A0], machine.following()))

    def answer(machine: Machine) -> bool:
        machine.registers[A0] += 1
        return True

    text = f"li a0, 3\n li a7, 5\n ecall\nfirst: ecall\n{EXIT}"
    program = assemble(text)
    for name in NAMES:
        seen.clear()
        machine = loaded(text, system_calls=[answer], engine=engine(name))
        machine.before_call = hook
        assert machine.run() == 5
        assert [(number, argument) for number, argument, _ in seen] == [(5, 3), (5, 4), (93, 5)]
        assert [pc - program.symbols["first"] for _, _, pc in seen] == [0, 4, 4 + len(assemble(EXIT).text)]


def test_a_hook_can_make_it_an_exit() -> None:
    def hook(machine: Machine) -> None:
        machine.registers[A7], machine.registers[A0] = 93, -7 % 2**64

    for name in NAMES:
        machine = loaded("li a7, 5\n ecall\n ebreak", engine=engine(name))
        machine.before_call = hook
        assert machine.run() == -7


def test_new_memory_is_what_the_machine_is_told() -> None:
    def made() -> Memory:
        memory = Memory()
        memory.fill(b"x", 100)
        return memory

    machine = loaded("nop")
    machine.new_memory = made
    machine.reset()
    assert machine.memory.read(0, 101) == b"x" * 100 + bytes(1)
    given = Memory()
    machine.reset(given)
    assert machine.memory is given
