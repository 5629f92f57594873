"""The listing of a program: symbols, addresses, bytes, text, cycles, and brackets round fused instructions."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ..vm.isa.definition import Operation
from ..vm.isa.fields import Kind
from ..vm.isa.text import operation_text
from ..vm.listing import Listed, listed
from ..vm.symbols import Symbols, read_symbols

_TEXT_WIDTH = 36


def listing(file: bytes, version: int) -> Iterator[str]:
    """Lines for an ELF file; raises :class:`~spawnlab.vm.errors.VmError` when it can't be loaded."""
    symbols = read_symbols(file)
    for place in listed(file, version):
        name = symbols.at(place.address)
        if name is not None:
            yield ""
            yield f"{place.address:08x} <{name}>:"
        yield from _lines(place, symbols)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One place in the code: an operation (a fused one whole), or 2 bytes that are none."""

    address: int
    bytes: str
    """In hex, as they lie in memory."""
    symbol: str | None
    """The name of this address, if it has one."""
    mnemonic: str | None
    text: tuple[str, ...]
    """The instruction; of a fused operation all; empty where there is none."""
    cycles: int | None


class ListingReport(msgspec.Struct, frozen=True, kw_only=True):
    """The listing of a program of a script version."""

    format: int = 1
    version: int
    entries: tuple[Entry, ...]


def listing_report(file: bytes, version: int) -> ListingReport:
    """The listing for JSON; raises as :func:`listing`."""
    symbols = read_symbols(file)
    return ListingReport(version=version, entries=tuple(_entry(place, symbols) for place in listed(file, version)))


def _entry(place: Listed, symbols: Symbols) -> Entry:
    operation = place.operation
    texts: list[str] = []
    address = place.address
    for part in () if operation is None else operation.parts or (operation,):
        texts.append(operation_text(part, address) + _target(part, address, symbols))
        address += part.length
    return Entry(
        address=place.address,
        bytes=place.bytes.hex(),
        symbol=symbols.at(place.address),
        mnemonic=None if operation is None else operation.mnemonic,
        text=tuple(texts),
        cycles=None if operation is None else operation.definition.cycles,
    )


def _lines(place: Listed, symbols: Symbols) -> Iterator[str]:
    operation = place.operation
    if operation is None:
        value = int.from_bytes(place.bytes, "little")
        yield _line(place.address, place.bytes, f".{len(place.bytes)}byte 0x{value:x}", "")
        return
    parts = operation.parts or (operation,)
    address, at = place.address, 0
    for index, part in enumerate(parts):
        cycles = str(operation.definition.cycles) if index == 0 else ""
        mark = _bracket(index, len(parts), operation.mnemonic) if operation.parts else ""
        text = operation_text(part, address) + _target(part, address, symbols)
        yield _line(address, place.bytes[at : at + part.length], text, cycles, mark)
        address, at = address + part.length, at + part.length


def _bracket(index: int, count: int, mnemonic: str) -> str:
    if index == 0:
        return f"┐ {mnemonic}"
    return "┘" if index == count - 1 else "│"


def _line(address: int, code: bytes, text: str, cycles: str, mark: str = "") -> str:
    number = int.from_bytes(code, "little")
    digits = f"{number:0{2 * len(code)}x}"
    return f"{address:>8x}:  {digits:10}{text:{_TEXT_WIDTH}}{cycles:>4} {mark}".rstrip()


def _target(part: Operation, address: int, symbols: Symbols) -> str:
    """The name of where a branch or jump leads."""
    for field, value in zip(part.definition.format.fields, part.operands, strict=True):
        if field.kind is Kind.TARGET:
            name = symbols.around(address + value)
            return f" <{name}>" if name else ""
    return ""
