"""Tables of decoded words, compared one by one."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ..vm.decoder import decode_word
from ..vm.isa.definition import Operation
from ..vm.version import Isa
from .settings import SETTINGS, read_packed, reference_name
from .tally import RecordError, Tally

Decoding = tuple[str, int, int, int, int]
"""The reference's name, length in bytes, and its three operand fields."""

_WITH_ALL = {version: Isa(version, b=True, mop=version > 0, a=True) for version in (0, 1, 2)}
_TABLES = (
    *(("c16.words.bin.z", "H", f"c16.v{version}.bin.z", isa) for version, isa in _WITH_ALL.items()),
    *(
        ("w32.words.bin.z", "I", f"w32.c{recorded}.bin.z", SETTINGS[setting])
        for setting, recorded in (("0", "0"), ("0ab", "0ab"), ("1", "1"), ("1a", "1a"), ("2", "1"), ("2a", "1a"))
    ),
)
_GRID, _GRID_SIZE = "grid32.c1a.bin.z", 1 << 20
_RECORD = struct.Struct("<BBBBi")


def run_tables(folder: Path) -> Tally:
    """Decode every word of the tables in a folder; raises :class:`RecordError` where one is missing or damaged."""
    names = _names(folder / "names.json")
    tally = Tally()
    for words, code, records, isa in _TABLES:
        values = _unpack(folder / words, code)
        wanted = read_packed(folder / records)
        if len(wanted) != _RECORD.size * len(values):
            raise RecordError(f"{folder / records}: {len(wanted)} bytes for {len(values)} words of {words}")
        for word, record in zip(values, _RECORD.iter_unpack(wanted), strict=True):
            expected = (_name(names, record[0], folder / records), *record[1:]) if record[0] else None
            _note(tally, f"{records} version {isa.version}: word 0x{word:x}", expected, _decoded(word, isa))
    _run_grid(tally, folder / _GRID, names)
    return tally


def _run_grid(tally: Tally, file: Path, names: dict[int, str]) -> None:
    """Every funct7, rs2, funct3 and opcode, with rd = 5 and rs1 = 6: only which operation it is."""
    grid = read_packed(file)
    if len(grid) != _GRID_SIZE:
        raise RecordError(f"{file}: {len(grid)} bytes, not {_GRID_SIZE}")
    isa = SETTINGS["1a"]
    for word, number in zip(_grid_words(), grid, strict=True):
        operation = decode_word.__wrapped__(word, isa)
        expected = _name(names, number, file) if number else None
        got = reference_name(operation.definition, isa.version) if operation else None
        _note(tally, f"{file.name}: word 0x{word:x}", expected, got)


def _grid_words() -> Iterator[int]:
    for funct7 in range(128):
        for rs2 in range(32):
            for funct3 in range(8):
                for opcode in range(32):
                    yield funct7 << 25 | rs2 << 20 | 6 << 15 | funct3 << 12 | 5 << 7 | opcode << 2 | 3


def _note(tally: Tally, where: str, expected: object, got: object) -> None:
    tally.note(where, [] if expected == got else [("decoding", expected, got)])


def _decoded(word: int, isa: Isa) -> Decoding | None:
    operation = decode_word.__wrapped__(word, isa)
    if operation is None:
        return None
    return (reference_name(operation.definition, isa.version), operation.length, *_fields(operation, word))


def _fields(operation: Operation, word: int) -> tuple[int, int, int]:
    """The operands as the reference keeps them."""
    definition = operation.definition
    operands = dict(zip((f.name for f in definition.format.fields), operation.operands, strict=True))
    if definition.mnemonic == "fence":
        return operands["fm"], operands["pred"], operands["succ"]
    if "rd" not in operands:  # stores and branches; and those without operands
        return operands.get("rs2", 0), operands.get("rs1", 0), operands.get("imm", 0)
    last = operands.get("imm", operands.get("shamt", operands.get("rs2", 0)))
    if definition.format.name == "unary":
        last = word >> 20 & 31  # the part of the opcode that stands in place of rs2
    return operands["rd"], operands.get("rs1", 0), last


def _names(file: Path) -> dict[int, str]:
    try:
        return msgspec.json.decode(read_packed(file), type=dict[int, str], strict=False)
    except msgspec.DecodeError as error:
        raise RecordError(f"{file}: {error}") from None


def _name(names: dict[int, str], number: int, file: Path) -> str:
    if number not in names:
        raise RecordError(f"{file}: operation {number} has no name in names.json")
    return names[number]


def _unpack(file: Path, code: str) -> tuple[int, ...]:
    content = read_packed(file)
    width = struct.calcsize(code)
    if len(content) % width:
        raise RecordError(f"{file}: {len(content)} bytes are not whole words of {width}")
    return struct.unpack(f"<{len(content) // width}{code}", content)
