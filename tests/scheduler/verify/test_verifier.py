"""Whole transactions, in one go and piece by piece (``transaction`` §10, §11, §13, X7 to X9)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.scheduler.chain import TYPE, Cell, CellDep, CellInput, CellOutput, OutPoint, Script, Transaction
from spawnlab.scheduler.events import AnyEvent, IterationEnded
from spawnlab.scheduler.limits import U64_MAX
from spawnlab.scheduler.processes import Observer
from spawnlab.scheduler.scheduler import Scheduler
from spawnlab.scheduler.syscalls.context import VmContext
from spawnlab.scheduler.syscalls.generator import consensus_syscalls
from spawnlab.scheduler.transaction import ScriptGroupData
from spawnlab.scheduler.verify.errors import (
    ExceededMaximumCycles,
    InvalidVmVersion,
    ScriptNotFound,
    TransactionScriptError,
    ValidationFailure,
    VmInternalError,
)
from spawnlab.scheduler.verify.groups import ScriptGroup
from spawnlab.scheduler.verify.type_id import TYPE_ID_CODE_HASH
from spawnlab.scheduler.verify.verifier import TransactionState, Verifier
from spawnlab.scheduler.verify.versions import rules_up_to
from spawnlab.vm.errors import Pause
from spawnlab.vm.machine import A7, Machine, SystemCall

from ..programs import SMALLEST, assembled, leave, pipe, read, spawn, wait
from .worlds import World, by_data, exits, transaction

ENDLESS = assembled("l:\n  j l\n").elf()
STUCK = assembled(pipe() + read(2, 1) + leave()).elf()
OWN_NUMBER = 2999
"""A system call that the chain has not."""
PARENT = assembled(spawn(1) + wait(1) + leave("[code]")).elf()


def world_of(*locks: bytes, programs: tuple[bytes, ...] = (), types: tuple[Script, ...] = ()) -> Verifier:
    """Inputs whose locks are these programs, and outputs with these types."""
    world = World()
    deps = [world.add(program) for program in (*dict.fromkeys(locks), *programs)]
    inputs = [world.add(lock=by_data(program)) for program in locks]
    outputs = [CellOutput(1, type=script) for script in types]
    return world.verifier(transaction(world, deps, inputs, outputs))


def used(verifier: Verifier) -> list[int]:
    """The cycles of each group on its own, in order."""
    return [verifier.verify_single(group.type, group.hash, U64_MAX) for group in verifier.groups]


def fault(verifier: Verifier, limit: int) -> TransactionScriptError:
    with pytest.raises(TransactionScriptError) as caught:
        verifier.verify(limit)
    return caught.value


def test_the_worked_example() -> None:
    world = World()
    dep, spent = OutPoint(b"\xaa" * 32, 0), OutPoint(b"\xbb" * 32, 0)
    lock = by_data(SMALLEST, b"\1\2")
    world.cells[dep] = Cell(CellOutput(1000), SMALLEST, dep)
    world.cells[spent] = Cell(CellOutput(0x174876E800, lock), b"", spent)
    made = Transaction(
        cell_deps=(CellDep(dep),),
        inputs=(CellInput(spent),),
        outputs=(CellOutput(1000),),
        outputs_data=(b"",),
        witnesses=(bytes.fromhex("11223344"),),
    )
    verifier = world.verifier(made)
    assert made.hash.hex() == "0f470d0d246e634c50fc4ccd69f9bdd5e6ed5d55c30398393eb13aefc1831aa6"
    assert [group.hash.hex() for group in verifier.groups] == [
        "e861bf617645438da76a09966481f4e718a27f168395b34c6c6ccc572f787236"
    ]
    assert verifier.verify(U64_MAX) == 539
    assert str(fault(verifier, 538)) == (
        "TransactionScriptError { source: Inputs[0].Lock, cause: ExceededMaximumCycles: expect cycles <= 538 }"
    )


def test_cycles_are_the_sum_of_all_groups() -> None:
    verifier = world_of(exits(0, work=1), exits(0, work=2), PARENT, programs=(exits(0, work=3),))
    assert len(verifier.groups) == 3
    assert verifier.verify(U64_MAX) == sum(used(verifier))
    assert verifier.verify(sum(used(verifier))) == sum(used(verifier))


def test_what_is_left_for_a_group_is_named() -> None:
    """X8, and X4: which group is over the limit is a matter of hashes."""
    verifier = world_of(exits(0, work=1), exits(0, work=2))
    first, second = used(verifier)
    error = fault(verifier, first + second - 1)
    assert isinstance(error.cause, ExceededMaximumCycles)
    assert error.cause.limit == second - 1
    assert error.group == verifier.groups[1]
    assert error.source == verifier.groups[1].source


def test_the_first_group_that_fails_is_it() -> None:
    verifier = world_of(exits(3), exits(-4), exits(0))
    failing = [group for group in verifier.groups if group.script != by_data(exits(0))]
    error = fault(verifier, U64_MAX)
    assert isinstance(error.cause, ValidationFailure)
    assert error.group == failing[0]
    assert error.cause.exit_code in (3, -4)
    assert str(error.cause) == (
        f"ValidationFailure: see error code {error.cause.exit_code} on page "
        "https://nervosnetwork.github.io/ckb-script-error-codes/by-data-hash/"
        f"{failing[0].script.code_hash.hex()}.html#{error.cause.exit_code}"
    )


def test_errors_of_the_scheduler_are_in_their_debug_form() -> None:
    error = fault(world_of(STUCK), U64_MAX)
    assert isinstance(error.cause, VmInternalError)
    assert str(error.cause) == 'VM Internal Error: Unexpected("A deadlock situation has been reached!")'
    error = fault(world_of(b"no program"), U64_MAX)
    assert str(error.cause).startswith("VM Internal Error: ElfParseError(")


def test_a_version_comes_before_the_code() -> None:
    """Both are wrong: the version is said."""
    world = World()
    made = transaction(world, [], [world.add(lock=Script(b"\1" * 32, 4))])
    assert isinstance(fault(world.verifier(made, rules_up_to(1)), 1).cause, InvalidVmVersion)
    assert isinstance(fault(world.verifier(made), 1).cause, ScriptNotFound)


def test_a_script_by_type_runs_in_the_newest_version() -> None:
    world = World()
    version = assembled("  li a7, 2041\n  ecall\n  li a7, 93\n  ecall\n").elf()
    kind = Script(args=b"kind")
    dep = world.add(version, type=kind)
    made = transaction(world, [dep], [world.add(lock=Script(kind.hash(), TYPE))])
    error = fault(world.verifier(made, rules_up_to(1)), U64_MAX)
    assert isinstance(error.cause, ValidationFailure)
    assert error.cause.exit_code == 1  # vm_version
    assert "by-type-hash" in str(error.cause)
    error = fault(world.verifier(made), U64_MAX)
    assert isinstance(error.cause, ValidationFailure)
    assert error.cause.exit_code == 2


def test_one_group_alone() -> None:
    verifier = world_of(exits(0), exits(5))
    good, bad = (by_data(exits(code)).hash() for code in (0, 5))
    assert verifier.verify_single("lock", good, U64_MAX) > 0
    with pytest.raises(ValidationFailure):
        verifier.verify_single("lock", bad, U64_MAX)
    with pytest.raises(ScriptNotFound, match=good.hex()):
        verifier.verify_single("type", good, U64_MAX)


def test_each_group_begins_afresh() -> None:
    """X7: cycles and ids begin again."""
    seen: list[list[AnyEvent]] = []

    def watch(group: ScriptGroup) -> list[Observer]:
        events: list[AnyEvent] = []
        seen.append(events)
        return [events.append]

    world = World()
    deps = [world.add(exits(0, work=1)), world.add(exits(0, work=2))]
    inputs = [world.add(lock=by_data(exits(0, work=work))) for work in (1, 2)]
    base = world.verifier(transaction(world, deps, inputs))
    verifier = Verifier(base.resolved, watch=watch)
    total = verifier.verify(U64_MAX)
    ends = [[e for e in events if isinstance(e, IterationEnded)][-1] for events in seen]
    assert [end.vm for end in ends] == [0, 0]
    assert sum(end.total for end in ends) == total


# Piece by piece


def test_a_piece_that_is_enough_is_the_whole() -> None:
    verifier = world_of(PARENT, exits(0, work=1))
    total = verifier.verify(U64_MAX)
    assert verifier.resumable_verify(total) == total


def resumed(verifier: Verifier, step: int) -> tuple[int, list[TransactionState]]:
    """Go on, each piece with ``step`` cycles; all cycles, and the states between."""
    states: list[TransactionState] = []
    result = verifier.resumable_verify(step)
    while isinstance(result, TransactionState):
        states.append(result)
        assert len(states) < 200
        result = verifier.resume_from_state(result, step)
    return result, states


@settings(deadline=None, max_examples=30)
@given(st.integers(800, 4000))
def test_pieces_come_to_the_end_group_after_group(step: int) -> None:
    verifier = world_of(exits(0, work=1), exits(0, work=2), exits(0, work=3))
    cycles, states = resumed(verifier, step)
    assert cycles == verifier.verify(U64_MAX)
    assert [state.current for state in states] == sorted(state.current for state in states)
    alone = used(verifier)
    for state in states:
        assert state.current_cycles == sum(alone[: state.current])
        assert 0 <= state.limit_cycles <= step


SPINS = [
    assembled(f"  li t0, {turns}\nl:\n  addi t0, t0, -1\n  bnez t0, l\n" + leave()).elf() for turns in (9000, 9001)
]


def test_a_later_group_has_what_is_left_of_the_piece() -> None:
    verifier = world_of(*SPINS)
    first, second = used(verifier)
    for left in (1, 1000, second - 1):
        state = verifier.resumable_verify(first + left)
        assert isinstance(state, TransactionState)
        assert (state.current, state.current_cycles, state.limit_cycles) == (1, first, left)


def test_of_a_group_that_is_gone_on_with_the_rest_counts() -> None:
    """What it spent in the piece before is not taken off this piece."""
    verifier = world_of(*SPINS)
    first, second = used(verifier)
    state = verifier.resumable_verify(first // 2)
    assert isinstance(state, TransactionState)
    assert state.state is not None
    before = Scheduler.resume(verifier.sg_data(verifier.groups[0]), state.state).consumed_cycles()
    assert 0 < before < first
    rest = first - before
    following = verifier.resume_from_state(state, rest + 1000)
    assert isinstance(following, TransactionState)
    assert (following.current, following.current_cycles, following.limit_cycles) == (1, first, 1000)
    assert verifier.resume_from_state(state, rest + second) == first + second


def test_the_same_in_another_way_is_not_made_anew() -> None:
    """Hashing all scripts again for each of many would take the square of the time."""
    verifier = world_of(exits(0), exits(1))
    others = [
        verifier.watched(lambda group: ()),
        verifier.calling(own_call, []),
        verifier.with_program(by_data(exits(0)), SMALLEST),
    ]
    assert all(other.groups is verifier.groups for other in others)
    assert verifier.rules is others[0].rules


def test_the_type_id_is_suspended_too() -> None:
    args = bytes(32)
    world = World()
    script = Script(TYPE_ID_CODE_HASH, TYPE, args)
    verifier = world.verifier(transaction(world, [], [world.add(lock=script)]))
    state = verifier.resumable_verify(999_999)
    assert isinstance(state, TransactionState)
    assert (state.current, state.state, state.current_cycles, state.limit_cycles) == (0, None, 0, 999_999)
    assert verifier.resume_from_state(state, 1_000_000) == 1_000_000
    assert verifier.complete(state, 1_000_000) == 1_000_000
    with pytest.raises(TransactionScriptError, match="expect cycles <= 999999 }"):
        verifier.complete(state, 999_999)


def test_completing_gives_the_current_group_its_whole_share_again() -> None:
    """X9: what it has spent before does not count, so that more than the limit may be returned."""
    spin = assembled("  li t0, 10000\nl:\n  addi t0, t0, -1\n  bnez t0, l\n" + leave()).elf()
    verifier = world_of(spin)
    total = verifier.verify(U64_MAX)
    state = verifier.resumable_verify(total // 2)
    assert isinstance(state, TransactionState)
    assert state.state is not None
    limit = total * 2 // 3
    assert verifier.complete(state, limit) == total > limit
    with pytest.raises(TransactionScriptError, match=f"expect cycles <= {total // 4} }}"):
        verifier.complete(state, total // 4)


def test_a_failure_in_a_later_piece() -> None:
    spin = assembled("  li t0, 10000\nl:\n  addi t0, t0, -1\n  bnez t0, l\n" + leave(9)).elf()
    verifier = world_of(spin)
    state = verifier.resumable_verify(10_000)
    assert isinstance(state, TransactionState)
    for go_on in (verifier.resume_from_state, verifier.complete):
        with pytest.raises(TransactionScriptError, match="see error code 9 "):
            go_on(state, U64_MAX)


def test_endless_runs_are_cut_into_pieces_for_ever() -> None:
    verifier = world_of(ENDLESS)
    state = verifier.resumable_verify(50_000)
    for _ in range(5):
        assert isinstance(state, TransactionState)
        state = verifier.resume_from_state(state, 50_000)
    assert isinstance(state, TransactionState)


def test_states_of_no_group_and_of_spent_limits() -> None:
    verifier = world_of(exits(0))
    nowhere = TransactionState(current=7, state=None, current_cycles=5, limit_cycles=0)
    for go_on in (verifier.resume_from_state, verifier.complete):
        with pytest.raises(TransactionScriptError) as caught:
            go_on(nowhere, 10)
        assert str(caught.value) == (
            "TransactionScriptError { source: Unknown, cause: Other Error: snapshot group missing 7 }"
        )
    spent = TransactionState(current=0, state=None, current_cycles=11, limit_cycles=0)
    with pytest.raises(TransactionScriptError) as caught:
        verifier.complete(spent, 10)
    assert str(caught.value).endswith("Inputs[0].Lock, cause: ExceededMaximumCycles: expect cycles <= 10 }")


def test_sums_of_more_than_64_bits() -> None:
    verifier = world_of(exits(0))
    (alone,) = used(verifier)
    state = TransactionState(current=0, state=None, current_cycles=U64_MAX - alone + 1, limit_cycles=0)
    with pytest.raises(TransactionScriptError) as caught:
        verifier.resume_from_state(state, U64_MAX)
    assert str(caught.value.cause) == f"CyclesOverflow: lhs {U64_MAX - alone + 1} rhs {alone}"


@given(st.integers(0, 100), st.integers(0, 100), st.integers(1, 100), st.integers(100, 300))
def test_next_limit(current: int, before: int, step: int, limit: int) -> None:
    state = TransactionState(current=0, state=None, current_cycles=current, limit_cycles=before)
    following, last = state.next_limit_cycles(step, limit)
    assert following == min(before + step, limit - current)
    assert last == (before + step >= limit - current)


def own_call(vm_id: int, sg_data: ScriptGroupData, vm_context: VmContext, raised: list[int]) -> Sequence[SystemCall]:
    """The chain's system calls, and a pause that is written down."""

    def pause(machine: Machine) -> bool:
        if machine.registers[A7] != OWN_NUMBER:
            return False
        raised.append(vm_id)
        raise Pause

    return (*consensus_syscalls(vm_id, sg_data, vm_context, None), pause)


def test_machines_may_have_other_system_calls_also_when_gone_on_with() -> None:
    program = assembled(f"  li a7, {OWN_NUMBER}\n  ecall\n  li a7, {OWN_NUMBER}\n  ecall\n" + leave()).elf()
    plain = world_of(program)
    assert isinstance(fault(plain, U64_MAX).cause, VmInternalError)
    raised: list[int] = []
    made = Verifier(plain.resolved, generator=own_call, context=raised)
    for verifier in (made, made.watched(lambda _: []), made.with_program(plain.groups[0].script, program)):
        raised.clear()
        result = verifier.resumable_verify(U64_MAX)
        pieces = 1
        while isinstance(result, TransactionState):
            result = verifier.resume_from_state(result, U64_MAX)
            pieces += 1
        assert (pieces, raised) == (3, [0, 0])
