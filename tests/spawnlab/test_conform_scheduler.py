"""``spawnlab conform scheduler``: recorded runs match, and one wrong digit anywhere in a record is seen."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.conform.cases import Blobs, Case, group_of
from spawnlab.conform.modes import Mode
from spawnlab.conform.reference import case_of, run_reference
from spawnlab.conform.scheduler import compare, run_cases
from spawnlab.conform.tally import RecordError
from spawnlab.vm.assembler import assemble

ROOT = Path(__file__).resolve().parents[2]
RECORDED = Path(__file__).parent / "data" / "scheduler_cases.jsonl.gz"
GOLDEN = ROOT.parent / "shared" / "golden" / "scheduler"
Capture = pytest.CaptureFixture[str]
Record = dict[str, Any]


def records() -> list[Record]:
    return [json.loads(line) for line in gzip.decompress(RECORDED.read_bytes()).splitlines()]


def write(file: Path, *lines: Record) -> Path:
    file.write_text("\n".join(map(json.dumps, lines)))
    return file


def conform(*arguments: object) -> int:
    return main(["conform", "scheduler", *map(str, arguments)])


def test_recorded_runs_match(capsys: Capture) -> None:
    assert conform(RECORDED) == 0
    assert capsys.readouterr().out == f"{len(records())} matched, 0 differ\n"


def test_all_modes_and_endings_are_recorded() -> None:
    assert {str(record["case"]["mode"])[:10] for record in records()} >= {"run", "trace", "{'pause_ev", "{'suspend_"}
    assert {record["outcome"]["status"] for record in records()} >= {"exit", "error", "stopped", "panic"}
    assert any(record["outcome"].get("debug") for record in records())
    assert any(record["case"].get("debug_pause") for record in records())


@pytest.mark.reference
def test_the_records_are_what_the_reference_gives() -> None:
    """``python tests/spawnlab/record_cases.py`` writes them anew."""
    theirs = run_reference([record["case"] for record in records()])
    for record, outcome in zip(records(), theirs, strict=True):
        assert compare(record["outcome"], outcome) == [], record["name"]


def _numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the numbers and texts of a record are."""
    if isinstance(value, dict):
        for key, part in cast("dict[Any, Any]", value).items():
            yield from _numbers(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(cast("list[Any]", value)):
            yield from _numbers(part, (*path, index))
    elif value is not None:
        yield path


def test_one_wrong_digit_anywhere_is_seen(tmp_path: Path) -> None:
    chosen = {str(record["case"]["mode"])[:10] + record["outcome"]["status"]: record for record in records()}
    assert len(chosen) > 5
    lines: list[Record] = []
    for record in chosen.values():
        places = list(_numbers(record["outcome"]))
        for path in places[:: max(1, len(places) // 25)]:
            wrong = copy.deepcopy(record)
            parent = wrong["outcome"]
            for key in path[:-1]:
                parent = parent[key]
            value = parent[path[-1]]
            parent[path[-1]] = value + 1 if isinstance(value, int) else value + "x"
            wrong["name"] = f"{record['name']} {path}"
            lines.append(wrong)
    tally = run_cases([write(tmp_path / "wrong.jsonl", *lines)])
    seen = {difference.where.split(" ", 1)[1] for difference in tally.differences}
    assert {line["name"] for line in lines} == seen
    assert len(lines) > 100


def test_a_difference_is_shown(tmp_path: Path, capsys: Capture) -> None:
    record = next(record for record in records() if record["case"]["mode"] == "trace")
    record["outcome"]["trace"][1]["vms"][0][4] += 1
    file = write(tmp_path / "one.jsonl", record)
    assert conform(file) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{file}:1 {record['name']}"
    assert lines[1].startswith("  trace[1].vms[0][4]: expected ")
    assert lines[-1] == "0 matched, 1 differ"


def test_the_plain_interpreters_outcome_is_ours(tmp_path: Path, capsys: Capture) -> None:
    record = records()[0]
    cycles = record["outcome"]["cycles"]
    record["outcome"]["cycles"] = cycles + 5
    assert conform(write(tmp_path / "one.jsonl", record)) == 1
    record["outcome_plain"] = {"cycles": cycles}
    assert conform(write(tmp_path / "one.jsonl", record)) == 0
    capsys.readouterr()


def test_only_some_names(capsys: Capture) -> None:
    names = [record["name"] for record in records()]
    assert conform(RECORDED, "--name", names[0]) == 0
    assert capsys.readouterr().out == f"{sum(names[0] in name for name in names)} matched, 0 differ\n"
    assert conform(RECORDED, "--name", "no such name") == 0
    assert capsys.readouterr().out == "0 matched, 0 differ\n"


def test_programs_that_are_not_there_are_named(tmp_path: Path, capsys: Capture) -> None:
    record = {"name": "n", "case": {"program": "nowhere", "version": 2}, "outcome": {"status": "exit"}}
    assert conform(write(tmp_path / "one.jsonl", record)) == 0
    assert capsys.readouterr().out == "no program nowhere\n0 matched, 0 differ, 1 without their program\n"
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "nowhere").write_bytes(assemble("li a7, 93\n ecall").elf())
    assert conform(tmp_path / "one.jsonl") == 0
    assert capsys.readouterr().out == "1 matched, 0 differ\n"


PROGRAM = {"hex": assemble("li a7, 93\n ecall").elf().hex()}


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ({"program": 7}, "not a blob: 7"),
        ({"program": {"hex": "0"}}, "not hexadecimal"),
        ({"program": {"zeros": -1}}, "not a blob: zeros = -1"),
        ({"program": {"zeros": 1 << 60}}, "not a blob: zeros"),
        ({"program": {"concat": 1}}, "not a blob: concat"),
        ({"program": {"nothing": 1}}, "not a blob: nothing"),
        ({"program": {"hex": "", "zeros": 1}}, "not a blob"),
        ({"program": {"file": "../x"}}, "'../x' is not the name of a file"),
        ({"program": {"file": "x"}}, "there is no file 'x' among the blobs"),
        ({"program": "../x"}, "'../x' is not the name of a file"),
        ({"program": PROGRAM, "witness_set": "w"}, "there is no file 'witness_sets.json'"),
        ({"program": PROGRAM, "mode": "backwards"}, "mode: Object contains unknown field `backwards`"),
        ({"program": PROGRAM, "mode": {"pause_every": "x"}}, "mode: Expected `int"),
        ({"program": PROGRAM, "version": 3}, "Expected `int` <= 2"),
        ({"program": PROGRAM, "program_index": 5}, "program_index"),
        ({"program": PROGRAM, "script_group_type": "x"}, "Invalid enum value 'x'"),
    ],
)
def test_cases_that_make_no_sense(case: Record, message: str, tmp_path: Path, capsys: Capture) -> None:
    record = {"name": "n", "case": {"version": 2, **case}, "outcome": {}}
    file = write(tmp_path / "one.jsonl", record)
    assert conform(file) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"spawnlab: {file}:1: ")
    assert message in error


