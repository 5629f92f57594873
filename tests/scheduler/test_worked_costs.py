"""The worked costs of ``scheduler`` §17, and what moving bytes costs."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

from spawnlab.scheduler.events import Booted, IterationEnded

from .programs import (
    FOREVER,
    PROCESS_ID,
    SMALLEST,
    call,
    leave,
    pipe,
    read,
    spawn,
    spawn_with,
    words,
    write,
)
from .runs import Played, play

YIELD, SPAWN_EXTRA, ECALL = 800, 100_000, 500


def spent(run: Played, iteration: int) -> int:
    """Cycles of an iteration, from 1 on."""
    return run.events(IterationEnded)[iteration - 1].spent


# Worked costs (§17)


def test_worked_cost_1_the_smallest_program() -> None:
    """(132 + 16) / 4 = 37 for loading, two instructions and an ecall."""
    run = play(SMALLEST)
    assert run.events(Booted)[0].load_cycles == 37
    assert run.outcome.cycles == 539
    assert play(SMALLEST, limit=539).exit_code == 0
    assert play(SMALLEST, limit=538).error == "CyclesExceeded"
    assert play(SMALLEST, limit=0).error == "CyclesExceeded"


def test_worked_cost_2_a_spawn_where_there_is_room() -> None:
    """The parent pays for the call, the child for its loading when it first runs."""
    run = play(call(PROCESS_ID) + spawn(1) + leave(), SMALLEST)
    without = play(call(PROCESS_ID) + spawn(1).replace("li a7, 2601", "li a7, 2603") + leave(), SMALLEST)
    assert spent(run, 2) == 37 + 502
    assert spent(run, 1) + spent(run, 3) == without.outcome.cycles + YIELD + SPAWN_EXTRA


def test_worked_cost_3_each_child_from_the_fourth_on_costs_300_000_more() -> None:
    costs = [play(spawn(1) * count + leave() + spawn(1) * (17 - count), FOREVER).outcome.cycles for count in range(18)]
    steps = [after - before for before, after in pairwise(costs)]
    alone = steps[0]
    assert steps[1:3] == [alone] * 2
    assert steps[3:16] == [alone + 300_000] * 13
    assert steps[16] < alone  # the 17th call is refused: no child runs


@pytest.mark.parametrize(
    ("refused", "extra"),
    [
        (spawn_with(1, 9), SPAWN_EXTRA + YIELD),  # 6
        (words("fds", 9, 0) + spawn(9, "block_fds"), 0),  # 1
        (words("fds", 9, 0) + spawn(1, "block_fds", bounds=1 << 63), 0),  # 3
        (words("fds", 9, 0) + spawn(1, "block_fds", source=4), 0),  # 1, nothing is looked at
    ],
)
def test_worked_cost_4_spawns_that_fail(refused: str, extra: int) -> None:
    run = play(refused + leave(), SMALLEST)
    harmless = play(refused.replace("li a7, 2601", "li a7, 2603") + leave(), SMALLEST)
    assert run.outcome.cycles - harmless.outcome.cycles == extra


def test_worked_cost_4_too_many_vms() -> None:
    """The 17th child costs its parent as much as an fd that it does not own."""
    root = spawn(1) * 16 + "{}" + spawn(1, "block_fds") + leave()
    too_many = play(root.format(words("fds", 0, 0)), FOREVER)
    no_fd = play(root.format(words("fds", 9, 0)), FOREVER)
    assert (too_many.answers(0)[-1], no_fd.answers(0)[-1]) == (8, 6)
    assert too_many.outcome.cycles == no_fd.outcome.cycles
    assert no_fd.events(IterationEnded)[-2].spent > SPAWN_EXTRA + YIELD + ECALL


def test_worked_cost_5_bytes_cost_both_sides() -> None:
    """1024 bytes more cost 256 cycles more on each side."""

    def moved(size: int) -> Played:
        root = pipe() + spawn_with(1, 2) + write(3, size, 0) + leave()
        return play(root, read(2, 8192, 1 << 20) + leave())

    few, many = moved(2048), moved(3072)
    assert many.outcome.cycles - few.outcome.cycles == 512
    assert [spent(many, i) - spent(few, i) for i in range(1, 7)] == [0, 0, 0, 0, 256, 256]


@pytest.mark.parametrize(("size", "cycles"), [(0, 0), (1, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_each_side_pays_a_cycle_for_4_bytes_or_part_of_them(size: int, cycles: int) -> None:
    run = play(pipe() + spawn_with(1, 2) + write(3, size) + FOREVER, read(2, 9, "argv") + FOREVER)
    empty = play(pipe() + spawn_with(1, 2) + write(3, 0) + FOREVER, read(2, 9, "argv") + FOREVER)
    assert run.outcome.cycles - empty.outcome.cycles == 2 * cycles


@pytest.mark.reference
@pytest.mark.parametrize(("name", "cycles"), [("spawn_cycles", 1_525_087), ("spawn_create_17_spawn", 36_445_673)])
def test_worked_cost_6_upstreams_programs(name: str, cycles: int) -> None:
    """Test programs of the reference, from where cargo has put its sources. The second one covers the Meepo quirk."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    found = sorted(home.glob(f"registry/src/*/ckb-script-*/testdata/{name}"))
    if not found:
        pytest.skip(f"cargo keeps no {name} in {home}")
    run = play(found[0].read_bytes(), noted=False)
    assert (run.exit_code, run.outcome.cycles) == (0, cycles)
