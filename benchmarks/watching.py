"""How long going back takes while a run is watched: ``python benchmarks/watching.py``.

Over the gallery it is the longest of all steps back. Of two long runs, one of many turns and one of turns that each
compute for long, it is a step back from the end, ten more, and going to the middle and to the start; beside them is
what it took to come to the end, and how much memory the places take that are kept on the way.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

import spawnlab
from spawnlab.scenarios.gallery import FOLDER
from spawnlab.scenarios.load import parse_scenario
from spawnlab.watching.session import ADVANCE_SECONDS, Session

TALKS = """
limits = { cycles = 1_000_000_000_000 }
[programs.root]
steps = [
  { op = "pipe", as = ["r", "w"] },
  { op = "spawn", program = "reader", fds = ["r"] },
  { op = "repeat", times = 50_000, steps = [{ op = "write", fd = "w", text = "x" }] },
]
[programs.reader]
steps = [
  { op = "inherited_fds", as = ["r"] },
  { op = "repeat", times = 50_000, steps = [{ op = "read", fd = "r", size = 1 }] },
]
"""
COMPUTES = """
limits = { cycles = 1_000_000_000_000 }
[programs.root]
steps = [
  { op = "repeat", times = 40, steps = [{ op = "compute", cycles = 1_000_000_000 }, { op = "pipe", as = ["r", "w"] },
    { op = "close", fd = "r" }, { op = "close", fd = "w" }] },
]
"""


def _seconds(session: Session, order: Callable[[], None]) -> tuple[float, float]:
    """How long it takes to carry an order out; and the longest of the pieces that this is done in."""
    order()
    started = before = time.perf_counter()
    longest = 0.0
    while session.advance():
        now = time.perf_counter()
        longest, before = max(longest, now - before), now
    return time.perf_counter() - started, longest


def _gallery() -> None:
    longest: tuple[float, str] = (0.0, "")
    steps = 0
    for file in sorted(FOLDER.glob("*.toml")):
        session = Session(str(file))
        _seconds(session, session.run_to_end)
        while session.position:
            longest = max(longest, (_seconds(session, session.back)[0], file.stem))
            steps += 1
    print(f"gallery: {steps} steps back, the longest {1e3 * longest[0]:.0f} ms ({longest[1]})")


def _long(name: str, text: str) -> None:
    session = Session(spawnlab.build(parse_scenario(text, ".toml")))
    forward, piece = _seconds(session, session.run_to_end)
    end = session.position
    places = session.places
    print(f"{name}: {end:,} turns, {forward:.1f} s to the end in pieces of at most {1e3 * piece:.0f} ms, {places}")
    asked = [("1 back", end - 1), ("10 more", end - 11), ("to the middle", end // 2), ("to the start", 0)]
    for words, position in asked:
        seconds, _ = _seconds(session, lambda position=position: session.go_to_position(position))
        print(f"  {words:<14} {1e3 * seconds:6.0f} ms")


def main() -> None:
    """Print it."""
    print(f"{platform.machine()}, Python {platform.python_version()}; pieces of {1e3 * ADVANCE_SECONDS:.0f} ms")
    _gallery()
    _long("talks", TALKS)
    _long("computes", COMPUTES)


if __name__ == "__main__":
    main()
