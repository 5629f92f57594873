"""What the documents show is what happens."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import msgspec
import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.commands.draw import STEPPER, STEPPER_SUFFIXES
from spawnlab.explain.model import Change, Edit, Explanation, Spender, Wait
from spawnlab.explore import orders as explored
from spawnlab.explore.campaign import MODES, Campaign, Found
from spawnlab.explore.generate import KINDS, Shape
from spawnlab.explore.orders import FaultRuns, Reason, Verdict
from spawnlab.explore.parting import Doing, Parting
from spawnlab.explore.properties import NAMES
from spawnlab.explore.results import Result, Stuck
from spawnlab.explore.summary import Summary
from spawnlab.hints.model import Hint, Hints, Spot
from spawnlab.host import HostInfo
from spawnlab.limits import Ending, LimitRange, LimitRanges
from spawnlab.pictures import sequence, timeline, topology, trace
from spawnlab.pictures.drawing import FORMATS, SUFFIXES
from spawnlab.pictures.scale import AXES
from spawnlab.scenarios.gallery import entries
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scenarios.steps import AnyStep
from spawnlab.scheduler.codes import ReturnCode
from spawnlab.scheduler.faults import KINDS as FAULTS
from spawnlab.scheduler.faults import form_of
from spawnlab.scheduler.outcome import Outcome
from spawnlab.verifying.text import ScriptReport, VerificationReport
from spawnlab.views.costs import CostReport, VmCost
from spawnlab.views.diff import DiffReport, Side
from spawnlab.views.hypotheticals import FaultNote
from spawnlab.views.report import Iteration, Line, Report

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_the_readmes_run_is_real(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    command, _, shown = README.partition("    $ spawnlab ")[2].partition("\n")
    shown = shown.partition("\n\n")[0]
    monkeypatch.chdir(ROOT)
    main(command.split())
    assert [line[4:].rstrip() for line in shown.splitlines()] == [
        line.rstrip() for line in capsys.readouterr().out.splitlines()
    ]


def test_the_readmes_scenario_ends_as_it_expects() -> None:
    text = README.partition("```toml\n")[2].partition("```")[0]
    assert spawnlab.run(parse_scenario(text, ".toml")).unmet == ()


def test_the_readme_counts_the_gallery() -> None:
    scenarios, lessons = re.findall(r"(\d+) scenarios in (\d+) lessons", README)[0]
    every = entries()
    assert (int(scenarios), int(lessons)) == (len(every), len({entry.lesson for entry in every}))


def test_the_readmes_python_runs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    text = README.partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(ROOT)
    exec(text, {})  # noqa: S102 - our own document
    out = capsys.readouterr().out.splitlines()
    assert out[0] == re.search(r"print\(run\.outcome\.deadlock\.rings\)\s+# (.*)", text)[1]  # type: ignore[index] # pyright: ignore
    assert len(out) > 10


def test_every_operation_and_field_is_documented() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text().partition("## Operations")[2]
    for step in AnyStep.__args__:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{step.__struct_config__.tag}` |"))
        for field in step.__struct_encode_fields__:
            assert field == "code" or f"`{field}" in row, (row, field)
    for code in ReturnCode:
        assert f"`{code.name}` {code.value}" in page


@pytest.mark.parametrize(("page", "least"), [("scheduler.md", 20), ("actors.md", 20), ("explore.md", 4)])
def test_the_pages_of_python_are_real(page: str, least: int) -> None:
    failed, tried = doctest.testfile(str(ROOT / "docs" / page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert (failed, tried > least) == (0, True)


def test_every_link_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), (page, target)


@pytest.mark.parametrize(
    "kind",
    [
        Report,
        FaultNote,
        FaultRuns,
        Outcome,
        Iteration,
        Line,
        CostReport,
        VmCost,
        LimitRanges,
        LimitRange,
        Ending,
        DiffReport,
        Side,
        Explanation,
        Wait,
        Edit,
        Change,
        Spender,
        Hint,
        Hints,
        Spot,
        HostInfo,
        Verdict,
        explored.Ending,
        Reason,
        Result,
        Stuck,
        Parting,
        Doing,
        Summary,
        Found,
        Campaign,
        Shape,
        ScriptReport,
        VerificationReport,
    ],
)
def test_every_field_of_json_is_documented(kind: type[msgspec.Struct]) -> None:
    page = (ROOT / "docs" / "json.md").read_text()
    for field in kind.__struct_encode_fields__:
        assert re.search(rf"`(?:[a-z]+\.)?{field}`|\"{field}\"", page), (kind, field)


def test_the_outputs_that_are_shown_are_real(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    names = ("cost.md", "explain.md", "hints.md", "orders.md", "explore.md", "faults.md", "pictures.md")
    pages = [(ROOT / "docs" / name).read_text() for name in names]
    found = [re.findall(r"^    \$ spawnlab (.*)\n((?:    .*\n)+)", page, re.MULTILINE) for page in pages]
    assert all(found), "each page shows something"
    for command, shown in (example for examples in found for example in examples):
        main(shlex.split(command))
        assert [line[4:] for line in shown.splitlines()] == capsys.readouterr().out.splitlines()


def test_transactions_are_documented(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its commands one after the other in one folder; how long a script takes is not compared."""
    page = ROOT / "docs" / "transactions.md"
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"^    \$ spawnlab (.*)\n((?:    (?!\$ ).*\n)+)", page.read_text(), re.MULTILINE)
    assert len(examples) > 4
    for command, shown in examples:
        main(shlex.split(command))
        printed = capsys.readouterr()
        said = [re.sub(r"\d\.\d{3} s", "T s", line) for line in (printed.out or printed.err).splitlines()]
        assert [re.sub(r"\d\.\d{3} s", "T s", line[4:]) for line in shown.splitlines()] == said
    (pinned,) = re.findall(r"```json\n(.*?)```", page.read_text(), re.DOTALL)
    assert pinned in Path("payment.json").read_text()
    (scenario,) = re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL)
    Path("lock.toml").write_text(scenario)
    assert spawnlab.run("lock.toml").as_expected
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert (failed, tried > 15) == (0, True)


