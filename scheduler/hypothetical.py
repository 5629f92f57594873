"""Orders that the chain does not have, for asking what would happen if it had: policies with a short text form.

Only the largest id first is consensus. Every other policy says in its name that it is hypothetical, so that journals,
and whatever is made of them, say so too. A policy keeps what it knows of one run: make a new one for each.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from random import Random

from .policy import CONSENSUS_POLICY, PolicyError, SchedulingPolicy
from .repeatable import below, number

CONSENSUS_TEXT = "largest"
PREFIX = "hypothetical:"
"""What names in journals begin with that are not the chain's."""
TURNS_DEFAULT = 100
"""Turns within which ``pct`` changes priorities, unless it is told another number."""
_FORMS = (
    CONSENSUS_TEXT,
    "smallest",
    "round-robin",
    "random:SEED",
    "pct:SEED:DEPTH",
    "pct:SEED:DEPTH:TURNS",
    "order:VM.VM.VM",
    "order:VM.VM.VM:POLICY",
)


class Hypothetical:
    """Root of the policies that are not the chain's. ``text`` is the form that :func:`policy_of` reads."""

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def name(self) -> str:
        """As journals record it."""
        return PREFIX + self.text

    def choose(self, runnable: Sequence[int], /) -> int:
        """One of ``runnable``, which is ascending and not empty."""
        raise NotImplementedError


class SmallestIdFirst(Hypothetical):
    """The smallest id: parents before their children."""

    def __init__(self) -> None:
        super().__init__("smallest")

    def choose(self, runnable: Sequence[int], /) -> int:
        """The first one."""
        return runnable[0]


class RoundRobin(Hypothetical):
    """One after the other, by id, each for one turn; the smallest follows the largest."""

    def __init__(self) -> None:
        super().__init__("round-robin")
        self._last = -1

    def choose(self, runnable: Sequence[int], /) -> int:
        """The next larger id than that of the last turn."""
        self._last = runnable[bisect_right(runnable, self._last) % len(runnable)]
        return self._last


class RandomOrder(Hypothetical):
    """Any that can run, each as likely as the other; equal seeds give equal orders."""

    def __init__(self, seed: int) -> None:
        super().__init__(f"random:{seed}")
        self._random = Random(seed)

    def choose(self, runnable: Sequence[int], /) -> int:
        """A random one."""
        return runnable[below(self._random, len(runnable))]


class RandomPriorities(Hypothetical):
    """Probabilistic concurrency testing: the highest of random priorities, and ``depth`` - 1 random changes of them.

    Every VM gets a random priority when it is first seen. At ``depth`` - 1 turns among the first ``turns``, the VM that
    would run gets a priority below all others. An order that needs ``depth`` turns in the right sequence to go wrong is
    found with a probability of at least 1 / (VMs x turns ^ (depth - 1)) (Burckhardt et al., 2010).
    """

    def __init__(self, seed: int, depth: int, turns: int = TURNS_DEFAULT) -> None:
        super().__init__(f"pct:{seed}:{depth}" + (f":{turns}" if turns != TURNS_DEFAULT else ""))
        self._random = Random(seed)
        self._changes: dict[int, int] = {}
        """By turn: the new priority of the VM that would have it. Priorities from the start on are positive."""
        while len(self._changes) < min(depth - 1, turns):
            self._changes.setdefault(1 + below(self._random, turns), -len(self._changes))
        self._priorities: dict[int, float] = {}
        self._turn = 0

    def choose(self, runnable: Sequence[int], /) -> int:
        """The one with the highest priority, after the change that may be due."""
        self._turn += 1
        for vm in runnable:
            if vm not in self._priorities:
                self._priorities[vm] = 1 + self._random.random()
        change = self._changes.get(self._turn)
        if change is not None:
            self._priorities[self._highest(runnable)] = change
        return self._highest(runnable)

    def _highest(self, runnable: Sequence[int]) -> int:
        return max(runnable, key=lambda vm: (self._priorities[vm], vm))


