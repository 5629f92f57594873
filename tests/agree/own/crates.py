"""What the reference's published crates have for its own tests: programs, and a signed payment."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path

from spawnlab.conform.reference import RUNNER

from ..asking import RELEASE, Values


@cache
def folder() -> Path:
    """Where cargo keeps the crate whose tests these are."""
    told = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    host = next(line.removeprefix("host: ") for line in told.splitlines() if line.startswith("host: "))
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", host]
    found = subprocess.run(command, cwd=RUNNER, capture_output=True, text=True, check=True)
    packages = json.loads(found.stdout)["packages"]
    return next(Path(package["manifest_path"]).parent for package in packages if package["name"] == "ckb-script")


@cache
def program(name: str) -> bytes:
    """One of its prebuilt programs."""
    return (folder() / "testdata" / name).read_bytes()


@cache
def two_in_two_out() -> Values:
    """The usual payment, signed: ``reference/src/bin/spawnlab-two-in-two-out`` prints it."""
    done = subprocess.run([RELEASE / "spawnlab-two-in-two-out"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
