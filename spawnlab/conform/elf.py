"""Whole programs on a bare machine: loading, the initial stack, and the run with checkpoints on its way."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ..vm.cost import transfer_cycles
from ..vm.engines import Engine
from ..vm.errors import InvalidEcall, InvalidInstruction, VmError
from ..vm.machine import SP, Machine
from ..vm.memory import MEMORY_SIZE
from .settings import SETTINGS, read_packed
from .tally import RecordError, Tally, read_records

_STACK_SHOWN_MAX = 4096


class Program(msgspec.Struct, kw_only=True):
    """An ELF file, by path from the records' folder, and how it is run."""

    file: str
    sha256: str
    args: tuple[str, ...] = ()
    args_rle: tuple[tuple[str, int, int], ...] | None = None
    max_cycles: int
    every: int = 0
    """Operations between two checkpoints; 0 for none."""
    res: tuple[dict[str, object], ...]


def run_programs(
    files: Iterable[Path],
    *,
    folders: Iterable[Path] = (),
    settings: Iterable[str] = tuple(SETTINGS),
    engine: Engine | None = None,
) -> Tally:
    """Run the programs of files of records. Those that aren't beside them are looked for in ``folders``."""
    tally = Tally()
    decoder = msgspec.json.Decoder(Program)
    wanted = set(settings)
    for file in files:
        for where, program in read_records(file, decoder.decode, read_packed(file)):
            content = _find(program, [file.parent, *folders])
            if content is None:
                tally.absent.append(program.file)
                continue
            for result in program.res:
                expected = {name: value for name, value in result.items() if name not in ("v", "trace", "asm")}
                for name in str(result["v"]).split():
                    if name in wanted:
                        place = f"{where} {program.file} in setting {name}"
                        tally.compare(place, expected, _run(program, content, name, "stack" in expected, engine))
    return tally


def _find(program: Program, folders: Iterable[Path]) -> bytes | None:
    """The file's bytes, under its path or its bare name, packed or not."""
    path = Path(program.file)
    for folder in folders:
        for name in (path, Path(path.name), Path(path.name.removesuffix(".gz").removesuffix(".elf"))):
            file = folder / name
            if file.is_file():
                content = read_packed(file)
                if hashlib.sha256(content).hexdigest() != program.sha256:
                    raise RecordError(f"{file}: not the program of the records (another SHA-256)")
                return content
    return None


def _arguments(program: Program) -> list[bytes]:
    if program.args_rle is None:
        return [bytes.fromhex(argument) for argument in program.args]
    arguments: list[bytes] = []
    for digits, count, times in program.args_rle:
        content = bytes.fromhex(digits)
        arguments += [content if count < 0 else content * count] * times
    return arguments


def _run(program: Program, content: bytes, setting: str, with_stack: bool, engine: Engine | None) -> dict[str, object]:
    machine = Machine(SETTINGS[setting], max_cycles=program.max_cycles, engine=engine)
    arguments = _arguments(program)
    try:
        size = machine.load_program(content, len(arguments), arguments)
    except VmError as error:
        return {"load_error": _error(error)}
    sp = machine.registers[SP]
    got: dict[str, object] = {
        "load_bytes": size,
        "load_cycles": transfer_cycles(size),
        "entry_pc": machine.this_pc,
        "sp": sp,
    }
    if with_stack and MEMORY_SIZE - sp <= _STACK_SHOWN_MAX:
        got["stack"] = machine.memory.read(sp, MEMORY_SIZE - sp).hex()
    checks: list[list[int]] = []
    try:
        while (code := machine.run(program.every or None)) is None:
            checks.append(_check(machine))
        got["exit"] = code
        if program.every and machine.steps % program.every == 0:
            checks.append(_check(machine))
    except VmError as error:
        got["error"] = _error(error)
    got |= {"cycles": machine.cycles, "pc": machine.this_pc, "steps": machine.steps}
    got["regs"] = {str(number): f"{value:x}" for number, value in enumerate(machine.registers) if value}
    if program.every:
        got["checks"] = checks
    return got


def _check(machine: Machine) -> list[int]:
    """A checkpoint: operations, pc, cycles, and the CRC-32 over pc and registers."""
    checksum = zlib.crc32(struct.pack("<33Q", machine.this_pc, *machine.registers))
    return [machine.steps, machine.this_pc, machine.cycles, checksum]


def _error(error: VmError) -> dict[str, object]:
    found: dict[str, object] = {"variant": error.variant, "text": error.display}
    if isinstance(error, InvalidInstruction):
        found |= {"pc": error.pc, "instruction": error.instruction}
    elif isinstance(error, InvalidEcall):
        found["number"] = error.number
    return found
