"""Each question about a case, put to both sides."""

from __future__ import annotations

from pathlib import Path

import msgspec

from spawnlab.conform.modes import syscalls_with_pause
from spawnlab.conform.records import suspend_record
from spawnlab.scenarios.mock.read import parse_mock
from spawnlab.scheduler.events import AnyEvent, Logged
from spawnlab.scheduler.limits import U64_MAX
from spawnlab.scheduler.processes import Observer
from spawnlab.scheduler.state_file import state_from_bytes, state_to_bytes
from spawnlab.scheduler.transaction import ResolvedTransaction
from spawnlab.scheduler.verify.groups import ScriptGroup
from spawnlab.scheduler.verify.verifier import TransactionState, Verifier
from spawnlab.scheduler.verify.versions import Epoch, Rules

from ..asking import Reference, Values, Verdict, its_verdict, its_verdict_of_group, verdict
from .case import Case, Pieces
from .signalled import signalled

FORKS = (5, 10)
"""The epochs from which on versions 1 and 2 are active in the reference's tests."""
EPOCHS = (0, 5, 10)
"""The epoch of each version's tests."""
SKIP, SUSPEND = "skip", "suspend"
PIECES_MAX = 20_000
_LONG = 1 << 40
"""Cycles that take hours."""
FEW = 12
"""Pieces of what does not pass, or never ends."""


class Difference(msgspec.Struct, frozen=True):
    """Where the sides do not say the same."""

    question: str
    ours: object
    its: object

    def __str__(self) -> str:
        return f"{self.question}:\n  ours      {str(self.ours)[:2000]}\n  reference {str(self.its)[:2000]}"


_Whole = tuple[Verdict, list[tuple[str, str]]]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a case in a version."""

    ours: Verdict
    its: Verdict
    pieces: tuple[tuple[str, int], ...]
    """Of each run in pieces its name, and how many there were."""
    differences: tuple[Difference, ...]


class Both:
    """A case's transaction, for us and for the reference."""

    def __init__(self, case: Case, version: int, reference: Reference) -> None:
        self.case = case
        self._reference = reference
        self._version = version
        self._tx = msgspec.json.encode(case.make(version))
        mock = parse_mock(self._tx.decode(), Path())
        self._resolved: ResolvedTransaction = mock.resolved
        self._action = SKIP if case.raises_pauses else None

    def ask(self, max_cycles: int, action: str | None = None, **question: object) -> Values:
        """The reference's outcome; without a mode, of verifying."""
        action = action or self._action
        common: Values = {"tx": msgspec.Raw(self._tx), "epoch": {"number": EPOCHS[self._version]}, "forks": FORKS}
        if action is not None:
            common["debug_pause"] = action
        return self._reference.ask({**common, "max_cycles": max_cycles, **question})

    def verifier(self, action: str | None = None, texts: list[tuple[str, str]] | None = None) -> Verifier:
        """Ours; what is printed is put into ``texts``."""
        rules = Rules(epoch=Epoch(number=EPOCHS[self._version]), version_1_from=FORKS[0], version_2_from=FORKS[1])

        def watch(group: ScriptGroup) -> list[Observer]:
            def listen(event: AnyEvent) -> None:
                if isinstance(event, Logged) and texts is not None:
                    texts.append((f"0x{group.hash.hex()}", event.text))

            return [listen]

        action = action or self._action
        return Verifier(self._resolved, rules=rules, watch=watch, generator=syscalls_with_pause, context=action)


def _whole(both: Both, limit: int) -> tuple[_Whole, _Whole]:
    """Each side's verdict, and what was printed."""
    texts: list[tuple[str, str]] = []
    mine = verdict(lambda: both.verifier(texts=texts).verify(limit))
    outcome = both.ask(limit)
    return (mine, texts), (its_verdict(outcome), [(text[0], text[1]) for text in outcome["debug"]])


def _each_group(both: Both, limit: int) -> tuple[object, object]:
    verifier = both.verifier()
    mine = [
        (f"0x{group.hash.hex()}", verdict(lambda g=group: verifier.verify_single(g.type, g.hash, limit)))
        for group in verifier.groups
    ]
    its = both.ask(limit, mode="groups")["groups"]
    return mine, [(group["script_hash"], its_verdict_of_group(group)) for group in its]


def _state(state: TransactionState, step: int, limit: int) -> Values:
    """As the reference records it."""
    overflows = state.limit_cycles + step > U64_MAX or limit < state.current_cycles
    scheduler = None if state.state is None else msgspec.to_builtins(suspend_record(state.state))
    return {
        "current": state.current,
        "current_cycles": state.current_cycles,
        "limit_cycles": state.limit_cycles,
        "next_limit": None if overflows else list(state.next_limit_cycles(step, limit)),
        "scheduler": msgspec.json.decode(msgspec.json.encode(scheduler)),
    }


def _elsewhere(state: TransactionState) -> TransactionState:
    """As if it were gone on with in another process."""
    if state.state is None:
        return state
    return msgspec.structs.replace(state, state=state_from_bytes(state_to_bytes(state.state)))


