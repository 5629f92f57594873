"""Tokens and campaign files from anywhere: what is none is refused with a word of why, before it takes all memory."""

from __future__ import annotations

import base64
import json
import sqlite3
import tracemalloc
import zlib
from contextlib import suppress
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.__main__ import main
from spawnlab.explore.campaign_file import CampaignFile, CampaignFileError
from spawnlab.explore.cases import Case, TokenError, case_of
from spawnlab.explore.topology import (
    CYCLES_MAX,
    OPERATIONS_MAX,
    PIPES_MAX,
    SIZE_MAX,
    VMS_MAX,
    Operation,
    Pipe,
    Topology,
    TopologyError,
    check,
)
from spawnlab.testing.strategies import topologies
from spawnlab.vm.errors import SpawnlabError

LIMIT = 200_000
"""Cycles that a case is played with here, whatever it says."""
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 255, 1 << 20, (1 << 40) + 1, (1 << 63) - 1, (1 << 64) - 1, -(1 << 63),
    1.5, float("nan"), "", "x", "read", "\x1b[2J", b"x", [], {}, [[]], [0] * 40,
)  # fmt: skip
CASES = st.builds(
    Case,
    topologies("free", vms_max=4, pipes_max=4, operations_max=8),
    compiled=st.booleans(),
    policy=st.sampled_from(("", "smallest", "pct:1:2", "none")),
    limit=st.sampled_from((0, 1000, 70_000_000)),
    suspend_at=st.sampled_from(((), (5,), (7, 9000))),
)


def packed(content: bytes) -> str:
    return "t1." + base64.urlsafe_b64encode(zlib.compress(content)).decode().rstrip("=")


def token_of(value: object) -> str:
    return packed(msgspec.msgpack.encode(value))


@st.composite
def damaged(draw: st.DrawFn, value: Any) -> Any:
    """The same lists of lists with something else at a few places."""
    if isinstance(value, list) and draw(st.integers(0, 9)):
        items = [draw(damaged(item)) for item in cast("list[Any]", value)]
        if items and not draw(st.integers(0, 9)):
            del items[draw(st.integers(0, len(items) - 1))]
        return items
    return cast("Any", value) if draw(st.integers(0, 14)) else draw(st.sampled_from(ODD))


def tried(token: str) -> None:
    """Refuse the token, or play its case and write it; any other error than ours is a fault."""
    with suppress(TokenError):
        case = case_of(token)
        assert case_of(case.token) == case
        short = msgspec.structs.replace(case, limit=min(case.limit, LIMIT), suspend_at=case.suspend_at[:2])
        for action in (case.scenario, case.build, short.play):
            with suppress(SpawnlabError):
                action()


@given(st.text() | st.text("ABCxyz019-_=").map("t1.".__add__))
def test_texts_that_are_no_tokens(text: str) -> None:
    with pytest.raises(TokenError):
        case_of(text)


@given(st.binary(max_size=60))
def test_tokens_of_any_bytes(content: bytes) -> None:
    """A few are cases: what is left out is as by default."""
    tried(packed(content))


@given(CASES, st.data())
def test_tokens_that_are_cut_or_mistyped(case: Case, data: st.DataObject) -> None:
    token = case.token
    at = data.draw(st.integers(0, len(token) - 1))
    kind = data.draw(st.sampled_from(("cut", "mistyped", "twice")))
    if kind == "cut":
        with pytest.raises(TokenError):
            case_of(token[:at])
        return
    other = data.draw(st.sampled_from("aZ0-_=+/ \n\0é\x1b"))
    tried(token[:at] + (other + token[at + 1 :] if kind == "mistyped" else token[at - 3 :]))


@settings(max_examples=200)
@given(CASES, st.data())
def test_tokens_of_something_else(case: Case, data: st.DataObject) -> None:
    """Lists in lists like a case's, in which some numbers are no such numbers."""
    tried(token_of(data.draw(damaged(msgspec.msgpack.decode(msgspec.msgpack.encode(case))))))


CHAIN = Topology(tuple(range(VMS_MAX - 1)))


def test_the_largest_topology_can_be_checked() -> None:
    last = VMS_MAX - 1
    pipes = (Pipe(0, last, 0),) * PIPES_MAX
    whole = msgspec.structs.replace(CHAIN, pipes=pipes, operations=(Operation(last, "read", 7, 8),) * OPERATIONS_MAX)
    check(whole)


@pytest.mark.parametrize(
    ("topology", "words"),
    [
        (Topology(tuple(range(VMS_MAX))), "there are 257 VMs: at most 256 can be played"),
        (Topology((0,) * 300_000), "there are 300,001 VMs: at most 256 can be played"),
        (Topology((), (Pipe(0, 0, 0),) * 1025), "there are 1,025 pipes: at most 1,024 can be played"),
        (Topology((), (), (Operation(0, "exit"),) * 10_001), "there are 10,001 operations: at most 10,000 can be"),
        (Topology((), (), (Operation(0, "compute", 0, CYCLES_MAX + 1),)), "operation 0 can't be: "),
        (Topology((), (), (Operation(0, "compute", 0, -1),)), "operation 0 can't be: "),
        (Topology((), (Pipe(0, 0, 0),), (Operation(0, "read", 0, SIZE_MAX + 1),)), "operation 0 can't be: "),
        (Topology((), (Pipe(0, 0, 0),), (Operation(0, "read", -1, 1),)), "operation 0 can't be: "),
    ],
)
def test_topologies_that_are_too_large(topology: Topology, words: str) -> None:
    """Compiling a computation of 2^64 cycles would take all memory."""
    with pytest.raises(TopologyError, match=words):
        check(topology)
    with pytest.raises(TokenError, match=words):
        case_of(token_of((topology,)))


