"""The search over orders finds what playing every order finds, always, with fewer runs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import spawnlab
from spawnlab.actors.vm import Vm
from spawnlab.explore.replays import NAME, Played, Turn, Unrepeatable, replay
from spawnlab.explore.results import Result
from spawnlab.explore.search import Search, Visitor
from spawnlab.scenarios import steps as s
from spawnlab.scenarios.build import Build, build_actors
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.scheduler.hypothetical import order_text

from ...agree.topologies import topology
from .tiny import LIMIT, by_brute_force, by_reduction, faults_for, tiny

PARTS = 8
SEEDS = 320
RUNS_MAX = 150


def _exits(results: set[Result]) -> set[int | None]:
    assert all(result.kind == "exit" for result in results)
    return {result.exit_code for result in results}


def _searched(text: str) -> tuple[set[Result], Search]:
    results, search, whole = by_reduction(spawnlab.build(parse_scenario(text, ".toml")))
    assert whole
    return results, search


@pytest.mark.parametrize("part", range(PARTS))
def test_every_result_of_every_order_is_found(part: int) -> None:
    """Against brute force, on small random scenarios; some whose programs fail."""
    whole = dependent = all_orders = searched = 0
    for seed in range(part, SEEDS, PARTS):
        build = spawnlab.build(tiny(seed))
        expected, runs, is_whole = by_brute_force(build, RUNS_MAX)
        results, search, settled = by_reduction(build)
        assert settled
        if is_whole:
            assert results == expected, seed
            whole += 1
            dependent += len(expected) > 1
            all_orders += runs
            searched += search.runs
        else:
            assert results >= expected, seed
    assert whole >= 20
    assert dependent >= 1
    assert searched < all_orders / 4


@pytest.mark.parametrize("part", range(4))
def test_every_result_of_every_order_is_found_with_faults(part: int) -> None:
    whole = dependent = effective = 0
    for seed in range(part, 100, 4):
        build = spawnlab.build(tiny(seed))
        faults = faults_for(build, seed)
        expected, _, is_whole = by_brute_force(build, RUNS_MAX, faults)
        results, _, settled = by_reduction(build, faults=faults)
        assert settled
        assert results == expected if is_whole else results >= expected, seed
        whole += is_whole
        dependent += len(expected) > 1
        plain, _, _ = by_reduction(build)
        effective += results != plain
    assert whole >= 12
    assert dependent >= 1
    assert effective >= 3


def test_a_run_is_the_run_of_any_other_driver() -> None:
    for seed in range(20):
        build = spawnlab.build(topology(seed))
        orders: list[int] = []

        def choose(turns: Sequence[Turn], runnable: Sequence[int], orders: list[int] = orders) -> int:
            orders.append(runnable[len(turns) % len(runnable)])
            return orders[-1]

        played = replay(build, choose, LIMIT)
        run = spawnlab.run_synchronously(build, limit=LIMIT, policy=order_text(orders))
        assert list(played.events) == run.journal.events
        assert played.outcome == run.outcome
        assert played.order == tuple(orders)
    assert NAME == "explored"


CHILD = '[programs.child]\nsteps = [{ op = "compute", cycles = 100 }]\n'


@pytest.mark.parametrize("children", [1, 2, 4, 8])
def test_independent_children_are_one_class(children: int) -> None:
    """Spawns of one parent are in its own order; whether an end or its wait comes first is all the same."""
    spawns = "".join(f'{{ op = "spawn", program = "child", as = "vm{n}" }},' for n in range(children))
    waits = "".join(f'{{ op = "wait", vm = "vm{n}", exit_code = 0 }},' for n in range(children))
    for steps in (spawns, spawns + waits):
        results, search = _searched(f"[programs.root]\nsteps = [{steps}]\n{CHILD}")
        assert (_exits(results), search.classes, search.runs) == ({0}, 1, 1)
        assert search.has_choices


def test_streams_are_one_class() -> None:
    """However many pieces the bytes come in."""
    text = """
