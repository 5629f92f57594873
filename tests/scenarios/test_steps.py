"""Each operation of the op language does what it says, on the machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spawnlab
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scheduler.events import IterationEnded, Logged, Transferred


def play(steps: str, *, child: str = "", more: str = "") -> spawnlab.Run:
    text = f"{more}\n[programs.root]\nsteps = [{steps}]\n"
    if child:
        text += f"[programs.child]\nsteps = [{child}]\n"
    return spawnlab.run_synchronously(parse_scenario(text, ".toml"))


def exit_code(steps: str, *, child: str = "") -> int | None:
    return play(steps, child=child).outcome.exit_code


def said(run: spawnlab.Run) -> list[str]:
    return [event.text for event in run.journal if isinstance(event, Logged)]


@pytest.mark.parametrize(("code", "seen"), [(0, 0), (7, 7), (127, 127), (128, -128), (255, -1), (256, 0), (-3, -3)])
def test_exit(code: int, seen: int) -> None:
    assert exit_code(f'{{ op = "exit", code = {code} }}') == seen


def test_without_an_exit_the_code_is_zero() -> None:
    assert exit_code("") == 0


def test_pipe_names_both_ends() -> None:
    assert exit_code('{ op = "pipe", as = ["r", "w"] }, { op = "exit", code = "r" }') == 2
    assert exit_code('{ op = "pipe", as = ["r", "w"] }, { op = "exit", code = "w" }') == 3


def test_spawn_names_the_child_and_wait_its_exit_code() -> None:
    steps = '{ op = "spawn", program = "child", as = "c" }, { op = "exit", code = "c" }'
    assert exit_code(steps, child='{ op = "exit" }') == 1
    steps = '{ op = "spawn", program = "child", as = "c" }, { op = "wait", vm = "c", as = "code" }, '
    assert exit_code(steps + '{ op = "exit", code = "code" }', child='{ op = "exit", code = -9 }') == -9


def test_wait_for_a_number() -> None:
    steps = '{ op = "spawn", program = "child" }, { op = "wait", vm = 1, as = "code" }, { op = "exit", code = "code" }'
    assert exit_code(steps, child='{ op = "exit", code = 12 }') == 12


def test_wait_checks_the_exit_code() -> None:
    run = play(
        '{ op = "spawn", program = "child" }, { op = "wait", vm = 1, exit_code = 3 }', child='{ op = "exit", code = 4 }'
    )
    assert run.outcome.exit_code == -1
    assert said(run) == ["$.programs.root.steps[1]: the exit code is not 3"]


def test_bytes_go_through_a_pipe() -> None:
    child = (
        '{ op = "inherited_fds", as = ["in"] }, { op = "read", fd = "in", size = 9, as = "b", count = "n",'
        ' text = "abc" }, { op = "exit", code = "n" }'
    )
    steps = (
        '{ op = "pipe", as = ["r", "w"] }, { op = "spawn", program = "child", fds = ["r"] },'
        ' { op = "write", fd = "w", text = "abc", count = "n" }, { op = "expect", value = "n", equals = 3 },'
        ' { op = "wait", vm = 1, exit_code = 3 }'
    )
    run = play(steps, child=child)
    assert run.outcome.exit_code == 0
    assert [event.head for event in run.journal if isinstance(event, Transferred)] == [b"abc"]


@pytest.mark.parametrize(
    ("sent", "content"),
    [
        ('text = "é\\u0001"', "é\1".encode()),
        ('hex = "00ff"', b"\0\xff"),
        ('hex = "0x00ff"', b"\0\xff"),
        ("size = 3", bytes(3)),
    ],
)
def test_forms_of_write(sent: str, content: bytes) -> None:
    child = '{ op = "inherited_fds", as = ["in"] }, { op = "read", fd = "in", size = 100 }'
    steps = (
        '{ op = "pipe", as = ["r", "w"] }, { op = "spawn", program = "child", fds = ["r"] },'
        f' {{ op = "write", fd = "w", {sent} }}'
    )
    run = play(steps, child=child)
    assert [event.head for event in run.journal if isinstance(event, Transferred)] == [content]


def test_what_was_read_can_be_written() -> None:
    child = (
        '{ op = "inherited_fds", as = ["in", "out"] }, { op = "read", fd = "in", size = 9, as = "b" },'
        ' { op = "write", fd = "out", from = "b" }'
    )
    steps = (
        '{ op = "pipe", as = ["r1", "w1"] }, { op = "pipe", as = ["r2", "w2"] },'
        ' { op = "spawn", program = "child", fds = ["r1", "w2"] }, { op = "write", fd = "w1", text = "round" },'
        ' { op = "read", fd = "r2", size = 9, hex = "726f756e64" }'
    )
    assert exit_code(steps, child=child) == 0


def test_a_read_of_other_bytes_ends_the_vm() -> None:
    child = '{ op = "inherited_fds", as = ["out"] }, { op = "write", fd = "out", text = "tea" }'
    steps = (
        '{ op = "pipe", as = ["r", "w"] }, { op = "spawn", program = "child", fds = ["w"] },'
        ' { op = "read", fd = "r", size = 9, text = "tee" }'
    )
    run = play(steps, child=child)
    assert run.outcome.exit_code == -1
    assert said(run) == ["$.programs.root.steps[2]: read other bytes than expected"]


def test_a_read_of_another_length_ends_the_vm() -> None:
    child = '{ op = "inherited_fds", as = ["out"] }, { op = "write", fd = "out", text = "tea" }'
    steps = (
        '{ op = "pipe", as = ["r", "w"] }, { op = "spawn", program = "child", fds = ["w"] },'
        ' { op = "read", fd = "r", size = 9, text = "te" }'
    )
    assert exit_code(steps, child=child) == -1


def test_an_unexpected_return_code_is_the_exit_code() -> None:
    run = play('{ op = "close", fd = 77 }')
    assert run.outcome.exit_code == 6
    assert said(run) == ["$.programs.root.steps[0]: the return code is not SUCCESS"]


@pytest.mark.parametrize("code", ["INVALID_FD", "6"])
def test_an_expected_return_code_goes_on(code: str) -> None:
    value = code if code.isdigit() else f'"{code}"'
    assert exit_code(f'{{ op = "close", fd = 77, code = {value} }}, {{ op = "exit", code = 5 }}') == 5


def test_success_where_an_error_is_expected_ends_with_minus_one() -> None:
    assert exit_code('{ op = "pipe", as = ["r", "w"], code = "INVALID_FD" }') == -1


def test_close_wakes_a_reader() -> None:
    child = (
        '{ op = "inherited_fds", as = ["in"] }, { op = "read", fd = "in", size = 9, count = "n", hex = "" },'
        ' { op = "exit", code = "n" }'
    )
    steps = (
        '{ op = "pipe", as = ["r", "w"] }, { op = "spawn", program = "child", fds = ["r"] },'
        ' { op = "close", fd = "w" }, { op = "wait", vm = 1, exit_code = 0 }'
    )
    assert exit_code(steps, child=child) == 0


def test_inherited_fds_must_be_as_many() -> None:
    run = play('{ op = "spawn", program = "child" }, { op = "wait", vm = 1, as = "c" }, { op = "exit", code = "c" }',
               child='{ op = "inherited_fds", as = ["a"] }')  # fmt: skip
    assert run.outcome.exit_code == -1
    assert said(run) == ["$.programs.child.steps[0]: not 1 fds were inherited"]


def test_process_id() -> None:
    child = '{ op = "process_id", as = "me" }, { op = "exit", code = "me" }'
    steps = (
        '{ op = "spawn", program = "child" }, { op = "spawn", program = "child" }, { op = "wait", vm = 2, as = "c" },'
        ' { op = "exit", code = "c" }'
    )
    assert exit_code(steps, child=child) == 2


def test_log() -> None:
    assert said(play('{ op = "log", text = "hé\\u001b[31m" }')) == ["hé\x1b[31m"]


def test_repeat_and_nested_repeat() -> None:
    inner = '{ op = "repeat", times = 2, steps = [{ op = "log", text = "in" }] }'
    run = play(f'{{ op = "repeat", times = 3, steps = [{{ op = "log", text = "out" }}, {inner}] }}')
    assert said(run) == ["out", "in", "in"] * 3


def test_expect() -> None:
    assert exit_code('{ op = "expect", value = 3, equals = 3 }, { op = "exit", code = 4 }') == 4
    run = play('{ op = "expect", value = 3, equals = 4 }')
    assert run.outcome.exit_code == -1
    assert said(run) == ["$.programs.root.steps[0]: 3 does not equal 4"]


def cycles_of(steps: str, version: int) -> int:
    run = play(steps, more=f"version = {version}")
    return sum(event.spent for event in run.journal if isinstance(event, IterationEnded))


@pytest.mark.parametrize("version", [0, 1, 2])
@given(cycles=st.integers(0, 40_000))
def test_compute_spends_exactly_so_many_cycles(version: int, cycles: int) -> None:
    """The code gets longer by up to a few instructions, and loading costs a cycle for each."""
    spent = cycles_of(f'{{ op = "compute", cycles = {cycles} }}', version)
    bytes_more = len(_text(cycles)) - len(_text(0))
    assert spent - cycles_of("", version) == cycles + bytes_more // 4


def _text(cycles: int) -> bytes:
    from spawnlab.scenarios.cycles import spend
    from spawnlab.vm.assembler import assemble

    return assemble("\n".join(spend(cycles, "s"))).text


def test_compute_of_many_cycles() -> None:
    assert cycles_of('{ op = "compute", cycles = 1000003 }', 2) - cycles_of("", 2) in range(1000003, 1000020)


def test_argv_reaches_the_child_as_the_loading_costs_show() -> None:
    steps = '{ op = "spawn", program = "child", argv = ["one", "two words"] }, { op = "wait", vm = 1, as = "c" }'
    run = play(steps, child='{ op = "exit" }')
    booted = [event for event in run.journal if type(event).__name__ == "Booted" and event.vm == 1]
    assert [getattr(event, "arguments", None) for event in booted] == [(b"one", b"two words")]
