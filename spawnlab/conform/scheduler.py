"""Whole runs of the scheduler: each case is built, run in its mode, and compared with what the reference recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from .cases import Blobs, Case, MissingProgram, group_of
from .modes import run_recorded
from .records import OutcomeRecord
from .settings import read_packed
from .tally import RecordError, Tally, read_records

LISTS = ("debug", "trace", "suspends")
_NOT_COMPARED = ("elapsed_us",)


class Recorded(msgspec.Struct, kw_only=True):
    """A case and its outcome; ``outcome_plain`` are the fields in which the reference's plain interpreter differs."""

    name: str
    case: Case
    outcome: dict[str, Any]
    outcome_plain: dict[str, Any] = {}


def run_cases(files: Iterable[Path], *, folders: Sequence[Path] = (), names: Sequence[str] = ()) -> Tally:
    """Run the cases of files of records; programs are looked for beside the records and in ``folders``.

    ``names`` are parts of names: only cases that have one of them are run, unless there are none.
    """
    tally = Tally()
    decoder = msgspec.json.Decoder(Recorded)
    for file in files:
        blobs = Blobs([file.parent / "programs", *folders], [file.parent / "blobs"])
        for where, recorded in read_records(file, decoder.decode, read_packed(file)):
            if names and not any(name in recorded.name for name in names):
                continue
            try:
                outcome = _run(recorded.case, blobs)
            except MissingProgram as missing:
                tally.absent.append(str(missing))
                continue
            except RecordError as error:
                raise RecordError(f"{where}: {error}") from None
            expected = recorded.outcome | recorded.outcome_plain
            tally.note(f"{where} {recorded.name}", compare(expected, outcome))
    return tally


def _run(case: Case, blobs: Blobs) -> OutcomeRecord:
    return run_recorded(group_of(case, blobs), case.how(), root_args=[blobs.resolve(arg) for arg in case.root_args])


def compare(expected: Mapping[str, Any], outcome: OutcomeRecord) -> list[tuple[str, object, object]]:
    """The fields of a recorded outcome that are otherwise in ours: name, expected, got.

    Lists may be cut in records; their counts and digests are of the whole.
    """
    got = _with_digests(outcome)
    differing: list[tuple[str, object, object]] = []
    for name, value in expected.items():
        if name in LISTS:
            differing += first_difference(name, value, got.get(name, []))
        elif name not in _NOT_COMPARED and got.get(name) != value:
            differing.append((name, value, got.get(name)))
    return differing


def _with_digests(outcome: OutcomeRecord) -> dict[str, Any]:
    got: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(outcome))
    for name in LISTS:
        if getattr(outcome, name) is not None:
            whole = got.setdefault(name, [])
            got[f"{name}_count"] = len(whole)
            text = json.dumps(whole, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
            got[f"{name}_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    return got


def first_difference(name: str, expected: Sequence[Any], got: Sequence[Any]) -> list[tuple[str, object, object]]:
    """The first entry that differs, and only what differs in it. Ours may go on where the record is cut."""
    for index, wanted in enumerate(expected):
        if index >= len(got):
            return [(f"{name}[{index}]", wanted, None)]
        if wanted != got[index]:
            return _parts(f"{name}[{index}]", wanted, got[index])
    return []


def _parts(path: str, expected: Any, got: Any) -> list[tuple[str, object, object]]:
    if isinstance(expected, dict) and isinstance(got, dict):
        wanted, found = cast("dict[str, Any]", expected), cast("dict[str, Any]", got)
        names = sorted({*wanted, *found})
        return [
            part
            for name in names
            if wanted.get(name) != found.get(name)
            for part in _parts(f"{path}.{name}", wanted.get(name), found.get(name))
        ]
    if isinstance(expected, list) and isinstance(got, list):
        wanteds, founds = cast("list[Any]", expected), cast("list[Any]", got)
        if len(wanteds) == len(founds):
            pairs = enumerate(zip(wanteds, founds, strict=True))
            return [part for i, (a, b) in pairs if a != b for part in _parts(f"{path}[{i}]", a, b)]
    return [(path, expected, got)]
