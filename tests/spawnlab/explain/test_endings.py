"""Endings that are no deadlock: the rule, the number, and what the fd or VM was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.actors.vm import Vm
from spawnlab.explain.explain import explain
from spawnlab.explain.model import Explanation
from spawnlab.explain.rules import CODE_RULES, ERROR_RULES
from spawnlab.explain.text import text_of
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.scheduler.codes import ReturnCode
from spawnlab.scheduler.syscalls.pipes import CLOSE
from spawnlab.views.cast import Cast
from spawnlab.views.terminal import Terminal
from spawnlab.vm import errors

from .broken import BROKEN, close, pipe, read, spawn, until_closed, wait, write


def explained(root: list[str], **others: list[str]) -> Explanation:
    text = "".join(
        f"[programs.{name}]\nsteps = [{', '.join(f'{{ op = {step} }}' for step in steps)}]\n"
        for name, steps in {"root": root, **others}.items()
    )
    return explain(spawnlab.run_synchronously(parse_scenario(text, ".toml")))


def of_asm(asm: str, version: int = 2) -> Explanation:
    return explain(spawnlab.run_synchronously(Scenario(programs={"root": Program(asm=asm)}, version=version)))


def variants(base: type[errors.VmError] = errors.VmError) -> Iterator[str]:
    for kind in base.__subclasses__():
        if not kind.__name__.startswith("_"):
            yield kind.__name__
        yield from variants(kind)


def test_each_code_and_each_error_has_its_rule() -> None:
    assert CODE_RULES.keys() == {code.name for code in ReturnCode if code}
    assert all(rule.startswith(f"{ReturnCode[name].value}: ") for name, rule in CODE_RULES.items())
    elsewhere = {"CyclesExceeded", "Unexpected", "Deadlock", "Pause", "Yield"}
    assert set(variants()) - elsewhere == ERROR_RULES.keys()


Row = tuple[list[str], dict[str, list[str]], str, tuple[int, ...], str]
ANSWERS: list[Row] = [
        (['"close", fd = 9'], {}, "INVALID_FD", (9,), "there is no fd 9: no pipe that was made has it"),
        (
            [pipe("r", "w"), close("r"), close("r")], {}, "INVALID_FD", (2,),
            "fd 2 was closed by VM 0, in turn 2, ",
        ),
        (
            [pipe("r", "w"), spawn("child", "r"), read("r")], {"child": [wait(0)]}, "INVALID_FD", (2,),
            "fd 2 was handed over to VM 1",
        ),
        (
            [spawn("child"), pipe("r", "w"), wait("child")], {"child": ['"close", fd = 3']}, "INVALID_FD", (3,),
            "there is no fd 3",
        ),
        (
            [pipe("r", "w"), spawn("child"), wait("child")], {"child": ['"close", fd = 3']}, "INVALID_FD", (3,),
            "fd 3 is held by VM 0",
        ),
        ([pipe("r", "w"), read("w")], {}, "INVALID_FD", (3,), "fd 3 is VM 0's, but it is a write end"),
        ([pipe("r", "w"), write("r")], {}, "INVALID_FD", (2,), "fd 2 is VM 0's, but it is a read end"),
        (
            [pipe("r", "w"), close("w"), read("r")], {}, "OTHER_END_CLOSED", (2,),
            "fd 3 was closed by VM 0, in turn 2, ",
        ),
        (
            [pipe("r", "w"), spawn("child", "w"), wait("child"), read("r")], {"child": []}, "OTHER_END_CLOSED", (2,),
            "fd 3 was closed by the end of VM 1, in turn 3",
        ),
        ([wait(7)], {}, "WAIT_FAILURE", (), "there never was a VM 7"),
        (
            [spawn("child"), wait("child"), wait("child")], {"child": []}, "WAIT_FAILURE", (),
            "VM 1 ended with exit code 0 in turn 2, and that was collected before",
        ),
        (
            [pipe("r", "w"), *(spawn("child", name=f"c{i}") for i in range(17))],
            {"child": [wait(0)]}, "MAX_VMS_SPAWNED", (), "17 VMs live; 17 may",
        ),
        (
            ['"repeat", times = 33, steps = [{ op = "pipe", as = ["r", "w"] }]'], {}, "MAX_FDS_CREATED", (),
            "64 fds are open, held by VM 0 (64); from 64 on no pipe is made",
        ),
        (
            [spawn("child"), '"wait", vm = "child", exit_code = 3'], {"child": []}, "expectation", (),
            "VM 0 (root, steps[1]) says: the exit code is not 3",
        ),
        (
            [pipe("r", "w"), close("w"), until_closed("r"), '"log", text = "6"', '"exit", code = 6'], {}, "exit", (),
            "the last that was printed: VM 0 says '6'",
        ),
]  # fmt: skip


@pytest.mark.parametrize(("root", "others", "cause", "fds", "fact"), ANSWERS)
def test_answers(root: list[str], others: dict[str, list[str]], cause: str, fds: tuple[int, ...], fact: str) -> None:
    found = explained(root, **others)
    assert (found.ending, found.cause, found.fds) == ("exit", cause, fds)
    assert any(line.startswith(fact) for line in found.facts), found.facts
    if cause in CODE_RULES:
        assert found.rule == CODE_RULES[cause]
        assert cause in found.headline


def test_answers_that_nothing_was_posted_for() -> None:
    """A program that was not found, in assembly: the VM ends with the code it was answered with."""
    found = of_asm("li a0, 9\nli a1, 3\nli a2, 0\nli a3, 0\nla a4, none\nli a7, SYS_SPAWN\necall\n"
                   "li a7, SYS_EXIT\necall\n.data\nnone: .dword 0, 0, 0, 0")  # fmt: skip
    assert (found.cause, found.headline) == ("INDEX_OUT_OF_BOUND", "VM 0's spawn was answered with INDEX_OUT_OF_BOUND")
    assert found.facts[1].startswith("its index was 9; the programs are the cell deps 0 (root, ")


@pytest.mark.parametrize(
    ("asm", "version", "cause", "fact"),
    [
        ("lui t0, 0x400\nld a0, 0(t0)\nnop", 2, "MemOutOfBound", "it was VM 0's turn (root, asm:2) at pc 0x10008"),
        ("lui t0, 0x300\njr t0", 2, "MemWriteOnExecutablePage", "it was VM 0's turn (root) at pc 0x300000"),
        ("la t0, start\nstart: sd a0, 0(t0)", 2, "MemWriteOnExecutablePage", "it was VM 0's turn (root, asm:2)"),
        (".word 0", 2, "InvalidInstruction", "it was VM 0's turn (root, asm:1) at pc 0x10000"),
        ("li a7, 2604\necall", 1, "InvalidEcall", "it was VM 0's turn (root, asm:2)"),
    ],
)
def test_faults(asm: str, version: int, cause: str, fact: str) -> None:
    found = of_asm(asm, version)
    assert (found.ending, found.cause, found.vms) == ("fault", cause, (0,))
    assert found.facts[0].startswith(fact)
    assert found.rule == ERROR_RULES[cause]


def test_a_refused_call_is_shown_where_it_was_made() -> None:
    """Not where something was posted last: that was the pipe."""
    found = of_asm("la a0, fds\nli a7, SYS_PIPE\necall\nla a1, fds\nla a2, fds\nli a0, 3\nli a7, SYS_READ\necall\n"
                   "li a7, SYS_EXIT\necall\n.data\nfds: .dword 0, 0")  # fmt: skip
    assert (found.cause, found.fds) == ("INVALID_FD", (3,))
    assert found.facts == (
        "VM 0 ended with exit code 6, the code of the last answer that it got at asm:8",
        "fd 3 is VM 0's, but it is a write end",
    )


def test_a_vm_is_where_its_refused_call_was() -> None:
    run = spawnlab.run_synchronously(
        Scenario(programs={"root": Program(asm="nop\nli a0, 3\nla a1, n\nla a2, n\nli a7, SYS_READ\necall\n"
                                               "li a7, SYS_EXIT\necall\n.data\nn: .dword 8")})
    )  # fmt: skip
    cast = Cast(run.build)
    for event in run.journal:
        cast.follow(event)
    assert cast.where(0) == "VM 0 (root, asm:6)"


def test_an_exit_code_of_the_programs_own_is_shown_with_what_went_wrong_before() -> None:
    calls = "".join(f"li a0, {fd}\nli a7, SYS_CLOSE\necall\n" for fd in (7, 8, 9, 10))
    found = of_asm(f"{calls}li a0, 77\nli a7, SYS_EXIT\necall")
    assert (found.cause, found.headline) == ("exit", "VM 0 ended with exit code 77")
    assert found.facts == tuple(f"VM 0's close was answered with INVALID_FD at asm:{line}" for line in (6, 9, 12))


def test_an_error_that_a_step_expects_is_no_reason() -> None:
    """Not even if the program leaves with its number."""
    found = explained([pipe("r", "w"), close("w"), until_closed("r"), '"exit", code = 7'])
    assert (found.cause, found.facts) == ("exit", ())


def test_a_function_in_the_place_of_operations_says_nothing() -> None:
    async def root(vm: Vm) -> int:
        return await vm.ecall(CLOSE, 9)

    made = spawnlab.build(parse_scenario("[programs.root]\nsteps = []\n", ".toml")).with_actors({"root": root})
    found = explain(spawnlab.run_synchronously(made))
    assert (found.cause, found.fds) == ("INVALID_FD", (9,))


def test_a_spawn_names_only_the_fds_that_it_may_not_give() -> None:
    fds = ["r", "99", "w", "98", "97", "96", "95"]
    listed = ", ".join(fd if fd.isdigit() else f'"{fd}"' for fd in fds)
    found = explained([pipe("r", "w"), f'"spawn", program = "child", fds = [{listed}]'], child=[])
    assert found.facts[1:] == tuple(f"there is no fd {fd}: no pipe that was made has it" for fd in (99, 98, 97, 96))


def test_a_child_that_fails_is_not_the_run() -> None:
    found = explained([spawn("child"), wait("child"), '"exit", code = 2'], child=['"close", fd = 2'])
    assert (found.vms, found.cause) == ((1,), "INVALID_FD")
    assert found.facts[-1] == "the run ended with exit code 2"


@pytest.mark.parametrize("text", ["$.programs.none.steps[0]: x", "$.programs.root.steps[7].steps[0]: x"])
def test_a_program_may_print_what_looks_like_a_complaint(text: str) -> None:
    found = explained([f'"log", text = "{text}"', '"exit", code = 1'])
    assert found.vms == (0,)
    assert found.cause == "exit"
    assert found.facts[0] == f"the last that was printed: VM 0 says {text!r}"


def test_out_of_cycles_says_who_spent_them() -> None:
    text = """
