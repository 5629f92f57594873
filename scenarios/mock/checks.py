"""What is odd about a mock transaction, said before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...scheduler.chain import DATA2, TYPE, ZERO_HASH, Cell, Script
from ...scheduler.verify.errors import MultipleMatches, ScriptError, ScriptNotFound
from ...scheduler.verify.programs import Programs
from ...scheduler.verify.type_id import is_type_id
from ...scheduler.verify.verifier import Verifier
from . import model
from .read import DEP_GROUP, MockTransaction, members, out_point_text
from .scripts import address_of

_UNUSED_SHOWN = _HASHES_SHOWN = 8


def oddities(mock: MockTransaction, verifier: Verifier) -> Iterator[str]:
    """Sentences: scripts without code, parts of ``mock_info`` that the transaction does not name, and outputs without
    data or data without outputs."""
    if not verifier.groups:
        yield "no script runs: no input is a cell (a cellbase's is none), and no output has a type script"
    for group in verifier.groups:
        if not is_type_id(group.script):
            yield from (f"{address_of(group)}: {said}" for said in _code(group.script, verifier))
    unused = list(_unused(mock.file))
    yield from unused[:_UNUSED_SHOWN]
    if len(unused) > _UNUSED_SHOWN:
        yield f"{len(unused) - _UNUSED_SHOWN} more of $.mock_info are not seen by any script"
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
    other = Script(script.code_hash, DATA2 if script.hash_type == TYPE else TYPE)
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
    return _those_that_are(script, deps)


def _those_that_are(script: Script, deps: Sequence[Cell]) -> str:
    """The hashes among which it is not."""
    if script.hash_type == TYPE:
        what, hashes = "type script hashes", [dep.output.type.hash() for dep in deps if dep.output.type is not None]
    else:
        what, hashes = "data hashes", [dep.data_hash for dep in deps]
    if not hashes:
        return "; no cell dep has a type script" if deps else "; there are no cell deps"
    more = ", ..." if len(hashes) > _HASHES_SHOWN else ""
    return f"; {what} of cell deps: {', '.join(f'0x{one.hex()}' for one in hashes[:_HASHES_SHOWN])}{more}"


def _unused(file: model.MockTransaction) -> Iterator[str]:
    named = {dep.out_point for dep in file.tx.cell_deps}
    for mock in file.mock_info.cell_deps:
        if mock.cell_dep.dep_type == DEP_GROUP and mock.cell_dep.out_point in named:
            named.update(members(mock))
    inputs, headers = set(file.tx.inputs), set(file.tx.header_deps)
    for index, mock in enumerate(file.mock_info.cell_deps):
        if mock.cell_dep.out_point not in named:
            yield _not_named(f"$.mock_info.cell_deps[{index}]", out_point_text(mock.cell_dep.out_point), "cell_deps")
    for index, given in enumerate(file.mock_info.inputs):
        if given.input not in inputs:
            where = f"$.mock_info.inputs[{index}]"
            yield _not_named(where, out_point_text(given.input.previous_output), "inputs")
    for index, header in enumerate(file.mock_info.header_deps):
        if header.hash not in headers:
            yield _not_named(f"$.mock_info.header_deps[{index}]", f"0x{header.hash.hex()}", "header_deps")


def _not_named(where: str, what: str, member: str) -> str:
    return f"{where}: {what} is not among $.tx.{member}, and is not seen by any script"
