"""What a scenario can expect, and what is said of a run that came to something else."""

from __future__ import annotations

import pytest

import spawnlab
from spawnlab.scenarios.load import parse_scenario
from spawnlab.testing import order_of

PROGRAMS = """
[programs.root]
steps = [
  { op = "log", text = "begins" },
  { op = "pipe", as = ["r", "w"] },
  { op = "spawn", program = "child", fds = ["w"], as = "child" },
  { op = "read", fd = "r", size = 8, text = "hi" },
  { op = "wait", vm = "child" },
  { op = "log", text = "ends" },
]
[programs.child]
steps = [{ op = "inherited_fds", as = ["w"] }, { op = "log", text = "writes" }, { op = "write", fd = "w", text = "hi" }]
"""


def unmet(expect: str, programs: str = PROGRAMS) -> tuple[str, ...]:
    return spawnlab.run(spawnlab.build(parse_scenario(f"{programs}[expect]\n{expect}\n", ".toml"))).unmet


RUN = spawnlab.run(spawnlab.build(parse_scenario(PROGRAMS, ".toml")))
CYCLES = RUN.outcome.cycles
ORDER = order_of(RUN)


@pytest.mark.parametrize(
    "expect",
    [
        "",
        "exit_code = 0",
        f"cycles = {CYCLES}",
        f"cycles = {{ min = {CYCLES}, max = {CYCLES} }}",
        "cycles = {}",
        "deadlock = false",
        'log = ["begins", "writes", "ends"]',
        'log = ["begins", { vm = 1, text = "writes" }, "ends"]',
        f"order = {ORDER}",
        f"fingerprint = '{RUN.journal.fingerprint()}'",
    ],
)
def test_as_expected(expect: str) -> None:
    assert unmet(expect) == ()


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ("exit_code = 3", "exit code 0, not 3"),
        ("error = 'CyclesExceeded'", "error none, not CyclesExceeded"),
        ("deadlock = true", "no deadlock, but one is expected"),
        ("deadlock = [0, 1]\n", "no deadlock, but one of VMs 0, 1 is expected"),
        (f"cycles = {CYCLES - 1}", f"{CYCLES:,} cycles, not {CYCLES - 1:,}"),
        (f"cycles = {{ min = {CYCLES + 1} }}", f"{CYCLES:,} cycles, fewer than {CYCLES + 1:,}"),
        (f"cycles = {{ max = {CYCLES - 1} }}", f"{CYCLES:,} cycles, more than {CYCLES - 1:,}"),
        ("order = [0, 1]", "iteration 2 is VM 0's, not VM 1's"),
        ("order = [0]", "iteration 2 is VM 0's, where none is expected"),
        ('log = ["begins", "writes"]', "line 3 is VM 0's 'ends', where none is expected"),
        ('log = ["begins", "writes", "ends", "more"]', "there is no line 4; 'more' is expected"),
        ('log = ["begins", { vm = 0, text = "writes" }, "ends"]', "line 2 is VM 1's 'writes', not VM 0's 'writes'"),
        ('log = ["begins", "reads", "ends"]', "line 2 is 'writes', not 'reads'"),
        (f"fingerprint = '{'0' * 64}'", f"fingerprint {RUN.journal.fingerprint()}, not {'0' * 64}"),
    ],
)
def test_not_as_expected(expect: str, words: str) -> None:
    (found,) = unmet(expect)
    assert found.startswith(words)


def test_order_that_goes_on() -> None:
    longer = [*ORDER, 0]
    assert unmet(f"order = {longer}") == (f"there is no iteration {len(longer)}; VM 0's is expected",)
