"""Make ``isa_vectors.jsonl.gz``, a small part of a large file of vectors; see README.md."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from spawnlab.conform.isa import Recorded

T = TypeVar("T")
TARGET = Path(__file__).with_name("isa_vectors.jsonl.gz")
PER_GROUP = 12


def _read(file: Path) -> list[Recorded]:
    decoder = msgspec.json.Decoder(Recorded, strict=False)
    return [decoder.decode(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


def kind(vector: Recorded) -> str:
    """Vectors of one kind took the same way; a choice should have every kind."""
    return str([(r.v, r.e, r.ops, r.n, r.exit, len(r.m), len(r.r), r.pc - vector.pc) for r in vector.res])


def spread(items: Sequence[T], count: int) -> list[T]:
    """At most ``count`` of the items, evenly spaced, the first and the last among them."""
    if len(items) <= count:
        return list(items)
    return [items[i * (len(items) - 1) // max(count - 1, 1)] for i in range(count)]


def chosen(group: Sequence[Recorded]) -> Iterator[Recorded]:
    """The sample of one group: as many kinds as fit, then more of each kind in turn."""
    kinds: dict[str, list[Recorded]] = {}
    for vector in group:
        kinds.setdefault(kind(vector), []).append(vector)
    picked = spread([kinds[key] for key in sorted(kinds)], PER_GROUP)
    each, more = divmod(PER_GROUP, len(picked))
    for number, vectors in enumerate(picked):
        yield from spread(vectors, each + (number < more))


def main(source: Path) -> None:
    """Write the sample of ``source``."""
    groups: dict[str, list[Recorded]] = {}
    for vector in _read(source):
        groups.setdefault(vector.g, []).append(vector)
    lines = [msgspec.json.encode(vector) for name in sorted(groups) for vector in chosen(groups[name])]
    TARGET.write_bytes(gzip.compress(b"\n".join(lines) + b"\n", 9, mtime=0))
    print(f"{len(lines)} vectors of {len(groups)} groups, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
