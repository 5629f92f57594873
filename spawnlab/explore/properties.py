"""What is asked of each case of a campaign: an expression over facts, or a Python function of somebody's own."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import msgspec

from ..hints.hints import hints_of, kinds_of
from ..scenarios.names import nearest
from ..scheduler.faults import conditions_of
from ..staging import Run
from ..vm.errors import SpawnlabError
from .facts import Facts, facts_of
from .orders import orders

NAMES = Facts.__struct_fields__
_NODES = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Mult,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot, ast.In, ast.NotIn, ast.Tuple,
    ast.Name, ast.Load, ast.Constant,
)  # fmt: skip
_LENGTH_MAX = 1000
_SOURCE_BYTES_MAX = 1 << 20


class PropertyError(SpawnlabError):
    """A property that can't be understood, or a function that fails: says what is wrong, and what there is."""


class Seen(msgspec.Struct, frozen=True):
    """What properties are asked of: a run, and the run of the same without the changes that its mode makes."""

    run: Run
    plain: Run
    differs: bool


class Property(msgspec.Struct, frozen=True):
    """A question with an answer for each case. ``names`` are the facts that it is made of, if it is an expression."""

    text: str
    names: frozenset[str]
    of: Callable[[Seen], bool]
    """Raises :class:`PropertyError` where a function does."""


def property_of(text: str, source: str = "") -> Property:
    """A property from its text; ``source`` is that of the file, where the text is ``FILE.py:NAME``.

    Raises :class:`PropertyError`.
    """
    return function(text, source) if is_function(text) else expression(text)


def is_function(text: str) -> bool:
    """Whether it names a function, ``FILE.py:NAME``, rather than being an expression."""
    file, _, name = text.strip().rpartition(":")
    return file.endswith(".py") and name.isidentifier()


# Expressions


@lru_cache(maxsize=64)
def expression(text: str) -> Property:
    """A property as an expression over facts: ``deadlock and ring >= 3``, ``exit_code not in (0, 1)``.

    Only names of facts, numbers, texts, comparisons, ``and``, ``or``, ``not``, ``in``, +, - and * are known. A
    comparison of what can't be compared, as an exit code that there is none of with a number, does not hold.
    Raises :class:`PropertyError`.
    """
    code, names = _compiled(text)
    surroundings: dict[str, Any] = {"__builtins__": {}}

    def holds(seen: Seen) -> bool:
        facts = _facts(names, seen)
        try:
            return bool(eval(code, surroundings, facts))
        except TypeError:
            return False

    return Property(text, names, holds)


def _facts(names: frozenset[str], seen: Seen) -> Mapping[str, object]:
    """The facts; those that take runs of their own, or a look at the programs, only where they are named."""
    searched = not names.isdisjoint(("depends", "undecided"))
    verdict = _verdict(seen.run) if searched else ""
    hints = kinds_of(hints_of(seen.run.build.scenario)) if "hints" in names else ()
    facts = facts_of(seen.run, differs=seen.differs, plain=seen.plain, verdict=verdict, hints=hints)
    return msgspec.structs.asdict(facts)


def _verdict(run: Run) -> str:
    faults = () if run.hypothetical is None else conditions_of(run.hypothetical)[1]
    return orders(run.build, limit=run.limit, faults=faults).verdict


def _compiled(text: str) -> tuple[CodeType, frozenset[str]]:
    if len(text) > _LENGTH_MAX:
        raise PropertyError(f"the property is longer than {_LENGTH_MAX} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise PropertyError(f"{text!r} is no expression: {getattr(error, 'msg', error)}; facts: {_listed()}") from None
    names: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, _NODES):
            raise PropertyError(f"{text!r}: {type(node).__name__} is not known here; facts: {_listed()}")
        if isinstance(node, ast.Name):
            if node.id not in NAMES:
                raise PropertyError(f"{text!r}: there is no fact {node.id!r}{nearest(node.id, NAMES)}")
            names.add(node.id)
    if not names:
        raise PropertyError(f"{text!r} asks nothing of a run; facts: {_listed()}")
    return compile(tree, "<property>", "eval"), frozenset(names)


def _listed() -> str:
    return f"{', '.join(NAMES)}; or give FILE.py:NAME, a function of a run"


# Functions


def read_source(text: str) -> tuple[str, str]:
    """``FILE.py:NAME`` as where the file is does not matter, and the file's source, so that it can be sent anywhere.

    Raises :class:`PropertyError` for a file that can't be read.
    """
    path, _, name = text.strip().rpartition(":")
    file = Path(path)
    try:
        if file.stat().st_size > _SOURCE_BYTES_MAX:
            raise PropertyError(f"{file}: more than {_SOURCE_BYTES_MAX:,} bytes")
        return f"{file.name}:{name}", file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PropertyError(f"{file}: {getattr(error, 'strerror', None) or error}") from None


@lru_cache(maxsize=8)
def function(text: str, source: str) -> Property:
    """A property that is a function of a :class:`~spawnlab.Run`, or of a run and the run without changes.

    Its file is executed, once in each process. Raises :class:`PropertyError` where that fails, or where there is no
    such function in it.
    """
    file, _, name = text.strip().rpartition(":")
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = ModuleType(f"spawnlab_property_{Path(file).stem}")
    sys.modules[module.__name__] = module  # dataclasses look for it there
    surroundings = vars(module)
    try:
        exec(compile(source, file, "exec"), surroundings)  # noqa: S102 - the user's own
    except Exception as error:
        raise PropertyError(f"{file}: {_words(error, file)}") from None
    known = [key for key, value in surroundings.items() if inspect.isfunction(value)]
    called = surroundings.get(name)
    if not inspect.isfunction(called) or inspect.iscoroutinefunction(called):
        raise PropertyError(f"{file} has no function {name!r} (def, not async def){nearest(name, known)}")
    takes = _count_of_parameters(called)
    if takes not in (1, 2):
        raise PropertyError(f"{text}: it must take a run, or a run and the one without changes, and no more")

    def holds(seen: Seen) -> bool:
        try:
            return bool(called(seen.run) if takes == 1 else called(seen.run, seen.plain))
        except Exception as error:
            raise PropertyError(f"{text} failed: {_words(error, file)}") from None

    return Property(text, frozenset(), holds)


def _count_of_parameters(called: Callable[..., object]) -> int:
    parameters = inspect.signature(called).parameters.values()
    if any(
        parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty for parameter in parameters
    ):
        return 0
    wanted = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty]
    return len(wanted)


def _words(error: Exception, file: str) -> str:
    """What was raised, and the last line of the file where it happened."""
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):
        return f"{text} (line {error.lineno})"
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f"{text} (line {lines[-1].lineno}: {lines[-1].line})" if lines else text
