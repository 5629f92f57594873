"""The assembler: what it makes runs, and what it refuses is named with its line."""

from __future__ import annotations

from io import BytesIO

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.vm.assembler import AssemblyError, assemble
from spawnlab.vm.machine import Machine
from spawnlab.vm.version import VERSIONS

EXIT = "\n li a7, 93\n ecall\n"


def run(source: str, version: int = 2) -> Machine:
    machine = Machine(VERSIONS[version], max_cycles=100_000)
    machine.load_program(assemble(source).elf())
    machine.run()
    return machine


def words(source: str) -> list[int]:
    text = assemble(source).text
    return [int.from_bytes(text[i : i + 4], "little") for i in range(0, len(text), 4)]


@given(st.integers(-(2**63), 2**64 - 1), st.sampled_from((0, 1, 2)))
def test_li_sets_any_constant(value: int, version: int) -> None:
    assert run(f"li t0, {value}{EXIT}", version).registers[5] == value % 2**64


def test_known_words() -> None:
    """From the manual's pictures, worked by hand."""
    source = (
        "add a0, a1, a2\n addi x1, x2, -1\n lui t0, 0xfffff\n sd s1, -8(sp)\n jal ra, .+8\n beq a0, a1, .-4\n ecall"
    )
    assert words(source) == [0x00C58533, 0xFFF10093, 0xFFFFF2B7, 0xFE913C23, 0x008000EF, 0xFEB50EE3, 0x00000073]


@pytest.mark.parametrize("version", [0, 1, 2])
def test_labels_calls_and_data(version: int) -> None:
    source = f"""
      la s0, table          # a comment, with a "quote
      ld a0, 8(s0)          // another
      call double
      call double ; mv t0, a0
      {EXIT}
    double: add a0, a0, a0
      ret
    .data
    table: .dword 1, 3, double
      .half 0x1234, -1
      .byte 'a', '\\n', 255
    text: .asciz "a # b // c; d"
    """
    machine = run(source, version)
    assert machine.exit_code == 12
    program = assemble(source)
    assert program.symbols["double"] == int.from_bytes(program.data[16:24], "little")
    assert program.data[24:] == b"\x34\x12\xff\xff" + b"a\n\xff" + b"a # b // c; d\0"


def test_execution_starts_at_start() -> None:
    assert run(f"li a0, 1{EXIT} _start: li a0, 2{EXIT}").exit_code == 2
    assert run(f"li a0, 1{EXIT}").exit_code == 1


def test_sections_alignment_and_zeros() -> None:
    program = assemble(
        "nop\n .data\n .byte 1\n .align 3\n .word 2\n .zero 3\n .balign 16\n .byte 4\n .bss\n big: .zero 9"
    )
    assert program.data[:17] == b"\1" + bytes(7) + b"\2" + bytes(7) + b"\4"
    assert program.symbols["big"] == program.data_address + 24
    assert program.bss_size == 9
    code = assemble("c.nop\n .align 3\n nop").text
    assert code == bytes.fromhex("0100 0100 13000000 13000000")


def test_equ_is_a_constant() -> None:
    assert run(f".equ size, 3\n .set more, size+4\n li a0, more{EXIT}").exit_code == 7


@pytest.mark.parametrize(
    ("pseudo", "base"),
    [
        ("nop", "addi x0, x0, 0"), ("mv a0, a1", "addi a0, a1, 0"), ("not a0, a1", "xori a0, a1, -1"),
        ("neg a0, a1", "sub a0, x0, a1"), ("sext.w a0, a1", "addiw a0, a1, 0"), ("seqz a0, a1", "sltiu a0, a1, 1"),
        ("snez a0, a1", "sltu a0, x0, a1"), ("beqz a0, .+8", "beq a0, x0, .+8"), ("bgt a0, a1, .+8", "blt a1, a0, .+8"),
        ("j .+8", "jal x0, .+8"), ("jr t0", "jalr x0, 0(t0)"), ("jalr t0", "jalr ra, 0(t0)"), ("ret", "jalr x0, 0(ra)"),
        ("jal .+8", "jal ra, .+8"), ("tail .+8", "jal x0, .+8"), ("fence", "fence iorw, iorw"),
    ],
)  # fmt: skip
def test_pseudo_instructions(pseudo: str, base: str) -> None:
    assert words(pseudo) == words(base)


