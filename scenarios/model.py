"""A scenario: its programs, the transaction round them, which of them is the root, and what is expected of the run."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from .cells import Bytes, CellModel, HeaderModel
from .steps import AnyStep

ProgramName = Annotated[str, msgspec.Meta(pattern="^[A-Za-z][A-Za-z0-9_-]*$", max_length=64)]
VmId = Annotated[int, msgspec.Meta(ge=0)]
Cycles = Annotated[int, msgspec.Meta(ge=0)]

CYCLES_DEFAULT = 70_000_000
"""The limit that a node's transaction pool sets by default."""
BLOCK_CYCLES = 3_500_000_000
"""What all scripts of a block may use: the limit for whole transactions here, as in ckb-debugger."""


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A program, in one of its forms. Paths are from the scenario file's folder."""

    steps: tuple[AnyStep, ...] | None = None
    """A list of operations."""
    asm: str | None = None
    """Assembly text."""
    c: str | None = None
    """C text."""
    source: str | None = None
    """Path of a file in C (``.c``) or assembly (``.s``, ``.S``, ``.asm``)."""
    elf: str | None = None
    """Path of an ELF file."""
    python: str | None = None
    """``FILE.py:NAME``, an ``async def`` function that plays the VM."""


FORMS = Program.__struct_fields__


class LogLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A text that a VM prints."""

    vm: VmId
    text: str


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """From ``min`` to ``max`` cycles, both included."""

    min: Cycles = 0
    max: Cycles | None = None


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What a run must come to. What is left out is not asked for; but where no end is named, it must be exit code 0."""

    exit_code: Annotated[int, msgspec.Meta(ge=-128, le=127)] | None = None
    error: str | None = None
    """Name of the error variant, such as ``CyclesExceeded``."""
    deadlock: tuple[VmId, ...] | bool | None = None
    """True for any deadlock, or the ids of the VMs that wait, ascending."""
    cycles: Cycles | Range | None = None
    """Of the whole run: exactly, or within a range."""
    order: tuple[VmId, ...] | None = None
    """The VM of each iteration."""
    log: tuple[LogLine | str, ...] | None = None
    """All that is printed, in order."""
    fingerprint: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")] | None = None
    """Of the run's journal."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """How far the run may go, in cycles, at most 2^64 - 1."""

    cycles: Cycles = CYCLES_DEFAULT


class SuspendPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Where the run is suspended, written down, read again and gone on with: before it goes beyond these cycles."""

    at: tuple[Cycles, ...]
    """Cycles of the whole run, ascending."""


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One run to be played, and what is expected of it."""

    schema: str | None = msgspec.field(default=None, name="$schema")
    """For editors: where the schema of this file is."""
    title: str = ""
    why: str = ""
    """What there is to learn from it."""
    lesson: str = ""
    """The lesson of the gallery that it belongs to."""
    version: Annotated[int, msgspec.Meta(ge=0, le=2)] = 2
    """Script version: 0 is ``data``, 1 ``data1``, 2 ``data2``. Only version 2 has spawn and pipes.

    Of a transaction, the newest that is active."""
    transaction: str | None = None
    """Path of a mock transaction, in the JSON of ckb-debugger: one of its scripts runs, in place of programs."""
    script: str | None = None
    """Which one: ``input.0.lock``, ``input.0.type``, ``output.1.type`` or a script hash."""
    root: ProgramName = "root"
    """The program that VM 0 runs."""
    programs: dict[ProgramName, Program] = {}
    """At least one, unless a script of a transaction runs."""
    args: Bytes = ""
    """The script's args."""
    group: Literal["lock", "type"] = "lock"
    """Whether the script is the first input's lock, or the type script of the cells that name it."""
    witnesses: tuple[Bytes, ...] = ()
    inputs: tuple[CellModel, ...] = (CellModel(),)
    """The cells that the transaction consumes."""
    outputs: tuple[CellModel, ...] = ()
    """The cells that it makes."""
    cell_deps: tuple[CellModel, ...] = ()
    """Further cell deps, behind the programs."""
    header_deps: tuple[HeaderModel, ...] = ()
    """Blocks whose headers can be read."""
    limits: Limits = Limits()
    suspend: SuspendPlan | None = None
    expect: Expectation = Expectation()