@pytest.mark.parametrize("content", [bytes(1 << 28), b"\x91" * (1 << 20), b"\xdd\xff\xff\xff\xff"])
def test_a_token_takes_no_more_memory_than_a_case(content: bytes) -> None:
    """Zeros that were packed small, lists in lists, and a list that is said to have 2^32 items."""
    token = packed(content)
    tracemalloc.start()
    try:
        with pytest.raises(TokenError):
            case_of(token)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "token",
    [
        "t1.\x1b[2J",
        "t2.abc",
        "",
        token_of(["no topology"]),
        token_of(((), True, "none")),
        token_of(((), True, "", (1 << 64) - 1, (5, 4))),
        token_of(((), True, "", 70_000_000, (0,))),
    ],
)
def test_the_command_says_why(token: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["case", token]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("spawnlab: ")
    assert said.err.strip().isprintable()


# Campaign files

EXPLORE = ["explore", "random", "--vms", "3", "--pipes", "2", "--operations", "4", "--count", "20"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("kept") / "whole.campaign"
    assert main([*EXPLORE, "--resume", str(file)]) == 1
    return file.read_bytes()


def gone_on_with(file: Path) -> int:
    """The exit status of going on; an error that is not ours is a fault."""
    return main([*EXPLORE, "--resume", str(file)])


LAST_PAGE = 4096
STATEMENTS = {
    "another format": "update campaign set format = 99",
    "no number": "update campaign set format = 'x'",
    "no campaign": "delete from campaign",
    "two campaigns": "insert into campaign select * from campaign",
    "no JSON": "update campaign set json = x'ff'",
    "another shape": "update campaign set json = replace(cast(json as text), '\"vms_max\":3', '\"vms_max\":true')",
    "no table": "drop table batches",
    "no column": "alter table batches drop column json",
    "no batch": "update batches set json = x'7b7d'",
    "no UTF-8": "update batches set json = cast(replace(cast(json as text), 'deadlock', cast(x'e4' as text)) as blob)",
    "a number for a batch": "update batches set json = 5",
    "nothing for a batch": "create table b (first, json); insert into b values (0, null); drop table batches; "
    "alter table b rename to batches",
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_campaign_files_that_hold_something_else(
    name: str, kept: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "other.campaign"
    file.write_bytes(kept)
    database = sqlite3.connect(file)
    database.executescript(STATEMENTS[name])
    database.commit()
    database.close()
    assert gone_on_with(file) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith(f"spawnlab: {file}: ")
    assert said.isprintable()


def test_campaign_files_that_are_cut_in_their_last_page(kept: bytes, tmp_path: Path) -> None:
    """SQLite reads nothing where the page ends."""
    file = tmp_path / "cut.campaign"
    file.write_bytes(kept[: 100 - LAST_PAGE])
    assert gone_on_with(file) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *product(["first", "count", "runs", "turns", "endings.deadlock"], [-(1 << 62), -1]),
        ("count", 0),
        ("count", 101),
        ("count", 1 << 40),
        ("first", 99),
    ],
)
def test_batches_of_numbers_that_there_are_not(field: str, value: int, kept: bytes, tmp_path: Path) -> None:
    """What they leave to be played would take for ever."""
    file = tmp_path / "other.campaign"
    file.write_bytes(kept)
    database = sqlite3.connect(file)
    database.execute(f"update batches set json = cast(json_set(json, '$.{field}', {value}) as blob)")
    database.commit()
    database.close()
    campaign = CampaignFile(file, None)
    try:
        with pytest.raises(CampaignFileError, match="damaged"):
            campaign.missing(20)
    finally:
        campaign.close()


@settings(max_examples=40)
@given(seed=st.integers(0, 1 << 32))
def test_campaign_files_that_are_damaged(seed: int, kept: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Cut, or with other bits in what SQLite keeps of itself."""
    random = Random(seed)
    content = bytearray(kept)
    if random.random() < 0.5:
        del content[random.randrange(len(kept)) :]
    for at in random.sample(range(100), random.randrange(4)):
        if at < len(content):
            content[at] ^= 1 << random.randrange(8)
    file = tmp_path_factory.mktemp("damaged") / "damaged.campaign"
    file.write_bytes(content)
    assert gone_on_with(file) in (0, 1, 2)


def changed(value: Any, random: Random) -> Any:
    """The same lists and objects with something else at a few places; but for numbers of cases, see above."""
    if random.random() < 0.05:
        odd = random.choice([it for it in ODD if not isinstance(it, bytes)])
        return abs(odd) if isinstance(odd, int) else odd
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {name: changed(inner, random) for name, inner in items if random.random() > 0.01}
    return [changed(inner, random) for inner in cast("list[Any]", value)] if isinstance(value, list) else value


@settings(max_examples=60)
@given(seed=st.integers(0, 1 << 32))
def test_campaigns_in_files_that_are_none(seed: int, kept: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Values of another kind in what was asked and in what came of it."""
    file = tmp_path_factory.mktemp("changed") / "changed.campaign"
    file.write_bytes(kept)
    database = sqlite3.connect(file)
    random = Random(seed)
    for table in ("campaign", "batches"):
        (content,) = database.execute(f"select json from {table}").fetchone()
        fields = json.dumps(changed(json.loads(content), random)).encode()
        database.execute(f"update {table} set json = ?", (fields,))
    database.commit()
    database.close()
    assert gone_on_with(file) in (0, 1, 2)
