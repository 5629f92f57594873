"""Mistakes in a definition are found when it is made, not when the instruction runs."""

from __future__ import annotations

import pytest

from spawnlab.vm.isa.definition import Definition, Extension
from spawnlab.vm.isa.fields import field
from spawnlab.vm.isa.formats import NONE
from spawnlab.vm.isa.tables import BASE, COMPRESSED, group_by_opcode


def with_bits(pattern: str) -> Definition:
    @Extension("I").instruction(pattern, NONE, mnemonic=pattern)
    def nothing(machine: object) -> None:
        pass

    return nothing


def test_patterns_that_overlap_are_refused() -> None:
    one, apart, other = map(with_bits, ("1......1", "0......1", "1...00.1"))
    assert group_by_opcode([one, apart]) == {1: [one, apart]}
    with pytest.raises(ValueError, match=r"the patterns of 1\.{3}00\.1 and 1\.{6}1 overlap"):
        group_by_opcode([one, apart, other])


@pytest.mark.parametrize("layout", ["31:25=12|10:4", "31:25=12|10:6", "11:7=5:0"])
def test_a_drawing_has_as_many_bits_on_both_sides(layout: str) -> None:
    with pytest.raises(ValueError, match="names a different number of bits on its two sides"):
        field("imm", layout)


def test_a_definition_is_shown_by_its_name() -> None:
    assert [repr(d) for d in BASE] == [f"<{d.mnemonic}>" for d in BASE]
    assert [repr(c) for c in COMPRESSED] == [f"<{c.mnemonic}>" for c in COMPRESSED]
