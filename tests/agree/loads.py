"""Random transactions, and programs that look at them by every call that loads, exec included, in each version."""

from __future__ import annotations

from random import Random
from typing import Any, Literal, TypeVar

from spawnlab.scheduler.chain import CellDep, Header, OutPoint, Script
from spawnlab.scheduler.mockup import THE_SCRIPT, MockCell, Surroundings, mock_group
from spawnlab.scheduler.transaction import ScriptGroupData
from spawnlab.vm.assembler import assemble

T = TypeVar("T")

MEMORY_END = 4 << 20
_TEXT = 0x10000
_BUFFER, _CODE, _PAGE = 0x20_0000, 0x10_0000, 4096
_EXIT, _EXEC, _CURRENT_CYCLES, _DEBUG, _SPAWN, _PIPE = 93, 2043, 2042, 2177, 2601, 2604
_WHOLE, _BY_INDEX = (2051, 2052, 2061, 2062), (2071, 2072, 2073, 2074, 2104)
_BY_FIELD = {2081: 7, 2082: 3, 2083: 2}
_AS_CODE, _CELL_DATA = 2091, 2092
_GROUP = 1 << 56
_WEIGHTS = {
    2051: 1, 2052: 1, 2061: 1, 2062: 1, 2071: 3, 2072: 4, 2073: 3, 2074: 4, 2104: 4, 2081: 5, 2082: 5, 2083: 3,
    _AS_CODE: 8, _CELL_DATA: 8, _EXEC: 2, _CURRENT_CYCLES: 1, _DEBUG: 1, _SPAWN: 3, _PIPE: 2, 2041: 1,
}  # fmt: skip
_SINCE = {2041: 1, _CURRENT_CYCLES: 1, _EXEC: 1, 2104: 2, _SPAWN: 2, _PIPE: 2}
"""Versions that calls are there from."""
_ENTRIES = {
    2072: (1, 3, 3, 4, 4),
    2082: (1, 3, 3, 4, 4),
    2104: (1, 3, 3, 4, 4),
    2073: (1, 1, 1, 2),
    2083: (1,),
    2074: (1, 2),
}
"""Sources that calls make something of; the others take cells."""
_NUMBERS = (0, 1, 2, 4, 7, 8, 33, 77, 207, _PAGE, 5 * _PAGE, 1 << 31, 1 << 32, 1 << 63, (1 << 64) - 1)
_BAD = (
    0,
    _TEXT,
    _TEXT - 3,
    MEMORY_END,
    MEMORY_END - 1,
    MEMORY_END - 8,
    MEMORY_END - _PAGE,
    (1 << 64) - 8,
    (1 << 64) - 1,
)
_DATA = """
.data
.align 3
length: .dword 0
pair: .dword 0, 0
child: .dword 0
argv: .zero 64
block: .dword 0, argv, child, 0
text: .asciz "some text"
empty: .byte 0
"""
_FOLD = "  slli t6, s1, 5\n  add s1, s1, t6\n  add s1, s1, {register}\n"
"""s1 = 33 * s1 + register: what a program has seen, which is compared where registers are."""

# Code that pages of a cell may hold, and whole programs
_RETURN = bytes.fromhex("93847400 67800000")
"""``addi s1, s1, 7; ret``"""
_LEAF = assemble("  ld a0, 0(sp)\n  slli a0, a0, 4\n  add a0, a0, sp\n  srli a0, a0, 3\n  li a7, 93\n  ecall\n").elf()
"""Leaves with what its stack looks like."""
_WITH_DATA = assemble("  la t0, w\n  ld a0, 0(t0)\n  sd sp, 0(t0)\n  li a7, 93\n  ecall\n.data\nw: .dword 5\n").elf()


