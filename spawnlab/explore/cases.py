"""A case: a topology and what else its run depends on. Its token is a short text that makes the same run anywhere."""

from __future__ import annotations

import base64
import binascii
import zlib

import msgspec

from ..play import run_synchronously
from ..scenarios.build import Build, build
from ..scenarios.model import CYCLES_DEFAULT, Limits, Scenario, SuspendPlan
from ..staging import Run
from ..vm.errors import SpawnlabError
from .player import build_of
from .topology import Topology, TopologyError, check, scenario_of

_PREFIX = "t1."
_BYTES_MAX = 1 << 20
_NOT_WHOLE = "it is not one, or not whole"


class TokenError(SpawnlabError):
    """A text that is no token of a case; says what is wrong with it."""


class Case(msgspec.Struct, frozen=True, array_like=True):
    """A run to be made.

    ``compiled`` has the scenario's own programs play; else they are played without compiling, with other cycles
    (:mod:`.player`). ``policy`` is the order of turns (``""``: the chain's), ``limit`` is cycles, ``suspend_at`` are
    cycles at which the run is suspended and gone on with.
    """

    topology: Topology
    compiled: bool = False
    policy: str = ""
    limit: int = CYCLES_DEFAULT
    suspend_at: tuple[int, ...] = ()

    def scenario(self, title: str = "") -> Scenario:
        """As a scenario, but for the order of turns, which no scenario has: ``why`` says how to play it.

        Raises :class:`~spawnlab.explore.topology.TopologyError`.
        """
        suspend = SuspendPlan(at=self.suspend_at) if self.suspend_at else None
        why = f"Found in a hypothetical order: play it with --policy {self.policy}" if self.policy else ""
        limits = Limits(cycles=self.limit)
        return scenario_of(self.topology, title=title, why=why, limits=limits, suspend=suspend)

    def build(self) -> Build:
        """The topology, ready to run. Raises :class:`~spawnlab.explore.topology.TopologyError`."""
        return build(self.scenario()) if self.compiled else build_of(self.topology)

    def play(self) -> Run:
        """The run. Raises what making it ready and its policy raise."""
        return run_synchronously(self.build(), limit=self.limit, policy=self.policy or None)

    @property
    def token(self) -> str:
        """The case as a text without spaces."""
        packed = zlib.compress(msgspec.msgpack.encode(self), 9)
        return _PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")


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
    except (binascii.Error, ValueError, zlib.error, msgspec.MsgspecError, RecursionError) as error:
        raise TokenError(f"{_short(token)}: {_NOT_WHOLE} ({error})") from None
    except TopologyError as error:
        raise TokenError(f"{_short(token)}: {error}") from None
    return case


def _short(token: str) -> str:
    return f"{token[:20]}..." if len(token) > 24 else repr(token)
