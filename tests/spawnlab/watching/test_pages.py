"""What a session shows, as values and as lines: what is said is what is, and it fits any width."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.actors.vm import Vm
from spawnlab.explain.explain import explain
from spawnlab.explore.player import build_of
from spawnlab.explore.topology import Topology
from spawnlab.scenarios.gallery import FOLDER
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scenarios.model import Program
from spawnlab.scheduler.fds import other_end
from spawnlab.scheduler.states import Runnable, WaitForRead, WaitForWrite
from spawnlab.testing.strategies import topologies
from spawnlab.views.text import cells
from spawnlab.vm.assembler import assemble
from spawnlab.watching import pages, shown
from spawnlab.watching.keys import KEYS, PANEL_KEYS, help_lines, hint
from spawnlab.watching.session import Session
from spawnlab.watching.source import AHEAD, source_of

from .fresh import finish

GALLERY = sorted(FOLDER.glob("*.toml"))


def session_at(what: spawnlab.Build | str, turn: int, **options: int) -> Session:
    session = Session(what, **options)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    session.go_to_turn(turn)
    finish(session)
    return session


def current(session: Session, vm: int) -> str:
    """The line of a VM's program where it is."""
    source = source_of(session, vm, folder=FOLDER)
    assert source.current is not None
    return " ".join(source.lines[source.current])


def build_elf(text: str) -> spawnlab.Build:
    """A program of which nothing but the ELF file is known."""
    return spawnlab.build(spawnlab.Scenario(programs={"root": Program(elf="x")}), elves={"root": assemble(text).elf()})


def all_pages(session: Session, width: int) -> list[pages.Page]:
    run = session.player.run
    explanation = explain(run, edits=False) if run and run.outcome.failure else None
    vms = [*session.chronicle.vms, 99]
    return [
        pages.vms(session, width),
        pages.pipes(session, width),
        pages.tree(session, width),
        pages.breakpoints(session, width),
        pages.why(session, explanation, width, trying=True),
        *(pages.program(source_of(session, vm, folder=FOLDER), vm, width) for vm in vms),
        *(pages.registers(session, vm, width) for vm in vms),
    ]


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_every_line_fits(file: Path) -> None:
    session = Session(str(file))
    while not session.is_over:
        for width in (20, 40, 79, 150):
            for page in all_pages(session, width):
                assert [line for line in page.lines if cells(line.text) > width or not line.text.isprintable()] == []
                assert page.focus is None or page.lines[page.focus].text.startswith("> ")
            for line in pages.status(session, "a title", width):
                assert cells(line.text) <= width
        session.go_to_turn(session.position + 3)
        finish(session)


@given(topologies("any", vms_max=8, pipes_max=8), st.integers(0, 40))
@settings(max_examples=50)
def test_what_is_said_is_what_is(topology: Topology, turn: int) -> None:
    session = session_at(build_of(topology), turn)
    table = session.player.staging.scheduler.table
    rows = {row.vm: row for row in shown.vm_rows(session)}
    for vm, state in table.states.items():
        row = rows[vm]
        assert row.swapped == (vm in table.suspended)
        if isinstance(state, Runnable):
            assert row.state.startswith("can run")
        if isinstance(state, WaitForRead | WaitForWrite):
            verb = "read" if isinstance(state, WaitForRead) else "write"
            assert row.state.startswith(f"waits to {verb} fd {state.fd}")
            holder = table.fds.get(other_end(state.fd))
            assert row.state.endswith(
                "other end closed" if holder is None else "itself" if holder == vm else f"VM {holder}"
            )
    assert {vm for vm, row in rows.items() if row.state.startswith("ended")} >= table.terminated_vms.keys()
    assert sum(row.turns for row in rows.values()) == session.player.staging.scheduler.iterations
    assert sum(row.cycles for row in rows.values()) == session.player.staging.scheduler.consumed_cycles()
    by_pipe = {row.read_fd: row for row in shown.pipe_rows(session)}
    for fd, row in by_pipe.items():
        for end, said in ((fd, row.reader), (fd + 1, row.writer)):
            assert said == (f"VM {table.fds[end]}" if end in table.fds else "closed")
    assert [row for _, row in sorted(shown.tree_rows(session), key=lambda pair: pair[1].vm)] == list(rows.values())
    parents = {row.vm: depth for depth, row in shown.tree_rows(session)}
    assert all(parents[row.vm] == parents[row.parent] + 1 for row in rows.values() if row.parent is not None)


@given(topologies("any", vms_max=6))
@settings(max_examples=40)
def test_the_vm_that_is_said_to_be_next_is(topology: Topology) -> None:
    session = Session(build_of(topology))
    while not session.is_over:
        next_one = shown.next_vm(session)
        session.step()
        finish(session)
        assert next_one is None or next_one == session.chronicle.last