class _Pool:
    """What a transaction's cells, blocks and witnesses are made of."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.headers = [self.header() for _ in range(random.choice((1, 2, 3)))]
        self.hashes = [header.hash() for header in self.headers] + [b"\x77" * 32]

    def header(self) -> Header:
        return Header(
            number=self.random.choice((0, 1, 99, 1 << 20, (1 << 64) - 1)),
            epoch=self.random.choice(
                (self.random.getrandbits(64), self.random.randrange(1 << 25), 5 << 40 | 99 << 24 | 3)
            ),
            nonce=self.random.getrandbits(128),
            dao=self.random.randbytes(32),
        )

    def some(self, values: tuple[T, ...], most: int) -> tuple[T, ...]:
        return tuple(self.random.choice(values) for _ in range(self.random.randrange(most + 1)))

    def content(self) -> bytes:
        match self.random.randrange(12):
            case 0 | 1:
                return b""
            case 2 | 3:
                return self.bytes_without_jumps(self.random.choice((1, 3, 4, 5, 77, 300)))
            case 4 | 5:
                return self.bytes_without_jumps(self.random.choice((_PAGE - 1, _PAGE, _PAGE + 1, 3 * _PAGE, 9000)))
            case 6:
                return (_RETURN * _PAGE)[: self.random.choice((len(_RETURN), _PAGE, 2 * _PAGE + 8))]
            case 7:
                return b"x" * self.random.choice((200_000, 100_000, 262_136))
            case 8 | 9:
                return self.random.choice((_LEAF, _WITH_DATA))
            case 10:
                return self.broken()
            case _:
                return _RETURN

    def bytes_without_jumps(self, size: int) -> bytes:
        """Random bytes of which none starts a jump, or some run of them as code would never end."""
        return bytes(byte & ~3 for byte in self.random.randbytes(size))

    def broken(self) -> bytes:
        """A program with something else in its headers."""
        program = bytearray(self.random.choice((_LEAF, _WITH_DATA)))
        for _ in range(self.random.choice((1, 1, 2, 3))):
            at = self.random.randrange(64 + 4 * 56)
            program[at] = self.random.choice((0, 1, 2, 4, 5, 7, 0x10, 0x40, 0xFF, self.random.randrange(256)))
        return bytes(program[: self.random.choice((len(program), len(program), self.random.randrange(len(program))))])

    def script(self) -> Script:
        return self.random.choice(
            (Script(), Script(b"\x11" * 32, 1, b"args"), Script(b"\x22" * 32, 4, self.random.randbytes(40)))
        )

    def cell(self, *, own: float, of: Literal["input", "output", "dep"]) -> MockCell:
        def script(own: float) -> Script:
            return THE_SCRIPT if self.random.random() < own else self.script()

        chosen: dict[str, Any] = {}
        if of != "output" and self.random.random() < 0.85:
            chosen["block_hash"] = self.random.choice(self.hashes)
        if of == "input" and self.random.random() < 0.5:
            chosen["out_point"] = OutPoint(self.random.randbytes(32), self.random.getrandbits(32))
            chosen["since"] = self.random.getrandbits(self.random.choice((1, 64)))
        return MockCell(
            lock=script(own),
            type=script(own) if self.random.random() < 0.5 else None,
            capacity=self.random.getrandbits(self.random.choice((8, 40, 64))),
            data=self.content(),
            **chosen,
        )

    def surroundings(self) -> Surroundings:
        return Surroundings(
            tx_version=self.random.choice((0, 0, 1, (1 << 32) - 1)),
            tx_cell_deps=self.some(tuple(CellDep(OutPoint(bytes(32), n), n & 1) for n in range(3)), 2),
            header_deps=self.some(tuple(self.hashes), 4) or (self.hashes[0],),
            headers=tuple((header.hash(), header) for header in self.headers if self.random.random() < 0.9),
            extensions=tuple(
                (block_hash, self.random.randbytes(self.random.choice((0, 1, 32, 96))))
                for block_hash in self.hashes
                if self.random.random() < 0.6
            ),
        )


class _Looker:
    """Writes a program of random calls."""

    def __init__(self, random: Random, version: int, own: int, programs: int) -> None:
        self.random = random
        self.version = version
        self.programs = range(own + 1, programs)
        """Cell deps that may be run: only later ones, or a run could take for ever."""
        self.lines: list[str] = []
        self.calls = 0

    def set(self, register: str, value: int | str) -> None:
        self.lines.append(f"  la {register}, {value}" if isinstance(value, str) else f"  li {register}, {value}")

    def put(self, label: str, *values: int | str) -> None:
        """Store words from a label on."""
        for index, value in enumerate(values):
            self.set("t1", value)
            self.lines += [f"  la t0, {label}", f"  sd t1, {8 * index}(t0)"]

    def bad(self, part: float = 0.02) -> bool:
        return self.random.random() < part

    def source(self, entries: tuple[int, ...] = (1, 1, 2, 3, 3, 4)) -> int:
        if self.bad():
            return self.random.choice((0, 5, 1 << 32 | 1, _GROUP, _GROUP | 5))
        top = self.random.choice((1, 1, 1, 2, 0xFF)) if self.bad(0.3) else 0
        return top << 56 | self.random.choice(entries)

    def index(self) -> int:
        return self.random.choice(_NUMBERS) if self.bad(0.05) else self.random.choice((0, 0, 0, 1, 1, 2, 3))

    def index_of_other(self, source: int) -> int:
        """Not of the programs themselves, which are the first cell deps: one that gets at another's code may loop."""
        return self.random.randrange(2) + self.programs.stop if source % _GROUP == 3 else self.index()

    def size(self) -> int:
        return self.random.choice((0, 4, 8, 33, 300, 300, _PAGE, 2 * _PAGE, 3 * _PAGE, (1 << 64) - 1))

    def buffer(self) -> int | str:
        if self.bad(0.03):
            return self.random.choice(_BAD)
        near = self.random.choice((0, 0, 1, 100, _PAGE - 4))
        return self.random.choice((_BUFFER, _BUFFER, _BUFFER + _PAGE * self.random.randrange(4), _CODE)) + near

    def loading(self, number: int) -> tuple[int | str, ...]:
        self.put("length", self.size())
        length = self.random.choice((*_BAD, "text", _BUFFER + 3)) if self.bad() else "length"
        offset = 0 if self.random.random() < 0.6 else self.random.choice((1, 1, 4, 4, 7, 31, _PAGE, *_NUMBERS))
        field = 0
        if number in _BY_FIELD:
            field = self.random.choice((99, 7, 1 << 32)) if self.bad() else self.random.randrange(_BY_FIELD[number])
        return self.buffer(), length, offset, self.index(), self.source(_ENTRIES.get(number, (1, 2, 3))), field

    def as_code(self) -> tuple[int | str, ...]:
        address = _CODE + _PAGE * self.random.randrange(6)
        memory_size = _PAGE * self.random.choice((1, 1, 1, 2, 3))
        offset = self.random.choice((0, 0, 0, 4, _PAGE, *_NUMBERS[:9]))
        size = self.random.choice((len(_RETURN), len(_RETURN), 1, 4, _PAGE, 2 * _PAGE, *_NUMBERS))
        if self.bad(0.03):
            address = self.random.choice((*_BAD, _CODE + 4))
        if self.bad(0.03):
            memory_size = self.random.choice(_NUMBERS)
        source = self.source((1, 2, 3))
        return address, memory_size, offset, size, self.index_of_other(source), source

    def arguments(self) -> tuple[int, int | str]:
        argc = self.random.choice((0, 0, 1, 2, 3, 8))
        strings = ("text", "text", "empty", _BUFFER, _BUFFER)
        self.put("argv", *(self.random.choice((*_BAD, *strings) if self.bad() else strings) for _ in range(argc)))
        return (1 << 40 if self.bad(0.01) else argc), self.random.choice(_BAD) if self.bad() else "argv"

    def bounds(self) -> int:
        if self.random.random() < 0.8:
            return 0
        offset = self.random.choice((0, 0, 1, 4, 100_000, (1 << 32) - 1))
        return offset << 32 | self.random.choice((0, 1, 132, 4528, 100_000, (1 << 32) - 1))

    def piece(self) -> tuple[int | str, ...]:
        """A later program mostly, or anything else that is there: none of that runs a program of ours."""
        if self.programs and self.random.random() < 0.6:
            return self.random.choice(self.programs), 3, 0
        source = self.source()
        index = self.index_of_other(source)
        place = self.random.choice((2, 1 << 32, (1 << 64) - 1)) if self.bad() else self.random.choice((0, 0, 1))
        return index, source, place

    def call(self, number: int) -> None:
        self.calls += 1
        arguments: tuple[int | str, ...] = ()
        if number in _WHOLE or number in _BY_INDEX or number in _BY_FIELD or number == _CELL_DATA:
            arguments = self.loading(number)
        elif number == _AS_CODE:
            arguments = self.as_code()
        elif number == _EXEC:
            argc, argv = self.arguments()
            arguments = (*self.piece(), self.bounds(), argc, argv)
        elif number == _SPAWN:
            argc, argv = self.arguments()
            self.put("block", argc, argv, "child", 0)
            arguments = (*self.piece(), self.bounds(), "block")
        elif number == _PIPE:
            arguments = ("pair",)
        elif number == _DEBUG:
            arguments = (self.random.choice(("text", "empty", _BUFFER)),)
        for index, argument in enumerate(arguments):
            self.set(f"a{index}", argument)
        self.lines += [f"  li a7, {number}", "  ecall", _FOLD.format(register="a0")]
        self.look(number, arguments)

    def look(self, number: int, arguments: tuple[int | str, ...]) -> None:
        """At what was loaded: words, or code by calling it."""
        if number == _AS_CODE:
            if self.random.random() < 0.5:
                self.lines += [f"  bnez a0, after_{self.calls}"]
                self.set("t0", arguments[0])
                self.lines += ["  jalr t0", f"after_{self.calls}:"]
        elif number != _EXEC:
            for address in ("length", _BUFFER + 8 * self.random.randrange(32)):
                self.set("t0", address)
                self.lines += ["  ld t0, 0(t0)", _FOLD.format(register="t0")]

    def program(self) -> str:
        there = {number: weight for number, weight in _WEIGHTS.items() if _SINCE.get(number, 0) <= self.version}
        calls = self.random.choices(list(there), list(there.values()), k=self.random.choice((1, 3, 5, 8, 12, 16)))
        if self.bad(0.02):
            calls.append(self.random.choice(list(_WEIGHTS)))  # not there, perhaps
        for number in calls:
            self.call(number)
        return ".text\n" + "\n".join(self.lines) + f"\n  mv a0, s1\n  li a7, {_EXIT}\n  ecall\n" + _DATA


