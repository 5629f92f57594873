"""A small assembler over the instruction definitions: text to a loadable ELF file, so that nobody needs a toolchain."""

from .assemble import assemble as assemble
from .errors import AssemblyError as AssemblyError
from .program import Program as Program
