"""The pytest plugin and the assertions: what passes, and what a failure says."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import spawnlab
from spawnlab.actors.vm import Vm
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scheduler.events import Logged, Transferred
from spawnlab.testing import (
    UnknownEventError,
    assert_exit,
    assert_expected,
    assert_no_deadlock,
    assert_order,
    assert_same_run,
    events_of,
    order_of,
)

from .playing_pytest import pytest_in

GALLERY = Path(__file__).resolve().parents[2] / "scenarios" / "gallery"
PIPELINE = GALLERY / "pipeline.toml"


def test_the_gallery_is_a_folder_of_tests() -> None:
    status, out = pytest_in(GALLERY, ".")
    assert status == 0, out
    assert f"{sum(file.suffix in ('.toml', '.yaml', '.json') for file in GALLERY.iterdir())} passed" in out


def test_what_is_collected(tmp_path: Path) -> None:
    """Scenarios, broken ones too; no other file of TOML or JSON."""
    smallest = "[programs.root]\nsteps = [{ op = 'exit', code = 3 }]\n"
    (tmp_path / "fails.toml").write_text(smallest)
    (tmp_path / "waits.toml").write_text("[programs.root]\nsteps = [{ op = 'wait', vm = 0 }]\n")
    (tmp_path / "passes.toml").write_text(smallest + "[expect]\nexit_code = 3\n")
    (tmp_path / "passes.json").write_text('{"programs": {"root": {"steps": []}}}')
    (tmp_path / "mistake.toml").write_text(smallest.replace("exit", "exti"))
    (tmp_path / "broken.toml").write_text("[programs.root]\nsteps = [\n")
    (tmp_path / "pyproject.toml").write_text("[tool.programs]\nx = 1\n")
    (tmp_path / "other.json").write_text('["programs"]')
    (tmp_path / "another.json").write_text('{"programs": ')
    (tmp_path / "empty.toml").write_text("")
    status, out = pytest_in(tmp_path)
    assert status == 1
    assert "4 failed, 2 passed" in out
    assert "not as expected: exit code 3, not 0" in out
    assert "there is no operation 'exti'; did you mean 'exit'?" in out
    assert "why: deadlock: VM 0 waits for ever\n" in out
    assert "tried: in root: leave out the wait for VM 0\n" in out
    assert "broken.toml:2: not TOML: " in out
    assert "Traceback" not in out
    assert "pytest_plugin.py" not in out


def test_fixtures(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\ntrio_mode = true\n")
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent(f"""
            from spawnlab.testing import assert_exit

            def test_run(run_scenario):
                assert_exit(run_scenario({str(PIPELINE)!r}))

            async def test_stage(stage):
                async with stage({str(PIPELINE)!r}) as it:
                    await it.run(until_iteration=3)
                    assert it.scheduler.iterations == 3
        """)
    )
    status, out = pytest_in(tmp_path)
    assert status == 0, out
    assert "2 passed" in out


def test_it_imports_nothing_until_it_is_used() -> None:
    program = "import sys, spawnlab.pytest_plugin; print(sorted(m for m in sys.modules if m.startswith('spawnlab.')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "spawnlab.scheduler.scheduler" not in done.stdout


# Assertions


async def stuck(vm: Vm) -> None:
    read_end, _ = await vm.pipe()
    await read_end.receive_some()


def test_no_deadlock() -> None:
    assert_no_deadlock(spawnlab.run_synchronously(PIPELINE))
    with pytest.raises(AssertionError, match="waits to read from fd 2, whose write end 3 is held by itself"):
        assert_no_deadlock(spawnlab.run_synchronously({"root": stuck}))
    with pytest.raises(AssertionError, match=r"\nwhy: deadlock: .*\n(.*\n)*tried: in root: close w before the wait"):
        assert_no_deadlock(spawnlab.run_synchronously(GALLERY / "leaked_fd.toml"))


def test_failures_are_harmless_to_terminals() -> None:
    text = (
        '[programs.root]\nsteps = [{ op = \'log\', text = "\\u001b[31mred" }]\n[expect]\nlog = ["\\u001b[32mgreen"]\n'
    )
    with pytest.raises(AssertionError) as caught:
        assert_expected(spawnlab.run_synchronously(parse_scenario(text, ".toml")))
    assert "[31mred" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_exit_codes_and_expectations() -> None:
    run = spawnlab.run_synchronously(PIPELINE)
    assert_exit(run)
    assert_expected(run)
    with pytest.raises(AssertionError, match=r"^the exit code is not 5\nexit code 0\n"):
        assert_exit(run, 5)
    other = parse_scenario("[programs.root]\nsteps = [{ op = 'exit', code = 3 }]\n", ".toml")
    with pytest.raises(AssertionError, match="not as expected: exit code 3, not 0"):
        assert_expected(spawnlab.run_synchronously(other))


def test_orders() -> None:
    run = spawnlab.run_synchronously(GALLERY / "parent_child.toml")
    order = order_of(run)
    assert_order(run, order)
    with pytest.raises(AssertionError, match=r"^turn 2: 0, not 7\n"):
        assert_order(run, [order[0], 7, *order[2:]])
    with pytest.raises(AssertionError, match=rf"^turn {len(order)}: {order[-1]}, not the end\n"):
        assert_order(run, order[:-1])
    with pytest.raises(AssertionError, match=rf"^turn {len(order) + 1}: the end, not 3\n"):
        assert_order(run, [*order, 3])


def test_same_runs() -> None:
    run = spawnlab.run_synchronously(PIPELINE)
    assert_same_run(run, spawnlab.run(PIPELINE))
    other = spawnlab.run_synchronously(PIPELINE, limit=500_000)
    with pytest.raises(AssertionError) as caught:
        assert_same_run(run, other)
    lines = str(caught.value).splitlines()
    assert lines[0] == "the runs differ in event 2"  # the limit stands in the first turn
    assert lines[-2].startswith("  one   IterationStarted(")
    assert lines[-1].startswith("  other IterationStarted(")


def test_events_by_their_kind() -> None:
    run = spawnlab.run_synchronously(GALLERY / "parent_child.toml")
    expected = [event for event in run.journal if isinstance(event, Logged | Transferred)]
    assert [type(event) for event in expected] == [Transferred, Logged]
    assert events_of(run, "Logged", "Transferred") == expected
    assert events_of(run, "Logged") == expected[1:]
    assert events_of(run) == []
    with pytest.raises(UnknownEventError, match="no kind 'Loged' of event; did you mean 'Logged'"):
        events_of(run, "Loged")
