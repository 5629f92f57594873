"""Random streams of instructions under every engine: what each operation leaves behind, wherever it meets an edge."""

from __future__ import annotations

import msgspec
import pytest

from spawnlab.conform.isa import Bench, Result
from spawnlab.conform.settings import SETTINGS
from spawnlab.vm.engines import NAMES, engine

from ..agree.streams import stream

STREAMS = 1500


def results(name: str) -> list[Result]:
    """In turn in each setting; the memory of a bench is the same all along."""
    bench, settings = Bench(engine(name)), list(SETTINGS)
    found: list[Result] = []
    for number in range(STREAMS):
        found.append(bench.run(stream(number).vector(), settings[number % len(settings)]))
        bench.clear()
    return found


@pytest.fixture(scope="module")
def stepped() -> list[Result]:
    return results("step")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "step"])
def test_engines_agree_on_streams(stepped: list[Result], name: str) -> None:
    for number, (expected, found) in enumerate(zip(stepped, results(name), strict=True)):
        assert msgspec.structs.replace(found, ops=expected.ops) == expected, number


def test_streams_end_in_many_ways(stepped: list[Result]) -> None:
    assert sum(result.e is None for result in stepped) > STREAMS // 4
    assert len({result.e for result in stepped}) > 4
    assert sum(result.n > 3 for result in stepped) > STREAMS // 4
