"""Graphs for the reference's test program: what they are, and that they are written as it reads them."""

from __future__ import annotations

import importlib
import struct
import sys
from itertools import pairwise
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
BLOBS = ROOT.parent / "shared" / "golden" / "scheduler" / "blobs"
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def dag() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
        return importlib.import_module("dag")


def parts(content: bytes) -> list[bytes]:
    """The fields of a table, or the items of a list of tables."""
    size, *_ = struct.unpack_from("<I", content)
    assert size == len(content)
    if size == 4:
        return []
    (first,) = struct.unpack_from("<I", content, 4)
    offsets = [*struct.unpack_from(f"<{first // 4 - 1}I", content, 4), size]
    return [content[a:b] for a, b in pairwise(offsets)]


def numbers(content: bytes) -> tuple[int, ...]:
    """A number, or a list of them."""
    return struct.unpack(f"<{len(content) // 8}Q", content[len(content) % 8 :])


def read(content: bytes) -> tuple[list[Row], list[Row], list[Row]]:
    """Spawns, pipes and writes."""
    spawns, pipes, writes = (map(parts, parts(field)) for field in parts(content))
    return (
        [(numbers(parent), numbers(child), numbers(fds)) for parent, child, fds in spawns],
        [tuple(map(numbers, pipe)) for pipe in pipes],
        [(*map(numbers, write[:4]), write[4][4:]) for write in writes],
    )


@given(seed=st.integers(0, 10**9), spawns=st.integers(0, 15), writes=st.integers(0, 31))
def test_every_fd_comes_to_its_holder(dag: ModuleType, seed: int, spawns: int, writes: int) -> None:
    graph = dag.random_graph(Random(seed), spawns, writes)
    assert len(graph.parents) == spawns
    assert len(graph.writes) <= (writes if spawns else 0)
    holds = {0: set[int](), **{child: {*graph.handed(child)} for child in range(1, spawns + 1)}}
    for maker, write in zip(graph.makers, graph.writes, strict=True):
        holds[maker] |= {write.read_fd, write.write_fd}
        assert 1 <= len(write.data) <= dag.BYTES_MAX
    for child, parent in enumerate(graph.parents, 1):
        assert parent < child
        assert {*graph.handed(child)} <= holds[parent]
    for write in graph.writes:
        assert (write.write_fd in holds[write.writer], write.read_fd in holds[write.reader]) == (True, True)
    late = {write.reader for write in graph.writes} - {write.writer for write in graph.writes}
    assert late or not graph.writes  # without rings somebody only reads


def test_a_witness_is_what_the_program_reads(dag: ModuleType) -> None:
    empty = dag.encode(dag.random_graph(Random(0), 0, 0))
    assert empty.hex() == "1c000000100000001400000018000000040000000400000004000000"
    graph = dag.random_graph(Random(1), 3, 4)
    spawns, pipes, writes = read(dag.encode(graph))
    assert spawns == [((p,), (c,), tuple(graph.handed(c))) for c, p in enumerate(graph.parents, 1)]
    assert pipes == [((m,), (w.read_fd,), (w.write_fd,)) for m, w in zip(graph.makers, graph.writes, strict=True)]
    assert writes == [((w.writer,), (w.write_fd,), (w.reader,), (w.read_fd,), w.data) for w in graph.writes]


@pytest.mark.skipif(not BLOBS.exists(), reason="no recorded graphs here")
def test_recorded_graphs_are_of_the_same_form(dag: ModuleType) -> None:
    """Written again they are the same, but for the order of spawns and pipes."""
    for file in sorted(BLOBS.glob("dag_*.bin"))[::5]:
        content = file.read_bytes()
        spawns, pipes, writes = read(content)
        parents = tuple(parent for _, parent in sorted((child, parent) for (parent,), (child,), _ in spawns))
        makers = {read_fd: maker for (maker,), (read_fd,), _ in pipes}
        made = tuple(dag.Write(a, b, c, d, data) for (a,), (b,), (c,), (d,), data in writes)
        graph = dag.Graph(parents, tuple(makers[write.read_fd] for write in made), made)
        again = read(dag.encode(graph))
        assert (sorted(again[0]), sorted(again[1]), again[2]) == (sorted(spawns), sorted(pipes), writes)
        assert len(dag.encode(graph)) == len(content)
