"""The stepper by command and in notebooks."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import spawnlab
from spawnlab.__main__ import main
from spawnlab.stepping.page import page_of

from .browser import Browser


@pytest.mark.parametrize("options", [["-o", "OUT"], ["--format", "html", "-o", "OUT"]])
def test_the_page_is_written(options: list[str], tmp_path: Path) -> None:
    file = tmp_path / "ring.html"
    assert main(["draw", "gallery:ring_of_three", *(str(file) if one == "OUT" else one for one in options)]) == 0
    assert file.read_text(encoding="utf-8") == page_of("gallery:ring_of_three")


def test_the_page_can_be_printed(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["draw", "gallery:ring_of_three", "--format", "html"]) == 0
    assert capfdbinary.readouterr().out.decode() == page_of("gallery:ring_of_three")


def test_the_run_is_the_one_that_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    options = ["--policy", "smallest", "--fault", "exit:1:3:4", "--limit", "250_000"]
    assert main(["draw", "gallery:end_of_a_stream", "-o", str(file), *options]) == 0
    expected = page_of("gallery:end_of_a_stream", policy="smallest", faults=["exit:1:3:4"], limit=250_000)
    assert file.read_text(encoding="utf-8") == expected
    run = spawnlab.run("gallery:end_of_a_stream", policy="smallest", faults=["exit:1:3:4"], limit=250_000)
    assert spawnlab.stepper(run).html == expected


def test_a_suspended_run_and_a_kept_journal(tmp_path: Path) -> None:
    state, journal, page = tmp_path / "run.state", tmp_path / "run.journal", tmp_path / "a.html"
    file = "gallery:parent_child"
    assert main(["run", file, "--quiet", "--suspend-at", "104_000", "--state", str(state)]) == 0
    assert main(["draw", str(state), "-o", str(page)]) == 0
    assert "exit code 0" in page.read_text(encoding="utf-8")
    assert main(["run", file, "--quiet", "--journal", str(journal)]) == 0
    assert main(["draw", str(journal), "-o", str(page)]) == 0
    assert "a kept journal" in page.read_text(encoding="utf-8")


def test_it_is_opened_where_that_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    file = tmp_path / "a.html"
    assert main(["draw", "gallery:ring_of_three", "-o", str(file), "--open"]) == 0
    assert opened == [file.as_uri()]


def test_what_goes_together(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["draw", "gallery:ring_of_three", "--format", "html", "--open"])
    assert "--open goes with -o OUT" in capsys.readouterr().err
    assert main(["draw", "gallery:ring_of_three", "--format", "html", "--what", "timeline"]) == 2
    assert "--what is for pictures" in capsys.readouterr().err


def test_equal_runs_give_equal_pages() -> None:
    assert page_of("gallery:pipeline") == page_of("gallery:pipeline")


def test_in_a_notebook_it_is_shown_in_a_frame(tmp_path: Path) -> None:
    code = "import spawnlab\nspawnlab.stepper(spawnlab.run_synchronously('gallery:deadlock'), height=500)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])  # pyright: ignore
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()  # pyright: ignore
    shown = notebook.cells[0].outputs[0].data["text/html"]  # pyright: ignore
    assert shown.startswith("<iframe srcdoc=")  # pyright: ignore
    browser = Browser()
    try:
        page = tmp_path / "page.html"
        page.write_text(f"<!DOCTYPE html><title>a notebook</title>{shown}", encoding="utf-8")
        browser.driver.get(page.as_uri())
        browser.driver.switch_to.frame(0)
        browser.until("return Boolean(document.documentElement.dataset.ready)")
        browser.click("last")
        browser.click("back")
        assert "after turn 6 of 6" in browser.text("step")
        assert browser.console() == []
    finally:
        browser.driver.quit()
