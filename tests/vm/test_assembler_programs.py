"""What the assembler makes, run and looked at from outside: constants, addresses, calls, and the ELF file."""

from __future__ import annotations

from io import BytesIO

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spawnlab.vm.assembler import AssemblyError, assemble
from spawnlab.vm.machine import Machine
from spawnlab.vm.memory import DIRTY, EXECUTABLE, FREEZED
from spawnlab.vm.version import VERSIONS

from .support import ALL_VERSIONS, CODE, TOP

every_version = pytest.mark.parametrize("version", ALL_VERSIONS)
EXIT = "li a7, 93\necall\n"


def ended(source: str, version: int = 2) -> Machine:
    machine = Machine(VERSIONS[version], max_cycles=1_000_000)
    machine.load_program(assemble(source).elf())
    machine.run()
    return machine


# Constants


@st.composite
def constants(draw: st.DrawFn) -> int:
    """A number of 64 bits, signed or not; often near a power of two, where sequences change."""
    near = draw(st.sampled_from((1, -1))) << draw(st.integers(0, 62))
    return (
        draw(st.sampled_from((near - 1, near, near + 1)))
        if draw(st.booleans())
        else draw(st.integers(-(1 << 63), TOP - 1))
    )


@given(st.lists(constants(), min_size=1, max_size=25))
@example([0, 2047, 2048, -2048, -2049, 0x7FFFF7FF, 0x7FFFF800, 0x7FFFFFFF, 0x80000000, -(1 << 31), -(1 << 31) - 1])
@example([1 << 63, TOP - 1, (1 << 63) - 1, -(1 << 63), 0x8000000000000800, 0x123456789ABCDEF0, 0xFFFFFFFF, 1 << 32])
@settings(max_examples=60, deadline=None)
def test_li_makes_every_number(values: list[int]) -> None:
    lines = "".join(f"li t0, {value}\nsd t0, {8 * index}(s0)\n" for index, value in enumerate(values))
    program = assemble(f"la s0, table\n{lines}{EXIT}.data\ntable: .zero 200")
    table = program.symbols["table"]
    for version in ALL_VERSIONS:
        machine = Machine(VERSIONS[version])
        machine.load_program(program.elf())
        machine.run()
        found = [machine.memory.load(table + 8 * index, 8) for index in range(len(values))]
        assert found == [value % TOP for value in values]


@pytest.mark.parametrize("value", [1 << 64, -(1 << 63) - 1])
def test_li_of_more_than_64_bits(value: int) -> None:
    with pytest.raises(AssemblyError, match=f"{value} does not fit in 64 bits"):
        assemble(f"li a0, {value}")


@pytest.mark.parametrize(
    ("value", "instructions"),
    [
        (0, 1),
        (2047, 1),
        (2048, 2),
        (-2048, 1),
        (-2049, 2),
        (0x1000, 1),
        (0x12345678, 2),
        (-(1 << 31), 1),
        (1 << 32, 2),
        (1 << 63, 2),
        (TOP - 1, 1),
    ],
)
def test_li_is_short_where_it_can_be(value: int, instructions: int) -> None:
    assert len(assemble(f"li a0, {value}").text) == 4 * instructions


# Addresses


