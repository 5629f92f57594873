"""Putting together a mock transaction: what is added is named by the transaction too."""

from __future__ import annotations

from spawnlab.scenarios.mock.values import HashType, encode
from spawnlab.scheduler.chain import DATA, SHANNONS_PER_BYTE, Script
from spawnlab.scheduler.hashing import data_hash

from ..asking import Values

HUNDRED = 100 * SHANNONS_PER_BYTE
NOBODY = Script()
"""The lock of cells whose lock does not matter."""


def by_data(code: bytes, version: int, args: bytes = b"") -> Script:
    """The script that runs a program in a version."""
    return Script(data_hash(code), 2 * version, args)


def plain(code: bytes, args: bytes = b"") -> Script:
    """The script that runs a program in version 0 whatever the version under test is."""
    return Script(data_hash(code), DATA, args)


class Draft:
    """A transaction under way. Cells are numbered as they come, and so are their out points."""

    def __init__(self) -> None:
        self._deps: list[Values] = []
        self._inputs: list[Values] = []
        self._outputs: list[tuple[Values, bytes]] = []
        self._witnesses: list[bytes] = []
        self._cells = 0

    def dep(self, *programs: bytes, type: Script | None = None) -> Draft:
        """Cells that are code."""
        for data in programs:
            named = {"out_point": self._out_point(), "dep_type": "code"}
            output = _output(len(data) * SHANNONS_PER_BYTE, NOBODY, type)
            self._deps.append({"cell_dep": named, "output": output, "data": f"0x{data.hex()}", "header": None})
        return self

    def input(self, lock: Script, *, type: Script | None = None, data: bytes = b"") -> Draft:
        """A cell that is spent."""
        given = {"since": "0x0", "previous_output": self._out_point()}
        output = _output(HUNDRED, lock, type)
        self._inputs.append({"input": given, "output": output, "data": f"0x{data.hex()}", "header": None})
        return self

    def output(self, lock: Script = NOBODY, *, type: Script | None = None, data: bytes = b"") -> Draft:
        """A cell that is made."""
        self._outputs.append((_output(HUNDRED, lock, type), data))
        return self

    def witness(self, content: bytes) -> Draft:
        """The next witness."""
        self._witnesses.append(content)
        return self

    def values(self) -> Values:
        """The JSON."""
        return {
            "mock_info": {"inputs": self._inputs, "cell_deps": self._deps, "header_deps": []},
            "tx": {
                "version": "0x0",
                "cell_deps": [dep["cell_dep"] for dep in self._deps],
                "header_deps": [],
                "inputs": [given["input"] for given in self._inputs],
                "outputs": [output for output, _ in self._outputs],
                "outputs_data": [f"0x{data.hex()}" for _, data in self._outputs],
                "witnesses": [f"0x{content.hex()}" for content in self._witnesses],
            },
        }

    def _out_point(self) -> Values:
        self._cells += 1
        return {"tx_hash": f"0x{self._cells:064x}", "index": "0x0"}


def _output(capacity: int, lock: Script, type_script: Script | None) -> Values:
    kind = None if type_script is None else _script(type_script)
    return {"capacity": hex(capacity), "lock": _script(lock), "type": kind}


def _script(script: Script) -> Values:
    hash_type = encode(HashType(script.hash_type))
    return {"code_hash": f"0x{script.code_hash.hex()}", "hash_type": hash_type, "args": f"0x{script.args.hex()}"}