def _our_pieces(verifier: Verifier, pieces: Pieces, limit: int, suspends: int, records: list[Values]) -> object:
    """Pieces as the reference's program makes them, which stops where nothing comes of more."""
    result = verifier.resumable_verify(pieces.step)
    last = False
    while isinstance(result, TransactionState):
        if len(records) >= suspends:
            return "max_suspends"
        record = _state(result, pieces.step, limit)
        alike = pieces.limits != "next" and len(pieces.limits) < len(records)
        stuck = alike and records[-1:] == [record]
        records.append(record)
        if stuck:
            return "no progress"
        if pieces.limits != "next":
            given = pieces.limits[len(records) - 1 : len(records)]
            following = given[0] if given else pieces.step
        elif last:
            return "max_cycles passed"
        else:
            following, last = result.next_limit_cycles(pieces.step, limit)
        result = verifier.resume_from_state(_elsewhere(result), following)
    return result


def _in_pieces(both: Both, pieces: Pieces, suspends: int, action: str | None = None) -> tuple[object, object, int]:
    """Each side's end and states; and how many pieces there were."""
    limit = both.case.max_cycles if pieces.limits == "next" else U64_MAX
    mine: list[Values] = []
    end = verdict(lambda: _our_pieces(both.verifier(action), pieces, limit, suspends, mine))
    limits: object = "next" if pieces.limits == "next" else list(pieces.limits)
    mode = {"resumable": {"step": pieces.step, "limits": limits}}
    outcome = both.ask(limit, action, mode=mode, max_suspends=suspends)
    its_end = ("ok", outcome["stop_reason"]) if outcome["status"] == "stopped" else its_verdict(outcome)
    return (end, mine), (its_end, outcome.get("suspends", [])), len(outcome.get("suspends", [])) + 1


def _completed(both: Both, pieces: tuple[int, ...], limit: int) -> tuple[object, object]:
    """Each side's end, and the states on the way to it."""
    step, *limits = pieces
    records: list[Values] = []

    def ours() -> int:
        verifier = both.verifier()
        result = verifier.resumable_verify(step)
        for following in (*limits, None):
            if isinstance(result, int):
                break
            records.append(_state(result, step, limit))
            state = _elsewhere(result)
            if following is None:
                return verifier.complete(state, limit)
            result = verifier.resume_from_state(state, following)
        assert isinstance(result, int)
        return result

    mine = verdict(ours)
    outcome = both.ask(limit, mode={"complete": {"step": step, "limits": limits}})
    return (mine, records), (its_verdict(outcome), outcome["suspends"])


def _with_signals(both: Both, limit: int) -> tuple[object, object]:
    """Each side's verdict. Waits may be longer or shorter, which changes none."""
    commands = both.case.signals
    if not commands:
        return None, None
    outcome = both.ask(limit, mode={"signal": commands})
    is_interrupt = outcome.get("error_kind") == "Internal"
    its = ("error", outcome["error"]) if is_interrupt else its_verdict(outcome)
    return signalled(both.verifier(), limit, commands), its


def answer(case: Case, version: int, reference: Reference, *, pieces_max: int = PIECES_MAX) -> Answer:
    """Put all questions; of what takes more pieces, so many are made."""
    both = Both(case, version, reference)
    found: list[Difference] = []

    def compare(question: str, mine: object, its: object) -> None:
        if mine != its:
            found.append(Difference(question, mine, its))

    limit = case.max_cycles
    (mine, texts), (its, its_texts) = _whole(both, limit)
    compare("verdict", mine, its)
    compare("printed", texts, its_texts)
    compare("groups", *_each_group(both, limit))
    passes, total = its[0] == "ok", its[1]
    for beside in (total - 1, total) if passes else ():
        compare(f"within {beside:,}", *_whole(both, beside))
    step = total * 2 // 5 + 1 if passes else min(limit // 3, 2000)
    for before in ((step,), case.completed) if case.completed else ((step,),):
        compare(f"completed after {before}", *_completed(both, before, limit))
    counts: list[tuple[str, int]] = []
    plans: list[tuple[Pieces, str | None]] = [(pieces, None) for pieces in (Pieces(step), *case.pieces)]
    if case.raises_pauses:
        plans.append((Pieces(U64_MAX), SUSPEND))
    for pieces, action in plans:
        name = "paused" if action else str(pieces)
        in_mine, in_its, count = _in_pieces(both, pieces, pieces_max if passes else FEW, action)
        compare(f"pieces of {name}", in_mine, in_its)
        counts.append((name, count))
    if "stop" not in case.signals:
        compare("with signals", *_with_signals(both, limit))
    elif "ExceededMaximumCycles" in str(its[1]):  # it would go on for ever
        compare("stopped", *_with_signals(both, _LONG))
    return Answer(ours=mine, its=its, pieces=tuple(counts), differences=tuple(found))
