"""How assembly text is read: comments, literals, expressions, names; and what is refused with which words."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.vm.assembler import AssemblyError, assemble
from spawnlab.vm.isa.tables import BASE, BY_MNEMONIC, COMPRESSED

from .support import CODE, words

NOP = words(0x13)


def data_of(directives: str) -> bytes:
    return assemble(f".data\n{directives}").data


def refusal(text: str) -> tuple[int, str]:
    with pytest.raises(AssemblyError) as caught:
        assemble(text)
    return caught.value.line, caught.value.message


# Lines


@pytest.mark.parametrize(
    "text",
    [
        "nop",
        "  \t nop \t ",
        "NOP",
        "nop # add a0, a0",
        "nop // add a0, a0",
        "nop # a 'quote",
        'nop # a "quote',
        "nop; # nop",
        "; ;nop;",
        "# nop\nnop\n// nop\n\n",
        "nop\r\n",
        "addi\tx0,\tx0, 0",
        "a: nop",
        "a:b: c :nop",
        "a:\nnop\nb:",
        ".globl a\n.option norvc\n.type a, @function\nnop\n.size a, 4",
        ".data\n.text\nnop",
        '.section .text.startup, "ax"\nnop',
    ],
)
def test_one_nop(text: str) -> None:
    assert assemble(text).text == NOP


def test_statements_of_a_line_follow_each_other() -> None:
    assert assemble("c.nop; nop ;c.nop").text == words(0x0001, 0x13, 0x0001)


def test_names_of_registers() -> None:
    assert assemble("add fp, x31, zero").text == assemble("add s0, t6, x0").text == words(0x000F8433)


def test_names_of_labels() -> None:
    program = assemble("_a.b$1: nop\n.L2: nop\nadd: nop\na0: j add")
    assert program.symbols == {"_a.b$1": CODE, ".L2": CODE + 4, "add": CODE + 8, "a0": CODE + 12}
    assert program.text[12:] == words(0xFFDFF06F)  # jal x0, -4


def test_labels_of_one_place_and_of_another_section() -> None:
    program = assemble("one: two: nop\n.data\nthree: .byte 1\n.text\nfour: nop\n.data\nfive:")
    data = program.data_address
    assert data == 0x11000
    assert program.symbols == {"one": CODE, "two": CODE, "four": CODE + 4, "three": data, "five": data + 1}


# Literals and expressions


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("0x1F", 31),
        ("0XfF", 255),
        ("0b101", 5),
        ("-3", 253),
        ("+3", 3),
        ("1+2-4", 255),
        ("5 - -3", 8),
        ("5--3", 8),
        ("- -3", 3),
        ("5 + - + 3", 2),
        ("size - -size", 18),
        ("007", 7),
        (" 1 + 2 ", 3),
        ("'a'", 97),
        ("'#'", 35),
        ("';'", 59),
        ("','", 44),
        ("'/'", 47),
        ("' '", 32),
        ("'\"'", 34),
        ("'\\''", 39),
        ("'\\\\'", 92),
        ("'\\n'", 10),
        ("'\\0'", 0),
        ("'b'-'a'", 1),
        ("size*0", None),
        ("size", 9),
        ("size-1+size", 17),
        ("here-start", 4),
        (".-start", 4),
    ],
)
def test_values(text: str, value: int | None) -> None:
    source = f".equ size, 9\nstart: .word 0\nhere: .byte {text} # comment"
    if value is None:
        assert refusal(f".data\n{source}")[0] == 4
    else:
        assert data_of(source)[4] == value


def test_a_target_is_an_expression_too() -> None:
    assert assemble("j end-4\nnop\nend:").text[:4] == words(0x0040006F)
    assert assemble("nop\nj .").text[4:] == words(0x0000006F)
    assert assemble("nop\nbeq a0, a1, .-4").text[4:] == words(0xFEB50EE3)


@pytest.mark.parametrize(
    ("directive", "content"),
    [
        (".byte 1, -1, 255, -128", "01ffff80"),
        (".half 0x1234, -2", "3412feff"),
        (".2byte 65535", "ffff"),
        (".word 0x12345678", "78563412"),
        (".4byte -1, 4294967295", "ffffffffffffffff"),
        (".dword 0x0123456789abcdef", "efcdab8967452301"),
        (".8byte -9223372036854775808", "0000000000000080"),
        (".quad 18446744073709551615", "ffffffffffffffff"),
        ('.ascii "ab", "c"', "616263"),
        ('.asciz "ab", "c"', "61620063 00"),
        ('.string ""', "00"),
        ('.ascii "a\\n\\t\\"\\\\\\x41\\0"', "610a09225c4100"),
        ('.ascii "é"', "c3a9"),
        ('.ascii "a # b // c ; d, e"', b"a # b // c ; d, e".hex()),
        (".zero 3", "000000"),
        (".space 1+1", "0000"),
        (".skip 0", ""),
        (".byte 1; .balign 4; .byte 2", "0100000002"),
        (".byte 1; .align 1; .byte 2; .p2align 0; .byte 3", "01000203"),
    ],
)
def test_data(directive: str, content: str) -> None:
    assert data_of(directive) == bytes.fromhex(content)


@pytest.mark.parametrize(
    ("directive", "width", "outside"),
    [(".byte", 1, 256), (".half", 2, -32769), (".word", 4, 1 << 32), (".dword", 8, -(1 << 63) - 1)],
)
def test_numbers_that_do_not_fit(directive: str, width: int, outside: int) -> None:
    assert refusal(f".data\n{directive} 1, {outside}") == (2, f"{outside} does not fit in {width} bytes")


def test_code_is_filled_up_with_instructions() -> None:
    assert assemble("c.nop\n.align 2\nnop\n.balign 16\nnop").text == words(1, 1, 0x13, 0x13, 0x13, 0x13)


@pytest.mark.parametrize(
    ("text", "operands"),  # the link, the base, the offset
    [
        ("jr a0", (0, 10, 0)),
        ("jr 4(a0)", (0, 10, 4)),
        ("jr -4 ( a0 )", (0, 10, -4)),
        ("jr a0, 4", (0, 10, 4)),
        ("jalr a0", (1, 10, 0)),
        ("jalr 4(a0)", (1, 10, 4)),
        ("jalr a0, 4", (1, 10, 4)),
        ("jalr a0, a1", (10, 11, 0)),
        ("jalr a0, 4(a1)", (10, 11, 4)),
        ("jalr a0, a1, 4", (10, 11, 4)),
        ("jalr ra, a0, 0", (1, 10, 0)),
        ("jalr zero, zero, 8 - -4", (0, 0, 12)),
        (".equ far, 2047; jalr s1, far", (1, 9, 2047)),
    ],
)
def test_forms_of_jumps_to_registers(text: str, operands: tuple[int, ...]) -> None:
    assert assemble(text).text == words(BY_MNEMONIC[2]["jalr"].encode(*operands))


# What is refused


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (".data\nnop", 2, "instructions belong in .text"),
        (".bss\n.zero 4194304\n.zero 1", 3, "a section of more than 4194304 bytes does not fit the memory"),
        (".equ far, 0x8000f800\nla a0, far\nnop", 2, "the distance 2147481600 does not fit in 32 bits"),
        ("nop\n  nopp", 2, "there is no instruction 'nopp'; did you mean 'c.nop'?"),
        ("frobnicate", 1, "there is no instruction 'frobnicate'"),
        ("A0: add A0, a1, a2", 1, "'A0' is not a register (x0 to x31, or a0, sp, t1 ...)"),
        ("add x32, a1, a2", 1, "'x32' is not a register (x0 to x31, or a0, sp, t1 ...)"),
        ("ret a0", 1, "ret takes 0 operands, not 1"),
        ("ecall 1", 1, "operands '1' are not of the form ''"),
        ("nop\nld a0, a1", 2, "operands 'a0, a1' are not of the form 'rd, imm(rs1)'"),
        ("la a0, nowhere", 1, "there is no symbol 'nowhere'"),
        (".data\n.word nowhere", 2, "there is no symbol 'nowhere'"),
        (".equ a, b", 1, "there is no symbol 'b' (a number or an earlier .equ is wanted; use la for labels)"),
        ("a: nop\n.data\na: .byte 1", 3, "'a' is defined twice"),
        (".equ a, 1\na: nop", 2, "'a' is defined twice"),
        ('.data\n.ascii "a" "b"', 2, '"a" "b" is not a string'),
        ('.data\n.ascii "a', 2, "'\"a' is not a string in double quotes"),
        (".data\n.byte 1,,2", 2, "'' is not an expression"),
        (".data\n.byte", 2, "'' is not an expression"),
        ("li a0, 1 2", 1, "'1 2' is not an expression"),
        ("li a0, 5 -", 1, "'5 -' is not an expression"),
        ("li a0, - -", 1, "'- -' is not an expression"),
        (".data\n.byte 3 - 'ab'", 2, "\"3 - 'ab'\" is not an expression"),
        ("jr", 1, "jr goes to a place like a0, 4(a0) or a0, 4; not to ''"),
        ("jr 4", 1, "jr goes to a place like a0, 4(a0) or a0, 4; not to '4'"),
        ("jr a0, a1, 4", 1, "jr goes to a place like a0, 4(a0) or a0, 4; not to 'a0, a1, 4'"),
        ("jr a0, 4(a1)", 1, "jr goes to a place like a0, 4(a0) or a0, 4; not to 'a0, 4(a1)'"),
        ("jalr a0, a1, a2, 4", 1, "jalr goes to a place like a0, 4(a0) or a0, 4; not to 'a0, a1, a2, 4'"),
        ("jalr a0, a1, a2", 1, "jalr goes to a place like a0, 4(a0) or a0, 4; not to 'a1, a2'"),
        ("jalr a0, 2048(a1)", 1, "imm = 2048 does not fit: -2048 to 2047"),
        (".section .stack", 1, "there is no section '.stack'; use .text, .data or .bss"),
        ("jal a0, .+2097152", 1, "imm = 2097152 does not fit: -1048576 to 1048574, in steps of 2"),
        ("c.addi a0, 32", 1, "imm = 32 does not fit: -32 to 31"),
        ("c.lwsp x0, 0(sp)", 1, "c.lwsp with these operands is reserved"),
        ("c.lui sp, 1", 1, "c.lui with these operands is the code of c.addi16sp"),
        ("c.mv a0, x0", 1, "c.mv with these operands is the code of c.jr"),
    ],
)
def test_what_is_refused(text: str, line: int, message: str) -> None:
    assert refusal(text) == (line, message)


def test_a_constant_does_not_replace_a_label() -> None:
    assert refusal("a: nop\n.equ a, 1") == (2, "'a' is defined twice")


@pytest.mark.parametrize("text", [".equ , 3", ".equ 1a, 3", ".equ a b, 3"])
def test_a_constant_has_a_name(text: str) -> None:
    assert refusal(text)[0] == 1


def test_values_in_bss_are_refused() -> None:
    """They would be lost: the section has no bytes in the file."""
    assert refusal(".bss\nx: .word 5")[0] == 2


def test_an_unknown_escape_is_refused_whatever_is_done_with_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert refusal('.data\n.ascii "\\q"') == (2, '"\\q" is not a string')


TOKENS = [
    *(d.mnemonic for d in (*BASE, *COMPRESSED)),
    *(["nop", "li", "la", "mv", "call", "tail", "j", "jr", "ret", "beqz", "bgt", "jal", "jalr", "fence"]),
    *(
        [
            ".byte",
            ".half",
            ".word",
            ".dword",
            ".ascii",
            ".asciz",
            ".zero",
            ".align",
            ".balign",
            ".equ",
            ".section",
            ".text",
            ".data",
            ".bss",
            ".globl",
        ]
    ),
    *(
        [
            "a0",
            "a1",
            "x31",
            "sp",
            ",",
            "(",
            ")",
            "0",
            "-1",
            "0x10",
            "2047",
            ".",
            ".+8",
            "label",
            "label:",
            '"',
            "'",
            "#",
            "//",
            ";",
            "\\",
            "'a'",
            '"text"',
            "%pcrel_hi(label)",
            "[",
            "{",
            "é",
        ]
    ),
    *("\n", "\t", " ", "99999999999999999999", "0x", "'", "{0}"),
]


def outcome(text: str) -> bytes | AssemblyError:
    try:
        return assemble(text).elf()
    except AssemblyError as error:
        return error


@given(st.lists(st.sampled_from(TOKENS), max_size=12).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_any_text_is_assembled_or_refused_with_its_line(text: str) -> None:
    found = outcome(text)
    if isinstance(found, bytes):
        assert found.startswith(b"\x7fELF")
    else:
        assert text.splitlines()[found.line - 1] == found.text
        assert found.message