[programs.root]
steps = [
  { op = "pipe", as = ["r", "w"] },
  { op = "spawn", program = "child", fds = ["r"], as = "vm" },
  { op = "write", fd = "w", size = 40 },
  { op = "write", fd = "w", size = 40 },
]
[programs.child]
steps = [
  { op = "inherited_fds", as = ["in"] },
  { op = "repeat", times = 10, steps = [{ op = "read", fd = "in", size = 8 }] },
]
"""
    results, search = _searched(text)
    assert (_exits(results), search.classes) == ({0}, 1)


def _race(root: str, child: str) -> tuple[set[int | None], int]:
    text = f'[programs.root]\nsteps = [{{ op = "pipe", as = ["r", "w"] }},{root}]\n[programs.child]\nsteps = [{child}]'
    results, search = _searched(text)
    return _exits(results), search.classes


SPAWN = '{ op = "spawn", program = "child", fds = ["r"], as = "vm" },'
IN = '{ op = "inherited_fds", as = ["in"] },'


def test_classic_races_are_two_classes() -> None:
    read = IN + '{ op = "read", fd = "in", size = 1, count = "n" }, { op = "exit", code = 7 },'
    end = '{ op = "wait", vm = "vm", as = "code" }, { op = "exit", code = "code" }'
    closes = SPAWN + '{ op = "close", fd = "w" },' + end
    assert _race(closes, read.replace('count = "n"', 'code = "OTHER_END_CLOSED"')) == ({-1, 7}, 2)
    collects = '{ op = "spawn", program = "child", as = "vm" }, { op = "wait", vm = "vm" },'
    again = '{ op = "wait", vm = "vm", as = "code" }, { op = "exit", code = "code" }'
    assert _race(collects + again, '{ op = "exit", code = 9 }') == ({5, 9}, 2)
    write = SPAWN + '{ op = "write", fd = "w", size = 4, count = "n" }, { op = "exit", code = "n" }'
    assert _race(write, IN + '{ op = "close", fd = "in" }') == ({0, 7}, 2)


def test_ids_and_numbers_are_a_race_of_spawns_and_of_pipes() -> None:
    child = '[programs.child]\nsteps = [{STEP}]\n[programs.leaf]\nsteps = [{ op = "exit", code = 1 }]'
    root = '[programs.root]\nsteps = [{ op = "spawn", program = "child", as = "vm" }, {STEP}]\n'
    for step in ('{ op = "spawn", program = "leaf", as = "x" }', '{ op = "pipe", as = ["a", "b"] }'):
        _, search = _searched((root + child).replace("{STEP}", step))
        assert search.classes == 2


def test_faults_of_others_come_before_the_roots_end() -> None:
    text = """
[programs.root]
steps = [{ op = "spawn", program = "child", as = "vm" }, { op = "exit", code = 3 }]
[programs.child]
asm = "li a1, -8\\n ld a0, 0(a1)"
"""
    results, _ = _searched(text)
    assert {(result.kind, result.exit_code, result.error) for result in results} == {
        ("exit", 3, None),
        ("error", None, "MemOutOfBound"),
    }


def test_what_comes_after_a_wait_comes_after_the_end() -> None:
    """So that a write to the ended child's pipe is no race with its end."""
    root = SPAWN + '{ op = "wait", vm = "vm" }, { op = "write", fd = "w", size = 1, code = "OTHER_END_CLOSED" }'
    text = f'[programs.root]\nsteps = [{{ op = "pipe", as = ["r", "w"] }},{root}]\n[programs.child]\nsteps = [{IN}]'
    results, search = _searched(text)
    assert (_exits(results), search.classes, search.runs) == ({0}, 1, 1)


