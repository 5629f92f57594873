"""From bytes to operations (``vm-isa`` §1 to §5): which words are instructions, in which version."""

from __future__ import annotations

import pytest

from spawnlab.vm.decoder import decode, decode_word
from spawnlab.vm.errors import InvalidInstruction, MemOutOfBound, MemWriteOnExecutablePage
from spawnlab.vm.isa.tables import BASE, COMPRESSED, OPERATIONS
from spawnlab.vm.memory import EXECUTABLE, Memory
from spawnlab.vm.version import VERSIONS, Isa

from .support import ALL_VERSIONS, SIZE, TOP, fails, machine_of, words

every_version = pytest.mark.parametrize("version", ALL_VERSIONS)


def meaning(word: int, version: int = 2) -> tuple[str, tuple[int, ...]] | None:
    operation = decode_word(word, VERSIONS[version])
    return None if operation is None else (operation.mnemonic, operation.operands)


# Which words


@pytest.mark.parametrize("top", [0x000, 0x0FF, 0x833, 0xFFF])
@every_version
def test_a_fence_has_any_top_bits_and_nothing_else(top: int, version: int) -> None:
    word = top << 20 | 0x0F
    assert meaning(word, version) == ("fence", (top >> 8, top >> 4 & 15, top & 15))
    for wrong in (word | 1 << 7, word | 1 << 15, word | 1 << 13, word | 7 << 12):
        assert meaning(wrong, version) is None


@every_version
def test_fence_i_is_one_word(version: int) -> None:
    assert meaning(0x0000100F, version) == ("fence.i", ())
    for bit in range(7, 32):
        if bit != 12:
            assert meaning(0x0000100F ^ 1 << bit, version) is None


@every_version
def test_of_the_system_instructions_only_two_exist(version: int) -> None:
    found = {word: meaning(word, version) for top in range(1 << 12) if (word := top << 20 | 0x73)}
    assert {word: name for word, name in found.items() if name} == {0x73: ("ecall", ()), 0x100073: ("ebreak", ())}
    for word in (0xC0002573, 0x30529073, 0x30200073, 0x10500073, 0x12000073, 0x00000173, 0x00008073, 0x00001073):
        assert meaning(word, version) is None


@every_version
@pytest.mark.parametrize(
    ("opcode", "functions"),
    [(0x67, {0}), (0x63, {0, 1, 4, 5, 6, 7}), (0x03, set(range(7))), (0x23, {0, 1, 2, 3})],
    ids=["jalr", "branches", "loads", "stores"],
)
def test_functions_that_do_not_exist(opcode: int, functions: set[int], version: int) -> None:
    assert {f for f in range(8) if meaning(f << 12 | opcode, version)} == functions


@every_version
def test_shift_amounts_of_32_bits_have_five_bits(version: int) -> None:
    assert meaning(0x01F5151B, version) == ("slliw", (10, 10, 31))
    assert meaning(0x41F5551B, version) == ("sraiw", (10, 10, 31))
    for word in (0x0205151B, 0x4205551B, 0x0205551B):
        assert meaning(word, version) is None
    assert meaning(0x03F51513, version) == ("slli", (10, 10, 63))


@every_version
def test_words_of_more_than_32_bits_are_none(version: int) -> None:
    for word in (0x1F, 0x3F, 0x7F, 0xFFFFFFFF, 0x0000005F):
        assert meaning(word, version) is None


@every_version
def test_hints_of_32_bits_are_ordinary_in_every_version(version: int) -> None:
    assert meaning(0x00100013, version) == ("addi", (0, 0, 1))
    assert meaning(0x00001037, version) == ("lui", (0, 0x1000))
    assert meaning(0x00101013, version) == ("slli", (0, 0, 1))
    assert meaning(0x00000033, version) == ("add", (0, 0, 0))


SH1ADD, ZEXT_H, CLZ = 0x20C5A533, 0x0805C53B, 0x60059513  # a0, a1 (and a2)
LR_W, AMOADD_D = 0x1005A52F, 0x00C5B52F


