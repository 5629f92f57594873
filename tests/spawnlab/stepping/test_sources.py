"""Programs as texts: every place that is spoken of is a line of what is shown, and says nothing of where files lie."""

from __future__ import annotations

from pathlib import Path

import pytest

import spawnlab
from spawnlab.actors.vm import Vm
from spawnlab.scenarios.gallery import entries, resolve
from spawnlab.staging import load
from spawnlab.stepping.page import page_of
from spawnlab.stepping.sources import Source, sources_of

from .reading import Seen, captured, exchanges, unpacked

NAMES = [entry.name for entry in entries()]


def marked(name: str) -> list[tuple[int, str, bool]]:
    """After each turn, whose it was, the line that is marked of its program, and whether it ended there."""
    found = captured(f"gallery:{name}")
    assert found.run is not None
    sources = {source.name: source for source in sources_of(found.run.build)}
    seen, lines = Seen(), list[tuple[int, str, bool]]()
    for frame in found.frames:
        seen.add(frame)
        if frame.vm is not None:
            fields = seen.vms[frame.vm]
            program: str = fields["program"]
            line: int = fields["line"]
            text = sources[program].lines[line]
            lines.append((frame.vm, text.strip(), fields.get("ended_here", False)))
    return lines


def test_the_line_of_a_python_function_is_marked() -> None:
    lines = [text for vm, text, _ in marked("python_program") if vm == 0]
    assert lines[:4] == [
        "read_end, write_end = await vm.pipe()",
        'child = await vm.spawn("child", fds=[read_end])',
        'await write_end.send_all(b"from Python")',
        "return await child.wait()",
    ]


def test_where_it_ends_is_marked() -> None:
    assert marked("assembly")[-1] == (0, "ecall", True)
    assert marked("four_at_once")[-1] == (0, "(the end)", True)
    assert marked("exit_codes")[-1][1].startswith('{ op = "exit"')


def test_where_the_end_is_not_known_nothing_is_said_of_it() -> None:
    vm, text, ended_here = marked("c_program")[-1]
    assert (vm, ended_here) == (0, False)
    assert "ckb_wait" in text


def source(name: str, build_name: str) -> Source:
    return next(one for one in sources_of(load(name)) if one.name == build_name)


def test_a_c_file_is_shown_as_c() -> None:
    child = source("gallery:c_program", "child")
    text = resolve("gallery:c_program").with_name("c_program_child.c").read_text(encoding="utf-8")
    assert (child.language, child.lines) == ("C", text.rstrip("\n").split("\n"))
    assert source("gallery:c_program", "root").language == "C"
    assert "if (ckb_read(fds[0], bytes, &length) != CKB_SUCCESS) return 2;" in [
        text for vm, text, _ in marked("c_program") if vm == 1
    ]


def test_an_assembly_file_is_shown_as_assembly(tmp_path: Path) -> None:
    text = "  li a0, 3\n  li a7, SYS_EXIT\n  ecall\n"
    (tmp_path / "root.s").write_text(text)
    file = tmp_path / "a.toml"
    file.write_text('[programs.root]\nsource = "root.s"\n')
    shown = source(str(file), "root")
    assert (shown.language, shown.lines) == ("assembly", text.rstrip("\n").split("\n"))
    assert unpacked(page_of(str(file)))["frames"][-1]["vms"]["0"]["line"] == 2


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_what_all_others_call_the_lines(name: str) -> None:
    for one in sources_of(load(f"gallery:{name}")):
        if one.language == "listing":
            assert not one.labels
            continue
        assert len(one.labels) == len(one.lines)
        for place, line in one.at.items():
            assert place in (one.labels[line], "the end") or place.endswith(f":{one.labels[line]}")


def test_steps_of_loops_have_labels_of_all_levels() -> None:
    root = sources_of(load(exchanges(2)))[0]
    assert root.labels == [*(f"steps[{n}]" for n in range(4)), "steps[3].steps[0]", "steps[3].steps[1]", "steps[4]", ""]


async def waits_for_itself(vm: Vm) -> int:
    read_end, _ = await vm.pipe()
    return len(await read_end.receive_some(4))


@pytest.mark.parametrize("name", ["python_program", "c_program", "deadlock", "wrong_format"])
def test_no_page_says_where_files_lie(name: str) -> None:
    folder = str(resolve(f"gallery:{name}").resolve().parent)
    page = page_of(f"gallery:{name}")
    for text in (page, str(unpacked(page))):
        assert folder not in text
        assert str(Path(spawnlab.__file__).resolve().parent) not in text
        assert str(Path.cwd()) not in text


def test_neither_does_the_explanation_of_a_function_that_waits() -> None:
    page = page_of({"root": waits_for_itself})
    assert "test_sources.py:" in page
    for text in (page, str(unpacked(page))):
        assert str(Path(__file__).parent) not in text
    assert unpacked(page)["frames"][-2]["vms"]["0"]["place"].startswith("test_sources.py:")
