"""What the chain's order decides, and what VMs that end early keep from coming."""

from __future__ import annotations

import pytest

import spawnlab
from spawnlab.hints.hints import hints_of
from spawnlab.hints.matching import match
from spawnlab.hints.model import CERTAIN, NOTE, POSSIBLE, Hint
from spawnlab.hints.past import is_larger
from spawnlab.hints.unfold import unfold
from spawnlab.scenarios.model import Program, Scenario

from .claims import TRUE, deeds_of, verdict
from .writing import kinds, scenario_of

FAILS = Program(asm="li a0, 1\n li a7, SYS_EXIT\n ecall")
PIPE = 'pipe, as = ["r", "w"]'


def told(scenario: Scenario) -> list[Hint]:
    return [hint for hint in hints_of(scenario) if hint.level != NOTE]


def exit_code(scenario: Scenario) -> int | None:
    return spawnlab.run_synchronously(scenario).outcome.exit_code


def test_a_writer_that_may_end_early_may_leave_its_reader_without_bytes() -> None:
    """So that the root may never come to the read from its own pipe, and here it does not."""
    scenario = scenario_of(
        root=f'{PIPE}\npipe, as = ["a", "b"]\nspawn, program = "child", fds = ["w"]\nread, fd = "r", size = 1\n'
        'read, fd = "a", size = 1',
        child='inherited_fds, as = ["out"]\nspawn, program = "tool", as = "tool"\n'
        'wait, vm = "tool", exit_code = 0\nwrite, fd = "out", text = "x"',
        tool=FAILS,
    )
    assert [(hint.level, hint.kind, hint.claim) for hint in told(scenario)] == [(POSSIBLE, "own-pipe", "deadlock")]
    assert exit_code(scenario) == 7


def test_bytes_that_are_handed_on_may_be_fewer_than_were_to_come() -> None:
    """The source ends early, so that the relay hands on nothing, and the root's second read gets nothing either.

    With two bytes all would go well: it is the early end alone that brings the deadlock about.
    """
    relay = 'inherited_fds, as = ["in", "out", "go"]\nspawn, program = "helper", fds = ["go"], as = "helper"\n'
    relay += 'read, fd = "in", size = 2, as = "bytes"\nwrite, fd = "out", from = "bytes"\nwait, vm = "helper"'
    programs = {
        "root": 'pipe, as = ["r1", "w1"]\npipe, as = ["r2", "w2"]\npipe, as = ["r3", "w3"]\n'
        'spawn, program = "relay", fds = ["r1", "w2", "r3"], as = "relay"\nspawn, program = "source", fds = ["w1"]\n'
        'read, fd = "r2", size = 1\nread, fd = "r2", size = 1\nwrite, fd = "w3", text = "x"\nwait, vm = "relay"',
        "source": 'inherited_fds, as = ["out"]\nspawn, program = "tool", as = "tool"\n'
        'wait, vm = "tool", exit_code = 0\nwrite, fd = "out", text = "xy"',
        "relay": relay,
        "helper": 'inherited_fds, as = ["in"]\nread, fd = "in", size = 1',
    }
    scenario = scenario_of(programs, tool=FAILS)
    assert spawnlab.run_synchronously(scenario).outcome.deadlock is not None
    assert [(hint.level, hint.claim) for hint in told(scenario)] == [(POSSIBLE, "deadlock")]
    fine = scenario_of(programs, tool="")
    assert told(fine) == []
    assert exit_code(fine) == 0


def test_a_code_is_there_for_one_wait_more_after_it_was_waited_for() -> None:
    """The middle VM waits while the leaf still reads: the second wait gets the code too, the third does not."""
    scenario = scenario_of(
        root=f'{PIPE}\nspawn, program = "middle", fds = ["r"], as = "m"\nwrite, fd = "w", text = "x"\n'
        'wait, vm = "m", exit_code = 5',
        middle='inherited_fds, as = ["in"]\nspawn, program = "leaf", fds = ["in"], as = "leaf"\n'
        'wait, vm = "leaf"\nwait, vm = "leaf"\nwait, vm = "leaf"',
        leaf='inherited_fds, as = ["in"]\nread, fd = "in", size = 1',
    )
    (hint,) = told(scenario)
    assert (hint.level, hint.kind, hint.path) == (CERTAIN, "wait-again", "programs.middle.steps[4]")
    assert verdict(hint, deeds_of(spawnlab.run_synchronously(scenario))) == TRUE
    assert exit_code(scenario) == 0


def test_a_reader_with_the_larger_id_asks_before_the_writer_ends() -> None:
    """The other way round it asks too late; both are certain, though no order is followed."""
    reader = 'inherited_fds, as = ["in"]\nread, fd = "in", size = 8\nread, fd = "in", size = 8'
    writer = 'inherited_fds, as = ["out"]\nwrite, fd = "out", text = "bytes"'
    spawns = [
        'spawn, program = "writer", fds = ["w"], as = "writer"',
        'spawn, program = "reader", fds = ["r"], as = "reader"',
    ]
    wait = 'wait, vm = "reader", exit_code = 0'
    fine = scenario_of(root="\n".join((PIPE, *spawns, wait)), reader=reader, writer=writer)
    assert told(fine) == []
    assert exit_code(fine) == 0
    late = scenario_of(root="\n".join((PIPE, *reversed(spawns), wait)), reader=reader, writer=writer)
    assert kinds(late, CERTAIN) == ["end-closed"]
    assert exit_code(late) == 255 - 256


