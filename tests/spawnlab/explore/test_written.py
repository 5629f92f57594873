"""Scenarios that somebody wrote, explored: changed by each mode, in tokens that hold all that they need."""

from __future__ import annotations

import io
import json
import random
import re
import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.__main__ import main
from spawnlab.explore.campaign import ALONE, MODES, Campaign, CampaignError, holds_of, play_batch, smallest
from spawnlab.explore.cases import Case, TokenError, case_of, plain_case
from spawnlab.explore.facts import ending
from spawnlab.explore.written import Written, written
from spawnlab.play import run_synchronously
from spawnlab.scenarios.build import build_file
from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.gallery import entries, resolve
from spawnlab.scenarios.load import load_scenario
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.scenarios.programs import STUB
from spawnlab.vm.assembler import assemble

DEPENDENT = "gallery:end_of_a_stream"
NAMES = [entry.name for entry in entries()]


def of(mode: str, *names: str, question: str = "") -> Campaign:
    return Campaign(mode=mode, seed=5, question=question, scenarios=tuple(written(name) for name in names))


@pytest.mark.parametrize("name", NAMES)
def test_a_token_makes_the_run_of_the_file(name: str) -> None:
    """But for its suspensions, which are a change."""
    it = written(f"gallery:{name}")
    case = case_of(plain_case(it).token)
    assert case == plain_case(it)
    made = build_file(resolve(f"gallery:{name}"))
    made = msgspec.structs.replace(made, scenario=msgspec.structs.replace(made.scenario, suspend=None))
    assert case.play().journal == run_synchronously(made).journal


def test_a_token_needs_no_file(tmp_path: Path) -> None:
    """Programs that are read or compiled are in it."""
    (tmp_path / "child.elf").write_bytes(STUB)
    file = tmp_path / "a.toml"
    file.write_text(
        "[programs.root]\nsteps = [{ op = 'spawn', program = 'child', as = 'c' }, { op = 'wait', vm = 'c' }]\n"
        "[programs.child]\nelf = 'child.elf'\n"
    )
    token = plain_case(written(file)).token
    shutil.rmtree(tmp_path)
    assert case_of(token).play().outcome.exit_code == 0


def test_a_token_whose_program_is_missing_is_refused_without_looking_for_a_file() -> None:
    scenario = Scenario(programs={"root": Program(elf="/etc/hostname")})
    with pytest.raises(TokenError, match=r"\$\.programs\.root: what it is made of is missing"):
        case_of(plain_case(Written(scenario)).token)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode not in ALONE])
def test_found_cases_have_the_property_when_they_are_played_again(mode: str) -> None:
    asked = of(mode, DEPENDENT, "gallery:relay", question="turns > 3")
    found = play_batch(asked, 0, 24).found
    assert found
    assert {one.number % 2 for one in found} == {0, 1}, "both scenarios are played"
    for one in found:
        case = case_of(one.token)
        assert case.written == asked.scenarios[one.number % 2]
        assert (case.changes == "") == (mode == "agree")
        assert ending(case.play()) == one.ending
        assert holds_of(asked, case)


def test_batches_are_the_same_however_they_are_cut() -> None:
    asked = of("suspend", DEPENDENT, "gallery:suspended_badly", question="swaps >= 0")
    whole = play_batch(asked, 0, 20)
    pieces = [play_batch(asked, first, count) for first, count in ((0, 7), (7, 7), (14, 6))]
    assert whole.found == tuple(one for piece in pieces for one in piece.found)
    assert len(whole.found) == 20


def test_one_suspension_of_several_is_enough() -> None:
    asked = of("suspend", "gallery:suspended_badly")
    it = plain_case(asked.scenarios[0])
    several = msgspec.structs.replace(it, suspend_at=(100_000, 600_000, 900_000))
    assert holds_of(asked, several)
    small = smallest(asked, several)
    assert len(small.suspend_at) == 1
    assert holds_of(asked, small)


def test_another_order_makes_a_difference() -> None:
    found = play_batch(of("policy", DEPENDENT), 0, 20).found
    assert found
    assert {one.ending for one in found} == {"exit 7"}
    assert all("--policy " in one.changes for one in found)


@given(limit=st.integers(0, 300_000))
@settings(max_examples=20, deadline=None)
def test_a_limit_is_the_runs_own(limit: int) -> None:
    case = msgspec.structs.replace(plain_case(written("gallery:relay")), limit=limit)
    assert case_of(case.token).play().journal == run_synchronously("gallery:relay", limit=limit).journal
    assert case.plain == plain_case(written("gallery:relay"))


