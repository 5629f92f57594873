"""One operation as a list of values: its definition, executed once on a machine that writes down what happens.

This is what a back-end turns into machine code. The operation's own effects on registers come last, all at once, so
that whatever may stop it (:class:`Access`) is found out while its registers are as they were.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from ..isa.definition import Operation
from ..isa.integers import MASK, Integers

COMPARISONS = frozenset({"equal", "less", "less_unsigned", "not_equal", "not_less", "not_less_unsigned"})
_NEGATED = {"equal": "not_equal", "less": "not_less", "less_unsigned": "not_less_unsigned"}
_FOLDED = Integers()


class Value:
    """A 64-bit value: how it is made, of which arguments. ``uses`` counts who needs it."""

    __slots__ = ("arguments", "kind", "uses")

    def __init__(self, kind: str, *arguments: Any) -> None:
        self.kind = kind
        self.arguments = arguments
        self.uses = 0

    def __bool__(self) -> bool:
        raise TypeError("an instruction can't branch on a value")


class Access(msgspec.Struct, frozen=True):
    """An access to ``width`` bytes of memory at a register + ``offset``."""

    base: int
    offset: int
    width: int
    is_store: bool
    spares_last_byte: bool
    """Whether version 0 counts the memory's last byte as out of bounds."""


class Untranslatable(Exception):
    """The operation is not among those that are worth machine code: the step engine executes it."""


class Record(msgspec.Struct):
    """What an operation does.

    ``ending`` says how it goes on: ``""`` with the next one, ``"jump"`` to the value ``target``, ``"branch"`` there if
    ``condition`` holds. A jump's and a branch's target is ``relative`` (counted from the operation's own address) if
    its value is.
    """

    values: list[Value] = msgspec.field(default_factory=list[Value])
    sets: dict[int, Value] = msgspec.field(default_factory=dict[int, Value])
    accesses: list[Access] = msgspec.field(default_factory=list[Access])
    ending: str = ""
    target: Value | None = None
    condition: Value | None = None


class Recorder:
    """The abstract machine whose values are :class:`Value`. Kinds of values are its methods' names, and ``relative``.

    ``relative`` is a number counted from the operation's own address, which is even.
    """

    def __init__(self, length: int) -> None:
        self.record = Record()
        self._length = length

    def _new(self, kind: str, *arguments: Any) -> Value:
        value = Value(kind, *arguments)
        for argument in arguments:
            if isinstance(argument, Value):
                argument.uses += 1
        self.record.values.append(value)
        return value

    # Registers and control

    def x(self, register: int) -> Value:
        if register == 0:
            return self.const(0)
        pending = self.record.sets.get(register)
        return self._new("x", register) if pending is None else pending

    def set(self, register: int, value: Value) -> None:
        if register:
            self.record.sets.pop(register, None)
            self.record.sets[register] = value
            value.uses += 1

    def pc(self) -> Value:
        return self._new("relative", 0)

    def following(self) -> Value:
        return self._new("relative", self._length)

    def jump(self, target: Value) -> None:
        target.uses += 1
        self.record.ending, self.record.target = "jump", target

    def branch(self, condition: Value, target: Value) -> None:
        condition.uses += 1
        self.record.ending, self.record.target, self.record.condition = "branch", target, condition

    def system_call(self) -> None:
        raise Untranslatable

    def breakpoint(self) -> None:
        raise Untranslatable

    # Memory

    def _access(self, address: Value, width: int, *, is_store: bool, spares: bool) -> None:
        base, offset = address, 0
        if address.kind == "add" and address.arguments[1].kind == "const":
            base, number = address.arguments
            offset = number.arguments[0]
            offset -= (offset >> 63) << 64
        if base.kind != "x" or abs(offset) > 4096:
            raise Untranslatable  # at an absolute address
        self.record.accesses.append(Access(base.arguments[0], offset, width, is_store, spares))

    def load(self, address: Value, width: int) -> Value:
        self._access(address, width, is_store=False, spares=True)
        return self._new("load", address, width)

    def load_any(self, address: Value, width: int) -> Value:
        self._access(address, width, is_store=False, spares=False)
        return self._new("load", address, width)

    def store(self, address: Value, width: int, value: Value) -> None:
        self._access(address, width, is_store=True, spares=False)
        self._new("store", address, width, value)

    def reservation(self) -> Value:
        return self._new("reservation")

    def reserve(self, address: Value) -> None:
        self._new("reserve", address)

    # Values

    def const(self, number: int) -> Value:
        return self._new("const", number & MASK)

    def sign_extend(self, a: Value, bits: int) -> Value:
        if a.kind == "load" and a.uses == 0 and a.arguments[1] * 8 == bits:
            a.kind = "load_signed"
            return a
        return self._computed("sign_extend", a, bits)

    def zero_extend(self, a: Value, bits: int) -> Value:
        return self._computed("zero_extend", a, bits)

    def add(self, a: Value, b: Value) -> Value:
        if a.kind == "const":
            a, b = b, a
        if b.kind == "const" and (a.kind == "relative" or b.arguments[0] == 0):
            return a if a.kind != "relative" else self._new("relative", _signed(a.arguments[0] + b.arguments[0]))
        return self._computed("add", a, b)

    def bit_and(self, a: Value, b: Value) -> Value:
        if a.kind == "relative" and b.kind == "const" and b.arguments[0] == MASK - 1:
            return self._new("relative", a.arguments[0] & ~1)  # the operation's address is even
        return self._computed("bit_and", a, b)

    def bit_xor(self, a: Value, b: Value) -> Value:
        if a.kind in _NEGATED and b.kind == "const" and b.arguments[0] == 1 and a.uses == 0:
            a.kind = _NEGATED[a.kind]
            return a
        return self._computed("bit_xor", a, b)

    def _computed(self, kind: str, *arguments: Any) -> Value:
        """A new value, or a constant if all arguments are."""
        numbers: list[int] = []
        for argument in arguments:
            if isinstance(argument, int):
                numbers.append(argument)
            elif argument.kind == "const":
                numbers.append(argument.arguments[0])
        if len(numbers) == len(arguments):
            return self.const(getattr(_FOLDED, kind)(*numbers))
        if any(isinstance(argument, Value) and argument.kind == "relative" for argument in arguments):
            raise Untranslatable
        return self._new(kind, *arguments)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and hasattr(Integers, name):  # the rest of the arithmetic
            return partial(self._computed, name)
        raise AttributeError(name)


def _signed(number: int) -> int:
    number &= MASK
    return number - (number >> 63 << 64)


def record(operation: Operation) -> Record:
    """Write down what an operation does; raises :class:`Untranslatable`."""
    recorder = Recorder(operation.length)
    operation.definition.semantics(recorder, *operation.operands)
    return recorder.record