def test_a_child_that_ends_at_once_has_closed_its_end_before_its_parent_goes_on() -> None:
    root = f'{PIPE}\nspawn, program = "child", fds = ["r"]\nwrite, fd = "w", text = "x"'
    scenario = scenario_of(root=root, child="")
    assert kinds(scenario, CERTAIN) == ["end-closed"]
    assert exit_code(scenario) == 7


@pytest.mark.parametrize(
    ("one", "other", "larger"), [("0.1", "0", True), ("0.2.1", "0.1", True), ("0.1.1", "0.2", False)]
)
def test_whose_id_is_larger_for_sure(one: str, other: str, larger: bool) -> None:
    """Not known of VM 0.1.1 and VM 0.2: who spawns first has to be known for that."""
    scenario = scenario_of(
        root='spawn, program = "child"\nspawn, program = "child"', child='spawn, program = "leaf"', leaf=""
    )
    world = unfold(scenario)
    match(world)
    number = {vm.place: vm.number for vm in world.vms}
    assert is_larger(world, number[one], number[other]) is larger
    assert not is_larger(world, number[other], number[one])


def test_limits_that_depend_on_who_has_ended() -> None:
    """Twenty children one after the other are never too many; twenty that wait for the root are."""
    one_by_one = (
        'repeat, times = 20, steps = [{ op = "spawn", program = "child", as = "c" }, { op = "wait", vm = "c" }]'
    )
    assert kinds(scenario_of(root=one_by_one, child="")) == []
    all_at_once = 'repeat, times = 20, steps = [{ op = "spawn", program = "child" }]'
    assert kinds(scenario_of(root=all_at_once, child="wait, vm = 0"), CERTAIN) == ["vm-limit"]
    assert told(scenario_of(root=all_at_once, child="")) == []
    assert exit_code(scenario_of(root=all_at_once, child="")) == 0


def test_fds_that_a_child_holds_count() -> None:
    child = 'repeat, times = 20, steps = [{ op = "pipe", as = ["r", "w"] }]\nwait, vm = 0'
    scenario = scenario_of(
        root='repeat, times = 12, steps = [{ op = "pipe", as = ["r", "w"] }]\nspawn, program = "child"\n' + PIPE,
        child=child,
    )
    (hint,) = told(scenario)
    assert (hint.level, hint.kind, hint.path) == (CERTAIN, "fd-limit", "programs.root.steps[2]")
    assert exit_code(scenario) == 9
    ended = scenario_of(
        root='repeat, times = 12, steps = [{ op = "pipe", as = ["r", "w"] }]\nspawn, program = "child"\n' + PIPE,
        child=child.partition("\n")[0],
    )
    assert told(ended) == []
    assert exit_code(ended) == 0


def test_an_id_is_not_known_where_an_opaque_vm_decides_who_comes_to_be() -> None:
    """Were the tool to end with 0, there would be a leaf, which VM 3 would be; so it is the waiting VM itself."""
    programs = {
        "root": 'spawn, program = "child"\nspawn, program = "other", as = "o"\nwait, vm = "o"',
        "child": 'spawn, program = "tool", as = "tool"\nwait, vm = "tool", exit_code = 0\nspawn, program = "leaf"',
        "other": "wait, vm = 3",
        "leaf": "",
    }
    scenario = scenario_of(programs, tool=FAILS)
    assert spawnlab.run_synchronously(scenario).outcome.deadlock is not None
    assert told(scenario) == []
    assert "guessed-id" in kinds(scenario)
    fine = scenario_of(programs, tool="")
    assert (kinds(fine, CERTAIN), exit_code(fine)) == ([], 0)
    assert "guessed-id" not in kinds(fine)


def test_a_vm_that_is_spawned_later_has_the_larger_id_whoever_spawns_it() -> None:
    """The grandchild is there before the reader, and so ends only when that one waits."""
    scenario = scenario_of(
        root=f'{PIPE}\nspawn, program = "child", fds = ["w"]\nspawn, program = "reader", fds = ["r"], as = "reader"\n'
        'wait, vm = "reader", exit_code = 0',
        child='inherited_fds, as = ["w"]\nspawn, program = "writer", fds = ["w"]',
        writer='inherited_fds, as = ["out"]\nwrite, fd = "out", text = "x"',
        reader='inherited_fds, as = ["in"]\nread, fd = "in", size = 1\nread, fd = "in", size = 1',
    )
    assert told(scenario) == []
    assert exit_code(scenario) == 0


def test_what_comes_after_the_end_of_a_stream_is_told_so_whenever_that_was() -> None:
    """When the other end is closed is not known: the tool decides. But the first read ends no otherwise."""
    scenario = scenario_of(
        root=f'{PIPE}\nspawn, program = "reader", fds = ["r"], as = "reader"\n'
        'spawn, program = "holder", fds = ["w"]\nwait, vm = "reader", exit_code = 7',
        reader='inherited_fds, as = ["in"]\nread, fd = "in", size = 1\nread, fd = "in", size = 1',
        holder='inherited_fds, as = ["out"]\nspawn, program = "tool", as = "tool"\nwait, vm = "tool"',
        tool=FAILS,
    )
    (hint,) = told(scenario)
    assert (hint.level, hint.kind, hint.path) == (CERTAIN, "end-closed", "programs.reader.steps[2]")
    assert verdict(hint, deeds_of(spawnlab.run_synchronously(scenario))) == TRUE
    assert exit_code(scenario) == 0
