"""Running the reference: the Rust runner in ``reference/``, built by cargo on demand from published crates."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from ..scheduler.chain import SHANNONS_PER_BYTE, Cell, CellOutput, OutPoint, Script
from ..scheduler.mockup import HASH_TYPES
from ..scheduler.transaction import ScriptGroupData
from ..vm.errors import SpawnlabError
from .modes import Mode
from .records import OutcomeRecord

RUNNER = Path(__file__).resolve().parent.parent.parent / "reference"
"""The runner's sources; they are in a checkout, not in an installed package."""
_BINARY = RUNNER / "target" / "release" / "spawnlab-reference"


class ReferenceUnavailable(SpawnlabError):
    """The reference cannot be run here: no sources, no cargo, or the build failed; says which."""


def cargo_is_there() -> bool:
    """Whether the reference could be built here."""
    return shutil.which("cargo") is not None and (RUNNER / "Cargo.toml").exists()


def build_runner() -> Path:
    """Build the runner, which takes some minutes the first time; returns the binary. A process asks cargo once.

    Raises :class:`ReferenceUnavailable`.
    """
    if not cargo_is_there():
        raise ReferenceUnavailable("the reference needs cargo and a checkout of the repository")
    return _built(RUNNER)


@cache
def _built(sources: Path) -> Path:
    """Ask cargo, which takes a tenth of a second where nothing is to be done."""
    command = ["cargo", "build", "--release", "--locked", "--quiet"]
    done = subprocess.run(command, cwd=sources, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReferenceUnavailable(f"cargo build failed in {sources}: {done.stderr.strip()[-2000:]}")
    return _BINARY


def case_of(
    sg_data: ScriptGroupData, mode: Mode, *, root_args: Iterable[bytes] = (), title: str = ""
) -> dict[str, Any]:
    """A script group as a case for the runner. What is as by default is left out."""
    resolved, index, script = sg_data.resolved, sg_data.program.index, sg_data.script
    transaction = resolved.transaction
    deps = [_blob(cell.data) for cell in resolved.cell_deps]
    by_data = Script(resolved.cell_deps[index].data_hash, HASH_TYPES[sg_data.version], script.args)
    case: dict[str, Any] = {
        "name": title,
        "version": sg_data.version,
        "program": deps.pop(index),
        "program_index": index,
        "cell_deps": deps,
        "dep_cells": [_dep_cell(cell, script) for cell in resolved.cell_deps],
        "script": None if script == by_data else _script(script),
        "script_args": _blob(script.args),
        "script_group_type": sg_data.group_type,
        "inputs": _inputs(sg_data),
        "outputs": [_cell(cell, script) for cell in resolved.outputs],
        "witnesses": [_blob(witness) for witness in transaction.witnesses],
        "tx_version": transaction.version,
        "tx_cell_deps": [
            {"out_point": _out_point(dep.out_point), "dep_type": dep.dep_type} for dep in transaction.cell_deps
        ],
        "header_deps": [_blob(block_hash) for block_hash in transaction.header_deps],
        "headers": [
            {"hash": _blob(block_hash), "header": _blob(header.encode())}
            for block_hash, header in resolved.headers.items()
        ],
        "extensions": [
            {"hash": _blob(block_hash), "data": _blob(data)} for block_hash, data in resolved.extensions.items()
        ],
        "root_args": [_blob(argument) for argument in root_args],
        "mode": mode.name(),
        "max_cycles": mode.max_cycles,
        "max_iterations": mode.max_iterations,
        "max_suspends": mode.max_suspends,
        "debug_pause": mode.debug_pause,
        "full": True,
    }
    case["script_args"] = None if case["script"] else case["script_args"]
    absent = [name for name, value in case.items() if value is None or (value == [] and name != "inputs")]
    return {name: value for name, value in case.items() if name not in absent}


def _blob(content: bytes) -> dict[str, str]:
    return {"hex": content.hex()}


def _inputs(sg_data: ScriptGroupData) -> list[dict[str, Any]]:
    """The cells that are spent. The last of them may lack inputs in the transaction."""
    resolved = sg_data.resolved
    cells = [_cell(cell, sg_data.script) | {"out_point": _out_point(cell.out_point)} for cell in resolved.inputs]
    for cell, spent in zip_longest(cells, resolved.transaction.inputs):
        if spent is None:
            cell["no_tx_input"] = True
        else:
            cell |= {"out_point": _out_point(spent.previous_output), "since": spent.since}
    return cells


def _out_point(out_point: OutPoint) -> dict[str, Any]:
    return {"tx_hash": _blob(out_point.tx_hash), "index": out_point.index}


def _dep_cell(cell: Cell, script: Script) -> dict[str, Any] | None:
    """A cell dep without its data; ``None`` if there is nothing to tell."""
    if cell.block_hash is None and cell.output == CellOutput(len(cell.data) * SHANNONS_PER_BYTE):
        return None
    told = _cell(cell, script)
    del told["data"]
    return told


def _cell(cell: Cell, script: Script) -> dict[str, Any]:
    return {
        "lock": _script_or_self(cell.output.lock, script),
        "type": None if cell.output.type is None else _script_or_self(cell.output.type, script),
        "capacity": cell.output.capacity,
        "data": _blob(cell.data),
        "block_hash": None if cell.block_hash is None else _blob(cell.block_hash),
    }


def _script_or_self(given: Script, script: Script) -> object:
    return "self" if given == script else _script(given)


def _script(script: Script) -> dict[str, Any]:
    return {"code_hash": _blob(script.code_hash), "hash_type": script.hash_type, "args": _blob(script.args)}


def run_reference(cases: Iterable[dict[str, Any]], *, machine: str = "plain") -> Sequence[OutcomeRecord]:
    """Run cases on the reference's ``plain`` interpreter or its ``asm`` machine; builds the runner if needed.

    Raises :class:`ReferenceUnavailable`.
    """
    runner = build_runner()
    lines = b"\n".join(msgspec.json.encode(case) for case in cases) + b"\n"
    done = subprocess.run([runner, "--machine", machine], input=lines, capture_output=True, check=False)
    if done.returncode:
        raise ReferenceUnavailable(f"the runner failed: {done.stderr.decode(errors='replace').strip()}")
    outcomes: list[OutcomeRecord] = []
    for line in done.stdout.splitlines():
        values = msgspec.json.decode(line)
        if "bad_case" in values:
            raise ReferenceUnavailable(f"the runner refuses the case: {values['bad_case']}")
        outcomes.append(msgspec.convert(values, OutcomeRecord))
    return outcomes
