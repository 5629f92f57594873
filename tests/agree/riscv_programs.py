"""Assembly files made into programs that machines of versions 0, 1 and 2 load, by whichever compiler is found."""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = Path(__file__).parent / "riscv_env"
"""The headers and the linker script."""

_FLAGS = (
    "-mabi=lp64",
    "-mcmodel=medany",
    "-mno-relax",  # else code may use gp, which programs use for something else
    "-nostdlib",
    "-static",
    "-Wl,--build-id=none",
    "-Wl,-z,max-page-size=4096",
)
_ZIG_TARGET = ("-target", "riscv64-freestanding-none")


class BuildError(Exception):
    """The compiler refused a file; the text is what it said."""


@dataclass(frozen=True)
class Compiler:
    """A command that assembles and links."""

    command: tuple[str, ...]
    zig: bool

    def build(
        self,
        source: Path,
        target: Path,
        *,
        extensions: Sequence[str],
        include: Iterable[Path] = (),
        define: Iterable[str] = (),
        script: Path = ENVIRONMENT / "flat.ld",
    ) -> None:
        """Make ``target`` of ``source`` for RV64I with ``extensions``, as in ``["m", "c", "zba"]``.

        Raises :class:`BuildError`.
        """
        folders = [*include, ENVIRONMENT]
        command = [
            *self.command,
            self._machine(extensions),
            *_FLAGS,
            *(f"-I{folder}" for folder in folders),
            *(f"-D{name}" for name in define),
            "-T",
            str(script),
            str(source),
            "-o",
            str(target),
        ]
        target.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode or not target.exists():
            raise BuildError(done.stderr.strip() or f"{command[0]} ended with {done.returncode}")

    def _machine(self, extensions: Sequence[str]) -> str:
        if self.zig:
            return "-mcpu=" + "+".join(["generic_rv64", *extensions])
        letters = "".join(name for name in extensions if len(name) == 1)
        return "-march=" + "_".join([f"rv64i{letters}", *(name for name in extensions if len(name) > 1)])


def find_compiler(command: str | None = None) -> Compiler | None:
    """The compiler of that command, else a ``riscv64-*-gcc`` on PATH, else the one in the ``ziglang`` package."""
    if command is not None:
        words = tuple(shlex.split(command))
        zig = any("zig" in Path(word).name for word in words)
        return Compiler((*words, *_ZIG_TARGET) if zig and "-target" not in words else words, zig)
    for folder in os.get_exec_path():
        for file in sorted(Path(folder).glob("riscv64-*-gcc")):
            return Compiler((str(file),), zig=False)
    return find_zig()


def find_zig() -> Compiler | None:
    """The compiler in the ``ziglang`` package."""
    if importlib.util.find_spec("ziglang") is None:
        return None
    return Compiler((sys.executable, "-m", "ziglang", "cc", *_ZIG_TARGET), zig=True)
