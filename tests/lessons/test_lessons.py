"""The lessons: each notebook is executed from its first cell to its last, and what it asserts holds."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

LESSONS = sorted((Path(__file__).resolve().parents[2] / "docs" / "lessons").glob("*.ipynb"))


def test_there_are_three() -> None:
    assert [lesson.stem for lesson in LESSONS] == ["1_spawn_and_pipes", "2_why_it_deadlocks", "3_what_determinism_buys"]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_a_lesson_can_be_given(lesson: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(lesson, as_version=4)  # pyright: ignore
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]  # pyright: ignore
    assert not any(cell.outputs for cell in code), "kept without outputs: they are made when it is executed"  # pyright: ignore
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()  # pyright: ignore
    shown = [output for cell in code for output in cell.outputs if output.output_type == "execute_result"]  # pyright: ignore
    assert any("image/svg+xml" in output.data for output in shown)  # pyright: ignore
    assert any("iframe" in output.data.get("text/html", "") for output in shown) or "3_" in lesson.name  # pyright: ignore
