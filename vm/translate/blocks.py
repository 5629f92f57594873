"""Finding the blocks that are translated together: from one pc on, along jumps and branches whose targets are known."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from ..errors import VmError
from ..isa.definition import Operation
from ..memory import MEMORY_SIZE
from ..tiers import BLOCK_CYCLES_MAX

BLOCK_STEPS_MAX = 128


class Ending(Protocol):
    """How a translated operation goes on: see :class:`.record.Record`; ``"never"`` is a branch that is not taken."""

    @property
    def ending(self) -> str: ...  # noqa: D102

    @property
    def target(self) -> int: ...  # noqa: D102

    @property
    def relative(self) -> bool: ...  # noqa: D102


T = TypeVar("T", bound=Ending)


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """One operation of a block, and what it was translated to."""

    pc: int
    length: int
    cycles: int
    template: T

    @property
    def target(self) -> int:
        """Where it jumps, if that is known."""
        return self.template.target + (self.pc if self.template.relative else 0)


@dataclass(slots=True)
class Block(Generic[T]):
    """Operations that are executed one after the other.

    ``leaves`` says that the operation behind them is not translated: the step engine is to execute it.
    """

    pc: int
    steps: list[Step[T]] = field(default_factory=list[Step[T]])
    leaves: bool = False

    @property
    def end(self) -> int:
        """The address behind the block."""
        return self.steps[-1].pc + self.steps[-1].length if self.steps else self.pc

    @property
    def goes_on(self) -> bool:
        """Whether it ends without a jump or a branch."""
        return not self.leaves and (not self.steps or self.steps[-1].template.ending in ("", "never"))


class Finder(Generic[T]):
    """Finds blocks, of at most about ``steps_max`` operations at a time. ``template`` translates an operation."""

    def __init__(self, template: Callable[[Operation], T | None], *, steps_max: int) -> None:
        self._template = template
        self._steps_max = steps_max
        self._refused: set[int] = set()

    def find(
        self,
        heads: list[int],
        operation_at: Callable[[int], Operation],
        wanted: Callable[[int], bool],
        known: Container[int],
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
            block, targets = self._block(head, operation_at, blocks, known)
            if not block.steps:
                self._refused.add(head)
                continue
            blocks[head] = block
            steps += len(block.steps)
            todo += [target for target in targets if wanted(target)]
        return blocks

    def _block(
        self, head: int, operation_at: Callable[[int], Operation], others: Container[int], known: Container[int]
    ) -> tuple[Block[T], list[int]]:
        """The block at a pc, and where it may go on."""
        block: Block[T] = Block(head)
        pc, cycles = head, 0
        while True:
            try:
                operation = operation_at(pc)
            except VmError:  # maybe it is never come to
                block.leaves = True
                return block, []
            made = self._template(operation)
            if made is None:
                block.leaves = True
                return block, [pc + operation.length]
            cost = operation.definition.cycles
            cycles += cost
            if cycles > BLOCK_CYCLES_MAX:
                return block, [pc]
            block.steps.append(Step(pc, operation.length, cost, made))
            if made.ending not in ("", "never"):
                return block, _targets(pc, operation.length, block.steps[-1].target, made.ending)
            pc += operation.length
            if len(block.steps) >= BLOCK_STEPS_MAX or pc in others or pc in known:
                return block, [pc]


def _targets(pc: int, length: int, target: int, ending: str) -> list[int]:
    """Where an operation that ends a block may go on."""
    known = ending != "indirect" and 0 <= target < MEMORY_SIZE
    return [pc + length, target] if known else [pc + length]
