"""One transaction of the reference's own tests, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from spawnlab.scheduler.limits import U64_MAX

from ..asking import Values

Expected = Mapping[int, int | bool | str]
"""By script version what the test asserts: cycles, whether it passes, or what is in the text of the error."""
Command = int | Literal["suspend", "resume", "stop"]
VERSIONS = (0, 1, 2)


class Pieces(msgspec.Struct, frozen=True):
    """The limit of the first piece and of the others: given, or what is proposed; then always the first."""

    step: int
    limits: tuple[int, ...] | Literal["next"] = ()

    def __str__(self) -> str:
        if self.limits == "next":
            return f"{self.step:,} more each"
        return ", ".join(f"{limit:,}" for limit in (self.step, *self.limits[:3])) + (", ..." if self.limits else "")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction, made for a script version."""

    test: str
    """The name of the reference's test."""
    make: Callable[[int], Values]
    note: str = ""
    """Which of the transactions of a test it is."""
    expected: Expected = {}
    max_cycles: int = U64_MAX
    pieces: tuple[Pieces, ...] = ()
    """Besides those that each transaction gets."""
    completed: tuple[int, ...] = ()
    """Limits of pieces after which it is completed."""
    raises_pauses: bool = False
    """Whether programs use system call 2178: it is verified without pauses, and in pieces with them."""
    chunks: Mapping[int, int] = {}
    """By version the number of these pieces that the test asserts."""
    signals: tuple[Command, ...] = ()
    long: bool = False
    """Takes more than a second: not among the tests."""

    @property
    def name(self) -> str:
        """Unique among all."""
        return f"{self.test}, {self.note}" if self.note else self.test


def since(version: int) -> Expected:
    """It passes from a version on."""
    return {one: one >= version for one in VERSIONS}


def only(version: int) -> Expected:
    """It passes in one version."""
    return {one: one == version for one in VERSIONS}


def everywhere(what: int | bool | str) -> Expected:
    """The same in each version."""
    return dict.fromkeys(VERSIONS, what)
