"""Names in an ELF file, as pyelftools reads them. Nothing here matters to a run."""

from __future__ import annotations

import bisect
from io import BytesIO

_NAMED_KINDS = {"STT_FUNC", "STT_NOTYPE", "STT_OBJECT"}


class Symbols:
    """Names by address; empty where the file has none that can be read."""

    def __init__(self, names: dict[int, str]) -> None:
        self._names = names
        self._addresses = sorted(names)

    def at(self, address: int) -> str | None:
        """The name of just this address."""
        return self._names.get(address)

    def around(self, address: int) -> str | None:
        """The nearest name before an address, with the distance: ``main+0x1c``."""
        index = bisect.bisect_right(self._addresses, address) - 1
        if index < 0:
            return None
        start = self._addresses[index]
        name = self._names[start]
        return name if start == address else f"{name}+0x{address - start:x}"

    def __len__(self) -> int:
        return len(self._names)


def read_symbols(file: bytes) -> Symbols:
    """The symbol table of an ELF file. Local labels and mapping symbols are left out; any damage gives no symbols."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    names: dict[int, str] = {}
    try:
        for section in ELFFile(BytesIO(file)).iter_sections():
            if isinstance(section, SymbolTableSection):
                for symbol in section.iter_symbols():
                    known = symbol["st_info"]["type"] in _NAMED_KINDS and symbol["st_shndx"] != "SHN_UNDEF"
                    if known and symbol.name and not symbol.name.startswith((".L", "$")):
                        names.setdefault(symbol["st_value"], symbol.name)
    except (ELFError, ValueError, KeyError, OverflowError, TypeError, AttributeError, IndexError, AssertionError):
        return Symbols({})  # pyelftools raises many things on damaged files
    return Symbols(names)
