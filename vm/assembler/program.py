"""What the assembler makes: sections at their addresses, symbols, and the ELF file of them."""

from __future__ import annotations

import struct

import msgspec

TEXT_ADDRESS = 0x10000
PAGE = 0x1000
_EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
_PHDR = struct.Struct("<IIQQQQQQ")
_SHDR = struct.Struct("<IIQQQQIIQQ")
_SYM = struct.Struct("<IBBHQQ")
_IDENT = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
_RISCV = 243
_EF_RVC = 1
_RX, _RW = 5, 6


class Program(msgspec.Struct, frozen=True):
    """Machine code, data and symbols. Addresses and sizes are bytes."""

    text: bytes
    data: bytes
    bss_size: int
    data_address: int
    entry: int
    symbols: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    lines: dict[int, int] = msgspec.field(default_factory=dict[int, int])
    """Address of each instruction to the number of its source line, from 1."""

    def elf(self) -> bytes:
        """A static 64-bit RISC-V ELF file: a readable and executable segment, and a writable one if there is data.

        Segments start on pages, so that every script version loads them, and file offsets agree with addresses modulo
        the page, so that every other tool does.
        """
        segments = [(_RX, TEXT_ADDRESS, self.text, len(self.text))]
        if self.data or self.bss_size:
            segments.append((_RW, self.data_address, self.data, len(self.data) + self.bss_size))
        body = bytearray()
        headers = bytearray()
        offsets: list[int] = []
        for flags, address, content, memory_size in segments:
            offset = PAGE + len(body)
            offsets.append(offset)
            headers += _PHDR.pack(1, flags, offset, address, address, len(content), memory_size, PAGE)
            body += content.ljust(-(-len(content) // PAGE) * PAGE, b"\0") if content is not segments[-1][2] else content
        sections_at, sections = self._sections(PAGE + len(body), offsets)
        body += sections
        count = 6 if len(segments) > 1 else 5
        header = _EHDR.pack(
            _IDENT, 2, _RISCV, 1, self.entry, _EHDR.size, sections_at, _EF_RVC,
            _EHDR.size, _PHDR.size, len(segments), _SHDR.size, count, count - 1,
        )  # fmt: skip
        return (header + headers).ljust(PAGE, b"\0") + body

    def _sections(self, start: int, offsets: list[int]) -> tuple[int, bytes]:
        """Symbol table, names and section headers, for the file from ``start`` on; and where the headers are."""
        names = b"\0.text\0.data\0.symtab\0.strtab\0.shstrtab\0"
        strings = bytearray(b"\0")
        table = bytearray(_SYM.pack(0, 0, 0, 0, 0, 0))
        with_data = len(offsets) > 1
        for name, address in self.symbols.items():
            section = 2 if with_data and address >= self.data_address else 1
            table += _SYM.pack(len(strings), 0x10, 0, section, address, 0)
            strings += name.encode() + b"\0"
        symtab_at = start
        strtab_at = symtab_at + len(table)
        names_at = strtab_at + len(strings)
        headers_at = -(-(names_at + len(names)) // 8) * 8
        strtab_index = 4 if with_data else 3
        rows = [(0,) * 10, (names.index(b".text"), 1, 6, TEXT_ADDRESS, offsets[0], len(self.text), 0, 0, 4, 0)]
        if with_data:
            rows.append((names.index(b".data"), 1, 3, self.data_address, offsets[1], len(self.data), 0, 0, 8, 0))
        rows += [
            (names.index(b".symtab"), 2, 0, 0, symtab_at, len(table), strtab_index, 1, 8, _SYM.size),
            (names.index(b".strtab"), 3, 0, 0, strtab_at, len(strings), 0, 0, 1, 0),
            (names.index(b".shstrtab"), 3, 0, 0, names_at, len(names), 0, 0, 1, 0),
        ]
        content = (bytes(table) + bytes(strings) + names).ljust(headers_at - start, b"\0")
        return headers_at, content + b"".join(_SHDR.pack(*row) for row in rows)
