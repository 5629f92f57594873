"""Text to program, in two passes: lay out sections and labels, then encode."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import msgspec

from ..errors import EncodingError
from ..isa.definition import CompressedDefinition, Definition
from ..isa.fields import Format
from ..isa.tables import BY_MNEMONIC, COMPRESSED_BY_MNEMONIC, encode_compressed
from ..isa.text import parse_operands
from .errors import AssemblyError
from .expressions import SYMBOL, evaluate, unquote
from .program import PAGE, TEXT_ADDRESS, Program
from .pseudo import expand

_BASE = BY_MNEMONIC[2]
_LABEL = re.compile(r"\s*([A-Za-z_.$][\w.$]*)\s*:")
_PCREL = re.compile(r"%pcrel_(hi|lo)\(([^()]*)\)")
_NUMBER_SIZES = {".byte": 1, ".half": 2, ".2byte": 2, ".word": 4, ".4byte": 4, ".dword": 8, ".8byte": 8, ".quad": 8}
_IGNORED = {".globl", ".global", ".type", ".size", ".option", ".attribute", ".file", ".ident"}
_SECTIONS = {".text": "text", ".data": "data", ".rodata": "data", ".bss": "bss"}
_SIZE_MAX = 4 << 20


class _Item(msgspec.Struct):
    """Something at an address: an instruction or numbers to be encoded, or bytes."""

    offset: int
    line: int
    size: int
    encode: Callable[[int], bytes]
    """From its address to its bytes; raises ValueError or EncodingError."""


class _Section(msgspec.Struct):
    size: int = 0
    items: list[_Item] = msgspec.field(default_factory=list["_Item"])
    labels: dict[str, int] = msgspec.field(default_factory=dict[str, int])


def assemble(text: str, *, source: str = "<assembly>") -> Program:
    """Assemble ``text``; execution starts at ``_start`` if it is defined, else at the first instruction.

    Sections are ``.text`` (executable), ``.data`` and ``.bss`` (writable). Instructions are taken as written: nothing
    is compressed unless it says ``c.``. Raises :class:`AssemblyError`, which names the line as ``source:line``.
    """
    return _Assembler(text, source).run()


class _Assembler:
    def __init__(self, text: str, source: str) -> None:
        self.lines = text.splitlines()
        self.source = source
        self.sections = {"text": _Section(), "data": _Section(), "bss": _Section()}
        self.section = self.sections["text"]
        self.constants: dict[str, int] = {}
        self.symbols: dict[str, int] = {}
        self.line = 0

    def run(self) -> Program:
        try:
            return self._program()
        except (ValueError, EncodingError) as error:
            raise AssemblyError(str(error), self.line, self.lines[self.line - 1], self.source) from None

    def _program(self) -> Program:
        for number, line in enumerate(self.lines, 1):
            self.line = number
            self._line(line)
        text, data, bss = (self.sections[name] for name in ("text", "data", "bss"))
        data_address = -(-(TEXT_ADDRESS + max(text.size, 1)) // PAGE) * PAGE
        bss_address = data_address + -(-data.size // 8) * 8
        for section, address in ((text, TEXT_ADDRESS), (data, data_address), (bss, bss_address)):
            self.symbols |= {name: address + offset for name, offset in section.labels.items()}
        labels = dict(sorted(self.symbols.items(), key=lambda item: item[1]))
        self.symbols |= self.constants
        code = self._encode(text, TEXT_ADDRESS)
        content = self._encode(data, data_address)
        self._encode(bss, bss_address)
        return Program(
            text=code,
            data=content.ljust(bss_address - data_address, b"\0") if bss.size else content,
            bss_size=bss.size,
            data_address=data_address,
            entry=self.symbols.get("_start", TEXT_ADDRESS),
            symbols=labels,
            lines={TEXT_ADDRESS + item.offset: item.line for item in text.items},
        )

    # First pass

    def _line(self, text: str) -> None:
        text = _strip_comment(text)
        while label := _LABEL.match(text):
            self._define(label[1])
            text = text[label.end() :]
        for statement in _split(text, ";"):
            if statement.strip():
                self._statement(statement.strip())

    def _define(self, name: str) -> None:
        if name in self.constants or any(name in section.labels for section in self.sections.values()):
            raise ValueError(f"{name!r} is defined twice")
        self.section.labels[name] = self.section.size

    def _statement(self, statement: str) -> None:
        mnemonic, rest = (*statement.split(None, 1), "")[:2]
        mnemonic = mnemonic.lower()
        if mnemonic.startswith("."):
            self._directive(mnemonic, rest)
            return
        instructions = expand(mnemonic, _operands(rest), self._constant)
        if instructions is None:
            self._instruction(mnemonic, rest)
            return
        start = self.section.size
        for instruction in instructions:
            name, _, arguments = instruction.partition(" ")
            self._instruction(name, arguments, pcrel_base=start)

    def _constant(self, text: str) -> int:
        try:
            return evaluate(text, self.constants, 0)
        except ValueError as error:
            if SYMBOL.search(text):
                raise ValueError(f"{error} (a number or an earlier .equ is wanted; use la for labels)") from None
            raise

    def _instruction(self, mnemonic: str, text: str, pcrel_base: int | None = None) -> None:
        behind = 0 if pcrel_base is None else self.section.size - pcrel_base
        if (base := _BASE.get(mnemonic)) is not None:
            size, encode = 4, partial(self._encode_base, base, text, behind)
        elif (form := COMPRESSED_BY_MNEMONIC.get(mnemonic)) is not None:
            size, encode = 2, partial(self._encode_compressed, form, text, behind)
        else:
            raise ValueError(f"there is no instruction {mnemonic!r}{_nearest(mnemonic)}")
        if self.section is not self.sections["text"]:
            raise ValueError("instructions belong in .text")
        self._add(size, encode)

    def _add(self, size: int, encode: Callable[[int], bytes]) -> None:
        self.section.items.append(_Item(self.section.size, self.line, size, encode))
        self.section.size += size
        if self.section.size > _SIZE_MAX:
            raise ValueError(f"a section of more than {_SIZE_MAX} bytes does not fit the memory")

    def _directive(self, name: str, rest: str) -> None:
        if name == ".section":
            name, rest = rest.partition(",")[0].strip(), ""
            name = "." + name.lstrip(".").split(".")[0]
            if name not in _SECTIONS:
                raise ValueError(f"there is no section {name!r}; use .text, .data or .bss")
        if name in _SECTIONS:
            self.section = self.sections[_SECTIONS[name]]
        elif name in _NUMBER_SIZES:
            width, expressions = _NUMBER_SIZES[name], _operands(rest) or [""]
            self._add(width * len(expressions), partial(self._encode_numbers, width, expressions))
        elif name in (".ascii", ".asciz", ".string"):
            for part in _split(rest, ","):
                self._bytes(unquote(part) + (b"" if name == ".ascii" else b"\0"))
        elif name in (".zero", ".space", ".skip"):
            size = self._constant(rest)
            if not 0 <= size <= _SIZE_MAX:
                raise ValueError(f"{name} {size} is not between 0 and {_SIZE_MAX} bytes")
            self._bytes(bytes(size))
        elif name in (".align", ".p2align", ".balign"):
            self._align(name, self._constant(rest))
        elif name in (".equ", ".set"):
            self._equate(name, rest)
        elif name not in _IGNORED:
            raise ValueError(f"there is no directive {name!r}")

    def _equate(self, name: str, rest: str) -> None:
        symbol, _, value = rest.partition(",")
        symbol = symbol.strip()
        if not SYMBOL.fullmatch(symbol):
            raise ValueError(f"{name} takes a name and a number; {symbol!r} is not a name")
        if any(symbol in section.labels for section in self.sections.values()):
            raise ValueError(f"{symbol!r} is defined twice")
        self.constants[symbol] = self._constant(value)

    def _align(self, name: str, count: int) -> None:
        boundary = count if name == ".balign" else 1 << count if 0 <= count <= 12 else 0
        if boundary < 1 or boundary > PAGE or boundary & (boundary - 1):
            raise ValueError(f"{name} {count}: the boundary is a power of two, at most {PAGE} bytes")
        gap = -self.section.size % boundary
        if self.section is self.sections["text"]:
            if gap % 4:
                self._bytes(b"\x01\x00")  # c.nop
                gap -= 2
            self._bytes(b"\x13\x00\x00\x00" * (gap // 4))  # nop
        else:
            self._bytes(bytes(gap))

    def _bytes(self, content: bytes) -> None:
        if content:
            self._add(len(content), lambda address: content)

    # Second pass

    def _encode_base(self, definition: Definition, text: str, behind: int, address: int) -> bytes:
        return definition.encode(*self._operands(definition.format, text, behind, address)).to_bytes(4, "little")

    def _encode_compressed(self, form: CompressedDefinition, text: str, behind: int, address: int) -> bytes:
        return encode_compressed(form, self._operands(form.format, text, behind, address)).to_bytes(2, "little")

    def _encode_numbers(self, width: int, expressions: list[str], address: int) -> bytes:
        content = bytearray()
        end = 1 << 8 * width
        for expression in expressions:
            value = evaluate(expression, self.symbols, address + len(content))
            if not -end // 2 <= value < end:
                raise ValueError(f"{value} does not fit in {width} bytes")
            content += (value % end).to_bytes(width, "little")
        return bytes(content)

    def _operands(self, layout: Format, text: str, behind: int, address: int) -> tuple[int, ...]:
        """The operands of the instruction at ``address``, ``behind`` bytes after the one that %pcrel counts from."""

        def value(expression: str) -> int:
            return evaluate(expression, self.symbols, address)

        if "%" in text:
            text = _PCREL.sub(lambda part: str(_pcrel(part[1], value(part[2]) - (address - behind))), text)
        return parse_operands(layout, text, value, address)

    def _encode(self, section: _Section, address: int) -> bytes:
        content = bytearray()
        for item in section.items:
            self.line = item.line
            encoded = item.encode(address + item.offset)
            if section is self.sections["bss"] and any(encoded):
                raise ValueError(".bss holds zeros only; put values in .data")
            content += encoded
        return bytes(content)


def _pcrel(part: str, distance: int) -> int:
    if not -(1 << 31) - 0x800 <= distance < (1 << 31) - 0x800:
        raise ValueError(f"the distance {distance} does not fit in 32 bits")
    low = (distance + 0x800 & 0xFFF) - 0x800
    return low if part == "lo" else (distance - low) >> 12


def _nearest(mnemonic: str) -> str:
    import difflib

    found = difflib.get_close_matches(mnemonic, [*_BASE, *COMPRESSED_BY_MNEMONIC], 1)
    return f"; did you mean {found[0]!r}?" if found else ""


def _operands(text: str) -> list[str]:
    return [operand.strip() for operand in _split(text, ",")] if text else []


def _strip_comment(text: str) -> str:
    return _split(_split(text, "#")[0], "//")[0]


def _split(text: str, separator: str) -> list[str]:
    """Split at a separator that is not within quotes."""
    if separator not in text:
        return [text]
    if '"' not in text and "'" not in text:
        return text.split(separator)
    parts: list[str] = []
    start = at = 0
    quote = ""
    while at < len(text):
        if quote:
            if text[at] == "\\":
                at += 1
            elif text[at] == quote:
                quote = ""
        elif text[at] == '"' or (text[at] == "'" and at + 2 < len(text)):
            quote = text[at]
        elif text.startswith(separator, at):
            parts.append(text[start:at])
            at += len(separator)
            start = at
            continue
        at += 1
    return [*parts, text[start:]]
