"""The operation language to RISC-V assembly: a few instructions a step, all values in memory, no cleverness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ..scheduler.syscalls import exec, misc, pipes, processes
from ..vm.machine import EXIT
from . import steps as s
from .cycles import spend
from .errors import ScenarioError
from .names import Names, nearest

_CELL_DEP_SOURCE = 3
REPEAT_DEPTH_MAX = 32
EXPECTATION_FAILED = -1
"""Exit code of a VM in which something else happened than its steps expect."""


def compile_steps(steps: Sequence[s.AnyStep], programs: Mapping[str, int], path: str) -> str:
    """Assembly text of a program.

    ``programs`` maps the names that can be spawned to their cell deps; ``path`` is the program's place in its file.
    Raises :class:`ScenarioError`.
    """
    compiler = _Compiler(programs)
    compiler.emit("_start:")
    compiler.steps(steps, f"{path}.steps", "step")
    compiler.steps((s.Exit(),), path, "end")
    compiler.epilogue()
    return "\n".join([".text", *compiler.code, ".data", *compiler.names.data]) + "\n"


class _Compiler(msgspec.Struct):
    programs: Mapping[str, int]
    names: Names = msgspec.field(default_factory=Names)
    code: list[str] = msgspec.field(default_factory=list[str])

    def emit(self, *lines: str) -> None:
        self.code += lines

    def steps(self, steps: Sequence[s.AnyStep], path: str, label: str) -> None:
        for index, step in enumerate(steps):
            where = f"{path}[{index}]"
            self.emit(f"{label}_{index}:")
            try:
                self.step(step, where, f"{label}_{index}")
            except ValueError as error:
                raise ScenarioError(str(error), path=where) from None

    def step(self, step: s.AnyStep, path: str, label: str) -> None:
        match step:
            case s.Pipe():
                self.pipe(step, path)
            case s.Spawn():
                self.spawn(step, path)
            case s.Exec():
                self.exec(step, path)
            case s.Read():
                self.read(step, path)
            case s.Write():
                self.write(step, path)
            case s.Close():
                self.load("a0", step.fd, f"{path}.fd")
                self.call(pipes.CLOSE, step, path)
            case s.Wait():
                self.wait(step, path)
            case s.InheritedFds():
                self.inherited_fds(step, path)
            case s.ProcessId():
                self.emit(f"  li a7, {processes.PROCESS_ID}", "  ecall")
                self.store("a0", self.names.define(step.name))
            case s.Compute():
                self.emit(*spend(step.cycles, label))
            case s.Log():
                self.emit(f"  la a0, {self.names.text(_no_nul(step.text))}", f"  li a7, {misc.DEBUG}", "  ecall")
            case s.Expect():
                self.load("t1", step.value, f"{path}.value")
                self.load("t2", step.equals, f"{path}.equals")
                self.require("t1", "t2", f"{path}: {step.value} does not equal {step.equals}")
            case s.Repeat():
                self.repeat(step, path, label)
            case s.Exit():
                self.load("a0", step.code, f"{path}.code")
                self.emit(f"  li a7, {EXIT}", "  ecall")

    # Parts

    def load(self, register: str, value: s.Value, path: str) -> None:
        """Put a value in a register; t0 is used."""
        if isinstance(value, int):
            if not -(1 << 63) <= value < 1 << 64:
                raise ScenarioError(f"{value} does not fit in 64 bits", path=path)
            self.emit(f"  li {register}, {value}")
        else:
            self.emit(f"  la t0, {self.names.word(value, path)}", f"  ld {register}, 0(t0)")

    def store(self, register: str, label: str) -> None:
        """Put a register in a word; t0 is used."""
        self.emit(f"  la t0, {label}", f"  sd {register}, 0(t0)")

    def copy(self, source: str, offset: int, target: str) -> None:
        """Put a word that lies ``offset`` bytes after a label in another."""
        self.emit(f"  la t0, {source}", f"  ld t1, {offset}(t0)")
        self.store("t1", target)

    def call(self, number: int, step: s.Call, path: str) -> None:
        """Make a system call and leave the VM unless it answers as the step expects."""
        self.emit(f"  li a7, {number}", "  ecall", f"  li t1, {s.return_code(step.code)}")
        done = self.names.label("done")
        message = self.names.text(f"{path}: the return code is not {step.code}")
        self.emit(f"  beq a0, t1, {done}", f"  la a1, {message}", "  j unexpected", f"{done}:")

    def require(self, a: str, b: str, message: str) -> None:
        """Leave the VM unless two registers are equal."""
        done = self.names.label("done")
        self.emit(f"  beq {a}, {b}, {done}", f"  la a1, {self.names.text(message)}", "  j failed", f"{done}:")

    def epilogue(self) -> None:
        """Where a VM goes whose expectation failed: a1 is what it says first, a0 the return code if it was one."""
        self.emit(
            "failed:",
            "  li a0, 0",
            "unexpected:",
            "  mv s0, a0",
            "  mv a0, a1",
            f"  li a7, {misc.DEBUG}",
            "  ecall",
            "  mv a0, s0",
            "  bnez a0, leave",
            f"  li a0, {EXPECTATION_FAILED}",
            "leave:",
            f"  li a7, {EXIT}",
            "  ecall",
        )

    # Operations

    def pipe(self, step: s.Pipe, path: str) -> None:
        pair = self.names.constant(".dword 0, 0", prefix="pair")
        self.emit(f"  la a0, {pair}")
        self.call(pipes.PIPE, step, path)
        for offset, name in zip((0, 8), step.ends, strict=True):
            self.copy(pair, offset, self.names.define(name))

    def program(self, step: s.Spawn | s.Exec, path: str) -> int:
        """The cell dep of the program that a step names."""
        if step.program not in self.programs:
            known = nearest(step.program, self.programs)
            raise ScenarioError(f"there is no program {step.program!r}{known}", path=f"{path}.program")
        return self.programs[step.program]

    def argv(self, argv: Sequence[str]) -> str:
        """The label of a list of arguments."""
        texts = [self.names.text(_no_nul(argument)) for argument in argv]
        return self.names.constant(f".dword {', '.join([*texts, '0'])}", prefix="argv")

    def exec(self, step: s.Exec, path: str) -> None:
        pointers = self.argv(step.argv)
        self.emit(
            f"  li a0, {self.program(step, path)}",
            f"  li a1, {_CELL_DEP_SOURCE}",
            "  li a2, 0",
            "  li a3, 0",
            f"  li a4, {len(step.argv)}",
            f"  la a5, {pointers}",
        )
        self.call(exec.EXEC, step, path)

    def spawn(self, step: s.Spawn, path: str) -> None:
        program = self.program(step, path)
        pointers = self.argv(step.argv)
        fds = self.names.constant(f".zero {8 * len(step.fds) + 8}", prefix="fds")
        child = self.names.constant(".dword 0", prefix="child")
        for index, fd in enumerate(step.fds):
            self.load("t1", fd, f"{path}.fds[{index}]")
            self.emit(f"  la t0, {fds}", f"  sd t1, {8 * index}(t0)")
        block = self.names.constant(f".dword {len(step.argv)}, {pointers}, {child}, {fds}", prefix="spawn")
        self.emit(
            f"  li a0, {program}",
            f"  li a1, {_CELL_DEP_SOURCE}",
            "  li a2, 0",
            "  li a3, 0",
            f"  la a4, {block}",
        )
        self.call(processes.SPAWN, step, path)
        if step.name is not None:
            self.copy(child, 0, self.names.define(step.name))

    def read(self, step: s.Read, path: str) -> None:
        expected = bytes_of(step.text, step.hex, path)
        label, count = self.names.reserve_buffer(step.size)
        if step.name is not None:
            self.names.buffers[step.name] = (label, count)
        self.load("a0", step.fd, f"{path}.fd")
        self.emit(f"  la a1, {label}", f"  la a2, {count}", f"  li t1, {step.size}", "  sd t1, 0(a2)")
        self.call(pipes.READ, step, path)
        if step.count is not None:
            self.copy(count, 0, self.names.define(step.count))
        if expected is not None:
            self.compare(label, count, expected, f"{path}: read other bytes than expected")

    def compare(self, label: str, count: str, expected: bytes, message: str) -> None:
        """Leave the VM unless a buffer holds just these bytes."""
        self.emit(f"  la t0, {count}", "  ld t1, 0(t0)", f"  li t2, {len(expected)}")
        self.require("t1", "t2", message)
        if not expected:
            return
        again, wanted = self.names.label("again"), self.names.content(expected)
        self.emit(f"  la t3, {label}", f"  la t4, {wanted}", f"  li t5, {len(expected)}")
        self.emit(f"{again}:", "  lbu t1, 0(t3)", "  lbu t2, 0(t4)")
        self.require("t1", "t2", message)
        self.emit("  addi t3, t3, 1", "  addi t4, t4, 1", "  addi t5, t5, -1", f"  bnez t5, {again}")

    def write(self, step: s.Write, path: str) -> None:
        if sum(x is not None for x in (step.text, step.hex, step.data, step.size)) != 1:
            raise ScenarioError("give one of text, hex, from and size", path=path)
        length = self.names.constant(".dword 0", prefix="length")
        content = bytes_of(step.text, step.hex, path)
        if step.data is not None:
            label, count = self.names.buffer(step.data, f"{path}.from")
            self.copy(count, 0, length)
        else:
            size = len(content) if content is not None else step.size or 0
            label = self.names.content(content) if content is not None else self.names.zeros(size)
            self.emit(f"  li t1, {size}")
            self.store("t1", length)
        self.load("a0", step.fd, f"{path}.fd")
        self.emit(f"  la a1, {label}", f"  la a2, {length}")
        self.call(pipes.WRITE, step, path)
        if step.count is not None:
            self.copy(length, 0, self.names.define(step.count))

    def wait(self, step: s.Wait, path: str) -> None:
        code = self.names.constant(".dword 0", prefix="code")
        self.load("a0", step.vm, f"{path}.vm")
        self.emit(f"  la a1, {code}")
        self.call(processes.WAIT, step, path)
        self.emit(f"  la t0, {code}", "  lb t1, 0(t0)")
        if step.name is not None:
            self.store("t1", self.names.define(step.name))
        if step.exit_code is not None:
            self.emit(f"  li t2, {step.exit_code}")
            self.require("t1", "t2", f"{path}: the exit code is not {step.exit_code}")

    def inherited_fds(self, step: s.InheritedFds, path: str) -> None:
        wanted = len(step.names)
        count = self.names.constant(f".dword {wanted}", prefix="count")
        listed = self.names.constant(f".zero {8 * wanted + 8}", prefix="inherited")
        self.emit(f"  la a0, {listed}", f"  la a1, {count}", f"  li t1, {wanted}", "  sd t1, 0(a1)")
        self.call(pipes.INHERITED_FD, step, path)
        self.emit(f"  la t0, {count}", "  ld t1, 0(t0)", f"  li t2, {wanted}")
        self.require("t1", "t2", f"{path}: not {wanted} fds were inherited")
        for index, name in enumerate(step.names):
            self.copy(listed, 8 * index, self.names.define(name))

    def repeat(self, step: s.Repeat, path: str, label: str) -> None:
        if label.count("_") > REPEAT_DEPTH_MAX:  # a label has an underscore for each level
            raise ScenarioError(f"repeat is nested more than {REPEAT_DEPTH_MAX} deep", path=path)
        counter = self.names.constant(".dword 0", prefix="counter")
        again, done = self.names.label("again"), self.names.label("done")
        self.emit(f"  li t1, {step.times}")
        self.store("t1", counter)
        self.emit(f"{again}:")
        self.steps(step.steps, f"{path}.steps", label)
        self.emit(f"  la t0, {counter}", "  ld t1, 0(t0)", "  addi t1, t1, -1", "  sd t1, 0(t0)")
        self.emit(f"  beqz t1, {done}", f"  j {again}", f"{done}:")


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text cannot hold a NUL character: programs end their texts with one")
    return text


def bytes_of(text: str | None, hexadecimal: str | None, path: str) -> bytes | None:
    """The bytes that a step gives as text or in hex, if it does; raises :class:`ScenarioError`."""
    if text is not None and hexadecimal is not None:
        raise ScenarioError("give text or hex, not both", path=path)
    if text is not None:
        return text.encode()
    if hexadecimal is None:
        return None
    try:
        return bytes.fromhex(hexadecimal.removeprefix("0x"))
    except ValueError as error:
        raise ScenarioError(f"not hexadecimal bytes: {error}", path=f"{path}.hex") from None
