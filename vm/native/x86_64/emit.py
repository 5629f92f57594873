"""One recorded operation as x86-64 code; see :mod:`..emitting`."""

from __future__ import annotations

from ...isa.definition import Operation
from ...memory import MEMORY_SIZE
from ...translate.blocks import charge_of
from ...translate.record import Record, Untranslatable, Value, record
from ..emitting import Emitter
from ..layout import GUEST, RESERVATION
from ..template import Template
from . import x86
from .registers import PINNED, STATE, TEMPORARIES, scratch, slot
from .x86 import RAX, RCX, RDX, Mem, Operand

_ALU = {"add": x86.ADD, "sub": x86.SUB, "bit_and": x86.AND, "bit_or": x86.OR, "bit_xor": x86.XOR}
_SHIFTS = {"shift_left": x86.SHL, "shift_right": x86.SHR, "shift_right_signed": x86.SAR}
_COUNTS = {"count_leading_zeros": 0xBD, "count_trailing_zeros": 0xBC, "count_ones": 0xB8}
_CONDITIONS = {
    "equal": x86.E,
    "not_equal": x86.NE,
    "less": x86.L,
    "not_less": x86.GE,
    "less_unsigned": x86.B,
    "not_less_unsigned": x86.AE,
}
_SWAPPED = {x86.E: x86.E, x86.NE: x86.NE, x86.L: x86.G, x86.GE: x86.LE, x86.B: x86.A, x86.AE: x86.BE}
_DIVISIONS = {"div": ("rem", True), "rem": ("div", True), "divu": ("remu", False), "remu": ("divu", False)}


def template_of(operation: Operation) -> Template:
    """The code of an operation; raises :class:`.record.Untranslatable`."""
    return X86Emitter(record(operation)).template(operation.length, charge_of(operation))


