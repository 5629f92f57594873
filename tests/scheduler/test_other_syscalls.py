"""Exit, debug, vm_version, current_cycles, process_id, and which calls a version has (``syscalls`` §2, §3, §7)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.events import Booted, IterationEnded, Logged, Posted
from spawnlab.scheduler.limits import U64_MAX
from spawnlab.scheduler.syscalls.context import CycleCounter, VmContext
from spawnlab.scheduler.syscalls.misc import current_cycles
from spawnlab.vm.errors import CyclesOverflow
from spawnlab.vm.machine import A0, Machine
from spawnlab.vm.version import VERSIONS

from .programs import (
    CLOSE,
    CURRENT_CYCLES,
    DEBUG,
    INHERITED_FD,
    LEAVE_WITH_ANSWER,
    MEMORY_END,
    PIPE,
    PROCESS_ID,
    READ,
    SMALLEST,
    SPAWN,
    TEXT,
    VM_VERSION,
    WAIT,
    WRITE,
    call,
    leave,
    pipe,
    spawn,
    spin,
    words,
)
from .runs import play, sg_data_of

SPAWN_FAMILY = (SPAWN, WAIT, PROCESS_ID, PIPE, WRITE, READ, INHERITED_FD, CLOSE)


# Exit


@pytest.mark.parametrize(
    ("code", "seen"), [(0, 0), (1, 1), (127, 127), (128, -128), (200, -56), (255, -1), (256, 0), (-1, -1), (1 << 63, 0)]
)
def test_an_exit_code_is_the_low_byte_signed(code: int, seen: int) -> None:
    run = play(leave(code))
    assert run.exit_code == seen
    assert run.table.terminated_vms == {0: seen}


def test_a_program_that_runs_off_its_end_fails() -> None:
    assert play("  nop\n").error is not None


# Debug


def debug(text: str) -> str:
    """Print a text; the program's size does not depend on it."""
    return call(DEBUG, "text") + LEAVE_WITH_ANSWER + f'.data\ntext: .asciz "{text}"\n.zero {20 - len(text.encode())}\n'


def test_debug_prints_up_to_nul_and_says_who() -> None:
    run = play(spawn(1) + debug("root"), debug(""))
    assert run.logs() == [(1, ""), (0, "root")]


def test_debug_leaves_a0_alone() -> None:
    run = play(call(DEBUG, "buffer") + words("child", "a0") + leave())
    assert run.word(0, "child") == run.address("buffer")


@pytest.mark.parametrize(("text", "cycles"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("ä€", 2)])
def test_debug_costs_a_cycle_for_4_bytes(text: str, cycles: int) -> None:
    run = play(debug(text))
    assert run.outcome.cycles - play(debug("")).outcome.cycles == cycles
    assert run.logs() == [(0, text)]


def test_debug_of_a_text_without_end_is_a_fault() -> None:
    fill = f"  li t0, {MEMORY_END}\n  li t1, -1\n  sd t1, -8(t0)\n"
    assert play(fill + call(DEBUG, MEMORY_END - 4)).error == "MemOutOfBound"


@pytest.mark.parametrize("address", [MEMORY_END, (1 << 64) - 1])
def test_debug_of_a_bad_address_is_a_fault(address: int) -> None:
    assert play(call(DEBUG, address)).error == "MemOutOfBound"


def test_debug_can_print_code() -> None:
    run = play(call(DEBUG, TEXT + 4096 - 2) + leave())
    assert run.logs() == [(0, "")]


NOT_UTF_8 = {
    b"\xff": (0, 1),
    b"ab\x80c": (2, 1),
    b"\xc0\x80": (0, 1),
    b"\xe2\x82A": (0, 2),
    b"\xed\xa0\x80": (0, 1),
    b"\xf0\x9f\x92": (0, None),
    b"x\xe2": (1, None),
    b"\xf0\x9fA": (0, 2),
    b"\xf4\x90\x80\x80": (0, 1),
}
"""Bytes to where they go wrong, and how many bytes are wrong; None where the text ends too early."""


def not_utf_8(content: bytes) -> str:
    return call(DEBUG, "text") + leave() + f".data\ntext: .byte {', '.join(map(str, content))}, 0\n"


@pytest.mark.parametrize("content", NOT_UTF_8)
def test_debug_of_what_is_not_utf_8_is_a_fault(content: bytes) -> None:
    run = play(not_utf_8(content))
    assert run.outcome.failure is not None
    assert run.outcome.failure.variant == "External"
    assert run.events(Logged) == []


