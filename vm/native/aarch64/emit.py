"""One recorded operation as A64 code; see :mod:`..emitting`.

Instructions compute with registers alone, and have room for one result apart from what they read.
"""

from __future__ import annotations

from ...isa.definition import Operation
from ...translate.blocks import charge_of
from ...translate.record import Untranslatable, Value, record
from ..emitting import Emitter
from ..layout import RESERVATION
from ..template import Template
from . import a64
from .features import has_carryless
from .registers import GUEST, PINNED, STATE, TEMPORARIES, slot

_OPERATIONS = {
    "add": a64.ADD,
    "sub": a64.SUB,
    "bit_and": a64.AND,
    "bit_or": a64.ORR,
    "bit_xor": a64.EOR,
    "mul": a64.MUL,
    "mulh": a64.SMULH,
    "mulhu": a64.UMULH,
    "shift_left": a64.LSL,
    "shift_right": a64.LSR,
    "shift_right_signed": a64.ASR,
}
_WITH_NUMBER = {"bit_and": a64.AND_NUMBER, "bit_or": a64.ORR_NUMBER, "bit_xor": a64.EOR_NUMBER}
_SHIFTS = frozenset({"shift_left", "shift_right", "shift_right_signed"})
_DIVIDES = {"div": a64.SDIV, "rem": a64.SDIV, "divu": a64.UDIV, "remu": a64.UDIV}
_CONDITIONS = {
    "equal": a64.EQ,
    "not_equal": a64.NE,
    "less": a64.LT,
    "not_less": a64.GE,
    "less_unsigned": a64.LO,
    "not_less_unsigned": a64.HS,
}
_SWAPPED = {a64.EQ: a64.EQ, a64.NE: a64.NE, a64.LT: a64.GT, a64.GE: a64.LE, a64.LO: a64.HI, a64.HS: a64.LS}


def template_of(operation: Operation) -> Template:
    """The code of an operation; raises :class:`.record.Untranslatable`."""
    return A64Emitter(record(operation)).template(operation.length, charge_of(operation))


