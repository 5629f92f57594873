"""A scenario: its programs, which of them is the root, and what is expected of the run."""

from __future__ import annotations

from typing import Annotated

import msgspec

from .steps import AnyStep

ProgramName = Annotated[str, msgspec.Meta(pattern="^[A-Za-z][A-Za-z0-9_-]*$", max_length=64)]

CYCLES_DEFAULT = 70_000_000
"""The limit that a node's transaction pool sets by default."""


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A program: a list of operations, or an ELF file (a path, from the scenario file's folder)."""

    steps: tuple[AnyStep, ...] | None = None
    elf: str | None = None


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What a run must come to. What is left out is not asked for; but where no end is named, it must be exit code 0."""

    exit_code: Annotated[int, msgspec.Meta(ge=-128, le=127)] | None = None
    cycles: Annotated[int, msgspec.Meta(ge=0)] | None = None
    deadlock: tuple[int, ...] | bool | None = None
    """True for any deadlock, or the ids of the VMs that wait, ascending."""
    error: str | None = None
    """Name of the error variant, such as ``CyclesExceeded``."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """How far the run may go, in cycles, at most 2^64 - 1."""

    cycles: Annotated[int, msgspec.Meta(ge=0)] = CYCLES_DEFAULT


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One run to be played, and what is expected of it."""

    title: str = ""
    why: str = ""
    """What there is to learn from it."""
    version: Annotated[int, msgspec.Meta(ge=0, le=2)] = 2
    """Script version: 0 is ``data``, 1 ``data1``, 2 ``data2``. Only version 2 has spawn and pipes."""
    root: ProgramName = "root"
    """The program that VM 0 runs."""
    programs: Annotated[dict[ProgramName, Program], msgspec.Meta(min_length=1)]
    limits: Limits = Limits()
    expect: Expectation = Expectation()
