"""Python functions that scenario files name: ``FILE.py:NAME``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ScenarioError
from .names import nearest

if TYPE_CHECKING:
    from ..actors.python_vm import Actor


def load_function(reference: str, folder: Path, path: str) -> Actor:
    """The ``async def`` function in a file; the file is run. Raises :class:`ScenarioError`."""
    import inspect

    name, _, attribute = reference.rpartition(":")
    if not name.endswith(".py") or not attribute.isidentifier():
        raise ScenarioError(f"{reference!r} is not FILE.py:NAME", path=path)
    file = folder / name
    spec = importlib.util.spec_from_file_location(f"spawnlab_scenario_{file.stem}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise ScenarioError(f"{file}: there is no such file", path=path)
    module = importlib.util.module_from_spec(spec)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # nothing is left beside a user's files
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the file's code raises
        raise ScenarioError(f"{file}: {type(error).__name__}: {error}", path=path) from error
    finally:
        sys.dont_write_bytecode = writes
    function = getattr(module, attribute, None)
    if not inspect.iscoroutinefunction(function):
        known = [key for key, value in vars(module).items() if inspect.iscoroutinefunction(value)]
        raise ScenarioError(f"{file} has no async def function {attribute!r}{nearest(attribute, known)}", path=path)
    return function
