"""What can be asked of a run: facts by name, and expressions over them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from ..scenarios.names import nearest
from ..scheduler.events import (
    Booted,
    Ended,
    FdClosed,
    FdMoved,
    IterationEnded,
    PipeOpened,
    SwappedOut,
    Transferred,
)
from ..staging import Run
from ..vm.errors import SpawnlabError


class PropertyError(SpawnlabError):
    """A property that can't be understood: says what is wrong with it, and what there is."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What properties are made of. An exit code is ``None`` after an error, an error is ``""`` after an exit."""

    exit_code: int | None
    error: str
    """The error variant, such as ``CyclesExceeded``; ``Unexpected`` for a deadlock."""
    deadlock: bool
    waiting: int
    """VMs that wait in the deadlock."""
    ring: int
    """VMs in the longest ring of them."""
    differs: bool
    """Whether the end is another one than in the chain's order, without suspensions, within the scenario's limit."""
    depends: bool
    """Whether the end depends on the order of turns (:mod:`.orders`); known only where it is asked for."""
    leaks_fd: bool
    """Whether a VM has ended with an fd that it had not closed."""
    cycles: int
    turns: int
    vms: int
    """VMs that there were, with the root."""
    pipes: int
    bytes: int
    """Bytes that went through pipes."""
    swaps: int
    """Machines that were swapped out."""
    hints: tuple[str, ...]
    """Kinds of hints about the programs, and their claims (:mod:`spawnlab.hints`); known only where it is asked for."""


class Property(msgspec.Struct, frozen=True):
    """A question with an answer for each run."""

    text: str
    names: frozenset[str]
    """The facts that it is made of."""
    of: Callable[[Facts], bool]


def ending(run: Run) -> str:
    """How a run ended, in a word or two."""
    outcome = run.outcome
    if outcome.failure is None:
        return f"exit {outcome.exit_code}"
    return "deadlock" if outcome.deadlock is not None else outcome.failure.variant


def facts_of(run: Run, *, differs: bool = False, depends: bool = False, hints: tuple[str, ...] = ()) -> Facts:
    """The facts of a run."""
    outcome, deadlock = run.outcome, run.outcome.deadlock
    counts = Counter(map(type, run.journal))
    size = sum(event.size for event in run.journal if isinstance(event, Transferred))
    return Facts(
        exit_code=outcome.exit_code,
        error=outcome.failure.variant if outcome.failure else "",
        deadlock=deadlock is not None,
        waiting=len(deadlock.waiting) if deadlock else 0,
        ring=max(map(len, deadlock.rings), default=0) if deadlock else 0,
        differs=differs,
        depends=depends,
        leaks_fd=_leaks(run),
        cycles=outcome.cycles,
        turns=counts[IterationEnded],
        vms=counts[Booted],
        pipes=counts[PipeOpened],
        bytes=size,
        swaps=counts[SwappedOut],
        hints=hints,
    )


def _leaks(run: Run) -> bool:
    """Who ends closes its fds, but that is told after its end."""
    owners: dict[int, int] = {}
    for event in run.journal:
        match event:
            case PipeOpened():
                owners[event.read_fd] = owners[event.write_fd] = event.vm
            case FdMoved():
                owners[event.fd] = event.vm
            case FdClosed():
                del owners[event.fd]
            case Ended(vm=vm) if vm in owners.values():
                return True
            case _:
                pass
    return False


NAMES = Facts.__struct_fields__
_NODES = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Mult,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot, ast.In, ast.NotIn, ast.Tuple,
    ast.Name, ast.Load, ast.Constant,
)  # fmt: skip
_LENGTH_MAX = 1000


@lru_cache(maxsize=64)
def property_of(text: str) -> Property:
    """A property as an expression over facts: ``deadlock and ring >= 3``, ``exit_code not in (0, 1)``.

    Only names of facts, numbers, texts, comparisons, ``and``, ``or``, ``not``, ``in``, +, - and * are known. A
    comparison of what can't be compared, as an exit code that there is none of with a number, does not hold.
    Raises :class:`PropertyError`.
    """
    if len(text) > _LENGTH_MAX:
        raise PropertyError(f"the property is longer than {_LENGTH_MAX} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise PropertyError(f"{text!r} is no expression: {getattr(error, 'msg', error)}; facts: {_listed()}") from None
    names: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, _NODES):
            raise PropertyError(f"{text!r}: {type(node).__name__} is not known here; facts: {_listed()}")
        if isinstance(node, ast.Name):
            if node.id not in NAMES:
                raise PropertyError(f"{text!r}: there is no fact {node.id!r}{nearest(node.id, NAMES)}")
            names.add(node.id)
    if not names:
        raise PropertyError(f"{text!r} asks nothing of a run; facts: {_listed()}")
    code = compile(tree, "<property>", "eval")
    surroundings: dict[str, Any] = {"__builtins__": {}}

    def holds(facts: Facts) -> bool:
        try:
            return bool(eval(code, surroundings, msgspec.structs.asdict(facts)))
        except TypeError:
            return False

    return Property(text, frozenset(names), holds)


def _listed() -> str:
    return ", ".join(NAMES)
