"""All 49 152 words of 16 bits, against the table of the specification (vm-isa, section 5)."""

from __future__ import annotations

import re

import pytest

from spawnlab.vm.assembler import assemble
from spawnlab.vm.decoder import decode_word
from spawnlab.vm.isa.tables import encode_compressed
from spawnlab.vm.isa.text import operation_text
from spawnlab.vm.version import VERSIONS

from .support import ALL_VERSIONS, CODE

WORDS = [word for word in range(1 << 16) if word & 3 != 3]
NOP = ("addi", (0, 0, 0))


def is_hint(word: int) -> bool:
    """Illegal in version 0, nothing from version 1 on."""
    rd, low = word >> 7 & 31, word >> 2 & 31
    nothing = word >> 12 & 1 == 0 and low == 0
    match word & 3, word >> 13:
        case 1, 0:
            return (rd == 0) != nothing
        case 1, 2:
            return rd == 0
        case 1, 3:
            return rd == 0 and not nothing
        case 2, 0:
            return rd == 0 or nothing
        case 2, 4:
            return rd == 0 and low != 0
        case _:
            return False


def is_illegal(word: int) -> bool:
    """Illegal in every version."""
    rd, low = word >> 7 & 31, word >> 2 & 31
    nothing = word >> 12 & 1 == 0 and low == 0
    match word & 3, word >> 13:
        case (0, 1) | (0, 4) | (0, 5) | (2, 1) | (2, 5):
            return True
        case 0, 0:
            return word >> 5 & 0xFF == 0
        case (1, 1) | (2, 2) | (2, 3):
            return rd == 0
        case 1, 3:
            return nothing
        case 1, 4:
            return word >> 10 & 7 == 7 and word >> 6 & 1 == 1
        case 2, 4:
            return rd == 0 and nothing
        case _:
            return False


def does_nothing_in_every_version(word: int) -> bool:
    """c.nop, and c.srli and c.srai with a shift of 0."""
    return word == 1 or (word & 0xF07F == 0x8001 and word >> 10 & 3 in (0, 1))


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_every_word_is_legal_exactly_where_the_table_says(version: int) -> None:
    wrong = [
        hex(word)
        for word in WORDS
        if (decode_word(word, VERSIONS[version]) is None) != (is_illegal(word) or (version == 0 and is_hint(word)))
    ]
    assert wrong == []


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_every_legal_word_is_two_bytes_long_and_is_encoded_as_itself(version: int) -> None:
    """No exception: HINTs and shifts by 0 too keep the form that they were written in."""
    wrong: list[str] = []
    for word in WORDS:
        operation = decode_word(word, VERSIONS[version])
        if operation is not None:
            assert operation.written is not None
            if operation.length != 2 or encode_compressed(*operation.written) != word:
                wrong.append(hex(word))
    assert wrong == []


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_hints_and_shifts_by_zero_do_nothing_and_nothing_else_does(version: int) -> None:
    for word in WORDS:
        operation = decode_word(word, VERSIONS[version])
        if operation is not None:
            nothing = is_hint(word) or does_nothing_in_every_version(word)
            assert ((operation.mnemonic, operation.operands) == NOP) == nothing, hex(word)


def test_a_compressed_word_means_the_same_in_every_version_that_has_it() -> None:
    for word in WORDS:
        old, new, newest = (decode_word(word, isa) for isa in VERSIONS)
        assert new == newest
        if old is not None and old.mnemonic != "jalr":  # version 0 has its own
            assert old == new


def test_the_listing_of_every_legal_word_assembles_to_it() -> None:
    decoded = ((word, decode_word(word, VERSIONS[2])) for word in WORDS)
    legal = [(word, operation) for word, operation in decoded if operation is not None]
    addresses = [operation_text(operation, CODE + 2 * index) for index, (_, operation) in enumerate(legal)]
    assert assemble("\n".join(addresses)).text == b"".join(word.to_bytes(2, "little") for word, _ in legal)


def test_the_listing_of_every_jump_and_branch_assembles_to_it_without_its_address() -> None:
    decoded = ((word, decode_word(word, VERSIONS[2])) for word in WORDS if word & 3 == 1 and word >> 13 >= 5)
    jumps = [(word, operation) for word, operation in decoded if operation is not None]
    assert len(jumps) == 3 << 11
    lines = [operation_text(operation) for _, operation in jumps]
    assert all(re.search(r" \.[+-]\d+$", line) for line in lines)
    assert assemble("\n".join(lines)).text == b"".join(word.to_bytes(2, "little") for word, _ in jumps)
