"""From a scenario to what the scheduler runs: machine code in cell deps, and a map from code back to steps."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path

import msgspec
from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from ..scheduler.limits import U64_MAX
from ..scheduler.mockup import mock_group
from ..scheduler.transaction import DataPieceId, Place, ScriptGroupData
from ..vm import elf
from ..vm.assembler import AssemblyError, assemble
from ..vm.errors import VmError
from .compiler import compile_steps
from .errors import ScenarioError
from .load import read_file
from .model import Program, Scenario
from .names import nearest

_RISCV = "EM_RISCV"
_STEP = re.compile(r"(step|end)(_\d+)+")


class Code(msgspec.Struct, frozen=True):
    """A program's ELF file, and where its steps begin: ascending addresses, and the place of each in the scenario."""

    name: str
    elf: bytes
    starts: tuple[int, ...] = ()
    places: tuple[str, ...] = ()
    assembly: str = ""

    def place_of(self, pc: int) -> str | None:
        """The step whose code holds ``pc``: ``steps[2]``; ``None`` where that is not known."""
        index = bisect.bisect_right(self.starts, pc) - 1
        return self.places[index] if index >= 0 else None


class Build(msgspec.Struct, frozen=True):
    """A scenario made ready to run; program ``i`` is cell dep ``i``."""

    scenario: Scenario
    codes: tuple[Code, ...]
    sg_data: ScriptGroupData

    def code_of(self, piece: DataPieceId) -> Code | None:
        """The program that a piece of data holds."""
        known = piece.place is Place.CELL_DEP and piece.index < len(self.codes)
        return self.codes[piece.index] if known else None


def build(
    scenario: Scenario,
    *,
    file: str = "<scenario>",
    folder: Path | None = None,
    elves: Mapping[str, bytes] | None = None,
) -> Build:
    """Compile and read all programs; paths of ELF files are relative to ``folder``.

    ``elves`` are contents of ELF files by the programs' names, in place of the files.

    Raises :class:`ScenarioError` for a program that is missing, doesn't compile, or isn't an ELF file for RISC-V.
    """
    names = list(scenario.programs)
    try:
        if scenario.limits.cycles > U64_MAX:
            raise ScenarioError("more than 64 bits hold; at most 2^64 - 1", path="$.limits.cycles")
        if scenario.root not in scenario.programs:
            raise ScenarioError(f"there is no program {scenario.root!r}{nearest(scenario.root, names)}", path="$.root")
        deps = {name: index for index, name in enumerate(names)}
        read = partial(_elf_of, folder=folder or Path(), elves=elves or {})
        version = scenario.version
        codes = tuple(_code(name, program, deps, read, version) for name, program in scenario.programs.items())
    except ScenarioError as error:
        raise error.in_file(file) from None
    programs = [code.elf for code in codes]
    sg_data = mock_group(programs, program_index=deps[scenario.root], version=scenario.version)
    return Build(scenario, codes, sg_data)


def build_elf(file: Path, *, version: int) -> Build:
    """An ELF file as the only program of a scenario; raises :class:`ScenarioError`."""
    content = read_file(file)
    try:
        check_elf(content, version, "$")
    except ScenarioError as error:
        raise error.in_file(str(file)) from None
    scenario = Scenario(title=file.name, version=version, programs={"root": Program(elf=str(file))})
    return Build(scenario, (Code("root", content),), mock_group([content], version=version))


def _elf_of(name: str, path: str, *, folder: Path, elves: Mapping[str, bytes]) -> bytes:
    if name in elves:
        return elves[name]
    file = folder / path
    try:
        return read_file(file)
    except ScenarioError as error:
        raise ScenarioError(f"{file}: {error.message}", path=f"$.programs.{name}.elf") from None


def _code(
    name: str, program: Program, deps: Mapping[str, int], read: Callable[[str, str], bytes], version: int
) -> Code:
    path = f"$.programs.{name}"
    if (program.steps is None) == (program.elf is None):
        raise ScenarioError("give either steps or elf", path=path)
    if program.elf is not None:
        content = read(name, program.elf)
        check_elf(content, version, f"{path}.elf")
        return Code(name, content)
    assembly = compile_steps(program.steps or (), deps, path)
    try:
        assembled = assemble(assembly)
    except AssemblyError as error:
        place = _step_before(assembly, error.line)
        raise ScenarioError(f"does not fit: {error.message}", path=f"{path}.{place}" if place else path) from None
    steps = sorted((address, label) for label, address in assembled.symbols.items() if _STEP.fullmatch(label))
    return Code(
        name,
        assembled.elf(),
        tuple(address for address, _ in steps),
        tuple(_place(label) for _, label in steps),
        assembly,
    )


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


def check_elf(content: bytes, version: int, path: str) -> None:
    """Refuse what is no program for this machine, though the chain might load it.

    Raises :class:`ScenarioError` saying why.
    """
    try:
        elf.parse(content, version)
        machine = ELFFile(BytesIO(content)).header["e_machine"]
    except (VmError, ELFError) as error:
        raise ScenarioError(f"not a program: {error}", path=path) from None
    if machine != _RISCV:
        raise ScenarioError(f"an ELF file for {machine}, not for 64-bit RISC-V (EM_RISCV)", path=path)
