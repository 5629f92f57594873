"""What is loaded to begin with: what a user waits for at each command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ..scenarios.mock import files

HEAVY = {"trio", "msgspec", "elftools", "yaml", "ctypes", "dataclasses", "inspect", "spawnlab.vm", "spawnlab.scheduler"}
NOT_FOR_A_SMALL_RUN = {"elftools", "yaml", "pdb", "spawnlab.vm.native.space", "spawnlab.explain", "spawnlab.vm.blocks"}


def loaded(arguments: list[str]) -> set[str]:
    """The modules that a command has loaded when it ends."""
    program = "import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\nimport spawnlab\n"
    if arguments:
        program += f"from spawnlab.__main__ import main\nmain({arguments})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_an_import_and_a_help_text_load_little(arguments: list[str]) -> None:
    modules = loaded(arguments)
    assert "spawnlab" in modules
    assert not modules & HEAVY


def test_a_small_run_loads_no_more_than_it_needs() -> None:
    modules = loaded(["run", "gallery:own_pipe"])
    assert "spawnlab.vm.machine" in modules
    assert not modules & NOT_FOR_A_SMALL_RUN


def test_verifying_loads_neither_trio_nor_explaining(tmp_path: Path) -> None:
    modules = loaded(["verify", str(files.written(tmp_path, files.worked()))])
    assert "spawnlab.vm.machine" in modules
    assert not modules & {*NOT_FOR_A_SMALL_RUN, "trio", "spawnlab.staging"}