@given(before=st.integers(0, 3000), after=st.integers(0, 3000))
@example(before=0x7F0 // 4, after=0)
@example(before=0, after=0x7F8 // 4)
@settings(max_examples=40, deadline=None)
def test_la_gives_the_address_from_anywhere(before: int, after: int) -> None:
    program = assemble(
        f"j start\nback: .zero {4 * before}\nstart: la a0, back\nla a1, ahead\nla a2, data\n{EXIT}"
        f".zero {4 * after}\nahead: nop\n.data\n.byte 1\ndata: .byte 2"
    )
    for version in ALL_VERSIONS:
        machine = Machine(VERSIONS[version])
        machine.load_program(program.elf())
        machine.run()
        assert machine.registers[10:13] == [program.symbols[name] for name in ("back", "ahead", "data")]


@pytest.mark.parametrize("address", [CODE + (1 << 31) - 0x801, CODE - (1 << 31) - 0x800])
def test_la_reaches_as_far_as_auipc_and_addi_do(address: int) -> None:
    machine = ended(f".equ far, {address}\nla a1, far\nli a0, 0\n{EXIT}", 2)
    assert machine.registers[11] == address % TOP


@every_version
def test_calls_and_returns(version: int) -> None:
    """The exit code has a digit for each place that was passed, in order."""
    source = f"""
      li s0, 0
      call first
      jal second
      la t0, second
      jalr t0
      tail last
    digit:
      slli t1, s0, 2
      add s0, t1, a0
      ret
    first:
      mv s1, ra
      li a0, 1
      call digit
      jr s1
    second:
      mv s1, ra
      li a0, 2
      jal ra, digit
      jr s1
    last:
      li a0, 3
      call digit
      mv a0, s0
      {EXIT}
    """
    assert ended(source, version).exit_code == 0b01_10_10_11


@every_version
def test_branches_of_pseudo_instructions(version: int) -> None:
    """Each line adds a bit, unless its branch is (rightly) taken; those of the second half are not."""
    taken = [
        "beqz x0",
        "bnez t1",
        "blez t2",
        "bgez t1",
        "bltz t2",
        "bgtz t1",
        "bgt t1, t2",
        "ble t2, t1",
        "bgtu t2, t1",
        "bleu t1, t2",
    ]
    not_taken = [
        "beqz t1",
        "bnez x0",
        "blez t1",
        "bgez t2",
        "bltz t1",
        "bgtz t2",
        "bgt t2, t1",
        "ble t1, t2",
        "bgtu t1, t2",
        "bleu t2, t1",
    ]
    lines = [f"{branch}, .+8\naddi s{i // 10}, s{i // 10}, {1 << i % 10}" for i, branch in enumerate(taken + not_taken)]
    machine = ended("li s0, 0\nli s1, 0\nli t1, 5\nli t2, -5\n" + "\n".join(lines) + "\n" + EXIT, version)
    assert machine.registers[8:10] == [0, 0b1111111111]


# The ELF file


def test_code_alone_is_one_segment() -> None:
    file = assemble(f"_start: {EXIT}").elf()
    elf = ELFFile(BytesIO(file))
    (segment,) = elf.iter_segments()
    assert (segment["p_type"], segment["p_flags"]) == ("PT_LOAD", 5)
    assert (segment["p_vaddr"], segment["p_filesz"], segment["p_memsz"]) == (CODE, 8, 8)
    assert segment.data() == assemble(EXIT).text
    assert [section.name for section in elf.iter_sections()] == ["", ".text", ".symtab", ".strtab", ".shstrtab"]


def test_what_other_tools_see() -> None:
    program = assemble(f"nop\n_start: {EXIT}\n.data\nfirst: .word 7\n.bss\nsecond: .zero 9000")
    elf = ELFFile(BytesIO(program.elf()))
    assert (elf.elfclass, elf.little_endian, elf["e_machine"], elf["e_type"]) == (64, True, "EM_RISCV", "ET_EXEC")
    assert elf["e_entry"] == program.entry == CODE + 4
    code, data = elf.iter_segments()
    assert [code["p_flags"], data["p_flags"]] == [5, 6]
    assert data["p_vaddr"] % 4096 == data["p_offset"] % 4096 == 0
    assert (data.data(), data["p_memsz"]) == (b"\7\0\0\0\0\0\0\0", 8 + 9000)
    sections = {section.name: section for section in elf.iter_sections()}
    assert sections[".text"].data() == program.text
    assert sections[".data"].data() == program.data
    assert sections[".data"]["sh_addr"] == 0x11000
    table = sections[".symtab"]
    assert isinstance(table, SymbolTableSection)
    symbols = {symbol.name: (symbol["st_value"], symbol["st_shndx"]) for symbol in table.iter_symbols() if symbol.name}
    assert symbols == {"_start": (CODE + 4, 1), "first": (0x11000, 2), "second": (0x11008, 2)}


@every_version
def test_pages_of_a_loaded_program(version: int) -> None:
    source = f"{EXIT}.zero 4096\n.data\n.dword 5\n.bss\n.zero 5000"
    machine = Machine(VERSIONS[version])
    program = assemble(source)
    size = machine.load_elf(program.elf())
    assert size == len(program.text) + 8
    frozen = FREEZED if version == 0 else 0
    flags = {page: flags for page, flags in enumerate(machine.memory.flags) if flags}
    code = EXECUTABLE | FREEZED | DIRTY
    assert flags == {0x10: code, 0x11: code, 0x12: DIRTY | frozen, 0x13: DIRTY | frozen}
    machine.memory.store(0x12000, 8, 6)  # data can be written, in version 0 too


def test_an_empty_program() -> None:
    program = assemble("")
    assert (program.text, program.data, program.bss_size, program.entry) == (b"", b"", 0, CODE)
    assert ELFFile(BytesIO(program.elf())).num_segments() == 1


def test_the_lines_of_instructions() -> None:
    program = assemble("nop\n# none\nla a0, x; nop\n\n.align 4\nx: c.nop\n.data\n.word 1")
    assert program.lines == {CODE: 1, CODE + 4: 3, CODE + 8: 3, CODE + 12: 3, CODE + 16: 6}
