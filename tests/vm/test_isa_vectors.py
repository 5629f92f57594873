"""Every instruction and every fused sequence does what the reference was recorded to do."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import msgspec
import pytest

from spawnlab.vm.memory import DIRTY, Memory

from .vectors import CHAIN, SETTINGS, WITH_A, Checker, Result, Vector, read_vectors

HERE = Path(__file__).parent
SAMPLE = HERE / "data" / "isa_vectors.jsonl.gz"
EVERYTHING = HERE.parents[2] / "shared" / "golden" / "vm" / "isa.jsonl.gz"


@pytest.fixture(scope="module")
def sample() -> list[Vector]:
    return read_vectors(SAMPLE)


@pytest.fixture(scope="module")
def everything() -> list[Vector]:
    if not EVERYTHING.exists():
        pytest.skip(f"{EVERYTHING} is not here")
    return read_vectors(EVERYTHING)


def assert_all_match(vectors: list[Vector], settings: Collection[str], count: int) -> None:
    """Each of ``count`` vectors has one result in each setting, and is found to give it."""
    report = Checker().check(vectors, settings)
    assert report.mismatches[:20] == []
    assert report.runs == dict.fromkeys(settings, count)


every_setting = pytest.mark.parametrize("settings", [CHAIN, WITH_A], ids=["chain", "with A"])


@every_setting
def test_the_sample_matches(sample: list[Vector], settings: Collection[str]) -> None:
    assert_all_match(sample, settings, len(sample))


def test_the_sample_has_some_of_every_group(sample: list[Vector]) -> None:
    groups = {vector.g for vector in sample}
    assert len(groups) == 257
    assert {"add", "remuw", "c.q1.f4", "jalr", "clmulr", "mop.sbb.rs2", "mop.page", "amomaxu.d", "hint"} <= groups
    assert len(sample) > 2500


@every_setting
def test_everything_recorded_matches(everything: list[Vector], settings: Collection[str]) -> None:
    assert_all_match(everything, settings, 28206)


def test_the_sample_is_a_part_of_everything(everything: list[Vector], sample: list[Vector]) -> None:
    recorded = {msgspec.json.encode(vector) for vector in everything}
    assert [vector for vector in sample if msgspec.json.encode(vector) not in recorded] == []


# The checker itself


def other_digit(text: str) -> str:
    return text[:-1] + ("1" if text[-1] == "0" else "0")


ALTERED: dict[str, tuple[Callable[[Result], object], Callable[[Result], Result]]] = {
    # what: which results have it, and the result with one digit or word of it changed
    "pc": (lambda r: True, lambda r: msgspec.structs.replace(r, pc=r.pc ^ 2)),
    "cycles": (lambda r: r.y, lambda r: msgspec.structs.replace(r, y=r.y + 1)),
    "steps": (lambda r: r.n, lambda r: msgspec.structs.replace(r, n=r.n - 1)),
    "error": (lambda r: r.e, lambda r: msgspec.structs.replace(r, e="Pause")),
    "text": (lambda r: r.t, lambda r: msgspec.structs.replace(r, t=other_digit(r.t or ""))),
    "no error": (lambda r: r.e, lambda r: msgspec.structs.replace(r, e=None, t=None)),
    "exit code": (lambda r: r.exit, lambda r: msgspec.structs.replace(r, exit=(r.exit or 0) - 1)),
    "register": (lambda r: r.r, lambda r: msgspec.structs.replace(r, r={k: other_digit(x) for k, x in r.r.items()})),
    "no register": (lambda r: r.r, lambda r: msgspec.structs.replace(r, r={})),
    "register too many": (lambda r: "31" not in r.r, lambda r: msgspec.structs.replace(r, r={**r.r, "31": "0"})),
    "memory": (lambda r: r.m, lambda r: msgspec.structs.replace(r, m=[(a, other_digit(x)) for a, x in r.m])),
    "memory elsewhere": (lambda r: r.m, lambda r: msgspec.structs.replace(r, m=[(a + 16, x) for a, x in r.m])),
    "no memory": (lambda r: r.m, lambda r: msgspec.structs.replace(r, m=[])),
    "memory too much": (lambda r: not r.m, lambda r: msgspec.structs.replace(r, m=[(0x3FFFFF, "01")])),
    "reservation": (lambda r: r.lr, lambda r: msgspec.structs.replace(r, lr=other_digit(r.lr or ""))),
    "operation": (lambda r: r.ops, lambda r: msgspec.structs.replace(r, ops=r.ops + " ADD")),
}


@pytest.mark.parametrize("what", ALTERED)
def test_a_record_with_an_error_is_noticed(sample: list[Vector], what: str) -> None:
    has_it, altered = ALTERED[what]
    vector = next(vector for vector in sample if any(map(has_it, vector.res)))
    assert Checker().check([vector], SETTINGS).mismatches == []
    wrong = msgspec.structs.replace(vector, res=[altered(r) if has_it(r) else r for r in vector.res])
    settings = [v for result in vector.res if has_it(result) for v in result.v.split()]
    mismatches = Checker().check([wrong], SETTINGS).mismatches
    assert [text.partition(":")[0] for text in mismatches] == [
        f"{vector.g} {vector.c} in setting {v}" for v in settings
    ]


@pytest.mark.parametrize(("flags", "text"), [(DIRTY, "page 0x300000 differs"), (0, "stray write at 0x300123")])
def test_a_stray_write_is_noticed(sample: list[Vector], monkeypatch: pytest.MonkeyPatch, flags: int, text: str) -> None:
    proper = Memory.store

    def store(memory: Memory, address: int, width: int, value: int) -> None:
        proper(memory, address, width, value)
        memory.data[0x300123] = 1
        memory.flags[0x300] |= flags

    monkeypatch.setattr(Memory, "store", store)
    adds = [vector for vector in sample if vector.g == "add"][:3]
    stores = [vector for vector in sample if vector.g == "sd" and not any(result.e for result in vector.res)]
    report = Checker().check([*adds, stores[0], *adds], SETTINGS)
    assert [found for found in report.mismatches if not found.endswith(text)] == []
    assert len(report.mismatches) == len(SETTINGS)
    assert all(found.startswith("sd ") for found in report.mismatches)
