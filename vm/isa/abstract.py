"""The abstract machine that instructions are written over.

Its values ``V`` are plain integers in the step engine and nodes of a translated block in the compiling engines, so an
instruction never uses a host operator on a value and never branches on one: it may branch on operand numbers only.
Every value is a 64-bit number; arithmetic is modulo 2^64.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

V = TypeVar("V")


class AbstractMachine(Protocol[V]):
    """What an instruction can do. Operand numbers are ``int``; values are ``V``."""

    # Registers and control
    def x(self, register: int, /) -> V:
        """The value of a register; x0 is 0."""
        ...

    def set(self, register: int, value: V, /) -> None:
        """Write a register; writes to x0 are dropped."""
        ...

    def pc(self) -> V:
        """The address of this instruction."""
        ...

    def following(self) -> V:
        """The address after this instruction."""
        ...

    def jump(self, target: V, /) -> None:
        """Go on at ``target``."""
        ...

    def branch(self, condition: V, target: V, /) -> None:
        """Go on at ``target`` if ``condition`` is 1, after this instruction if it is 0."""
        ...

    def system_call(self) -> None:
        """``ecall``: ask the system calls."""
        ...

    def breakpoint(self) -> None:
        """``ebreak``: nothing, as no debugger is attached."""
        ...

    # Memory
    def load(self, address: V, width: int, /) -> V:
        """``width`` bytes, zero-extended; a fault when out of bounds, to which version 0 counts the last byte."""
        ...

    def load_any(self, address: V, width: int, /) -> V:
        """As ``load``, with the same bounds in every version: what atomics do."""
        ...

    def store(self, address: V, width: int, value: V, /) -> None:
        """The low ``width`` bytes of ``value``; a fault when out of bounds or on an executable page."""
        ...

    def reservation(self) -> V:
        """The address reserved by the last load-reserved."""
        ...

    def reserve(self, address: V, /) -> None:
        """Set the reserved address."""
        ...

    # Arithmetic
    def const(self, number: int, /) -> V:
        """A number known when decoding; negative ones count from 2^64 down."""
        ...

    def add(self, a: V, b: V, /) -> V:
        """Sum."""
        ...

    def sub(self, a: V, b: V, /) -> V:
        """Difference."""
        ...

    def mul(self, a: V, b: V, /) -> V:
        """Low half of the product."""
        ...

    def mulh(self, a: V, b: V, /) -> V:
        """High half of signed by signed."""
        ...

    def mulhu(self, a: V, b: V, /) -> V:
        """High half of unsigned by unsigned."""
        ...

    def mulhsu(self, a: V, b: V, /) -> V:
        """High half of signed by unsigned."""
        ...

    def div(self, a: V, b: V, /) -> V:
        """Signed quotient, rounded to zero; all ones by 0; -2^63 by -1 is -2^63."""
        ...

    def divu(self, a: V, b: V, /) -> V:
        """Unsigned quotient; all ones by 0."""
        ...

    def rem(self, a: V, b: V, /) -> V:
        """Signed remainder with the dividend's sign; ``a`` by 0; -2^63 by -1 is 0."""
        ...

    def remu(self, a: V, b: V, /) -> V:
        """Unsigned remainder; ``a`` by 0."""
        ...

    # Bits
    def bit_and(self, a: V, b: V, /) -> V:
        """Both."""
        ...

    def bit_or(self, a: V, b: V, /) -> V:
        """Either."""
        ...

    def bit_xor(self, a: V, b: V, /) -> V:
        """Just one."""
        ...

    def shift_left(self, a: V, count: V, /) -> V:
        """Only the low 6 bits of ``count`` matter."""
        ...

    def shift_right(self, a: V, count: V, /) -> V:
        """Zeros come in; only the low 6 bits of ``count`` matter."""
        ...

    def shift_right_signed(self, a: V, count: V, /) -> V:
        """The sign comes in; only the low 6 bits of ``count`` matter."""
        ...

    def sign_extend(self, a: V, bits: int, /) -> V:
        """The low ``bits`` of ``a`` as a signed number."""
        ...

    def zero_extend(self, a: V, bits: int, /) -> V:
        """The low ``bits`` of ``a`` as an unsigned number."""
        ...

    def count_leading_zeros(self, a: V, /) -> V:
        """64 for 0."""
        ...

    def count_trailing_zeros(self, a: V, /) -> V:
        """64 for 0."""
        ...

    def count_ones(self, a: V, /) -> V:
        """0 to 64."""
        ...

    def reverse_bytes(self, a: V, /) -> V:
        """The lowest byte becomes the highest."""
        ...

    def carryless_mul(self, a: V, b: V, /) -> V:
        """Low half of the carry-less product."""
        ...

    def carryless_mulh(self, a: V, b: V, /) -> V:
        """High half of the carry-less product."""
        ...

    # Choice: 1 is true, 0 is false
    def equal(self, a: V, b: V, /) -> V:
        """1 if equal."""
        ...

    def less(self, a: V, b: V, /) -> V:
        """Signed comparison."""
        ...

    def less_unsigned(self, a: V, b: V, /) -> V:
        """Unsigned comparison."""
        ...

    def select(self, condition: V, a: V, b: V, /) -> V:
        """``a`` if the condition is 1, ``b`` if it is 0."""
        ...
