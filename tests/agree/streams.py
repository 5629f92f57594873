"""Random streams of instructions, made so that what is rare in real code is common in them.

A stream is a piece of code with the state that it starts in. Its registers are few, so that operands coincide; its data
and its code lie at the edges of pages and of the memory; it has sequences that fuse, and others that nearly do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from spawnlab.conform.isa import Vector
from spawnlab.vm.errors import EncodingError
from spawnlab.vm.isa.definition import CompressedDefinition, Definition
from spawnlab.vm.isa.fields import Field, Kind
from spawnlab.vm.isa.tables import BASE, BY_MNEMONIC, COMPRESSED, encode_compressed
from spawnlab.vm.machine import CYCLES_UNLIMITED
from spawnlab.vm.memory import MEMORY_SIZE, PAGE_SIZE

PARTS_MAX = 40
CODE = 0x10000
EDGE = 0x12000
"""Start of the page that code runs up to or over."""
DATA = 0x20000
RA, SP, A0, A7 = 1, 2, 10, 17
EXIT = 93
MASK = (1 << 64) - 1

Instruction = tuple[str, tuple[int, ...]]
"""Mnemonic and operands of a base instruction."""


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


# Values

SPECIAL = (
    *(0, 1, 2, 3, -1, -2),
    *(s * (1 << n) + d for n in (7, 8, 15, 16, 31, 32, 63) for s in (1, -1) for d in (-1, 0, 1)),
    *(31, 63, 64, 0x5555_5555_5555_5555, 0x0123_4567_89AB_CDEF, 0x00FF_0000_8000_7F01),
)
"""Values at which something changes: signs, widths, shift amounts."""


def known_bytes(word: int) -> bytes:
    """An instruction word in memory order: 2 bytes where the low two bits are not 11, else 4."""
    return word.to_bytes(4 if word & 3 == 3 else 2, "little")


# Compressed forms of base instructions


def _forms_by_mnemonic() -> dict[str, list[CompressedDefinition]]:
    forms: dict[str, list[CompressedDefinition]] = {}
    for form in COMPRESSED:
        mnemonic, _ = form.expand(*(f.base + f.step for f in form.format.fields))
        forms.setdefault(mnemonic, []).append(form)
    return forms


_FORMS = _forms_by_mnemonic()


def shortened(instruction: Instruction) -> list[int]:
    """All 16-bit words that stand for a base instruction."""
    mnemonic, operands = instruction
    names = {f.name: value for f, value in zip(BY_MNEMONIC[2][mnemonic].format.fields, operands, strict=True)}
    words: list[int] = []
    for form in _FORMS.get(mnemonic, ()):
        values = tuple(names[f.name] for f in form.format.fields)
        if form.expand(*values) == instruction and not form.is_hint(values):
            with suppress(EncodingError):
                words.append(encode_compressed(form, values))
    return words


# Sequences that fuse. Letters are registers: the same letter is the same one, others mostly differ. U, I: immediates

FUSIBLE = (
    "add a a b; sltu b a b; add a a c; sltu c a c; or b b c",
    "sub b a b; sltu d a b; sub a b c; sltu c b a; or b c d",
    "sub b a b; sltu d a e; sub a b c; sltu c b a; or b c d",
    "add a b a; sltu c a b; add d c e",
    "add a b c; sltu b a b; add d b e",
    "add a b c; sltu d a b; add d d e",
    "add a b c; sltu d a b",
    "add a a b; sltu c a b",
    "add a b a; sltu c a b",
    "sub a b c; sltu d b c",
    "lui a U; addiw a a I",
    "auipc a U; addi a a I",
    "lui a U; jalr ra a I",
    "auipc a U; jalr ra a I",
    "lui ra U; jalr ra ra I",
    "auipc ra U; jalr ra ra I",
    "mulh a b c; mul d b c",
    "mulhu a b c; mul d b c",
    "mulhsu a b c; mul d b c",
    "div a b c; rem d b c",
    "divu a b c; remu d b c",
)
UNFUSIBLE = (
    "add a c b; sltu d a b",  # the sum the other way round
    "add a b c; sltu d a c",
    "add a b c; sltu d a b; add e d d",
    "sub a b c; sltu d c b",
    "lui a U; addi a a I",
    "auipc a U; addiw a a I",
    "auipc a U; ld a a I",
    "mul a b c; mulh d b c",
    "mulh a b c; mul d c b",
    "mulhu a b c; mulw d b c",
    "rem a b c; div d b c",
    "div a b c; remu d b c",
    "divw a b c; remw d b c",
)
"""Sequences that look as if they fused."""
SIBLINGS = {
    "add": ("addw", "sub", "sh1add"),
    "sub": ("subw", "add"),
    "sltu": ("slt", "add"),
    "or": ("and", "xor", "orn"),
    "lui": ("auipc",),
    "auipc": ("lui",),
    "addi": ("addiw", "xori"),
    "addiw": ("addi",),
    "jalr": ("addi", "ld"),
    "mul": ("mulw", "mulh"),
    "rem": ("remu", "remw"),
    "remu": ("rem", "remuw"),
    "mulh": ("mulhu", "mulhsu"),
    "mulhu": ("mulhsu", "mulh"),
    "mulhsu": ("mulh", "mulhu"),
    "div": ("divu", "divw"),
    "divu": ("div", "divuw"),
}
"""Instructions of the same format that a nearly fusible sequence may have instead."""

LOADS = ("lb", "lh", "lw", "ld", "lbu", "lhu", "lwu")
STORES = ("sb", "sh", "sw", "sd")
BRANCHES = ("beq", "bne", "blt", "bge", "bltu", "bgeu")
BY_EXTENSION = {letter: tuple(d for d in BASE if d.extension == letter) for letter in "IMBA"}
ATOMICS = BY_EXTENSION["A"]
RESERVED = (
    *(0x0000100F | bit << 7 for bit in (1, 1 << 8, 1 << 13)),  # fence.i with operands
    *(0x0000000F | bit << 7 for bit in (1, 1 << 8, 2 << 5)),  # fence with operands or another function
    *(0x00000073 | number << 20 for number in (2, 0x102, 0x105, 0x302, 0xC00)),  # uret, sret, wfi, mret, cycle
    *(0x00000073 | bit << 7 for bit in (1, 1 << 5, 1 << 8)),  # ecall with operands; csrrw
    *(0x0000101B | 1 << 25, 0x0000501B | 1 << 25, 0x4000501B | 1 << 25),  # slliw, srliw, sraiw by more than 31
    *(0x00002063, 0x00003063, 0x00001067, 0x00007003, 0x00004023),  # no such branch, jump, load, store
    *(0x0200103B, 0x0200203B, 0x0200303B, 0x0800C03B | 1 << 20),  # no such mulw; zext.h with an operand
    *(0xFFFFFFFF, 0x0000001F, 0x0000007F, 0x00000013 | 0x7 << 25),  # longer instructions; nop is spared
    *(0x1010A02F, 0x1800A02F, 0x0000902F),  # lr.w with an operand; sc.w; no such atomic width
)
RESERVED_SHORT = (
    0x0000,
    0x0004,
    0x2001,
    0x6001,
    0x6101,
    0x8002,
    0x4002,
    0x6002,
    0x9C41,
    0x9C61,
    0x2000,
    0xA000,
    0x2002,
)


class _Maker:
    """Makes one stream: chooses where it lies and which registers it has, then part after part, then the state."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.parts: list[bytes] = []
        self.starts: list[int] = []
        """Distance of each part from the first."""
        self.size = 0
        common = (0, 0, RA, SP, 5, 6, 7, 8, 9, A0, 11, 12, 13, 14, 15, 16, A7, 31)
        self.pool = [random.choice(common) for _ in range(random.randint(2, 7))]
        """Registers of most operands."""
        self.bases = [random.choice((SP, *range(8, 16))) for _ in range(2)]
        """Registers that start with addresses, and are mostly left alone."""
        self.pointer = random.choice((RA, 5, 8, 9, 14))
        """A register that starts with an address within the code."""
        if self.chance(0.7):
            self.pool = [r for r in self.pool if r not in (*self.bases, self.pointer)] or [0, 5]
        letters = random.choices(("IM", "IMB", "IMBA", "A", "B"), (10, 5, 4, 1, 1))[0]
        self.definitions = tuple(d for letter in letters for d in BY_EXTENSION[letter])
        self.atomic = "A" in letters
        self.hostile = self.chance(0.25)
        """Whether there may be bytes that are no instructions, wild jumps and system calls."""
        self.short = random.choice((0.0, 0.3, 0.3, 0.9))
        """How many of the instructions that can be compressed are."""
        self.place = random.choices(("plain", "edge", "end", "zero"), (10, 8, 3, 1))[0]
        self.pc = {"plain": CODE, "edge": EDGE - 16, "end": MEMORY_SIZE - 64, "zero": 0}[self.place]

    def chance(self, part: float) -> bool:
        return self.random.random() < part

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

    def value(self, code: int) -> int:
        random = self.random
        kind = random.random()
        if kind < 0.2:
            return random.choice((0, 1, -1, 1 << 31, -1 << 31, 1 << 63))
        if kind < 0.5:
            return random.choice(SPECIAL)
        if kind < 0.6:
            return random.getrandbits(64)
        if kind < 0.7:
            return random.getrandbits(32) - random.choice((0, 1 << 31))
        if kind < 0.85:
            return random.randrange(-70, 70)
        return self.address(code)

    def address(self, code: int) -> int:
        """An address for data, mostly one that can be read and written."""
        random = self.random
        near = random.randint(-9, 9)
        kind = random.random()
        if kind < 0.45:
            return DATA + random.randrange(0, 64)
        if kind < 0.6:
            return DATA + PAGE_SIZE + near
        if kind < 0.7:
            return MEMORY_SIZE - random.choice((1, 2, 4, 8, 8, random.randint(0, 16)))
        if kind < 0.79:
            return self.pc + random.choice((0, code)) + near
        if kind < 0.93:
            page = random.choice((self.pc, self.pc + code)) & -PAGE_SIZE
            return page + random.choice((0, PAGE_SIZE)) + near
        return random.choice((0, 1 << 31, 1 << 32, DATA + (1 << 32), 1 << 63, MASK + 1, 2 * MEMORY_SIZE)) + near

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

    def register(self) -> int:
        return self.random.choice(self.pool) if self.chance(0.9) else self.random.randrange(32)

    def operand(self, f: Field) -> int:
        """A value that the field can have: for a number often one of its limits."""
        random = self.random
        if f.kind is Kind.REGISTER:
            if f.base:
                fitting = [r for r in self.pool if f.least <= r <= f.most]
                return random.choice(fitting) if fitting and self.chance(0.8) else random.randint(f.least, f.most)
            return self.register()
        if f.kind is Kind.TARGET and self.chance(0.8):
            return min(f.most, max(f.least, self.distance()))
        kind = random.random()
        if kind < 0.4:
            return random.choice((f.least, f.most, f.base, f.base + f.step, -f.step if f.signed else f.most))
        if kind < 0.6:
            return min(f.most, f.base + f.step * random.randrange(0, 9))
        return f.least + f.step * random.randint(0, (f.most - f.least) // f.step)

    def distance(self) -> int:
        """From the next part to one before it, or to bytes after it."""
        if self.starts and self.chance(0.4):
            return self.random.choice(self.starts) - self.size
        return 2 * self.random.randint(0, 14)

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

    def operand_of(self, mnemonic: str, name: str) -> int:
        (f,) = (f for f in BY_MNEMONIC[2][mnemonic].format.fields if f.name == name)
        return self.operand(f)

    def reserved_pair(self) -> Iterator[bytes]:
        """A load-reserved and a store-conditional, of the same address or width or not."""
        base = self.random.choice(self.bases)
        other = base if self.chance(0.8) else self.random.choice(self.bases)
        yield self.encoded((self.random.choice(("lr.w", "lr.d")), (self.register(), base, self.random.randrange(4))))
        if self.chance(0.4):
            yield from self.some()
        store = (self.register(), self.register(), other, self.random.randrange(4))
        yield self.encoded((self.random.choice(("sc.w", "sc.d")), store))

    # Sequences that fuse

    def fusible(self) -> Iterator[bytes]:
        sequence = self.sequence(self.random.choice(FUSIBLE if self.chance(0.85) else UNFUSIBLE))
        if self.chance(0.35):
            sequence = self.nearly(sequence)
        for instruction in sequence:
            yield self.encoded(instruction)

    def sequence(self, text: str) -> list[Instruction]:
        """A sequence with registers for its letters, and immediates."""
        random = self.random
        population: Sequence[int] = random.choice((range(8, 16), range(1, 32), [*self.pool, *range(5, 9)], range(3)))
        letters = [letter for letter in "abcde" if f" {letter}" in text]
        if len(set(population)) >= len(letters) and self.chance(0.6):
            registers = dict(zip(letters, random.sample(sorted(set(population)), len(letters)), strict=True))
        else:
            few = [random.choice(population) for _ in range(2)] + [random.choice((0, RA, 5))]
            registers = {letter: random.choice((*few, random.choice(population))) for letter in letters}
        registers["ra"] = RA
        upper, lower = self.halves(text)
        values = {**registers, "U": upper, "I": lower}
        instructions: list[Instruction] = []
        for part in text.split("; "):
            mnemonic, *names = part.split()
            instructions.append((mnemonic, tuple(values[name] for name in names)))
        return instructions

    def halves(self, text: str) -> tuple[int, int]:
        """Immediates of lui or auipc and of what follows: limits, or together an address that is wanted."""
        random = self.random
        here = self.pc + self.size
        if "jalr" in text and self.chance(0.7):
            target = here + self.distance() + random.choice((0, 0, 0, 1))
        elif self.chance(0.4):
            target = random.choice((1 << 31, -(1 << 31))) + random.randint(-3, 3) + random.choice((0, 0, here))
        else:
            return self.operand_of("lui", "imm"), self.operand_of("addi", "imm")
        if "auipc" in text:
            target -= here
        upper = (target + 0x800) & -0x1000
        return (upper + (1 << 31)) % (1 << 32) - (1 << 31), target - upper

    def nearly(self, sequence: list[Instruction]) -> list[Instruction]:
        """The sequence with something about it changed."""
        random = self.random
        at = random.randrange(len(sequence))
        mnemonic, operands = sequence[at]
        kind = random.choice(("operand", "operand", "operand", "zero", "swap", "sibling", "drop", "insert", "order"))
        if kind in ("operand", "zero"):
            layout = BY_MNEMONIC[2][mnemonic].format
            i = random.randrange(len(operands))
            f = layout.fields[i]
            others = [x for _, given in sequence for x in given if 0 <= x < 32]
            value = 0 if kind == "zero" else random.choice((self.operand(f), *others))
            if f.kind is Kind.REGISTER or kind == "zero":
                operands = (*operands[:i], value, *operands[i + 1 :])
            sequence[at] = (mnemonic, operands)
        elif kind == "swap" and len(operands) == 3 and mnemonic in ("add", "sltu", "or", "sub", "mul", "rem", "remu"):
            sequence[at] = (mnemonic, (operands[0], operands[2], operands[1]))
        elif kind == "sibling":
            sequence[at] = (random.choice(SIBLINGS[mnemonic]) if mnemonic in SIBLINGS else mnemonic, operands)
        elif kind == "drop":
            del sequence[at]
        elif kind == "insert":
            sequence.insert(at, ("addi", (self.register(), self.register(), random.choice((0, 1)))))
        elif kind == "order":
            random.shuffle(sequence)
        return sequence

    # What is no instruction, or hardly one

    def strange(self) -> Iterator[bytes]:
        random = self.random
        kind = random.choice(("short", "long", "flip", "flip short", "opcode", "reserved", "reserved short"))
        if kind == "short":
            yield known_bytes(random.randrange(1 << 14) << 2 | random.randrange(3))
        elif kind == "long":
            yield known_bytes(random.getrandbits(30) << 2 | 3)
        elif kind == "flip":
            d = random.choice(BASE)
            word = d.encode(*map(self.operand, d.format.fields))
            yield known_bytes(word ^ 1 << random.randrange(2, 32))
        elif kind == "flip short":
            form = random.choice(COMPRESSED)
            word = form.encode(*map(self.operand, form.format.fields))
            yield known_bytes(word ^ 1 << random.randrange(2, 16))
        elif kind == "opcode":
            yield known_bytes(random.getrandbits(25) << 7 | random.choice(BASE).match & 0x7F)
        elif kind == "reserved":
            yield known_bytes(random.choice(RESERVED))
        else:
            yield known_bytes(random.choice(RESERVED_SHORT))
