"""Script groups: which scripts of a transaction run, and in which order (``transaction`` §8)."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..chain import Script
from ..transaction import ResolvedTransaction

GroupType = Literal["lock", "type"]


class ScriptGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Cells with the same script, which runs once for all of them."""

    script: Script
    type: GroupType
    hash: bytes
    """The script's."""
    inputs: tuple[int, ...] = ()
    """Numbers of the inputs whose cells have the script, ascending."""
    outputs: tuple[int, ...] = ()
    """The same of the outputs; none for a lock, which runs for inputs only."""

    @property
    def source(self) -> str:
        """Where the group is first met, in the reference's words: ``Inputs[0].Lock``."""
        place = f"Inputs[{self.inputs[0]}]" if self.inputs else f"Outputs[{self.outputs[0]}]"
        return f"{place}.{self.type.title()}"


def groups_of(resolved: ResolvedTransaction) -> tuple[ScriptGroup, ...]:
    """All groups in the order in which they run: locks by ascending hash, then type scripts by ascending hash."""
    locks: dict[Script, list[int]] = {}
    types: dict[Script, tuple[list[int], list[int]]] = {}
    for index, cell in enumerate(resolved.inputs):
        locks.setdefault(cell.output.lock, []).append(index)
        if cell.output.type is not None:
            types.setdefault(cell.output.type, ([], []))[0].append(index)
    for index, output in enumerate(resolved.transaction.outputs):
        if output.type is not None:
            types.setdefault(output.type, ([], []))[1].append(index)
    made = [
        ScriptGroup(script=script, type="lock", hash=script.hash(), inputs=tuple(inputs))
        for script, inputs in locks.items()
    ]
    made += [
        ScriptGroup(script=script, type="type", hash=script.hash(), inputs=tuple(inputs), outputs=tuple(outputs))
        for script, (inputs, outputs) in types.items()
    ]
    return tuple(sorted(made, key=lambda group: (group.type, group.hash)))  # "lock" comes before "type"
