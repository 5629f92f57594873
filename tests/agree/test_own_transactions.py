"""The transactions of the reference's own tests: verified by us as by the reference, and as the tests assert."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from spawnlab.scenarios.mock.read import parse_mock
from spawnlab.scheduler.verify.verifier import Verifier
from spawnlab.scheduler.verify.versions import rules_up_to

from .asking import Reference
from .own.asked import answer
from .own.case import VERSIONS, Case
from .own.crates import folder, program, two_in_two_out
from .own.draft import Draft, by_data
from .own.since_2019 import PAYMENT_CYCLES
from .own.since_2023 import CRASH, CRASH_CYCLES, POOL_CYCLES
from .own_transactions import cases, main, unmet

pytestmark = pytest.mark.reference
PIECES_MAX = 150
_TEST = re.compile(r"#\[(?:tokio::)?test\b[^\n]*\]\s+(?:async )?fn (\w+)\(")


@pytest.fixture(scope="module")
def reference(reference_runner: None) -> Iterator[Reference]:
    with Reference() as running:
        yield running


def test_all_of_the_quick_ones(reference: Reference) -> None:
    """Verdict, cycles, texts, groups, and all that is kept between pieces."""
    count = 0
    for case in cases():
        for version in VERSIONS if not case.long else ():
            found = answer(case, version, reference, pieces_max=PIECES_MAX)
            paused = max((chunks for name, chunks in found.pieces if name == "paused"), default=0)
            said = [str(difference) for difference in found.differences]
            said += unmet(case, version, found) if paused <= PIECES_MAX else []
            assert not said, f"{case.name}, version {version}"
            count += 1
    assert count > 300


def test_there_is_one_of_each_test(reference_runner: None) -> None:
    sources = (folder() / "src" / "verify" / "tests" / "ckb_latest").glob("features_*.rs")
    tests = {name for source in sources for name in _TEST.findall(source.read_text())}
    assert len(tests) > 100
    assert {case.test for case in cases()} == tests


def test_each_has_a_name_of_its_own(reference_runner: None) -> None:
    names = [case.name for case in cases()]
    assert len(names) == len(set(names))


def test_the_payment_has_the_size_that_the_test_asserts(reference_runner: None) -> None:
    mock = parse_mock(json.dumps(two_in_two_out()), Path())
    assert len(mock.transaction.encoded) == 597
    assert len(mock.resolved.dep_groups) == 1
    assert [Verifier(mock.resolved, rules=rules_up_to(version)).verify(POOL_CYCLES) for version in VERSIONS] == [
        PAYMENT_CYCLES[version] for version in VERSIONS
    ]


def test_a_transaction_that_does_not_name_its_dep(reference_runner: None) -> None:
    """As check_fuzz_crash_2 has it, which no mock transaction can be."""
    code = program(CRASH)
    for version, cycles in CRASH_CYCLES.items():
        values = Draft().dep(code).input(by_data(code, version)).values()
        resolved = parse_mock(json.dumps(values), Path()).resolved
        bare = msgspec.structs.replace(resolved.transaction, cell_deps=())
        verifier = Verifier(msgspec.structs.replace(resolved, transaction=bare))
        assert verifier.verify(POOL_CYCLES) == cycles


def test_a_difference_is_seen(
    reference_runner: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the reference, and from what a test asserts."""
    assert main(["--only", "check_type_id_creation"]) == 0
    assert "3 verified, 0 differences" in capsys.readouterr().out
    monkeypatch.setattr("spawnlab.scheduler.verify.type_id.TYPE_ID_CYCLES", 999_999)
    assert main(["--only", "check_type_id_creation"]) == 1
    shown = capsys.readouterr().out
    assert "| check_type_id_creation | 2 | passes | 1,000,536 | 1,000,537 |" in shown
    assert "DIFFERENT: the test asserts 1,000,537: 1000536" in shown


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (537, None),
        (536, "the test asserts 536: 537"),
        (True, None),
        (False, "the test asserts that it fails: 537"),
        ("deadlock", "the test asserts 'deadlock': 537"),
    ],
)
def test_what_is_asserted_is_held_against_ours(reference: Reference, expected: int | str, said: str | None) -> None:
    made = next(case for case in cases() if case.test == "check_signature")
    case: Case = msgspec.structs.replace(made, expected={2: expected}, chunks={2: 3} if said else {})
    wanted = [said, "the test asserts 3 pieces: (('215', 3),)"] if said else []
    assert unmet(case, 2, answer(case, 2, reference)) == wanted
