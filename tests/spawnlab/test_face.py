"""The public face: every name is there, and importing the package imports nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

import spawnlab


def test_every_public_name_is_there() -> None:
    for name in spawnlab.__all__:
        assert getattr(spawnlab, name) is not None
    assert set(spawnlab.__all__) <= set(dir(spawnlab))
    assert sorted(spawnlab.__all__) == spawnlab.__all__


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'perfrom'"):
        _ = spawnlab.perfrom  # type: ignore[attr-defined] # pyright: ignore


def test_importing_the_package_imports_no_dependency() -> None:
    code = "import sys, spawnlab; print({'trio', 'msgspec', 'elftools', 'spawnlab.vm'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
