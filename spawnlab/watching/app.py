"""The live view in a terminal: a session's panels, and its keys. All that is not Textual's is in :mod:`.session`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import ClassVar

import msgspec
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Key as KeyPressed
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ..explain.explain import explain
from ..explain.model import Explanation
from ..scheduler.journal import Journal
from ..staging import Run
from . import pages
from .breakpoints import BreakpointError, text_of
from .keys import KEYS, PANEL_KEYS, PANELS, help_lines, hint
from .orders import Delete, GoTo, order_of
from .pages import Line, Page
from .panels import LogPanel, Panel, VmPanel
from .session import Session
from .source import source_of
from .style import CSS, HEIGHTS, WIDTHS

COMMON = ("program", "pipes", "tree", "breakpoints")
"""Panels that a large terminal always shows."""
PROMPTING = ("prompt", "delete")
"""Actions that let something be typed."""
SHOW_SECONDS = 0.1
"""How often what is seen is made anew, while a run is under way."""


class Watch(App[None]):
    """Shows a session. ``title`` is what is played; ``folder`` is where the sources are that it names."""

    CSS = CSS
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = WIDTHS  # pyright: ignore[reportIncompatibleVariableOverride] # Textual's own way
    VERTICAL_BREAKPOINTS = HEIGHTS  # pyright: ignore[reportIncompatibleVariableOverride]
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key.keys, key.action, show=False, priority=key.action in PROMPTING)
            for key in (*KEYS, *PANEL_KEYS)
            if key.action
        ),
        Binding("ctrl+c,ctrl+q", "quit", show=False, priority=True),
    ]

    def __init__(self, session: Session, *, title: str, folder: Path | None = None) -> None:
        super().__init__(ansi_color=True)  # the terminal's own colours, and with NO_COLOR none
        self.theme = "ansi-dark"
        self.animation_level = "none"
        self.session = session
        self.selected = 0
        self.explanation: Explanation | None = None
        self.trying = False
        """Whether edits are being tried."""
        self._title, self._folder = title, folder
        self._chosen = PANELS[0]
        self._follows = True
        self._message = ""
        self._wanted = asyncio.Event()
        self._asked: Run | None = None
        """The run whose end is to be explained."""
        self._status, self._hint = Static(id="status", markup=False), Static(id="hint", markup=False)
        self._vms, self._lines = VmPanel("vms"), LogPanel("log")
        self._panels = {name: Panel(name, common=name in COMMON) for name in PANELS}
        self._prompt = Input(
            id="prompt", select_on_focus=False, placeholder="turn 12, vm 3, call read, call write 2, go 5"
        )

    def compose(self) -> ComposeResult:
        """Status, the table, the other panels, the log, and a line for hints or what is typed."""
        yield self._status
        with Container(id="body"):
            yield self._vms
            with Container(id="side"):
                yield from self._panels.values()
            yield self._lines
        yield self._hint
        yield self._prompt

    def on_mount(self) -> None:
        """Begin to wait for orders."""
        self._prompt.display = False
        self._choose(PANELS[0])
        self._vms.focus()
        self.call_after_refresh(self.show)
        self.run_worker(self._drive())

    @property
    def is_busy(self) -> bool:
        """Whether there is something under way: a run, or an explanation."""
        return self._wanted.is_set() or self.session.goal is not None or self.trying

    # Playing

    async def _drive(self) -> None:
        """Do what the session is told to, and show it now and then."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            since = perf_counter()
            while self.session.advance():
                if perf_counter() - since > SHOW_SECONDS:
                    self.show()
                    since = perf_counter()
                await asyncio.sleep(0)  # whatever was pressed comes in
            self._came_to_rest()
            self.show()

    def _came_to_rest(self) -> None:
        run = self.session.player.run
        if run is not self._asked:
            self._asked, self.explanation, self.trying = run, None, False
            if run is not None and not (run.as_expected and run.outcome.failure is None):
                self._explain(run)
        if self.session.is_over:
            self._choose("why")
        elif self._chosen == "why":
            self._choose(PANELS[0])

    def _order(self, order: Callable[[], None]) -> None:
        """Give the session an order, and have it carried out."""
        self._message = ""
        order()
        self._came_to_rest()
        self._wanted.set()

    # Explaining

    def _explain(self, run: Run) -> None:
        """Explain a run's end in a thread: it may play the scenario many times."""
        events = Journal(run.journal.policy)
        events.events = list(run.journal.events)  # the session's own becomes shorter when it goes back
        run_then = msgspec.structs.replace(run, journal=events)
        self.trying = True

        def work() -> None:
            for edits in (False, True):
                if self._asked is run:
                    made = explain(run_then, edits=edits, going=lambda: self._asked is run)
                    if self._asked is run:
                        self.call_from_thread(self._explained, run, made, edits)

        self.run_worker(work, thread=True)

    def _explained(self, run: Run, explanation: Explanation, whole: bool) -> None:
        if self._asked is run:
            self.explanation, self.trying = explanation, not whole
            self.show()

    # Showing

    def show(self) -> None:
        """Show what is."""
        session = self.session
        if self._follows and session.chronicle.last is not None:
            self.selected = session.chronicle.last
        self._status.update(pages.texts(pages.status(session, self._title, max(self.size.width, 20))))
        for name, panel in [("vms", self._vms), *self._panels.items()]:
            if panel.room:
                panel.show(self._page(name, panel.room))
        self._vms.select(self.selected)
        self._lines.show_rows(session.chronicle.rows)
        self._hint.update(self._message or hint(self.size.width))

    def _page(self, name: str, width: int) -> Page:
        session = self.session
        match name:
            case "vms":
                return pages.vms(session, width)
            case "program":
                return pages.program(source_of(session, self.selected, folder=self._folder), self.selected, width)
            case "pipes":
                return pages.pipes(session, width)
            case "tree":
                return pages.tree(session, width)
            case "registers":
                return pages.registers(session, self.selected, width)
            case "breakpoints":
                return pages.breakpoints(session, width)
            case _:
                return pages.why(session, self.explanation, width, trying=self.trying)

    def on_panel_resized(self) -> None:
        """Make the lines anew."""
        self.show()

    def _choose(self, name: str) -> None:
        self._chosen = name
        for each, panel in self._panels.items():
            panel.set_class(each == name, "chosen")
        self.call_after_refresh(self.show)

    # Keys

    def action_step(self) -> None:
        """Play one turn."""
        self._order(self.session.step)

    def action_go_back(self) -> None:
        """Go back by one."""
        self._order(self.session.back)

    def action_run(self) -> None:
        """Run to a breakpoint, or the end."""
        self._order(self.session.run)

    def action_run_to_end(self) -> None:
        """Run to the end."""
        self._order(self.session.run_to_end)

    def action_restart(self) -> None:
        """Go back to the start."""
        self._order(lambda: self.session.go_to_position(0))

    def action_pause(self) -> None:
        """Pause."""
        self._order(self.session.pause)

    def action_select(self, by: int) -> None:
        """Select another VM."""
        vms = sorted(self.session.chronicle.vms)
        if vms:
            at = vms.index(self.selected) if self.selected in vms else 0
            self._select(vms[max(0, min(len(vms) - 1, at + by))])

    def on_vm_panel_picked(self, message: VmPanel.Picked) -> None:
        """A VM was clicked at."""
        self._select(message.vm)

    def _select(self, vm: int) -> None:
        self.selected, self._follows = vm, False
        self.show()

    def action_follow(self) -> None:
        """Select whoever has the turn, from now on."""
        self._follows = True
        self.show()

    def action_panel(self, name: str) -> None:
        """Show a panel, and have its keys."""
        self._choose(name)
        self._panels[name].focus()

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(Help())

    # What is typed

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """What opens the prompt comes before the keys of whatever has the focus, but not before the prompt's own."""
        return action not in PROMPTING or not (self.screen.focused is self._prompt or isinstance(self.screen, Help))

    def action_prompt(self, text: str = "") -> None:
        """Let something be typed. The prompt has the focus at once: the next key may be there already."""
        self._hint.display, self._prompt.display = False, True
        self._prompt.value = text
        self.screen.set_focus(self._prompt)
        self._prompt.action_end()

    def action_delete(self) -> None:
        """Ask for the number of a breakpoint."""
        self._choose("breakpoints")
        self.action_prompt("delete ")

    def on_key(self, event: KeyPressed) -> None:
        """Escape leaves the prompt."""
        if event.key == "escape" and self._prompt.display:
            self._leave_prompt()

    def _leave_prompt(self) -> None:
        self._hint.display, self._prompt.display = True, False
        self.screen.set_focus(self._vms)
        self.show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Do what was typed."""
        if event.value.strip():
            self._obey(event.value)
        self._leave_prompt()

    def _obey(self, text: str) -> None:
        try:
            order = order_of(text.strip().removeprefix(":"))
        except BreakpointError as error:
            self._message = str(error)
            return
        if isinstance(order, GoTo):
            self._order(lambda: self.session.go_to_turn(order.turn))
        elif isinstance(order, Delete):
            self._delete(order.number)
        elif self.session.add_breakpoint(order):
            self._message = f"breakpoint {len(self.session.breakpoints)}: {text_of(order)}"
        else:
            self._message = f"there is a breakpoint {text_of(order)} already"

    def _delete(self, number: int | None) -> None:
        there = self.session.breakpoints
        if number is None:
            there.clear()
            self._message = "all breakpoints are deleted"
        elif number <= len(there):
            self._message = f"deleted: {text_of(there.pop(number - 1))}"
        else:
            self._message = f"there is no breakpoint {number}; there are {len(there)}"

    async def action_quit(self) -> None:
        """Leave; an explanation that is being made is given up."""
        self._asked = None
        self.exit()


class Help(ModalScreen[None]):
    """The keys."""

    def compose(self) -> ComposeResult:
        """One panel."""
        yield Panel("help")

    def on_mount(self) -> None:
        """Have its keys."""
        self.query_one("#help").focus()

    def on_panel_resized(self, message: Panel.Resized) -> None:
        """Fill it."""
        message.stop()
        panel = self.query_one("#help", Panel)
        panel.show(Page("keys", tuple(Line(text) for text in help_lines(panel.room))))

    def on_key(self, event: KeyPressed) -> None:
        """Any key but those that scroll goes back."""
        if event.key not in ("up", "down", "pageup", "pagedown", "tab"):
            event.stop()
            self.dismiss()
