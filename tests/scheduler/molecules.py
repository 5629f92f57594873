"""Reading molecule by hand (``transaction`` §2), apart from the code that writes it."""

from __future__ import annotations

from itertools import pairwise


def u32_at(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 4], "little")


def fields_of(content: bytes) -> list[bytes]:
    """The fields of a table, or the items of a dynvec; checks sizes and offsets."""
    assert u32_at(content, 0) == len(content)
    if len(content) == 4:
        return []
    first = u32_at(content, 4)
    assert first % 4 == 0
    offsets = [u32_at(content, at) for at in range(4, first, 4)] + [len(content)]
    assert offsets == sorted(offsets)
    return [content[start:end] for start, end in pairwise(offsets)]


def items_of(content: bytes, size: int) -> list[bytes]:
    """The items of a fixvec, of ``size`` bytes each."""
    count = u32_at(content, 0)
    assert len(content) == 4 + count * size
    return [content[at : at + size] for at in range(4, len(content), size)]


def bytes_of(content: bytes) -> bytes:
    """What is in ``Bytes``."""
    assert u32_at(content, 0) == len(content) - 4
    return content[4:]
