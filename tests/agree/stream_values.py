"""The numbers of a stream: which registers it uses, its operands, and what registers hold at the start.

Few registers, so that operands coincide; values at which something changes; addresses at the edges of pages and of the
memory.
"""

from __future__ import annotations

from random import Random

from spawnlab.vm.isa.fields import Field, Kind
from spawnlab.vm.isa.tables import BY_MNEMONIC
from spawnlab.vm.memory import MEMORY_SIZE, PAGE_SIZE

DATA = 0x20000
RA, SP, A0, A7 = 1, 2, 10, 17
MASK = (1 << 64) - 1

SPECIAL = (
    *(0, 1, 2, 3, -1, -2),
    *(s * (1 << n) + d for n in (7, 8, 15, 16, 31, 32, 63) for s in (1, -1) for d in (-1, 0, 1)),
    *(31, 63, 64, 0x5555_5555_5555_5555, 0x0123_4567_89AB_CDEF, 0x00FF_0000_8000_7F01),
)
"""Values at which something changes: signs, widths, shift amounts."""


class Numbers:
    """Chooses the numbers of one stream, which grows meanwhile."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.pc = 0
        """Where the code begins; its maker sets it."""
        self.starts: list[int] = []
        """Distance of each part from the first."""
        self.size = 0
        """Bytes of all parts."""
        common = (0, 0, RA, SP, 5, 6, 7, 8, 9, A0, 11, 12, 13, 14, 15, 16, A7, 31)
        self.pool = [random.choice(common) for _ in range(random.randint(2, 7))]
        """Registers of most operands."""
        self.bases = [random.choice((SP, *range(8, 16))) for _ in range(2)]
        """Registers that start with addresses, and are mostly left alone."""
        self.pointer = random.choice((RA, 5, 8, 9, 14))
        """A register that starts with an address within the code."""
        if self.chance(0.7):
            self.pool = [r for r in self.pool if r not in (*self.bases, self.pointer)] or [0, 5]

    def chance(self, part: float) -> bool:
        return self.random.random() < part

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

    def operand_of(self, mnemonic: str, name: str) -> int:
        (f,) = (f for f in BY_MNEMONIC[2][mnemonic].format.fields if f.name == name)
        return self.operand(f)

    def distance(self) -> int:
        """From the next part to one before it, or to bytes after it."""
        if self.starts and self.chance(0.4):
            return self.random.choice(self.starts) - self.size
        return 2 * self.random.randint(0, 14)

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
