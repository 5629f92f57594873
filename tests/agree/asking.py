"""Asking the reference of whole transactions; its answers and ours in one form, so that they can be compared."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import msgspec

from spawnlab.conform.reference import RUNNER
from spawnlab.scheduler.verify.errors import ScriptError, TransactionScriptError

RELEASE = RUNNER / "target" / "release"
Values = dict[str, Any]
Verdict = tuple[Any, ...]
"""``ok`` with what came of it, or ``error`` with its text."""


class Reference:
    """The reference's program for transactions, kept running."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [RELEASE / "spawnlab-transaction-reference", "--full", "--machine", "plain"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, question: Values) -> Values:
        """The outcome of a case (``reference/README.md``); parts of it may be JSON already (:class:`msgspec.Raw`)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(question) + b"\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline())

    def close(self) -> None:
        """End the program."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Reference:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def verdict(ask: Callable[[], Any]) -> Verdict:
    """Ours: of a call that gives something or raises an error of a script."""
    try:
        return ("ok", ask())
    except (TransactionScriptError, ScriptError) as error:
        return ("error", str(error))


def its_verdict(outcome: Values) -> Verdict:
    """The reference's of a whole transaction."""
    if outcome["status"] == "ok":
        return ("ok", outcome["cycles"])
    source, cause = outcome.get("source"), outcome.get("cause")
    return ("error", f"TransactionScriptError {{ source: {source}, cause: {cause} }}")


def its_verdict_of_group(group: Values) -> Verdict:
    """The reference's of one group."""
    if group.get("status", "ok") == "ok" and "cycles" in group and "error" not in group:
        return ("ok", group["cycles"])
    return ("error", group.get("cause") or group.get("error"))
