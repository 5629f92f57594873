"""The processor's back end: all that native code has of its own for each kind of processor.

Shared are: finding blocks, how they are put together, when what is checked, the memory of code, its cache, and how a
machine lies in a block of memory.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from ..isa.definition import Operation
from .names import NAMES
from .region import Assembler, Exits
from .template import Template


class Backend(Protocol):
    """What the module ``backend`` of a back end has."""

    def template_of(self, operation: Operation, /) -> Template:
        """The code of an operation; raises :class:`..translate.record.Untranslatable`."""
        ...

    def assembler(
        self, start: int, exits: Exits, entries: Mapping[int, int], /, *, spares_last_byte: bool
    ) -> Assembler:
        """What puts blocks together."""
        ...

    def glue(self) -> tuple[bytes, Exits, int]:
        """The way in and the ways out, for the start of the code; and the offset of the way in.

        The way in is a function of the pointer to the state and the address to begin at; it gives the reason why it
        came back. The way out for a miss is at offset 0, which the table has for what has no code.
        """
        ...

    def features(self) -> str:
        """What of the processor the code depends on, beyond what is always needed: a part of the code's name."""
        ...

    def written(self, address: int, size: int, /) -> None:
        """Code was written to memory and is executable: let the processor see it."""
        ...


def name() -> str:
    """The name of this host's back end; a :class:`KeyError` where there is none."""
    return NAMES[platform.machine()]


@cache
def backend() -> Backend:
    """This host's back end."""
    return cast(Backend, import_module(f".{name()}.backend", __package__))
