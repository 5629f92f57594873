"""``spawnlab draw``, ``spawnlab.draw``, and runs that show themselves in a notebook."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.commands import draw as command
from spawnlab.pictures import drawing
from spawnlab.pictures.errors import PictureError
from spawnlab.pictures.scale import AXES
from spawnlab.scenarios.extras import install_words

from . import goldens, svgs

_EXECUTE = "import sys, nbclient.cli; nbclient.cli.main(['--timeout', '120', '--inplace', sys.argv[1]])"


def test_the_choices_are_what_can_be_drawn() -> None:
    assert set(command.FORMATS) == set(drawing.FORMATS)
    assert command.SUBJECTS == drawing.SUBJECTS
    assert command.AXES == AXES
    assert set(drawing.SUFFIXES.values()) == set(drawing.FORMATS)
    assert {what for subjects in drawing.FORMATS.values() for what in subjects} == set(drawing.SUBJECTS)


@pytest.mark.parametrize("form", ["mermaid", "dot", "perfetto"])
def test_text_goes_to_the_standard_output(form: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["draw", "gallery:deadlock", "--format", form]) == 0
    suffix = {"mermaid": "sequence.mmd", "dot": "dot", "perfetto": "json"}[form]
    assert capsysbinary.readouterr().out == (goldens.GOLDEN / f"deadlock.{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", drawing.SUFFIXES)
def test_the_suffix_says_the_format(suffix: str, tmp_path: Path) -> None:
    out = tmp_path / f"run{suffix}"
    assert main(["draw", "gallery:deadlock", "-o", str(out)]) == 0
    form = drawing.SUFFIXES[suffix]
    made = drawing.picture(goldens.story("deadlock"), form)
    assert out.read_bytes() == (made if isinstance(made, bytes) else made.encode())


def test_what_and_axis_are_told(tmp_path: Path) -> None:
    out = tmp_path / "run.svg"
    main(["draw", "gallery:deadlock", "-o", str(out), "--what", "topology"])
    assert svgs.classed(svgs.parsed(out.read_text()), "g", "pill")
    main(["draw", "gallery:deadlock", "-o", str(out), "--axis", "cycles"])
    assert "cycles are true to scale" in out.read_text()


def test_whole_and_limit(tmp_path: Path) -> None:
    out = tmp_path / "run.mmd"
    main(["draw", "gallery:stream", "-o", str(out), "--limit", "110_000", "--whole"])
    assert "CyclesExceeded" in out.read_text()


def test_all_that_is_recorded_can_be_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A scenario, its kept journal, and the same run suspended and gone on with."""
    state, journal, elf = tmp_path / "it.state", tmp_path / "it.journal", tmp_path / "it.elf"
    main(["run", "gallery:pipeline", "--quiet", "--suspend-at", "300_000", "--state", str(state)])
    main(["run", "gallery:pipeline", "--quiet", "--journal", str(journal)])
    elf.write_bytes(spawnlab.load("gallery:own_pipe").codes[0].elf)
    capsys.readouterr()
    texts: list[str] = []
    for file in ("gallery:pipeline", str(state), str(journal), str(elf)):
        assert main(["draw", file, "--format", "mermaid"]) == 0
        texts.append(capsys.readouterr().out)
    played, resumed, kept, program = texts
    assert resumed.replace("    Note over vm0: suspended and resumed at 311,424 cycles\n", "") == played
    assert kept.count("5 bytes b'water'") == 4
    assert "VM 1 (cell_dep 1)" in kept
    assert "VM 0 (root)" in program


