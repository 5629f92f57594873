"""Pictures of campaigns: what is drawn is what was found, and what can't be drawn is said before anything is played."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import msgspec
import pytest

from spawnlab.__main__ import main
from spawnlab.explore.campaign import Campaign, play_batch
from spawnlab.explore.generate import Shape
from spawnlab.explore.plot import PlotError, check_plot, plot
from spawnlab.explore.summary import Summary, summary_of


def summary() -> Summary:
    campaign = Campaign(mode="random", shape=Shape("free", 4, 4, 8), seed=1)
    return summary_of(campaign, [play_batch(campaign, 0, 60)], shown=0)


def test_all_endings_and_sizes_are_in_the_picture(tmp_path: Path) -> None:
    it = summary()
    plot(it, tmp_path / "a.svg")
    svg = (tmp_path / "a.svg").read_text()
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert set(it.endings) <= set(texts)
    assert {str(size) for size in it.sizes} <= set(texts)
    assert any(f"{it.count_found:,}" in text and "60 cases" in text for text in texts)


def test_equal_results_give_equal_pictures(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg", "a.png", "b.png"):
        plot(summary(), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    other = msgspec.structs.replace(summary(), count_found=999)
    plot(other, tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() != (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"


def test_nothing_was_played(tmp_path: Path) -> None:
    plot(summary_of(Campaign(mode="random"), [], shown=0), tmp_path / "a.svg")
    assert "0 cases" in (tmp_path / "a.svg").read_text()


def test_pictures_that_can_not_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PlotError, match=r"the suffix must be .svg or .png"):
        check_plot(tmp_path / "a.gif")
    with pytest.raises(PlotError, match="there is no folder"):
        check_plot(tmp_path / "none" / "a.svg")
    (tmp_path / "taken.svg").mkdir()
    with pytest.raises(PlotError, match="Is a directory"):
        plot(summary(), tmp_path / "taken.svg")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PlotError, match=r"pip install 'spawnlab\[plot\]'"):
        check_plot(tmp_path / "a.svg")


def test_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.svg"
    assert main(["explore", "random", "--count", "20", "--plot", str(file)]) == 1
    assert file.read_text().startswith("<?xml")
    capsys.readouterr()
    assert main(["explore", "random", "--count", "1_000_000_000", "--plot", str(tmp_path / "a.gif")]) == 2
    assert "suffix" in capsys.readouterr().err
