"""A program's code, whatever it was made of, and what can be none. Most runs need none of what compiles."""

from __future__ import annotations

import bisect
from io import BytesIO
from typing import TYPE_CHECKING

import msgspec

from ..vm import elf
from ..vm.errors import VmError
from ..vm.lines import read_lines
from .c import HEADER
from .errors import ScenarioError
from .model import Program

if TYPE_CHECKING:
    from ..actors.python_vm import Actor

_RISCV = "EM_RISCV"


class Code(msgspec.Struct, frozen=True):
    """A program's ELF file, and where its steps begin: ascending addresses, and the place of each in the scenario."""

    name: str
    elf: bytes
    starts: tuple[int, ...] = ()
    places: tuple[str, ...] = ()
    end: int = 0
    """Behind the last of them."""
    assembly: str = ""
    actor: Actor | None = None
    """The function that plays it."""
    c: str = ""
    """The C text that it was compiled from, where that is at hand."""

    def place_of(self, pc: int) -> str | None:
        """The step whose code holds ``pc``: ``steps[2]``, or a line; ``None`` where that is not known."""
        if not self.starts:
            return read_lines(self.elf).at(pc, beyond=HEADER)
        index = bisect.bisect_right(self.starts, pc) - 1
        return self.places[index] if index >= 0 and pc < self.end else None


def is_made_here(program: Program) -> bool:
    """Whether the scenario holds all that the code is made of, and the code is ours to make."""
    return program.steps is not None or program.asm is not None


def check_elf(content: bytes, version: int, path: str) -> None:
    """Refuse what is no program for this machine, though the chain might load it.

    Raises :class:`ScenarioError` saying why.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        elf.parse(content, version)
        machine = ELFFile(BytesIO(content)).header["e_machine"]
    except (VmError, ELFError) as error:
        raise ScenarioError(f"not a program: {error}", path=path) from None
    if machine != _RISCV:
        raise ScenarioError(f"an ELF file for {machine}, not for 64-bit RISC-V (EM_RISCV)", path=path)
