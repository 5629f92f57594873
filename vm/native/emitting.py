"""What the emitters of all processors share: walking a recorded operation's values, and who has which temporary.

An operation's code runs alone: guest registers are in their places before and after it. A value that is needed just to
be set is computed into its guest register at once, where that is no longer read.

Accesses to memory are not checked here; :mod:`.region` puts the checks before the operation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Generic, TypeVar

from ..translate.record import COMPARISONS, Record, Untranslatable, Value
from .template import Template

EFFECTS = frozenset({"store", "reserve"})
LAZY = frozenset({"const", "x", "relative"})

P = TypeVar("P")
"""A place: a register's number, or where in memory a value is, if the processor computes with such."""


class Emitter(ABC, Generic[P]):
    """Makes one operation's template."""

    temporaries: ClassVar[tuple[int, ...]]
    pinned: ClassVar[Mapping[int, int]]
    """Registers of the host that hold guest registers, by these."""

    def __init__(self, recorded: Record) -> None:
        self.record = recorded
        self.code = bytearray()
        self.places: dict[Value, int | P] = {}
        self.left = {value: value.uses for value in recorded.values}
        self.free = list(self.temporaries)
        self.locked: set[int] = set()
        self.passing: list[int] = []
        self.done: set[Value] = set()
        self.hole = -1
        self.hole_offset = 0
        self.index = 0
        self.set_by = {value: register for register, value in recorded.sets.items() if value.uses == 1}
        self.last_read = self._last_reads()

    def template(self, length: int, charge: int) -> Template:
        """All of it."""
        for index, value in enumerate(self.record.values):
            self.index = index
            if value.kind not in LAZY and value not in self.done and not self._is_lazy(value):
                if value.uses or value.kind in EFFECTS:
                    self._compute(value)
                self._next()
        ending, condition, target, relative = self._ending()
        self._next()
        self._commit()
        if ending == "indirect":
            assert self.record.target is not None
            self._into(self.temporaries[0], self.record.target)
        return Template(
            bytes(self.code),
            length,
            charge,
            tuple(self.record.accesses),
            frozenset(self.record.sets),
            self.hole,
            self.hole_offset,
            ending,
            condition,
            target,
            relative,
        )

    # What is read when

    def _is_lazy(self, value: Value) -> bool:
        """Whether a value is computed where it is used: addresses, and comparisons that are decided upon at once."""
        if value.uses != 1 and value.kind != "add":
            return False
        users = [v for v in self.record.values if value in v.arguments]
        if value.kind == "add":
            return bool(users) and value not in self.set_by and all(_is_address_of(value, user) for user in users)
        if value.kind in COMPARISONS:
            return value is self.record.condition or any(
                user.kind == "select" and user.arguments[0] is value for user in users
            )
        return False

    def _last_reads(self) -> dict[int, int]:
        """For each guest register, the index of the last value that reads it; beyond all when the ending does."""
        last: dict[int, int] = {}
        end = len(self.record.values)
        for index, value in enumerate(self.record.values):
            if not self._is_lazy(value):
                self._note_reads(value, index, last)
        for value in (*self.record.sets.values(), self.record.target, self.record.condition):
            if value is not None and (value.kind == "x" or self._is_lazy(value)):
                self._note_reads(value, end, last)
        return last

    def _note_reads(self, value: Value, index: int, last: dict[int, int]) -> None:
        if value.kind == "x":
            last[value.arguments[0]] = index
            return
        for argument in value.arguments:
            if isinstance(argument, Value):
                if argument.kind == "x" and index >= last.get(argument.arguments[0], -1):
                    last[argument.arguments[0]] = index
                elif self._is_lazy(argument):
                    self._note_reads(argument, index, last)

    def _direct(self, value: Value) -> int:
        """The guest register that a value can be computed into at once, 0 if there is none."""
        register = self.set_by.get(value, 0)
        return register if register and self.last_read.get(register, -1) <= self.index else 0

    # Places

    def _temporary(self) -> int:
        if not self.free:
            for value, place in self.places.items():
                if isinstance(place, int) and place in self.temporaries and place not in self.locked:
                    self._spill(value, place)
                    break
            else:
                raise Untranslatable
        register = self.free.pop(0)
        self.locked.add(register)
        return register

    def _passing(self) -> int:
        """A temporary until the end of this instruction."""
        register = self._temporary()
        self.passing.append(register)
        return register

    def _next(self) -> None:
        """An instruction has been made."""
        self._release(*self.passing)
        self.passing.clear()
        self.locked.clear()

    @abstractmethod
    def _spill(self, value: Value, register: int) -> None:
        """Let a temporary be free."""

    def _release(self, *registers: int) -> None:
        self.free.extend(r for r in registers if r in self.temporaries and r not in self.free)

    def _used(self, value: Value) -> None:
        """Note one use; the temporary of a value that is no longer needed becomes free after this instruction."""
        self.left[value] -= 1
        if self.left[value] == 0:
            place = self.places.pop(value, None)
            if isinstance(place, int) and place in self.temporaries:
                self.free.append(place)

    def _destination(self, value: Value) -> int:
        register = self._direct(value)
        if register in self.pinned:
            self.places[value] = self.pinned[register]
            self.done.add(value)
            return self.pinned[register]
        place = self._temporary()
        self.places[value] = place
        return place

    @abstractmethod
    def _reg(self, value: Value) -> int:
        """A value in a register."""

    @abstractmethod
    def _into(self, register: int, value: Value) -> None:
        """Move a value to a register; the flags stay."""

    # Computing

    def _compute(self, value: Value) -> None:
        self._make(value)
        for argument in value.arguments:
            if isinstance(argument, Value) and argument.kind not in LAZY and argument in self.places:
                self._used(argument)

    def _make(self, value: Value) -> None:
        """Compute a value, or do what it does: by a table of the processor's, or the method with the kind's name."""
        kind, arguments = value.kind, value.arguments
        if kind in ("load", "load_signed"):
            self._load(value, kind == "load_signed", *arguments)
        elif kind == "store":
            self._store(*arguments)
        elif kind in COMPARISONS:
            self._compare_to_value(value)
        elif not self._make_by_table(value):
            getattr(self, f"_{kind}")(value, *arguments)

    @abstractmethod
    def _make_by_table(self, value: Value) -> bool:
        """Compute a value of a kind that is like others; gives whether it is one."""

    @abstractmethod
    def _load(self, value: Value, signed: bool, address: Value, width: int) -> None: ...

    @abstractmethod
    def _store(self, address: Value, width: int, value: Value) -> None: ...

    @abstractmethod
    def _compare_to_value(self, value: Value) -> None:
        """Compute a comparison as 0 or 1."""

    def _condition(self, value: Value) -> int:
        """Set the flags by a value that is 0 or 1; gives the condition code for 1."""
        if not self._is_lazy(value):
            return self._test(value)
        condition = self._compare(value)
        for argument in value.arguments:
            if argument in self.places:
                self._used(argument)
        return condition

    @abstractmethod
    def _compare(self, value: Value) -> int:
        """Set the flags by a comparison; gives the condition code."""

    @abstractmethod
    def _test(self, value: Value) -> int:
        """Set the flags by a value that was computed; gives the condition code for what is not 0."""

    # The end

    def _ending(self) -> tuple[str, int, int, bool]:
        """How it goes on, condition code, target, and whether that is relative."""
        kind, target, condition = self.record.ending, self.record.target, self.record.condition
        if target is None:
            return kind, 0, 0, False
        if target.kind not in ("relative", "const"):
            return "indirect", 0, 0, False
        code = 0
        if condition is not None:
            if condition.kind == "const":
                kind = "jump" if condition.arguments[0] else "never"
            else:
                code = self._condition(condition)
        return kind, code, target.arguments[0], target.kind == "relative"

    def _commit(self) -> None:
        """Write the guest registers that were not computed in their places."""
        pinned = self.pinned
        sets = {r: v for r, v in self.record.sets.items() if v not in self.done or self.places.get(v) != pinned.get(r)}
        sets = {r: v for r, v in sets.items() if not (v in self.done and v not in self.places)}
        moved: dict[int, int] = {}
        for register, value in sets.items():
            if value.kind == "x" and value.arguments[0] in self.record.sets and value.arguments[0] != register:
                moved[register] = self._temporary()
                self._into(moved[register], value)
        for register, value in sets.items():
            self._commit_one(register, value, moved.get(register))
            self._next()

    @abstractmethod
    def _commit_one(self, register: int, value: Value, place: int | None) -> None:
        """Write a guest register, from a register of the host if one is given; flags and other temporaries stay."""


def _is_address_of(value: Value, user: Value) -> bool:
    return user.kind in ("load", "load_signed", "store") and user.arguments[0] is value
