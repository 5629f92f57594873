"""What a terminal is shown: colours where they are wanted, lines that fit, nothing that steers it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spawnlab
from spawnlab.__main__ import main
from spawnlab.scheduler.codes import ReturnCode
from spawnlab.scheduler.events import Refused
from spawnlab.views.cast import Cast
from spawnlab.views.jsontext import json_text
from spawnlab.views.screen import Screen
from spawnlab.views.terminal import Terminal
from spawnlab.views.text import cells, cut, harmless, padded, wrapped
from spawnlab.views.timeline import Timeline

GALLERY = Path(__file__).resolve().parents[2] / "scenarios" / "gallery"


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("tty", "choice", "environ", "colour"),
    [
        (True, "auto", {}, True),
        (False, "auto", {}, False),
        (True, "auto", {"NO_COLOR": "1"}, False),
        (True, "auto", {"NO_COLOR": ""}, True),
        (True, "auto", {"TERM": "dumb"}, False),
        (False, "auto", {"FORCE_COLOR": "1"}, True),
        (False, "auto", {"FORCE_COLOR": "0"}, False),
        (False, "auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True),
        (False, "always", {"NO_COLOR": "1"}, True),
        (True, "never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_who_decides_about_colour(tty: bool, choice: str, environ: dict[str, str], colour: bool) -> None:
    stream = Tty() if tty else io.StringIO()
    assert Terminal.of(stream, choice, environ).colour is colour


def test_only_terminals_have_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "47")
    assert Terminal.of(Tty()).width == 47
    assert Terminal.of(io.StringIO()).width is None


def test_columns_are_counted_as_terminals_do() -> None:
    assert [cells(text) for text in ("ab", "e\u0301", "漢字")] == [2, 1, 4]
    assert (cut("漢字漢字", 4), cut("abcdef", 4), cut("abcd", 4)) == ("漢…", "abc…", "abcd")


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=60)


@given(TEXTS, st.integers(20, 80))
def test_what_is_cut_or_wrapped_fits(text: str, width: int) -> None:
    assert cells(cut(text, width)) <= width
    assert cells(padded(text, width)) == width
    assert all(cells(line) <= width for line in wrapped(text, width, indent=" ", hanging="    "))
    assert wrapped(text, None) == [text]


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_harmless_text_is_printable_and_json_means_the_same(text: str) -> None:
    assert harmless(text).isprintable()
    shown = json_text({"text": text})
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert json.loads(shown) == {"text": text}


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
@pytest.mark.parametrize("name", ["pipeline", "deadlock"])
def test_a_timeline_fits_and_says_the_same(name: str, width: int) -> None:
    run = spawnlab.run_synchronously(GALLERY / f"{name}.toml")
    wide, narrow = (Timeline(Cast(run.build), len(run.build.codes)) for _ in range(2))
    screen = Screen(narrow, Terminal(width=width))
    assert all(cells(line) <= width for line in screen.heading())
    for event in run.journal:
        line, lines = wide.line(event), screen.lines(event)
        assert all(cells(part) <= width for part in lines)
        if line is not None:
            words = line[line.index("VM ") :]
            assert words.replace(" ", "") in "".join(lines).replace(" ", "")


def test_colours_change_nothing_but_colour() -> None:
    import re

    run = spawnlab.run_synchronously(GALLERY / "pipeline.toml")
    plain, coloured = (Screen(Timeline(Cast(run.build), 5), Terminal(colour=colour)) for colour in (False, True))
    a = [line for event in run.journal for line in plain.lines(event)]
    b = [line for event in run.journal for line in coloured.lines(event)]
    assert a != b
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in b] == a


def test_options_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(GALLERY / "deadlock.toml")
    main(["run", file])
    assert "\x1b" not in capsys.readouterr().out
    main(["run", "--color", "always", file])
    assert "\x1b[" in capsys.readouterr().out


def test_an_error_is_harmless(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "s.toml"
    file.write_text('[programs.root]\nsteps = []\n"\\u001b[31m" = 1\n')
    assert main(["run", str(file)]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_addresses_are_no_arguments() -> None:
    """What a call is about is said where a0 tells it, and not where a0 is an address to write to."""
    timeline = Timeline(Cast(None))
    lines = [
        timeline.line(Refused(0, call, 3_080_080, ReturnCode.INDEX_OUT_OF_BOUND, 0x10100))
        for call in (2074, 2608)  # load_witness, close
    ]
    assert lines[0] is not None
    assert lines[0].endswith("at once: load_witness")
    assert lines[1] is not None
    assert lines[1].endswith("at once: close of 3080080")


def test_a_transactions_cell_deps_are_not_given_columns(tmp_path: Path) -> None:
    assert main(["convert", "gallery:relay", "-o", str(tmp_path / "tx.json")]) == 0
    build = spawnlab.load(tmp_path / "tx.json")
    assert len(build.codes) > 1
    assert Timeline(Cast(build)).heading().split()[-1] == "0"
    scenario = spawnlab.load("gallery:relay")
    assert Timeline(Cast(scenario)).heading().split()[-1] == str(len(scenario.codes) - 1)
