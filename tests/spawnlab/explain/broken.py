"""Broken scenarios, and what is to be said of each: the cause, the VMs of the ring, their fds, and the kind of edit."""

from __future__ import annotations

from typing import NamedTuple


class Broken(NamedTuple):
    name: str
    cause: str
    vms: tuple[int, ...]
    fds: tuple[int, ...]
    kind: str
    """Of the edit."""
    place: str
    """Program and step that the edit begins at."""
    words: str
    """What the edit is called."""
    programs: dict[str, list[str]]

    def text(self) -> str:
        return "".join(
            f"[programs.{name}]\nsteps = [\n" + "".join(f"  {{ op = {step} }},\n" for step in steps) + "]\n"
            for name, steps in self.programs.items()
        )


def pipe(r: str, w: str) -> str:
    return f'"pipe", as = ["{r}", "{w}"]'


def spawn(program: str, *fds: str, name: str | None = None) -> str:
    listed = ", ".join(f'"{fd}"' for fd in fds)
    return f'"spawn", program = "{program}", fds = [{listed}], as = "{name or program}"'


def given(*names: str) -> str:
    return f'"inherited_fds", as = [{", ".join(f"{chr(34)}{name}{chr(34)}" for name in names)}]'


def read(fd: str, size: int = 8, more: str = "") -> str:
    return f'"read", fd = "{fd}", size = {size}{more}'


def write(fd: str, text: str = "ping") -> str:
    return f'"write", fd = "{fd}", text = "{text}"'


def wait(vm: str | int) -> str:
    return f'"wait", vm = {vm if isinstance(vm, int) else chr(34) + vm + chr(34)}'


def close(fd: str) -> str:
    return f'"close", fd = "{fd}"'


def until_closed(fd: str) -> str:
    return read(fd, more=', code = "OTHER_END_CLOSED"')


TWO_PIPES = [pipe("r1", "w1"), pipe("r2", "w2")]

