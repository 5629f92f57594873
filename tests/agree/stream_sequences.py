"""Sequences of instructions that fuse, with the registers and immediates of a stream, and sequences that nearly do."""

from __future__ import annotations

from collections.abc import Sequence

from spawnlab.vm.isa.fields import Kind
from spawnlab.vm.isa.tables import BY_MNEMONIC

from .stream_values import RA, Numbers
from .stream_words import Instruction

# Letters are registers: the same letter is the same one, others mostly differ. U, I: immediates

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


def fusible(numbers: Numbers) -> list[Instruction]:
    """A sequence that fuses, or one that looks as if it did."""
    sequence = _sequence(numbers, numbers.random.choice(FUSIBLE if numbers.chance(0.85) else UNFUSIBLE))
    return _nearly(numbers, sequence) if numbers.chance(0.35) else sequence


def _sequence(numbers: Numbers, text: str) -> list[Instruction]:
    """A sequence with registers for its letters, and immediates."""
    random = numbers.random
    population: Sequence[int] = random.choice((range(8, 16), range(1, 32), [*numbers.pool, *range(5, 9)], range(3)))
    letters = [letter for letter in "abcde" if f" {letter}" in text]
    if len(set(population)) >= len(letters) and numbers.chance(0.6):
        registers = dict(zip(letters, random.sample(sorted(set(population)), len(letters)), strict=True))
    else:
        few = [random.choice(population) for _ in range(2)] + [random.choice((0, RA, 5))]
        registers = {letter: random.choice((*few, random.choice(population))) for letter in letters}
    registers["ra"] = RA
    upper, lower = _halves(numbers, text)
    values = {**registers, "U": upper, "I": lower}
    instructions: list[Instruction] = []
    for part in text.split("; "):
        mnemonic, *names = part.split()
        instructions.append((mnemonic, tuple(values[name] for name in names)))
    return instructions


def _halves(numbers: Numbers, text: str) -> tuple[int, int]:
    """Immediates of lui or auipc and of what follows: limits, or together an address that is wanted."""
    random = numbers.random
    here = numbers.pc + numbers.size
    if "jalr" in text and numbers.chance(0.7):
        target = here + numbers.distance() + random.choice((0, 0, 0, 1))
    elif numbers.chance(0.4):
        target = random.choice((1 << 31, -(1 << 31))) + random.randint(-3, 3) + random.choice((0, 0, here))
    else:
        return numbers.operand_of("lui", "imm"), numbers.operand_of("addi", "imm")
    if "auipc" in text:
        target -= here
    upper = (target + 0x800) & -0x1000
    return (upper + (1 << 31)) % (1 << 32) - (1 << 31), target - upper


def _nearly(numbers: Numbers, sequence: list[Instruction]) -> list[Instruction]:
    """The sequence with something about it changed."""
    random = numbers.random
    at = random.randrange(len(sequence))
    mnemonic, operands = sequence[at]
    kind = random.choice(("operand", "operand", "operand", "zero", "swap", "sibling", "drop", "insert", "order"))
    if kind in ("operand", "zero"):
        layout = BY_MNEMONIC[2][mnemonic].format
        i = random.randrange(len(operands))
        f = layout.fields[i]
        others = [x for _, given in sequence for x in given if 0 <= x < 32]
        value = 0 if kind == "zero" else random.choice((numbers.operand(f), *others))
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
        sequence.insert(at, ("addi", (numbers.register(), numbers.register(), random.choice((0, 1)))))
    elif kind == "order":
        random.shuffle(sequence)
    return sequence
