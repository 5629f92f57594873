"""Random transactions, verified by us and by the reference: verdicts, cycles and texts of errors must be equal.

As a command: ``python tests/agree/transactions.py --count 10000 --seed 1``. Each transaction is verified with no limit,
within a limit (often just at or beside a boundary), each group alone, in pieces, and completed after a piece; in a
random epoch and phase. It prints what they came to and each difference with its case; it leaves with 1 if there is one.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

if not __package__:  # as a command; a package's modules are found from the folder that holds it
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    __package__ = "tests.agree"

from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.mock.read import parse_mock
from spawnlab.scheduler.verify.verifier import TransactionState, Verifier
from spawnlab.scheduler.verify.versions import Epoch, Rules

from .asking import Reference, Values, Verdict, its_verdict, its_verdict_of_group, verdict
from .whole import transaction

CEILING = 5_000_000
"""Cycles at the most: some scripts run for ever."""
PIECES_MAX = 30


def case(seed: int) -> Values:
    """The case of a number: a transaction, an epoch, a limit and steps."""
    random = Random(f"transactions/{seed}")
    return {
        "tx": transaction(random),
        "epoch": {"number": random.choice((15, 19, 20, 25, 29, 30, 35)), "index": random.choice((0, 3)), "length": 4},
        "phase": random.choice(("committed", "committed", "proposed", "submitted")),
        "step": random.choice((500, 1500, 10_000, 150_000, 1_000_000)),
        "part": random.random(),
        "beside": random.choice((-1, 0, 1, None)),
    }


def asked(made: Values, limit: int) -> list[Values]:
    """The questions to the reference."""
    common = {name: made[name] for name in ("tx", "epoch", "phase")}
    step = made["step"]
    return [
        {**common, "max_cycles": CEILING},
        {**common, "max_cycles": limit},
        {**common, "mode": "groups", "max_cycles": CEILING},
        {**common, "mode": {"resumable": {"step": step}}, "max_suspends": PIECES_MAX},
        {**common, "mode": {"complete": {"step": step}}, "max_cycles": CEILING},
    ]


def ours(made: Values, limit: int) -> list[Verdict] | str:
    """Our answers to the same; a text for a transaction that is refused."""
    try:
        mock = parse_mock(json.dumps(made["tx"]), Path())
        resolved = mock.resolved
    except ScenarioError as error:
        return error.message
    verifier = Verifier(resolved, rules=Rules(epoch=Epoch(**made["epoch"]), phase=made["phase"]))
    step = made["step"]
    return [
        verdict(lambda: verifier.verify(CEILING)),
        verdict(lambda: verifier.verify(limit)),
        tuple(
            verdict(lambda group=group: verifier.verify_single(group.type, group.hash, CEILING))
            for group in verifier.groups
        ),
        verdict(lambda: _in_pieces(verifier, step)),
        verdict(lambda: _completed(verifier, step)),
    ]


def _in_pieces(verifier: Verifier, step: int) -> Any:
    states: list[tuple[int, int, int]] = []
    result = verifier.resumable_verify(step)
    while isinstance(result, TransactionState):
        state = (result.current, result.current_cycles, result.limit_cycles)
        if len(states) >= PIECES_MAX:
            return ("stopped", states)
        states.append(state)
        result = verifier.resume_from_state(result, step)
    return ("ok", result, states)


def _completed(verifier: Verifier, step: int) -> Any:
    result = verifier.resumable_verify(step)
    return result if isinstance(result, int) else verifier.complete(result, CEILING)


def limit_of(made: Values, total: int) -> int:
    """A limit for a case: at or beside what it takes, or a part of that."""
    if made["beside"] is not None:
        return max(0, total + made["beside"])
    return int(total * made["part"])


def differences(made: Values, reference: Reference, seen: Counter[str]) -> Iterator[str]:
    """What is otherwise for the reference."""
    first = reference.ask(
        {name: made[name] for name in ("tx", "epoch", "phase")} | {"max_cycles": CEILING, "mode": "groups"}
    )
    total = sum(group.get("cycles", 0) for group in first.get("groups", []))
    limit = limit_of(made, total)
    mine = ours(made, limit)
    its = [reference.ask(question) for question in asked(made, limit)]
    where = its[0].get("where")
    seen[
        its[0]["status"]
        if its[0]["status"] == "ok"
        else f"{where}: {its[0].get('cause_variant') or its[0].get('error_kind')}"
    ] += 1
    if isinstance(mine, str):
        if where not in ("json", "mock", "resolve"):
            yield f"refused by us only: {mine}; the reference: {its[0]}"
        elif where == "resolve" and its[0]["error"] != f"OutPoint({mine.partition(': ')[2]})":
            yield f"refused otherwise: {mine}; the reference: {its[0]['error']}"
        return
    if where in ("json", "mock", "resolve"):
        yield f"refused by the reference only: {its[0]}"
        return
    for name, index in (("verify", 0), ("within a limit", 1), ("completed", 4)):
        yield from _compared(name, mine[index], its_verdict(its[index]))
    groups = tuple(its_verdict_of_group(group) for group in its[2]["groups"])
    yield from _compared("groups", mine[2], groups)
    pieces = _pieces(its[3])
    if pieces[:1] == ("ok",) and pieces[1][0] == "stopped":  # after as many pieces, or since nothing comes of more
        states = pieces[1][-1]
        yield from _compared("in pieces", ("ok", ("stopped", mine[3][1][-1][: len(states)])), pieces)
    else:
        yield from _compared("in pieces", mine[3], pieces)


def _compared(name: str, mine: Verdict, its: Verdict) -> Iterator[str]:
    if mine != its:
        yield f"{name}: ours {mine}, the reference's {its}"


def _pieces(outcome: Values) -> Verdict:
    states = [(s["current"], s["current_cycles"], s["limit_cycles"]) for s in outcome.get("suspends", [])]
    if outcome["status"] == "ok":
        return ("ok", ("ok", outcome["cycles"], states))
    if outcome["status"] == "stopped":
        return ("ok", ("stopped", states))
    return its_verdict(outcome)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign and print what it has seen."""
    parser = argparse.ArgumentParser(description="Hold whole transactions against the reference.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="number of the first case")
    options = parser.parse_args(arguments)
    reference, seen, found = Reference(), Counter[str](), 0
    begun = time.perf_counter()
    for seed in range(options.seed, options.seed + options.count):
        for said in differences(case(seed), reference, seen):
            found += 1
            print(f"case {seed}: {said}")
    reference.close()
    seconds = time.perf_counter() - begun
    print(f"{options.count:,} transactions, {found} differences, {options.count / seconds:.0f} a second")
    print(", ".join(f"{name} {number:,}" for name, number in seen.most_common()))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
