"""The one error of scenario files."""

from __future__ import annotations

from ..vm.errors import SpawnlabError


class ScenarioError(SpawnlabError):
    """A scenario that cannot be read or compiled. Names the file, the path in it, and what to do."""

    def __init__(self, message: str, *, path: str = "$", file: str = "<scenario>") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        """Place in the file, ``$`` being its root: ``$.programs.root.steps[2].fd``."""
        self.file = file

    def __str__(self) -> str:
        place = "" if self.path == "$" else f"{self.path}: "
        return f"{self.file}: {place}{self.message}"

    def in_file(self, file: str) -> ScenarioError:
        """The same error, once the file is known."""
        return ScenarioError(self.message, path=self.path, file=file)
