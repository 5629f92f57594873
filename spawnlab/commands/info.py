"""``spawnlab info``: versions, and which engines there are on this host."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import AS_EXPECTED

if TYPE_CHECKING:
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "info",
        help="say which engine runs guest code on this host, and why",
        description="Print versions, which engine runs guest code, whether there is native code on this host and if "
        "not why, and where translated code is kept between processes.",
    )
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Print; returns the exit status."""
    import platform
    from importlib.metadata import version

    from ..vm.engines import default_engine, native_refusal
    from ..vm.native.cache import folder

    chosen = default_engine()
    where = folder()
    print(f"spawnlab {version('spawnlab')}, {platform.python_implementation()} {platform.python_version()}")
    print(f"host: {platform.system()}, {platform.machine()}")
    print(f"engine: {chosen.name}, {_in_words(chosen.name, native_refusal())}")
    print(f"native code: {_native(native_refusal())}")
    print(f"code cache: {'off' if where is None else where}")
    return AS_EXPECTED


def _in_words(name: str, refusal: str | None) -> str:
    if name == "step":
        return "which executes the definitions one by one"
    if name == "blocks" or refusal is not None:
        return "which makes Python functions of code" + (" that is hot" if name != "blocks" else "")
    return (
        "which makes machine code of all code" if name == "native" else "which makes machine code of code that is hot"
    )


def _native(refusal: str | None) -> str:
    return "yes" if refusal is None else f"no: {refusal}"