def test_blobs(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b"program")
    (tmp_path / "f").write_bytes(b"file")
    (tmp_path / "witness_sets.json").write_text('{"w": ["00", {"zeros": 2}]}')
    blobs = Blobs([tmp_path / "nowhere", tmp_path], [tmp_path])
    assert blobs.resolve("00ff") == b"\0\xff"
    assert blobs.resolve({"concat": [{"program": "p"}, {"file": "f"}, {"zeros": 1}]}) == b"programfile\0"
    assert blobs.resolve({"data_hash": ""}).hex().startswith("44f4c697")
    assert blobs.witness_set("w") == ["00", {"zeros": 2}]
    with pytest.raises(RecordError, match="no witness set 'x'"):
        blobs.witness_set("x")
    case = msgspec.convert({"program": "p", "version": 2, "witness_set": "w", "inputs": [{"lock": "self"}]}, Case)
    assert group_of(case, blobs).resolved.transaction.witnesses == (b"\0", b"\0\0")


def test_a_group_as_a_case_gives_the_group_again() -> None:
    made = spawnlab.load(ROOT / "scenarios" / "gallery" / "pipeline.toml")
    case = msgspec.convert(case_of(made.sg_data, Mode(trace=True)), Case)
    assert group_of(case, Blobs([], [])) == made.sg_data
    assert case.how() == Mode(trace=True)


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="no recorded runs beside the project")
def test_recorded_runs_beside_the_project_are_read() -> None:
    """Most of them need programs that are not there; what can be run must match."""
    tally = run_cases([GOLDEN / "cases.jsonl"])
    assert tally.differences == []
    assert tally.matched + len(tally.absent) > 2000
