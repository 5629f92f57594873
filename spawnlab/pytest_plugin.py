"""The pytest plugin: scenario files are tests, and two fixtures play anything.

It is loaded by every pytest that runs where Spawnlab is installed, so it imports nothing until it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from .live import Stage
    from .staging import Run


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A file of TOML, JSON or YAML with a table ``programs`` is a scenario."""
    if file_path.suffix in (".toml", ".json", ".yaml", ".yml") and _is_scenario(file_path):
        collected: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)  # pyright: ignore[reportUnknownMemberType]
        return collected
    return None


def _is_scenario(file: Path) -> bool:
    """Whether it means to be one; one with a mistake in it is to fail as a test, not to be passed over."""
    content = file.read_bytes()
    if b"programs" not in content:
        return False
    from .scenarios.errors import ScenarioError
    from .scenarios.formats import parse

    try:
        values: Any = parse(content.decode(), file.suffix)
    except (ScenarioError, UnicodeDecodeError):
        return file.suffix != ".json" and re.search(rb"^(\[programs|programs:)", content, re.MULTILINE) is not None
    return isinstance(values, dict) and isinstance(cast("dict[str, Any]", values).get("programs"), dict)


class ScenarioFile(pytest.File):
    """A scenario file: one test."""

    def collect(self) -> Iterable[pytest.Item]:
        """The one test."""
        item: ScenarioItem = ScenarioItem.from_parent(self, name=self.path.stem)  # pyright: ignore[reportUnknownMemberType]
        yield item


class ScenarioItem(pytest.Item):
    """The run of a scenario; it fails unless it ends as the file expects."""

    @property
    def obj(self) -> Callable[[], None]:
        """What is run; other plugins (pytest-trio among them) ask every item for it."""
        return self.runtest

    def runtest(self) -> None:
        """Play it."""
        from .play import run_synchronously
        from .scenarios.errors import NoCompilerError
        from .testing import assert_expected

        try:
            assert_expected(run_synchronously(self.path))
        except NoCompilerError as error:
            pytest.skip(error.message)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The explanation, without a traceback through our code."""
        from .vm.errors import SpawnlabError

        if isinstance(excinfo.value, AssertionError | SpawnlabError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is."""
        return self.path, None, f"scenario: {self.path.name}"


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