limits = { cycles = 200_000 }
[programs.root]
steps = [{ op = "compute", cycles = 1000 }, { op = "spawn", program = "child", as = "c" }, { op = "wait", vm = "c" }]
[programs.child]
steps = [{ op = "repeat", times = 1_000_000, steps = [{ op = "compute", cycles = 500 }] }]
"""
    run = spawnlab.run_synchronously(parse_scenario(text, ".toml"))
    found = explain(run)
    assert (found.ending, found.vms) == ("cycles", (1,))
    assert found.headline == "out of cycles: the run needs more than 200,000"
    assert sum(spender.cycles for spender in found.spenders) == run.outcome.cycles
    assert all(sum(spender.kinds.values()) == spender.cycles for spender in found.spenders)
    (root,) = (spender for spender in found.spenders if spender.vm == 0)
    assert root.kinds["spawn"] == 100_000
    assert "at steps[0]" in found.facts[0]
    lines = [*text_of(found)]
    assert any(line.startswith("  VM 1 (child) spent ") for line in lines)
    kinds = next(line for before, line in pairwise(lines) if before.startswith("  VM 0 (root) spent "))
    assert kinds.startswith("    spawn 100,000, ")
    assert kinds.count(", ") == len(root.kinds) - 1


def test_good_endings() -> None:
    found = explained([])
    assert (found.ending, found.headline) == ("exit", "VM 0 ended with exit code 0")
    assert [*text_of(found, brief=True)] == []  # there is nothing to add to the end
    assert next(iter(text_of(found))) == "why: VM 0 ended with exit code 0"
    suspended = spawnlab.run_synchronously(parse_scenario(BROKEN[0].text(), ".toml"), suspend_at=110_000)
    assert suspended.saved is None  # it came to its deadlock before
    suspended = spawnlab.run_synchronously(parse_scenario(BROKEN[0].text(), ".toml"), suspend_at=2_000)
    assert explain(suspended).ending == "suspended"


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "s.toml"
    file.write_text(BROKEN[0].text())
    assert main(["explain", str(file)]) == 0
    assert capsys.readouterr().out.startswith("why: deadlock: VM 0 and VM 1 wait for ever\n")
    assert main(["explain", "--json", str(file)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["format"], report["cause"], report["edit"]["kind"]) == (1, "ring-of-reads", "earlier")
    file.write_text("[programs.root]")
    assert main(["explain", str(file)]) == 2


def test_hostile_texts_are_harmless(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "s.toml"
    file.write_text('[programs.root]\nsteps = [{ op = "log", text = "\\u001b[31mred" }, { op = "exit", code = 3 }]\n')
    assert main(["explain", str(file)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "[31mred" in out


def test_narrow_terminals() -> None:
    found = explained([*BROKEN[0].programs["root"]], child=[*BROKEN[0].programs["child"]])
    assert max(map(len, text_of(found, Terminal(width=40)))) <= 40
    plain = "\n".join(text_of(found))
    coloured = "\n".join(text_of(found, Terminal(colour=True)))
    assert "\x1b[32m" in coloured
    assert re.sub(r"\x1b\[\d*m", "", coloured) == plain
