"""``spawnlab info``: versions, and which engines there are on this host."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import AS_EXPECTED

if TYPE_CHECKING:
    from ..host import HostInfo
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "info",
        help="say which engine runs guest code on this host, and why",
        description="Print versions, which engine runs guest code, whether there is native code on this host and if "
        "not why, and where translated code is kept between processes.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON (docs/json.md)")
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Print; returns the exit status."""
    from ..host import host_info

    found = host_info()
    if options.json:
        from ..views.jsontext import json_text

        print(json_text(found))
        return AS_EXPECTED
    refusal = found.native_refusal
    print(f"spawnlab {found.version}, {found.python}, Trio {found.trio}")
    print(f"host: {found.system}, {found.machine}")
    which = "code that is hot" if found.engine == "auto" else "all code"
    print(f"engine: {found.engine}, {_WORDS[found.runs_by]} {which}")
    print(f"native code: {f'yes, for {found.native_back_end}' if refusal is None else f'no: {refusal}'}")
    print(f"code cache: {_cache(found)}")
    return AS_EXPECTED


_WORDS = {
    "step": "which executes the definitions one by one for",
    "blocks": "which makes Python functions of",
    "native": "which makes machine code of",
}


def _cache(found: HostInfo) -> str:
    if found.code_cache is None:
        return "off"
    files = f"{found.code_cache_files} file{'s' * (found.code_cache_files != 1)}"
    return f"{found.code_cache}, {files}, {found.code_cache_bytes:,} bytes"