def test_the_table_of_vms() -> None:
    session = session_at("gallery:pipeline", 17)
    assert [line.text for line in pages.vms(session, 80).lines] == [
        "  VM  program  state                                    turns   cycles  place",
        ">  0  root     can run                                      3  304,202  steps[2]",
        "   1  first    can run, is next                             4  105,590  steps[3]",
        "   2  second   waits to read fd 4 from VM 1, swapped        4  105,590  steps[3]",
        "   3  third    waits to read fd 6 from VM 2                 4  205,590  steps[3]",
        "   4  last     waits to read fd 8 from VM 3                 2    2,824  steps[1]",
    ]
    assert [line.text for line in pages.vms(session, 40).lines][:4] == [
        "  VM  state",
        ">  0  can run",
        "   1  can run, is next",
        "   2  waits to read fd 4 from VM 1, swa…",
    ]


def test_pipes_and_the_tree() -> None:
    session = session_at("gallery:short_read", 6)
    rows = shown.pipe_rows(session)
    moved = [row for row in rows if row.bytes]
    assert moved
    texts = [line.text for line in pages.pipes(session, 80).lines]
    assert texts[0].startswith(f"{rows[0].writer} fd 3 -> fd 2 {rows[0].reader}: {rows[0].bytes} bytes")
    waiting = session_at("gallery:both_write_first", 6)
    assert any("wait to be read" in line.text for line in pages.pipes(waiting, 80).lines)
    assert [line.text for line in pages.tree(session_at("gallery:generations", 4), 60).lines][:2] == [
        "VM 0 root: can run",
        "  VM 1 child: can run, is next",
    ]


@pytest.mark.parametrize(
    ("name", "turn", "vm", "line"),
    [
        ("pipeline", 14, 3, 'steps[3] { op = "read", fd = "in", size = 16, as = "bytes" }'),
        ("c_program", 5, 0, '9     if (ckb_write(fds[1], "hello", &length) != CKB_SUCCESS || length != 5) return 3;'),
        ("c_program", 5, 1, "9     if (ckb_read(fds[0], bytes, &length) != CKB_SUCCESS) return 2;"),
        ("assembly", 2, 0, "7     ecall"),
        ("assembly", 4, 0, "19     ecall"),
        ("python_program", 5, 0, '10     await write_end.send_all(b"from Python")'),
        ("exec_version_1", 1, 0, "5     ecall"),
    ],
)
def test_where_a_program_is(name: str, turn: int, vm: int, line: str) -> None:
    assert current(session_at(f"gallery:{name}", turn), vm) == line


LOOP = """
[programs.root]
steps = [
  { op = "repeat", times = 3, steps = [ { op = "pipe", as = ["r", "w"] }, { op = "close", fd = "w" } ] },
  { op = "wait", vm = 9, code = "WAIT_FAILURE" },
]
"""


CROWD = """
[programs.root]
steps = [
  { op = "repeat", times = 130, steps = [ { op = "pipe", as = ["r", "w"] }, { op = "close", fd = "r" },
    { op = "close", fd = "w" }, { op = "spawn", program = "child", as = "c" }, { op = "wait", vm = "c" } ] },
  { op = "pipe", as = ["r", "w"] },
  { op = "spawn", program = "child", as = "c" },
]
[programs.child]
steps = []
"""


def test_of_many_vms_and_pipes_that_are_over_the_latest_are_shown() -> None:
    session = Session(spawnlab.build(parse_scenario(CROWD, ".toml")))
    session.run_to_end()
    finish(session)
    end = session.position
    session.back()
    finish(session)
    assert end == 130 * 6 + 4
    rows = shown.vm_rows(session)
    assert [row.vm for row in rows] == [0, *range(31 + 1, 132)]
    assert shown.left_out(session) == (31, 30)
    assert len(shown.pipe_rows(session)) == 101
    assert [row.vm for _, row in shown.tree_rows(session)] == [row.vm for row in rows]
    assert pages.vms(session, 80).lines[-1].text == "31 older VMs that have ended are left out"
    assert pages.pipes(session, 80).lines[-1].text == "30 older pipes that are closed are left out"


def test_of_a_long_program_what_is_round_the_place_is_shown() -> None:
    text = "  addi a0, zero, 1\n" * 2000 + "  la a0, pair\n  li a7, 2604\n  ecall\n" + "  addi a0, zero, 2\n" * 2000
    session = session_at(build_elf(text + ".data\npair: .dword 0, 0\n"), 1)
    page = pages.program(source_of(session, 0), 0, 80)
    assert page.focus == pages.SOURCE_LINES_MAX
    assert page.lines[page.focus].text.split() == [">", f"{0x10000 + 4 * 2000 + 16:x}", "ecall"]
    assert len(page.lines) == 2 * pages.SOURCE_LINES_MAX