def test_bit_manipulation_is_of_versions_1_and_2() -> None:
    for word, name in ((SH1ADD, "sh1add"), (ZEXT_H, "zext.h"), (CLZ, "clz")):
        assert meaning(word, 0) is None
        assert [(meaning(word, version) or ("",))[0] for version in (1, 2)] == [name, name]
    assert meaning(ZEXT_H | 1 << 20) is None  # rs2 is not 0
    assert meaning(CLZ | 3 << 20) is None


@every_version
def test_no_version_has_atomics(version: int) -> None:
    assert not VERSIONS[version].a
    assert meaning(LR_W, version) is meaning(AMOADD_D, version) is None
    extended = Isa(version, a=True)
    assert [getattr(decode_word(word, extended), "mnemonic", None) for word in (LR_W, AMOADD_D)] == ["lr.w", "amoadd.d"]
    assert decode_word(LR_W | 1 << 20, extended) is None  # rs2 is not 0


def test_what_the_versions_switch_on() -> None:
    assert (Isa(0), Isa(1, b=True, mop=True), Isa(2, b=True, mop=True)) == VERSIONS


def test_names_are_unique_within_a_version() -> None:
    for version in ALL_VERSIONS:
        names = [d.mnemonic for d in OPERATIONS if version in d.versions] + [c.mnemonic for c in COMPRESSED]
        assert len(names) == len(set(names))


def test_every_extension_has_its_instructions() -> None:
    counts = {letter: len({d.mnemonic for d in BASE if d.extension == letter}) for letter in "IMBA"}
    assert counts == {"I": 53, "M": 13, "B": 43, "A": 22}


# At an address


@every_version
@pytest.mark.parametrize(("code", "word"), [(words(0xFFFFFFFF), 0xFFFFFFFF), (b"\0\0\xff\xff", 0), (b"\0\x20", 0x2000)])
def test_the_error_names_the_address_and_the_word(code: bytes, word: int, version: int) -> None:
    machine = machine_of(code, version, at=0x10006)
    with fails(InvalidInstruction):
        machine.operation_at(0x10006)
    with pytest.raises(InvalidInstruction) as caught:
        machine.step()
    assert (caught.value.pc, caught.value.instruction) == (0x10006, word)
    assert (machine.this_pc, machine.cycles) == (0x10006, 0)


@every_version
def test_addresses_beyond_memory_are_out_of_bound(version: int) -> None:
    machine = machine_of(b"\x01\x00", version)
    for pc in (SIZE, SIZE + 0x10000, (1 << 32) + 0x10000, TOP - 2):
        with fails(MemOutOfBound):
            machine.operation_at(pc)


@every_version
def test_bytes_on_a_page_without_code_are_not_decoded(version: int) -> None:
    machine = machine_of(b"\x01\x00", version)
    machine.memory.write(0x20000, b"\x01\x00")
    with fails(MemWriteOnExecutablePage):
        machine.operation_at(0x20000)


@every_version
def test_an_instruction_may_lie_over_two_pages_of_code(version: int) -> None:
    memory = Memory()
    memory.data[0x1FFE:0x2002] = words(0x00C58533)
    memory.flags[1] = EXECUTABLE
    with fails(MemWriteOnExecutablePage):
        decode(0x1FFE, memory.fetch, VERSIONS[version])
    memory.flags[2] = EXECUTABLE
    operation = decode(0x1FFE, memory.fetch, VERSIONS[version])
    assert (operation.mnemonic, operation.operands, operation.length) == ("add", (10, 11, 12), 4)


@every_version
def test_the_last_instruction_of_memory(version: int) -> None:
    memory = Memory()
    memory.flags[1023] = EXECUTABLE
    memory.data[SIZE - 4 :] = words(0x00C58533)
    assert decode(SIZE - 4, memory.fetch, VERSIONS[version]).operands == (10, 11, 12)
    memory.data[SIZE - 2 :] = b"\x01\x00"
    assert decode(SIZE - 2, memory.fetch, VERSIONS[version]).length == 2
    memory.data[SIZE - 2 :] = b"\x33\x85"
    for pc in (SIZE - 2, SIZE - 1):
        with fails(MemOutOfBound):
            decode(pc, memory.fetch, VERSIONS[version])
