"""What is known of a program is what the decoder says of every address, and which operations can run in a row."""

from __future__ import annotations

import random
from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.vm import program as program_module
from spawnlab.vm.decoder import decode
from spawnlab.vm.errors import VmError
from spawnlab.vm.isa.definition import Definition, Operation
from spawnlab.vm.isa.tables import OPERATIONS
from spawnlab.vm.program import LONGEST, RUN_MAX, Key, Operations, Program, executable_pages, program_of
from spawnlab.vm.translate.record import Untranslatable, record
from spawnlab.vm.version import VERSIONS

from ..agree.streams import stream
from .support import ALL_VERSIONS, CODE, code_of, machine_of


def decoded(content: bytes, version: int, pc: int) -> Operation | type[VmError]:
    try:
        return decode(pc, machine_of(content, version).memory.fetch, VERSIONS[version])
    except VmError as error:
        return type(error)


def known(operations: Operations, content: bytes, version: int, pc: int) -> Operation | type[VmError]:
    try:
        return operations.at(pc, machine_of(content, version).memory.fetch)[4]
    except VmError as error:
        return type(error)


def check(content: bytes, version: int) -> None:
    """Every address, and every run."""
    whole = content + bytes(-len(content) % 4096)
    operations = Operations(VERSIONS[version], CODE, whole)
    for pc in range(CODE, CODE + len(content)):
        wanted = decoded(content, version, pc)
        assert known(operations, content, version, pc) == wanted
        if isinstance(wanted, Operation):
            check_run(operations, content, version, pc)


def check_run(operations: Operations, content: bytes, version: int, pc: int) -> None:
    body, cycles, last, last_pc = operations.run_from(pc, machine_of(content, version).memory.fetch)
    assert len(body) <= RUN_MAX
    assert cycles == sum(found[4].definition.cycles for found in body)
    for index, found in enumerate((*body, last)):  # equal instructions may be one object: last is a place
        at_end = index == len(body)
        assert found[4] == decoded(content, version, pc)
        assert found[:4] == (
            found[4].definition.semantics,
            found[4].operands,
            found[4].length,
            found[4].definition.cycles,
        )
        assert at_end or not found[4].definition.ends_block
        assert not at_end or pc == last_pc
        pc += found[2]


@given(seed=st.integers(0, 10**9), version=st.sampled_from(ALL_VERSIONS))
@settings(max_examples=25)
def test_random_code(seed: int, version: int) -> None:
    """Streams that are full of what is fused, or nearly."""
    check(b"".join(stream(seed).parts)[:96], version)


@given(content=st.binary(min_size=2, max_size=64), version=st.sampled_from(ALL_VERSIONS))
def test_random_bytes(content: bytes, version: int) -> None:
    check(content, version)


def test_pairs_are_forgotten_with_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few words are kept, nothing is taken for something else."""
    monkeypatch.setattr(program_module, "WORDS_MAX", 2)
    generator = random.Random(5)
    names = ("a0", "a1", "a2")
    lines: list[str] = []
    for _ in range(200):
        a, b, c = (generator.choice(names) for _ in range(3))
        lines.append(
            generator.choice(
                [f"add {a}, {b}, {c}", f"sltu {a}, {b}, {c}", f"mulhu {a}, {b}, {c}", f"mul {a}, {b}, {c}"]
            )
        )
    content = code_of("\n".join(lines))
    operations = Operations(VERSIONS[2], CODE, content + bytes(LONGEST))
    fetch = machine_of(content).memory.fetch
    for pc in range(CODE, CODE + len(content), 4):
        assert operations.at(pc, fetch)[4] == decode(pc, fetch, VERSIONS[2])


@pytest.mark.parametrize("definition", OPERATIONS, ids=lambda definition: definition.mnemonic)
def test_what_knows_its_pc_or_jumps_ends_a_block(definition: Definition) -> None:
    """So that runs of others need not keep the pc while they are executed."""
    operation = Operation(definition, tuple(range(1, 1 + len(definition.format.fields))), 4)
    try:
        recorded = record(operation)
    except Untranslatable:
        assert definition.ends_block or definition.mnemonic not in ("ecall", "ebreak")
        return
    knows = recorded.ending != "" or any(value.kind == "relative" for value in recorded.values)
    assert not knows or definition.ends_block


def test_code_in_one_piece_is_fetched_as_from_memory() -> None:
    content = random.Random(5).randbytes(4090) + code_of("nop") + b"\x01\x00"
    operations = Operations(VERSIONS[2], CODE, content)
    fetch = machine_of(content).memory.fetch
    for pc in range(CODE, CODE + 4096, 2):
        assert operations.fetch(pc) == fetch(pc)
    cut = Operations(VERSIONS[2], CODE, content[:-2] + b"\x03\x00")
    for pc in (CODE - 2, CODE + 1, CODE + 4094, CODE + 4096):
        with pytest.raises(VmError):
            cut.fetch(pc)


class _Dropping(OrderedDict[Key, Program]):
    """Another thread drops whatever was just looked up or kept."""

    def get(self, key: Key, default: Any = None) -> Any:
        found = super().get(key, default)
        self.clear()
        return found

    def __setitem__(self, key: Key, value: Program) -> None:
        super().__setitem__(key, value)
        self.clear()


def test_programs_that_another_thread_drops_are_used_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = machine_of("li a0, 5; li a7, 93; ecall")
    pages = executable_pages(machine.memory)
    known = program_of(machine.memory, pages, machine.isa)
    kept = _Dropping()
    super(_Dropping, kept).__setitem__(known.key, known)
    monkeypatch.setattr(program_module, "_programs", kept)
    monkeypatch.setattr(program_module, "_aliases", _Dropping())
    assert program_of(machine.memory, pages, machine.isa) is known
    machine.memory.image = b"file"
    assert program_of(machine.memory, pages, machine.isa).key == known.key
