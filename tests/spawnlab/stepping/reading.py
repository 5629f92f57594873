"""What a reader of frames, or of a page, knows."""

from __future__ import annotations

import base64
import re
import zlib
from collections import Counter
from typing import Any

import msgspec

from spawnlab.scenarios import steps as s
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.staging import Playable, load
from spawnlab.stepping.capture import Captured
from spawnlab.stepping.frames import Frame, Framing
from spawnlab.stepping.sources import Where, sources_of
from spawnlab.stepping.texts import Texts
from spawnlab.vm.host_memory import MEMORY_SIZE


class Seen:
    """What a reader of the frames knows after some of them."""

    def __init__(self) -> None:
        self.vms: dict[int, dict[str, Any]] = {}
        self.pipes: dict[int, dict[str, Any]] = {}
        self.kinds: Counter[tuple[int, str]] = Counter()
        self.registers: dict[int, list[int]] = {}
        self.memory: dict[int, bytearray] = {}
        self.cycles = 0

    def add(self, frame: Frame) -> None:
        self.cycles = frame.cycles
        for vm, fields in frame.vms.items():
            self.vms.setdefault(vm, {}).update(fields)
        for fd, fields in frame.pipes.items():
            self.pipes.setdefault(fd, {}).update(fields)
        for vm, kinds in frame.kinds.items():
            for kind, cycles in kinds.items():
                self.kinds[vm, kind] += cycles
        for vm, registers in frame.registers.items():
            known = self.registers.setdefault(vm, [0] * 33)
            for number, value in registers.items():
                known[number] = int(value, 16)
        for vm, rows in frame.memory.items():
            content = self.memory.setdefault(vm, bytearray(MEMORY_SIZE))
            for address, digits in rows:
                content[address : address + len(digits) // 2] = bytes.fromhex(digits)


def captured(what: Playable) -> Captured:
    made = load(what)
    found = Captured(Framing(made, Texts(), Where(made, sources_of(made))))
    found.play(what)
    return found


def unpacked(page: str) -> dict[str, Any]:
    """The data in a page."""
    found = re.search(r'<script id="data"[^>]*>([^<]+)<', page)
    assert found is not None
    return msgspec.json.decode(zlib.decompress(base64.b64decode(found[1])))


def exchanges(times: int) -> Scenario:
    """Two VMs that hand four bytes to and fro: four iterations each time."""
    write, read = s.Write(fd="w", text="ping"), s.Read(fd="r", size=4)
    root = (
        s.Pipe(ends=("r", "cw")),
        s.Pipe(ends=("cr", "w")),
        s.Spawn(program="child", fds=("cr", "cw"), name="c"),
        s.Repeat(times=times, steps=(write, read)),
        s.Wait(vm="c"),
    )
    child = (s.InheritedFds(names=("r", "w")), s.Repeat(times=times, steps=(read, write)))
    return Scenario(title="Exchanges", programs={"root": Program(steps=root), "child": Program(steps=child)})
