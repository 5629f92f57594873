"""A case: a topology or a scenario, and what else its run depends on. Its token makes the same run anywhere."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator

import msgspec

from ..play import run_synchronously
from ..scenarios.build import Build, build
from ..scenarios.errors import ScenarioError
from ..scenarios.model import CYCLES_DEFAULT, Limits, Scenario, SuspendPlan
from ..staging import Run
from ..vm.errors import SpawnlabError
from .player import build_of
from .topology import Topology, TopologyError, check, scenario_of
from .written import Written, check_written

_PREFIX = "t1."
_BYTES_MAX = 8 << 20
_NOT_WHOLE = "it is not one, or not whole"


class TokenError(SpawnlabError):
    """A text that is no token of a case; says what is wrong with it."""


class Case(msgspec.Struct, frozen=True, array_like=True):
    """A run to be made: of a topology, or of a scenario that somebody wrote.

    ``compiled`` has the scenario's own programs play; else they are played without compiling, with other cycles
    (:mod:`.player`). ``policy`` is the order of turns (``""``: the chain's), ``limit`` is cycles, ``suspend_at`` are
    cycles at which the run is suspended and gone on with, ``faults`` are hypothetical (``docs/faults.md``).
    """

    topology: Topology = Topology()
    compiled: bool = False
    policy: str = ""
    limit: int = CYCLES_DEFAULT
    suspend_at: tuple[int, ...] = ()
    faults: tuple[str, ...] = ()
    written: Written | None = None

    @property
    def size(self) -> tuple[int, int, int, int]:
        """What smaller means: VMs (or programs), pipes, operations, and bytes and cycles."""
        return self.topology.size if self.written is None else self.written.size

    def scenario(self, title: str = "") -> Scenario:
        """As a scenario, but for what is hypothetical, which no scenario has: ``why`` says how to play it.

        ``title`` is for one that has none. Raises :class:`~spawnlab.explore.topology.TopologyError`.
        """
        suspend = SuspendPlan(at=self.suspend_at) if self.suspend_at else None
        limits = Limits(cycles=self.limit)
        why = f"Found in a hypothetical run: play it with {self.hypothetical}" if self.hypothetical else ""
        if self.written is None:
            return scenario_of(self.topology, title=title, why=why, limits=limits, suspend=suspend)
        its = self.written.scenario
        return msgspec.structs.replace(
            its, title=its.title or title, why=why or its.why, limits=limits, suspend=suspend
        )

    def build(self, base: Build | None = None) -> Build:
        """Ready to run; ``base`` is the build of its subject, where there is one already.

        Raises :class:`~spawnlab.explore.topology.TopologyError` and
        :class:`~spawnlab.scenarios.errors.ScenarioError`.
        """
        if self.written is not None:
            made = self.written.build() if base is None else base
            return msgspec.structs.replace(made, scenario=self.scenario())
        return build(self.scenario()) if self.compiled else build_of(self.topology)

    def play(self, base: Build | None = None) -> Run:
        """The run. Raises what making it ready, its policy and its faults raise."""
        policy = self.policy or None
        return run_synchronously(self.build(base), limit=self.limit, policy=policy, faults=self.faults)

    @property
    def hypothetical(self) -> str:
        """What of it no node would do, as options of ``spawnlab run``; ``""`` for nothing."""
        order = [f"--policy {self.policy}"] if self.policy else []
        return " ".join([*order, *(f"--fault {fault}" for fault in self.faults)])

    @property
    def changes(self) -> str:
        """What is otherwise than in a plain run of its subject, as options of ``spawnlab run``; ``""`` for nothing."""
        return " ".join(self._changes())

    def _changes(self) -> Iterator[str]:
        if self.limit != self.plain.limit:
            yield f"--limit {self.limit}"
        if self.suspend_at:
            yield f"suspend.at {', '.join(map(str, self.suspend_at))}"
        if self.hypothetical:
            yield self.hypothetical

    @property
    def plain(self) -> Case:
        """The same without changes: in one go, within its subject's limit, and nothing of it hypothetical."""
        limit = CYCLES_DEFAULT if self.written is None else self.written.scenario.limits.cycles
        return msgspec.structs.replace(self, policy="", limit=limit, suspend_at=(), faults=())

    @property
    def token(self) -> str:
        """The case as a text without spaces."""
        values = list(msgspec.structs.astuple(self))
        while values and values[-1] == _LAST[len(values) - 1]:  # they are not needed, and tokens are to be short
            values.pop()
        packed = zlib.compress(msgspec.msgpack.encode(values), 9)
        return _PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")


_LAST = msgspec.structs.astuple(Case())
"""Values that need not be written where nothing else follows."""


def plain_case(it: Written) -> Case:
    """A scenario as it is, but that it is played in one go."""
    return Case(compiled=True, written=it, limit=it.scenario.limits.cycles)


def case_of(token: str) -> Case:
    """The case of a token; raises :class:`TokenError`."""
    if not token.startswith(_PREFIX):
        raise TokenError(f"{_short(token)}: a token begins with {_PREFIX!r}")
    text = token[len(_PREFIX) :]
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(packed, _BYTES_MAX)
        if not unpacker.eof:
            raise TokenError(f"{_short(token)}: {_NOT_WHOLE}")
        case = msgspec.msgpack.decode(content, type=Case)
        check(case.topology)
        if case.written is not None:
            check_written(case.written)
    except (binascii.Error, ValueError, zlib.error, msgspec.MsgspecError, RecursionError) as error:
        raise TokenError(f"{_short(token)}: {_NOT_WHOLE} ({error})") from None
    except (TopologyError, ScenarioError) as error:
        raise TokenError(f"{_short(token)}: {error}") from None
    return case


def _short(token: str) -> str:
    return f"{token[:20]}..." if len(token) > 24 else repr(token)
