"""Cases for the scheduler, as the reference runner reads them (``reference/README.md``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import msgspec

from ..scenarios.load import read_file
from ..scheduler.chain import SHANNONS_PER_BYTE, CellDep, Header, OutPoint, Script
from ..scheduler.hashing import ckb_hash
from ..scheduler.limits import U64_MAX
from ..scheduler.mockup import THE_SCRIPT, MockCell, Surroundings, mock_group
from ..scheduler.transaction import ScriptGroupData
from .modes import Mode
from .tally import RecordError

ZEROS_MAX = 64 << 20
CAPACITY = 10_000_000_000
"""Of a cell whose capacity is not given: shannons."""


class ScriptSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A script of a cell."""

    code_hash: Any
    hash_type: int
    args: Any = ""


class OutPointSpec(msgspec.Struct, forbid_unknown_fields=True):
    """An output of a transaction."""

    tx_hash: Any
    index: int


class DepSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A cell dep that the transaction itself names."""

    out_point: OutPointSpec
    dep_type: int = 0


class DepCellSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A cell without its data; ``"self"`` is the script under test."""

    lock: ScriptSpec | str | None = None
    type: ScriptSpec | str | None = None
    capacity: int | None = None
    block_hash: Any = None


class CellSpec(DepCellSpec, forbid_unknown_fields=True):
    """A cell, and the input that spends it if it is one."""

    data: Any = ""
    out_point: OutPointSpec | None = None
    since: int = 0
    no_tx_input: bool = False


class HeaderSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A block's header, 208 bytes."""

    hash: Any
    header: Any


class ExtensionSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A block's extension."""

    hash: Any
    data: Any


class Case(msgspec.Struct, kw_only=True):
    """One run. Blobs are hex strings or objects, resolved by :class:`Blobs`."""

    program: Any
    version: Annotated[int, msgspec.Meta(ge=0, le=2)]
    name: str = ""
    script_args: Any = ""
    cell_deps: tuple[Any, ...] = ()
    program_index: int = 0
    dep_cells: tuple[DepCellSpec | None, ...] = ()
    script: ScriptSpec | None = None
    witnesses: tuple[Any, ...] = ()
    witness_set: str | None = None
    inputs: tuple[CellSpec, ...] = (CellSpec(),)
    outputs: tuple[CellSpec, ...] = ()
    tx_version: int = 0
    tx_cell_deps: tuple[DepSpec, ...] = ()
    header_deps: tuple[Any, ...] = ()
    headers: tuple[HeaderSpec, ...] = ()
    extensions: tuple[ExtensionSpec, ...] = ()
    script_group_type: Literal["lock", "type"] = "lock"
    mode: str | dict[str, Any] = "run"
    max_cycles: int = U64_MAX
    max_iterations: int | None = None
    max_suspends: int | None = None
    debug_pause: Literal["skip", "suspend"] | None = None

    root_args: tuple[Any, ...] = ()

    def how(self) -> Mode:
        """How the case is run; raises :class:`RecordError` for a mode that is not known."""
        given = {self.mode: True} if isinstance(self.mode, str) else self.mode
        given = {name: value for name, value in given.items() if name != "run"}
        try:
            chosen = msgspec.convert(given, Mode)
        except msgspec.ValidationError as error:
            raise RecordError(f"mode: {error}") from None
        return msgspec.structs.replace(
            chosen,
            max_cycles=self.max_cycles,
            max_iterations=self.max_iterations,
            max_suspends=self.max_suspends,
            debug_pause=self.debug_pause,
        )


class MissingProgram(RecordError):
    """A program that a case names and that no folder has; its text is the name."""