class X86Emitter(Emitter[Mem]):
    """The two-operand instructions, which take one of their operands from memory."""

    temporaries = TEMPORARIES
    pinned = PINNED

    def __init__(self, recorded: Record) -> None:
        super().__init__(recorded)
        self.spilled = 0

    # Places

    def _spill(self, value: Value, register: int) -> None:
        mem = scratch(self.spilled)
        self.spilled += 1
        self.code += x86.store(mem, register, 8)
        self.places[value] = mem
        self.free.append(register)

    def _claim(self, register: int) -> None:
        """Make a temporary free for the instruction that is being made."""
        for value, place in self.places.items():
            if place == register:
                self._spill(value, register)
                break
        if register in self.free:
            self.free.remove(register)
        self.locked.add(register)

    def _rm(self, value: Value) -> Operand:
        """A value as an operand. Constants get a temporary of their own."""
        if value.kind == "x":
            register = value.arguments[0]
            return PINNED.get(register, slot(register))
        if value.kind == "const":
            place = self._passing()
            self.code += x86.mov_imm(place, value.arguments[0])
            return place
        place = self.places[value]
        if isinstance(place, int):
            self.locked.add(place)
        return place

    def _reg(self, value: Value) -> int:
        """A value in a register."""
        operand = self._rm(value)
        if isinstance(operand, int):
            return operand
        place = self._passing()
        self.code += x86.mov(place, operand)
        return place

    def _into(self, register: int, value: Value) -> None:
        """Move a value to a register; the flags stay."""
        if value.kind == "const":
            self.code += x86.mov_imm(register, value.arguments[0])
        else:
            operand = self._rm(value)
            if operand != register:
                self.code += x86.mov(register, operand)

    # Computing

    def _make_by_table(self, value: Value) -> bool:
        kind, arguments = value.kind, value.arguments
        if kind in _ALU:
            self._alu(value, _ALU[kind], *arguments)
        elif kind in _SHIFTS:
            self._shift(value, _SHIFTS[kind], *arguments)
        elif kind in _DIVISIONS:
            self._divide(value, *arguments)
        elif kind in _COUNTS:
            self.code += x86.count_bits(_COUNTS[kind], *self._unary(value))
        else:
            return False
        return True

    def _unary(self, value: Value) -> tuple[int, Operand]:
        operand = self._rm(value.arguments[0])
        return self._destination(value), operand

    def _alu(self, value: Value, operation: int, a: Value, b: Value) -> None:
        if self._in_memory(value, operation, a, b):
            return
        small = _small(b)
        if operation == x86.ADD and (small is not None or self._both_in_registers(a, b)):
            left = self._rm(a)
            right = -1 if small is not None else self._rm(b)
            place = self._destination(value)
            if isinstance(left, int) and place not in (left, right):
                assert isinstance(right, int)
                self.code += x86.lea(place, Mem(left, small or 0, right))
                return
        if small is not None:
            left = self._rm(a)
            place = self.places[value] if value in self.places else self._destination(value)
            assert isinstance(place, int)
            if left != place:
                self.code += x86.mov(place, left)
            self.code += x86.alu_imm(operation, place, small)
            return
        left, right = self._rm(a) if a.kind != "const" else None, self._rm(b)
        place = self.places[value] if value in self.places else self._destination(value)
        assert isinstance(place, int)
        if place == right and left != place:
            if operation == x86.SUB:
                self.code += x86.unary(x86.NEG, place)
                operation = x86.ADD
            self.code += x86.alu(operation, place, self._rm(a))
            return
        self._into(place, a)
        self.code += x86.alu(operation, place, right)

    def _both_in_registers(self, a: Value, b: Value) -> bool:
        return all(v.arguments[0] in PINNED if v.kind == "x" else isinstance(self.places.get(v), int) for v in (a, b))

    def _in_memory(self, value: Value, operation: int, a: Value, b: Value) -> bool:
        """A guest register that lies in memory changed in place: ``op [slot], b``."""
        register = self._direct(value)
        if not register or register in PINNED or a.kind != "x" or a.arguments[0] != register:
            return False
        small = _small(b)
        if small is not None:
            self.code += x86.alu_imm(operation, slot(register), small)
        else:
            self.code += x86.alu_to_mem(operation, slot(register), self._reg(b))
        self.done.add(value)
        return True

    def _shift(self, value: Value, operation: int, a: Value, count: Value) -> None:
        if count.kind == "const":
            place = self._destination(value)
            self._into(place, a)
            number = count.arguments[0] & 63
            if number:
                self.code += x86.shift_imm(operation, place, number)
            return
        by = self._reg(count)
        self.locked.add(by)
        operand = self._rm(a)
        self.code += x86.shift(operation, self._destination(value), operand, by)

    def _sign_extend(self, value: Value, a: Value, bits: int) -> None:
        self.code += x86.extend(*self._unary(value), bits, signed=True)

    def _zero_extend(self, value: Value, a: Value, bits: int) -> None:
        place, operand = self._unary(value)
        if bits in (8, 16, 32):
            self.code += x86.extend(place, operand, bits, signed=False)
        else:
            if place != operand:
                self.code += x86.mov32(place, operand)
            self.code += x86.alu_imm(x86.AND, place, (1 << bits) - 1, w=0)

    def _reverse_bytes(self, value: Value, a: Value) -> None:
        place, operand = self._unary(value)
        if place != operand:
            self.code += x86.mov(place, operand)
        self.code += x86.bswap(place)

    def _carryless_mul(self, value: Value, a: Value, b: Value) -> None:
        left, right = self._rm(a), self._rm(b)
        self.code += x86.carryless(self._destination(value), left, right, high=value.kind == "carryless_mulh")

    _carryless_mulh = _carryless_mul

    # Multiplying and dividing

    def _mul(self, value: Value, a: Value, b: Value) -> None:
        left = self._rm(a)
        small = _small(b)
        if small is not None:
            self.code += x86.imul_imm(self._destination(value), left, small)
            return
        right = self._rm(b)
        place = self._destination(value)
        if place == right:
            left, right = right, left
        if left != place:
            self.code += x86.mov(place, left)
        self.code += x86.imul(place, right)

    def _partner(self, value: Value, kind: str) -> Value | None:
        """A later value of another kind of the same arguments, which one instruction computes as well."""
        for other in self.record.values[self.index + 1 :]:
            if other.kind == kind and other.uses and _same(other.arguments, value.arguments):
                return other
        return None

    def _mulhu(self, value: Value, a: Value, b: Value) -> None:
        right = self._multiplicand(a, b)
        other = self._partner(value, "mul")
        self._release(RDX)
        high = self._destination(value)
        low = self._destination(other) if other is not None else high
        self.code += x86.mulx(high, low, right)
        if other is not None:
            self.done.add(other)

    def _multiplicand(self, a: Value, b: Value) -> Operand:
        """Move ``a`` to rdx; gives ``b``."""
        self._claim(RDX)
        right = self._rm(b)
        self._into(RDX, a)
        return right

    def _mulhsu(self, value: Value, a: Value, b: Value) -> None:
        right = self._multiplicand(a, b)
        place = self._temporary()
        self.code += x86.mulx(place, place, right)
        self._into(RDX, a)
        self.code += x86.shift_imm(x86.SAR, RDX, 63)
        self.code += x86.alu(x86.AND, RDX, right)
        self.code += x86.alu(x86.SUB, place, RDX)
        self._release(RDX)
        self.places[value] = place

    def _mulh(self, value: Value, a: Value, b: Value) -> None:
        self._claim(RAX)
        self._claim(RDX)
        right = self._rm(b)
        self._into(RAX, a)
        self.code += x86.unary(x86.IMUL, right)
        self._release(RAX)
        self.places[value] = RDX

    def _divide(self, value: Value, a: Value, b: Value) -> None:
        other_kind, signed = _DIVISIONS[value.kind]
        for register in TEMPORARIES:
            self._claim(register)
        self._into(RCX, b)
        self._into(RAX, a)
        self.code += x86.test(RCX, RCX)
        by_zero = x86.mov(RDX, RAX) + x86.mov_imm(RAX, (1 << 64) - 1)
        if signed:
            by_minus_one = x86.unary(x86.NEG, RAX) + x86.zero(RDX)
            zero = by_zero + x86.jmp_short(len(by_minus_one))
            divide = x86.CQO + x86.unary(x86.IDIV, RCX) + x86.jmp_short(len(zero) + len(by_minus_one))
            check = x86.alu_imm(x86.CMP, RCX, -1) + x86.jcc_short(x86.E, len(divide) + len(zero))
            self.code += x86.jcc_short(x86.E, len(check) + len(divide)) + check + divide + zero + by_minus_one
        else:
            divide = x86.zero(RDX) + x86.unary(x86.DIV, RCX) + x86.jmp_short(len(by_zero))
            self.code += x86.jcc_short(x86.E, len(divide)) + divide + by_zero
        self._release(RCX)
        other = self._partner(value, other_kind)
        quotient = value.kind.startswith("div")
        self.places[value] = RAX if quotient else RDX
        if other is not None:
            self.places[other] = RDX if quotient else RAX
            self.done.add(other)
        else:
            self._release(RDX if quotient else RAX)

    # Deciding

    def _compare(self, value: Value) -> int:
        a, b = value.arguments
        condition = _CONDITIONS[value.kind]
        if a.kind == "const":
            a, b, condition = b, a, _SWAPPED[condition]
        left = self._rm(a)
        small = _small(b)
        if small == 0 and isinstance(left, int):
            self.code += x86.test(left, left)
        elif small is not None:
            self.code += x86.alu_imm(x86.CMP, left, small)
        else:
            right = self._rm(b)
            if isinstance(left, int):
                self.code += x86.alu(x86.CMP, left, right)
            elif isinstance(right, int):
                self.code += x86.alu_to_mem(x86.CMP, left, right)
            else:
                self.code += x86.alu(x86.CMP, self._reg(a), right)
        return condition

    def _compare_to_value(self, value: Value) -> None:
        operands = [self._rm(v) for v in value.arguments if v.kind != "const"]
        place = self._destination(value)
        early = place not in operands
        if early:
            self.code += x86.zero(place)
        self.code += x86.setcc(self._compare(value), place)
        if not early:
            self.code += x86.extend(place, place, 8, signed=False)

    def _test(self, value: Value) -> int:
        place = self._rm(value)
        self.code += x86.test(place, place) if isinstance(place, int) else x86.alu_imm(x86.CMP, place, 0)
        return x86.NE

    def _select(self, value: Value, condition: Value, a: Value, b: Value) -> None:
        first = self._rm(a)
        place = self._temporary()
        self._into(place, b)
        code = self._condition(condition)
        self.code += x86.cmov(code, place, first)
        self.places[value] = place

    # Memory

    def _address(self, address: Value) -> Mem:
        base, offset = address, 0
        if address.kind == "add":
            base, number = address.arguments
            offset = _small(number) or 0
        return Mem(STATE, GUEST + offset, self._reg(base))

    def _load(self, value: Value, signed: bool, address: Value, width: int) -> None:
        mem = self._address(address)
        self.locked.add(mem.indexed)
        place = self._destination(value)
        self.code += x86.mov(place, mem) if width == 8 else x86.extend(place, mem, 8 * width, signed=signed)

    def _store(self, address: Value, width: int, value: Value) -> None:
        mem = self._address(address)
        self.locked.add(mem.indexed)
        if value.kind == "const" and (width < 8 or _small(value) is not None):
            self.code += x86.store_imm(mem, value.arguments[0], width)
        else:
            self.code += x86.store(mem, self._reg(value), width)

    def _reservation(self, value: Value) -> None:
        self.code += x86.mov(self._destination(value), Mem(STATE, RESERVATION))

    def _reserve(self, value: Value, address: Value) -> None:
        self.code += x86.store(Mem(STATE, RESERVATION), self._reg(address), 8)

    # The end

    def _commit_one(self, register: int, value: Value, place: int | None) -> None:
        if value.kind == "relative":
            if value.arguments[0] + MEMORY_SIZE > 1 << 31:  # it may not fit in 32 signed bits
                raise Untranslatable
            self.code += (
                x86.mov_signed(PINNED[register], 0) if register in PINNED else x86.store_imm(slot(register), 0, 8)
            )
            self.hole, self.hole_offset = len(self.code) - 4, value.arguments[0]
        elif register in PINNED:
            if place is not None:
                self.code += x86.mov(PINNED[register], place)
            else:
                self._into(PINNED[register], value)
        elif place is None and value.kind == "const" and (small := _small(value)) is not None:
            self.code += x86.store_imm(slot(register), small, 8)
        else:
            self.code += x86.store(slot(register), self._reg(value) if place is None else place, 8)


def _small(value: Value) -> int | None:
    """A constant that fits in a signed 32-bit number."""
    if value.kind != "const":
        return None
    number = value.arguments[0]
    number -= (number >> 63) << 64
    return number if x86.fits32(number) else None


def _same(a: tuple[object, ...], b: tuple[object, ...]) -> bool:
    return all(
        p is q
        or (isinstance(p, Value) and isinstance(q, Value) and p.kind == q.kind == "x" and p.arguments == q.arguments)
        for p, q in zip(a, b, strict=True)
    )
