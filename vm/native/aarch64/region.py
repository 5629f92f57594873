"""The pieces of A64 code that blocks are put together from; see :mod:`..region`."""

from __future__ import annotations

from functools import cache, lru_cache

from ...memory import DIRTY, EXECUTABLE, PAGE_SHIFT
from ..layout import FLAGS, TABLE
from ..region import CHECKS_KEPT, Assembler
from . import a64
from .registers import COUNTER, PINNED, SIZE, STATE, slot

_PC, _OTHER = 0, 1
_PAGES = (1, 2)
"""Temporaries with the pages of a store, as addresses: of the state, plus the page's number."""


class A64Assembler(Assembler):
    """Jumps have their distance, from their start on, within their 4 bytes.

    One on a condition reaches 1 MiB, which a batch of blocks is smaller than; what lies beyond is come to by another.
    """

    _branches_far = False

    def _patch(self, at: int, target: int) -> None:
        self.code[at : at + 4] = a64.retarget(self.code[at : at + 4], target - (self.start + at))

    def _fill(self, at: int, number: int) -> None:
        self.code[at : at + 8] = a64.mov_pair(self.code[at] & 31, number)

    def _jump(self, target: int) -> None:
        self.code += a64.b(target - self._here())

    def _jump_if(self, condition: int) -> None:
        self.code += a64.b_if(condition)

    def _pc_is(self, pc: int) -> bytes:
        return a64.mov_number(_PC, pc)

    def _go_by_table(self, pc: int) -> None:
        self.code += self._pc_is(pc)
        self._go_on()

    def _go_indirectly(self) -> None:
        self.code += a64.three(a64.SUBS, a64.ZERO, _PC, SIZE)
        self._jump_if(a64.HS)
        at = len(self.code) - 4

        def cold() -> None:
            self._patch(at, self._here())
            self._jump(self.exits.miss)

        self._cold.append(cold)
        self._go_on()

    def _go_on(self) -> None:
        """Go on at the pc, which is even and in bounds."""
        self.code += a64.load(_OTHER, STATE, TABLE)
        self.code += a64.shifted(a64.ADD, _OTHER, _OTHER, _PC, a64.SHIFT_LEFT, 1)
        self.code += a64.load(_OTHER, _OTHER, 0, 4)
        self.code += a64.adrp(2, -(self._here() >> 12))  # where the code begins
        self.code += a64.three(a64.ADD, _OTHER, _OTHER, 2)
        self.code += a64.br(_OTHER)

    def _add_to_counter(self, charge: int) -> bytes:
        return _add_to_counter(charge)

    def _take_off_counter(self, charge: int) -> bytes:
        return _take_off_counter(charge)

    def _bounds(self, base: int, least: int, size: int) -> bytes:
        return _bounds(base, least, size)

    def _flags_of_pages(self, base: int, first: int, last: int) -> tuple[bytes, tuple[int, ...]]:
        return _flags_of_pages(base, first, last)

    def _flags_again(self, pages: int, *, later: bool) -> tuple[bytes, tuple[int, ...]]:
        return _flags_again(pages, later)


@lru_cache(maxsize=CHECKS_KEPT)
def _add_to_counter(charge: int) -> bytes:
    return a64.mov_number(_OTHER, charge) + a64.three(a64.ADD, COUNTER, COUNTER, _OTHER)


@lru_cache(maxsize=CHECKS_KEPT)
def _take_off_counter(charge: int) -> bytes:
    return a64.mov_number(_OTHER, charge) + a64.three(a64.SUBS, COUNTER, COUNTER, _OTHER) + a64.b_if(a64.MI)


def _address(place: int, base: int, offset: int) -> tuple[bytes, int]:
    """A guest register + a number, by way of a temporary if need be."""
    if base in PINNED:
        if not offset:
            return b"", PINNED[base]
        return a64.add_number(place, PINNED[base], offset), place
    code = a64.load(place, STATE, slot(base))
    return code + (a64.add_number(place, place, offset) if offset else b""), place


@lru_cache(maxsize=CHECKS_KEPT)
def _bounds(base: int, least: int, size: int) -> bytes:
    code, address = _address(0, base, least)
    rest = size
    if size >= 1 << 12:  # one more than what all accesses together take, in version 0
        code += a64.add_number(_OTHER, SIZE, -(1 << 12))
        rest -= 1 << 12
    if rest or size == rest:
        code += a64.add_number(_OTHER, SIZE if size == rest else _OTHER, -rest)
    return code + a64.three(a64.SUBS, a64.ZERO, address, _OTHER) + a64.b_if(a64.HI)


@lru_cache(maxsize=CHECKS_KEPT)
def _flags_of_pages(base: int, first: int, last: int) -> tuple[bytes, tuple[int, ...]]:
    code = b""
    offsets = (first,) if first == last else (first, last)
    for page, offset in zip(_PAGES, offsets, strict=False):
        more, address = _address(page, base, offset)
        code += more + a64.shifted(a64.ADD, page, STATE, address, a64.SHIFT_RIGHT, PAGE_SHIFT)
        code += a64.load(page + 2, page, FLAGS, 1)
    code += a64.compare32_number(3, DIRTY)
    if len(offsets) > 1:
        code += a64.compare32_number_if(a64.EQ, 4, DIRTY)
    return code + a64.b_if(a64.NE), (len(code),)


@cache
def _flags_again(pages: int, later: bool) -> tuple[bytes, tuple[int, ...]]:
    code = b""
    jumps: list[int] = []
    for page in _PAGES[:pages]:
        code += a64.load(page + 2, page, FLAGS, 1)
        code += a64.logical32(a64.AND_NUMBER, 0, page + 2, EXECUTABLE | DIRTY if later else EXECUTABLE)
        code += a64.compare32_number(0, DIRTY if later else 0)
        jumps.append(len(code))
        code += a64.b_if(a64.NE)
    if not later:
        for page in _PAGES[:pages]:
            code += a64.load(3, page, FLAGS, 1) + a64.logical32(a64.ORR_NUMBER, 3, 3, DIRTY)
            code += a64.store(3, page, FLAGS, 1)
    return code, tuple(jumps)
