"""Which scripts run, and in which order (``transaction`` §8, X4 to X6, X16)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spawnlab.scheduler.chain import CellOutput, Script
from spawnlab.scheduler.verify.groups import ScriptGroup

from .worlds import World, transaction

A, B, C = (Script(args=bytes([i])) for i in range(3))


def groups(inputs: list[tuple[Script, Script | None]], outputs: list[Script | None]) -> tuple[ScriptGroup, ...]:
    world = World()
    cells = [world.add(lock=lock, type=type_script) for lock, type_script in inputs]
    made = [CellOutput(1000, C, type_script) for type_script in outputs]
    return world.verifier(transaction(world, [], cells, made)).groups


def test_equal_scripts_run_once_and_output_locks_never() -> None:
    found = groups([(A, None), (B, A), (A, A)], [None, A, B])
    assert {(g.type, g.script, g.inputs, g.outputs) for g in found} == {
        ("lock", A, (0, 2), ()),
        ("lock", B, (1,), ()),
        ("type", A, (1, 2), (1,)),
        ("type", B, (), (2,)),
    }
    assert {g.source for g in found} == {"Inputs[0].Lock", "Inputs[1].Lock", "Inputs[1].Type", "Outputs[2].Type"}


@given(st.permutations([Script(args=bytes([i])) for i in range(5)]))
def test_the_order_is_that_of_the_hashes(scripts: list[Script]) -> None:
    found = groups([(script, script) for script in scripts], [])
    assert [g.type for g in found] == ["lock"] * 5 + ["type"] * 5
    hashes = sorted(script.hash() for script in scripts)
    assert [g.hash for g in found] == hashes * 2


def test_the_hash_covers_the_args_and_the_hash_type() -> None:
    found = groups([(Script(), None), (Script(hash_type=2), None), (Script(args=b"0"), None)], [])
    assert len({g.hash for g in found}) == 3
