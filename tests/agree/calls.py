"""Random system calls in assembly: what the operation language cannot say, bad addresses and lengths above all."""

from __future__ import annotations

from random import Random

from spawnlab.vm.assembler import assemble

MEMORY_END = 4 << 20
_TEXT = 0x10000
_EXIT, _VM_VERSION, _CURRENT_CYCLES, _DEBUG = 93, 2041, 2042, 2177
_SPAWN, _WAIT, _PROCESS_ID, _PIPE, _WRITE, _READ, _INHERITED_FD, _CLOSE = range(2601, 2609)
_WEIGHTS = {
    _SPAWN: 10, _WAIT: 3, _PROCESS_ID: 1, _PIPE: 5, _WRITE: 7, _READ: 7, _INHERITED_FD: 3, _CLOSE: 3,
    _VM_VERSION: 1, _CURRENT_CYCLES: 2, _DEBUG: 2,
}  # fmt: skip
_DATA = """
.data
.align 3
pair: .dword 0, 0
child: .dword 0
code: .dword 0
length: .dword 8
fds: .zero 64
argv: .zero 64
block: .dword 0, argv, child, fds
text: .asciz "some text"
wrong: .byte 0x61, 0xe2, 0x82, 0x41, 0
cut: .byte 0xf0, 0x9f, 0x92, 0
.align 3
buffer: .zero 128
"""
_WORDS = ("pair", "child", "code", "length", "fds", "argv", "block", "buffer")
_BAD = (
    0,
    8,
    _TEXT,
    _TEXT - 4,
    MEMORY_END,
    MEMORY_END - 1,
    MEMORY_END - 7,
    MEMORY_END - 8,
    (1 << 64) - 9,
    (1 << 64) - 8,
)
_LENGTHS = (0, 1, 2, 7, 8, 9, 16, 40, 128, 4096, 100_000, MEMORY_END, 1 << 63, (1 << 64) - 1)
_BAD_PART = 0.02
_SIMPLE = (f"  li a7, {_EXIT}\n  ecall\n", f"  li a7, {_WAIT}\n  ecall\n")
"""Two more programs to be spawned: one that ends, one that waits for the root."""


class _Caller:
    """Writes a program of random calls."""

    def __init__(self, random: Random, own: int, programs: int) -> None:
        self.random = random
        self.children = range(own + 1, programs)
        """Only later programs are spawned, or a run could take for ever."""
        self.lines: list[str] = []

    def set(self, register: str, value: int | str) -> None:
        self.lines.append(f"  la {register}, {value}" if isinstance(value, str) else f"  li {register}, {value}")

    def put(self, label: str, *values: int | str) -> None:
        """Store words from a label on."""
        for index, value in enumerate(values):
            self.set("t1", value)
            self.lines += [f"  la t0, {label}", f"  sd t1, {8 * index}(t0)"]

    def address(self, *good: str) -> int | str:
        if self.random.random() < _BAD_PART:
            return self.random.choice(_BAD)
        return self.random.choice(good) if self.random.random() < 0.8 else self.random.choice(_WORDS)

    def number(self, below: int) -> int:
        return self.random.randrange(below) if self.random.random() < 0.97 else self.random.choice(_LENGTHS)

    def fd(self, odd: bool | None = None) -> int:
        fd = self.random.randrange(2, 10) if self.random.random() < 0.9 else self.number(80)
        return fd if odd is None or self.random.random() < 0.1 else fd & ~1 | odd

    def fd_list(self) -> list[int]:
        count = self.random.choice((0, 0, 1, 1, 2, 3))
        return [self.fd() for _ in range(count)] + [0]

    def call(self, number: int) -> None:
        arguments: tuple[int | str, ...] = ()
        match number:
            case 2601:  # spawn
                arguments = self.spawn()
            case 2602:  # wait
                arguments = self.number(6), self.address("code")
            case 2604:  # pipe
                arguments = (self.address("pair"),)
            case 2605 | 2606:  # write, read
                self.put("length", self.random.choice(_LENGTHS[:9] if self.random.random() < 0.9 else _LENGTHS))
                arguments = self.fd(number == _WRITE), self.address("buffer"), self.address("length")
            case 2607:  # inherited_fd
                self.put("length", self.number(5))
                arguments = self.address("argv"), self.address("length")
            case 2608:  # close
                arguments = (self.fd(),)
            case 2177:  # debug
                arguments = (self.random.choice((*_BAD[4:6], *["text"] * 6, "wrong", "cut")),)
            case _:
                pass
        for index, argument in enumerate(arguments):
            self.set(f"a{index}", argument)
        self.lines += [f"  li a7, {number}", "  ecall", "  mv s1, a0"]

    def spawn(self) -> tuple[int | str, ...]:
        self.put("fds", *self.fd_list())
        argc = self.random.choice((0, 0, 0, 1, 2, 3, 1 << 40 if self.random.random() < 0.1 else 0))
        self.put("argv", *(self.random.choice(("text", "buffer")) for _ in range(argc if argc < 8 else 0)))
        listed = "fds" if self.random.random() < 0.9 else 0
        self.put("block", argc, self.address("argv"), self.address("child"), listed)
        top = self.random.choice((0, 0, 0, 0, 0, 0, 1, 2, 255)) << 56
        source = 3 if self.random.random() < 0.95 else self.random.choice((0, 1, 2, 3, 4, 5))
        bounds = 0 if self.random.random() < 0.9 else self.random.choice((1, 1 << 32, 0xFFFF_FFFF, (1 << 64) - 1))
        place = 0 if self.random.random() < 0.95 else self.random.choice((1, 2))
        index = self.random.choice(self.children) if self.random.random() < 0.97 else self.random.choice(_LENGTHS[7:])
        return index, top | source, place, bounds, self.address("block")

    def program(self) -> str:
        first = [self.random.choice((_PIPE, _SPAWN, _SPAWN)) for _ in range(self.random.choice((0, 2, 3, 4, 6)))]
        then = self.random.choices(list(_WEIGHTS), list(_WEIGHTS.values()), k=self.random.choice((1, 2, 4, 6, 9, 14)))
        for number in (*first, *then):
            self.call(number)
        # what the last call answered, a word, or for ever
        end = self.random.choice(("  mv a0, s1\n", "  la a0, child\n  lb a0, 0(a0)\n", "  li a0, 0\n"))
        forever = f"  li a0, 0\n  la a1, code\n  li a7, {_WAIT}\n  ecall\n" if self.random.random() < 0.3 else ""
        return ".text\n" + "\n".join(self.lines) + "\n" + forever + end + f"  li a7, {_EXIT}\n  ecall\n" + _DATA


def programs(seed: int) -> list[bytes]:
    """The ELF files of a number, the root's first; always the same."""
    random = Random(seed)
    count = random.choice((1, 2, 2, 3, 4))
    callers = [_Caller(random, own, count + len(_SIMPLE)).program() for own in range(count)]
    return [assemble(text).elf() for text in (*callers, *_SIMPLE)]