def test_a_hypothetical_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["draw", "gallery:deadlock", "--format", "dot", "--policy", "smallest"]) == 0
    assert "hypothetical order: smallest" in capsys.readouterr().out
    journal = tmp_path / "it.journal"
    main(["run", "gallery:deadlock", "--quiet", "--policy", "smallest", "--journal", str(journal)])
    capsys.readouterr()
    main(["draw", str(journal), "--format", "dot"])
    assert "hypothetical order: smallest" in capsys.readouterr().out
    assert main(["draw", str(journal), "--format", "dot", "--policy", "largest"]) == 2
    assert "what it tells of is over" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gallery:deadlock", "--format", "dot", "--what", "timeline"], "svg and png and perfetto can"),
        (["gallery:deadlock", "--format", "svg", "--what", "sequence"], "mermaid can"),
        (["gallery:deadlock", "-o", "run.jpeg"], "no format has the suffix '.jpeg'; give --format, or one of .mmd"),
        (["nowhere.toml", "--format", "dot"], "nowhere.toml"),
        (["gallery:deadlock", "-o", "nowhere/run.svg"], "nowhere/run.svg"),
    ],
)
def test_bad_input_is_told(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["draw", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_neither_format_nor_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["draw", "gallery:deadlock"])
    assert left.value.code == 2
    assert "--format or -o OUT is wanted" in capsys.readouterr().err


def test_a_png_is_nothing_for_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", Terminal(raw))
    assert main(["draw", "gallery:deadlock", "--format", "png"]) == 2
    assert raw.getvalue() == b""
    assert "-o FILE.png" in capsys.readouterr().err


def test_a_missing_library_is_told_before_anything_is_played(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for module, arguments in (("resvg_py", ["-o", "x.png"]), ("igraph", ["-o", "x.svg", "--what", "topology"])):
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            patch.setitem(sys.modules, module, None)
            assert main(["draw", "nowhere.toml", *arguments]) == 2
        assert install_words("draw") in capsys.readouterr().err


# From Python


def test_draw_from_python() -> None:
    run = spawnlab.run_synchronously("gallery:deadlock")
    assert spawnlab.draw(run, "dot") == (goldens.GOLDEN / "deadlock.dot").read_text("utf-8")
    drawn = spawnlab.draw(run, "png", what="topology")
    assert isinstance(drawn, bytes)
    assert drawn.startswith(b"\x89PNG")
    for wrong in ({"form": "jpeg"}, {"axis": "time"}, {"what": "sequence"}):
        with pytest.raises(PictureError):
            spawnlab.draw(run, **wrong)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_a_run_shows_itself() -> None:
    run = spawnlab.run_synchronously("gallery:deadlock")
    asked: Any = run
    svg, html = asked._repr_svg_(), asked._repr_html_()
    assert svg is not None
    assert html is not None
    svgs.check(svg)
    (style,) = re.findall(r' style="(max-width:100%;[^"]*)"', html)
    assert svg in html.replace(f' style="{style}"', "", 1)


def test_in_a_narrow_column_it_shrinks_but_not_beyond_reading() -> None:
    run: Any = spawnlab.run_synchronously("gallery:pipeline")
    html = run._repr_html_()
    (width,) = re.findall(r'<svg[^>]* width="([\d.]+)"', html)
    (least,) = re.findall(r"max-width:100%;min-width:(\d+)px;height:auto", html)
    assert 0.6 < int(least) / float(width) < 0.8
    assert "overflow-x:auto" in html


def test_runs_are_not_drawn_where_nobody_draws() -> None:
    """A run knows nothing of pictures: it asks who draws, and there may be nobody."""
    from spawnlab import showing

    assert showing.shown("smoke signals", None) is None


def test_in_a_notebook(tmp_path: Path) -> None:
    """A real kernel: the run is the cell's last value, and its timeline is what is shown."""
    source = "import spawnlab\nspawnlab.run_synchronously('gallery:deadlock')"
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "id": "it",
        "source": source,
    }
    file = tmp_path / "it.ipynb"
    file.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    command = [sys.executable, "-c", _EXECUTE, str(file)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (output,) = json.loads(file.read_text())["cells"][0]["outputs"]
    shown = {kind: "".join(data) for kind, data in output["data"].items()}
    run = spawnlab.run_synchronously("gallery:deadlock")
    assert shown["image/svg+xml"].strip() == str(spawnlab.draw(run, "svg")).strip()
    assert shown["text/html"].startswith("<figure")


def test_what_was_written_and_how_to_look_at_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page, picture = tmp_path / "x.HTML", tmp_path / "x.svg"
    assert main(["draw", "gallery:deadlock", "-o", str(page)]) == 0
    said = capsys.readouterr().out
    assert said == f"{page}: {page.stat().st_size:,} bytes; open it in a browser, or draw it with --open\n"
    assert main(["draw", "gallery:deadlock", "-o", str(picture)]) == 0
    assert capsys.readouterr().out == f"{picture}: {picture.stat().st_size:,} bytes\n"