class Blobs:
    """Resolves blobs: programs and files by name, in folders."""

    def __init__(self, programs: Iterable[Path], files: Iterable[Path]) -> None:
        self._programs = tuple(programs)
        self._files = tuple(files)
        self._read: dict[Path, bytes] = {}
        self._witness_sets: Mapping[str, list[Any]] | None = None

    def resolve(self, blob: object) -> bytes:
        """The bytes of a blob; raises :class:`RecordError`."""
        if isinstance(blob, str):
            return self._hex(blob)
        if not isinstance(blob, dict) or len(cast("dict[str, Any]", blob)) != 1:
            raise RecordError(f"not a blob: {blob!r}")
        ((kind, value),) = cast("dict[str, Any]", blob).items()
        match kind:
            case "hex":
                return self._hex(value)
            case "program":
                return self.program(str(value))
            case "file":
                return self._known_file(value)
            case "zeros" if isinstance(value, int) and 0 <= value <= ZEROS_MAX:
                return bytes(value)
            case "concat" if isinstance(value, list):
                return b"".join(self.resolve(part) for part in cast("list[Any]", value))
            case "data_hash":
                return ckb_hash(self.resolve(value))
            case _:
                raise RecordError(f"not a blob: {kind} = {value!r}")

    def program(self, program: object) -> bytes:
        """A program: a name, or a blob; raises :class:`MissingProgram` for a name that no folder has."""
        if not isinstance(program, str):
            return self.resolve(program)
        found = self._file(program, self._programs)
        if found is None:
            raise MissingProgram(program)
        return found

    def witness_set(self, name: str) -> list[Any]:
        """A list of witnesses by name."""
        if self._witness_sets is None:
            content = self._known_file("witness_sets.json")
            self._witness_sets = msgspec.json.decode(content, type=dict[str, list[Any]])
        if name not in self._witness_sets:
            raise RecordError(f"there is no witness set {name!r}")
        return list(self._witness_sets[name])

    def _hex(self, digits: object) -> bytes:
        try:
            return bytes.fromhex(str(digits))
        except ValueError as error:
            raise RecordError(f"not hexadecimal: {error}") from None

    def _known_file(self, name: object) -> bytes:
        found = self._file(name, self._files)
        if found is None:
            raise RecordError(f"there is no file {name!r} among the blobs")
        return found

    def _file(self, name: object, folders: Iterable[Path]) -> bytes | None:
        if not isinstance(name, str) or Path(name).name != name:
            raise RecordError(f"{name!r} is not the name of a file")
        for folder in folders:
            file = folder / name
            if file in self._read or file.is_file():
                return self._read.setdefault(file, self._read.get(file) or read_file(file))
        return None


def group_of(case: Case, blobs: Blobs) -> ScriptGroupData:
    """The script group that a case runs; raises :class:`RecordError`."""
    deps = [blobs.program(dep) for dep in case.cell_deps]
    if not 0 <= case.program_index <= len(deps):
        raise RecordError(f"program_index: {case.program_index} of {len(deps) + 1} cell deps")
    deps.insert(case.program_index, blobs.program(case.program))
    if len(case.dep_cells) > len(deps):
        raise RecordError("there are more dep_cells than cell deps")
    witnesses = blobs.witness_set(case.witness_set) if case.witness_set else case.witnesses
    try:
        return mock_group(
            [
                data if cell is None else _cell(cell, blobs, data, len(data) * SHANNONS_PER_BYTE)
                for data, cell in zip_longest(deps, case.dep_cells)
            ],
            program_index=case.program_index,
            version=case.version,
            args=blobs.resolve(case.script_args),
            witnesses=[blobs.resolve(witness) for witness in witnesses],
            inputs=[_input(cell, blobs) for cell in case.inputs],
            outputs=[_input(cell, blobs) for cell in case.outputs],
            group_type=case.script_group_type,
            script=_script(case.script, blobs),
            surroundings=_surroundings(case, blobs),
        )
    except ValueError as error:
        raise RecordError(str(error)) from None


def _surroundings(case: Case, blobs: Blobs) -> Surroundings:
    return Surroundings(
        tx_version=case.tx_version,
        tx_cell_deps=tuple(CellDep(_out_point(dep.out_point, blobs), dep.dep_type) for dep in case.tx_cell_deps),
        header_deps=tuple(map(blobs.resolve, case.header_deps)),
        headers=tuple((blobs.resolve(known.hash), _header(known.header, blobs)) for known in case.headers),
        extensions=tuple((blobs.resolve(known.hash), blobs.resolve(known.data)) for known in case.extensions),
    )


def _header(header: object, blobs: Blobs) -> Header:
    try:
        return Header.decode(blobs.resolve(header))
    except ValueError as error:
        raise RecordError(str(error)) from None


def _input(cell: CellSpec, blobs: Blobs) -> MockCell:
    made = _cell(cell, blobs, blobs.resolve(cell.data), CAPACITY)
    return msgspec.structs.replace(
        made,
        out_point=_out_point(cell.out_point, blobs),
        since=cell.since,
        in_transaction=not cell.no_tx_input,
    )


def _cell(cell: DepCellSpec, blobs: Blobs, data: bytes, capacity: int) -> MockCell:
    return MockCell(
        lock=_script(cell.lock, blobs),
        type=_script(cell.type, blobs),
        capacity=capacity if cell.capacity is None else cell.capacity,
        data=data,
        block_hash=None if cell.block_hash is None else blobs.resolve(cell.block_hash),
    )


def _out_point(spec: OutPointSpec | None, blobs: Blobs) -> OutPoint:
    return OutPoint() if spec is None else OutPoint(blobs.resolve(spec.tx_hash), spec.index)


def _script(script: ScriptSpec | str | None, blobs: Blobs) -> Script | None:
    if script is None:
        return None
    if isinstance(script, str):
        return THE_SCRIPT
    return Script(blobs.resolve(script.code_hash), script.hash_type, blobs.resolve(script.args))
