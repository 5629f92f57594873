"""The lessons: each notebook is executed from its first cell to its last, and what it says holds."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# Notebooks have no types.

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / "docs" / "lessons"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LESSONS = [notebook for notebook in NOTEBOOKS if notebook.stem[0].isdigit()]
FOLDED = {"hide-cell", "hide-output"}


@cache
def read(file: Path) -> Any:
    return nbformat.read(file, as_version=4)


def texts(file: Path) -> str:
    return "\n".join(cell.source for cell in read(file).cells if cell.cell_type == "markdown")


def tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", ()))


def test_there_are_three_and_their_solutions() -> None:
    assert [notebook.stem for notebook in NOTEBOOKS] == [
        "1_spawn_and_pipes",
        "2_why_it_deadlocks",
        "3_what_determinism_buys",
        "solutions",
    ]
    assert len(LESSONS) == 3


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_a_lesson_can_be_given(notebook: Path, tmp_path: Path) -> None:
    """Executed, it shows pictures; and what it says of its runs is so."""
    book = nbformat.read(notebook, as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert not any(cell.outputs for cell in code), "kept without outputs: they are made when it is executed"
    check = f"import sys\nsys.path.insert(0, {str(HERE)!r})\nfrom checks import CHECKS\n"
    check += f"CHECKS[{notebook.stem!r}](globals())\n'checked'"
    book.cells.append(nbformat.v4.new_code_cell(check))
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert book.cells[-1].outputs[-1].data["text/plain"] == "'checked'"
    shown = [output for cell in code for output in cell.outputs if output.output_type == "execute_result"]
    assert any("image/svg+xml" in output.data for output in shown)
    if notebook.stem[0] in "12":
        assert any("iframe" in output.data.get("text/html", "") for output in shown)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_no_answer_stands_open_below_its_question(lesson: Path) -> None:
    """The code cell behind each question is folded, in JupyterLab and on the site, and no cell asserts an answer."""
    cells = read(lesson).cells
    asked = [place for place, cell in enumerate(cells) if re.search(r"\*\*Question \d", cell.source)]
    assert len(asked) >= 6
    for place in asked:
        answer = cells[place + 1]
        assert answer.cell_type == "code"
        assert tags(answer) & FOLDED, answer.source
        assert answer.metadata.jupyter.outputs_hidden, answer.source
        assert "Answer" not in cells[place].source.rpartition("**Question")[2]
    numbers = [int(number) for number in re.findall(r"\*\*Question (\d+)\.\*\*", texts(lesson))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_only_public_names_are_taught(notebook: Path) -> None:
    code = "\n".join(cell.source for cell in read(notebook).cells if cell.cell_type == "code")
    imported = set(re.findall(r"^(?:import|from) (spawnlab[\w.]*)", code, re.MULTILINE))
    assert imported <= {"spawnlab", "spawnlab.aio", "spawnlab.testing"}
    assert "__name__" not in code
    import spawnlab

    assert set(re.findall(r"\bspawnlab\.(\w+)", code)) - {"aio", "testing"} <= set(spawnlab.__all__)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_each_has_aims_and_a_recap_and_each_exercise_a_solution(lesson: Path) -> None:
    text = texts(lesson)
    assert "**Aims.**" in read(lesson).cells[0].source
    assert "## What to remember" in text
    number = lesson.stem[0]
    exercises = re.findall(r"^(\d)\. ", text.partition("## To try")[2], re.MULTILINE)
    solved = re.findall(rf"^### {number}\.(\d) ", texts(FOLDER / "solutions.ipynb"), re.MULTILINE)
    assert exercises == solved == ["1", "2", "3"]


def test_the_teachers_notes_have_a_plan_for_each_lesson() -> None:
    """The minutes of each add up to what the lesson says it takes."""
    notes = (FOLDER / "teaching.md").read_text(encoding="utf-8")
    parts = re.split(r"^## Lesson (\d).*$", notes, flags=re.MULTILINE)[1:]
    assert parts[0::2] == ["1", "2", "3"]
    for lesson, part in zip(LESSONS, parts[1::2], strict=True):
        assert re.search(r"About (\d+) minutes", texts(lesson))[1] == "45"  # type: ignore[index] # pyright: ignore
        assert sum(int(minutes) for minutes in re.findall(r"^\| (\d+) \|", part, re.MULTILINE)) == 45
        assert "What students get wrong" in part


def test_links_lead_somewhere() -> None:
    pages = {file: texts(file) for file in NOTEBOOKS} | {
        file: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.md")
    }
    for file, text in pages.items():
        for target in re.findall(r"\]\((?!http)([^)#]+)", text):
            assert (file.parent / target).exists(), (file.name, target)


def test_the_checks_are_of_these_notebooks() -> None:
    sys.path.insert(0, str(HERE))
    try:
        from checks import CHECKS  # type: ignore[import-not-found] # pyright: ignore
    finally:
        sys.path.remove(str(HERE))
    assert list(CHECKS) == [notebook.stem for notebook in NOTEBOOKS]
