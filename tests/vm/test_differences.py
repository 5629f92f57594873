"""The differences that docs/differences.md names: what we do, and what the assembly machine does instead."""

from __future__ import annotations

import pytest

from spawnlab.conform.modes import Mode, run_recorded
from spawnlab.conform.records import OutcomeRecord
from spawnlab.conform.reference import case_of, run_reference
from spawnlab.scheduler.mockup import mock_group
from spawnlab.scheduler.transaction import ScriptGroupData
from spawnlab.vm.assembler import assemble

ADC = "add s2, s2, s3\n sltu s3, s2, s3\n add s2, s2, s4\n sltu s4, s2, s4\n or s3, s3, s4"
EXIT = "li a7, 93\n ecall"

LONG_BLOCK = "\n".join([*[ADC] * 14, "jal s5, past", *["li a0, 7", EXIT], "past:", "la t0, past", "li a0, 1", EXIT])
"""14 groups and a jump, 284 bytes: with the length modulo 256, the jump lands 256 bytes too low, within the block."""

HIGH_PC = f"""
  la s1, next
  jal x0, back
back:
  jr s1
next:
  la s1, done
  la t0, back
  li t2, 1
  slli t2, t2, 32
  add t0, t0, t2
  jr t0
done:
  li a0, 0
  {EXIT}
"""
"""Runs the block at back, which jumps to s1, and then jumps to it 4 GiB too high."""

ILLEGAL_AFTER_FAULT = "li t0, -8\n ld t1, 0(t0)\n .word 0xffffffff"
"""The interpreter meets the load first; a machine that decodes whole blocks meets the word that is no instruction."""
LIMITED = Mode(max_cycles=100_000)


def group(source: str, version: int) -> ScriptGroupData:
    return mock_group([assemble(source).elf()], version=version)


def ours(source: str, version: int) -> OutcomeRecord:
    return run_recorded(group(source, version), LIMITED)


def reference(source: str, version: int, machine: str) -> OutcomeRecord:
    return run_reference([case_of(group(source, version), LIMITED)], machine=machine)[0]


@pytest.mark.parametrize("version", [1, 2])
def test_a_long_block_does_what_its_instructions_say(version: int) -> None:
    outcome = ours(LONG_BLOCK, version)
    assert outcome.exit_code == 1
    assert outcome.cycles is not None
    assert outcome.cycles < 14 + 3 + 600


@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_pc_above_4_gib_is_out_of_bound(version: int) -> None:
    assert ours(HIGH_PC, version).error_variant == "MemOutOfBound"


def test_the_first_fault_in_program_order_wins() -> None:
    assert ours(ILLEGAL_AFTER_FAULT, 2).error_variant == "MemOutOfBound"


@pytest.mark.reference
@pytest.mark.parametrize(
    ("source", "version"),
    [(LONG_BLOCK, 1), (LONG_BLOCK, 2), (HIGH_PC, 0), (HIGH_PC, 1), (ILLEGAL_AFTER_FAULT, 2)],
    ids=["long block, 1", "long block, 2", "high pc, 0", "high pc, 1", "which error"],
)
def test_the_interpreter_does_as_we_do_and_the_assembly_machine_does_not(source: str, version: int) -> None:
    assert reference(source, version, "plain") == ours(source, version)
    assert reference(source, version, "asm") != ours(source, version)


@pytest.mark.reference
def test_version_2_compares_the_whole_pc() -> None:
    assert reference(HIGH_PC, 2, "asm").error_variant == "MemOutOfBound"
