"""What can be typed behind ``:`` while a run is watched."""

from __future__ import annotations

import msgspec

from .breakpoints import FORMS, Breakpoint, BreakpointError, breakpoint_of

MORE_FORMS = ("go N", "delete N", "delete all")


class OrderError(BreakpointError):
    """A text that is no order; names those that are."""


class GoTo(msgspec.Struct, frozen=True):
    """Go to where a turn has been played."""

    turn: int


class Delete(msgspec.Struct, frozen=True):
    """Delete the breakpoint of this number, from 1, or (``None``) all."""

    number: int | None


Order = Breakpoint | GoTo | Delete


def order_of(text: str) -> Order:
    """An order from its text; raises :class:`OrderError`, or :class:`BreakpointError` for what begins as one."""
    words = text.lower().split()
    match words:
        case ["go", number] if number.isascii() and number.isdigit() and len(number) <= 20:
            return GoTo(int(number))
        case ["delete", "all"]:
            return Delete(None)
        case ["delete", number] if number.isascii() and number.isdigit() and int(number[:20]) > 0:
            return Delete(int(number[:20]))
        case [word, *_] if word in {form.split()[0] for form in FORMS}:
            return breakpoint_of(text)
        case _:
            raise OrderError(f"{text!r} is no order; there are: {', '.join((*FORMS, *MORE_FORMS))}")
