"""Every instruction and every fused sequence does what the reference was recorded to do."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from spawnlab.conform.isa import Recorded, Result, check_vectors, run_vectors
from spawnlab.conform.settings import SETTINGS
from spawnlab.vm.memory import DIRTY, Memory

HERE = Path(__file__).parent
SAMPLE = HERE / "data" / "isa_vectors.jsonl.gz"
EVERYTHING = HERE.parents[2] / "shared" / "golden" / "vm" / "isa.jsonl.gz"
here = pytest.mark.skipif(not EVERYTHING.exists(), reason=f"{EVERYTHING} is not here")


def read_vectors(file: Path) -> list[Recorded]:
    decoder = msgspec.json.Decoder(Recorded, strict=False)
    return [decoder.decode(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


@pytest.fixture(scope="module")
def sample() -> list[Recorded]:
    return read_vectors(SAMPLE)


def test_the_sample_matches(sample: list[Recorded]) -> None:
    tally = run_vectors([SAMPLE])
    assert list(tally.report(every=False)) == [f"{6 * len(sample)} matched, 0 differ"]


def test_the_sample_has_some_of_every_group(sample: list[Recorded]) -> None:
    groups = {vector.g for vector in sample}
    assert len(groups) == 257
    assert {"add", "remuw", "c.q1.f4", "jalr", "clmulr", "mop.sbb.rs2", "mop.page", "amomaxu.d", "hint"} <= groups
    assert len(sample) > 2500


@here
def test_everything_recorded_matches() -> None:
    assert list(run_vectors([EVERYTHING]).report(every=False)) == ["169236 matched, 0 differ"]


@here
def test_the_sample_is_a_part_of_everything(sample: list[Recorded]) -> None:
    everything = {msgspec.json.encode(vector) for vector in read_vectors(EVERYTHING)}
    assert [vector for vector in sample if msgspec.json.encode(vector) not in everything] == []


# A record with an error, of every kind


def other_digit(text: str) -> str:
    return text[:-1] + ("1" if text[-1] == "0" else "0")


replace = msgspec.structs.replace
ALTERED: dict[str, tuple[Callable[[Result], object], Callable[[Result], Result]]] = {
    # what: which results have it, and the result with one digit or word of it changed
    "pc": (lambda r: True, lambda r: replace(r, pc=r.pc ^ 2)),
    "cycles": (lambda r: r.y, lambda r: replace(r, y=r.y + 1)),
    "steps": (lambda r: r.n, lambda r: replace(r, n=r.n - 1)),
    "error": (lambda r: r.e, lambda r: replace(r, e="Pause")),
    "text": (lambda r: r.t, lambda r: replace(r, t=other_digit(r.t or ""))),
    "no error": (lambda r: r.e, lambda r: replace(r, e=None, t=None)),
    "exit code": (lambda r: r.exit, lambda r: replace(r, exit=(r.exit or 0) - 1)),
    "register": (lambda r: r.r, lambda r: replace(r, r={k: other_digit(x) for k, x in r.r.items()})),
    "no register": (lambda r: r.r, lambda r: replace(r, r={})),
    "register too many": (lambda r: 31 not in r.r, lambda r: replace(r, r={**r.r, 31: "0"})),
    "memory": (lambda r: r.m, lambda r: replace(r, m=tuple((a, other_digit(x)) for a, x in r.m))),
    "memory elsewhere": (lambda r: r.m, lambda r: replace(r, m=tuple((a + 16, x) for a, x in r.m))),
    "no memory": (lambda r: r.m, lambda r: replace(r, m=())),
    "memory too much": (lambda r: not r.m, lambda r: replace(r, m=((0x3FFFFF, "01"),))),
    "reservation": (lambda r: r.lr, lambda r: replace(r, lr=other_digit(r.lr or ""))),
    "operation": (lambda r: r.ops, lambda r: replace(r, ops=r.ops + " ADD")),
}


@pytest.mark.parametrize("what", ALTERED)
def test_a_record_with_an_error_is_noticed(sample: list[Recorded], what: str) -> None:
    has_it, altered = ALTERED[what]
    vector = next(vector for vector in sample if any(map(has_it, vector.res)))
    assert check_vectors([("good", vector)], SETTINGS).differences == []
    wrong = replace(vector, res=tuple(altered(r) if has_it(r) else r for r in vector.res))
    settings = [v for result in vector.res if has_it(result) for v in result.v.split()]
    found = check_vectors([("wrong", wrong), ("good", vector)], SETTINGS).differences
    assert [difference.where for difference in found] == [f"wrong {vector.g} in setting {v}" for v in settings]


@pytest.mark.parametrize("flags", [DIRTY, 0])
def test_a_stray_write_is_noticed(sample: list[Recorded], monkeypatch: pytest.MonkeyPatch, flags: int) -> None:
    proper = Memory.store

    def store(memory: Memory, address: int, width: int, value: int) -> None:
        proper(memory, address, width, value)
        memory.data[0x300123] = 1
        memory.flags[0x300] |= flags

    monkeypatch.setattr(Memory, "store", store)
    adds = [vector for vector in sample if vector.g == "add"][:3]
    stores = [vector for vector in sample if vector.g == "sd" and not any(result.e for result in vector.res)]
    found = check_vectors([(v.g, v) for v in (*adds, stores[0], *adds)], SETTINGS).differences
    assert len(found) == len(SETTINGS)
    assert all(difference.where.startswith("sd ") for difference in found)
    assert all(difference.fields == (("memory differs at", None, "0x300123: 01 for 00"),) for difference in found)
