"""Who waits for whom, as lines of text: rings, and the chains of VMs that wait for a ring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .model import Wait


def chains_of(waits: Sequence[Wait], rings: Iterable[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """The waits that are in no ring: from a VM that nobody waits for to one of a ring, or of a chain before it."""
    to = {wait.vm: wait.waits_for for wait in waits}
    seen = {vm for ring in rings for vm in ring}
    starts = [vm for vm in sorted(to) if vm not in to.values()]
    chains: list[tuple[int, ...]] = []
    for start in starts:
        chain = [start]
        while chain[-1] not in seen:
            seen.add(chain[-1])
            following = to.get(chain[-1])
            if following is None:  # an end is closed, and nobody looks
                break
            chain.append(following)
        if len(chain) > 1:
            chains.append(tuple(chain))
    return tuple(chains)


def drawn(path: Sequence[int], waits: Mapping[int, Wait]) -> str:
    """VMs of which each waits for the next: ``VM 0 —read fd 2→ VM 1``."""
    parts: list[str] = []
    for vm in path[:-1]:
        wait = waits[vm]
        parts.append(f"VM {vm} —{wait.kind} {f'fd {wait.fd}' if wait.fd is not None else 'end'}→ ")
    return "".join(parts) + f"VM {path[-1]}"
