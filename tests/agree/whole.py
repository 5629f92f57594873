"""Random transactions as mock transactions: any groups, versions and hash types, and often something missing."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from spawnlab.scheduler.chain import Script
from spawnlab.scheduler.hashing import ckb_hash
from spawnlab.scheduler.verify.type_id import TYPE_ID_CODE_HASH
from spawnlab.vm.assembler import assemble

Values = dict[str, Any]
ZERO = "0x" + "00" * 32
TYPE_ID = f"0x{TYPE_ID_CODE_HASH.hex()}"
_TEXTS = (
    "li a0, 0\n li a7, 93\n ecall",
    "li a0, 0\n li a7, 93\n ecall\n nop",
    "li a0, 7\n li a7, 93\n ecall",
    "li a0, -3\n li a7, 93\n ecall",
    "li t0, 300\nl:\n addi t0, t0, -1\n bnez t0, l\n li a0, 0\n li a7, 93\n ecall",
    "li t0, 9000\nl:\n addi t0, t0, -1\n bnez t0, l\n li a0, 0\n li a7, 93\n ecall",
    "l:\n j l",
    "li a7, 2041\n ecall\n li a7, 93\n ecall",  # its own version
    "li a7, 99\n ecall",
    "ld a0, 3(zero)\n jr a0",
    "la a0, p\n li a7, 2604\n ecall\n la a0, p\n ld a0, 0(a0)\n la a1, p\n la a2, p\n li a7, 2606\n ecall\n li a7, 93\n"
    " ecall\n.data\np: .dword 4, 4",  # in version 2 a deadlock
    "li a0, 0\n li a1, 3\n li a2, 0\n li a3, 0\n la a4, b\n li a7, 2601\n ecall\n li a7, 93\n ecall\n"
    ".data\nb: .dword 0, 0, c, 0\nc: .dword 0",  # spawns cell dep 0
    'la a0, s\n li a7, 2177\n ecall\n li a0, 0\n li a7, 93\n ecall\n.data\ns: .ascii "hello\\0"',
)


@cache
def programs() -> tuple[bytes, ...]:
    """What scripts run; some are no programs."""
    return (
        *(assemble(f".text\n_start:\n {text}\n").elf() for text in _TEXTS),
        b"",
        b"no program",
        b"\x7fELF" + bytes(60),
    )


def transaction(random: Random) -> Values:
    """A mock transaction."""
    return _Maker(random).make()


class _Maker:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.serial = 0
        self.deps: list[Values] = []
        """Those of mock_info."""
        self.codes: list[tuple[bytes, Values | None]] = []
        """Data and type script of cells that are code."""

    def make(self) -> Values:
        random = self.random
        named = [self.dep() for _ in range(random.choice((0, 1, 1, 2, 3, 5)))]
        inputs = [self.input() for _ in range(random.choice((0, 1, 1, 2, 3)))]
        first = inputs[0]["input"] if inputs else None
        outputs = [self.output(self.script_or_none(first, index)) for index in range(random.choice((0, 1, 2, 3)))]
        values: Values = {
            "mock_info": {"inputs": inputs, "cell_deps": self.deps, "header_deps": []},
            "tx": {
                "version": "0x0",
                "cell_deps": named,
                "header_deps": [],
                "inputs": [mock["input"] for mock in inputs],
                "outputs": outputs,
                "outputs_data": ["0x" + random.randbytes(random.randrange(3)).hex() for _ in outputs],
                "witnesses": ["0x" + random.randbytes(random.randrange(4)).hex() for _ in range(random.randrange(3))],
            },
        }
        if random.random() < 0.15:
            self.harm(values)
        return values

    def harm(self, values: Values) -> None:
        """Something is missing, or there twice."""
        random, tx, info = self.random, values["tx"], values["mock_info"]
        match random.randrange(6):
            case 0 if info["cell_deps"]:
                del info["cell_deps"][random.randrange(len(info["cell_deps"]))]
            case 1 if tx["inputs"]:
                tx["inputs"] = [*tx["inputs"], tx["inputs"][0]]
            case 2 if tx["inputs"]:
                tx["inputs"] = [{**tx["inputs"][0], "since": "0x7"}, *tx["inputs"][1:]]
            case 3:
                tx["header_deps"] = ["0x" + "77" * 32]
            case 4 if tx["cell_deps"]:
                tx["cell_deps"] = [*tx["cell_deps"], tx["cell_deps"][0]]
            case _:
                null = {"tx_hash": ZERO, "index": "0xffffffff"}
                tx["inputs"] = [{"since": "0x0", "previous_output": null}]
                tx["witnesses"] = ["0x"] * random.choice((0, 1, 1, 2))

    def out_point(self) -> Values:
        self.serial += 1
        return {"tx_hash": f"0x{self.serial:064x}", "index": hex(self.random.randrange(3))}

    def dep(self) -> Values:
        """A cell dep that the transaction names: code, or a group of codes."""
        if self.random.random() < 0.75:
            return self.code()
        members = [self.code()["out_point"] for _ in range(self.random.choice((0, 1, 2, 3)))]
        data = len(members).to_bytes(4, "little")
        for member in members:
            data += bytes.fromhex(member["tx_hash"][2:]) + int(member["index"], 16).to_bytes(4, "little")
        if self.random.random() < 0.1:
            data += b"x"
        return self.cell(data, None, "dep_group")

    def code(self) -> Values:
        data = self.random.choice(programs())
        kind = self.random.choice(
            (None, *({"code_hash": ZERO, "hash_type": "data", "args": f"0x0{i}"} for i in (1, 2)))
        )
        self.codes.append((data, kind))
        return self.cell(data, kind, "code")

    def cell(self, data: bytes, kind: Values | None, dep_type: str) -> Values:
        named = {"out_point": self.out_point(), "dep_type": dep_type}
        anyone = {"code_hash": ZERO, "hash_type": "data", "args": "0x"}
        output = {"capacity": "0x1", "lock": anyone, "type": kind}
        self.deps.append({"cell_dep": named, "output": output, "data": f"0x{data.hex()}", "header": None})
        return named

    def input(self) -> Values:
        given = {"since": "0x0", "previous_output": self.out_point()}
        output = self.output(self.script() if self.random.random() < 0.3 else None)
        return {"input": given, "output": {**output, "lock": self.script()}, "data": "0x", "header": None}

    def output(self, kind: Values | None) -> Values:
        return {"capacity": "0x1", "lock": self.script(), "type": kind}

    def script_or_none(self, first: Values | None, index: int) -> Values | None:
        if self.random.random() < 0.5:
            return None
        if first is None or self.random.random() < 0.6:
            return self.script()
        since, point = int(first["since"], 16), first["previous_output"]
        encoded = since.to_bytes(8, "little") + bytes.fromhex(point["tx_hash"][2:])
        encoded += int(point["index"], 16).to_bytes(4, "little")
        args = ckb_hash(encoded + self.random.choice((index, index, 0)).to_bytes(8, "little"))
        return {
            "code_hash": TYPE_ID,
            "hash_type": "type",
            "args": f"0x{args[: self.random.choice((32, 32, 31))].hex()}",
        }

    def script(self) -> Values:
        random = self.random
        args = random.choice(("0x", "0x", "0x01"))
        hash_type = random.choice(("data", "data1", "data2", "data2", "type", "type"))
        if random.random() < 0.04:
            hash_type = random.choice(("data3", "data127"))
        if random.random() < 0.04:
            return {"code_hash": TYPE_ID, "hash_type": hash_type, "args": args}
        if not self.codes or random.random() < 0.06:
            return {"code_hash": f"0x{random.randbytes(32).hex()}", "hash_type": hash_type, "args": args}
        data, kind = random.choice(self.codes)
        if hash_type == "type" and kind is not None:
            hashed = Script(bytes(32), 0, bytes.fromhex(kind["args"][2:])).hash()
            return {"code_hash": f"0x{hashed.hex()}", "hash_type": hash_type, "args": args}
        if hash_type == "type" and random.random() < 0.8:
            hash_type = "data2"
        code_hash = ckb_hash(data) if data else bytes(32)
        return {"code_hash": f"0x{code_hash.hex()}", "hash_type": hash_type, "args": args}
