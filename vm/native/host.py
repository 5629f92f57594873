"""Whether the host can run native code: its kind, its processor's features, and memory that can be executed."""

from __future__ import annotations

import platform
import sys
from functools import cache
from importlib import import_module

from .names import NAMES


@cache
def refusal() -> str | None:
    """Why there is no native code on this host; ``None`` if there is."""
    folder = NAMES.get(platform.machine())
    if folder is None:
        return f"there is no emitter for {platform.machine()} yet"
    if sys.maxsize < 1 << 32:  # also on a processor that could do more
        return "there is no emitter for processes of 32 bits"
    if sys.platform == "win32":
        return "there is no emitter for the calling convention of Windows yet"
    if folder == "aarch64" and sys.platform == "darwin":
        return "macOS has executable memory of another kind on this processor (MAP_JIT), not used yet"
    if folder == "aarch64" and sys.platform != "linux":  # which tells the processor's features
        return f"there is no emitter for {platform.machine()} on {platform.system()} yet"
    try:
        missing = _missing_features()
    except OSError as error:
        return f"the host refuses executable memory ({error.strerror})"
    return f"the processor lacks {', '.join(missing)}" if missing else None


def _missing_features() -> list[str]:
    found: list[str] = import_module(f".{NAMES[platform.machine()]}.features", __package__).missing()
    return found
