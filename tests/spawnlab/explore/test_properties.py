"""Properties that are Python functions: what they are given, where they run, and what is said when they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from spawnlab.__main__ import main
from spawnlab.explore.campaign import Campaign, holds_of, play_batch
from spawnlab.explore.campaign_file import CampaignFile, CampaignFileError
from spawnlab.explore.cases import case_of
from spawnlab.explore.generate import Shape
from spawnlab.explore.properties import PropertyError, is_function, property_of, read_source
from spawnlab.explore.work import work

SMALL = Shape("acyclic", 4, 4, 0)
SOURCE = """
from dataclasses import dataclass

from spawnlab.explore.facts import facts_of

@dataclass
class Least:
    bytes: int

LEAST = Least(100)

def many_bytes(run):
    return facts_of(run).bytes >= LEAST.bytes

def shorter(run, plain, least=1):
    return run.outcome.iterations + least <= plain.outcome.iterations

def fails(run):
    return 1 / (run.outcome.iterations - run.outcome.iterations)

async def later(run): ...

def of_nothing(): ...

def by_name(*, run): ...

constant = 5
"""


def campaign(name: str, mode: str = "random") -> Campaign:
    return Campaign(mode=mode, shape=SMALL, seed=3, question=f"checks.py:{name}", source=SOURCE)


def test_a_function_and_an_expression_that_ask_the_same() -> None:
    asked = play_batch(campaign("many_bytes"), 0, 60).found
    expected = Campaign(mode="random", shape=SMALL, seed=3, question="bytes >= 100 and cycles > 0")
    assert asked == play_batch(expected, 0, 60).found
    assert 0 < len(asked) < 60


def test_a_function_of_both_runs() -> None:
    asked = campaign("shorter", "limits")
    found = play_batch(asked, 0, 30).found
    assert 0 < len(found) < 30
    for one in found:
        case = case_of(one.token)
        assert case.play().outcome.iterations < case.plain.play().outcome.iterations
        assert holds_of(asked, case)


def test_processes_have_the_function_too() -> None:
    one, two = CampaignFile(None, campaign("many_bytes")), CampaignFile(None, campaign("many_bytes"))
    work(one, 300)
    work(two, 300, jobs=2)
    assert one.batches() == two.batches()
    one.close()
    two.close()


def test_another_function_is_another_campaign(tmp_path: Path) -> None:
    CampaignFile(tmp_path / "c", campaign("many_bytes")).close()
    other = Campaign(mode="random", shape=SMALL, seed=3, question="checks.py:many_bytes", source=SOURCE + "# other\n")
    with pytest.raises(CampaignFileError, match=r"another campaign: .* checks.py:many_bytes"):
        CampaignFile(tmp_path / "c", other)


def test_a_function_that_fails_says_where_and_of_which_case() -> None:
    with pytest.raises(PropertyError) as raised:
        play_batch(campaign("fails"), 7, 5)
    text = str(raised.value)
    assert "checks.py:fails failed: ZeroDivisionError: division by zero (line 19: return 1 / (run" in text
    assert "case 7: spawnlab case t1." in text
    case = case_of(text.rsplit(maxsplit=1)[-1])
    assert case.play().outcome.iterations > 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("many_byte", r"no function 'many_byte' \(def, not async def\); did you mean 'many_bytes'"),
        ("later", "no function 'later'"),
        ("constant", "no function 'constant'"),
        ("of_nothing", "must take a run"),
        ("by_name", "must take a run"),
    ],
)
def test_functions_that_can_not_be(name: str, words: str) -> None:
    with pytest.raises(PropertyError, match=words):
        campaign(name).asked()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def f(run:\n", r"checks.py: SyntaxError: .* \(line 1\)"),
        ("x = 1\ny = x / 0\n", r"checks.py: ZeroDivisionError: division by zero \(line 2: y = x / 0\)"),
        ("import no_such_module_here\n", "checks.py: ModuleNotFoundError"),
        ("\0", "checks.py: "),
    ],
)
def test_files_that_can_not_be_executed(source: str, words: str) -> None:
    with pytest.raises(PropertyError, match=words):
        property_of("checks.py:f", source)


def test_what_is_a_function_and_what_an_expression() -> None:
    assert is_function("checks.py:f")
    assert is_function(" some/where/checks.py:f ")
    assert not is_function("deadlock")
    assert not is_function("checks.py:")
    assert not is_function("checks:f")


def test_where_the_file_is_does_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "checks.py"
    file.write_text(SOURCE)
    assert read_source(f"{file}:many_bytes") == ("checks.py:many_bytes", SOURCE)
    with pytest.raises(PropertyError, match="No such file"):
        read_source(f"{tmp_path / 'none.py'}:f")
    file.write_bytes(b"\xff")
    with pytest.raises(PropertyError, match="utf-8"):
        read_source(f"{file}:f")
    file.write_bytes(b"#" * (1 << 20) + b"#")
    with pytest.raises(PropertyError, match="more than 1,048,576 bytes"):
        read_source(f"{file}:f")


def test_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "checks.py"
    file.write_text(SOURCE)
    arguments = ["explore", "random", "--kind", "acyclic", "--count", "30", "--shown", "1", "--property"]
    assert main([*arguments, f"{file}:many_bytes"]) == 1
    assert "checks.py:many_bytes: " in capsys.readouterr().out
    assert main([*arguments, f"{file}:fails"]) == 2
    error = capsys.readouterr().err
    assert "ZeroDivisionError" in error
    assert "Traceback" not in error
    assert not list(tmp_path.glob("__pycache__"))
