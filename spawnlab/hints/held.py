"""Which ends a VM holds as it goes on, and which of them a value in its program is."""

from __future__ import annotations

from collections.abc import Sequence

from ..scheduler.limits import FIRST_FD_SLOT
from .values import number_of
from .world import ROOT, Call, Count, End, ExitOf, Holding, Number, Value, Vm, VmRef, World


class UnclearError(Exception):
    """It depends on the run which fd a value is, or what a call is answered."""


class InvalidError(Exception):
    """A value is no fd of the VM, or not one of this direction; says why, and which call is to blame.

    ``index`` is its place in a list of fds.
    """

    def __init__(self, reason: str, cause: Call | None = None) -> None:
        self.reason = reason
        self.cause = cause
        self.index = 0


class Held:
    """The ends that a VM holds, call by call."""

    def __init__(self, world: World, vm: Vm) -> None:
        self._world = world
        self._vm = vm
        self._held: dict[End, Holding] = {}
        self._gone: dict[End, Call] = {}
        """Ends that it had, and the call that closed them or gave them away."""

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, end: End, start: int) -> None:
        """The VM has an end from before its call ``start`` on."""
        holders = self._world.holders(end)
        self._held[end] = Holding(end, self._vm.number, start, len(holders))
        self._gone.pop(end, None)
        self._vm.holdings.append(self._held[end])
        holders.append(self._held[end])

    def let_go(self, end: End, call: Call, *, closed: bool = False) -> None:
        """A call closes an end, or gives it away."""
        holding = self._held.pop(end)
        holding.stop, holding.closed = call.index, closed
        self._gone[end] = call

    def has_closed(self, end: End) -> bool:
        """Whether the VM has closed an end itself."""
        return end in self._gone and self._gone[end].kind == "close"

    def listed(self, values: Sequence[Value]) -> list[End]:
        """The ends of a list of fds, which ends at a 0. Raises as :meth:`end_of`."""
        ends: list[End] = []
        for index, value in enumerate(values):
            if value is None or isinstance(value, Count | ExitOf):
                raise UnclearError  # it may be the 0
            if value in (Number(0), VmRef(ROOT)):
                break
            try:
                ends.append(self.end_of(value, None))
            except InvalidError as error:
                error.index = index
                raise
        return ends

    def end_of(self, value: Value, writes: bool | None) -> End:
        """The end that a value is, if the VM holds it and it has this direction, where there is one.

        Raises :class:`InvalidError`, or :class:`UnclearError` where the value may be one or not.
        """
        number = value.number if isinstance(value, Number) else None
        if isinstance(value, VmRef):
            self._world.by_number = True
            number = self._world.vms[value.vm].id
        if isinstance(value, End):
            end: End | None = value
        elif number is None:
            end = self._any(writes)
        else:
            end = self._numbered(number, writes)
        if end is None:
            raise InvalidError("no-such-fd")
        if writes is not None and end.writes != writes:
            raise InvalidError("wrong-end")
        if end not in self._held:
            cause = self._gone.get(end)
            if cause is None:
                raise InvalidError("no-such-fd")
            raise InvalidError("closed-fd" if cause.kind == "close" else "moved-fd", cause)
        return end

    def _numbered(self, number: int, writes: bool | None) -> End | None:
        """The end with a number, where it is or was the VM's; ``None`` where it can't be."""
        self._world.by_number = True
        direction = bool(number % 2)
        if number < FIRST_FD_SLOT:
            return None
        for end in self._held:
            if number_of(self._world, end) == number:
                return end
        if writes is not None and direction != writes:
            raise InvalidError("wrong-end")
        if any(number_of(self._world, end) is None for end in self._held if end.writes == direction):
            raise UnclearError
        return next((end for end in self._gone if number_of(self._world, end) == number), None)

    def _any(self, writes: bool | None) -> None:
        """A number that is not known is no end where the VM holds none."""
        if any(writes is None or end.writes == writes for end in self._held):
            raise UnclearError
