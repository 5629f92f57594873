"""Decoding, against tables recorded from the reference: many words at once. Skipped where the tables are not."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from spawnlab.vm.decoder import decode_word
from spawnlab.vm.isa.definition import Operation
from spawnlab.vm.version import Isa

from .vectors import squeezed

TABLES = Path(__file__).parents[3] / "shared" / "golden" / "vm" / "decode"
pytestmark = pytest.mark.skipif(not TABLES.exists(), reason=f"{TABLES} is not here")

NOT_AN_INSTRUCTION = ("", 0, 0, 0, 0)
Decoding = tuple[str, int, int, int, int]
"""Operation, length, and three operands as the tables order them."""


def unpacked(name: str) -> bytes:
    return zlib.decompress((TABLES / name).read_bytes())


def numbers(name: str, code: str) -> list[int]:
    content = unpacked(name)
    return [number for (number,) in struct.iter_unpack(code, content)]


@pytest.fixture(scope="module")
def names() -> dict[int, str]:
    found: dict[str, str] = json.loads((TABLES / "names.json").read_bytes())
    return {0: ""} | {int(number): squeezed(name) for number, name in found.items()}


def decodings(name: str, names: dict[int, str]) -> list[Decoding]:
    return [(names[op], length, a, b, c) for op, length, a, b, c in struct.iter_unpack("<BBBBi", unpacked(name))]


def as_recorded(word: int, operation: Operation | None) -> Decoding:
    """The first operand is rd, or rs2 where there is no rd; the second is rs1; the third is an immediate or rs2."""
    if operation is None:
        return NOT_AN_INSTRUCTION
    fields = operation.definition.format.fields
    operands = {f.name: value for f, value in zip(fields, operation.operands, strict=True)}
    name, length = squeezed(operation.mnemonic), operation.length
    if name == "fence":
        return name, length, operands["fm"], operands["pred"], operands["succ"]
    if {*operands} == {"rd", "rs1"}:  # the field of rs2 says which instruction it is; it is recorded all the same
        operands["rs2"] = word >> 20 & 31
    rs2 = operands.get("rs2", 0)
    third = operands.get("imm", operands.get("shamt", rs2))
    return name, length, operands.get("rd", rs2), operands.get("rs1", 0), third


def differences(words: Sequence[int], recorded: Sequence[object], found: Callable[[int], object]) -> list[str]:
    """The first few words that decode in another way than recorded."""
    pairs = ((word, was, found(word)) for word, was in zip(words, recorded, strict=True))
    return [f"{word:#x}: recorded {was}, decoded {now}" for word, was, now in pairs if was != now][:20]


@pytest.mark.parametrize("version", [0, 1, 2])
def test_words_of_16_bits(names: dict[int, str], version: int) -> None:
    words = numbers("c16.words.bin.z", "<H")
    isa = Isa(version, a=True, b=True)
    recorded = decodings(f"c16.v{version}.bin.z", names)
    assert differences(words, recorded, lambda word: as_recorded(word, decode_word(word, isa))) == []


SETTINGS = {
    "0": [Isa(0)],
    "0ab": [Isa(0, a=True, b=True)],
    "1": [Isa(1, b=True), Isa(2, b=True)],
    "1a": [Isa(1, a=True, b=True), Isa(2, a=True, b=True)],
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_words_of_32_bits(names: dict[int, str], setting: str) -> None:
    words = numbers("w32.words.bin.z", "<I")
    recorded = decodings(f"w32.c{setting}.bin.z", names)
    for isa in SETTINGS[setting]:
        assert differences(words, recorded, lambda word, isa=isa: as_recorded(word, decode_word(word, isa))) == []


def test_every_opcode_and_function_with_every_rs2(names: dict[int, str]) -> None:
    """2^20 words: rd = 5, rs1 = 6, all other bits each way."""
    isa = Isa(1, a=True, b=True)
    recorded = [names[number] for number in unpacked("grid32.c1a.bin.z")]
    words = [
        funct7 << 25 | rs2 << 20 | 6 << 15 | funct3 << 12 | 5 << 7 | opcode << 2 | 3
        for funct7 in range(128)
        for rs2 in range(32)
        for funct3 in range(8)
        for opcode in range(32)
    ]
    decode = decode_word.__wrapped__  # each word once: a cache is of no use

    def name(word: int) -> str:
        operation = decode(word, isa)
        return "" if operation is None else squeezed(operation.mnemonic)

    assert differences(words, recorded, name) == []
