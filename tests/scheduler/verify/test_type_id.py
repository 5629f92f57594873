"""The type id script (``transaction`` §10, X15)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.chain import TYPE, CellOutput, Script, Transaction
from spawnlab.scheduler.verify.errors import ScriptNotFound, ValidationFailure
from spawnlab.scheduler.verify.groups import ScriptGroup
from spawnlab.scheduler.verify.type_id import TYPE_ID_CODE_HASH, exit_code_of, type_id_args
from spawnlab.scheduler.verify.verifier import Verifier

from .worlds import ANYONE, World, transaction


def made(count: int, args: bytes | None = None, *, first_output: int = 0) -> tuple[Verifier, ScriptGroup]:
    """A transaction that makes so many cells of one type id, behind others."""
    world = World()
    plain = transaction(world, [], [world.add(), world.add()])
    given = type_id_args(plain, first_output) if args is None else args
    output = CellOutput(1, ANYONE, Script(TYPE_ID_CODE_HASH, TYPE, given))
    outputs = [CellOutput(1)] * first_output + [output] * count
    verifier = world.verifier(transaction(world, [], [i.previous_output for i in plain.inputs], outputs))
    return verifier, next(g for g in verifier.groups if g.type == "type")


def code(verifier: Verifier, group: ScriptGroup) -> int:
    """What the built-in script says; -1 to -3 by its failure."""
    try:
        assert verifier.verify_single("type", group.hash, 1_000_000) == 1_000_000
    except ValidationFailure as error:
        page = f"by-type-hash/{TYPE_ID_CODE_HASH.hex()}.html#{error.exit_code}"
        return error.exit_code if str(error).endswith(page) else 1
    return 0


@pytest.mark.parametrize("first_output", [0, 1, 7])
def test_a_new_one_is_named_by_the_first_input_and_its_place(first_output: int) -> None:
    assert code(*made(1, first_output=first_output)) == 0


@pytest.mark.parametrize(
    ("count", "args", "found"), [(1, bytes(32), -3), (1, bytes(31), -1), (1, b"", -1), (2, None, -2), (2, b"", -1)]
)
def test_what_is_wrong_with_a_new_one(count: int, args: bytes | None, found: int) -> None:
    assert code(*made(count, args)) == found


@pytest.mark.parametrize(("inputs", "outputs", "found"), [(1, 1, 0), (1, 0, 0), (2, 0, -2), (1, 2, -2)])
def test_one_that_is_there_may_be_moved_and_destroyed(inputs: int, outputs: int, found: int) -> None:
    world, script = World(), Script(TYPE_ID_CODE_HASH, TYPE, b"\x07" * 32)
    cells = [world.add(type=script) for _ in range(inputs)]
    verifier = world.verifier(transaction(world, [], cells, [CellOutput(1, type=script)] * outputs))
    assert code(verifier, verifier.groups[-1]) == found


def test_without_inputs_there_is_nothing_to_be_named_by() -> None:
    group = ScriptGroup(script=Script(TYPE_ID_CODE_HASH, TYPE, bytes(32)), type="type", hash=b"", outputs=(0,))
    assert exit_code_of(group, Transaction()) == -1
    assert exit_code_of(ScriptGroup(script=group.script, type="type", hash=b""), Transaction()) == -1


def test_only_by_type() -> None:
    world = World()
    script = Script(TYPE_ID_CODE_HASH, 0, bytes(32))
    verifier = world.verifier(transaction(world, [], [world.add(lock=script)]))
    with pytest.raises(ScriptNotFound):
        verifier.verify_single("lock", script.hash(), 1_000_000)


def test_as_a_lock_it_is_built_in_too() -> None:
    world = World()
    script = Script(TYPE_ID_CODE_HASH, TYPE, bytes(32))
    verifier = world.verifier(transaction(world, [], [world.add(lock=script)]))
    assert verifier.verify(1_000_000) == 1_000_000