def test_every_fault_is_documented() -> None:
    page = (ROOT / "docs" / "faults.md").read_text()
    for kind in FAULTS:
        assert f"\n| `{form_of(kind)}` |" in page


def test_exploring_is_documented(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "explore.md").read_text()
    for name in (*MODES, *KINDS, *NAMES):
        assert re.search(rf"^\|[^|]*`{name}`", page, re.MULTILINE), name
    monkeypatch.chdir(tmp_path)
    checks, test = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    Path("checks.py").write_text(checks)
    assert main(["explore", "random", "--count", "30", "--property", "checks.py:one_vm_spends_most"]) == 1
    exec(test, {})  # noqa: S102 - our own document
    assert not list(tmp_path.glob("failing-scenarios/*"))


def test_pictures_are_documented(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "pictures.md").read_text()
    for form, subjects in FORMATS.items():
        (row,) = re.findall(rf"^\| `{form}` \|(.*)", page, re.MULTILINE)
        assert all(f"`{what}`" in row for what in subjects)
        assert all(f"`{suffix}`" in row for suffix, meant in SUFFIXES.items() if meant == form)
    (row,) = re.findall(rf"^\| `{STEPPER}` \|(.*)", page, re.MULTILINE)
    assert all(f"`{suffix}`" in row for suffix in STEPPER_SUFFIXES)
    for axis in AXES:
        assert re.search(rf"^\| `{axis}` \|", page, re.MULTILINE)
    for most in (sequence.TURNS_MAX, timeline.TURNS_MAX, trace.TURNS_MAX, topology.NODES_MAX):
        assert re.search(rf"\b{most:,}\b", page)
    monkeypatch.chdir(tmp_path)
    (python,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    exec(python, {})  # noqa: S102 - our own document
    assert sorted(file.name for file in tmp_path.iterdir()) == ["deadlock.mmd", "deadlock.svg"]
