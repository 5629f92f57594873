"""The one error of scenario files."""

from __future__ import annotations

import re
from typing import Any

from ..vm.errors import SpawnlabError

_NO_FILE = "<scenario>"
_WIDTH_MAX = 200
"""Characters of a line that are shown."""


class ScenarioError(SpawnlabError):
    """A scenario that cannot be read or compiled. Names the file, the line, the path in it, and what to do."""

    def __init__(
        self,
        message: str,
        *,
        path: str = "$",
        file: str = _NO_FILE,
        line: int | None = None,
        text: str | None = None,
        within: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        """Place in the file, ``$`` being its root: ``$.programs.root.steps[2].fd``."""
        self.file = file
        self.line = line
        """Number of the line, from 1, where it is known."""
        self.text = text
        """That line."""
        self.within = within
        """For a value of several lines: which of them, from 1."""

    def __str__(self) -> str:
        file = self.file if self.line is None else f"{self.file}:{self.line}"
        place = "" if self.path == "$" else f"{self.path}: "
        return "\n".join([f"{file}: {place}{self.message}", *self._excerpt()])

    def _excerpt(self) -> list[str]:
        """The line, and a mark below the field where it stands there once."""
        if self.text is None or self.line is None:
            return []
        shown = self.text.expandtabs(4)[:_WIDTH_MAX]
        margin = f"{self.line:>5} | "
        field = re.search(r"(\w+)(\[\d+\])*$", self.path)
        found = re.findall(rf"\b{field[1]}\b", shown) if field else []
        if field is None or len(found) != 1:
            return [margin + shown]
        start = re.search(rf"\b{field[1]}\b", shown)
        assert start is not None
        return [margin + shown, " " * (len(margin) - 2) + "| " + " " * start.start() + "^" * len(field[1])]

    def in_file(self, file: str) -> ScenarioError:
        """The same error, once the file is known; what is wrong with a file that this one names stays with that."""
        return self._with(file=file) if self.file == _NO_FILE else self

    def at_line(self, line: int, text: str) -> ScenarioError:
        """The same error, once the line is known."""
        return self._with(line=line, text=text)

    def _with(self, **changed: Any) -> ScenarioError:
        fields = {name: getattr(self, name) for name in ("path", "file", "line", "text", "within")}
        return type(self)(self.message, **{**fields, **changed})


class NoCompilerError(ScenarioError):
    """The scenario has C in it, and there is no compiler for it here."""
