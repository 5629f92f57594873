"""Hypothesis strategies: topologies, programs, cycle limits and suspend plans (``docs/explore.md``).

What is drawn are lists of numbers, so that shrinking leaves out VMs, pipes and operations: a deadlock that is found
among large topologies shrinks to the smallest.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st

from ..explore.generate import ANY, KINDS, NUMBER_MAX, Numbers, Shape, topology_of
from ..explore.topology import Topology, scenario_of
from ..explore.writing import write_scenario
from ..play import run_synchronously
from ..scenarios.model import Program, Scenario, SuspendPlan
from ..scheduler.events import IterationEnded
from ..staging import Playable

_NUMBER = st.integers(0, NUMBER_MAX)
_FOUR = st.tuples(_NUMBER, _NUMBER, _NUMBER, _NUMBER)
FAILURES = Path("failing-scenarios")


def topologies(
    kind: str = "free", *, vms_max: int = 6, pipes_max: int = 6, operations_max: int = 16
) -> st.SearchStrategy[Topology]:
    """Topologies of a kind: ``acyclic``, ``cyclic``, ``broken``, ``free``, ``any`` (:mod:`spawnlab.explore.generate`).

    :func:`~spawnlab.explore.topology.scenario_of` makes a scenario of one, and
    :func:`~spawnlab.explore.player.build_of` one that is ready to run at once. Raises
    :class:`~spawnlab.explore.topology.TopologyError` for a kind or size that can't be.
    """
    shape = Shape(kind, vms_max, pipes_max, operations_max)
    if kind == ANY:
        sizes = {"vms_max": vms_max, "pipes_max": pipes_max, "operations_max": operations_max}
        return st.one_of([topologies(one, **sizes) for one in KINDS])
    fewest = 1 if kind == "cyclic" else 0
    numbers = st.builds(
        Numbers,
        parents=st.lists(_NUMBER, min_size=fewest, max_size=vms_max - 1),
        pipes=st.lists(_FOUR, max_size=pipes_max),
        operations=st.lists(
            _FOUR, min_size=0 if kind == "free" else 1, max_size=operations_max if kind == "free" else 1
        ),
        ranks=st.just(()) if kind == "free" else st.lists(_NUMBER, max_size=vms_max),
    )
    return numbers.map(lambda drawn: topology_of(drawn, shape))


def scenarios(kind: str = "free", **sizes: int) -> st.SearchStrategy[Scenario]:
    """The scenarios of :func:`topologies`."""
    return topologies(kind, **sizes).map(scenario_of)


def programs(*, pipes_max: int = 3, operations_max: int = 12) -> st.SearchStrategy[Program]:
    """Single programs: lists of operations on pipes of their own, for the root or for a child that is given no fds."""
    alone = topologies(vms_max=1, pipes_max=pipes_max, operations_max=operations_max)
    return alone.map(lambda topology: scenario_of(topology).programs["root"])


def limits(what: Playable) -> st.SearchStrategy[int]:
    """Cycle limits for a run: anywhere, and round the totals after its turns, where endings change."""
    totals = _totals(what)
    highest = max(totals, default=0)
    near = st.tuples(st.sampled_from(totals or [0]), st.integers(-2, 2)).map(lambda pair: max(0, sum(pair)))
    return near | st.integers(0, highest + 1)


def suspend_plans(what: Playable, *, times_max: int = 4) -> st.SearchStrategy[SuspendPlan]:
    """Plans that suspend a run up to so many times: after some of its turns, or anywhere."""
    highest = max(_totals(what), default=0) + 1
    points = limits(what).map(lambda cycles: max(1, cycles)) | st.integers(1, highest)
    chosen = st.lists(points, min_size=1, max_size=times_max, unique=True)
    return chosen.map(lambda found: SuspendPlan(at=tuple(sorted(found))))


def _totals(what: Playable) -> list[int]:
    return [event.total for event in run_synchronously(what).journal if isinstance(event, IterationEnded)]


@contextmanager
def kept_if_failing(scenario: Scenario, name: str, *, folder: Path = FAILURES) -> Generator[None]:
    """Write the scenario to ``folder/name.json`` when the block fails, and say so.

    Hypothesis plays the smallest failing example last, so that this is the one in the file::

        @given(topologies("acyclic"))
        def test_mine(topology):
            scenario = scenario_of(topology)
            with kept_if_failing(scenario, "mine"):
                assert_no_deadlock(run_synchronously(scenario))
    """
    try:
        yield
    except Exception as error:
        file = write_scenario(scenario, folder / f"{name}.json")
        error.add_note(f"the scenario is in {file}: spawnlab run {file}")
        raise
