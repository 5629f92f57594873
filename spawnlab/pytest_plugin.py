"""The pytest plugin: scenario files and mock transactions are tests, and two fixtures play anything.

It is loaded by every pytest that runs where Spawnlab is installed, so it imports nothing until it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pytest

if TYPE_CHECKING:
    from .live import Stage
    from .staging import Run

_SIZE_MAX = 256 << 20
"""Bytes of a file that is looked into."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario or a mock transaction, in TOML, JSON or YAML, is a test."""
    if file_path.suffix not in (".toml", ".json", ".yaml", ".yml"):
        return None
    kind = _kind(file_path)
    if kind is None:
        return None
    collected: _File = kind.from_parent(parent, path=file_path)  # pyright: ignore[reportUnknownMemberType]
    return collected


def _kind(file: Path) -> type[_File] | None:
    """What it means to be; one with a mistake in it is to fail as a test, not to be passed over."""
    try:
        if file.stat().st_size > _SIZE_MAX:
            return None
        content = file.read_bytes()
    except OSError:  # another's, for whom it is to say so
        return None
    if file.suffix == ".json" and b'"mock_info"' in content:
        return TransactionFile
    if b"programs" not in content and b"transaction" not in content:
        return None
    from .scenarios.errors import ScenarioError
    from .scenarios.formats import parse

    try:
        values: Any = parse(content.decode(), file.suffix)
    except (ScenarioError, UnicodeDecodeError):
        means_it = file.suffix != ".json" and re.search(rb"^(\[programs|programs:)", content, re.MULTILINE)
        return ScenarioFile if means_it else None
    return ScenarioFile if isinstance(values, dict) and _is_scenario(cast("dict[str, Any]", values)) else None


def _is_scenario(values: dict[str, Any]) -> bool:
    """Whether there are programs, or a script of a transaction in their place."""
    names_script = isinstance(values.get("transaction"), str) and ("script" in values or "expect" in values)
    return isinstance(values.get("programs"), dict) or names_script


class _File(pytest.File):
    """A file: one test."""

    item: ClassVar[type[_Item]]

    def collect(self) -> Iterable[pytest.Item]:
        """The one test."""
        item: _Item = self.item.from_parent(self, name=self.path.stem)  # pyright: ignore[reportUnknownMemberType]
        yield item


class _Item(pytest.Item):
    """A test without a traceback through our code."""

    @property
    def obj(self) -> Callable[[], None]:
        """What is run; other plugins (pytest-trio among them) ask every item for it."""
        return self.runtest

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The explanation."""
        from .vm.errors import SpawnlabError

        if isinstance(excinfo.value, AssertionError | SpawnlabError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)


class ScenarioItem(_Item):
    """The run of a scenario; it fails unless it ends as the file expects."""

    def runtest(self) -> None:
        """Play it."""
        from .play import run_synchronously
        from .scenarios.errors import NoCompilerError
        from .testing import assert_expected

        try:
            assert_expected(run_synchronously(self.path))
        except NoCompilerError as error:
            pytest.skip(error.message)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is."""
        return self.path, None, f"scenario: {self.path.name}"


class TransactionItem(_Item):
    """All scripts of a mock transaction; it fails unless each comes to what the file expects."""

    def runtest(self) -> None:
        """Verify it."""
        from .testing import assert_verified
        from .verifying.verify import verify

        assert_verified(verify(self.path, all_scripts=True))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is."""
        return self.path, None, f"transaction: {self.path.name}"


class ScenarioFile(_File):
    """A scenario."""

    item = ScenarioItem


class TransactionFile(_File):
    """A mock transaction."""

    item = TransactionItem


@pytest.fixture
def run_scenario() -> Callable[..., Run]:
    """Plays a scenario (a file, a :class:`~spawnlab.Scenario`, functions) to its end and gives the run.

    It is ``spawnlab.run_synchronously``; assertions about the run are in ``spawnlab.testing``.
    """
    from .play import run_synchronously

    return run_synchronously


@pytest.fixture
def stage() -> Callable[..., AbstractAsyncContextManager[Stage]]:
    """For tests under Trio (pytest-trio): ``async with stage("file.toml") as it: await it.step()``."""
    from .live import stage

    return stage
