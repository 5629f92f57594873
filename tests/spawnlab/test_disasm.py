"""``spawnlab disasm``: what is listed assembles to the same bytes, and fused instructions are bracketed."""

from __future__ import annotations

from pathlib import Path

import pytest

from spawnlab.__main__ import main
from spawnlab.vm.assembler import assemble

Capture = pytest.CaptureFixture[str]

SOURCE = """
_start:
  la a1, word
  li t0, 0x12345678
  c.addi a0, 1
  jal ra, helper
  .word 0xffffffff
helper:
  mulhu t0, a0, a1
  mul t1, a0, a1
  c.jr ra
.data
word: .dword 7
"""

LISTED = """
00010000 <_start>:
   10000:  00001597  auipc a1, 0x1                          1 ┐ load.imm
   10004:  00058593  addi a1, a1, 0                           ┘
   10008:  123452b7  lui t0, 0x12345                        1 ┐ load.imm
   1000c:  6782829b  addiw t0, t0, 1656                       ┘
   10010:  0505      c.addi a0, 1                           1
   10012:  008000ef  jal ra, 0x1001a <helper>               3
   10016:  ffff      .2byte 0xffff
   10018:  ffff      .2byte 0xffff

0001001a <helper>:
   1001a:  02b532b3  mulhu t0, a0, a1                       5 ┐ wide.mulu
   1001e:  02b50333  mul t1, a0, a1                           ┘
   10022:  8082      c.jr ra                                3
"""


def disasm(tmp_path: Path, capsys: Capture, content: bytes, *options: str) -> str:
    file = tmp_path / "program.elf"
    file.write_bytes(content)
    assert main(["disasm", *options, str(file)]) == 0
    return capsys.readouterr().out


def test_a_listing(tmp_path: Path, capsys: Capture) -> None:
    assert disasm(tmp_path, capsys, assemble(SOURCE).elf()) == LISTED


def test_version_0_fuses_nothing(tmp_path: Path, capsys: Capture) -> None:
    listed = disasm(tmp_path, capsys, assemble(SOURCE).elf(), "--script-version", "0")
    assert "┐" not in listed
    assert "addi a1, a1, 0                         1" in listed


def test_a_listing_assembles_to_the_same_bytes(tmp_path: Path, capsys: Capture) -> None:
    program = assemble(SOURCE)
    lines = [line for line in disasm(tmp_path, capsys, program.elf()).splitlines() if line[:2] == "  "]
    texts = [line[21:57].partition("<")[0] for line in lines]
    assert assemble("\n".join(texts)).text == program.text


def test_a_file_without_symbols(tmp_path: Path, capsys: Capture) -> None:
    content = assemble(SOURCE).elf()
    stripped = content[:40] + bytes(8) + content[48:58] + bytes(6) + content[64:]  # no section headers
    listed = disasm(tmp_path, capsys, stripped)
    assert "jal ra, 0x1001a   " in listed
    assert "<" not in listed


@pytest.mark.parametrize("cut", [0, 3, 16, 63, 100, 4090])
def test_what_is_no_program_is_one_line(tmp_path: Path, capsys: Capture, cut: int) -> None:
    file = tmp_path / "program.elf"
    file.write_bytes(assemble(SOURCE).elf()[:cut])
    assert main(["disasm", str(file)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"spawnlab: {file}: not a program: elf error: ")
    assert error.count("\n") == 1