class A64Emitter(Emitter[int]):
    """Makes one operation's template."""

    temporaries = TEMPORARIES
    pinned = PINNED

    # Places

    def _spill(self, value: Value, register: int) -> None:
        raise Untranslatable  # no definition needs as many temporaries as there are

    def _reg(self, value: Value) -> int:
        if value.kind == "x":
            return self._guest(value.arguments[0])
        if value.kind == "const":
            number: int = value.arguments[0]
            if number == 0:
                return a64.ZERO
            place = self._passing()
            self.code += a64.mov_number(place, number)
            return place
        return self.places[value]

    def _guest(self, register: int) -> int:
        if register in PINNED:
            return PINNED[register]
        place = self._passing()
        self.code += a64.load(place, STATE, slot(register))
        return place

    def _into(self, register: int, value: Value) -> None:
        if value.kind == "const":
            self.code += a64.mov_number(register, value.arguments[0])
        elif value.kind == "x" and value.arguments[0] not in PINNED:
            self.code += a64.load(register, STATE, slot(value.arguments[0]))
        else:
            place = self._reg(value)
            if place != register:
                self.code += a64.mov(register, place)

    # Computing

    def _make_by_table(self, value: Value) -> bool:
        kind, arguments = value.kind, value.arguments
        if kind in _OPERATIONS:
            self._operate(value, kind, *arguments)
        elif kind in _DIVIDES:
            self._divide(value, *arguments)
        else:
            return False
        return True

    def _operate(self, value: Value, kind: str, a: Value, b: Value) -> None:
        number = _number(b)
        if kind in _SHIFTS and number is not None:
            left = self._reg(a)
            self.code += a64.shift_number(_OPERATIONS[kind], self._destination(value), left, number & 63)
        elif number is not None and a.kind != "const" and self._with_number(value, kind, a, number):
            return
        else:
            left, right = self._reg(a), self._reg(b)
            self.code += a64.three(_OPERATIONS[kind], self._destination(value), left, right)

    def _with_number(self, value: Value, kind: str, a: Value, number: int) -> bool:
        """With a number that fits in the instruction."""
        if kind in ("add", "sub") and a64.fits_add(number):
            left = self._reg(a)
            self.code += a64.add_number(self._destination(value), left, number if kind == "add" else -number)
        elif kind in _WITH_NUMBER and a64.logical_field(number & _MASK) is not None:
            left = self._reg(a)
            self.code += a64.logical(_WITH_NUMBER[kind], self._destination(value), left, number & _MASK)
        else:
            return False
        return True

    def _mulhsu(self, value: Value, a: Value, b: Value) -> None:
        """As if both were unsigned, less b where a is negative."""
        left, right, correction = self._reg(a), self._reg(b), self._passing()
        self.code += a64.shift_number(a64.ASR, correction, left, 63)
        self.code += a64.three(a64.AND, correction, correction, right)
        place = self._destination(value)
        self.code += a64.three(a64.UMULH, place, left, right)
        self.code += a64.three(a64.SUB, place, place, correction)

    def _divide(self, value: Value, a: Value, b: Value) -> None:
        """By 0 the processor gives 0, so that the remainder is right; all else is as it should be."""
        left, right, quotient = self._reg(a), self._reg(b), self._passing()
        self.code += a64.three(_DIVIDES[value.kind], quotient, left, right)
        if value.kind.startswith("rem"):
            self.code += a64.msub(self._destination(value), quotient, right, left)
        else:
            self.code += a64.three(a64.SUBS, a64.ZERO, right, a64.ZERO)
            self.code += a64.select_not(self._destination(value), a64.NE, quotient, a64.ZERO)

    # One operand

    def _sign_extend(self, value: Value, a: Value, bits: int) -> None:
        place = self._reg(a)
        self.code += a64.extend(self._destination(value), place, bits, signed=True)

    def _zero_extend(self, value: Value, a: Value, bits: int) -> None:
        place = self._reg(a)
        self.code += a64.extend(self._destination(value), place, bits, signed=False)

    def _reverse_bytes(self, value: Value, a: Value) -> None:
        place = self._reg(a)
        self.code += a64.two(a64.REV, self._destination(value), place)

    def _count_leading_zeros(self, value: Value, a: Value) -> None:
        place = self._reg(a)
        self.code += a64.two(a64.CLZ, self._destination(value), place)

    def _count_trailing_zeros(self, value: Value, a: Value) -> None:
        place, reversed_ = self._reg(a), self._passing()
        self.code += a64.two(a64.RBIT, reversed_, place)
        self.code += a64.two(a64.CLZ, self._destination(value), reversed_)

    def _count_ones(self, value: Value, a: Value) -> None:
        place = self._reg(a)
        self.code += a64.count_ones(self._destination(value), place)

    # Products without carries

    def _carryless_mul(self, value: Value, a: Value, b: Value) -> None:
        if not has_carryless():
            raise Untranslatable
        left, right = self._reg(a), self._reg(b)
        high = value.kind == "carryless_mulh"
        self.code += a64.carryless(self._destination(value), left, right, high=high)

    _carryless_mulh = _carryless_mul

    # Deciding

    def _compare(self, value: Value) -> int:
        a, b = value.arguments
        condition = _CONDITIONS[value.kind]
        if a.kind == "const":
            a, b, condition = b, a, _SWAPPED[condition]
        left, number = self._reg(a), _number(b)
        if number is not None and a.kind != "const" and a64.fits_add(number):
            self.code += a64.compare_number(left, number)
        else:
            self.code += a64.three(a64.SUBS, a64.ZERO, left, self._reg(b))
        return condition

    def _compare_to_value(self, value: Value) -> None:
        condition = self._compare(value)
        self.code += a64.set_if(self._destination(value), condition)

    def _test(self, value: Value) -> int:
        self.code += a64.three(a64.SUBS, a64.ZERO, self._reg(value), a64.ZERO)
        return a64.NE

    def _select(self, value: Value, condition: Value, a: Value, b: Value) -> None:
        first, second = self._reg(a), self._reg(b)
        code = self._condition(condition)
        self.code += a64.select(self._destination(value), code, first, second)

    # Memory

    def _index(self, address: Value) -> int:
        """A register with an address, which was checked."""
        if address.kind != "add":
            return self._reg(address)
        base, number = address.arguments
        place = self._reg(base)
        index = self._passing()
        self.code += a64.add_number(index, place, _number(number) or 0)
        return index

    def _load(self, value: Value, signed: bool, address: Value, width: int) -> None:
        index = self._index(address)
        self.code += a64.load_indexed(self._destination(value), GUEST, index, width, signed=signed)

    def _store(self, address: Value, width: int, value: Value) -> None:
        index = self._index(address)
        self.code += a64.store_indexed(self._reg(value), GUEST, index, width)

    def _reservation(self, value: Value) -> None:
        self.code += a64.load(self._destination(value), STATE, RESERVATION)

    def _reserve(self, value: Value, address: Value) -> None:
        self.code += a64.store(self._reg(address), STATE, RESERVATION)

    # The end

    def _commit_one(self, register: int, value: Value, place: int | None) -> None:
        if value.kind == "relative":
            target = PINNED[register] if register in PINNED else self._passing()
            self.hole, self.hole_offset = len(self.code), value.arguments[0]
            self.code += a64.mov_pair(target, 0)
            if register not in PINNED:
                self.code += a64.store(target, STATE, slot(register))
        elif register not in PINNED:
            self.code += a64.store(self._reg(value) if place is None else place, STATE, slot(register))
        elif place is not None:
            self.code += a64.mov(PINNED[register], place)
        else:
            self._into(PINNED[register], value)


_MASK = (1 << 64) - 1


def _number(value: Value) -> int | None:
    """A constant, signed."""
    if value.kind != "const":
        return None
    number: int = value.arguments[0]
    return number - (number >> 63 << 64)
