"""Laws of the encoding: operands to word and back, word to text and back, for every instruction there is."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spawnlab.vm.assembler import assemble
from spawnlab.vm.decoder import decode_word
from spawnlab.vm.errors import EncodingError
from spawnlab.vm.isa.definition import CompressedDefinition, Definition, Operation
from spawnlab.vm.isa.fields import Field, Format
from spawnlab.vm.isa.tables import BASE, COMPRESSED, encode_compressed
from spawnlab.vm.isa.text import operation_text
from spawnlab.vm.version import Isa

from .support import CODE, words

EVERYTHING = tuple(Isa(version, b=True, mop=True, a=True) for version in (0, 1, 2))
LAW = settings(max_examples=20, deadline=None)
GAPS = st.integers(0, 0x800).map(lambda half: 2 * half)
"""Even distances from the start of the code."""


def base_id(d: Definition) -> str:
    return d.mnemonic + "".join(f"-v{version}" for version in sorted({0, 1, 2} & d.versions) if len(d.versions) < 3)


every_base = pytest.mark.parametrize("definition", BASE, ids=base_id)
every_compressed = pytest.mark.parametrize("form", COMPRESSED, ids=lambda form: form.mnemonic)


def values_of(f: Field) -> st.SearchStrategy[int]:
    return st.integers(0, (f.most - f.least) // f.step).map(lambda k: f.least + k * f.step)


def operands_of(layout: Format) -> st.SearchStrategy[tuple[int, ...]]:
    return st.tuples(*map(values_of, layout.fields))


def isas_of(d: Definition) -> list[Isa]:
    return [isa for isa in EVERYTHING if isa.version in d.versions]


def assembled_at(gap: int, text: str) -> bytes:
    """The bytes that ``text`` gives ``gap`` bytes after the start of the code."""
    return assemble(f".zero {gap}\n{text}").text[gap:]


@every_base
@given(data=st.data(), gap=GAPS)
@LAW
def test_a_base_instruction_survives_encoding_and_listing(
    definition: Definition, data: st.DataObject, gap: int
) -> None:
    operands = data.draw(operands_of(definition.format))
    word = definition.encode(*operands)
    assert word < 1 << 32
    operation = Operation(definition, operands, 4)
    assert [decode_word(word, isa) for isa in isas_of(definition)] == [operation] * len(definition.versions)
    for pc in (None, CODE + gap):
        assert assembled_at(gap, operation_text(operation, pc)) == words(word)


ANOTHER_FORM = {  # a form with these operands has the bits of another one (spec: vm-isa, section 5)
    "c.addi": {"rd": 0, "imm": 0},  # c.nop
    "c.lui": {"rd": 2},  # c.addi16sp
    "c.mv": {"rs2": 0},  # c.jr
    "c.add": {"rs2": 0},  # c.jalr, c.ebreak
    "c.jalr": {"rs1": 0},  # c.ebreak
}
ILLEGAL_WHEN_0 = {
    "c.addi4spn": "imm",
    "c.addiw": "rd",
    "c.addi16sp": "imm",
    "c.lui": "imm",
    "c.lwsp": "rd",
    "c.ldsp": "rd",
    "c.jr": "rs1",
}
HINT_WHEN_ANY_IS_0 = {  # illegal in version 0, nothing in versions 1 and 2
    "c.addi": {"rd", "imm"},
    "c.li": {"rd"},
    "c.lui": {"rd"},
    "c.slli": {"rd", "shamt"},
    "c.mv": {"rd"},
    "c.add": {"rd"},
}


@every_compressed
@given(data=st.data(), gap=GAPS)
@LAW
def test_a_compressed_form_survives_encoding_and_listing(
    form: CompressedDefinition, data: st.DataObject, gap: int
) -> None:
    operands = data.draw(operands_of(form.format))
    name = form.mnemonic
    named = {f.name: value for f, value in zip(form.format.fields, operands, strict=True)}
    zeros = {operand for operand, value in named.items() if value == 0}
    another = name in ANOTHER_FORM and ANOTHER_FORM[name].items() <= named.items()
    if another or ILLEGAL_WHEN_0.get(name) in zeros:
        with pytest.raises(EncodingError, match=f"{re.escape(name)} with these operands"):
            encode_compressed(form, operands)
        return
    word = encode_compressed(form, operands)
    assert word < 1 << 16
    old, new, newest = (decode_word(word, isa) for isa in EVERYTHING)
    assert (old is None) == bool(zeros & HINT_WHEN_ANY_IS_0.get(name, set()))
    for operation in (old, new, newest):
        if operation is not None:
            assert (operation.written, operation.length) == ((form, operands), 2)
    assert newest is not None
    for pc in (None, CODE + gap):
        assert assembled_at(gap, operation_text(newest, pc)) == words(word)


@given(opcode=st.sampled_from(sorted({d.match & 0x7F for d in BASE})), rest=st.integers(0, (1 << 25) - 1))
@settings(max_examples=1500, deadline=None)
@example(opcode=0x0F, rest=0)
@example(opcode=0x73, rest=1 << 13)
def test_a_word_that_is_an_instruction_is_encoded_as_itself(opcode: int, rest: int) -> None:
    word = rest << 7 | opcode
    for isa in EVERYTHING:
        operation = decode_word(word, isa)
        if operation is not None:
            assert operation.definition.encode(*operation.operands) == word


FIELDS = [(d.mnemonic, d.format, i) for d in (*BASE, *COMPRESSED) for i in range(len(d.format.fields))]


@pytest.mark.parametrize(("mnemonic", "layout", "index"), FIELDS, ids=[f"{m}-{f.fields[i].name}" for m, f, i in FIELDS])
def test_an_operand_out_of_range_is_refused(mnemonic: str, layout: Format, index: int) -> None:
    f = layout.fields[index]
    good = [g.least for g in layout.fields]
    between = [f.least + 1] if f.step > 1 else []
    for value in (f.least - f.step, f.most + f.step, -(1 << 70), 1 << 70, *between):
        operands = [*good]
        operands[index] = value
        with pytest.raises(EncodingError, match=rf"^{f.name} = {value} does not fit: {f.least} to {f.most}"):
            layout.insert(operands)
    for value in (f.least, f.most):
        operands = [*good]
        operands[index] = value
        assert layout.extract(layout.insert(operands)) == tuple(operands)


@pytest.mark.parametrize("definition", [*BASE, *COMPRESSED], ids=lambda d: d.mnemonic)
def test_a_wrong_number_of_operands_is_refused(definition: Definition | CompressedDefinition) -> None:
    operands = [f.least for f in definition.format.fields]
    with pytest.raises(EncodingError, match="operands, but"):
        definition.encode(*operands, 0)
    if operands:
        with pytest.raises(EncodingError, match="operands, but"):
            definition.encode(*operands[:-1])


RANGES = {  # by the manual: least, most, step
    "addi": {"rd": (0, 31, 1), "rs1": (0, 31, 1), "imm": (-2048, 2047, 1)},
    "ld": {"imm": (-2048, 2047, 1)},
    "sd": {"rs2": (0, 31, 1), "imm": (-2048, 2047, 1)},
    "slli": {"shamt": (0, 63, 1)},
    "slliw": {"shamt": (0, 31, 1)},
    "beq": {"imm": (-4096, 4094, 2)},
    "jal": {"imm": (-1048576, 1048574, 2)},
    "lui": {"imm": (-(1 << 31), (1 << 31) - 4096, 4096)},
    "fence": {"fm": (0, 15, 1), "pred": (0, 15, 1), "succ": (0, 15, 1)},
    "c.addi4spn": {"rd": (8, 15, 1), "imm": (0, 1020, 4)},
    "c.lw": {"rd": (8, 15, 1), "rs1": (8, 15, 1), "imm": (0, 124, 4)},
    "c.ld": {"imm": (0, 248, 8)},
    "c.sw": {"rs2": (8, 15, 1), "imm": (0, 124, 4)},
    "c.sd": {"imm": (0, 248, 8)},
    "c.addi": {"rd": (0, 31, 1), "imm": (-32, 31, 1)},
    "c.addi16sp": {"imm": (-512, 496, 16)},
    "c.lui": {"imm": (-131072, 126976, 4096)},
    "c.srai": {"rd": (8, 15, 1), "shamt": (0, 63, 1)},
    "c.j": {"imm": (-2048, 2046, 2)},
    "c.beqz": {"rs1": (8, 15, 1), "imm": (-256, 254, 2)},
    "c.slli": {"shamt": (0, 63, 1)},
    "c.lwsp": {"imm": (0, 252, 4)},
    "c.ldsp": {"imm": (0, 504, 8)},
    "c.swsp": {"rs2": (0, 31, 1), "imm": (0, 252, 4)},
    "c.sdsp": {"imm": (0, 504, 8)},
}


@pytest.mark.parametrize("mnemonic", RANGES)
def test_fields_hold_what_the_manual_says(mnemonic: str) -> None:
    (layout,) = {d.format for d in (*BASE, *COMPRESSED) if d.mnemonic == mnemonic}
    found = {f.name: (f.least, f.most, f.step) for f in layout.fields}
    assert {name: found[name] for name in RANGES[mnemonic]} == RANGES[mnemonic]


KNOWN = [  # cut into fields by hand with the manual's drawings
    (0x00C58533, "add a0, a1, a2", "add", (10, 11, 12)),
    (0x02A5D5B3, "divu a1, a1, a0", "divu", (11, 11, 10)),
    (0xFFF00513, "addi a0, zero, -1", "addi", (10, 0, -1)),
    (0x43F55513, "srai a0, a0, 63", "srai", (10, 10, 63)),
    (0x41F5551B, "sraiw a0, a0, 31", "sraiw", (10, 10, 31)),
    (0x00813083, "ld ra, 8(sp)", "ld", (1, 2, 8)),
    (0x00113423, "sd ra, 8(sp)", "sd", (1, 2, 8)),
    (0xFE112E23, "sw ra, -4(sp)", "sw", (1, 2, -4)),
    (0xFE0718E3, "bne a4, zero, .-16", "bne", (14, 0, -16)),
    (0x008000EF, "jal ra, .+8", "jal", (1, 8)),
    (0xFFDFF0EF, "jal ra, .-4", "jal", (1, -4)),
    (0x00008067, "jalr zero, 0(ra)", "jalr", (0, 1, 0)),
    (0x800005B7, "lui a1, 0x80000", "lui", (11, -(1 << 31))),
    (0x00002197, "auipc gp, 0x2", "auipc", (3, 0x2000)),
    (0x0FF0000F, "fence iorw, iorw", "fence", (0, 15, 15)),
    (0x8330000F, "fence rw, rw, 8", "fence", (8, 3, 3)),
    (0x0000100F, "fence.i", "fence.i", ()),
    (0x00000073, "ecall", "ecall", ()),
    (0x00100073, "ebreak", "ebreak", ()),
    (0x0001, "c.nop", "addi", (0, 0, 0)),
    (0x4501, "c.li a0, 0", "addi", (10, 0, 0)),
    (0x1141, "c.addi sp, -16", "addi", (2, 2, -16)),
    (0x7139, "c.addi16sp -64", "addi", (2, 2, -64)),
    (0x0808, "c.addi4spn a0, 16", "addi", (10, 2, 16)),
    (0x77FD, "c.lui a5, 0xfffff", "lui", (15, -4096)),
    (0x42D0, "c.lw a2, 4(a3)", "lw", (12, 13, 4)),
    (0xE406, "c.sdsp ra, 8(sp)", "sd", (1, 2, 8)),
    (0x60A2, "c.ldsp ra, 8(sp)", "ld", (1, 2, 8)),
    (0x852E, "c.mv a0, a1", "add", (10, 0, 11)),
    (0x9532, "c.add a0, a2", "add", (10, 10, 12)),
    (0xBFD5, "c.j .-12", "jal", (0, -12)),
    (0xC501, "c.beqz a0, .+8", "beq", (10, 0, 8)),
    (0x8082, "c.jr ra", "jalr", (0, 1, 0)),
    (0x9002, "c.ebreak", "ebreak", ()),
]


@pytest.mark.parametrize(("word", "text", "mnemonic", "operands"), KNOWN, ids=[text for _, text, _, _ in KNOWN])
def test_words_worked_out_by_hand(word: int, text: str, mnemonic: str, operands: tuple[int, ...]) -> None:
    assert assemble(text).text == words(word)
    operation = decode_word(word, Isa(2))
    assert operation is not None
    assert operation_text(operation) == text
    assert (operation.mnemonic, operation.operands) == (mnemonic, operands)
