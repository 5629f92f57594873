"""The native code of a program: in processes that are forked, and where there is no room for more."""

from __future__ import annotations

import os

import pytest

from spawnlab.vm.engines import engine, native_refusal
from spawnlab.vm.machine import Machine
from spawnlab.vm.native import cache
from spawnlab.vm.program import forget_programs

from ..support import CODE, code_of, machine_of

pytestmark = pytest.mark.skipif(native_refusal() is not None, reason=str(native_refusal()))

CALLING = """
again:
    jalr ra, 0(t0)
    addi s1, s1, -1
    bnez s1, again
    li a7, 93; ecall
"""
NOTHING = bytes(8)
"""So that what lies behind it is not translated before it is come to."""


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "off")
    forget_programs()


def calling(numbers: list[int], chosen: int, name: str = "native") -> Machine:
    """A machine with a function for each number, which adds it to a0; the chosen one is called 20 times."""
    content, starts = code_of(CALLING), list[int]()
    for number in numbers:
        content += NOTHING
        starts.append(CODE + len(content))
        content += code_of(f"addi a0, a0, {number}; ret")
    machine = machine_of(content, registers={9: 20, 5: starts[chosen]})
    machine.engine = engine(name)
    return machine


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes can't be forked here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_processes_that_were_forked_each_have_their_own_code() -> None:
    """The parent translates what the child has not, at the same addresses."""
    assert calling([1, 2, 3], 0).run() == 20
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(told, 1)
        os._exit(calling([1, 2, 3], 2).run() or 0)
    assert calling([1, 2, 3], 1).run() == 40
    assert calling([1, 2, 3], 2).run() == 60
    os.write(tell, b".")
    _, status = os.waitpid(child, 0)
    os.close(told)
    os.close(tell)
    assert os.waitstatus_to_exitcode(status) == 60
