"""Campaigns under native code for 64-bit Arm, on other hosts: by an aarch64 Python in qemu, where ``.ci/aarch64`` has
unpacked one or ``SPAWNLAB_AARCH64_PYTHON`` names a command that has all that ours needs."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]
UNPACKED = ROOT / "build" / "aarch64" / "python"
COUNT = 1600


def python() -> list[str]:
    """The command; empty where there is none."""
    named = os.environ.get("SPAWNLAB_AARCH64_PYTHON", "")
    if named or not UNPACKED.exists():
        return shlex.split(named)
    return [str(UNPACKED)]


pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(not python(), reason="there is no aarch64 Python here; .ci/aarch64 gets one"),
]


def said(*arguments: str) -> str:
    """What it prints."""
    done = subprocess.run([*python(), *arguments], capture_output=True, text=True, check=False, cwd=ROOT, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_has_native_code() -> None:
    text = "import platform; from spawnlab.vm.engines import native_refusal as why; print(platform.machine(), why())"
    assert said("-c", text).split() == ["aarch64", "None"]


def test_hostile_programs_end_as_stepped() -> None:
    text = said(str(HERE.with_name("hostile.py")), "--count", str(COUNT))
    assert f"{COUNT} programs in " in text
    assert "differing: none" in text


def test_vectors_leave_behind_what_was_recorded() -> None:
    file = ROOT / "tests" / "vm" / "data" / "isa_vectors.jsonl.gz"
    text = (
        "from pathlib import Path; from spawnlab.conform.isa import run_vectors\n"
        "from spawnlab.vm.engines import engine\n"
        f"tally = run_vectors([Path({str(file)!r})], settings=['2', '0ab', '2a'], engine=engine('native'))\n"
        "print(*tally.report(every=False))"
    )
    assert said("-c", text).endswith(" matched, 0 differ\n")
