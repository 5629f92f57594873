"""Why the built-in type id script does not pass, in words: there is no run that could be explained."""

from __future__ import annotations

from ..scheduler.chain import Transaction
from ..scheduler.hashing import HASH_SIZE
from ..scheduler.verify.groups import ScriptGroup
from ..scheduler.verify.type_id import TOO_MANY_CELLS, WRONG_ARGS, WRONG_HASH, exit_code_of, type_id_args


def why_refused(group: ScriptGroup, transaction: Transaction) -> str | None:
    """A sentence about a group of the type id script; ``None`` for one that passes."""
    code = exit_code_of(group, transaction)
    args = group.script.args
    if code == WRONG_ARGS and len(args) != HASH_SIZE:
        return f"the args of a type id are {HASH_SIZE} bytes, and these are {len(args)}"
    if code == WRONG_ARGS:
        return "no input, of which the args of a new type id are made"
    if code == TOO_MANY_CELLS:
        inputs, outputs = len(group.inputs), len(group.outputs)
        return (
            f"a type id is one cell, consumed once and made once; {inputs} inputs and {outputs} outputs have this one"
        )
    if code == WRONG_HASH:
        output = group.outputs[0]
        right = type_id_args(transaction, output).hex()
        return (
            f"a type id that output {output} begins has the args 0x{right}: the hash of the first input and of {output}"
        )
    return None
