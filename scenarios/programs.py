"""The forms of a program, each to its code: operations, assembly, C, ELF files, Python functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from ..scheduler.syscalls.names import CALL_NAMES
from ..vm.assembler import AssemblyError, assemble
from ..vm.assembler.program import TEXT_ADDRESS
from ..vm.assembler.program import Program as Assembled
from ..vm.machine import EXIT
from .c import COptions, compile_c, compile_c_text
from .code import Code, check_elf, is_made_here
from .compiler import compile_steps
from .errors import ScenarioError
from .functions import load_function
from .load import read_file
from .model import FORMS, Program

_STEP = re.compile(r"(step|end)(_\d+)+")
ASSEMBLY_SUFFIXES = (".s", ".S", ".asm")
STUB = assemble(f"li a7, {EXIT}\n ecall").elf()
"""What stands for a function's program in the transaction; its name, behind the segments, makes it one of its own."""
SYSTEM_CALLS = {"SYS_EXIT": EXIT, **{f"SYS_{name.upper()}": number for number, name in CALL_NAMES.items()}}
"""Numbers of the system calls, as assembly names them."""


class ProgramReader(msgspec.Struct, frozen=True):
    """Reads and compiles programs; ``deps`` are those that can be spawned, with their cell deps.

    ``elves`` are contents of ELF files by the programs' names, in place of what is read, compiled or imported.
    """

    folder: Path
    version: int
    deps: Mapping[str, int]
    elves: Mapping[str, bytes]

    def read(self, name: str, program: Program) -> Code:
        """A program's code; raises :class:`ScenarioError`."""
        path = f"$.programs.{name}"
        given = [form for form in FORMS if getattr(program, form) is not None]
        if len(given) != 1:
            raise ScenarioError(f"give one of {', '.join(FORMS[:-1])} and {FORMS[-1]}", path=path)
        (form,) = given
        if name in self.elves and not is_made_here(program):
            return self._checked(name, self.elves[name], path)
        where = f"{path}.{form}"
        if program.steps is not None:
            return self._steps(name, program, path)
        if program.asm is not None:
            return self._assembly(name, program.asm, where)
        if program.c is not None:
            return self._compiled(name, compile_c_text(program.c, name, self._c_options(where)), program.c, where)
        if program.python is not None:
            actor = load_function(program.python, self.folder, where)
            return Code(name, STUB + name.encode(), actor=actor)
        file = self.folder / (program.elf or program.source or "")
        if program.source is not None and file.suffix == ".c":
            text = self._read(file, where).decode(errors="replace")
            return self._compiled(name, compile_c(file, self.folder, self._c_options(where)), text, where)
        if program.source is not None:
            return self._assembly_file(name, file, where)
        return self._checked(name, self._read(file, where), where)

    def _read(self, file: Path, path: str) -> bytes:
        try:
            return read_file(file)
        except ScenarioError as error:
            raise ScenarioError(f"{file}: {error.message}", path=path) from None

    def _checked(self, name: str, content: bytes, path: str) -> Code:
        check_elf(content, self.version, path)
        return Code(name, content)

    def _compiled(self, name: str, content: bytes, text: str, path: str) -> Code:
        return msgspec.structs.replace(self._checked(name, content, path), c=text)

    def _steps(self, name: str, program: Program, path: str) -> Code:
        assembly = compile_steps(program.steps or (), self.deps, path)
        try:
            assembled = _assembled(assembly)
        except AssemblyError as error:
            place = _step_before(assembly, error.line)
            raise ScenarioError(f"does not fit: {error.message}", path=f"{path}.{place}" if place else path) from None
        steps = sorted((address, label) for label, address in assembled.symbols.items() if _STEP.fullmatch(label))
        return Code(
            name,
            assembled.elf(),
            tuple(address for address, _ in steps),
            tuple(_place(label) for _, label in steps),
            TEXT_ADDRESS + len(assembled.text),
            assembly,
        )

    def _assembly_file(self, name: str, file: Path, path: str) -> Code:
        if file.suffix not in ASSEMBLY_SUFFIXES:
            raise ScenarioError(
                f"{file.name!r} is neither C (.c) nor assembly ({', '.join(ASSEMBLY_SUFFIXES)}); "
                "an ELF file is given as `elf`",
                path=path,
            )
        try:
            text = self._read(file, path).decode()
        except UnicodeDecodeError as error:
            raise ScenarioError(f"{file}: byte {error.start} is not UTF-8", path=path) from None
        try:
            return self._assemble(name, text, f"{file.name}:")
        except AssemblyError as error:
            raise ScenarioError(f"{file}:{error.line}: {error.message}: {error.text.strip()}", path=path) from None

    def _assembly(self, name: str, text: str, path: str) -> Code:
        try:
            return self._assemble(name, text, "asm:")
        except AssemblyError as error:
            message = f"line {error.line}: {error.message}: {error.text.strip()}"
            raise ScenarioError(message, path=path, within=error.line) from None

    def _assemble(self, name: str, text: str, place: str) -> Code:
        try:
            assembled = assemble(self._constants() + text)
        except AssemblyError as error:
            shown = text.splitlines()[error.line - 1] if error.line <= len(text.splitlines()) else ""
            raise AssemblyError(error.message, error.line, shown) from None
        lines = sorted(assembled.lines.items())
        return Code(
            name,
            assembled.elf(),
            tuple(address for address, _ in lines),
            tuple(f"{place}{line}" for _, line in lines),
            TEXT_ADDRESS + len(assembled.text),
            text,
        )

    def _constants(self) -> str:
        """What assembly can name, before its first line: no line of its own, so that numbers of lines stay right."""
        values = {**SYSTEM_CALLS, **self.constants()}
        return "".join(f".equ {name}, {value}; " for name, value in values.items())

    def _c_options(self, path: str) -> COptions:
        return COptions(self.version, self.constants(), path)

    def constants(self) -> dict[str, int]:
        """``PROGRAM_NAME`` for each program: its cell dep."""
        return {f"PROGRAM_{name.replace('-', '_')}": index for name, index in self.deps.items()}


@lru_cache(maxsize=128)
def _assembled(assembly: str) -> Assembled:
    """Kept, since scenarios that are tried one after the other mostly differ in one program."""
    return assemble(assembly)


def _step_before(assembly: str, line: int) -> str | None:
    """The step whose code holds a line of assembly; ``None`` for data."""
    lines = assembly.splitlines()
    if line > lines.index(".data"):
        return None
    labels = (text[:-1] for text in reversed(lines[:line]) if text.endswith(":"))
    found = next((label for label in labels if _STEP.fullmatch(label)), None)
    return found and _place(found)


def _place(label: str) -> str:
    if label.startswith("end"):
        return "the end"
    return ".".join(f"steps[{index}]" for index in label.split("_")[1:])
