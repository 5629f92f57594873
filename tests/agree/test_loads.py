"""The random transactions: all of each is in the case that the reference gets of it."""

from __future__ import annotations

from collections import Counter

import msgspec

from spawnlab.conform.cases import Blobs, Case, group_of
from spawnlab.conform.modes import Mode
from spawnlab.conform.reference import case_of
from spawnlab.scheduler.chain import TYPE, Script
from spawnlab.scheduler.mockup import MockCell, Surroundings, mock_group

from . import loads


def test_a_group_made_from_its_case_is_the_same() -> None:
    blobs = Blobs((), ())
    for seed in range(25):
        group = loads.group(seed)
        text = msgspec.json.encode(case_of(group, Mode()))
        assert group_of(msgspec.json.decode(text, type=Case), blobs) == group, seed


def test_a_group_whose_script_is_found_by_type() -> None:
    kind = Script(b"\x11" * 32, TYPE, b"unique")
    script = Script(kind.hash(), TYPE, b"args")
    deps = [MockCell(data=b"other"), MockCell(type=kind, data=b"program"), MockCell(type=kind, data=b"program")]
    group = mock_group(deps, script=script, surroundings=Surroundings(tx_version=1))
    assert group.program.index == 1
    case = msgspec.convert(case_of(group, Mode()), Case)
    assert group_of(case, Blobs((), ())) == group


def test_a_plain_groups_case_says_nothing_of_what_it_has_not() -> None:
    case = case_of(mock_group([b"program"]), Mode())
    assert case.keys() == {
        "name", "version", "program", "program_index", "dep_cells", "script_args", "script_group_type", "inputs",
        "tx_version", "mode", "max_cycles", "full",
    }  # fmt: skip
    assert case["dep_cells"] == [None]


def test_the_transactions_are_of_all_kinds() -> None:
    groups = [loads.group(seed) for seed in range(60)]
    assert Counter(group.version for group in groups).keys() == {0, 1, 2}
    assert Counter(group.group_type for group in groups).keys() == {"lock", "type"}
    assert any(not group.input_indices for group in groups)
    assert any(group.resolved.headers for group in groups)