def test_the_elf_file_is_a_good_one() -> None:
    program = assemble(f"_start: la t0, word{EXIT}\n.data\nword: .word 7\n.bss\nmore: .zero 5000")
    elf = ELFFile(BytesIO(program.elf()))
    assert (elf.header["e_machine"], elf.header["e_type"], elf.header["e_entry"]) == ("EM_RISCV", "ET_EXEC", 0x10000)
    segments = [(s["p_flags"], s["p_vaddr"], s["p_filesz"], s["p_memsz"]) for s in elf.iter_segments()]
    assert segments == [(5, 0x10000, 16, 16), (6, 0x11000, 8, 5008)]
    assert all(s["p_offset"] % 4096 == s["p_vaddr"] % 4096 for s in elf.iter_segments())
    table = elf.get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)
    symbols = {s.name: s["st_value"] for s in table.iter_symbols() if s.name}
    assert symbols == {"_start": 0x10000, "word": 0x11000, "more": 0x11008}


def test_lines_are_known() -> None:
    program = assemble("nop\n\nli a0, 0x12345678\n")
    assert program.lines == {0x10000: 1, 0x10004: 3, 0x10008: 3}


WRONG = [
    ("nop\n adddi a0, a0, 1", 2, "there is no instruction 'adddi'; did you mean 'addi'?"),
    ("addi a0, a1", 1, "operands 'a0, a1' are not of the form 'rd, rs1, imm'"),
    ("addi a0, b1, 1", 1, "'b1' is not a register"),
    ("addi a0, a1, 2048", 1, "imm = 2048 does not fit: -2048 to 2047"),
    ("slli a0, a1, 64", 1, "shamt = 64 does not fit: 0 to 63"),
    ("lui a0, 0x100000", 1, "imm = 4294967296 does not fit"),
    ("j nowhere", 1, "there is no symbol 'nowhere'"),
    ("beqz a0, far\n .zero 5000\n far:", 1, "imm = 5004 does not fit: -4096 to 4094, in steps of 2"),
    ("j .+3", 1, "imm = 3 does not fit"),
    ("a: nop\n a: nop", 2, "'a' is defined twice"),
    ("li a0, 0x10000000000000000", 1, "18446744073709551616 does not fit in 64 bits"),
    (
        "li a0, label\n label:",
        1,
        "there is no symbol 'label' (a number or an earlier .equ is wanted; use la for labels)",
    ),
    ("mv a0", 1, "mv takes 2 operands, not 1"),
    (".data\n nop", 2, "instructions belong in .text"),
    (".data\n .byte 256", 2, "256 does not fit in 1 bytes"),
    (".data\n .ascii hello", 2, "'hello' is not a string in double quotes"),
    (".zero 99999999", 1, ".zero 99999999 is not between 0 and 4194304 bytes"),
    (".align 13", 1, ".align 13: the boundary is a power of two, at most 4096 bytes"),
    (".balign 3", 1, ".balign 3: the boundary is a power of two, at most 4096 bytes"),
    (".section .stack", 1, "there is no section '.stack'; use .text, .data or .bss"),
    (".foo 3", 1, "there is no directive '.foo'"),
    ("addi a0, a0, 1+", 1, "'1+' is not an expression"),
    ("c.addi x0, 0", 1, "c.addi with these operands is the code of c.nop"),
    ("c.addi4spn a0, 0", 1, "c.addi4spn with these operands is reserved"),
    ("c.lw t0, 0(a0)", 1, "rd = 5 does not fit: 8 to 15"),
    ("fence q, r", 1, "'q' is not a set of the letters i, o, r and w"),
]


@pytest.mark.parametrize(("source", "line", "message"), WRONG, ids=range(len(WRONG)))
def test_errors_name_the_line_and_the_reason(source: str, line: int, message: str) -> None:
    with pytest.raises(AssemblyError) as caught:
        assemble(source, source="prog.s")
    assert caught.value.line == line
    assert caught.value.message.startswith(message)
    assert str(caught.value).startswith(f"prog.s:{line}: {message}")


def test_a_string_that_is_not_one() -> None:
    with pytest.raises(AssemblyError, match="is not a string"):
        assemble('.data\n .ascii "\\x"')
