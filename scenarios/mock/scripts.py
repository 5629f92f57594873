"""The scripts of a transaction by their addresses: ``input.0.lock``, ``input.0.type``, ``output.1.type``, or a hash."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...scheduler.verify.groups import ScriptGroup
from ...scheduler.verify.verifier import Verifier
from ..errors import ScenarioError

_ADDRESS = re.compile(r"(input|output)\.(\d{1,9})\.(lock|type)")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_SHOWN_MAX = 12


def address_of(group: ScriptGroup) -> str:
    """The address of a group: where its script is met first."""
    place = f"input.{group.inputs[0]}" if group.inputs else f"output.{group.outputs[0]}"
    return f"{place}.{group.type}"


def scripts_by_name(verifier: Verifier) -> Mapping[str, ScriptGroup]:
    """All groups by the places that have their script, and by its hash; a script that is a lock and a type is the lock
    by its hash."""
    known: dict[str, ScriptGroup] = {}
    for group in verifier.groups:
        known.setdefault(f"0x{group.hash.hex()}", group)
        for kind, indices in (("input", group.inputs), ("output", group.outputs)):
            known.update((f"{kind}.{index}.{group.type}", group) for index in indices)
    return known


def find_script(verifier: Verifier, address: str | None) -> ScriptGroup:
    """The group at an address; without one, the only group that there is. Raises :class:`ScenarioError`."""
    groups = verifier.groups
    if not groups:
        raise ScenarioError("no script runs in the transaction: it has no inputs, and no output has a type script")
    if address is None:
        first, *others = groups
        if others:
            raise ScenarioError(
                f"{len(groups)} scripts run in the transaction; {_choose(verifier)}: name one, as in "
                f"TX.json#{address_of(first)}, or by --script {address_of(first)}"
            )
        return first
    is_hash = _HASH.fullmatch(address)
    if not is_hash and not _ADDRESS.fullmatch(address):
        raise ScenarioError(f"{address!r} names no script; {_choose(verifier)}, or give a script hash (0x...)")
    found = scripts_by_name(verifier).get(address.lower() if is_hash else address)
    if found is None:
        raise ScenarioError(_why_not(verifier, address))
    return found


def _why_not(verifier: Verifier, address: str) -> str:
    parts = _ADDRESS.fullmatch(address)
    if parts is None:
        return f"no script has the hash {address}; {_choose(verifier)}"
    kind, index, script = parts[1], int(parts[2]), parts[3]
    cells = verifier.resolved.inputs if kind == "input" else verifier.resolved.outputs
    if index >= len(cells):
        there = f"there {'is' if len(cells) == 1 else 'are'} {len(cells)} {kind}{'' if len(cells) == 1 else 's'}"
        return f"{address}: {there}; {_choose(verifier)}"
    if kind == "output" and script == "lock":
        return f"{address}: locks of outputs do not run; {_choose(verifier)}"
    return f"{address}: the cell has no type script; {_choose(verifier)}"


def _choose(verifier: Verifier) -> str:
    known = [address_of(group) for group in verifier.groups]
    more = ", ..." if len(known) > _SHOWN_MAX else ""
    return f"the script{'s are' if len(known) > 1 else ' is'} {', '.join(known[:_SHOWN_MAX])}{more}"
