"""Random streams of instructions, made so that what is rare in real code is common in them.

A stream is a piece of code with the state that it starts in. Its registers are few, so that operands coincide; its data
and its code lie at the edges of pages and of the memory; it has sequences that fuse, and others that nearly do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from spawnlab.conform.isa import Vector
from spawnlab.vm.isa.definition import Definition
from spawnlab.vm.isa.tables import BASE, BY_MNEMONIC, COMPRESSED
from spawnlab.vm.machine import CYCLES_UNLIMITED, EXIT
from spawnlab.vm.memory import MEMORY_SIZE, PAGE_SIZE

from .stream_sequences import fusible
from .stream_values import A0, A7, DATA, MASK, RA, Numbers
from .stream_words import Instruction, known_bytes, shortened, strange

PARTS_MAX = 40
CODE = 0x10000
EDGE = 0x12000
"""Start of the page that code runs up to or over."""

LOADS = ("lb", "lh", "lw", "ld", "lbu", "lhu", "lwu")
STORES = ("sb", "sh", "sw", "sd")
BRANCHES = ("beq", "bne", "blt", "bge", "bltu", "bgeu")
BY_EXTENSION = {letter: tuple(d for d in BASE if d.extension == letter) for letter in "IMBA"}
ATOMICS = BY_EXTENSION["A"]


@dataclass(frozen=True)
class Stream:
    """Instructions, or bytes in their place, and all else that a vector says."""

    parts: tuple[bytes, ...]
    pc: int = CODE
    beyond: int = 0
    """So many of the last bytes are not in the code, but after it as data."""
    registers: tuple[tuple[int, int], ...] = ()
    data: tuple[tuple[int, bytes], ...] = ()
    reservation: int | None = None
    steps: int = 1
    executable: tuple[int, ...] = ()
    limit: int = CYCLES_UNLIMITED

    def vector(self) -> Vector:
        """The stream in the form that both sides read."""
        everything = b"".join(self.parts)
        size = len(everything) - self.beyond
        pieces = [(self.pc + size, everything[size : MEMORY_SIZE - self.pc]), *self.data]
        return Vector(
            c=everything[:size].hex(),
            pc=self.pc,
            r={number: f"{value:x}" for number, value in self.registers},
            mem=tuple((address, content.hex()) for address, content in pieces if content),
            lr=None if self.reservation is None else f"{self.reservation:x}",
            n=self.steps,
            x=self.executable,
            max=self.limit,
        )


def stream(number: int) -> Stream:
    """The stream of this number, always the same."""
    return _Maker(Random(number)).stream()


class _Maker(Numbers):
    """Makes one stream: chooses where it lies and which registers it has, then part after part, then the state."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.parts: list[bytes] = []
        letters = random.choices(("IM", "IMB", "IMBA", "A", "B"), (10, 5, 4, 1, 1))[0]
        self.definitions = tuple(d for letter in letters for d in BY_EXTENSION[letter])
        self.atomic = "A" in letters
        self.hostile = self.chance(0.25)
        """Whether there may be bytes that are no instructions, wild jumps and system calls."""
        self.short = random.choice((0.0, 0.3, 0.3, 0.9))
        """How many of the instructions that can be compressed are."""
        self.place = random.choices(("plain", "edge", "end", "zero"), (10, 8, 3, 1))[0]
        self.pc = {"plain": CODE, "edge": EDGE - 16, "end": MEMORY_SIZE - 64, "zero": 0}[self.place]

    # The stream

    def stream(self) -> Stream:
        random = self.random
        self.pc += random.choice((0, 0, 0, 2, 4, 8))
        if self.chance(0.15):
            self.pc += 1
        count = random.randint(1, 12) if self.chance(0.5) else random.randint(4, PARTS_MAX)
        while len(self.parts) < count:
            for part in self.some():
                self.add(part)
        if self.chance(0.1):
            for part in self.exit():
                self.add(part)
        del self.parts[PARTS_MAX:]
        if self.chance(0.03):
            self.parts[-1] = self.parts[-1][: random.randint(1, len(self.parts[-1]))]
        beyond = self.settle()
        code = len(b"".join(self.parts)) - beyond
        end_page = (self.pc + code) // PAGE_SIZE
        return Stream(
            parts=tuple(self.parts),
            pc=self.pc,
            beyond=beyond,
            registers=tuple(self.registers(code)),
            data=tuple(self.data()),
            reservation=self.address(code) & MASK if self.atomic and self.chance(0.3) else None,
            steps=random.randint(1, 3 * len(self.parts) + 8),
            executable=tuple(self.executable(end_page)),
            limit=random.randint(0, random.choice((9, 60, 1200))) if self.chance(0.12) else CYCLES_UNLIMITED,
        )

    def add(self, part: bytes) -> None:
        self.starts.append(self.size)
        self.parts.append(part)
        self.size += len(part)

    def settle(self) -> int:
        """Choose the final place, and how many of the last bytes lie beyond the code."""
        random = self.random
        if self.place == "end" and self.chance(0.2):
            self.parts[-1] = self.parts[-1][:2]
        size = len(b"".join(self.parts))
        beyond = 0
        if self.place == "edge":
            kind = random.choice(("over", "over", "up to", "beyond", "beyond"))
            if kind == "beyond":
                beyond = self.some_bytes(size)
            self.pc = EDGE - (random.randint(0, size + 2) if kind == "over" else size - beyond)
            if self.chance(0.2):
                self.pc += random.choice((-1, 1))
        elif self.place == "end":
            self.pc = MEMORY_SIZE - size - random.choice((0, 0, 0, 0, 1, 2, 4))
        elif self.chance(0.05):
            beyond = self.some_bytes(size)
        return beyond

    def some_bytes(self, size: int) -> int:
        """A number of the last bytes, less than all: those of whole parts, or not."""
        if self.chance(0.7):
            return len(b"".join(self.parts[self.random.randint(1, len(self.parts)) :]))
        return self.random.randrange(size)

    def executable(self, end_page: int) -> Iterator[int]:
        """Further executable pages: the one after the code, or any."""
        if self.chance(0.5) and end_page < MEMORY_SIZE // PAGE_SIZE:
            yield end_page
        if self.chance(0.04):
            yield self.random.choice((0, DATA // PAGE_SIZE, DATA // PAGE_SIZE + 1, MEMORY_SIZE // PAGE_SIZE - 1))

    # The state at the start

    def registers(self, code: int) -> Iterator[tuple[int, int]]:
        """Values for the registers that are used most."""
        values: dict[int, int] = {}
        for number in self.pool:
            if self.chance(0.85):
                values[number] = self.value(code)
        if self.hostile or self.chance(0.2):
            values[A7] = self.random.choice((EXIT, EXIT, EXIT | 1 << 32, 0, 64, 2177, self.value(code)))
            values[A0] = self.value(code)
        if self.chance(0.9):
            values[self.pointer] = self.pc + self.random.choice((0, *self.starts)) + self.random.choice((0, 0, 0, 1, 2))
        for number in self.bases:
            values[number] = self.address(code)
        for number, value in sorted(values.items()):
            if number:
                yield number, value & MASK

    def data(self) -> Iterator[tuple[int, bytes]]:
        for start in (DATA - 8, DATA + PAGE_SIZE - 16, MEMORY_SIZE - 32):
            if self.place == "end" and start > DATA + PAGE_SIZE:
                continue  # there is code
            if self.chance(0.5):
                yield start, self.random.choice((self.random.randbytes(32), b"\xff" * 32, b"\x80\x7f" * 16))

    # The parts

    def some(self) -> Iterator[bytes]:
        """One part, or the parts of a sequence."""
        kinds: tuple[Callable[[], Iterator[bytes]], ...] = (
            *(self.any_base, self.any_compressed, self.fusible, self.access),
            *(self.branch, self.constant, self.jump, self.reserved_pair, self.strange),
        )
        weights = (30, 14, 24, 14, 5, 4, 2, 3 if self.atomic else 0, 7 if self.hostile else 0)
        yield from self.random.choices(kinds, weights)[0]()

    def encoded(self, instruction: Instruction) -> bytes:
        """An instruction in one of its encodings."""
        if self.chance(self.short):
            words = shortened(instruction)
            if words:
                return known_bytes(self.random.choice(words))
        mnemonic, operands = instruction
        return known_bytes(BY_MNEMONIC[2][mnemonic].encode(*operands))

    def any_base(self) -> Iterator[bytes]:
        d = self.random.choice(self.definitions)
        if d.mnemonic in ("ecall", "ebreak", "jalr", "jal", *LOADS, *STORES) and self.chance(0.95):
            return  # they have kinds of their own
        operands = tuple(map(self.operand, d.format.fields))
        if d in ATOMICS and self.chance(0.95):
            operands = self.at_base(d, operands)
        yield self.encoded((d.mnemonic, operands))

    def any_compressed(self) -> Iterator[bytes]:
        form = self.random.choice(COMPRESSED)
        operands = [*map(self.operand, form.format.fields)]
        zero = self.random.choice(form.hint) if form.hint and self.chance(0.15) else ""
        for i, f in enumerate(form.format.fields):
            if f.name == zero:
                operands[i] = 0
            if f.name == "rs1" and not self.hostile:  # no wild jumps and accesses
                registers = self.bases if form.mnemonic in ("c.lw", "c.ld", "c.sw", "c.sd") else [self.pointer]
                operands[i] = self.random.choice([r for r in registers if f.least <= r <= f.most] or [operands[i]])
        if self.hostile or not form.is_reserved(tuple(operands)):
            yield known_bytes(form.encode(*operands))

    def at_base(self, d: Definition, operands: tuple[int, ...]) -> tuple[int, ...]:
        """The operands, with a register that has an address for rs1."""
        base = self.random.choice(self.bases)
        return tuple(base if f.name == "rs1" else x for f, x in zip(d.format.fields, operands, strict=True))

    def access(self) -> Iterator[bytes]:
        """A load or a store."""
        mnemonic = self.random.choice((*LOADS, *STORES))
        kind = self.random.random()
        if kind < 0.4:
            offset = 0
        elif kind < 0.7:
            offset = 8 * self.random.randint(0, 3)
        elif kind < 0.95:
            offset = self.random.randint(-9, 9)
        else:
            offset = self.random.choice((-2048, 2047))
        register = self.register()
        if register in self.bases and self.chance(0.8):
            register = 0
        yield self.encoded((mnemonic, (register, self.random.choice(self.bases), offset)))

    def branch(self) -> Iterator[bytes]:
        if self.chance(0.25):
            link = self.random.choice((0, RA, self.register()))
            yield self.encoded(("jal", (link, self.distance())))
        else:
            operands = (self.register(), self.register(), self.distance())
            yield self.encoded((self.random.choice(BRANCHES), operands))

    def jump(self) -> Iterator[bytes]:
        """Through a register: one that starts with an address in the code, or any."""
        link = self.random.choice((0, RA, self.pointer, self.register()))
        if self.chance(0.9):
            yield self.encoded(("jalr", (link, self.pointer, self.random.choice((0, 0, 0, 2, 4, 1, -2)))))
        elif self.hostile:
            yield self.encoded(("jalr", (link, self.register(), self.operand_of("jalr", "imm"))))

    def constant(self) -> Iterator[bytes]:
        """A small constant, or a system call."""
        if self.hostile and self.chance(0.4):
            yield from self.exit()
        else:
            yield self.encoded(("addi", (self.register(), 0, self.operand_of("addi", "imm"))))

    def exit(self) -> Iterator[bytes]:
        """A system call, mostly the exit."""
        yield self.encoded(("addi", (A7, 0, self.random.choice((EXIT, EXIT, EXIT, EXIT, 0, 1, 2047)))))
        if self.chance(0.5):
            yield self.encoded(("addi", (A0, 0, self.random.choice((0, 1, 127, 128, 255, 256, 511, -1, -128)))))
        yield self.encoded((self.random.choice(("ecall", "ecall", "ecall", "ebreak")), ()))

    def reserved_pair(self) -> Iterator[bytes]:
        """A load-reserved and a store-conditional, of the same address or width or not."""
        base = self.random.choice(self.bases)
        other = base if self.chance(0.8) else self.random.choice(self.bases)
        yield self.encoded((self.random.choice(("lr.w", "lr.d")), (self.register(), base, self.random.randrange(4))))
        if self.chance(0.4):
            yield from self.some()
        store = (self.register(), self.register(), other, self.random.randrange(4))
        yield self.encoded((self.random.choice(("sc.w", "sc.d")), store))

    def fusible(self) -> Iterator[bytes]:
        for instruction in fusible(self):
            yield self.encoded(instruction)

    def strange(self) -> Iterator[bytes]:
        yield strange(self)
