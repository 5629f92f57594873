"""The I/O pass looks only where something has changed: elsewhere there is never anything to do."""

from __future__ import annotations

from spawnlab.scheduler.events import AnyEvent, Transferred
from spawnlab.scheduler.io_pass import io_pass
from spawnlab.scheduler.scheduler import Scheduler
from spawnlab.vm.errors import VmError

from .campaign import topology


def test_a_pass_over_all_pipes_finds_nothing_more() -> None:
    seen: list[AnyEvent] = []
    transfers = 0
    for seed in range(60):
        scheduler = Scheduler(topology(seed).sg_data, observers=[seen.append])
        while not scheduler.terminated() and scheduler.iterations < 300:
            try:
                scheduler.iterate()
            except VmError:
                break
            transfers += sum(isinstance(event, Transferred) for event in seen)
            seen.clear()
            assert not scheduler.table.stirred
            scheduler.table.stir()
            io_pass(scheduler.table)
            assert not seen
    assert transfers > 100
