"""Faults as values: their texts, which ones can be together, and the name of a run that has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.scheduler.faults import (
    KINDS,
    Close,
    Exit,
    FaultError,
    FilledMemory,
    ShortRead,
    ShortReads,
    conditions_of,
    fault_of,
    faults_of,
    form_of,
    run_name,
)
from spawnlab.scheduler.hypothetical import hypothetical_order, policy_of
from spawnlab.scheduler.policy import CONSENSUS_POLICY

NUMBERS = st.integers(0, (1 << 64) - 1)
COUNTS = st.integers(1, (1 << 64) - 1)
FAULTS = st.one_of(
    st.builds(Exit, NUMBERS, COUNTS, st.integers(-128, 127)),
    st.builds(ShortReads, NUMBERS),
    st.builds(ShortRead, NUMBERS, COUNTS, COUNTS),
    st.builds(Close, NUMBERS, COUNTS, NUMBERS),
    st.builds(FilledMemory, NUMBERS),
)
FORMS = ["exit:VM:CALL:CODE", "short:SEED", "short:VM:CALL:SIZE", "close:VM:CALL:FD", "memory:SEED"]


@given(FAULTS)
def test_texts_round_trip(fault: Exit | ShortReads | ShortRead | Close | FilledMemory) -> None:
    assert fault_of(fault.text) == fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("exit:1:3:0", Exit(vm=1, call=3, code=0)),
        ("exit:0:1:-128", Exit(vm=0, call=1, code=-128)),
        ("short:7", ShortReads(seed=7)),
        ("short:2:4:1", ShortRead(vm=2, call=4, size=1)),
        ("close:1:2:5", Close(vm=1, call=2, fd=5)),
        ("memory:18446744073709551615", FilledMemory(seed=2**64 - 1)),
    ],
)
def test_each_form(text: str, fault: object) -> None:
    assert fault_of(text) == fault
    assert fault_of(text).text == text


def test_forms_are_those_that_are_named() -> None:
    assert [form_of(kind) for kind in KINDS] == FORMS


@pytest.mark.parametrize(
    ("text", "why", "forms"),
    [
        ("", "there is no such fault", FORMS),
        ("crash:1", "there is no such fault", FORMS),
        ("Exit:1:3:0", "there is no such fault", FORMS),
        ("exit", "0 numbers are given", FORMS[:1]),
        ("exit:1:3", "2 numbers are given", FORMS[:1]),
        ("exit:1:3:0:0", "4 numbers are given", FORMS[:1]),
        ("exit:one:3:0", "VM must be a number from 0 to 2^64 - 1, not 'one'", FORMS[:1]),
        ("exit:1:0:0", "CALL must be a number from 1 to 2^64 - 1, not '0'", FORMS[:1]),
        ("exit:1:3:128", "CODE must be a number from -128 to 127, not '128'", FORMS[:1]),
        ("exit:1:3:-129", "CODE must be a number from -128 to 127, not '-129'", FORMS[:1]),
        ("exit:1:3:--1", "CODE must be a number", FORMS[:1]),
        ("exit:1:3:-", "CODE must be a number", FORMS[:1]),
        ("exit:-1:3:0", "VM must be a number", FORMS[:1]),
        ("exit: 1:3:0", "VM must be a number", FORMS[:1]),
        ("short:1:2", "2 numbers are given", FORMS[1:3]),
        ("short:", "SEED must be a number", FORMS[1:2]),
        ("short:1_0", "SEED must be a number", FORMS[1:2]),
        ("short:1:2:0", "SIZE must be a number from 1", FORMS[2:3]),
        ("close:1:2:٣", "FD must be a number", FORMS[3:4]),
        ("close:1", "1 number is given", FORMS[3:4]),
        ("memory:18446744073709551616", "SEED must be a number", FORMS[4:]),
        ("memory:1:2", "2 numbers are given", FORMS[4:]),
    ],
)
def test_bad_texts_are_refused_with_the_form_that_is_wanted(text: str, why: str, forms: list[str]) -> None:
    with pytest.raises(FaultError) as caught:
        fault_of(text)
    said = str(caught.value)
    assert said.startswith(f"fault {text!r}: {why}")
    assert said.endswith(("it is written " if len(forms) == 1 else "the known ones are ") + ", ".join(forms))


def test_faults_that_can_not_be_together() -> None:
    with pytest.raises(FaultError, match="'exit:1:3:0' is given twice"):
        faults_of(["exit:1:3:0", "short:1", "exit:01:3:0"])
    with pytest.raises(FaultError, match="'memory:2': memory is filled from one seed"):
        faults_of(["memory:1", "memory:2"])
    with pytest.raises(FaultError, match=r"a list of texts, not one text: \['exit:1:3:0'\]"):
        faults_of("exit:1:3:0")
    assert faults_of(["short:1", "short:2", "exit:1:3:0", "exit:1:3:1"]) == (
        ShortReads(1),
        ShortReads(2),
        Exit(1, 3, 0),
        Exit(1, 3, 1),
    )
    assert faults_of([]) == ()


@given(st.sampled_from(["largest", "smallest", "pct:3:2", "order:0.1.0:random:7"]), st.lists(FAULTS, max_size=3))
def test_a_runs_name_says_all_that_is_hypothetical(policy: str, faults: list[Exit]) -> None:
    name = run_name(policy_of(policy), faults)
    said = hypothetical_order(name)
    if policy == "largest" and not faults:
        assert (name, said) == (CONSENSUS_POLICY.name, None)
    else:
        assert name.startswith("hypothetical:")
        assert said is not None
        assert conditions_of(said) == (policy, tuple(fault.text for fault in faults))


def test_names_in_full() -> None:
    assert run_name(CONSENSUS_POLICY, faults_of(["exit:1:3:0"])) == "hypothetical:largest + exit:1:3:0"
    both = run_name(policy_of("smallest"), faults_of(["short:1", "memory:2"]))
    assert both == "hypothetical:smallest + short:1 + memory:2"
