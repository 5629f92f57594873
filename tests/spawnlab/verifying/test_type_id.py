"""What is said of a type id that does not pass, and that it helps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spawnlab.__main__ import main
from spawnlab.scheduler.verify.type_id import TYPE_ID_CODE_HASH

from ...scenarios.mock import files

Capture = pytest.CaptureFixture[str]


def with_type_id(args: str, *, outputs: int = 1, behind: int = 0) -> Any:
    """The worked example with so many outputs of a type id, behind others."""
    values = files.worked()
    (plain,) = values["tx"]["outputs"]
    type_id = {"code_hash": f"0x{TYPE_ID_CODE_HASH.hex()}", "hash_type": "type", "args": args}
    values["tx"]["outputs"] = [plain] * behind + [{**plain, "type": type_id}] * outputs
    values["tx"]["outputs_data"] = ["0x"] * (behind + outputs)
    return values


def printed(values: Any, folder: Path, capsys: Capture) -> str:
    assert main(["verify", str(files.written(folder, values))]) == 1
    return capsys.readouterr().out


@pytest.mark.parametrize("behind", [0, 3])
def test_the_right_args_are_said(behind: int, tmp_path: Path, capsys: Capture) -> None:
    out = printed(with_type_id(files.ZERO, behind=behind), tmp_path, capsys)
    said = f"why: a type id that output {behind} begins has the args 0x"
    assert said in out
    right = "0x" + out.partition(said)[2][:64]
    file = files.written(tmp_path, with_type_id(right, behind=behind))
    assert main(["verify", str(file)]) == 0


def test_args_of_another_size(tmp_path: Path, capsys: Capture) -> None:
    assert "why: the args of a type id are 32 bytes, and these are 1" in printed(with_type_id("0xff"), tmp_path, capsys)


def test_too_many_cells(tmp_path: Path, capsys: Capture) -> None:
    out = printed(with_type_id(files.ZERO, outputs=2), tmp_path, capsys)
    assert "why: a type id is one cell, consumed once and made once; 0 inputs and 2 outputs have this one" in out


def test_as_json(tmp_path: Path, capsys: Capture) -> None:
    file = files.written(tmp_path, with_type_id("0xff"))
    main(["verify", str(file), "--json"])
    made = json.loads(capsys.readouterr().out)["scripts"][-1]
    assert made["why"] == "the args of a type id are 32 bytes, and these are 1"
    assert made["explanation"] is None
