"""Numbers in place of names: which fd or VM they are is known where nobody else can have got them."""

from __future__ import annotations

import pytest

import spawnlab
from spawnlab.hints.hints import hints_of
from spawnlab.hints.model import CERTAIN, NOTE

from .claims import TRUE, deeds_of, verdict
from .writing import kinds, scenario_of, the

PIPE = 'pipe, as = ["r", "w"]'


def test_the_roots_pipes_have_known_numbers() -> None:
    assert kinds(scenario_of(root=f"{PIPE}\nclose, fd = 2\nclose, fd = 3")) == []
    assert kinds(scenario_of(root=f"{PIPE}\nclose, fd = 2\nclose, fd = 2")) == ["closed-fd"]
    assert kinds(scenario_of(root=f"{PIPE}\nread, fd = 3, size = 1")) == ["wrong-end"]
    assert kinds(scenario_of(root=f"{PIPE}\nread, fd = 2, size = 1")) == ["own-pipe"]
    assert kinds(scenario_of(root=f"{PIPE}\nclose, fd = 4")) == ["no-such-fd"]
    assert kinds(scenario_of(root="close, fd = 0")) == ["no-such-fd"]


def test_a_child_may_use_the_number_of_what_it_was_given() -> None:
    root = f'{PIPE}\nspawn, program = "child", fds = ["w"], as = "c"\nread, fd = "r", size = 1\nwait, vm = "c"'
    assert kinds(scenario_of(root=root, child='write, fd = 3, text = "x"')) == []
    assert kinds(scenario_of(root=root, child='write, fd = 5, text = "x"'), CERTAIN) == ["end-closed", "no-such-fd"]


def test_a_list_of_fds_ends_at_a_zero() -> None:
    root = f'{PIPE}\nspawn, program = "child", fds = ["w", 0, "r"], as = "c"\nwait, vm = "c"\nclose, fd = "r"'
    assert kinds(scenario_of(root=root, child='inherited_fds, as = ["w"]')) == []
    assert kinds(scenario_of(root=root, child='inherited_fds, as = ["w", "r"]')) == ["fd-count"]


def test_where_others_make_pipes_a_number_may_be_any() -> None:
    child = f'inherited_fds, as = ["in"]\n{PIPE}\nclose, fd = "r"\nclose, fd = "w"'
    root = f'{PIPE}\nspawn, program = "child", fds = ["r"], as = "c"\npipe, as = ["a", "b"]\nclose, fd = 6'
    assert "not-followed" in kinds(scenario_of(root=root, child=child))
    early = (
        f'{PIPE}\nspawn, program = "child", fds = ["r"], as = "c"\npipe, as = ["a", "b"]\nclose, fd = 3\nwait, vm = "c"'
    )
    assert kinds(scenario_of(root=early, child=child)) == []


def test_a_number_of_the_other_direction_is_wrong_whatever_it_is() -> None:
    child = f'{PIPE}\npipe, as = ["a", "b"]\nread, fd = 5, size = 1'
    scenario = scenario_of(root='spawn, program = "child"', child=child)
    assert the(scenario, "wrong-end").level == CERTAIN


def test_ids_count_up() -> None:
    root = 'spawn, program = "child"\nspawn, program = "child"\nwait, vm = 1\nwait, vm = 2'
    assert kinds(scenario_of(root=root, child="")) == []
    assert kinds(scenario_of(root=f"{root}\nwait, vm = 3", child="")) == ["wait-for-nobody"]
    assert kinds(scenario_of(root=f"wait, vm = 1\n{root}", child="")) == ["wait-for-nobody"]
    assert kinds(scenario_of(root="wait, vm = 0")) == ["self-wait"]
    assert kinds(scenario_of(root=f"{root}\nwait, vm = 1", child=""), CERTAIN) == ["wait-again"]


def test_ids_of_a_tree_follow_from_the_chains_rule() -> None:
    """The grandchild is spawned before the root's second child: it is VM 2, and that child is VM 3."""
    child, root = 'spawn, program = "leaf", as = "leaf"', 'spawn, program = "child"\nspawn, program = "other", as = "o"'
    scenario = scenario_of(root=f'{root}\nwait, vm = "o"', child=child, leaf="", other="wait, vm = 3")
    hint = the(scenario, "self-wait")
    assert (hint.level, hint.claim, [spot.vm for spot in hint.spots]) == (CERTAIN, "deadlock", ["0.2"])
    assert verdict(hint, deeds_of(spawnlab.run_synchronously(scenario))) == TRUE
    fine = scenario_of(root=f'{root}\nwait, vm = "o"', child=child, leaf="", other="wait, vm = 2")
    assert [hint.kind for hint in hints_of(fine) if hint.level != NOTE] == []
    assert spawnlab.run_synchronously(fine).outcome.exit_code == 0


@pytest.mark.parametrize(("second", "expected"), [("wait, vm = 2", ["wait-for-nobody"]), ("", [])])
def test_a_wait_for_one_that_is_spawned_later(second: str, expected: list[str]) -> None:
    """The first child runs before the root spawns the second."""
    root = 'spawn, program = "first", as = "a"\nspawn, program = "other", as = "b"\nwait, vm = "a"\nwait, vm = "b"'
    scenario = scenario_of(root=root, first=second, other="")
    assert kinds(scenario) == expected
    for hint in hints_of(scenario):
        assert verdict(hint, deeds_of(spawnlab.run_synchronously(scenario))) == TRUE


def test_numbers_that_an_expect_compares() -> None:
    assert kinds(scenario_of(root=f'{PIPE}\nexpect, value = "r", equals = 2')) == []
    assert kinds(scenario_of(root=f'{PIPE}\nexpect, value = "r", equals = 3')) == ["never-equal"]
    assert kinds(scenario_of(root='process_id, as = "own"\nexpect, value = "own", equals = 0')) == []


def test_counts_and_exit_codes_go_from_vm_to_vm() -> None:
    """The child's exit code is what it has read, and the root's is the child's."""
    root = f'{PIPE}\nspawn, program = "child", fds = ["r"], as = "c"\nwrite, fd = "w", text = "12345"\n'
    child = 'inherited_fds, as = ["in"]\nread, fd = "in", size = 64, count = "n"\nexit, code = "n"'
    assert kinds(scenario_of(root=f'{root}wait, vm = "c", exit_code = 5', child=child)) == []
    assert kinds(scenario_of(root=f'{root}wait, vm = "c", exit_code = 6', child=child)) == ["other-exit-code"]
    named = f'{root}wait, vm = "c", as = "code"\nexpect, value = "code", equals = '
    assert kinds(scenario_of(root=f"{named}5", child=child)) == []
    assert kinds(scenario_of(root=f"{named}4", child=child)) == ["never-equal"]


def test_an_id_that_a_vm_would_have_may_be_anothers() -> None:
    """The first child ends before it has spawned the leaf that would be VM 2, so that the second child is that."""
    root = 'spawn, program = "child", as = "a"\nwait, vm = "a"\nspawn, program = "child", as = "b"\nwait, vm = "b"'
    scenario = scenario_of(root=root, child='wait, vm = 2\nspawn, program = "leaf"', leaf="")
    deeds = deeds_of(spawnlab.run_synchronously(scenario))
    assert deeds.deadlock
    assert kinds(scenario, CERTAIN) == []
    assert "guessed-id" in kinds(scenario)
