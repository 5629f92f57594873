"""What is odd about a mock transaction, said before anything runs."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice

from ...scheduler.chain import DATA2, TYPE, ZERO_HASH, Cell, Script
from ...scheduler.verify.errors import MultipleMatches, ScriptError, ScriptNotFound
from ...scheduler.verify.programs import Programs
from ...scheduler.verify.type_id import is_type_id
from ...scheduler.verify.verifier import Verifier
from . import model
from .read import DEP_GROUP, MockTransaction, members, out_point_text
from .scripts import address_of

_SHOWN = 8
"""Notes of a kind, and hashes."""


def oddities(mock: MockTransaction, verifier: Verifier) -> Iterator[str]:
    """Sentences: scripts without code, parts of ``mock_info`` that the transaction does not name, and outputs without
    data or data without outputs."""
    if not verifier.groups:
        yield "no script runs: no input is a cell (a cellbase's is none), and no output has a type script"
    yield from _some(_codes(verifier), "{} more scripts have no code")
    yield from _some(_unused(mock.file), "{} more of $.mock_info are not seen by any script")
    outputs, contents = len(mock.file.tx.outputs), len(mock.file.tx.outputs_data)
    if outputs != contents:
        yield f"$.tx has {outputs} outputs and {contents} outputs_data: a node takes it with as many of both only"


def _some(notes: Iterable[str], rest: str) -> Iterator[str]:
    """The first few, and how many more there are: a large file may have thousands."""
    more = iter(notes)
    yield from islice(more, _SHOWN)
    left = sum(1 for _ in more)
    if left:
        yield rest.format(left)


def _codes(verifier: Verifier) -> Iterator[str]:
    deps = verifier.resolved.cell_deps
    programs = Programs(deps)
    hashes = {cell.data_hash for cell in verifier.resolved.inputs}
    for group in verifier.groups:
        script = group.script
        if is_type_id(script):
            continue
        hash_text = f"0x{script.code_hash.hex()}"
        try:
            verifier.code_of(script)
        except ScriptNotFound:
            why = _other_way(script, programs, hashes) or _those_that_are(script, deps)
            yield f"{address_of(group)}: no cell dep has {_wanted(script)} {hash_text}{why}"
        except MultipleMatches:
            several = f"several cell deps have the type script hash {hash_text}, and not all the same data"
            yield f"{address_of(group)}: {several}"
        except ScriptError as error:
            yield f"{address_of(group)}: {error}"


def _wanted(script: Script) -> str:
    return "the type script hash" if script.hash_type == TYPE else "the data hash"


def _other_way(script: Script, programs: Programs, inputs: Container[bytes]) -> str | None:
    """Whether it is found by the other kind of hash, or among the data hashes of inputs."""
    other = Script(script.code_hash, DATA2 if script.hash_type == TYPE else TYPE)
    try:
        index = programs.index_of(other)
    except ScriptError:
        pass
    else:
        return f"; it is {_wanted(other)} of cell dep {index}: is another hash_type meant?"
    if script.code_hash == ZERO_HASH:
        return ", which no code has: is it not to run?"
    return "; an input has it, but only cell deps count" if script.code_hash in inputs else None


def _those_that_are(script: Script, deps: Sequence[Cell]) -> str:
    """The hashes among which it is not."""
    if script.hash_type == TYPE:
        what, hashes = "type script hashes", [dep.output.type.hash() for dep in deps if dep.output.type is not None]
    else:
        what, hashes = "data hashes", [dep.data_hash for dep in deps]
    if not hashes:
        return "; no cell dep has a type script" if deps else "; there are no cell deps"
    more = ", ..." if len(hashes) > _SHOWN else ""
    return f"; {what} of cell deps: {', '.join(f'0x{one.hex()}' for one in hashes[:_SHOWN])}{more}"


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
