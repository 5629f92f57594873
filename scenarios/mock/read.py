"""Reading a mock transaction, and what it says of the chain (``transaction`` §12)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ...scheduler import chain
from ...scheduler.transaction import ResolvedTransaction
from ...scheduler.verify.errors import Dead, InvalidDepGroup, OverMaxDepExpansionLimit, ResolveError
from ...scheduler.verify.resolving import KnownChain, out_points_of, resolve
from ..errors import ScenarioError
from ..formats import parse
from ..load import located
from . import model
from .templates import replaced
from .values import decode

K = TypeVar("K")
V = TypeVar("V")
DEP_GROUP = "dep_group"
SIZE_MAX = 256 << 20
"""Bytes of a file: real transactions name cells of megabytes."""


class MockTransaction(msgspec.Struct, frozen=True, dict=True):
    """A transaction with all that it names. ``resolved`` is made when it is asked for."""

    file: model.MockTransaction
    """As it is in the file."""

    @cached_property
    def transaction(self) -> chain.Transaction:
        """The transaction itself."""
        tx = self.file.tx
        return chain.Transaction(
            version=int(tx.version),
            cell_deps=tuple(chain.CellDep(_out_point(dep.out_point), _dep_type(dep)) for dep in tx.cell_deps),
            header_deps=tuple(map(bytes, tx.header_deps)),
            inputs=tuple(_input(given) for given in tx.inputs),
            outputs=tuple(_output(output) for output in tx.outputs),
            outputs_data=tuple(map(bytes, tx.outputs_data)),
            witnesses=tuple(map(bytes, tx.witnesses)),
        )

    @cached_property
    def cells(self) -> Mapping[chain.OutPoint, chain.Cell]:
        """The cells that the transaction names, and those that its dep groups list.

        A cell that is an input and a dep is what is given for the dep. Raises :class:`ScenarioError` for one that is
        missing.
        """
        found: dict[chain.OutPoint, chain.Cell] = {}
        inputs = _first((mock.input, mock) for mock in self.file.mock_info.inputs)
        for index, given in enumerate(self.file.tx.inputs):
            mock = inputs.get(given)
            if mock is None:
                raise ScenarioError(self._no_input(given), path=f"$.tx.inputs[{index}]")
            found[_out_point(given.previous_output)] = _cell(mock, given.previous_output)
        seen: set[model.CellDep] = set()  # a dep group of many members may be named many times
        for index, dep in enumerate(self.file.tx.cell_deps):
            if dep not in seen:
                found.update(self._dep(dep, f"$.tx.cell_deps[{index}]"))
            seen.add(dep)
        return found

    @cached_property
    def headers(self) -> Mapping[bytes, chain.Header]:
        """Headers by the hashes that are given for them, of equal ones the first."""
        headers: dict[bytes, chain.Header] = {}
        for given in self.file.mock_info.header_deps:
            fields: dict[str, Any] = {name: _plain(getattr(given, name)) for name in chain.Header.__struct_fields__}
            headers.setdefault(bytes(given.hash), chain.Header(**fields))
        for index, block_hash in enumerate(self.file.tx.header_deps):
            if block_hash not in headers:
                raise ScenarioError(
                    f"no header of $.mock_info.header_deps has the hash 0x{block_hash.hex()}",
                    path=f"$.tx.header_deps[{index}]",
                )
        return headers

    @cached_property
    def extensions(self) -> Mapping[bytes, bytes]:
        """Block extensions by block hash, of equal ones the last."""
        return {bytes(block_hash): bytes(content) for block_hash, content in self.file.mock_info.extensions}

    @cached_property
    def resolved(self) -> ResolvedTransaction:
        """The transaction with its cells; raises :class:`ScenarioError`."""
        try:
            return resolve(
                self.transaction, KnownChain(cells=self.cells, headers=self.headers, extensions=self.extensions)
            )
        except ResolveError as error:
            raise ScenarioError(f"the transaction can't be resolved: {error}", path=self._place_of(error)) from None

    def _place_of(self, error: ResolveError) -> str:
        tx = self.file.tx
        if isinstance(error, Dead):
            places = [i for i, given in enumerate(tx.inputs) if _out_point(given.previous_output) == error.out_point]
            return f"$.tx.inputs[{places[-1]}]"
        if isinstance(error, InvalidDepGroup):
            places = [i for i, dep in enumerate(tx.cell_deps) if _out_point(dep.out_point) == error.out_point]
            return f"$.tx.cell_deps[{places[0]}]"
        return "$.tx.cell_deps" if isinstance(error, OverMaxDepExpansionLimit) else "$.tx"

    def _dep(self, dep: model.CellDep, path: str) -> Iterator[tuple[chain.OutPoint, chain.Cell]]:
        mock = self._mock_dep(dep.out_point)
        if mock is None:
            raise ScenarioError(
                f"no cell of $.mock_info.cell_deps has the out point {out_point_text(dep.out_point)}", path=path
            )
        for number, member in enumerate(members(mock) if dep.dep_type == DEP_GROUP else ()):
            cell = self._mock_dep(member)
            if cell is None:
                raise ScenarioError(
                    f"member {number} of the dep group is not among $.mock_info.cell_deps: {out_point_text(member)}",
                    path=path,
                )
            yield _out_point(member), _cell(cell, member)
        yield _out_point(dep.out_point), _cell(mock, dep.out_point)

    def _mock_dep(self, out_point: model.OutPoint) -> model.MockCellDep | None:
        return self._mock_deps.get(out_point)

    @cached_property
    def _mock_deps(self) -> Mapping[model.OutPoint, model.MockCellDep]:
        return _first((mock.cell_dep.out_point, mock) for mock in self.file.mock_info.cell_deps)

    def _no_input(self, given: model.CellInput) -> str:
        same = [m for m in self.file.mock_info.inputs if m.input.previous_output == given.previous_output]
        message = f"no input of $.mock_info.inputs is of {out_point_text(given.previous_output)}"
        if same:
            return f"{message} since {hex(given.since)}; one is since {hex(same[0].input.since)}, and must be the same"
        return message


def parse_mock(text: str, folder: Path) -> MockTransaction:
    """A mock transaction of a text, its templates replaced by what is in ``folder``; raises :class:`ScenarioError`."""
    if not text.strip():
        raise ScenarioError("the file is empty; a mock transaction has mock_info and tx")
    plain = replaced(text, folder)
    values: Any = parse(plain, ".json")
    try:
        return MockTransaction(msgspec.convert(values, model.MockTransaction, dec_hook=decode))
    except msgspec.ValidationError as error:
        from ..hints import scenario_error  # looks into the model, which takes time

        raise _in_lines(located(scenario_error(error, values, model.MockTransaction), plain, ".json"), text) from None


def _in_lines(error: ScenarioError, text: str) -> ScenarioError:
    """The error with the line as it stands in the file: what templates are replaced by has no line ends."""
    return error if error.line is None else error.at_line(error.line, text.splitlines()[error.line - 1])


def out_point_text(out_point: model.OutPoint) -> str:
    """An out point for people."""
    return f"{int(out_point.index)} of 0x{out_point.tx_hash.hex()}"


def members(mock: model.MockCellDep) -> Iterator[model.OutPoint]:
    """The out points that a dep group lists; none where its data are no list."""
    for member in out_points_of(bytes(mock.data)) or ():
        yield model.OutPoint(tx_hash=model.Hash(member.tx_hash), index=model.U32(member.index))


def _first(pairs: Iterable[tuple[K, V]]) -> dict[K, V]:
    """Of equal keys the first."""
    found: dict[K, V] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def _plain(value: int | bytes) -> int | bytes:
    return int(value) if isinstance(value, int) else bytes(value)


def _dep_type(dep: model.CellDep) -> int:
    return int(dep.dep_type == DEP_GROUP)


def _out_point(given: model.OutPoint) -> chain.OutPoint:
    return chain.OutPoint(bytes(given.tx_hash), int(given.index))


def _input(given: model.CellInput) -> chain.CellInput:
    return chain.CellInput(_out_point(given.previous_output), int(given.since))


def _script(given: model.Script) -> chain.Script:
    """A script as a value."""
    return chain.Script(bytes(given.code_hash), int(given.hash_type), bytes(given.args))


def _output(given: model.CellOutput) -> chain.CellOutput:
    lock, type_script = _script(given.lock), None if given.type is None else _script(given.type)
    return chain.CellOutput(int(given.capacity), lock, type_script)


def _cell(mock: model.MockInput | model.MockCellDep, out_point: model.OutPoint) -> chain.Cell:
    block_hash = bytes(mock.header) if mock.header is not None else chain.ZERO_HASH
    return chain.Cell(_output(mock.output), bytes(mock.data), _out_point(out_point), block_hash)