def test_steps_within_loops() -> None:
    session = session_at(spawnlab.build(parse_scenario(LOOP, ".toml")), 4)
    assert current(session, 0) == 'steps[0].steps[1]   { op = "close", fd = "w" }'
    lines = pages.program(source_of(session, 0), 0, 79).lines
    assert lines[0].text == '  steps[0]           { op = "repeat", times = 3, steps = ... }'
    assert lines[-1].text == "  the end"


def test_programs_of_which_there_is_no_source() -> None:
    listed = spawnlab.build(
        spawnlab.Scenario(programs={"root": Program(elf="x")}),
        elves={"root": assemble("li a0, 5\n li a7, 93\n ecall").elf()},
    )
    session = session_at(listed, 0)
    assert [text for _, text in source_of(session, 0).lines] == ["addi a0, zero, 5", "addi a7, zero, 93", "ecall"]
    assert source_of(session, 0).current is None
    assert source_of(session, 1).lines == ()
    session = session_at(listed, 1)
    assert current(session, 0) == "10008 ecall"
    assert shown.place_of(session, 0) == "pc 0x1000c"


def test_large_programs_are_listed_from_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spawnlab.watching.source.LISTED_MAX", 100)
    text = "".join(f"  addi a{i % 6}, zero, {i}\n" for i in range(60))
    elf = assemble("la a0, pair\n li a7, 2604\n ecall\n" + text + ".data\npair: .dword 0, 0\n").elf()
    build = spawnlab.build(
        spawnlab.Scenario(programs={"root": Program(elf="x")}),
        elves={"root": elf},
    )
    source = source_of(session_at(build, 1), 0)
    assert source.lines[0][1] == "addi a0, zero, 0"
    assert (len(source.lines), source.current) == (AHEAD, 0)


def test_a_function_without_a_file() -> None:
    async def root(vm: Vm) -> None:
        await vm.pipe()
        await vm.pipe()

    session = session_at(spawnlab.load({"root": root}), 1)
    assert current(session, 0).endswith("await vm.pipe()")
    assert shown.place_of(session, 0) == f"test_pages.py:{root.__code__.co_firstlineno + 1}"


def test_registers_of_a_swapped_vm_and_of_none() -> None:
    session = session_at("gallery:pipeline", 17)
    table = session.player.staging.scheduler.table
    assert 2 in table.suspended
    assert dict(shown.registers(session, 2))["sp"] == table.suspended[2].registers[2]
    assert dict(shown.registers(session, 0))["pc"] == table.machine(0).this_pc
    assert shown.registers(session, 99) == []
    assert pages.registers(session, 99, 40).lines[0].text == "it has none any more"


def test_why() -> None:
    session = session_at("gallery:one_cycle_short", 99)
    run = session.player.run
    assert run is not None
    lines = [line.text for line in pages.why(session, explain(run), 79).lines]
    assert lines[0].startswith("error: ")
    assert any(line.startswith("why: ") for line in lines)
    assert any(line.startswith("rule: ") for line in lines)


def test_where_a_run_has_failed() -> None:
    """At the instruction that failed, not behind it."""
    elf = assemble("li a0, 0\n li t0, -8\n ld a0, 0(t0)\n li a0, 1\n li a7, 93\n ecall").elf()
    build = spawnlab.build(
        spawnlab.Scenario(programs={"root": Program(elf="x")}),
        elves={"root": elf},
    )
    session = session_at(build, 1)
    assert session.player.run is not None
    assert session.player.run.outcome.failure is not None
    assert current(session, 0).endswith("ld a0, 0(t0)")


def test_the_status_says_what_the_session_does() -> None:
    session = Session("gallery:pipeline", policy="smallest")
    session.run_to_end()
    session.advance()
    first, *_, last = pages.status(session, "title", 100)
    assert first.text.startswith("title - ")
    assert last.text.startswith("hypothetical order: smallest; on the chain every turn is the largest id's")
    assert pages.status(session, "title", 30)[-1].text == "hypothetical order: smallest"


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_help_fits_and_has_every_key(width: int) -> None:
    text = help_lines(width)
    assert all(cells(line) <= width for line in text)
    joined = " ".join(" ".join(text).split())
    if width >= 80:
        assert all(key.names in joined and key.words in joined for key in KEYS)
    assert len(hint(width)) <= width
    assert "q quit" in hint(width)


def test_no_key_is_bound_twice() -> None:
    names = [name for key in (*KEYS, *PANEL_KEYS) if key.action for name in key.keys.split(",")]
    assert len(names) == len(set(names))
