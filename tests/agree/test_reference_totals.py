"""The reference's own totals, where its programs are; and that a wrong one is seen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spawnlab.vm.assembler import assemble

from . import reference_totals
from .reference_totals import ASSERTED, Asserted, main

PROGRAMS = os.environ.get("SPAWNLAB_CKB_PROGRAMS", "")


@pytest.mark.skipif(not PROGRAMS, reason="SPAWNLAB_CKB_PROGRAMS names no folder with ckb's script/testdata")
def test_all_totals_are_met(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--programs", PROGRAMS]) == 0
    assert capsys.readouterr().out.rstrip().endswith(" 0 differ")


def test_each_test_is_named_once_a_version() -> None:
    names = [one.test for one in ASSERTED]
    assert len(names) == len(set(names))
    assert all(one.totals for one in ASSERTED)


def test_a_wrong_total_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "smallest").write_bytes(assemble("li a0, 0\n li a7, 93\n ecall").elf())
    (tmp_path / "spawn_io_cycles").write_bytes(assemble("li a0, 1\n li a7, 93\n ecall").elf())
    cycles = 502 + (12 + 16 + 3) // 4  # two instructions, the ecall, and loading 12 bytes and 16 of the stack
    monkeypatch.setattr(reference_totals, "IO_CYCLES", 0)
    for total, status in ((cycles, 0), (cycles + 1, 1), ("InvalidInstruction", 1)):
        monkeypatch.setattr(reference_totals, "ASSERTED", (Asserted("it", "smallest", {2: total}),))
        assert main(["--programs", str(tmp_path)]) == status
        assert f"| it | 2 | {total} | {cycles} |" in capsys.readouterr().out
    monkeypatch.setattr(reference_totals, "ASSERTED", (Asserted("it", "spawn_io_cycles", {2: "exit code 1"}),))
    assert main(["--programs", str(tmp_path)]) == 0
