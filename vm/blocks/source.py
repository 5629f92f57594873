"""One recorded operation as Python statements over local variables: ``x1`` to ``x31``, and what the function has more.

Registers hold 0 to 2^64 - 1 between operations; within an expression a value may be anything that is congruent to it
(``_raw``) where only its low bits matter.
"""

from __future__ import annotations

import msgspec

from ..isa.definition import Operation
from ..isa.integers import MASK, SIGN, Integers
from ..memory import DIRTY, EXECUTABLE
from ..translate.blocks import charge_of
from ..translate.record import COMPARISONS, Record, Untranslatable, Value, record

_INFIX = {"add": "+", "sub": "-", "mul": "*", "bit_and": "&", "bit_or": "|", "bit_xor": "^"}
_WRAPPING = frozenset({"add", "sub", "mul", "shift_left"})
_COMPARED = {
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "not_less": ">=",
    "less_unsigned": "<",
    "not_less_unsigned": ">=",
}
_SIGNED = frozenset({"less", "not_less"})
_LAZY = frozenset({"const", "x", "relative"})
_SHIFT_OF_WIDTH = {2: 1, 4: 2, 8: 3}

HELPERS = {name: getattr(Integers(), name) for name in dir(Integers) if not name.startswith("_")}
"""Arithmetic that is not worth an expression, by name."""


class Piece(msgspec.Struct, frozen=True):
    """A recorded operation and how it goes on; see :class:`~spawnlab.vm.translate.blocks.Made`."""

    record: Record
    reads: frozenset[int]
    ending: str
    length: int
    charge: int
    target: int = 0
    relative: bool = False


def piece_of(operation: Operation) -> Piece | None:
    """The operation, recorded; ``None`` where it is left to the step engine."""
    try:
        recorded = record(operation)
    except Untranslatable:
        return None
    values = recorded.values
    if any(v.kind in ("reservation", "reserve") for v in values) or any(
        not (access.is_store or access.spares_last_byte) for access in recorded.accesses
    ):
        return None  # atomics, which the chain has not
    reads = frozenset(v.arguments[0] for v in values if v.kind == "x")
    ending, target, condition = recorded.ending, recorded.target, recorded.condition
    length, charge = operation.length, charge_of(operation)
    if target is None:
        return Piece(recorded, reads, ending, length, charge)
    if target.kind not in ("relative", "const"):
        return Piece(recorded, reads, "indirect", length, charge)
    if condition is not None and condition.kind == "const":
        ending = "jump" if condition.arguments[0] else "never"
    return Piece(recorded, reads, ending, length, charge, target.arguments[0], target.kind == "relative")


