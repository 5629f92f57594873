"""From a scenario to what the scheduler runs: machine code in cell deps, and a map from code back to steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ..scheduler.limits import U64_MAX
from ..scheduler.mockup import mock_group
from ..scheduler.transaction import DataPieceId, Place, ScriptGroupData
from ..scheduler.verify.groups import ScriptGroup
from ..scheduler.verify.verifier import Verifier
from ..scheduler.verify.versions import rules_up_to
from .cells import CellReader, bytes_of
from .check import check_plan
from .code import Code, check_elf
from .errors import ScenarioError
from .load import SIZE_MAX as SCENARIO_SIZE_MAX
from .load import located, parse_scenario, read_file, read_text
from .mock.expectations import expectations
from .mock.kinds import RAW, kind_of
from .mock.play import names_of, script_data
from .mock.read import SIZE_MAX, MockTransaction, parse_mock
from .mock.scripts import address_of, find_script
from .model import BLOCK_CYCLES, Expectation, Limits, Program, Scenario
from .names import nearest

if TYPE_CHECKING:
    from ..actors.factory import ActorMachines
    from ..actors.python_vm import Actor

_PLAIN = Scenario(limits=Limits(cycles=BLOCK_CYCLES))


class Build(msgspec.Struct, frozen=True):
    """A scenario made ready to run; program ``i`` is cell dep ``i``."""

    scenario: Scenario
    codes: tuple[Code, ...]
    sg_data: ScriptGroupData
    actors: Mapping[int, Actor] = {}
    """Programs that ``async def`` functions play, by their number; the ELF file only says what loading costs."""
    transaction: MockTransaction | None = None
    """The whole transaction, where the scenario is one of its scripts."""

    def machines(self) -> ActorMachines:
        """What makes the VMs' machines in one run."""
        from ..actors.factory import ActorMachines

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
    if scenario.transaction is not None:
        return _build_transaction(scenario, folder, elves)
    if scenario.script is not None:
        raise ScenarioError("it is one of a transaction's, and there is no transaction", path="$.script")
    if not scenario.programs:
        raise ScenarioError("the field 'programs' is missing, and there is no transaction")
    names = list(scenario.programs)
    if scenario.limits.cycles > U64_MAX:
        raise ScenarioError("more than 64 bits hold; at most 2^64 - 1", path="$.limits.cycles")
    if scenario.root not in scenario.programs:
        raise ScenarioError(f"there is no program {scenario.root!r}{nearest(scenario.root, names)}", path="$.root")
    check_plan(scenario)
    deps = {name: index for index, name in enumerate(names)}
    from .programs import ProgramReader

    reader = ProgramReader(folder, scenario.version, deps, elves)
    codes = tuple(reader.read(name, program) for name, program in scenario.programs.items())
    actors = {index: code.actor for index, code in enumerate(codes) if code.actor is not None}
    return Build(scenario, codes, _group(scenario, codes), actors)


TRANSACTION = "$transaction"
"""Among ELF files: the text of the transaction."""
_ITS_OWN = ("args", "group", "witnesses", "inputs", "outputs", "cell_deps", "header_deps")
"""What a transaction's file says, and not the scenario's."""


class WholeTransaction(msgspec.Struct, frozen=True, dict=True):
    """A mock transaction, its verifier, and names for its cell deps, which are programs."""

    file: Path
    mock: MockTransaction
    verifier: Verifier
    names: tuple[str, ...]
    expected: Mapping[ScriptGroup, Expectation] = {}
    """What the file says that scripts come to; a scenario that says something itself does not ask."""

    def build(self, script: str | None, scenario: Scenario = _PLAIN) -> Build:
        """One script, ready to run as ``scenario`` says; raises :class:`ScenarioError`."""
        try:
            return self.build_group(find_script(self.verifier, script), scenario)
        except ScenarioError as error:
            raise error.in_file(str(self.file)) from None

    def build_group(self, group: ScriptGroup, scenario: Scenario = _PLAIN) -> Build:
        """As :meth:`build`."""
        sg_data = script_data(self.verifier, group)
        address = address_of(group)
        unsaid = scenario.expect == _PLAIN.expect
        made = msgspec.structs.replace(
            scenario,
            transaction=scenario.transaction or self.file.name,
            script=address,
            version=sg_data.version,
            root=self.names[sg_data.program.index],
            programs=self._programs,
            title=scenario.title or f"{self.file.name} {address}",
            expect=self.expected.get(group, scenario.expect) if unsaid else scenario.expect,
        )
        return Build(made, self._codes, sg_data, transaction=self.mock)

    @cached_property
    def _programs(self) -> dict[str, Program]:
        return {name: Program(elf=name) for name in self.names}

    @cached_property
    def _codes(self) -> tuple[Code, ...]:
        deps = self.verifier.resolved.cell_deps
        return tuple(Code(name, cell.data) for name, cell in zip(self.names, deps, strict=True))


