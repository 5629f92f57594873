"""What is true of each lesson's values once it has been given.

They are asked in the lesson's own kernel, behind its last cell, so that no cell holds an answer before its question.
"""

from __future__ import annotations

from typing import Any

from spawnlab.explain.explain import explain
from spawnlab.testing import assert_exit, assert_same_run, events_of, order_of

Values = dict[str, Any]
CLOSED = 7
"""OTHER_END_CLOSED."""


def sizes(run: Any) -> list[int]:
    """Bytes of each transfer."""
    return [event.size for event in events_of(run, "Transferred")]


def spawn_and_pipes(it: Values) -> None:
    """Lesson 1."""
    hello, report = it["hello"], it["report"]
    assert_exit(hello, len("hello"))
    assert it["said"] == ["root: before", "child", "root: after"]
    assert sizes(it["pieces"]) == [4, 4, 2]
    assert_exit(it["fourth"], CLOSED)
    assert [event.size for event in events_of(it["cut"], "OtherEndGone")] == [4]
    assert_exit(it["cut"], 0)
    calls = len(events_of(hello, "Posted"))
    exits = len(events_of(hello, "Ended"))
    assert (calls + exits, calls) == (1 + 7, 6)
    assert report.kinds["spawn"] == 100_000
    assert (report.kinds["ecalls"], report.kinds["calls"]) == (500 * (calls + exits), 800 * calls)
    assert report.kinds["transfer"] == 2 * 2  # 5 bytes are two times 4 or less, once on each side
    assert sum(report.kinds.values()) == hello.outcome.cycles == report.cycles
    assert max(report.kinds, key=report.kinds.__getitem__) == "spawn"


def why_it_deadlocks(it: Values) -> None:
    """Lesson 2: each deadlock is the one that is spoken of, and no two are the same."""
    assert it["polite"].outcome.deadlock.rings == ((0, 1),)
    assert it["fixed"].outcome.exit_code == it["closed"].outcome.exit_code == 0
    assert it["brothers"].outcome.deadlock.rings == ((1, 2),)
    runs = [it[name] for name in ("polite", "own", "left_open", "brothers", "for_root", "small")]
    assert [explain(run).cause for run in runs] == [
        "ring-of-reads",
        "own-pipe-write",
        "open-write-end",
        "ring-of-waits",
        "wait-for-root",
        "unread-write",
    ]
    small, found = it["small"], it["found"]
    (ring,) = small.outcome.deadlock.rings
    assert len(ring) == len(small.build.scenario.programs) == 2
    assert len(events_of(small, "PipeOpened")) == 1
    assert found.endings["deadlock"] == sum(found.causes.values()) >= len(found.found) > 0


def what_determinism_buys(it: Values) -> None:
    """Lesson 3."""
    assert len(it["prints"]) == 1
    assert it["first"].outcome.status == "suspended"
    assert (it["second"].outcome.exit_code, it["second"].outcome.cycles) == (0, it["run"].outcome.cycles)
    any_order = it["spawnlab"].run_synchronously("gallery:any_order")
    assert (len(events_of(any_order, "Booted")), any_order.outcome.iterations) == (4, 22)
    proof = it["spawnlab"].orders("gallery:any_order")
    assert (proof.verdict, proof.classes, proof.runs) == ("independent", 1, 1)
    assert it["verdict"].verdict == "dependent"
    assert [ending.result.exit_code for ending in it["verdict"].endings] == [0, CLOSED]
    assert_exit(it["other"], CLOSED)
    assert it["other"].hypothetical is not None
    assert_exit(it["short"], 4)
    again = it["play"](it["MESSAGE"], faults=["short:1:2:4"])
    assert_same_run(again, it["short"])
    assert it["twenty"] == [len("hello, child")] * 20
    cut = [it["play"](it["MESSAGE"], faults=[f"short:{seed}"]).outcome.exit_code for seed in range(20)]
    assert set(cut) > {len("hello, child")}, "the faults do something to a child that reads once"
    assert sum(it["world"].endings.values()) == it["world"].cases
    assert sum(it["world"].causes.values()) == it["world"].endings["deadlock"]


def solutions(it: Values) -> None:
    """The solutions of all three."""
    assert_exit(it["ask"], 0)
    assert_exit(it["one_first"], 0)
    assert_exit(it["two_first"], 0)
    assert order_of(it["one_first"]) != order_of(it["two_first"])
    assert it["one_first"].outcome.cycles == it["two_first"].outcome.cycles
    readers = [event.vm for event in events_of(it["fan_in"], "Transferred")]
    writers = [event.vm for event in events_of(it["fan_in"], "Posted") if "FdWrite" in type(event.message).__name__]
    assert sorted(readers) == sorted(writers)
    assert readers != writers, "they arrive in another order than they were written"
    assert set(it["ring"].outcome.deadlock.rings[0]) == {0, 1, 2}
    assert_exit(it["mended_ring"], 0)
    assert explain(it["crossed"]).cause == "reads-and-writes"
    assert it["verdict"].verdict == "independent"
    assert it["found"].found
    assert it["small"].outcome.deadlock is not None
    assert sum(sizes(it["small"])) > 100


CHECKS = {
    "1_spawn_and_pipes": spawn_and_pipes,
    "2_why_it_deadlocks": why_it_deadlocks,
    "3_what_determinism_buys": what_determinism_buys,
    "solutions": solutions,
}