class Writer:
    """Writes the statements of one operation at ``pc``."""

    def __init__(self, piece: Piece, pc: int) -> None:
        self.record = piece.record
        self.pc = pc
        self.lines: list[str] = []
        self._names: dict[Value, str] = {}
        self._has_store = any(access.is_store for access in self.record.accesses)

    def write(self) -> list[str]:
        """The statements up to the operation's ending: ``t`` is then the target of an indirect jump."""
        for value in self.record.values:
            if value.kind == "store":
                self._store(*value.arguments)
            elif value.kind in ("load", "load_signed"):
                if value.uses != 1 or self._has_store:
                    self._name(value)
            elif value.uses > 1 and value.kind not in _LAZY:
                self._name(value)
        target = self.record.target
        if target is not None and target.kind not in ("relative", "const"):
            self.lines.append(f"t = {self.text(target)}")
        sets = self.record.sets
        if sets:
            names = ", ".join(f"x{register}" for register in sets)
            self.lines.append(f"{names} = {', '.join(self.text(value) for value in sets.values())}")
        return self.lines

    def condition(self) -> str:
        """The condition of a branch."""
        assert self.record.condition is not None
        return self._condition(self.record.condition)

    def _name(self, value: Value) -> None:
        text = self.text(value)
        name = self._names[value] = f"v{len(self._names)}"
        self.lines.append(f"{name} = {text}")

    # Expressions

    def text(self, value: Value) -> str:
        """A value, 0 to 2^64 - 1."""
        if value in self._names:
            return self._names[value]
        raw = self._raw(value)
        if value.kind not in _WRAPPING:
            return raw
        if value.kind not in ("add", "sub") or not all(map(self._is_exact, value.arguments)):
            return f"({raw} & {MASK})"
        # one comparison costs half of what masking does, which makes a new number
        if _may_be_negative(value):
            return f"(w if (w := {raw}) >= 0 else w + {MASK + 1})"
        return f"(w if (w := {raw}) <= {MASK} else w - {MASK + 1})"

    def _is_exact(self, value: Value) -> bool:
        """Whether :meth:`_raw` is :meth:`text`."""
        return value in self._names or value.kind not in _WRAPPING

    def _raw(self, value: Value) -> str:
        """An expression in parentheses whose low 64 bits are the value's."""
        if value in self._names:
            return self._names[value]
        kind, arguments = value.kind, value.arguments
        if kind == "const":
            return str(arguments[0])
        if kind == "x":
            return f"x{arguments[0]}"
        if kind == "relative":
            return str(self.pc + arguments[0] & MASK)
        if kind in ("load", "load_signed"):
            return self._load(kind == "load_signed", *arguments)
        if kind in COMPARISONS:
            return f"(1 if {self._condition(value)} else 0)"
        if kind in _INFIX:
            return self._infix(kind, *arguments)
        written = getattr(self, f"_{kind}", None)
        if written is not None:
            return written(*arguments)
        texts = (self.text(a) if isinstance(a, Value) else str(a) for a in arguments)
        return f"{kind}({', '.join(texts)})"

    def _infix(self, kind: str, a: Value, b: Value) -> str:
        if kind == "add" and _is_negative(b):
            return f"({self._raw(a)} - {(1 << 64) - b.arguments[0]})"
        operand = self._raw if kind in _WRAPPING else self.text
        return f"({operand(a)} {_INFIX[kind]} {operand(b)})"

    def _signed(self, value: Value) -> str:
        if value.kind == "const":
            return str(value.arguments[0] - ((value.arguments[0] & SIGN) << 1))
        return f"(({self.text(value)} ^ {SIGN}) - {SIGN})"

    def _shift_left(self, a: Value, count: Value) -> str:
        return f"({self._raw(a)} << {self._count(count)})"

    def _shift_right(self, a: Value, count: Value) -> str:
        return f"({self.text(a)} >> {self._count(count)})"

    def _shift_right_signed(self, a: Value, count: Value) -> str:
        return f"({self._signed(a)} >> {self._count(count)} & {MASK})"

    def _count(self, count: Value) -> str:
        return str(count.arguments[0] & 63) if count.kind == "const" else f"({self.text(count)} & 63)"

    def _mulhu(self, a: Value, b: Value) -> str:
        return f"({self.text(a)} * {self.text(b)} >> 64)"

    def _zero_extend(self, a: Value, bits: int) -> str:
        return f"({self._raw(a)} & {(1 << bits) - 1})"

    def _sign_extend(self, a: Value, bits: int) -> str:
        sign, low = 1 << (bits - 1), (1 << bits) - 1
        return f"(w if (w := {self._raw(a)} & {low}) < {sign} else w | {MASK - low})"

    def _select(self, condition: Value, a: Value, b: Value) -> str:
        return f"({self.text(a)} if {self._condition(condition)} else {self.text(b)})"

    def _condition(self, value: Value) -> str:
        if value in self._names or value.kind not in COMPARISONS:
            return self.text(value)
        a, b = value.arguments
        if value.kind in _SIGNED:
            return f"{self._biased(a)} {_COMPARED[value.kind]} {self._biased(b)}"
        return f"{self.text(a)} {_COMPARED[value.kind]} {self.text(b)}"

    def _biased(self, value: Value) -> str:
        """A value whose unsigned order is the signed order of the original."""
        return str(value.arguments[0] ^ SIGN) if value.kind == "const" else f"({self.text(value)} ^ {SIGN})"

    def _address(self, address: Value) -> str:
        """An address, maybe 2^64 or more: such are no indices, and the step engine sees where they lead."""
        if (
            address.kind == "add"
            and address.arguments[1].kind == "const"
            and not address.arguments[1].arguments[0] & SIGN
        ):
            return f"({self.text(address.arguments[0])} + {address.arguments[1].arguments[0]})"
        return self.text(address)

    # Memory: a view of numbers of each width, and a slow way for what is not aligned

    def _load(self, signed: bool, address: Value, width: int) -> str:
        if signed and width == 4:
            sign, low = 1 << 31, (1 << 32) - 1
            return f"(w if (w := {self._load(False, address, width)}) < {sign} else w | {MASK - low})"
        view = f"{'s' if signed else 'l'}{8 * width}"
        if width == 1:
            text = f"{view}[{self._address(address)}]"
        else:
            aligned = f"{view}[a >> {_SHIFT_OF_WIDTH[width]}]"
            slow = f"sign_extend(load(a, {width}), {8 * width})" if signed else f"load(a, {width})"
            text = f"({aligned} if not (a := {self._address(address)}) & {width - 1} else {slow})"
        return f"({text} & {MASK})" if signed else text

    def _store(self, address: Value, width: int, value: Value) -> None:
        text = self.text(value) if width == 8 else f"{self._raw(value)} & {(1 << 8 * width) - 1}"
        unaligned = f"a & {width - 1} or " if width > 1 else ""
        index = f"a >> {_SHIFT_OF_WIDTH[width]}" if width > 1 else "a"
        self.lines += [
            f"a = {self._address(address)}",
            f"b = {text}",
            f"if {unaligned}flags[a >> 12] & {DIRTY | EXECUTABLE} != {DIRTY}: store(a, {width}, b)",
            f"else: w{8 * width}[{index}] = b",
        ]


def _is_negative(value: Value) -> bool:
    return value.kind == "const" and bool(value.arguments[0] & SIGN)


def _may_be_negative(value: Value) -> bool:
    """Of a sum or a difference, as it is written."""
    return value.kind == "sub" or _is_negative(value.arguments[1])
