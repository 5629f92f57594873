"""The arithmetic of the abstract machine on plain integers, 0 to 2^64 - 1: the meaning of its operations."""

from __future__ import annotations

MASK = (1 << 64) - 1
SIGN = 1 << 63


def signed(a: int) -> int:
    """``a`` read as a signed 64-bit number."""
    return a - ((a & SIGN) << 1)


class Integers:
    """The value half of :class:`~spawnlab.vm.isa.abstract.AbstractMachine` for values that are integers."""

    __slots__ = ()

    def const(self, number: int) -> int:
        return number & MASK

    def add(self, a: int, b: int) -> int:
        return (a + b) & MASK

    def sub(self, a: int, b: int) -> int:
        return (a - b) & MASK

    def mul(self, a: int, b: int) -> int:
        return (a * b) & MASK

    def mulh(self, a: int, b: int) -> int:
        return (signed(a) * signed(b) >> 64) & MASK

    def mulhu(self, a: int, b: int) -> int:
        return a * b >> 64

    def mulhsu(self, a: int, b: int) -> int:
        return (signed(a) * b >> 64) & MASK

    def div(self, a: int, b: int) -> int:
        if b == 0:
            return MASK
        dividend, divisor = signed(a), signed(b)
        quotient = abs(dividend) // abs(divisor)  # Python rounds down, the machine to zero
        return (quotient if (dividend < 0) == (divisor < 0) else -quotient) & MASK

    def divu(self, a: int, b: int) -> int:
        return a // b if b else MASK

    def rem(self, a: int, b: int) -> int:
        if b == 0:
            return a
        dividend = signed(a)
        remainder = abs(dividend) % abs(signed(b))
        return (-remainder if dividend < 0 else remainder) & MASK

    def remu(self, a: int, b: int) -> int:
        return a % b if b else a

    def bit_and(self, a: int, b: int) -> int:
        return a & b

    def bit_or(self, a: int, b: int) -> int:
        return a | b

    def bit_xor(self, a: int, b: int) -> int:
        return a ^ b

    def shift_left(self, a: int, count: int) -> int:
        return (a << (count & 63)) & MASK

    def shift_right(self, a: int, count: int) -> int:
        return a >> (count & 63)

    def shift_right_signed(self, a: int, count: int) -> int:
        return (signed(a) >> (count & 63)) & MASK

    def sign_extend(self, a: int, bits: int) -> int:
        sign = 1 << (bits - 1)
        return (((a & (2 * sign - 1)) ^ sign) - sign) & MASK

    def zero_extend(self, a: int, bits: int) -> int:
        return a & ((1 << bits) - 1)

    def count_leading_zeros(self, a: int) -> int:
        return 64 - a.bit_length()

    def count_trailing_zeros(self, a: int) -> int:
        return (a & -a).bit_length() - 1 if a else 64

    def count_ones(self, a: int) -> int:
        return a.bit_count()

    def reverse_bytes(self, a: int) -> int:
        return int.from_bytes(a.to_bytes(8, "little"), "big")

    def carryless_mul(self, a: int, b: int) -> int:
        return _carryless(a, b) & MASK

    def carryless_mulh(self, a: int, b: int) -> int:
        return _carryless(a, b) >> 64

    def equal(self, a: int, b: int) -> int:
        return 1 if a == b else 0

    def less(self, a: int, b: int) -> int:
        return 1 if a ^ SIGN < b ^ SIGN else 0

    def less_unsigned(self, a: int, b: int) -> int:
        return 1 if a < b else 0

    def select(self, condition: int, a: int, b: int) -> int:
        return a if condition else b


def _carryless(a: int, b: int) -> int:
    product = 0
    while b:
        lowest = b & -b
        product ^= a * lowest
        b ^= lowest
    return product
