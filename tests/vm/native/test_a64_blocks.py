"""Code for 64-bit Arm as far as any host can look at it: what has code, where jumps go, how long it gets."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from random import Random
from struct import unpack

import pytest

from spawnlab.vm.decoder import decode_word
from spawnlab.vm.isa.definition import Definition, Operation
from spawnlab.vm.isa.fields import Kind
from spawnlab.vm.isa.tables import BY_MNEMONIC, OPERATIONS
from spawnlab.vm.native.aarch64 import a64, backend, caches, emit, features
from spawnlab.vm.native.aarch64.registers import PINNED, TEMPORARIES
from spawnlab.vm.native.pages import PAGE, ExecutableMemoryRefused, Reservation
from spawnlab.vm.native.region import Exits
from spawnlab.vm.native.space import BATCH_STEPS_MAX
from spawnlab.vm.native.template import Template
from spawnlab.vm.program import Program, executable_pages, program_of
from spawnlab.vm.translate.blocks import BLOCK_STEPS_MAX, Block, Finder
from spawnlab.vm.translate.record import Untranslatable
from spawnlab.vm.version import VERSIONS

from ..support import CODE, machine_of
from ..test_slices import MIXED

REGISTERS = (0, 1, 2, 10, 11, 24, 25, 26, 27, 28, 31)
"""None, and some that are kept in registers of the host and in memory."""
START = 3 * PAGE
EXITS = Exits(0, 8, 16)
AS_FAR = 1 << 20
"""Bytes that a jump on a condition reaches."""


@pytest.fixture(params=[True, False], ids=["pmull", "no pmull"])
def carryless(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(emit, "has_carryless", lambda: request.param)
    return bool(request.param)


def operations(definition: Definition) -> Iterator[Operation]:
    rng = Random(definition.mnemonic)
    for _ in range(100):
        operands: list[int] = []
        for field in definition.format.fields:
            chosen = field.base + field.step * rng.choice((0, 1, -1, rng.randrange(1 << 20), -(1 << 30), 1 << 30))
            if field.kind is Kind.REGISTER:
                chosen = rng.choice(REGISTERS)
            operands.append(min(max(chosen, field.least), field.most))
        yield Operation(definition, tuple(operands), 4)


def is_absolute(operation: Operation) -> bool:
    """Whether it accesses memory through x0."""
    names = [field.name for field in operation.definition.format.fields]
    accesses = operation.definition.mask & 0x7F and operation.definition.match & 0x7F in (0x03, 0x23, 0x2F)
    return bool(accesses) and operation.operands[names.index("rs1")] == 0


@pytest.mark.parametrize("definition", OPERATIONS, ids=lambda definition: definition.mnemonic)
def test_every_operation_has_code(definition: Definition, carryless: bool) -> None:
    """Where it is not left to the step engine."""
    calls = definition.mnemonic in ("ecall", "ebreak")
    multiplies = definition.mnemonic.startswith("clmul")
    for operation in operations(definition):
        template = template_of(operation)
        if template is None:
            assert calls or is_absolute(operation) or (multiplies and not carryless)
        else:
            assert not calls
            assert not (multiplies and not carryless and 0 not in operation.operands)
            assert len(template.code) % 4 == 0


def template_of(operation: Operation) -> Template | None:
    try:
        return backend.template_of(operation)
    except Untranslatable:
        return None


@pytest.mark.parametrize("temporaries", [(0,), (0, 1, 2)])
def test_what_needs_too_many_temporaries_is_left_to_the_step_engine(
    temporaries: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no such operation as it is."""
    monkeypatch.setattr(emit.A64Emitter, "temporaries", temporaries)
    (fused,) = [definition for definition in OPERATIONS if definition.mnemonic == "adc"]
    assert template_of(Operation(fused, (29, 30, 31), 10)) is None


def test_no_register_has_two_uses() -> None:
    used = [*TEMPORARIES, *PINNED.values(), 25, 26, 27, 28]
    assert sorted(used) == [*range(18), *range(19, 31)]


# Blocks


def assembled(
    program: Program, fetch: object, pc: int, known: Mapping[int, int] = {}, start: int = START
) -> tuple[bytes, dict[int, int]]:
    version = program.isa.version
    finder = Finder(program, "a64 in a test", template_of, steps_max=BATCH_STEPS_MAX)
    blocks = finder.find([pc], fetch, lambda _: True, known)  # type: ignore[arg-type]
    assembler = backend.assembler(start, EXITS, known, spares_last_byte=version == 0)
    return assembler.assemble(blocks.values()), assembler.own


def targets(code: bytes, start: int) -> Iterator[tuple[int, bool]]:
    """Where jumps go, and whether on a condition."""
    for index, number in enumerate(unpack(f"<{len(code) // 4}I", code)):
        at = start + 4 * index
        if number >> 26 == 0b000101:
            yield at + 4 * _signed(number, 26), False
        elif number >> 24 == 0x54:
            yield at + 4 * _signed(number >> 5, 19), True


def _signed(number: int, bits: int) -> int:
    number &= (1 << bits) - 1
    return number - (number >> bits - 1 << bits)


ACCESSES = """
    sb a0, 0(a1); ld a2, 0(a3); sb a0, 8(a1); sd t5, 16(t6); sb t5, 0(s11); ld s9, -2048(s10); ld s9, 2040(s10)
    again: beqz a0, again; jalr ra, 0(a0)
"""
"""A check for later stores, and one of as many bytes as can be."""


