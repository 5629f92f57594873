"""What there is on this host: versions, and how guest code is run."""

from __future__ import annotations

import platform
from importlib.metadata import version

import msgspec

from .vm.engines import default_engine, native_refusal
from .vm.native.cache import folder, kept_sizes
from .vm.native.names import NAMES


class HostInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What there is on this host."""

    format: int = 1
    version: str
    python: str
    trio: str
    system: str
    machine: str
    engine: str
    """The engine of runs that are not told another one."""
    runs_by: str
    """What it does by itself: ``step``, ``blocks`` or ``native``."""
    native_refusal: str | None
    """Why there is no native code."""
    native_back_end: str | None
    """What makes it, by the kind of processor: ``x86_64`` or ``aarch64``; ``None`` if there is none."""
    code_cache: str | None
    """The folder; ``None`` if it is off."""
    code_cache_files: int
    code_cache_bytes: int


def host_info() -> HostInfo:
    """Look what there is."""
    chosen, refusal, where, sizes = default_engine().name, native_refusal(), folder(), kept_sizes()
    return HostInfo(
        version=version("spawnlab"),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        trio=version("trio"),
        system=platform.system(),
        machine=platform.machine(),
        engine=chosen,
        runs_by=chosen if chosen == "step" else "blocks" if chosen == "blocks" or refusal is not None else "native",
        native_refusal=refusal,
        native_back_end=NAMES.get(platform.machine()) if refusal is None else None,
        code_cache=None if where is None else str(where),
        code_cache_files=len(sizes),
        code_cache_bytes=sum(sizes),
    )
