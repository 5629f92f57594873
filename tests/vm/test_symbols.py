"""Names of addresses, as the symbol table of an ELF file has them."""

from __future__ import annotations

import pytest

from spawnlab.vm.assembler import assemble
from spawnlab.vm.symbols import Symbols, read_symbols

from .support import CODE, EXIT_0, Segment, elf_of

FILE = assemble("_start: nop\nnop\nhelper: nop\n.Llocal: nop\n$x: nop\nend:").elf()


def test_names_of_addresses() -> None:
    symbols = read_symbols(FILE)
    assert symbols.at(CODE) == "_start"
    assert symbols.at(CODE + 4) is None
    assert symbols.at(CODE + 8) == "helper"


@pytest.mark.parametrize(
    ("distance", "name"), [(-1, None), (0, "_start"), (4, "_start+0x4"), (7, "_start+0x7"), (8, "helper")]
)
def test_names_round_an_address(distance: int, name: str | None) -> None:
    assert read_symbols(FILE).around(CODE + distance) == name


def test_local_labels_and_mapping_symbols_are_left_out() -> None:
    symbols = read_symbols(FILE)
    assert len(symbols) == 3
    assert symbols.around(CODE + 12) == "helper+0x4"
    assert symbols.around(CODE + 16) == "helper+0x8"


def test_of_two_names_of_an_address_the_first_is_taken() -> None:
    assert read_symbols(assemble("one: two: nop").elf()).at(CODE) == "one"


def test_symbols_that_are_only_wanted_are_left_out() -> None:
    file = assemble("elsewhere: nop\nhere: nop").elf()
    place = CODE.to_bytes(8, "little") + bytes(8)  # value and size of the first symbol, behind its section's number
    at = file.index(place) - 2
    assert file[at : at + 2] == b"\1\0"
    symbols = read_symbols(file[:at] + b"\0\0" + file[at + 2 :])
    assert (len(symbols), symbols.at(CODE), symbols.at(CODE + 4)) == (1, None, "here")


def test_no_symbols() -> None:
    for file in (elf_of(Segment(CODE, EXIT_0)), b"", b"\x7fELF", FILE[:100]):
        symbols = read_symbols(file)
        assert len(symbols) == 0
        assert symbols.at(CODE) is symbols.around(CODE) is None


def test_no_damage_raises() -> None:
    """Every byte of the headers and tables in turn is another one."""
    for at in [*range(64), *range(4096, len(FILE))]:
        for value in (0, 0xFF):
            assert isinstance(read_symbols(FILE[:at] + bytes([value]) + FILE[at + 1 :]), Symbols)
