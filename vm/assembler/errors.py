"""The one error of the assembler."""

from __future__ import annotations

from ..errors import SpawnlabError


class AssemblyError(SpawnlabError):
    """Assembly text that cannot be assembled; names the line."""

    def __init__(self, message: str, line: int, text: str, source: str = "<assembly>") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        """Number of the line, from 1."""
        self.text = text
        self.source = source

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.message}: {self.text.strip()}"
