"""Runs (``vm`` §4): what one step settles, system calls and what they leave behind, stopping and going on."""

from __future__ import annotations

import pytest

from spawnlab.vm.errors import (
    CyclesExceeded,
    InvalidEcall,
    InvalidVersion,
    MemOutOfBound,
    MemWriteOnExecutablePage,
    Pause,
    VmError,
    Yield,
)
from spawnlab.vm.machine import A0, A7, Machine
from spawnlab.vm.version import VERSIONS, Isa

from .support import ALL_VERSIONS, CODE, SIZE, TOP, fails, machine_of, steps

every_version = pytest.mark.parametrize("version", ALL_VERSIONS)
A1, RA = 11, 1


# At the start


@every_version
def test_a_new_machine(version: int) -> None:
    machine = Machine(VERSIONS[version])
    assert machine.registers == [0] * 32
    assert (machine.this_pc, machine.cycles, machine.steps, machine.exit_code) == (0, 0, 0, 0)
    assert (machine.max_cycles, machine.reservation_address) == (TOP - 1, TOP - 1)
    assert not any(machine.memory.flags)


@every_version
def test_a_reset_forgets_all_but_the_counters_and_limits(version: int) -> None:
    machine = machine_of("sd sp, 0(a1)", version, registers={2: 5, A1: 0x20000}, max_cycles=77)
    machine.reservation_address = 4
    steps(machine, 1)
    machine.reset()
    assert machine.registers == [0] * 32
    assert (machine.this_pc, machine.reservation_address) == (0, TOP - 1)
    assert (machine.memory.load(0x20000, 8), machine.memory.load(CODE, 8)) == (0, 0)
    assert not any(machine.memory.flags)
    assert (machine.cycles, machine.max_cycles) == (2, 77)


def test_a_reset_forgets_decoded_code() -> None:
    machine = machine_of("addi a0, x0, 1; addi a0, x0, 2")
    steps(machine, 2)
    machine.reset()
    machine.set_pc(CODE)
    with fails(MemWriteOnExecutablePage):
        machine.step()


def test_fusion_is_refused_in_version_0_when_running() -> None:
    machine = Machine(Isa(0, mop=True))
    with fails(InvalidVersion):
        machine.run()


# One step


@every_version
def test_x0_stays_zero(version: int) -> None:
    code = "addi x0, x0, 5; lui x0, 1; jal x0, .+4; ld x0, 0(a1); mul x0, a1, a1; add a0, x0, x0"
    machine = machine_of(code, version, registers={A0: 9, A1: CODE})
    steps(machine, 6)
    assert (machine.registers[0], machine.registers[A0]) == (0, 0)


@every_version
@pytest.mark.parametrize(
    ("text", "error", "cycles"),
    [
        ("ld a0, 0(a1)", MemOutOfBound, 2),
        ("c.ld a0, 0(a1)", MemOutOfBound, 2),
        ("sd a0, 0(a1)", MemOutOfBound, 2),
        ("sb a0, 0(a2)", MemWriteOnExecutablePage, 3),
        ("ecall", InvalidEcall, 500),
    ],
)
def test_pc_moves_on_and_no_register_changes_when_an_operation_fails(
    text: str, error: type[VmError], cycles: int, version: int
) -> None:
    machine = machine_of(text + "; addi a3, x0, 1", version, registers={A0: 3, A1: SIZE, 12: CODE})
    before = [*machine.registers]
    with fails(error):
        machine.step()
    length = 2 if text.startswith("c.") else 4
    assert (machine.this_pc, machine.registers, machine.cycles, machine.steps) == (CODE + length, before, cycles, 0)
    machine.step()  # and it can go on from there
    assert machine.registers[13] == 1


@every_version
def test_a_fault_in_fetching_leaves_pc_where_it_is(version: int) -> None:
    machine = machine_of("jalr ra, 0(a1)", version, registers={A1: 0x20000})
    steps(machine, 1)
    for _ in range(2):
        with fails(MemWriteOnExecutablePage):
            machine.step()
        assert (machine.this_pc, machine.cycles, machine.registers[RA]) == (0x20000, 3, CODE + 4)


@pytest.mark.parametrize(("text", "link"), [("jalr ra, 0(ra)", 4), ("c.jalr ra", 2), ("jalr a1, 8(a1)", 4)])
def test_jumping_over_the_link_register(text: str, link: int) -> None:
    """Version 0 writes the link first, and so jumps to it (and the offset)."""
    offset = 8 if "8(" in text else 0
    for version in ALL_VERSIONS:
        machine = machine_of(text, version, registers={RA: 0x20001, A1: 0x20001})
        steps(machine, 1)
        base = CODE + link if version == 0 else 0x20000
        assert machine.this_pc == base + offset
        assert machine.registers[A1 if "a1" in text else RA] == CODE + link


