"""A scenario to the VMs that may come to be: each program's list, followed from the root on.

What a VM does depends on others only in how its calls are answered; a VM that is answered otherwise than it expects
ends. So its list can be followed by itself, as if all went as it expects, and names stand for ends and VMs that are
known. Where that is not so (a number in place of a name, that may be one or the other), the VM is opaque from there
on: whatever it does then is allowed for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ..scenarios import steps as s
from ..scenarios.model import FORMS, Scenario
from .follow import Follower, Known
from .rounds import Item, items_of, walk
from .world import ANYBODY, NOBODY, ROOT, Call, End, Number, Step, Vm, World

STEPS_MAX = 25_000
"""Steps that are followed in all."""
VMS_MAX = 100
"""VMs that are followed."""
_ID_MAX = 1 << 32
"""No run has so many VMs: each costs 100,000 cycles."""


def unfold(scenario: Scenario) -> World:
    """All VMs that may come to be, with their calls.

    Numbers in place of names are taken for what they are if only the root makes pipes, and spawns. Where that turns
    out not to be so, the world is made again without. Raises :class:`~spawnlab.scenarios.errors.ScenarioError` for a
    step that names what there is not.
    """
    world = _Unfolder(scenario, pipes_known=True, spawns_known=True).unfold()
    pipes_known = all(pipe.made.vm == ROOT for pipe in world.pipes) and world.closed and not world.hidden_pipes
    spawns_known = all(vm.parent in (None, ROOT) for vm in world.vms) and world.closed
    if pipes_known and spawns_known:
        return world
    if not world.by_number:
        _forget_numbers(world, pipes_known=pipes_known, spawns_known=spawns_known)
        return world
    world = _Unfolder(scenario, pipes_known=pipes_known, spawns_known=spawns_known).unfold()
    _settle_ids(world)
    return world


def _forget_numbers(world: World, *, pipes_known: bool, spawns_known: bool) -> None:
    """Leave only the numbers that are known whatever others do: of what there is before the root's first child acts."""
    first = next((call.index for call in world.vms[ROOT].calls if call.kind == "spawn"), None)
    for pipe in world.pipes:
        if not pipes_known and (pipe.made.vm != ROOT or (first is not None and pipe.made.index > first)):
            pipe.number = None
    for vm in world.vms:
        if not spawns_known and vm.id is not None and vm.id > 1:
            vm.id = None


def _settle_ids(world: World) -> None:
    """Ids above all that are given are nobody's."""
    highest = len(world.vms) if world.closed else _ID_MAX
    for vm in world.vms:
        for call in vm.calls:
            if call.target == ANYBODY and call.id is not None and not 0 <= call.id < highest:
                call.target = NOBODY


class _Unfolder:
    def __init__(self, scenario: Scenario, *, pipes_known: bool, spawns_known: bool) -> None:
        self.scenario = scenario
        self.world = World()
        self.pipes_known = pipes_known
        self.spawns_known = spawns_known
        self.steps_left = STEPS_MAX
        self.todo: deque[Vm] = deque()
        self.items: dict[str, tuple[Item, ...]] = {}

    def unfold(self) -> World:
        self.add(self.scenario.root, None, ())
        while self.todo:
            self._follow(self.todo.popleft())
        return self.world

    def add(self, program: str, spawned: Call | None, inherited: Sequence[End]) -> Vm:
        """A VM, spawned by a call; it is followed later."""
        parent = None if spawned is None else self.world.vms[spawned.vm]
        vm = Vm(
            number=len(self.world.vms),
            place="0",
            program=program,
            parent=None if parent is None else parent.number,
            spawned=spawned,
            inherited=tuple(inherited),
            id=ROOT if parent is None else None,
        )
        if parent is not None:
            parent.children += 1
            vm.place = f"{parent.place}.{parent.children}"
            if parent.number == ROOT and (self.spawns_known or parent.children == 1):
                vm.id = parent.children  # before the root's first nobody else can have spawned
        self.world.vms.append(vm)
        self.todo.append(vm)
        return vm

    def _follow(self, vm: Vm) -> None:
        known = Known(pipes=self.pipes_known, spawns=self.spawns_known)
        follower = Follower(self.world, vm, self.scenario, self.add, known)
        program: str | None = vm.program
        while program is not None:
            program = self._program(follower, program)

    def _program(self, follower: Follower, program: str) -> str | None:
        """Follow one program; gives the next, where the VM goes on as another."""
        items = self._items(program)
        if items is None:
            follower.become_opaque()
            return None
        follower.begin(program)
        self.steps_left -= 1
        for one in walk(items):
            self.steps_left -= 1
            is_too_much = isinstance(one.step, s.Spawn) and len(self.world.vms) == VMS_MAX
            if self.steps_left < 0 or is_too_much:  # the rest of the VM is not known
                self.world.cut = self.world.cut or Step(vm=follower.vm.number, program=program, path=one.path)
                follower.become_opaque()
                return None
            following = follower.follow(one.step, one.path)
            if follower.over:
                return following
        follower.finish(Number(0))
        return None

    def _items(self, program: str) -> tuple[Item, ...] | None:
        if program not in self.items:
            model = self.scenario.programs[program]
            if model.steps is None:
                self.world.opaque[program] = next((form for form in FORMS if getattr(model, form) is not None), "")
                return None
            self.items[program] = items_of(model.steps)
        return self.items[program]
