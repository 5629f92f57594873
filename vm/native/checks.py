"""What a block checks of its accesses to memory, and where: one check for all through a register while it stays."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ..translate.blocks import Block
from ..translate.record import Access
from .template import Template

GROUP_MAX = 4096
"""Bytes that the accesses of one check may span, so that they are on two pages at the most."""


class Group(msgspec.Struct):
    """Accesses through one register while it does not change: one check for all, before the first."""

    first: int
    least: int
    end: int
    store_first: int = -1
    store_least: int = 0
    store_end: int = 0
    store_last: int = -1
    spares: bool = False


Groups = dict[int, list[tuple[int, Group]]]
"""The checks of a block: by the index of the operation that they stand before, with the register."""


def groups_of(block: Block[Template], *, spares_last_byte: bool) -> Groups:
    """The checks of a block."""
    found: Groups = {}
    current: dict[int, Group] = {}
    for index, template in enumerate(block.made):
        if not (template.accesses or current):
            continue
        for access in template.accesses:
            group = current.get(access.base)
            if group is None or not _extend(group, access, index):
                group = current[access.base] = Group(index, access.offset, access.offset + access.width)
                _extend(group, access, index)
                found.setdefault(index, []).append((access.base, group))
            elif group.store_first == index and group.first != index:
                found.setdefault(index, []).append((access.base, group))
            group.spares |= spares_last_byte and access.spares_last_byte
        for register in template.writes:
            current.pop(register, None)
    return found


def _extend(group: Group, access: Access, index: int) -> bool:
    """Take an access into a group, if it fits."""
    least, end = min(group.least, access.offset), max(group.end, access.offset + access.width)
    if end - least > GROUP_MAX:
        return False
    group.least, group.end = least, end
    if access.is_store:
        if group.store_first < 0:
            group.store_first, group.store_least, group.store_end = index, access.offset, access.offset + access.width
        else:
            group.store_least = min(group.store_least, access.offset)
            group.store_end = max(group.store_end, access.offset + access.width)
        group.store_last = index
    return True


def checks_within(groups: Mapping[int, list[tuple[int, Group]]], index: int, group: Group) -> bool:
    """Whether another check may fail after this one and before the last of the group's stores."""
    last = group.store_last
    for at in range(index, last + 1):
        for _, other in groups.get(at, ()):
            if other is not group and (other.first >= index or other.store_first >= index):
                return True
    return False
