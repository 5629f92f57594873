"""What is odd about a mock transaction, said before anything runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...scheduler.chain import TYPE, ZERO_HASH, Script
from ...scheduler.verify.errors import MultipleMatches, ScriptError, ScriptNotFound
from ...scheduler.verify.programs import Programs
from ...scheduler.verify.type_id import is_type_id
from ...scheduler.verify.verifier import Verifier
from . import model
from .read import DEP_GROUP, MockTransaction, members, out_point_text
from .scripts import address_of


def oddities(mock: MockTransaction, verifier: Verifier) -> Iterator[str]:
    """Sentences: scripts without code, parts of ``mock_info`` that the transaction does not name, and outputs without
    data or data without outputs."""
    for group in verifier.groups:
        if not is_type_id(group.script):
            yield from (f"{address_of(group)}: {said}" for said in _code(group.script, verifier))
    yield from _unused(mock.file)
    outputs, contents = len(mock.file.tx.outputs), len(mock.file.tx.outputs_data)
    if outputs != contents:
        yield f"$.tx has {outputs} outputs and {contents} outputs_data: a node takes it with as many of both only"


def _code(script: Script, verifier: Verifier) -> Iterator[str]:
    try:
        verifier.code_of(script)
    except ScriptNotFound:
        yield f"no cell dep has {_wanted(script)} 0x{script.code_hash.hex()}{_other_way(script, verifier)}"
    except MultipleMatches:
        yield f"several cell deps have the type script hash 0x{script.code_hash.hex()}, and not all the same data"
    except ScriptError as error:
        yield str(error)


def _wanted(script: Script) -> str:
    return "the type script hash" if script.hash_type == TYPE else "the data hash"


def _other_way(script: Script, verifier: Verifier) -> str:
    """Whether it is found by the other kind of hash, or among the inputs."""
    deps = verifier.resolved.cell_deps
    other = Script(script.code_hash, 4 if script.hash_type == TYPE else TYPE)
    try:
        index = Programs(deps).index_of(other)
    except ScriptError:
        pass
    else:
        return f"; it is {_wanted(other)} of cell dep {index}: is another hash_type meant?"
    if script.code_hash == ZERO_HASH:
        return ", which no code has: is it not to run?"
    if any(cell.data_hash == script.code_hash for cell in verifier.resolved.inputs):
        return "; an input has it, but only cell deps count"
    return f"; data hashes of cell deps: {', '.join(f'0x{dep.data_hash.hex()}' for dep in deps[:8])}" if deps else ""


def _unused(file: model.MockTransaction) -> Iterator[str]:
    named = Counter(dep.out_point for dep in file.tx.cell_deps)
    for mock in file.mock_info.cell_deps:
        if mock.cell_dep.dep_type == DEP_GROUP and mock.cell_dep.out_point in named:
            named.update(members(mock))
    for index, mock in enumerate(file.mock_info.cell_deps):
        if mock.cell_dep.out_point not in named:
            yield _not_named(f"$.mock_info.cell_deps[{index}]", out_point_text(mock.cell_dep.out_point), "cell_deps")
    for index, given in enumerate(file.mock_info.inputs):
        if given.input not in file.tx.inputs:
            where = f"$.mock_info.inputs[{index}]"
            yield _not_named(where, out_point_text(given.input.previous_output), "inputs")
    for index, header in enumerate(file.mock_info.header_deps):
        if header.hash not in file.tx.header_deps:
            yield _not_named(f"$.mock_info.header_deps[{index}]", f"0x{header.hash.hex()}", "header_deps")


def _not_named(where: str, what: str, member: str) -> str:
    return f"{where}: {what} is not among $.tx.{member}, and is not seen by any script"
