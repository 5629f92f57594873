"""The traps of ``syscalls`` §15, each with its tiny example. Others have their number in a name beside their rules."""

from __future__ import annotations

import pytest

from spawnlab.scenarios.steps import (
    Exit,
)
from spawnlab.scheduler.codes import ReturnCode
from spawnlab.scheduler.events import (
    Booted,
)

from .programs import (
    DEBUG,
    FOREVER,
    LEAVE_WITH_ANSWER,
    MEMORY_END,
    SMALLEST,
    call,
    leave,
    pipe,
    read,
    spawn,
    wait,
    words,
)
from .runs import play, play_steps

# syscalls


def test_s01_the_top_byte_of_a_source_is_ignored_by_spawn_unless_it_is_1() -> None:
    for top in (2, 3, 0x80, 0xFF):
        assert play(spawn(1, source=top << 56 | 3) + LEAVE_WITH_ANSWER, SMALLEST).exit_code == 0
    assert play(spawn(1, source=1 << 56 | 3) + LEAVE_WITH_ANSWER, SMALLEST).exit_code == ReturnCode.INDEX_OUT_OF_BOUND


def test_s08_a_wrong_direction_costs_500_a_wrong_owner_1300() -> None:
    costs = [play(read(fd, 8) + leave()).outcome.cycles for fd in (3, 2)]
    assert costs[1] - costs[0] == 800


@pytest.mark.parametrize("many", [False, True])
def test_s09_a_spawn_that_fails_for_fds_or_vms_has_paid_100_800(many: bool) -> None:
    before = spawn(1) * 16 if many else ""
    failing = words("fds", 0 if many else 9, 0) + spawn(1, "block_fds")
    run = play(before + failing + leave(), FOREVER)
    assert run.answers(0)[-1] == (8 if many else 6)
    harmless = play(before + failing.replace("li a7, 2601", "li a7, 2603") + leave(), FOREVER)
    assert run.outcome.cycles - harmless.outcome.cycles == 100_800


def test_s12_debug_leaves_a0_alone() -> None:
    run = play(call(DEBUG, "buffer") + words("child", "a0") + leave())
    assert run.word(0, "child") == run.address("buffer")


@pytest.mark.parametrize(("code", "seen"), [(256, 0), (200, -56)])
def test_s13_exit_codes_are_cut(code: int, seen: int) -> None:
    assert play_steps((Exit(code=code),)).exit_code == seen


def test_s16_loading_is_rounded_once() -> None:
    """133 bytes of a segment and 21 of the stack: 39 cycles, not 34 + 6. From version 1 on the stack is whole 16s."""
    odd = SMALLEST[:96] + (133).to_bytes(8, "little") * 2 + SMALLEST[112:] + b"\0"
    assert play(odd, version=0, root_args=[b"text"]).events(Booted)[0].load_cycles == 39
    assert play(odd).events(Booted)[0].load_cycles == -(-(133 + 16) // 4)


def test_s17_a_child_that_is_no_program_ends_the_whole_script() -> None:
    run = play(spawn(0, source=1, place=1) + leave(), witnesses=(b"\0\1\2\3",))
    assert run.outcome.failure is not None
    assert run.outcome.failure.variant == "ElfParseError"


def test_s19_wait_stores_one_byte_pipe_16_spawn_8() -> None:
    ones = words("argv", -1, -1, -1)
    run = play(ones + pipe("argv") + FOREVER)
    assert run.memory(0, "argv", 24) == (2).to_bytes(8, "little") + (3).to_bytes(8, "little") + b"\xff" * 8
    run = play(ones + words("block", 0, 0, "argv") + spawn(1) + FOREVER, SMALLEST)
    assert run.memory(0, "argv", 24) == (1).to_bytes(8, "little") + b"\xff" * 16
    run = play(ones + spawn(1) + wait(1, "argv") + FOREVER, SMALLEST)
    assert run.memory(0, "argv", 24) == b"\0" + b"\xff" * 23


def test_s20_a_list_of_fds_ends_with_0_or_with_the_memory() -> None:
    root = pipe() + words("fds", 3, 0, 2) + spawn(1, "block_fds") + leave()
    assert play(root, FOREVER).table.inherited_fd == {1: (3,)}
    to_the_end = f"  li s0, {MEMORY_END - 8}\n  li t1, 2\n  sd t1, 0(s0)\n" + words("block", 0, 0, "child", "s0")
    assert play(pipe() + to_the_end + spawn(1), SMALLEST).error == "MemOutOfBound"