class Scripted(Hypothetical):
    """The VM of each turn from a list, then another policy: a run played again is just another policy.

    Raises :class:`~spawnlab.scheduler.policy.PolicyError` where a VM of the list can't run.
    """

    def __init__(self, order: Sequence[int], then: SchedulingPolicy = CONSENSUS_POLICY) -> None:
        tail = "" if then is CONSENSUS_POLICY else f":{text_of(then)}"
        super().__init__(f"order:{'.'.join(map(str, order))}{tail}")
        self._order = tuple(order)
        self._then = then
        self._turn = 0

    def choose(self, runnable: Sequence[int], /) -> int:
        """The next of the list; behind its end, the other policy's choice."""
        if self._turn == len(self._order):
            return self._then.choose(runnable)
        vm = self._order[self._turn]
        self._turn += 1
        if vm not in runnable:
            can = ", ".join(map(str, runnable))
            raise PolicyError(f"order: turn {self._turn} is to be VM {vm}'s, which can't run; those that can are {can}")
        return vm


def order_text(order: Sequence[int]) -> str:
    """The text of the policy that gives the turns to these VMs, and then to the largest id; ``largest`` if none."""
    return Scripted(order).text if order else CONSENSUS_TEXT


def text_of(policy: SchedulingPolicy) -> str:
    """A policy's text, its name where it has none."""
    if policy is CONSENSUS_POLICY:
        return CONSENSUS_TEXT
    return policy.text if isinstance(policy, Hypothetical) else policy.name


def hypothetical_order(name: str) -> str | None:
    """What a journal's name says is hypothetical, the policy and faults, as a text; ``None`` for the chain's own.

    :func:`~spawnlab.scheduler.faults.conditions_of` takes it apart.
    """
    return None if name == CONSENSUS_POLICY.name else name.removeprefix(PREFIX)


def policy_of(text: str) -> SchedulingPolicy:
    """A new policy from its text; raises :class:`~spawnlab.scheduler.policy.PolicyError`, which names the known ones.

    ``policy_of(text).text`` is ``text`` again, but for numbers that are written otherwise (``random:07``).
    """
    kind, _, rest = text.partition(":")
    make = _MAKERS.get(kind)
    if make is None:
        raise _refusal(text, "there is no such policy")
    try:
        return make(rest)
    except ValueError as error:
        raise _refusal(text, str(error)) from None


def _refusal(text: str, why: str) -> PolicyError:
    return PolicyError(f"policy {text!r}: {why}; the known ones are {', '.join(_FORMS)}")


def _consensus(rest: str) -> SchedulingPolicy:
    _none(rest)
    return CONSENSUS_POLICY


def _smallest(rest: str) -> SchedulingPolicy:
    _none(rest)
    return SmallestIdFirst()


def _round_robin(rest: str) -> SchedulingPolicy:
    _none(rest)
    return RoundRobin()


def _random_order(rest: str) -> SchedulingPolicy:
    return RandomOrder(number(rest, "the seed"))


def _pct(rest: str) -> SchedulingPolicy:
    seed, *others = rest.split(":")
    if not 1 <= len(others) <= 2:
        raise ValueError("a seed and a depth are wanted, and perhaps the number of turns")
    numbers = [number(part, what, least=1) for part, what in zip(others, ("the depth", "turns"), strict=False)]
    if numbers[0] > 1_000:
        raise ValueError("a depth of at most 1000 is wanted")
    return RandomPriorities(number(seed, "the seed"), *numbers)


def _order(rest: str) -> SchedulingPolicy:
    listed, colon, then = rest.partition(":")
    if then.startswith("order"):
        raise ValueError("one order behind another is one order")
    order = [number(part, "a VM") for part in listed.split(".")]
    return Scripted(order, policy_of(then) if colon else CONSENSUS_POLICY)


def _none(rest: str) -> None:
    if rest:
        raise ValueError("it takes nothing behind its name")


_MAKERS: dict[str, Callable[[str], SchedulingPolicy]] = {
    CONSENSUS_TEXT: _consensus,
    "smallest": _smallest,
    "round-robin": _round_robin,
    "random": _random_order,
    "pct": _pct,
    "order": _order,
}