def read_transaction(file: Path, *, version: int = 2, text: str | None = None) -> WholeTransaction:
    """A mock transaction with versions up to ``version`` active; ``text`` is the file's, where it was read already.

    Raises :class:`ScenarioError`, which names the file, the line and the place in it.
    """
    text = read_text(file, size_max=SIZE_MAX) if text is None else text
    try:
        mock = parse_mock(text, file.parent)
        verifier = Verifier(mock.resolved, rules=rules_up_to(version))
        expected = expectations(mock, verifier)
    except ScenarioError as error:
        raise located(error, text, ".json").in_file(str(file)) from None
    return WholeTransaction(file, mock, verifier, names_of(mock, text), expected)


def _build_transaction(scenario: Scenario, folder: Path, elves: Mapping[str, bytes]) -> Build:
    check_plan(scenario)
    for name in _ITS_OWN:
        if getattr(scenario, name) != getattr(_PLAIN, name):
            raise ScenarioError("the transaction's file says this", path=f"$.{name}")
    text = elves[TRANSACTION].decode() if TRANSACTION in elves else None
    if text is None:  # else it was made before, and has the programs that were found in the text
        for name in ("programs", "root"):
            if getattr(scenario, name) != getattr(_PLAIN, name):
                raise ScenarioError("the transaction's cell deps are the programs", path=f"$.{name}")
    whole = read_transaction(folder / (scenario.transaction or ""), version=scenario.version, text=text)
    return whole.build(scenario.script, scenario)


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


def build_file(file: Path, *, version: int | None = None) -> Build:
    """A scenario file, or ``TX.json#SCRIPT``, ready to run; raises :class:`ScenarioError`, which names the line.

    ``version`` is the newest that is active for a transaction, 2 unless given.
    """
    file, script = split_script(file)
    text = read_text(file, size_max=SIZE_MAX if file.suffix == ".json" else SCENARIO_SIZE_MAX)
    if script is not None or is_mock(text):
        newest = 2 if version is None else version
        scenario = msgspec.structs.replace(_PLAIN, transaction=file.name, script=script, version=newest)
        return build(scenario, file=str(file), folder=file.parent, elves={TRANSACTION: text.encode()})
    try:
        return build(parse_scenario(text, file.suffix), file=str(file), folder=file.parent)
    except ScenarioError as error:
        if file.suffix == ".json" and kind_of(text.encode()) == RAW:
            raise ScenarioError(RAW, file=str(file)) from None
        raise located(error, text, file.suffix).in_file(str(file)) from None


def split_script(file: Path) -> tuple[Path, str | None]:
    """A file, and the script behind a ``#``, if there is one and the file has no such name itself."""
    name, mark, script = file.name.rpartition("#")
    return (file.with_name(name), script) if mark and name and not file.exists() else (file, None)


def is_mock(text: str) -> bool:
    """Whether a file is a mock transaction; a scenario has no such field."""
    return '"mock_info"' in text and text.lstrip().startswith("{")


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
    from .programs import STUB

    programs = {name: Program(elf=f"<{name}>") for name in actors}
    try:
        elves = {name: STUB + name.encode() for name in actors}
    except UnicodeEncodeError as error:
        raise ScenarioError(f"the program name {error.object!r} is no text: half of a surrogate pair") from None
    return build(Scenario(programs=programs, **fields), elves=elves).with_actors(actors)