def test_two_that_collect_one_code() -> None:
    """The child has ended before either of them asks."""
    text = """
[programs.root]
steps = [
  { op = "pipe", as = ["r", "w"] },
  { op = "spawn", program = "leaf", fds = ["w"], as = "vm" },
  { op = "read", fd = "r", size = 1, code = "OTHER_END_CLOSED" },
  { op = "spawn", program = "other" },
  { op = "wait", vm = "vm", as = "code" },
  { op = "exit", code = "code" },
]
[programs.leaf]
steps = [{ op = "exit", code = 9 }]
[programs.other]
steps = [{ op = "wait", vm = 1, exit_code = 9 }]
"""
    results, _ = _searched(text)
    assert _exits(results) == {-1, 5, 9}  # -1: the read came first


def test_an_end_that_fails_to_be_told() -> None:
    """In the chain's order the child's end fails; in another one it has ended before its waiter asks."""
    text = """
[programs.root]
steps = [
  { op = "pipe", as = ["r", "w"] },
  { op = "pipe", as = ["r2", "w2"] },
  { op = "spawn", program = "child", fds = ["r", "w2"], as = "vm" },
  { op = "spawn", program = "waiter" },
  { op = "write", fd = "w", size = 1 },
  { op = "read", fd = "r2", size = 1 },
  { op = "exit", code = 3 },
]
[programs.child]
steps = [{ op = "inherited_fds", as = ["in", "out"] }, { op = "read", fd = "in", size = 1 }]
[programs.waiter]
asm = "li a0, 1\\n li a1, -8\\n li a7, SYS_WAIT\\n ecall"
"""
    results, _ = _searched(text)
    assert {(result.kind, result.exit_code) for result in results} == {("error", None), ("exit", 3), ("exit", 7)}


def test_an_end_that_fails_in_some_orders_is_an_end_in_others() -> None:
    """A read that comes before the end is possible only where the waiter asks later still."""
    build = spawnlab.build(tiny(10560))
    results, _, whole = by_reduction(build)
    assert whole
    assert results == by_brute_force(build, 100)[0]
    assert {result.exit_code for result in results} == {None, -1, 7}


def test_limits_are_a_race_of_ends_and_spawns() -> None:
    """The seventeenth child is one too many, unless another has ended before."""
    steps = [*(s.Spawn(program="child") for _ in range(16)), s.Spawn(program="child")]
    asks = Program(steps=(*steps[:15], s.Spawn(program="blocked"), s.Spawn(program="child")))
    scenario = Scenario(
        programs={"root": asks, "child": Program(steps=(s.Wait(vm=0),)), "blocked": Program(steps=())},
    )
    results, search, whole = by_reduction(spawnlab.build(scenario))
    assert whole
    assert _exits(results) == {0, 8}
    assert search.classes >= 2


class _Endings(Visitor):
    def __init__(self) -> None:
        self.seen: list[Played] = []

    def ended(self, played: Played) -> None:
        self.seen.append(played)


async def _one(vm: Vm) -> int:
    return 0


def test_a_function_that_does_not_repeat_itself() -> None:
    turns = iter(range(1_000_000))

    async def root(vm: Vm) -> int:
        for _ in range(next(turns)):
            await vm.pipe()
        child = await vm.spawn("child")
        await child.wait()
        return await child.wait()

    build: Build = build_actors({"root": root, "child": _one})
    search = Search(build, LIMIT, _Endings())
    with pytest.raises(Unrepeatable, match="when it was played again"):
        search.go(lambda: search.runs < 50)


def test_a_function_that_raises_is_a_result() -> None:
    async def root(vm: Vm) -> int:
        child = await vm.spawn("child")
        await child.wait()
        return await child.wait()  # is there only if the first wait came before the end

    results, _, whole = by_reduction(build_actors({"root": root, "child": _one}))
    assert whole
    assert {(result.kind, result.exit_code, result.error) for result in results} == {
        ("exit", 0, None),
        ("crash", None, "CallError: WaitFor: WAIT_FAILURE"),
    }


def test_the_first_order_is_the_chains() -> None:
    build = spawnlab.load("gallery:pipeline")
    endings = _Endings()
    search = Search(build, LIMIT, endings)
    search.go(lambda: search.runs < 1)
    assert list(endings.seen[0].events) == spawnlab.run_synchronously(build, limit=LIMIT).journal.events