@pytest.mark.parametrize("text", [MIXED, ACCESSES])
@pytest.mark.parametrize("version", [0, 1, 2])
def test_jumps_go_to_code_or_out(version: int, text: str) -> None:
    machine = machine_of(text, version)
    program = program_of(machine.memory, executable_pages(machine.memory), machine.isa)
    code, entries = assembled(program, machine.memory.fetch, CODE)
    found = list(targets(code, START))
    assert len(found) >= 20
    for at, conditional in found:
        assert START <= at < START + len(code) or (at in (0, 8, 16) and not conditional)
    assert entries[CODE] == START
    assert {at for at, _ in found} >= {8, 16}


def test_a_jump_to_an_unknown_address_may_leave_by_the_way_for_a_miss() -> None:
    machine = machine_of("ret")
    program = program_of(machine.memory, executable_pages(machine.memory), machine.isa)
    code, _ = assembled(program, machine.memory.fetch, CODE)
    assert (0, False) in targets(code, START)


def test_code_of_another_batch_is_reached_from_anywhere() -> None:
    """A jump on a condition goes there by way of one that reaches all."""
    machine = machine_of("loop: addi s1, s1, -1; bnez s1, loop; beqz s2, loop; j loop")
    program = program_of(machine.memory, executable_pages(machine.memory), machine.isa)
    far = START + 40 * AS_FAR
    code, _ = assembled(program, machine.memory.fetch, CODE + 4, {CODE: START}, far)
    found = list(targets(code, far))
    assert (START, False) in found
    assert all(far <= at < far + len(code) for at, conditional in found if conditional)


def test_the_longest_batch_is_within_the_reach_of_a_jump() -> None:
    """Blocks of one operation that checks all there is."""
    store = Operation(BY_MNEMONIC[2]["sc.w"], (31, 30, 29, 0), 4)
    longest = backend.template_of(store)
    assert len(longest.code) == max(len(backend.template_of(operation).code) for operation in _any_store())
    blocks: list[Block[Template]] = []
    for number in range(BATCH_STEPS_MAX + BLOCK_STEPS_MAX):
        pc = 0x10000 + 8 * number
        blocks.append(Block(pc, [pc], [longest]))
    code = backend.assembler(START, EXITS, {}, spares_last_byte=True).assemble(blocks)
    assert 0.8 * AS_FAR < len(code) < AS_FAR


def _any_store() -> Iterator[Operation]:
    for definition in OPERATIONS:
        if definition.match & 0x7F in (0x23, 0x2F) and definition.mask:
            yield from (operation for operation in operations(definition) if not is_absolute(operation))


def test_an_address_that_is_computed_has_two_instructions_whatever_it_is() -> None:
    """So that one template serves all addresses, also those below 0."""
    for word in (0x8000_0F97, 0x7FFF_FF97):  # auipc x31
        operation = decode_word(word, VERSIONS[2])
        assert operation is not None
        template = emit.template_of(operation)
        block = Block(CODE, [CODE], [template])
        code = backend.assembler(START, EXITS, {}, spares_last_byte=False).assemble([block])
        offset = _signed(word & 0xFFFF_F000, 32)
        assert a64.mov_pair(0, CODE + offset) in code


# The processor and its system


def test_the_ways_out_meet() -> None:
    code, exits, enter = backend.glue()
    assert (exits.miss, exits.step, exits.budget) == (0, 8, 16)
    assert list(targets(code, 0)) == [(20, False), (20, False)]
    assert code[enter - 4 : enter] == a64.RET


def test_code_that_was_written_is_made_known(monkeypatch: pytest.MonkeyPatch) -> None:
    known: list[tuple[int, int]] = []

    def note(start: int, end: int) -> None:
        known.append((start, end))

    monkeypatch.setattr(caches, "_function", lambda: (note, None))
    backend.written(4096, 100)
    assert known == [(4096, 4196)]


def test_its_function_is_code_with_two_loops() -> None:
    function, memory = caches._function()  # pyright: ignore[reportPrivateUsage]
    assert callable(function)
    code = caches.code()
    assert ctypes.string_at(memory.address, len(code)) == code
    loops = [(at, conditional) for at, conditional in targets(code, 0)]
    assert [conditional for _, conditional in loops] == [True, True]
    assert all(0 < at < len(code) for at, _ in loops)


@pytest.mark.parametrize(
    ("bits", "missing", "used"), [(0b10011, [], "pmull"), (0b00011, [], ""), (0b00001, ["asimd"], "")]
)
def test_features(bits: int, missing: list[str], used: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cleared: list[int] = []
    monkeypatch.setattr(features, "_capabilities", lambda: bits)

    def clear(address: int, size: int) -> None:
        cleared.append(size)

    monkeypatch.setattr(caches, "clear", clear)
    assert features.missing() == missing
    assert backend.features() == used
    assert len(cleared) == 1


def test_a_host_that_refuses_executable_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(memory: Reservation, offset: int, code: bytes) -> None:
        raise ExecutableMemoryRefused(13, "no")

    monkeypatch.setattr(Reservation, "write", refuse)
    with pytest.raises(OSError, match="no"):
        features.missing()


def test_only_linux_tells_its_capabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = features._capabilities.__wrapped__  # pyright: ignore[reportPrivateUsage]
    assert asked() >= 0
    monkeypatch.setattr("sys.platform", "another")
    assert asked() == 0