@pytest.mark.parametrize("content", NOT_UTF_8)
def test_the_error_is_in_the_decoders_debug_form(content: bytes) -> None:
    start, size = NOT_UTF_8[content]
    found = play(not_utf_8(content)).outcome.failure
    wrong = "None" if size is None else f"Some({size})"
    listed = (
        f"FromUtf8Error {{ bytes: {list(content)}, error: Utf8Error {{ valid_up_to: {start}, error_len: {wrong} }} }}"
    )
    assert found is not None
    assert found.display == f"external error: String from buffer {listed}"
    assert found.debug == f'External("String from buffer {listed}")'


def test_debug_in_every_version() -> None:
    for version in (0, 1, 2):
        assert play(debug("hello"), version=version).logs() == [(0, "hello")]


# vm_version, process_id, current_cycles


@pytest.mark.parametrize("version", [1, 2])
def test_vm_version(version: int) -> None:
    assert play(call(VM_VERSION) + LEAVE_WITH_ANSWER, version=version).exit_code == version


def test_process_id_does_not_yield() -> None:
    """VM 2 leaves with its id; the root's is 0."""
    own = call(PROCESS_ID) + LEAVE_WITH_ANSWER
    run = play(spawn(1) + spawn(1) + words("child", 0) + own, own)
    assert run.exit_code == 0
    assert run.table.terminated_vms == {0: 0, 1: 1, 2: 2}
    assert {type(event.message).__name__ for event in run.events(Posted)} == {"Spawn"}


def test_current_cycles_include_the_call_itself_and_loading() -> None:
    run = play(call(CURRENT_CYCLES) + "  mv s0, a0\n" + leave("s0"))
    load = run.events(Booted)[0].load_cycles
    assert run.exit_code == ((load + 1 + 500 + 128) % 256) - 128


def test_current_cycles_go_on_from_the_cycles_of_all_earlier_iterations() -> None:
    """The difference to what the earlier iterations took is what the VM itself has spent in this one."""
    run = play(pipe() + call(CURRENT_CYCLES) + "  mv s0, a0\n" + spin(100) + words("child", "s0") + leave())
    first = run.events(IterationEnded)[0].total
    assert run.word(0, "child") == first + 1 + 500


def test_current_cycles_in_a_child_include_its_loading_and_its_parents_cycles() -> None:
    child = call(CURRENT_CYCLES) + words("child", "a0") + call(WAIT, 0, "code")
    run = play(spawn(1) + call(WAIT, 0, "code"), child)
    before = run.events(IterationEnded)[0].total
    assert run.word(1, "child") == before + run.events(Booted, 1)[0].load_cycles + 1 + 500


def test_current_cycles_of_more_than_64_bits_are_a_fault() -> None:
    """No run gets there in a lifetime: the call itself, with a counter that is near the end."""
    machine = Machine(VERSIONS[2])
    context = VmContext(
        0,
        sg_data_of(SMALLEST),
        CycleCounter(U64_MAX - 10),
        [],
        lambda vm, text: None,
        lambda vm, call, argument, code, pc: None,
    )
    machine.cycles = 10
    current_cycles(context, machine)
    assert machine.registers[A0] == U64_MAX
    machine.cycles = 11
    with pytest.raises(CyclesOverflow):
        current_cycles(context, machine)


@pytest.mark.parametrize("version", [1, 2])
def test_current_cycles_in_each_version_that_has_it(version: int) -> None:
    run = play(call(CURRENT_CYCLES) + words("child", "a0") + leave(), version=version)
    assert run.word(0, "child") == run.events(Booted)[0].load_cycles + 1 + 500


# Availability


@pytest.mark.parametrize("number", SPAWN_FAMILY)
@pytest.mark.parametrize("version", [0, 1])
def test_the_spawn_family_is_there_from_version_2_on(number: int, version: int) -> None:
    run = play(call(number, 0, 0, 0), version=version)
    assert run.error == f"InvalidEcall({number})"


@pytest.mark.parametrize("number", [VM_VERSION, CURRENT_CYCLES])
def test_version_0_has_no_version_call(number: int) -> None:
    assert play(call(number), version=0).error == f"InvalidEcall({number})"


@pytest.mark.parametrize("number", [0, 1, 94, 2178, 2600, 2609, (1 << 64) - 1, (1 << 32) | 93])
@pytest.mark.parametrize("version", [0, 1, 2])
def test_an_unknown_number_is_a_fault(number: int, version: int) -> None:
    run = play(call(number), version=version)
    assert run.outcome.failure is not None
    assert run.outcome.failure.display == f"invalid syscall {number}"


def test_only_the_root_runs_before_version_2() -> None:
    for version in (0, 1):
        run = play(spin(5) + leave(4), version=version)
        assert (run.exit_code, run.turns(), run.outcome.iterations) == (4, [0], 1)
