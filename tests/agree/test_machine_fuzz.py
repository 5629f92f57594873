"""A short campaign of random instruction streams against the reference, and that it would see a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest

from spawnlab.conform.isa import Vector
from spawnlab.vm.isa.integers import Integers
from spawnlab.vm.memory import DIRTY, MEMORY_SIZE, Memory

from .fuzz_machine import Campaign, Comparer, Reference, main, run
from .streams import PARTS_MAX, stream

pytestmark = [pytest.mark.campaign, pytest.mark.reference]

COUNT = 3000


@pytest.fixture
def comparer() -> Iterator[Comparer]:
    with Reference() as reference:
        yield Comparer(reference)


def outcome(comparer: Comparer, *, seed: int = 0, count: int, batch: int = 500) -> Campaign:
    *_, last = run(comparer, seed=seed, count=count, batch=batch)
    return last


def text_of(campaign: Campaign) -> str:
    return "\n".join(line for found in campaign.found for line in found.lines())


def test_random_streams_leave_behind_what_they_do_in_the_reference(comparer: Comparer) -> None:
    """Registers, memory, pc, cycles, steps, operations, errors, exits and reservations, in all six settings."""
    campaign = outcome(comparer, count=COUNT)
    assert campaign.differing == 0, text_of(campaign)
    assert campaign.runs == 6 * COUNT
    assert campaign.operations > 5 * campaign.runs
    assert campaign.coverage.missing() == []


def test_streams_are_the_same_again_and_fit_the_memory() -> None:
    streams = [stream(number) for number in range(300)]
    assert [stream(number) for number in range(300)] == streams
    assert len(set(streams)) == 300
    assert max(len(s.parts) for s in streams) == PARTS_MAX
    for s in streams:
        vector = s.vector()
        assert 0 < len(vector.c) // 2 <= MEMORY_SIZE - vector.pc
        assert all(at + len(content) // 2 <= MEMORY_SIZE for at, content in vector.mem)
        assert msgspec.json.decode(msgspec.json.encode(vector), type=Vector, strict=False) == vector


def less_or_equal(self: Integers, a: int, b: int) -> int:
    return (a ^ 1 << 63) <= (b ^ 1 << 63)


def test_a_wrong_comparison_is_found_and_made_small(comparer: Comparer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Integers, "less", less_or_equal)
    campaign = outcome(comparer, count=150)
    assert campaign.differing > len(campaign.found) > 3
    for found in campaign.found:
        assert found.ours != found.theirs
        assert len(found.stream.parts) <= 2, text_of(campaign)
        assert found.ours.ops.split()[-1] in {"SLT", "BLT", "BGE", "MIN", "MAX"} or "AMOM" in found.ours.ops
        assert len(found.stream.registers) <= 2
    assert "the reference has" in text_of(campaign)
    assert "(also in 0ab 1a" in text_of(campaign) or "(also in 1 2 0ab" in text_of(campaign)


@pytest.mark.parametrize("flags", [0, DIRTY])
def test_a_stray_write_is_found(comparer: Comparer, monkeypatch: pytest.MonkeyPatch, flags: int) -> None:
    proper = Memory.store

    def store(memory: Memory, address: int, width: int, value: int) -> None:
        proper(memory, address, width, value)
        if width == 4:
            memory.data[0x300123] = 1
            memory.flags[0x300] |= flags

    monkeypatch.setattr(Memory, "store", store)
    campaign = outcome(comparer, count=20)
    assert campaign.found
    for found in campaign.found:
        assert (found.stray is None) == bool(flags)
        assert len(found.stream.parts) == 1
    assert ("stray write: 0x300123: 01 for 00" if not flags else "(3146019, '01')") in text_of(campaign)


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "30", "--batch", "20", "--seed", "5", "--settings", "0", "2a"]) == 0
    out = capsys.readouterr().out
    assert "30 streams, 60 runs, " in out
    assert out.endswith(": 0 runs differ\n")
    monkeypatch.setattr(Integers, "less", less_or_equal)
    assert main(["--count", "100", "--settings", "2"]) == 1
    out = capsys.readouterr().out
    assert re.search(r"^stream \d+ in setting 2:$", out, re.MULTILINE)
    assert '  vector: {"v":"2","c":"' in out


def test_what_the_reference_refuses_is_an_error(comparer: Comparer) -> None:
    with pytest.raises(RuntimeError, match="there is no code"):
        comparer.reference.run(Vector(c=""), "0")
