"""Faults: hypothetical misbehaviour of VMs, for asking what the others make of it; values with a short text form.

None of them happens by itself on the chain, where a VM does what its program says and fresh memory holds zeros. So the
name that a journal has of its policy names the faults too, and whatever is made of it says that they are hypothetical.
What faults do is in :mod:`.injecting`; ``docs/faults.md`` has the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec

from ..vm.errors import SpawnlabError
from .hypothetical import PREFIX, text_of
from .policy import SchedulingPolicy
from .repeatable import U64_COUNT, number

_AND = " + "
_LIMITS = {"call": (1, U64_COUNT - 1), "size": (1, U64_COUNT - 1), "code": (-128, 127)}
"""Of numbers that are not just any of 64 bits."""


class FaultError(SpawnlabError):
    """A text that is no fault, or faults that can't be together; says what is wrong and names the known forms."""


class Fault(msgspec.Struct, frozen=True):
    """Root of the faults. ``vm`` is the id of a VM, ``call`` counts its system calls from 1, over an exec too."""

    kind: ClassVar[str]

    @property
    def text(self) -> str:
        """What :func:`fault_of` reads."""
        return ":".join((self.kind, *map(str, msgspec.structs.astuple(self))))


class Exit(Fault, frozen=True):
    """The VM exits with ``code`` (-128 to 127) instead of making a system call."""

    kind = "exit"
    vm: int
    call: int
    code: int


class ShortReads(Fault, frozen=True):
    """Every read of every VM gets at most a random number of bytes, from 1 to those that it asks for."""

    kind = "short"
    seed: int


class ShortRead(Fault, frozen=True):
    """A system call gets at most ``size`` bytes, 1 or more, if it is a read."""

    kind = "short"
    vm: int
    call: int
    size: int


class Close(Fault, frozen=True):
    """An fd of the VM is closed just before a system call, if the VM has it then."""

    kind = "close"
    vm: int
    call: int
    fd: int


class FilledMemory(Fault, frozen=True):
    """Fresh memory holds random bytes in place of zeros."""

    kind = "memory"
    seed: int


KINDS: tuple[type[Fault], ...] = (Exit, ShortReads, ShortRead, Close, FilledMemory)


def form_of(kind: type[Fault]) -> str:
    """How a kind of fault is written: ``exit:VM:CALL:CODE``."""
    return ":".join((kind.kind, *(field.upper() for field in kind.__struct_fields__)))


def fault_of(text: str) -> Fault:
    """A fault from its text; raises :class:`FaultError`, which names the form that it should have.

    ``fault_of(text).text`` is ``text`` again, but for numbers that are written otherwise (``memory:07``).
    """
    name, *parts = text.split(":")
    known = [kind for kind in KINDS if kind.kind == name]
    if not known:
        raise _refusal(text, "there is no such fault", KINDS)
    fitting = [kind for kind in known if len(kind.__struct_fields__) == len(parts)]
    if not fitting:
        given = "1 number is" if len(parts) == 1 else f"{len(parts)} numbers are"
        raise _refusal(text, f"{given} given", known)
    (kind,) = fitting
    try:
        return kind(*map(_read, kind.__struct_fields__, parts))
    except ValueError as error:
        raise _refusal(text, str(error), [kind]) from None


def _read(field: str, text: str) -> int:
    least, most = _LIMITS.get(field, (0, U64_COUNT - 1))
    return number(text, field.upper(), least=least, most=most)


def _refusal(text: str, why: str, kinds: Iterable[type[Fault]]) -> FaultError:
    forms = [form_of(kind) for kind in kinds]
    wanted = f"it is written {forms[0]}" if len(forms) == 1 else f"the known ones are {', '.join(forms)}"
    return FaultError(f"fault {text!r}: {why}; {wanted}")


def faults_of(texts: Sequence[str]) -> tuple[Fault, ...]:
    """The faults of one run; raises :class:`FaultError`, also for a fault that is given twice, and for two seeds of
    memory.
    """
    if isinstance(texts, str):
        raise FaultError(f"faults are a list of texts, not one text: [{texts!r}]")
    faults = tuple(map(fault_of, texts))
    for index, fault in enumerate(faults):
        if fault in faults[:index]:
            raise FaultError(f"fault {fault.text!r} is given twice")
        if isinstance(fault, FilledMemory) and any(isinstance(other, FilledMemory) for other in faults[:index]):
            raise FaultError(f"fault {fault.text!r}: memory is filled from one seed, and another is given already")
    return faults


def run_name(policy: SchedulingPolicy, faults: Sequence[Fault]) -> str:
    """How a journal names the policy of a run, and its faults: ``hypothetical:smallest + exit:1:3:0``."""
    return PREFIX + _AND.join((text_of(policy), *(fault.text for fault in faults))) if faults else policy.name


def conditions_of(hypothetical: str) -> tuple[str, tuple[str, ...]]:
    """The texts of the policy and of the faults, from what of a journal's name is hypothetical
    (:func:`~spawnlab.scheduler.hypothetical.hypothetical_order`).
    """
    policy, *faults = hypothetical.split(_AND)
    return policy, tuple(faults)
