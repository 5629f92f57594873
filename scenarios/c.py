"""C programs, compiled by clang out of the ``ziglang`` wheel: the extra ``c``, no system toolchain."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from .errors import NoCompilerError, ScenarioError
from .extras import install_words

INCLUDE = Path(__file__).parent / "include"
"""The folder of ``spawnlab.h``, and of the linker script."""
HEADER = "spawnlab.h"
"""The header of the system calls, as lines name it."""
_BASE = "generic_rv64+m+c"
_CPU = {0: f"{_BASE}+relax", 1: f"{_BASE}+zba+zbb+zbc+zbs", 2: f"{_BASE}+zba+zbb+zbc+zbs"}
"""By script version. Version 0 has no B, and its jalr goes astray where it links and jumps by the same register: calls
do that unless the linker relaxes them."""
_FLAGS = (
    *("-O2", "-g", "-std=gnu11", "-Wall", "-ffreestanding", "-fno-sanitize=all"),
    *("-fno-unwind-tables", "-fno-asynchronous-unwind-tables", "-nostdlib", "-static"),
)
_SECONDS_MAX = 120
_LINES_SHOWN = 30


class COptions(msgspec.Struct, frozen=True):
    """What a compilation depends on besides the text."""

    version: int
    """Script version."""
    constants: Mapping[str, int]
    """Macros."""
    path: str
    """The program's place in its scenario, for errors."""


def compile_c(file: Path, folder: Path, options: COptions) -> bytes:
    """The ELF file of a C file; ``folder`` is what ``#include`` and messages start from.

    Equal texts give equal files, wherever they lie. Raises :class:`ScenarioError` with the compiler's messages, and
    where there is no compiler.
    """
    import subprocess
    import tempfile

    if importlib.util.find_spec("ziglang") is None:
        raise NoCompilerError(f"C needs a compiler: {install_words('c')}", path=options.path)
    with tempfile.TemporaryDirectory() as made:
        output = Path(made) / "program.elf"
        command = [
            *(sys.executable, "-m", "ziglang", "cc", "-target", "riscv64-freestanding-none"),
            *(f"-mcpu={_CPU[options.version]}", *_FLAGS),
            *(f"-ffile-prefix-map={folder.resolve()}=.", f"-ffile-prefix-map={INCLUDE}=."),
            *(f"-Wl,-T,{INCLUDE / 'program.ld'}", "-I", str(INCLUDE)),
            *(f"-D{name}={value}" for name, value in options.constants.items()),
            *("-o", str(output), str(file.name if file.parent == folder else file.resolve())),
        ]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS_MAX, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ScenarioError(f"the compiler can't be run: {error}", path=options.path) from None
        if done.returncode != 0 or not output.is_file():
            messages = done.stderr.strip().splitlines()[:_LINES_SHOWN]
            raise ScenarioError("\n  ".join(["does not compile:", *messages]), path=options.path)
        return output.read_bytes()


def compile_c_text(text: str, name: str, options: COptions) -> bytes:
    """The ELF file of C text, which messages call ``NAME.c``; raises as :func:`compile_c`."""
    import tempfile

    with tempfile.TemporaryDirectory() as made:
        file = Path(made) / f"{name}.c"
        file.write_text(text, encoding="utf-8")
        return compile_c(file, file.parent, options)