BROKEN = [
    Broken(
        "both read first", "ring-of-reads", (0, 1), (2, 3, 4, 5), "earlier", "child steps[1]",
        "in child: write to w first, before the read from r",
        {
            "root": [*TWO_PIPES, spawn("child", "w1", "r2"), read("r1"), write("w2"), wait("child")],
            "child": [given("w", "r"), read("r"), write("w", "pong")],
        },
    ),
    Broken(
        "both write first", "ring-of-writes", (0, 1), (2, 3, 4, 5), "earlier", "child steps[1]",
        "in child: read from r first, before the write to w",
        {
            "root": [*TWO_PIPES, spawn("child", "w1", "r2"), write("w2"), read("r1"), wait("child")],
            "child": [given("w", "r"), write("w", "pong"), read("r")],
        },
    ),
    Broken(
        "wait before the write", "open-write-end", (0, 1), (2, 3), "later", "root steps[2]",
        "in root: move the wait for child after the write to w",
        {
            "root": [pipe("r", "w"), spawn("child", "r"), wait("child"), write("w")],
            "child": [given("r"), read("r")],
        },
    ),
    Broken(
        "wait before the read", "unread-write", (0, 1), (2, 3), "later", "root steps[2]",
        "in root: move the wait for child after the read from r",
        {
            "root": [pipe("r", "w"), spawn("child", "w"), wait("child"), read("r")],
            "child": [given("w"), write("w")],
        },
    ),
    Broken(
        "the leaked write end", "open-write-end", (0, 1), (2, 3), "close", "root steps[3]",
        "in root: close w before the wait for child",
        {
            "root": [pipe("r", "w"), spawn("child", "r"), write("w"), wait("child")],
            "child": [given("r"), read("r"), read("r")],
        },
    ),
    Broken(
        "a write end that was never used", "open-write-end", (0, 1), (2, 3), "close", "root steps[2]",
        "in root: close w before the wait for child",
        {
            "root": [pipe("r", "w"), spawn("child", "r"), wait("child")],
            "child": [given("r"), read("r")],
        },
    ),
    Broken(
        "it waits for itself", "self-wait", (0,), (), "drop", "root steps[1]",
        "in root: leave out the wait for own",
        {"root": ['"process_id", as = "own"', wait("own"), '"log", text = "never"']},
    ),
    Broken(
        "the root waits for VM 0 by number", "self-wait", (0,), (), "drop", "root steps[0]",
        "in root: leave out the wait for VM 0",
        {"root": [wait(0)]},
    ),
    Broken(
        "a child waits for the root", "wait-for-root", (0, 1), (), "drop", "child steps[0]",
        "in child: leave out the wait for VM 0",
        {"root": [spawn("child"), wait("child")], "child": [wait(0)]},
    ),
    Broken(
        "a child waits for the root, which reads from it", "wait-for-root", (0, 1), (2, 3), "drop", "child steps[1]",
        "in child: leave out the wait for VM 0",
        {
            "root": [pipe("r", "w"), spawn("child", "w"), read("r")],
            "child": [given("w"), wait(0), write("w")],
        },
    ),
    Broken(
        "reads from its own pipe", "own-pipe-read", (0,), (2, 3), "drop", "root steps[1]",
        "in root: leave out the read from r",
        {"root": [pipe("r", "w"), read("r")]},
    ),
    Broken(
        "writes to its own pipe", "own-pipe-write", (0,), (2, 3), "drop", "root steps[1]",
        "in root: leave out the write to w; and in root: leave out the read from r",
        {"root": [pipe("r", "w"), write("w"), read("r")]},
    ),
    Broken(
        "keeps the write end and reads to the end", "own-pipe-read", (1,), (2, 3), "close", "child steps[2]",
        "in child: close w before the read from r",
        {
            "root": [pipe("r", "w"), spawn("child", "r", "w"), wait("child")],
            "child": [given("r", "w"), '"log", text = "reads"', until_closed("r")],
        },
    ),
    Broken(
        "a ring of three that read", "ring-of-reads", (0, 2, 1), (2, 3, 4, 5, 6, 7), "earlier", "b steps[1]",
        "in b: write to w first, before the read from r",
        {
            "root": [*TWO_PIPES, pipe("r3", "w3"), spawn("a", "r1", "w2"), spawn("b", "r2", "w3"),
                     read("r3"), write("w1"), wait("a"), wait("b")],
            "a": [given("r", "w"), read("r"), write("w")],
            "b": [given("r", "w"), read("r"), write("w")],
        },
    ),
    Broken(
        "a ring of three that write", "ring-of-writes", (0, 1, 2), (2, 3, 4, 5, 6, 7), "earlier", "a steps[1]",
        "in a: read from r first, before the write to w",
        {
            "root": [*TWO_PIPES, pipe("r3", "w3"), spawn("a", "r1", "w2"), spawn("b", "r2", "w3"),
                     write("w1"), read("r3"), wait("a"), wait("b")],
            "a": [given("r", "w"), write("w"), read("r")],
            "b": [given("r", "w"), write("w"), read("r")],
        },
    ),
    Broken(
        "a ring of four that read", "ring-of-reads", (0, 3, 2, 1), (2, 3, 4, 5, 6, 7, 8, 9), "earlier", "c steps[1]",
        "in c: write to w first, before the read from r",
        {
            "root": [*TWO_PIPES, pipe("r3", "w3"), pipe("r4", "w4"), spawn("a", "r1", "w2"), spawn("b", "r2", "w3"),
                     spawn("c", "r3", "w4"), read("r4"), write("w1"), wait("a"), wait("b"), wait("c")],
            "a": [given("r", "w"), read("r"), write("w")],
            "b": [given("r", "w"), read("r"), write("w")],
            "c": [given("r", "w"), read("r"), write("w")],
        },
    ),
    Broken(
        "they speak of different pipes first", "reads-and-writes", (0, 1), (2, 3, 4, 5), "earlier", "child steps[1]",
        "in child: write to one first, before the write to two",
        {
            "root": [*TWO_PIPES, spawn("child", "w1", "w2"), read("r1"), read("r2"), wait("child")],
            "child": [given("one", "two"), write("two"), write("one")],
        },
    ),
    Broken(
        "two children wait for each other", "ring-of-waits", (1, 2), (), "drop", "a steps[2]",
        "in a: leave out the wait for VM 2",
        {
            "root": [pipe("r", "w"), spawn("a", "r"), spawn("b"), write("w"), wait("a"), wait("b")],
            "a": [given("r"), read("r"), wait(2)],
            "b": [wait(1)],
        },
    ),
    Broken(
        "reads half of it", "reads-and-writes", (0, 1), (2, 3, 4, 5), "size", "child steps[1]",
        "in child: read up to 8 bytes from one, not 4",
        {
            "root": [*TWO_PIPES, spawn("child", "r1", "r2"), write("w1", "12345678"), write("w2"), wait("child")],
            "child": [given("one", "two"), read("one", 4), read("two")],
        },
    ),
    Broken(
        "both write more than is read", "ring-of-writes", (0, 1), (2, 3, 4, 5), "size", "child steps[1]",
        "in child: read up to 8 bytes from r, not 4",
        {
            "root": [*TWO_PIPES, spawn("child", "r1", "w2"), write("w1", "12345678"), read("r2"), wait("child")],
            "child": [given("r", "w"), read("r", 4), write("w")],
        },
    ),
    Broken(
        "an end that was not handed over", "own-pipe-read", (0,), (2, 3), "hand-over", "root steps[1]",
        "hand w to child",
        {
            "root": [pipe("r", "w"), spawn("child"), read("r"), '"wait", vm = "child", exit_code = 0'],
            "child": [given("w"), write("w")],
        },
    ),
    Broken(
        "a grandchild waits for its parent", "ring-of-waits", (1, 2), (), "drop", "grandchild steps[2]",
        "in grandchild: leave out the wait for VM 1",
        {
            "root": [pipe("r", "w"), spawn("child", "w"), read("r"), wait("child")],
            "child": [given("w"), spawn("grandchild", "w"), wait("grandchild")],
            "grandchild": [given("w"), write("w"), wait(1)],
        },
    ),
    Broken(
        "a loop that reads once too often", "open-write-end", (0, 1), (2, 3), "close", "root steps[3]",
        "in root: close w before the wait for child",
        {
            "root": [pipe("r", "w"), spawn("child", "r"),
                     '"repeat", times = 3, steps = [{ op = "write", fd = "w", text = "x" }]', wait("child")],
            "child": [given("r"), '"repeat", times = 4, steps = [{ op = "read", fd = "r", size = 1 }]'],
        },
    ),
    Broken(
        "a loop that writes once too often", "unread-write", (0, 1), (2, 3), "times", "root steps[2]",
        "in root: repeat 3 times, not 2 times",
        {
            "root": [pipe("r", "w"), spawn("child", "w"),
                     '"repeat", times = 2, steps = [{ op = "read", fd = "r", size = 1 }]', wait("child")],
            "child": [given("w"), '"repeat", times = 3, steps = [{ op = "write", fd = "w", text = "x" }]'],
        },
    ),
    Broken(
        "waits for the wrong child first", "open-write-end", (0, 2, 1), (2, 3), "later", "root steps[3]",
        "in root: move the wait for b after the write to w",
        {
            "root": [pipe("r", "w"), spawn("a", "r"), spawn("b"), wait("b"), write("w")],
            "a": [given("r"), read("r")],
            "b": [wait(1)],
        },
    ),
    Broken(
        "a wait, a write and a read", "mixed-ring", (0, 2, 1), (2, 3, 4, 5), "earlier", "a steps[1]",
        "in a: read from second first, before the read from first",
        {
            "root": [*TWO_PIPES, spawn("a", "r1", "r2"), spawn("b", "w2"), wait("b"), write("w1"), wait("a")],
            "a": [given("first", "second"), read("first"), read("second")],
            "b": [given("w"), write("w")],
        },
    ),
    Broken(
        "a child keeps a pipe to itself", "own-pipe-read", (1,), (2, 3), "drop", "child steps[1]",
        "in child: leave out the read from r",
        {"root": [spawn("child"), wait("child")], "child": [pipe("r", "w"), read("r")]},
    ),
    Broken(
        "a pipeline whose source never ends", "open-write-end", (0, 2, 1), (2, 3, 4, 5), "close", "root steps[5]",
        "in root: close w1 before the wait for last",
        {
            "root": [*TWO_PIPES, spawn("first", "r1", "w2"), spawn("last", "r2"), write("w1"), wait("last")],
            "first": [given("in", "out"), '"read", fd = "in", size = 8, as = "got"',
                      '"write", fd = "out", from = "got"', read("in")],
            "last": [given("in"), read("in"), read("in")],
        },
    ),
    Broken(
        "asks before it is asked", "ring-of-reads", (0, 1), (2, 3, 4, 5), "write", "root steps[3]",
        "in root: write to w1 before the read from r2",
        {
            "root": [*TWO_PIPES, spawn("server", "r1", "w2"), read("r2"), wait("server")],
            "server": [given("request", "answer"), read("request"), write("answer", "done")],
        },
    ),
    Broken(
        "a server that waits for more", "open-write-end", (0, 1), (2, 3), "times", "echo steps[1]",
        "in echo: repeat once, not 2 times",
        {
            "root": [*TWO_PIPES, spawn("echo", "r1", "w2"), write("w1"), read("r2"), '"log", text = "done"',
                     wait("echo")],
            "echo": [given("in", "out"),
                     '"repeat", times = 2, steps = [{ op = "read", fd = "in", size = 8, as = "got" }, '
                     '{ op = "write", fd = "out", text = "got it" }]'],
        },
    ),
    Broken(
        "one ring among others that wait", "ring-of-reads", (1, 2), (2, 3, 4, 5), "earlier", "b steps[1]",
        "in b: write to w first, before the read from r",
        {
            "root": [*TWO_PIPES, spawn("a", "r1", "w2"), spawn("b", "r2", "w1"), wait("a"), wait("b")],
            "a": [given("r", "w"), read("r"), write("w")],
            "b": [given("r", "w"), read("r"), write("w")],
        },
    ),
    Broken(
        "fan-in from one that has not begun", "open-write-end", (0, 1), (4, 5), "later", "root steps[5]",
        "in root: move the wait for a after the write to w2",
        {
            "root": [*TWO_PIPES, spawn("a", "w1", "r2"), '"log", text = "waits"', read("r1"), wait("a"), write("w2")],
            "a": [given("out", "go"), write("out"), read("go")],
        },
    ),
    Broken(
        "a child keeps what another reads to the end", "open-write-end", (1, 2), (2, 3), "close", "keeper steps[2]",
        "in keeper: close w before the wait for VM 1",
        {
            "root": [pipe("r", "w"), spawn("reader", "r"), spawn("keeper", "w"), wait("reader"), wait("keeper")],
            "reader": [given("r"), read("r"), until_closed("r")],
            "keeper": [given("w"), write("w"), wait(1)],
        },
    ),
    Broken(
        "a grandchild keeps the write end", "ring-of-reads", (0, 2), (2, 3, 4, 5), "write", "root steps[4]",
        "in root: write to w2 before the read from r1",
        {
            "root": [*TWO_PIPES, spawn("child", "w1", "r2"), read("r1"), until_closed("r1"), wait("child")],
            "child": [given("w", "r"), spawn("grandchild", "w", "r"), wait("grandchild")],
            "grandchild": [given("w", "r"), write("w"), read("r")],
        },
    ),
    Broken(
        "was given more than it uses", "open-write-end", (1, 2), (4, 5), "close", "writer steps[3]",
        "in writer: close never before the wait for VM 1",
        {
            "root": [*TWO_PIPES, spawn("reader", "r1", "r2"), spawn("writer", "w1", "w2"), wait("writer")],
            "reader": [given("in", "more"), read("in"), until_closed("more")],
            "writer": [given("out", "never"), write("out"), '"log", text = "written"', wait(1)],
        },
    ),
    Broken(
        "reads before there is a writer", "own-pipe-read", (0,), (2, 3), "later", "root steps[1]",
        "in root: move the read from r after the spawn of child",
        {
            "root": [pipe("r", "w"), read("r"), spawn("child", "w"), wait("child")],
            "child": [given("w"), write("w")],
        },
    ),
    Broken(
        "writes before there is a reader", "own-pipe-write", (0,), (2, 3), "later", "root steps[1]",
        "in root: move the write to w after the spawn of child",
        {
            "root": [pipe("r", "w"), write("w"), spawn("child", "r"), wait("child")],
            "child": [given("r"), read("r")],
        },
    ),
    Broken(
        "a ring of four that write", "ring-of-writes", (0, 1, 2, 3), (2, 3, 4, 5, 6, 7, 8, 9), "earlier", "a steps[1]",
        "in a: read from r first, before the write to w",
        {
            "root": [*TWO_PIPES, pipe("r3", "w3"), pipe("r4", "w4"), spawn("a", "r1", "w2"), spawn("b", "r2", "w3"),
                     spawn("c", "r3", "w4"), write("w1"), read("r4"), wait("a"), wait("b"), wait("c")],
            "a": [given("r", "w"), write("w"), read("r")],
            "b": [given("r", "w"), write("w"), read("r")],
            "c": [given("r", "w"), write("w"), read("r")],
        },
    ),
    Broken(
        "a loop that is a round short", "reads-and-writes", (0, 1), (2, 3, 4, 5), "times", "child steps[1]",
        "in child: repeat 3 times, not 2 times",
        {
            "root": [*TWO_PIPES, spawn("child", "r1", "r2"),
                     '"repeat", times = 3, steps = [{ op = "write", fd = "w1", text = "ab" }]',
                     write("w2"), wait("child")],
            "child": [given("one", "two"),
                      '"repeat", times = 2, steps = [{ op = "read", fd = "one", size = 2, text = "ab" }]', read("two")],
        },
    ),
    Broken(
        "two rings, one a read and one a wait", "self-wait", (1,), (), "drop", "a steps[1]",
        "in b: leave out the read from r; and in a: leave out the wait for own",
        {
            "root": [spawn("a"), spawn("b"), wait("b"), wait("a")],
            "a": ['"process_id", as = "own"', wait("own")],
            "b": [pipe("r", "w"), read("r")],
        },
    ),
    Broken(
        "reads in a loop without an end", "open-write-end", (0, 1), (2, 3), "close", "root steps[2]",
        "in root: close w before the wait for child",
        {
            "root": [pipe("r", "w"), spawn("child", "r"), wait("child")],
            "child": [given("r"),
                      '"repeat", times = 1, steps = [{ op = "log", text = "a" }, { op = "read", fd = "r", size = 4 }]'],
        },
    ),
    Broken(
        "wants to hear that nothing comes", "ring-of-reads", (0, 1), (2, 3, 4, 5), "discard", "root steps[3]",
        "in root: close w2 before the read from r1",
        {
            "root": [*TWO_PIPES, spawn("child", "w1", "r2"), read("r1"), wait("child")],
            "child": [given("out", "in"), read("in"), until_closed("in"), write("out")],
        },
    ),
    Broken(
        "writes once more than is read", "unread-write", (0, 1), (2, 3), "read", "root steps[3]",
        "in root: read from r before the wait for child",
        {
            "root": [pipe("r", "w"), spawn("child", "w"), read("r"), wait("child")],
            "child": [given("w"), write("w"), write("w")],
        },
    ),
]  # fmt: skip
