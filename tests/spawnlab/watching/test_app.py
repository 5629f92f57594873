"""The live view, played by keys as Textual's pilot presses them. It runs under asyncio, as Textual does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

import spawnlab
from spawnlab.actors.vm import Vm
from spawnlab.scenarios.gallery import FOLDER
from spawnlab.scenarios.model import Program
from spawnlab.staging import Playable
from spawnlab.views.text import cells
from spawnlab.vm.assembler import assemble
from spawnlab.vm.machine import Machine
from spawnlab.watching import panels
from spawnlab.watching.app import SHOW_SECONDS, Help, Watch
from spawnlab.watching.breakpoints import breakpoint_of
from spawnlab.watching.keys import PANELS
from spawnlab.watching.panels import LogPanel, Panel, VmPanel
from spawnlab.watching.session import Session

from .fresh import check, fresh

ENDLESS = assemble("again: j again").elf()


class Player:
    """Presses keys, and waits until all is done that they ask for."""

    def __init__(self, app: Watch, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        await self.pilot.press("colon")
        await self.pilot.pause()
        self.app.query_one("#prompt", Input).value = text
        await self.press("enter")

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():  # noqa: ASYNC110 - what is waited for knows of no event
            await asyncio.sleep(0.001)

    async def settle(self) -> None:
        await self.pilot.pause()
        while self.app.is_busy:
            await self.pilot.pause(0.01)
        await self.pilot.pause()

    def text(self, panel: str) -> str:
        return "\n".join(line.text for line in self.app.query_one(f"#{panel}", Panel).lines)

    def label(self, name: str) -> str:
        return str(self.app.query_one(f"#{name}", Static).content)

    def shown(self) -> list[str]:
        """The panels that can be seen."""
        return [panel.id or "" for panel in self.app.query(Panel) if panel.room]


@asynccontextmanager
async def watching(
    what: Playable, *, size: tuple[int, int] = (80, 24), policy: str | None = None, breakpoints: tuple[str, ...] = ()
) -> AsyncGenerator[Player]:
    session = Session(what, policy=policy, breakpoints=map(breakpoint_of, breakpoints))
    app = Watch(session, title="a title", folder=FOLDER)
    async with app.run_test(size=size) as pilot:
        player = Player(app, pilot)
        await player.settle()
        yield player


def played(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """A test that runs under asyncio."""

    def run() -> None:
        asyncio.run(test())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

    run.__name__ = test.__name__
    return run


@played
async def test_forward_and_back() -> None:
    run = fresh("gallery:pipeline")
    async with watching("gallery:pipeline") as player:
        session = player.app.session
        assert player.label("status").splitlines() == [
            "a title - paused",
            "after turn 0, 0 of 70,000,000 cycles (0.0 %)",
        ]
        keys = {"s": 1, "space": 1, "right": 1, "b": -1, "left": -1}
        wanted = 0
        for key in ("s", "space", "right", "s", "s", "b", "left", "s", "b", "b", "b", "b", "b", "s"):
            wanted = max(0, wanted + keys[key])
            await player.press(key)
            assert session.position == wanted
            check(session, run)
            assert f"after turn {wanted}, " in player.label("status")
        await player.press(*("s",) * 9)  # at once
        assert session.position == wanted + 9
        await player.press("e")
        check(session, run)
        assert "over: exit code 0" in player.label("status")
        assert player.text("why").startswith("exit code 0\n")
        await player.press("g")
        assert session.position == 0
        await player.press("end", "home", "c")
        check(session, run)
        assert session.is_over


@played
async def test_breakpoints() -> None:
    async with watching("gallery:pipeline", breakpoints=("call spawn",)) as player:
        session = player.app.session
        await player.press("r")
        assert session.position == 2
        assert "breakpoint: call spawn" in player.label("status")
        await player.type(":Turn 4")
        assert player.label("hint") == "breakpoint 2: turn 4"
        await player.type("turn 4")
        assert player.label("hint") == "there is a breakpoint turn 4 already"
        await player.press("5")
        assert player.shown() == ["vms", "breakpoints", "log"]
        assert player.text("breakpoints") == "1  call spawn\n2  turn 4"
        await player.press("r")
        assert session.position == 4
        await player.type("call fork")
        assert player.label("hint").startswith("breakpoint 'call fork': there is no call 'fork'")
        await player.type("fork")
        assert player.label("hint").startswith("'fork' is no order; there are: turn N, vm N,")
        await player.type("delete 3")
        assert player.label("hint") == "there is no breakpoint 3; there are 2"
        await player.pilot.press("d", "1")
        await player.press("enter")
        assert player.label("hint") == "deleted: call spawn"
        assert player.text("breakpoints") == "1  turn 4"
        await player.type("delete all")
        assert session.breakpoints == []
        await player.type("go 9")
        assert session.position == 9
        await player.type("go 3")
        assert session.position == 3
        await player.press("colon", "escape", "s")
        assert session.position == 4
        await player.type("  ")
        await player.press("r")
        assert session.is_over


@played
async def test_a_deadlock_is_explained() -> None:
    async with watching("gallery:deadlock") as player:
        await player.press("e")
        assert "over: deadlock" in player.label("status")
        assert player.shown() == ["vms", "why", "log"]
        text = player.text("why")
        assert text.startswith("deadlock: no VM can run, and none will be woken\n")
        assert "rule: Each waits for bytes that another will write only after it has read." in text
        assert "tried: in child: write to out first" in text
        await player.press("b")
        assert player.shown() == ["vms", "program", "log"]
        await player.press("6")
        assert player.text("why") == "the run is not over"
        await player.press("s")
        assert player.text("why") == text


@played
async def test_a_run_that_ends_as_expected_needs_no_explanation() -> None:
    async with watching("gallery:parent_child") as player:
        await player.press("e")
        cycles = spawnlab.run_synchronously("gallery:parent_child").outcome.cycles
        assert player.text("why").splitlines()[1:] == [f"{cycles:,} cycles, {player.app.session.position} iterations"]


@played
async def test_hypothetical_orders_are_labelled() -> None:
    async with watching("gallery:deadlock", policy="smallest") as player:
        assert "hypothetical order: smallest" in player.label("status")
        await player.press("e")
        assert "hypothetical order: smallest" in player.label("status")
        assert "hypothetical order: smallest" in player.text("why")


@played
async def test_which_vm_is_looked_at() -> None:
    async with watching("gallery:pipeline") as player:
        app = player.app
        await player.type("go 14")
        assert app.selected == 3
        assert player.app.query_one("#program", Panel).border_title == "program third (VM 3), 3 more below"
        current = [line for line in player.text("program").splitlines() if line.startswith("> ")]
        assert current == ['> steps[3]  { op = "read", fd = "in", size = 16, as = "bytes" }']
        await player.press("up", "k", "4")
        assert app.selected == 1
        assert player.app.query_one("#registers", Panel).border_title == "registers of VM 1, 5 more below"
        assert "sp   0x3ff" in player.text("registers")
        await player.press("s")
        assert app.selected == 1
        await player.press("f")
        assert app.selected == app.session.chronicle.last == 2
        app.query_one("#vms").focus()
        await player.press("down", "j", "j", "j")
        assert app.selected == 4
        await player.pilot.click("#vms", offset=(5, 2))  # the title, the heading, VM 0
        await player.settle()
        assert app.selected == 0
        await player.pilot.click("#vms", offset=(5, 1))
        assert app.selected == 0


@pytest.mark.parametrize("size", [(80, 24), (40, 16), (130, 42)])
def test_the_selected_vm_and_the_place_in_its_program_are_in_sight(size: tuple[int, int]) -> None:
    @played
    async def test() -> None:
        async with watching("gallery:seventeen_vms", size=size) as player:
            for where in ("go 30", "go 3", "go 35"):
                await player.type(where)
                for name in ("vms", "program"):
                    panel = player.app.query_one(f"#{name}", Panel)
                    marked = [number for number, line in enumerate(panel.lines) if line.text.startswith("> ")]
                    top = panel.scroll_offset.y
                    assert top <= marked[0] < top + panel.scrollable_content_region.height

    test()


@played
async def test_the_log_is_the_timeline() -> None:
    run = fresh("gallery:deadlock")
    async with watching("gallery:deadlock") as player:
        await player.type("go 5")
        rows = len(player.app.session.chronicle.rows)
        assert len(player.text("log").splitlines()) == rows < len(run.rows)
        log = player.app.query_one("#log", LogPanel)
        assert log.scroll_offset.y == log.max_scroll_y > 0
        assert player.text("log").splitlines()[-1].endswith("VM 1 calls read of at most 8 bytes from fd 4")
        log.focus()
        await player.press("pageup")
        top = log.scroll_offset.y
        await player.press("s")
        assert log.scroll_offset.y == top < log.max_scroll_y
        await player.press("pagedown", "pagedown", "b", "b", "b")
        assert log.scroll_offset.y == log.max_scroll_y
        await player.press("s", "s", "s", "s")
        assert log.scroll_offset.y == log.max_scroll_y
        assert len(player.text("log").splitlines()) == len(run.rows)


def test_old_lines_of_the_log_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "ROWS_MAX", 5)

    @played
    async def test() -> None:
        async with watching("gallery:pipeline", size=(120, 24)) as player:
            rows = player.app.session.chronicle.rows
            for keys in ("s" * 9, "s" * 5, "b" * 3, "s", "b" * 14, "s" * 9, "e", "b" * 2, "g", "s"):
                await player.press(*keys)
                lines = player.text("log").splitlines()
                assert min(2, len(rows)) <= len(lines) <= 10
                assert [line.split("VM", 1)[1] for line in lines] == [
                    f" {row.vm} {row.words}" for row in rows[len(rows) - len(lines) :]
                ]

    test()


@pytest.mark.parametrize("size", [(80, 24), (40, 24), (40, 8), (20, 5), (130, 42), (160, 60), (300, 20), (2, 2)])
def test_any_size(size: tuple[int, int]) -> None:
    @played
    async def test() -> None:
        async with watching("gallery:deadlock", size=size, policy="smallest") as player:
            await player.press("s", "s", "s", "2", "3", "b")
            for other in ((40, 24), (160, 60), size):
                await player.pilot.resize_terminal(*other)
                await player.press("1", "e")
                for panel in player.app.query(Panel):
                    if panel.room >= 20:
                        assert [line for line in panel.lines if cells(line.text) > panel.room] == []

    test()


@played
async def test_small_terminals_show_a_panel_at_a_time_and_large_ones_more() -> None:
    async with watching("gallery:pipeline") as player:
        for number, name in enumerate(PANELS, 1):
            await player.press(str(number))
            assert player.shown() == ["vms", name, "log"]
            assert player.app.focused is player.app.query_one(f"#{name}")
        await player.pilot.resize_terminal(130, 42)
        await player.settle()
        assert player.shown() == ["vms", "program", "pipes", "tree", "breakpoints", "why", "log"]
        await player.pilot.resize_terminal(130, 60)
        await player.settle()
        assert player.shown() == ["vms", *PANELS, "log"]


@played
async def test_help() -> None:
    async with watching("gallery:pipeline") as player:
        for opening, closing in (("question_mark", "escape"), ("h", "q")):
            await player.press(opening)
            assert "go back to before the last turn" in str(
                [line.text for line in player.app.screen.query_one("#help", Panel).lines]
            )
            await player.press("pagedown", closing)
            assert not player.app.screen.query("#help")
            assert player.app.session.position == 0
        await player.press("s")
        assert player.app.session.position == 1


def endless(monkeypatch: pytest.MonkeyPatch) -> spawnlab.Build:
    """A VM that never comes to an end, in slices that are short on every engine."""

    def small_slice(machine: Machine) -> int | None:
        return machine.run(500)

    monkeypatch.setattr(Machine, "run_slice", small_slice)
    return spawnlab.build(spawnlab.Scenario(programs={"root": Program(elf="x")}), elves={"root": ENDLESS})


def test_a_vm_that_computes_is_paused_and_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    build = endless(monkeypatch)

    @played
    async def test() -> None:
        async with watching(build) as player:
            session = player.app.session
            for start in ("r", "s", "e"):
                player.app.simulate_key(start)
                await player.until(lambda: session.in_turn)
                assert session.goal is not None
                player.app.simulate_key("p")
                await player.settle()
                assert session.in_turn
                assert "paused in the middle of a turn" in player.label("status")
                assert player.text("vms").splitlines()[1].split()[3] == "runs"
                machine = session.player.staging.scheduler.table.instantiated[0].machine
                cycles = machine.cycles
                assert cycles > 0
                await asyncio.sleep(0.05)
                assert machine.cycles == cycles
                await player.press("b")
                assert (session.in_turn, session.position) == (False, 0)
            player.app.simulate_key("r")
            await player.until(lambda: session.in_turn)
            player.app.simulate_key("question_mark")  # what is behind it is shown meanwhile
            await player.until(lambda: isinstance(player.app.screen, Help))
            await asyncio.sleep(3 * SHOW_SECONDS)
            player.app.simulate_key("ctrl+c")
        assert player.app.return_code == 0

    test()


@played
async def test_quitting_gives_an_explanation_up() -> None:
    """A thread that goes on would be waited for at the end of the loop."""
    async with watching("gallery:ring_of_three") as player:
        await player.pilot.press("e")
        await player.until(lambda: player.app.session.is_over)
        await player.pilot.press("q")
    assert player.app.return_code == 0
    assert player.app.explanation is None or player.app.explanation.edit is None or not player.app.trying


@played
async def test_control_c_leaves_from_anywhere() -> None:
    for before in ((), ("colon", "x"), ("question_mark",)):
        async with watching("gallery:pipeline") as player:
            await player.pilot.press(*before)
            await player.pilot.press("ctrl+c")
        assert player.app.return_code == 0


@played
async def test_a_function_that_fails_is_told() -> None:
    async def root(vm: Vm) -> None:
        await vm.pipe()
        raise ValueError("what \x1b[31m it says")

    async with watching({"root": root}) as player:
        await player.press("r")
        assert "failed" in player.label("status")
        assert player.text("why") == "the run can't go on: ValueError: what \\x1b[31m it says"
        await player.press("b")
        assert "paused" in player.label("status")


@played
async def test_programs_do_not_steer_the_terminal() -> None:
    async def root(vm: Vm) -> None:
        await vm.debug("\x1b]0;owned\x07 [bold]not markup[/bold]")

    async with watching({"root": root}) as player:
        await player.press("r")
        assert "\x1b" not in player.text("log")
        assert "[bold]not markup[/bold]" in player.text("log")
        assert player.app.query_one("#vms", VmPanel).selected == 0


@played
async def test_before_the_start_the_roots_program_is_shown() -> None:
    async with watching("gallery:deadlock") as player:
        lines = player.text("program").splitlines()
        assert lines[0].startswith('  steps[0]  { op = "pipe"')
        assert not [line for line in lines if line.startswith("> ")]
        await player.press("s")
        assert [line for line in player.text("program").splitlines() if line.startswith("> ")]


@played
async def test_what_is_below_is_said_until_it_is_in_sight() -> None:
    async with watching("gallery:deadlock") as player:
        await player.press("e")
        why = player.app.query_one("#why", Panel)
        hidden = re.fullmatch(r"why.*, (\d+) more below", str(why.border_title))
        assert hidden
        await player.press("6", *["down"] * int(hidden[1]))
        assert "below" not in str(why.border_title)
