"""Finding the blocks that are translated together: from one pc on, along jumps and branches whose targets are known."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from ..decoder import Fetch
from ..errors import VmError
from ..isa.definition import Operation
from ..memory import MEMORY_SIZE
from ..program import Program
from ..tiers import BLOCK_CYCLES_MAX, STEPS_BITS

BLOCK_STEPS_MAX = 128


class Made(Protocol):
    """What a back-end makes of an operation, and how that goes on: see :class:`.record.Record`.

    ``ending`` is ``"never"`` for a branch that is not taken, ``"indirect"`` for a jump to where nobody knows yet.
    ``charge`` is what the operation takes off a counter: cycles and one operation.
    """

    @property
    def ending(self) -> str: ...  # noqa: D102

    @property
    def target(self) -> int: ...  # noqa: D102

    @property
    def relative(self) -> bool: ...  # noqa: D102

    @property
    def length(self) -> int: ...  # noqa: D102

    @property
    def charge(self) -> int: ...  # noqa: D102


T = TypeVar("T", bound=Made)


def charge_of(operation: Operation) -> int:
    """What an operation takes off a counter."""
    return operation.definition.cycles << STEPS_BITS | 1


class Block(msgspec.Struct, Generic[T]):
    """Operations that are executed one after the other: their addresses, and what was made of them.

    ``leaves`` says that the operation behind them is not translated: the step engine is to execute it.
    """

    pc: int
    pcs: list[int] = msgspec.field(default_factory=list[int])
    made: list[T] = msgspec.field(default_factory=list[T])
    leaves: bool = False

    @property
    def ending(self) -> str:
        """How the last operation goes on, ``""`` if there is none."""
        return self.made[-1].ending if self.made else ""

    @property
    def target(self) -> int:
        """Where the last operation jumps, if that is known."""
        last = self.made[-1]
        return last.target + (self.pcs[-1] if last.relative else 0)

    @property
    def end(self) -> int:
        """The address behind the block."""
        return self.pcs[-1] + self.made[-1].length if self.made else self.pc

    @property
    def goes_on(self) -> bool:
        """Whether it ends without a jump or a branch."""
        return not self.leaves and self.ending in ("", "never")


class Finder(Generic[T]):
    """Finds blocks of a program, of at most about ``steps_max`` operations at a time.

    ``make`` translates an operation, once; what it makes is kept with the operation under ``name``.
    """

    def __init__(self, program: Program, name: str, make: Callable[[Operation], T | None], *, steps_max: int) -> None:
        self._program = program
        self._name = name
        self._make = make
        self._steps_max = steps_max
        self._refused: set[int] = set()

    def find(
        self, heads: list[int], fetch: Fetch, wanted: Callable[[int], bool], known: Container[int]
    ) -> dict[int, Block[T]]:
        """The blocks at ``heads``, and those they go on with that are wanted and not known.

        What can't be translated is left out, and so is what is at an odd pc.
        """
        blocks: dict[int, Block[T]] = {}
        todo, steps = heads, 0
        while todo and steps < self._steps_max:
            head = todo.pop()
            if head in blocks or head in known or head & 1 or head in self._refused:
                continue
            block = Block[T](head)
            targets = self._fill(block, fetch, blocks, known)
            if not block.made:
                self._refused.add(head)
                continue
            blocks[head] = block
            steps += len(block.made)
            todo += [target for target in targets if wanted(target)]
        return blocks

    def _fill(self, block: Block[T], fetch: Fetch, others: Container[int], known: Container[int]) -> list[int]:
        """Find the operations of a block; gives where it may go on."""
        at, name, run = self._program.operations.at, self._name, self._program.runs.get(block.pc)
        decoded = iter(() if run is None else (*run[0], run[2]))
        pc, cycles, pcs, all_made = block.pc, 0, block.pcs, block.made
        while True:
            found = next(decoded, None)
            if found is None:
                try:
                    found = at(pc, fetch)
                except VmError:  # maybe it is never come to
                    block.leaves = True
                    return []
            kept = found[5]
            made: T | None = kept.get(name, _NOT_YET)
            if made is _NOT_YET:
                made = kept[name] = self._make(found[4])
            if made is None:
                block.leaves = True
                return [pc + found[2]]
            cycles += found[3]
            if cycles > BLOCK_CYCLES_MAX:
                return [pc]
            pcs.append(pc)
            all_made.append(made)
            if made.ending and made.ending != "never":
                return _targets(pc, found[2], block.target, made.ending)
            pc += found[2]
            if len(pcs) >= BLOCK_STEPS_MAX or pc in others or pc in known:
                return [pc]


_NOT_YET: Any = object()


def _targets(pc: int, length: int, target: int, ending: str) -> list[int]:
    """Where an operation that ends a block may go on."""
    known = ending != "indirect" and 0 <= target < MEMORY_SIZE
    return [pc + length, target] if known else [pc + length]