def test_what_a_scenario_expects_is_a_fact() -> None:
    every = play_batch(of("limits", "gallery:relay", question="turns >= 0"), 0, 20).found
    found = play_batch(of("limits", "gallery:relay", question="as_expected"), 0, 20).found
    assert found == tuple(one for one in every if not case_of(one.token).play().unmet)
    assert 0 < len(found) < len(every) == 20


@pytest.mark.parametrize("mode", ALONE)
def test_modes_that_are_about_topologies(mode: str) -> None:
    with pytest.raises(CampaignError, match="can be explored by limits, suspend, policy"):
        of(mode, DEPENDENT)


def test_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["explore", "policy", DEPENDENT, "--count", "10", "--shown", "1", "--write", str(tmp_path)]
    assert main(arguments) == 1
    printed = capsys.readouterr().out
    assert "10 cases, 20 runs" in printed
    assert "changes" in printed
    token = printed.split()[-1]
    assert main(["case", token, "--quiet"]) == 1
    assert "exit code 7" in capsys.readouterr().out
    (file,) = tmp_path.iterdir()
    assert load_scenario(file).programs == written(DEPENDENT).scenario.programs
    assert "--policy " in load_scenario(file).why


def test_an_elf_file_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.elf"
    file.write_bytes(STUB)
    assert main(["explore", "limits", str(file), "--script-version", "1", "--count", "20", "--shown", "1"]) == 0
    assert main(["explore", "limits", str(file), "--count", "20", "--property", "error != ''"]) == 1
    token = capsys.readouterr().out.split()[-1]
    assert case_of(token).play().outcome.failure is not None


def test_a_case_is_written_with_the_files_that_it_is_made_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An ELF file, or a transaction; what is written plays elsewhere, and says the same."""
    file = tmp_path / "a.elf"
    file.write_bytes(assemble("li a0, 7\nli a7, 93\necall").elf())
    assert main(["convert", str(file), "-o", str(tmp_path / "tx.json")]) == 0
    for number, what in enumerate((file, tmp_path / "tx.json")):
        out = tmp_path / f"out{number}"
        arguments = ["explore", "limits", str(what), "--count", "3", "--property", "cycles >= 0"]
        assert main([*arguments, "--write", str(out)]) == 1
        cases = sorted(out.glob("*.json"))
        assert len(cases) == 3
        found = json.loads(_printed(capsys, *arguments, "--json"))["found"]
        tokens = {f"case{one['number']}": one["token"] for one in found}
        for case in cases:
            mine = case_of(tokens[case.stem]).play()
            moved = case.parent.rename(tmp_path / "moved") / case.name
            theirs = spawnlab.run_synchronously(moved)
            moved.parent.rename(out)
            assert mine.journal == theirs.journal


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    main([*arguments])
    return capsys.readouterr().out


def test_a_token_that_is_long_is_not_shown_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read from the standard input, since no command line is that long."""
    program = assemble("li a0, 0\nli a7, 93\necall").elf() + random.Random(1).randbytes(200_000)
    (tmp_path / "a.elf").write_bytes(program)
    arguments = ["explore", "limits", str(tmp_path / "a.elf"), "--count", "1", "--property", "cycles >= 0"]
    assert re.search(r" t1\.\S{21}\.\.\. \([\d,]+ characters: --write DIR ", _printed(capsys, *arguments))
    token = json.loads(_printed(capsys, *arguments, "--json"))["found"][0]["token"]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{token}\n".encode())))
    assert case_of(token).play().outcome.cycles > 0
    assert "cycles" in _printed(capsys, "case", "-")


def test_a_function_is_where_the_file_is() -> None:
    it = written("gallery:python_program")
    assert it.folder
    assert not it.elves
    assert Case(written=it).play().outcome.exit_code == it.scenario.expect.exit_code


def test_more_than_a_case_can_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.elf").write_bytes(STUB + bytes(2000))
    assert written(tmp_path / "a.elf").elves
    monkeypatch.setattr("spawnlab.explore.written.MADE_OF_MAX", 2000)
    with pytest.raises(ScenarioError, match=r"a\.elf: [\d,]+ bytes of programs, of which a case can hold 2,000"):
        written(tmp_path / "a.elf")


def test_a_token_from_a_standard_input_that_is_closed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert main(["case", "-"]) == 2
    assert capsys.readouterr().err == "spawnlab: -: there is no standard input\n"