def group(seed: int) -> ScriptGroupData:
    """The script group of a number; always the same."""
    random = Random(seed)
    pool = _Pool(random)
    version = random.choice((0, 1, 1, 2, 2, 2))
    group_type: Literal["lock", "type"] = random.choice(("lock", "lock", "type"))
    count = random.choice((1, 2, 3))
    lookers = [_Looker(random, version, own, count).program() for own in range(count)]
    inputs = [pool.cell(own=0.4, of="input") for _ in range(random.choice((1, 2, 3, 4)))]
    outputs = [pool.cell(own=0.4, of="output") for _ in range(random.choice((0, 1, 2, 3)))]
    # the script must be in the group that runs
    first: dict[str, Any] = {group_type: THE_SCRIPT}
    if group_type == "type" and outputs and random.random() < 0.3:
        outputs[0] = _replaced(outputs[0], first)
    else:
        place = random.randrange(len(inputs))
        inputs[place] = _replaced(inputs[place], first)
    if random.random() < 0.1:
        inputs[-1] = _replaced(inputs[-1], {"in_transaction": False})
    elves = [assemble(text).elf() for text in lookers]
    programs = [elf if random.random() < 0.5 else _replaced(pool.cell(own=0, of="dep"), {"data": elf}) for elf in elves]
    others = [pool.cell(own=0.1, of="dep") for _ in range(random.randrange(4))]
    return mock_group(
        [*programs, *others],
        version=version,
        args=random.randbytes(random.choice((0, 1, 20))),
        witnesses=[pool.content() for _ in range(random.randrange(5))],
        inputs=inputs,
        outputs=outputs,
        group_type=group_type,
        surroundings=pool.surroundings(),
    )


def _replaced(cell: MockCell, fields: dict[str, Any]) -> MockCell:
    return MockCell(**{name: getattr(cell, name) for name in MockCell.__struct_fields__} | fields)
