"""Writes ``data/scheduler_cases.jsonl.gz``: small runs in every mode, and what the reference makes of them.

As a command, which needs cargo: ``python tests/spawnlab/record_cases.py``.
"""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

import spawnlab
from spawnlab.conform.modes import Mode
from spawnlab.conform.reference import build_runner, case_of
from spawnlab.scheduler.mockup import MockCell, mock_group
from spawnlab.scheduler.transaction import ScriptGroupData
from spawnlab.vm.assembler import assemble

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(__file__).parent / "data" / "scheduler_cases.jsonl.gz"
MODES = {
    "trace": Mode(trace=True),
    "run": Mode(),
    "limit": Mode(max_cycles=150_000),
    "each": Mode(suspend_each_iteration=True),
    "pieces": Mode(pause_every=300_000),
    "stuck": Mode(pause_every=50_000),
    "short": Mode(trace=True, max_iterations=3),
}
PAUSE = "  li a7, 2178\n  ecall\n"
EXIT = "  li a0, 3\n  li a7, 93\n  ecall\n"
PAUSING = f'{PAUSE}  la a0, text\n  li a7, 2177\n  ecall\n{PAUSE}{EXIT}.data\ntext: .asciz "paused, not stirred"\n'
LOAD_AS_CODE = f"""
  li a0, 0x200000
  li a1, 8192
  li a2, 0
  li a3, 5000
  li a4, 0
  li a5, 1
  li a7, 2091
  ecall
{PAUSE}{EXIT}"""
"""Pages that can't be brought back: the cell ends within the second of them."""


def groups() -> Iterator[tuple[str, ScriptGroupData, dict[str, Mode]]]:
    for name in ("deadlock", "parent_child", "pipeline"):
        modes = MODES if name == "pipeline" else {key: MODES[key] for key in ("trace", "each", "limit")}
        yield name, spawnlab.load(ROOT / "scenarios" / "gallery" / f"{name}.toml").sg_data, modes
    pauses = {str(pause): Mode(pause_every=10_000, debug_pause=pause) for pause in (None, "skip", "suspend")}
    yield "pausing", mock_group([assemble(PAUSING).elf()]), pauses
    lost = mock_group([assemble(LOAD_AS_CODE).elf()], inputs=[MockCell(data=bytes(5000))])
    yield "lost page", lost, {"suspend": pauses["suspend"], "skip": pauses["skip"]}


def main() -> None:
    cases = [(f"{name}/{how}", case_of(group, mode)) for name, group, modes in groups() for how, mode in modes.items()]
    lines = b"\n".join(msgspec.json.encode(case) for _, case in cases)
    out = subprocess.run([build_runner(), "--machine", "plain"], input=lines, capture_output=True, check=True).stdout
    records: list[dict[str, Any]] = []
    for (name, case), outcome in zip(cases, out.splitlines(), strict=True):
        records.append({"name": name, "case": case, "outcome": msgspec.json.decode(outcome)})
    TARGET.write_bytes(gzip.compress(b"\n".join(map(msgspec.json.encode, records)) + b"\n", mtime=0))
    print(f"{len(records)} cases in {TARGET}")


if __name__ == "__main__":
    main()
