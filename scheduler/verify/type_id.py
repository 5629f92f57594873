"""The type id script, which nodes have built in (``transaction`` §10)."""

from __future__ import annotations

from ..chain import TYPE, Script, Transaction
from ..hashing import HASH_SIZE, ckb_hash
from ..molecule import u64
from .errors import ExceededMaximumCycles, ValidationFailure
from .groups import ScriptGroup

TYPE_ID_CODE_HASH = b"TYPE_ID".rjust(HASH_SIZE, b"\0")
TYPE_ID_CYCLES = 1_000_000
WRONG_ARGS, TOO_MANY_CELLS, WRONG_HASH = -1, -2, -3
"""Its exit codes."""


def is_type_id(script: Script) -> bool:
    """Whether a script is the built-in one, wherever it stands."""
    return script.code_hash == TYPE_ID_CODE_HASH and script.hash_type == TYPE


def type_id_args(transaction: Transaction, output: int) -> bytes:
    """The args of a type id that is made as an output of this number: 32 bytes of the first input and the number.

    Raises :class:`IndexError` for a transaction without inputs.
    """
    return ckb_hash(transaction.inputs[0].encode() + u64(output))


def exit_code_of(group: ScriptGroup, transaction: Transaction) -> int:
    """What the script says of its group: 0, or why not."""
    if len(group.script.args) != HASH_SIZE:
        return WRONG_ARGS
    if len(group.inputs) > 1 or len(group.outputs) > 1:
        return TOO_MANY_CELLS
    if group.inputs:
        return 0
    if not transaction.inputs or not group.outputs:
        return WRONG_ARGS
    return 0 if group.script.args == type_id_args(transaction, group.outputs[0]) else WRONG_HASH


def run_type_id(group: ScriptGroup, transaction: Transaction, limit: int) -> int:
    """Run it within ``limit`` cycles; gives its cycles.

    Raises :class:`~.errors.ExceededMaximumCycles` and :class:`~.errors.ValidationFailure`.
    """
    if limit < TYPE_ID_CYCLES:
        raise ExceededMaximumCycles(limit)
    exit_code = exit_code_of(group, transaction)
    if exit_code:
        raise ValidationFailure(group.script, exit_code)
    return TYPE_ID_CYCLES
