"""For tests of programs that spawn: assertions that explain themselves, and a pytest plugin (``docs/actors.md``).

Each assertion raises AssertionError with what happened instead, in the words of ``spawnlab run``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..differing import first_difference
from ..explain.explain import explain as why
from ..explain.text import text_of
from ..scenarios.names import nearest
from ..scheduler.events import AnyEvent, IterationEnded
from ..staging import Run
from ..views.cast import Cast
from ..views.ending import ending
from ..views.text import harmless
from ..views.timeline import LEGEND, Timeline
from ..vm.errors import SpawnlabError

if TYPE_CHECKING:  # who tests no transactions needs no verifier
    from ..verifying.verify import ScriptResult, Verification

_LINES_SHOWN = 12
_KINDS = tuple(kind.__name__ for kind in AnyEvent.__args__)


class UnknownEventError(SpawnlabError):
    """A kind of event is asked for that there is none of; says which there are."""


def assert_expected(run: Run) -> None:
    """The run came to what its scenario expects."""
    if not run.as_expected:
        raise AssertionError(explain(run))


def assert_verified(made: Verification) -> None:
    """Each script of a transaction came to what its file expects: exit code 0, where that says nothing."""
    missed = [script for script in made.scripts if script.unmet]
    if missed:
        raise AssertionError("\n".join(f"{script.address}\n{_of_script(script)}" for script in missed))


def assert_no_deadlock(run: Run) -> None:
    """The run did not end in a deadlock; else it says who waits for what."""
    if run.outcome.deadlock is not None:
        raise AssertionError(explain(run))


def assert_exit(run: Run, code: int = 0) -> None:
    """The root ended with an exit code."""
    if run.outcome.exit_code != code:
        raise AssertionError(f"the exit code is not {code}\n{explain(run)}")


def order_of(run: Run) -> list[int]:
    """The VM of each iteration."""
    return [event.vm for event in run.journal if isinstance(event, IterationEnded)]


def events_of(run: Run, *kinds: str) -> list[Any]:
    """The events of these kinds, in their order: ``events_of(run, "Logged", "Transferred")``.

    The kinds and their fields are the classes of ``spawnlab.scheduler.events``. A type checker can't tell from a text
    which of them an event is. Raises :class:`UnknownEventError`.
    """
    for kind in kinds:
        if kind not in _KINDS:
            raise UnknownEventError(f"there is no kind {kind!r} of event{nearest(kind, _KINDS)}")
    return [event for event in run.journal if type(event).__name__ in kinds]


def assert_order(run: Run, vms: Sequence[int]) -> None:
    """The VMs had their turns in just this order."""
    order = order_of(run)
    place = first_difference(order, list(vms))
    if place is not None:
        raise AssertionError(
            f"turn {place + 1}: {_at(order, place)}, not {_at(vms, place)}\n"
            f"  order    {order}\n  expected {list(vms)}\n{explain(run)}"
        )


def assert_same_run(a: Run, b: Run) -> None:
    """Two runs are the same, event by event; else it shows the first that differs, with what came before it."""
    if a.journal == b.journal:
        return
    place = first_difference(a.journal.events, b.journal.events)
    if place is None:
        raise AssertionError(f"the runs differ in their policies or faults: {a.journal.policy} and {b.journal.policy}")
    lines = [*timeline_of(a, a.journal.events[:place])][-_LINES_SHOWN:]
    first, second = _at(a.journal.events, place), _at(b.journal.events, place)
    raise AssertionError(
        "\n".join([f"the runs differ in event {place + 1}", *lines, f"  one   {first}", f"  other {second}"])
    )


def _at(items: Sequence[object], index: int) -> object:
    return items[index] if index < len(items) else "the end"


def explain(run: Run) -> str:
    """How a run ended and why, and the last that happened before."""
    lines = [*timeline_of(run, run.journal)]
    shown = ["..."] * (len(lines) > _LINES_SHOWN) + lines[-_LINES_SHOWN:]
    return "\n".join([*map(harmless, ending(run)), *text_of(why(run), brief=True), LEGEND, *shown])


def _of_script(script: ScriptResult) -> str:
    if script.run is not None:
        return explain(script.run)
    lines = [script.error or "", *(f"not as expected: {missed}" for missed in script.unmet)]
    return "\n".join(harmless(line) for line in lines if line)


def timeline_of(run: Run, events: Iterable[AnyEvent]) -> Iterable[str]:
    """The lines of some of a run's events, from its first on."""
    timeline = Timeline(Cast(run.build))
    return [line for event in events if (line := timeline.line(event)) is not None]
