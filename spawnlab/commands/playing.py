"""What `run` and `resume` share: how to play, and what to print of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import (
    AS_EXPECTED,
    NOT_AS_EXPECTED,
    add_color_option,
    add_engine_option,
    cycles,
    terminal_for,
    use_engine,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..scheduler.events import AnyEvent
    from ..scheduler.syscalls.generator import SyscallGenerator
    from ..staging import Playable, Run
    from ..views.screen import Screen

EPILOG = (
    "Exit status: 0 when the run ended as the scenario expects or was suspended, 1 when not, "
    "2 for input that can't be run."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """How to play, and what to print."""
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON, and nothing else")
    parser.add_argument("--quiet", action="store_true", help="print only how the run ended")
    parser.add_argument("--limit", type=cycles, metavar="CYCLES", help="cycle limit, instead of the scenario's")
    parser.add_argument("--driver", choices=("trio", "sync"), default="trio", help="how to play; the run is the same")
    add_engine_option(parser)
    parser.add_argument("--journal", metavar="OUT", help="write the journal, every event as a line of JSON, to a file")
    parser.add_argument(
        "--suspend-at", type=cycles, metavar="CYCLES", help="suspend the run before it goes beyond these cycles"
    )
    add_color_option(parser)
    parser.add_argument("--state", metavar="FILE", help="where --suspend-at writes what `spawnlab resume` goes on from")


def check_options(options: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Options that go together; leaves the program when one is missing."""
    if (options.suspend_at is None) != (options.state is None):
        parser.error("--suspend-at CYCLES and --state FILE go together")


def play(
    options: argparse.Namespace,
    what: Playable,
    *,
    past: Iterable[AnyEvent] = (),
    policy: str | None = None,
    faults: Sequence[str] = (),
    system_calls: SyscallGenerator | None = None,
) -> int:
    """Play and print; ``past`` are the events of a run that is gone on with, ``policy`` is a hypothetical order.

    ``faults`` are hypothetical too, and so are ``system_calls`` that are not the chain's. Returns the exit status.
    """
    from ..play import run, run_synchronously
    from ..scheduler.faults import faults_of, run_name
    from ..scheduler.hypothetical import CONSENSUS_TEXT, hypothetical_order, policy_of
    from ..scheduler.journal import Journal
    from ..scheduler.syscalls.generator import consensus_syscalls
    from ..staging import load
    from ..views.cast import Cast
    from ..views.hypotheticals import OTHER_CALLS, hypothetical_lines
    from ..views.screen import Screen
    from ..views.text import harmless
    from ..views.timeline import Timeline

    use_engine(options)
    seen = Journal(run_name(policy_of(policy or CONSENSUS_TEXT), faults_of(faults)))
    seen.events += past
    build = load(what)
    show = not (options.json or options.quiet)
    observers = []
    if show:
        timeline = Timeline(Cast(build))
        for event in past:
            timeline.line(event)
        screen = Screen(timeline, terminal_for(options))
        if build.scenario.title:
            for line in terminal_for(options).wrap(harmless(build.scenario.title)):
                print(line)
        hypothetical = hypothetical_order(seen.policy)
        said_first = [] if hypothetical is None else list(hypothetical_lines(hypothetical))
        if system_calls not in (None, consensus_syscalls):
            said_first.append(OTHER_CALLS)
        for said in said_first:
            for line in terminal_for(options).wrap(said):
                print(terminal_for(options).style(line, "bold", "yellow"))
        for line in screen.heading():
            print(line)
        observers = [_printer(screen)]
    driver = run if options.driver == "trio" else run_synchronously
    try:
        result = driver(
            what,
            limit=options.limit,
            suspend_at=options.suspend_at,
            observers=[seen, *observers],
            policy=policy,
            faults=faults,
            system_calls=system_calls or consensus_syscalls,
        )
    finally:  # interrupted, too: the journal so far is there to be read
        if options.journal:
            _write(options.journal, seen.to_bytes())
    if result.saved is not None:
        _write(options.state, result.saved.to_bytes())
    _print_result(result, options)
    return AS_EXPECTED if result.as_expected else NOT_AS_EXPECTED


def _printer(screen: Screen):
    def print_line(event: AnyEvent) -> None:
        for line in screen.lines(event):
            print(line)

    return print_line


def _write(file: str, content: bytes) -> None:
    with open(file, "wb") as opened:
        opened.write(content)


def _print_result(result: Run, options: argparse.Namespace) -> None:
    if options.json:
        from ..views.report import report

        print(report(result))
        return
    from ..views.ending import ending
    from ..views.text import harmless

    terminal = terminal_for(options)
    for line in ending(result):
        for part in terminal.wrap(harmless(line), hanging="    "):
            print(part)
    if not (result.as_expected or options.quiet):
        from ..explain.explain import explain
        from ..explain.text import text_of

        for line in text_of(explain(result), terminal, brief=True):
            print(line)
    if result.saved is not None:
        print(f"go on with: spawnlab resume {options.state}")
    elif options.state is not None:
        print(f"it did not come to {options.suspend_at:,} cycles, so {options.state} was not written")