@every_version
def test_jumping_through_another_register_is_right_in_every_version(version: int) -> None:
    machine = steps(machine_of("jalr ra, -1(a1)", version, registers={A1: 0x20004}), 1)
    assert (machine.this_pc, machine.registers[RA]) == (0x20002, CODE + 4)
    assert steps(machine_of("jalr x0, 0(x0)", version), 1).this_pc == 0


# System calls


@every_version
@pytest.mark.parametrize(
    ("a0", "code"),
    [(0, 0), (1, 1), (127, 127), (128, -128), (0x1FF, -1), (0xFFFFFF00, 0), (TOP - 1, -1), (TOP - 200, 56)],
)
def test_exit_codes_are_the_low_byte_signed(a0: int, code: int, version: int) -> None:
    machine = machine_of("ecall", version, registers={A0: a0, A7: 93})
    assert machine.run() == code == machine.exit_code
    assert (machine.running, machine.this_pc, machine.cycles) == (False, CODE + 4, 500)


def test_only_a7_of_just_93_exits() -> None:
    for number in (0, 92, 94, 93 + (1 << 32), TOP - 1):
        with pytest.raises(InvalidEcall, match=f"^invalid syscall {number}$") as caught:
            machine_of("ecall", registers={A7: number}).run()
        assert caught.value.number == number


def test_exit_is_not_for_handlers() -> None:
    def handler(machine: Machine) -> bool:
        raise AssertionError("asked")

    assert machine_of("ecall", registers={A7: 93}, system_calls=[handler]).run() == 0


def test_a_handler_finds_the_next_pc_settled_and_may_change_it() -> None:
    def jump(machine: Machine) -> bool:
        assert machine.cycles == 500
        machine.set_pc(CODE + 12)
        return True

    machine = machine_of("ecall; nop; nop; addi a0, x0, 1", system_calls=[jump])
    steps(machine, 2)
    assert (machine.registers[A0], machine.this_pc) == (1, CODE + 16)


def test_a_call_that_yields_goes_on_behind_itself() -> None:
    def wait(machine: Machine) -> bool:
        raise Yield

    machine = machine_of("addi a0, x0, 1; ecall; addi a0, a0, 1", system_calls=[wait])
    with fails(Yield):
        machine.run()
    assert (machine.this_pc, machine.cycles, machine.steps) == (CODE + 8, 501, 1)
    machine.registers[A0] = 40
    machine.run(1)
    assert machine.registers[A0] == 41


def spending(cycles: int) -> Machine:
    """A machine whose ecall costs so much more, with a limit of 600."""

    def spend(machine: Machine) -> bool:
        machine.add_cycles_no_checking(cycles)
        return True

    return machine_of("ecall; addi a0, x0, 1", system_calls=[spend], max_cycles=600)


def test_a_call_may_use_up_the_limit_and_no_more() -> None:
    assert steps(spending(100), 1).cycles == 600
    machine = spending(101)
    with fails(CyclesExceeded):
        machine.run()
    assert (machine.cycles, machine.this_pc) == (601, CODE + 4)  # it is done; only the run stops


def test_the_limit_is_not_looked_at_after_a_call_that_fails() -> None:
    def spend_and_fail(machine: Machine) -> bool:
        machine.add_cycles_no_checking(9999)
        raise MemOutOfBound

    with fails(MemOutOfBound):
        machine_of("ecall", system_calls=[spend_and_fail], max_cycles=600).run()


# Stopping and going on


def test_a_run_of_no_steps_does_nothing() -> None:
    machine = machine_of("addi a0, x0, 1")
    assert machine.run(0) is None
    assert (machine.steps, machine.this_pc) == (0, CODE)


def test_an_exit_with_the_last_step_allowed_is_told() -> None:
    machine = machine_of("addi a7, x0, 93; ecall")
    assert machine.run(1) is None
    assert machine.running
    assert machine.run(1) == 0


def test_a_pause_asked_for_by_a_system_call_stops_behind_it() -> None:
    def pause(machine: Machine) -> bool:
        machine.pause.request()
        return True

    machine = machine_of("ecall; addi a0, x0, 1", system_calls=[pause])
    with fails(Pause):
        machine.run()
    assert (machine.cycles, machine.this_pc, machine.pause.requested) == (500, CODE + 4, False)
    machine.run(1)
    assert machine.registers[A0] == 1
