"""Whole ELF files: loading, the stack, and the run, as recorded from the reference. Skipped where the files are not."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from spawnlab.vm.cost import transfer_cycles
from spawnlab.vm.errors import ElfParseError, InvalidEcall, InvalidInstruction, VmError
from spawnlab.vm.machine import Machine

from .support import SIZE
from .vectors import CHAIN, SETTINGS

GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "vm"
pytestmark = pytest.mark.skipif(not GOLDEN.exists(), reason=f"{GOLDEN} is not here")


class Case(msgspec.Struct):
    """A file, its arguments, a limit, and one record for each outcome."""

    file: str
    args: list[str]
    max_cycles: int
    every: int
    res: list[dict[str, Any]]
    args_rle: list[tuple[str, int, int]] = []
    """Bytes, how often they are repeated in one argument (-1: as they are), how many such arguments."""

    @property
    def arguments(self) -> list[bytes]:
        if not self.args_rle:
            return [bytes.fromhex(digits) for digits in self.args]
        return [bytes.fromhex(digits) * abs(count) for digits, count, times in self.args_rle for _ in range(times)]

    @property
    def content(self) -> bytes:
        content = (GOLDEN / self.file).read_bytes()
        return gzip.decompress(content) if self.file.endswith(".gz") else content


def cases(name: str) -> list[Case]:
    return [msgspec.json.decode(line, type=Case) for line in (GOLDEN / name).read_bytes().splitlines()]


def told(error: VmError) -> dict[str, object]:
    """An error as it is recorded. The words of the parser's errors come from a library and are not compared."""
    found: dict[str, object] = {"variant": error.variant}
    if not isinstance(error, ElfParseError):
        found["text"] = error.display
    if isinstance(error, InvalidInstruction):
        found |= {"pc": error.pc, "instruction": error.instruction}
    if isinstance(error, InvalidEcall):
        found["number"] = error.number
    return found


def check_of(machine: Machine) -> list[int]:
    crc = zlib.crc32(struct.pack("<33Q", machine.this_pc, *machine.registers))
    return [machine.steps, machine.this_pc, machine.cycles, crc]


def outcome(case: Case, setting: str) -> dict[str, object]:
    """What loading and running gives, as it is recorded."""
    machine = Machine(SETTINGS[setting], max_cycles=case.max_cycles)
    arguments = case.arguments
    try:
        size = machine.load_program(case.content, len(arguments), arguments)
    except VmError as error:
        return {"load_error": told(error)}
    sp = machine.registers[2]
    found: dict[str, object] = {"load_bytes": size, "load_cycles": transfer_cycles(size), "sp": sp}
    found["entry_pc"] = machine.this_pc
    if SIZE - sp <= 4096:
        found["stack"] = machine.memory.read(sp, SIZE - sp).hex()
    try:
        found["exit"] = machine.run()
    except VmError as error:
        found["error"] = told(error)
    registers = {str(number): f"{value:x}" for number, value in enumerate(machine.registers) if value}
    return found | {"cycles": machine.cycles, "pc": machine.this_pc, "steps": machine.steps, "regs": registers}


def settings_of(case: Case, record: dict[str, Any]) -> list[str]:
    """The settings of the chain; for files with atomics all."""
    names: list[str] = record["v"].split()
    return names if case.file.startswith("elf/a_") else [name for name in names if name in CHAIN]


def differences(case: Case) -> Iterator[str]:
    for record in case.res:
        want = {name: value for name, value in record.items() if name not in ("v", "asm", "trace")}
        if want.get("load_error", {}).get("variant") == "ElfParseError":
            del want["load_error"]["text"]
        for setting in settings_of(case, record):
            found = outcome(case, setting)
            for name in sorted({*want, *found}):
                if want.get(name) != found.get(name):
                    place = f"{case.file} {case.args} in setting {setting}"
                    yield f"{place}: {name} {want.get(name)}, got {found.get(name)}"


def test_all_small_files() -> None:
    all_cases = cases("elf.jsonl")
    assert len(all_cases) == 257
    runs = sum(len(settings_of(case, record)) for case in all_cases for record in case.res)
    assert runs == (257 - 3) * len(CHAIN) + 3 * len(SETTINGS)
    assert [text for case in all_cases for text in differences(case)] == []


@pytest.mark.parametrize("name", ["own_alu", "own_branch"])
def test_long_programs_up_to_the_first_checkpoint(name: str) -> None:
    (case,) = [case for case in cases("programs.jsonl") if case.file == f"programs/{name}.elf.gz"]
    for record in case.res:
        for setting in settings_of(case, record):
            machine = Machine(SETTINGS[setting])
            machine.load_program(case.content)
            assert machine.run(case.every) is None
            assert check_of(machine) == record["checks"][0], setting
