"""``spawnlab conform``: records that hold match, and one wrong digit in any field of a record is seen."""

from __future__ import annotations

import gzip
import hashlib
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from spawnlab.__main__ import main
from spawnlab.vm.assembler import assemble

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT.parent / "shared" / "golden" / "vm"
Capture = pytest.CaptureFixture[str]
Record = dict[str, Any]

# sd a1, 0(a0) with a0 = 0x20000; then ecall 93 with a0 = 0x20000, whose low byte is 0. Worked by hand.
VECTOR: Record = {
    "g": "store and exit",
    "c": "2330b5009308d00573000000",
    "pc": 65536,
    "r": {"10": "20000", "11": "1234"},
    "mem": [[131072, "ffffffffffffffff"]],
    "n": 9,
    "res": [
        {
            "v": "0 1 2",
            "ops": "SD ADDI ECALL",
            "pc": 65548,
            "r": {"17": "5d"},
            "m": [[131072, "3412000000000000"]],
            "y": 503,
            "n": 3,
            "exit": 0,
        }
    ],
}
FAULT: Record = {
    "g": "load",
    "c": "03350500",
    "r": {"10": "3ffff9"},
    "res": [
        {
            "v": "1 2",
            "ops": "LD_VERSION1",
            "pc": 65540,
            "y": 2,
            "e": "MemOutOfBound",
            "t": "memory error: out of bound",
        }
    ],
}


def conform(kind: str, *arguments: object) -> int:
    return main(["conform", kind, *map(str, arguments)])


def write(file: Path, *records: Record) -> Path:
    content = "\n".join(map(json.dumps, records)).encode()
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)
    return file


@pytest.mark.parametrize("name", ["v.jsonl", "v.jsonl.gz"])
def test_vectors_that_hold(tmp_path: Path, capsys: Capture, name: str) -> None:
    assert conform("isa", write(tmp_path / name, VECTOR, FAULT)) == 0
    assert capsys.readouterr().out == "5 matched, 0 differ\n"


def test_only_some_settings(tmp_path: Path, capsys: Capture) -> None:
    assert conform("isa", "--setting", "2", write(tmp_path / "v.jsonl", VECTOR)) == 0
    assert capsys.readouterr().out == "1 matched, 0 differ\n"
    assert conform("isa", "--setting", "3", write(tmp_path / "v.jsonl", VECTOR)) == 2
    assert capsys.readouterr().err == "spawnlab: there is no setting '3'; they are 0, 1, 2, 0ab, 1a, 2a\n"


WRONG: list[tuple[str, object]] = [
    ("pc", 65549),
    ("y", 504),
    ("n", 2),
    ("exit", 1),
    ("ops", "SD ADDI EBREAK"),
    ("r", {"17": "5c"}),
    ("r", {"17": "5d", "18": "0"}),
    ("m", [[131072, "3412000000000001"]]),
    ("m", [[131072, "3412000000000000"], [200000, "01"]]),
    ("lr", "0"),
    ("e", "Pause"),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=range(len(WRONG)))
def test_one_wrong_digit_is_seen(tmp_path: Path, capsys: Capture, name: str, value: object) -> None:
    wrong = json.loads(json.dumps(VECTOR))
    wrong["res"][0][name] = value
    file = write(tmp_path / "v.jsonl", wrong, VECTOR)
    assert conform("isa", file) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"{file}:1 store and exit in setting 0"
    assert out[1].startswith("  memory differs at: expected None, got 0x" if name == "m" else f"  {name}: expected ")
    assert out[-1] == "3 matched, 3 differ"


def test_the_first_20_differences_are_shown_or_all(tmp_path: Path, capsys: Capture) -> None:
    wrong = json.loads(json.dumps(VECTOR))
    wrong["res"][0]["y"] = 1
    file = write(tmp_path / "v.jsonl", *[wrong] * 10)
    assert conform("isa", file) == 1
    out = capsys.readouterr().out.splitlines()
    assert len([line for line in out if "in setting" in line]) == 20
    assert out[-2:] == ["... and 10 more (--all shows them)", "0 matched, 30 differ"]
    assert conform("isa", "--all", file) == 1
    assert len([line for line in capsys.readouterr().out.splitlines() if "in setting" in line]) == 30


