"""Source lines out of DWARF: those of the caller where a function of a header is inlined; damage gives none."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from spawnlab.scenarios.c import COptions, compile_c_text
from spawnlab.vm.assembler import assemble
from spawnlab.vm.lines import read_lines

TEXT = """\
#include "spawnlab.h"
int main(int argc, char **argv) {
    uint64_t fds[2];
    size_t one = 1;
    char byte = 0;
    if (ckb_pipe(fds)) return 1;
    for (int i = 0; i < argc; i++) {
        if (ckb_write(fds[1], &byte, &one)) return 2;
        byte += ckb_process_id();
    }
    return ckb_close(fds[0]);
}
"""


@cache
def program() -> bytes:
    pytest.importorskip("ziglang")
    return compile_c_text(TEXT, "program", COptions(2, {}, "$"))


def section_of(content: bytes, name: str) -> Any:
    elf: Any = ELFFile(BytesIO(content))
    return elf.get_section_by_name(name)


def ecalls(content: bytes) -> list[int]:
    """Addresses of the system calls of a program."""
    text: Any = section_of(content, ".text")
    code: bytes = text.data()
    return [text["sh_addr"] + i for i in range(0, len(code) - 3, 2) if code[i : i + 4] == b"\x73\0\0\0"]


def test_a_call_of_an_inlined_function_is_where_it_is_called() -> None:
    lines = read_lines(program())
    found = {lines.at(address, beyond="spawnlab.h") for address in ecalls(program())}
    assert {"program.c:6", "program.c:8", "program.c:9", "program.c:11"} <= found


def test_addresses_that_no_line_is_known_of() -> None:
    lines = read_lines(program())
    assert lines.at(0) is None
    assert lines.at(0x3FFFFF) is None


def test_files_without_lines() -> None:
    assert read_lines(assemble("nop").elf()).at(0x10000) is None
    assert read_lines(b"").at(0) is None
    assert read_lines(b"\x7fELF").at(0) is None


def test_older_dwarf_counts_files_from_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ziglang")
    monkeypatch.setattr("spawnlab.scenarios.c._FLAGS", (*flags(), "-gdwarf-4"))
    content = compile_c_text(TEXT, "program", COptions(2, {}, "$"))
    lines = read_lines(content)
    assert "program.c:6" in {lines.at(address, beyond="spawnlab.h") for address in ecalls(content)}


def flags() -> tuple[str, ...]:
    from spawnlab.scenarios import c

    return c._FLAGS  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize("name", [".debug_abbrev", ".debug_line", ".debug_info"])
def test_damage_gives_other_lines_or_none(name: str) -> None:
    """Each byte of what describes the lines, changed in three ways: no error comes out."""
    section = section_of(program(), name)
    start, size = section["sh_offset"], min(section["sh_size"], 120)
    for place in range(start, start + size):
        for value in (0, 0xFF):
            damaged = bytearray(program())
            damaged[place] = value
            line = read_lines(bytes(damaged)).at(ecalls(program())[0], beyond="spawnlab.h")
            assert line is None or ":" in line
