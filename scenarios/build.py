"""From a scenario to what the scheduler runs: machine code in cell deps, and a map from code back to steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..actors.factory import ActorMachines
from ..actors.python_vm import Actor
from ..scheduler.limits import U64_MAX
from ..scheduler.mockup import mock_group
from ..scheduler.transaction import DataPieceId, Place, ScriptGroupData
from .cells import CellReader, bytes_of
from .check import check_plan
from .errors import ScenarioError
from .load import located, parse_scenario, read_file, read_text
from .model import Program, Scenario
from .names import nearest
from .programs import STUB, Code, ProgramReader, check_elf


class Build(msgspec.Struct, frozen=True):
    """A scenario made ready to run; program ``i`` is cell dep ``i``."""

    scenario: Scenario
    codes: tuple[Code, ...]
    sg_data: ScriptGroupData
    actors: Mapping[int, Actor] = {}
    """Programs that ``async def`` functions play, by their number; the ELF file only says what loading costs."""

    def machines(self) -> ActorMachines:
        """What makes the VMs' machines in one run."""
        return ActorMachines(self.actors, [code.name for code in self.codes])

    def actor_names(self) -> tuple[str, ...]:
        """The programs that functions play."""
        return tuple(self.codes[index].name for index in sorted(self.actors))

    def with_actors(self, actors: Mapping[str, Actor]) -> Build:
        """The same, with some programs played by functions; raises :class:`ScenarioError` for a name that is none."""
        names = [code.name for code in self.codes]
        for name in actors:
            if name not in names:
                raise ScenarioError(f"there is no program {name!r}{nearest(name, names)}")
        played = {names.index(name): actor for name, actor in actors.items()}
        return msgspec.structs.replace(self, actors={**self.actors, **played})

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
    try:
        return _build(scenario, folder or Path(), elves or {})
    except ScenarioError as error:
        raise error.in_file(file) from None


def _build(scenario: Scenario, folder: Path, elves: Mapping[str, bytes]) -> Build:
    names = list(scenario.programs)
    if scenario.limits.cycles > U64_MAX:
        raise ScenarioError("more than 64 bits hold; at most 2^64 - 1", path="$.limits.cycles")
    if scenario.root not in scenario.programs:
        raise ScenarioError(f"there is no program {scenario.root!r}{nearest(scenario.root, names)}", path="$.root")
    check_plan(scenario)
    deps = {name: index for index, name in enumerate(names)}
    reader = ProgramReader(folder, scenario.version, deps, elves)
    codes = tuple(reader.read(name, program) for name, program in scenario.programs.items())
    actors = {index: code.actor for index, code in enumerate(codes) if code.actor is not None}
    return Build(scenario, codes, _group(scenario, codes), actors)


def _group(scenario: Scenario, codes: Sequence[Code]) -> ScriptGroupData:
    programs = {code.name: code.elf for code in codes}
    reader = CellReader(programs, scenario.header_deps)
    deps = reader.cells(scenario.cell_deps, "$.cell_deps")
    return mock_group(
        [*programs.values(), *deps],
        program_index=list(programs).index(scenario.root),
        version=scenario.version,
        args=bytes_of(scenario.args, "$.args"),
        witnesses=[bytes_of(witness, f"$.witnesses[{index}]") for index, witness in enumerate(scenario.witnesses)],
        inputs=reader.cells(scenario.inputs, "$.inputs"),
        outputs=reader.cells(scenario.outputs, "$.outputs"),
        group_type=scenario.group,
        surroundings=reader.surroundings(deps),
    )


def build_file(file: Path) -> Build:
    """A scenario file, ready to run; raises :class:`ScenarioError`, which names the line."""
    text = read_text(file)
    try:
        return build(parse_scenario(text, file.suffix), file=str(file), folder=file.parent)
    except ScenarioError as error:
        raise located(error, text, file.suffix).in_file(str(file)) from None


def build_elf(file: Path, *, version: int) -> Build:
    """An ELF file as the only program of a scenario; raises :class:`ScenarioError`."""
    content = read_file(file)
    try:
        check_elf(content, version, "$")
    except ScenarioError as error:
        raise error.in_file(str(file)) from None
    scenario = Scenario(title=file.name, version=version, programs={"root": Program(elf=str(file))})
    return Build(scenario, (Code("root", content),), mock_group([content], version=version))


def build_actors(actors: Mapping[str, Actor], **fields: Any) -> Build:
    """Functions as the only programs of a scenario; ``fields`` are the others of :class:`Scenario`.

    Raises :class:`ScenarioError`.
    """
    programs = {name: Program(elf=f"<{name}>") for name in actors}
    try:
        elves = {name: STUB + name.encode() for name in actors}
    except UnicodeEncodeError as error:
        raise ScenarioError(f"the program name {error.object!r} is no text: half of a surrogate pair") from None
    return build(Scenario(programs=programs, **fields), elves=elves).with_actors(actors)