def test_records_that_cannot_be_read(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "v.jsonl"
    file.write_text('{"g": 3}\n')
    assert conform("isa", file) == 2
    assert capsys.readouterr().err == f"spawnlab: {file}:1: Expected `str`, got `int` - at `$.g`\n"
    packed = tmp_path / "v.jsonl.gz"
    packed.write_bytes(gzip.compress(b"x" * 1000)[:20])
    assert conform("isa", packed) == 2
    assert capsys.readouterr().err.startswith(f"spawnlab: {packed}: cannot be unpacked: ")
    assert conform("isa", tmp_path / "gone") == 2
    assert conform("elf", file) == 2
    assert conform("decode", tmp_path) == 2


def program_record(tmp_path: Path) -> Record:
    """addi a0, x0, 300; li a7, 93; ecall: exit code 300 - 256 = 44, 502 cycles; 12 bytes of code, 16 of stack."""
    content = assemble("li a0, 300\n li a7, 93\n ecall").elf()
    (tmp_path / "p.elf").write_bytes(content)
    result = {
        "v": "1 2",
        "cycles": 502,
        "entry_pc": 0x10000,
        "exit": 44,
        "load_bytes": 28,
        "load_cycles": 7,
        "pc": 0x1000C,
        "sp": 0x3FFFF0,
        "stack": "00" * 16,
        "steps": 3,
        "regs": {"2": "3ffff0", "10": "12c", "17": "5d"},
        "asm": {"cycles": 1},
    }
    return {
        "file": "p.elf",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "args": [],
        "max_cycles": 1000,
        "every": 0,
        "res": [result],
    }


def test_programs_that_hold(tmp_path: Path, capsys: Capture) -> None:
    record = program_record(tmp_path)
    absent = {**record, "file": "other.elf"}
    assert conform("elf", write(tmp_path / "e.jsonl", record, absent)) == 0
    assert capsys.readouterr().out == "no program other.elf\n2 matched, 0 differ, 1 without their program\n"


@pytest.mark.parametrize("field", ["cycles", "entry_pc", "exit", "load_bytes", "load_cycles", "pc", "sp", "steps"])
def test_one_wrong_digit_of_a_program_is_seen(tmp_path: Path, capsys: Capture, field: str) -> None:
    record = program_record(tmp_path)
    record["res"][0][field] += 1
    assert conform("elf", write(tmp_path / "e.jsonl", record)) == 1
    out = capsys.readouterr().out
    assert f"  {field}: expected {record['res'][0][field]}, got {record['res'][0][field] - 1}\n" in out
    assert out.endswith("0 matched, 2 differ\n")


def test_checkpoints_and_arguments(tmp_path: Path, capsys: Capture) -> None:
    """The checkpoint after one operation: pc 0x10004, one cycle, and the CRC-32 over pc and registers."""
    record = program_record(tmp_path)
    result = record["res"][0]
    registers = [0] * 32
    registers[2], registers[10] = 0x3FFFC0, 300
    record |= {"every": 1, "args_rle": [["61", 3, 1], ["6263", -1, 1]]}
    stack = [2, 0x3FFFFC, 0x3FFFF9, 0]
    second = [*registers[:17], 93, *registers[18:]]
    result |= {
        "sp": 0x3FFFC0 + 16,
        "load_bytes": 12 + 48,
        "load_cycles": 15,
        "stack": (struct.pack("<4Q", *stack) + bytes(9) + b"bc\0aaa\0").hex(),
        "regs": {"2": "3fffd0", "10": "12c", "17": "5d"},
    }
    for each in (registers, second):
        each[2] = 0x3FFFD0
    result["checks"] = [
        [1, 0x10004, 1, zlib.crc32(struct.pack("<33Q", 0x10004, *registers))],
        [2, 0x10008, 2, zlib.crc32(struct.pack("<33Q", 0x10008, *second))],
        [3, 0x1000C, 502, zlib.crc32(struct.pack("<33Q", 0x1000C, *second))],
    ]
    assert conform("elf", write(tmp_path / "e.jsonl", record)) == 0, capsys.readouterr().out
    result["checks"][1][3] += 1
    assert conform("elf", write(tmp_path / "e.jsonl", record)) == 1


def test_a_program_that_is_another_one(tmp_path: Path, capsys: Capture) -> None:
    record = program_record(tmp_path)
    (tmp_path / "p.elf").write_bytes(b"other")
    assert conform("elf", write(tmp_path / "e.jsonl", record)) == 2
    assert "not the program of the records" in capsys.readouterr().err


def decode_folder(folder: Path, *, add: int = 1) -> Path:
    """Tables of one word each: c.nop, and add x1, x2, x3; ``add`` is the number that the records have for add."""
    folder.mkdir()
    (folder / "names.json").write_text('{"1": "ADD", "2": "ADDI"}')

    def put(name: str, content: bytes) -> None:
        (folder / name).write_bytes(zlib.compress(content))

    put("c16.words.bin.z", struct.pack("<H", 0x0001))
    put("w32.words.bin.z", struct.pack("<I", 0x003100B3))
    for version in (0, 1, 2):
        put(f"c16.v{version}.bin.z", struct.pack("<BBBBi", 2, 2, 0, 0, 0))
    for setting in ("0", "0ab", "1", "1a"):
        put(f"w32.c{setting}.bin.z", struct.pack("<BBBBi", add, 4, 1, 2, 3))
    put("grid32.c1a.bin.z", bytes(1 << 20))
    return folder


def test_tables(tmp_path: Path, capsys: Capture) -> None:
    """The grid of this folder says that nothing is an instruction, so just the instructions in the grid differ."""
    assert conform("decode", decode_folder(tmp_path / "good")) == 1
    good = capsys.readouterr().out.splitlines()[-1].split()
    assert conform("decode", decode_folder(tmp_path / "bad", add=2)) == 1
    bad = capsys.readouterr().out.splitlines()
    assert "  decoding: expected ('ADDI', 4, 1, 2, 3), got ('ADD', 4, 1, 2, 3)" in bad
    assert int(bad[-1].split()[2]) - int(good[2]) == 6  # the six settings that read the word


@pytest.mark.skipif(not GOLDEN.exists(), reason="the recorded data is not beside the project")
def test_all_recorded_tables_and_elf_files(capsys: Capture) -> None:
    assert conform("decode", GOLDEN / "decode") == 0
    assert capsys.readouterr().out == "1403950 matched, 0 differ\n"
    assert conform("elf", GOLDEN / "elf.jsonl") == 0
    assert capsys.readouterr().out == "1542 matched, 0 differ\n"
