"""Encodings of A64, against an independent assembler."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from elftools.elf.elffile import ELFFile

from spawnlab.vm.native.aarch64 import a64

REGISTERS = (0, 1, 7, 15, 17, 19, 28, 30)
CONDITIONS = {
    a64.EQ: "eq", a64.NE: "ne", a64.HS: "hs", a64.LO: "lo", a64.MI: "mi", a64.HI: "hi", a64.LS: "ls", a64.GE: "ge",
    a64.LT: "lt", a64.GT: "gt", a64.LE: "le",
}  # fmt: skip
THREE = {
    "add": a64.ADD, "sub": a64.SUB, "subs": a64.SUBS, "and": a64.AND, "orr": a64.ORR, "eor": a64.EOR, "ands": a64.ANDS,
    "udiv": a64.UDIV, "sdiv": a64.SDIV, "lsl": a64.LSL, "lsr": a64.LSR, "asr": a64.ASR, "mul": a64.MUL,
    "smulh": a64.SMULH, "umulh": a64.UMULH,
}  # fmt: skip
LOGICAL = {"and": a64.AND_NUMBER, "orr": a64.ORR_NUMBER, "eor": a64.EOR_NUMBER, "ands": a64.ANDS_NUMBER}
WIDTHS = {1: "b", 2: "h", 4: "", 8: ""}
MASK = (1 << 64) - 1
OFFSETS = (-256, -128, -8, -1, 0, 1, 8, 120, 128, 160, 255, 256, 4088, 4095, 32760)


def x(register: int) -> str:
    return "xzr" if register == a64.ZERO else f"x{register}"


def w(register: int) -> str:
    return "w" + x(register)[1:]


def arithmetic() -> list[tuple[str, bytes]]:
    rng = Random(1)
    found: list[tuple[str, bytes]] = []
    for mnemonic, operation in THREE.items():
        for _ in range(6):
            d, n, m = (rng.choice((*REGISTERS, a64.ZERO)) for _ in range(3))
            found.append((f"{mnemonic} {x(d)}, {x(n)}, {x(m)}", a64.three(operation, d, n, m)))
    for mnemonic in ("add", "sub", "and", "orr", "eor"):
        for name, shift in (("lsl", a64.SHIFT_LEFT), ("lsr", a64.SHIFT_RIGHT)):
            for amount in (1, 12, 63):
                text = f"{mnemonic} x3, x4, x5, {name} #{amount}"
                found.append((text, a64.shifted(THREE[mnemonic], 3, 4, 5, shift, amount)))
    for number in (0, 1, 2047, 4095, 4096, 4095 << 12, -1, -4095, -4096):
        verb, size = ("sub", -number) if number < 0 else ("add", number)
        found.append((f"{verb} x9, sp, #{size}", a64.add_number(9, a64.SP, number)))
        found.append((f"cmp x8, #{number}" if number >= 0 else f"cmn x8, #{-number}", a64.compare_number(8, number)))
    found += [
        ("msub x1, x2, x3, x4", a64.msub(1, 2, 3, 4)),
        ("mov x7, x30", a64.mov(7, 30)),
        ("mov w7, w30", a64.mov32(7, 30)),
        ("clz x1, x29", a64.two(a64.CLZ, 1, 29)),
        ("rbit x1, x29", a64.two(a64.RBIT, 1, 29)),
        ("rev x1, x29", a64.two(a64.REV, 1, 29)),
    ]
    return found


def numbers() -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for size in (2, 4, 8, 16, 32, 64):
        for ones in {1, 2, size // 2, size - 1} - {0, size}:
            for rotation in {0, 1, size // 2, size - 1}:
                run = (1 << ones) - 1
                part = (run >> rotation | run << size - rotation) & (1 << size) - 1
                number = sum(part << size * i for i in range(64 // size))
                mnemonic = ("and", "orr", "eor", "ands")[rotation % 4]
                found.append((f"{mnemonic} x3, x4, #{number}", a64.logical(LOGICAL[mnemonic], 3, 4, number)))
    for number in (2, 4, 6, 0xFF, 0xF0, 0x8000_0000):
        found.append((f"and w3, w4, #{number}", a64.logical32(a64.AND_NUMBER, 3, 4, number)))
        found.append((f"orr w3, w4, #{number}", a64.logical32(a64.ORR_NUMBER, 3, 4, number)))
    for half in (0, 1, 0xFFFF):
        for position in range(4):
            shift = f"lsl #{16 * position}"
            found.append((f"movz x5, #{half}, {shift}", a64.mov_half(a64.MOVZ, 5, half, position)))
            found.append((f"movn x5, #{half}, {shift}", a64.mov_half(a64.MOVN, 5, half, position)))
            found.append((f"movk x5, #{half}, {shift}", a64.mov_half(a64.MOVK, 5, half, position)))
    for count in (0, 1, 31, 32, 63):
        for mnemonic in ("lsl", "lsr", "asr"):
            found.append((f"{mnemonic} x5, x6, #{count}", a64.shift_number(THREE[mnemonic], 5, 6, count)))
    for bits in (1, 5, 8, 16, 32, 63):
        found.append((f"sbfx x5, x6, #0, #{bits}", a64.extend(5, 6, bits, signed=True)))
        found.append((f"ubfx x5, x6, #0, #{bits}", a64.extend(5, 6, bits, signed=False)))
    return found


def choosing() -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for condition, name in CONDITIONS.items():
        found.append((f"csel x1, x2, x3, {name}", a64.select(1, condition, 2, 3)))
        found.append((f"csinv x1, x2, xzr, {name}", a64.select_not(1, condition, 2, a64.ZERO)))
        found.append((f"cset x9, {name}", a64.set_if(9, condition)))
        found.append((f"ccmp w4, #4, #0, {name}", a64.compare32_number_if(condition, 4, 4)))
        found.append((f"b.{name} . + 1048572", a64.b_if(condition, (1 << 20) - 4)))
        found.append((f"b.{name} . - 1048576", a64.retarget(a64.b_if(condition), -(1 << 20))))
    return [*found, ("cmp w3, #4", a64.compare32_number(3, 4)), ("cmp w3, #0", a64.compare32_number(3, 0))]


def memory() -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for width, suffix in WIDTHS.items():
        for t in (0, 30, a64.ZERO):
            plain = x(t) if width == 8 else w(t)
            signed = "" if width == 8 else f"s{'bhw'[width.bit_length() - 1]}"
            found.append((f"ldr{suffix} {plain}, [x26, x4]", a64.load_indexed(t, 26, 4, width)))
            found.append((f"ldr{signed} {x(t)}, [x26, x4]", a64.load_indexed(t, 26, 4, width, signed=True)))
            found.append((f"str{suffix} {plain}, [x26, xzr]", a64.store_indexed(t, 26, a64.ZERO, width)))
            for offset in OFFSETS:
                scaled = offset % width == 0 and 0 <= offset < width << 12
                if not scaled and offset > 255:
                    with pytest.raises(ValueError, match="does not fit"):
                        a64.load(t, 28, offset, width)
                    continue
                u = "" if scaled else "u"
                found.append((f"ld{u}r{suffix} {plain}, [x28, #{offset}]", a64.load(t, 28, offset, width)))
                found.append((f"ld{u}r{signed} {x(t)}, [x28, #{offset}]", a64.load(t, 28, offset, width, signed=True)))
                found.append((f"st{u}r{suffix} {plain}, [sp, #{offset}]", a64.store(t, a64.SP, offset, width)))
    for offset in (-512, 0, 504):
        found.append((f"stp x19, x30, [sp, #{offset}]", a64.store_pair(19, 30, a64.SP, offset)))
        found.append((f"ldp x19, x30, [sp, #{offset}]", a64.load_pair(19, 30, a64.SP, offset)))
    return found


def control() -> list[tuple[str, bytes]]:
    return [
        ("b . + 134217724", a64.b((1 << 27) - 4)),
        ("b . - 134217728", a64.retarget(a64.b(4), -(1 << 27))),
        ("br x17", a64.br(17)),
        ("ret", a64.RET),
        ("mrs x4, ctr_el0", a64.read_cache_type(4)),
        ("dc cvau, x3", a64.clean_data(3)),
        ("ic ivau, x3", a64.forget_instructions(3)),
        ("dsb ish", a64.DATA_BARRIER),
        ("isb", a64.INSTRUCTION_BARRIER),
        ("fmov d0, x9; cnt v0.8b, v0.8b; addv b0, v0.8b; fmov w3, s0", a64.count_ones(3, 9)),
        (
            "fmov d0, x9; fmov d1, x8; pmull v0.1q, v0.1d, v1.1d; mov x3, v0.d[1]",
            a64.carryless(3, 9, 8, high=True),
        ),
        ("fmov d0, x9; fmov d1, x8; pmull v0.1q, v0.1d, v1.1d; fmov x3, d0", a64.carryless(3, 9, 8, high=False)),
    ]


def assembled(lines: list[str], folder: Path) -> bytes:
    """What the assembler makes of it."""
    source, target = folder / "all.s", folder / "all.o"
    source.write_text(".arch armv8-a+crypto\n" + "\n".join(lines) + "\n")
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "aarch64-linux-musl", "-c", source, "-o", target]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    section = ELFFile(BytesIO(target.read_bytes())).get_section_by_name(".text")
    assert section is not None
    return section.data()


@pytest.mark.skipif(find_spec("ziglang") is None, reason="there is no assembler here")
def test_instructions_are_those_of_an_assembler(tmp_path: Path) -> None:
    cases = [*arithmetic(), *numbers(), *choosing(), *memory(), *control()]
    wanted = assembled([text for text, _ in cases], tmp_path)
    at, wrong = 0, list[tuple[str, str, str]]()
    for text, code in cases:
        found = wanted[at : at + len(code)]
        at += len(code)
        if code != found:
            wrong.append((text, code.hex(), found.hex()))
    assert wrong == []
    assert at == len(wanted)
    assert len(cases) > 500


def value_of(code: bytes) -> int:
    """What a sequence of moves of numbers leaves in the register."""
    value = 0
    for number in (int.from_bytes(code[i : i + 4], "little") for i in range(0, len(code), 4)):
        shift, half = 16 * (number >> 21 & 3), number >> 5 & 0xFFFF
        match number & 0xFF80_0000:
            case a64.MOVZ:
                value = half << shift
            case a64.MOVN:
                value = ~(half << shift) & MASK
            case a64.MOVK:
                value = value & ~(0xFFFF << shift) | half << shift
            case _:
                assert number & 0xFF80_0000 == a64.ORR_NUMBER
                assert len(code) == 4
                return -1
    return value


def test_any_number_is_moved() -> None:
    rng = Random(2)
    halves = (0, 0xFFFF, 1, 0x8000, 0x7FFF, 0x1234)
    found = [rng.getrandbits(64) for _ in range(500)]
    found += [sum(rng.choice(halves) << 16 * i for i in range(4)) for _ in range(2000)]
    for number in (0, 1, MASK, MASK - 1, 1 << 63, *found):
        code = a64.mov_number(3, number)
        if len(code) == 4 and a64.logical_field(number) is not None:
            assert value_of(code) in (-1, number)
        else:
            assert value_of(code) == number
        assert 4 <= len(code) <= 16
    for number in (0, 1, -1, 0x1234_5678, -0x8000_0000, (1 << 32) - 1, -(1 << 32)):
        assert value_of(a64.mov_pair(3, number)) == number & MASK
        assert len(a64.mov_pair(3, number)) == 8


def test_numbers_that_have_no_field() -> None:
    fields = [number for number in range(1 << 12) if a64.logical_field(number) is not None]
    assert fields == sorted({((1 << ones) - 1) << at for ones in range(1, 13) for at in range(13 - ones)})
    assert a64.logical_field(0) is a64.logical_field(MASK) is a64.logical_field(0x1234_5678) is None


@pytest.mark.parametrize("offset", [1 << 20, -(1 << 20) - 4])
def test_a_jump_that_is_too_far_is_an_error(offset: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        a64.b_if(a64.EQ, offset)
