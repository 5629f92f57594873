"""Names of a program's values, and the data that its code refers to, while it is being compiled."""

from __future__ import annotations

from collections.abc import Iterable

from .errors import ScenarioError

_NAMES_SHOWN = 16


def nearest(name: str, known: Iterable[str]) -> str:
    """What to add to an error about an unknown name: the nearest right one, or some of them."""
    import difflib

    names = sorted(known)
    found = difflib.get_close_matches(name, names, 1)
    if found:
        return f"; did you mean {found[0]!r}?"
    more = ", ..." if len(names) > _NAMES_SHOWN else ""
    return f"; known: {', '.join(names[:_NAMES_SHOWN])}{more}" if names else ""


class Names:
    """Words (8 bytes each) and buffers by name, and constant data."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        """Name to label."""
        self.buffers: dict[str, tuple[str, str]] = {}
        """Name to label, and the label of the word that counts the bytes in it."""
        self.data: list[str] = []
        """Lines of the data section."""
        self._serial = 0

    def label(self, prefix: str) -> str:
        """A label that nothing else has."""
        self._serial += 1
        return f"{prefix}_{self._serial}"

    def constant(self, *lines: str, prefix: str = "data") -> str:
        """Add constant data; gives its label."""
        label = self.label(prefix)
        self.data += [".align 3", f"{label}:", *(f"  {line}" for line in lines)]
        return label

    def content(self, content: bytes) -> str:
        """Add bytes; gives their label."""
        return self.constant(f".byte {', '.join(map(str, content))}" if content else ".zero 0", prefix="bytes")

    def text(self, text: str) -> str:
        """Add a text that ends with NUL; gives its label."""
        return self.content(text.encode() + b"\0")

    def zeros(self, size: int) -> str:
        """Add zeros; gives their label."""
        return self.constant(f".zero {size}", prefix="zeros")

    def define(self, name: str) -> str:
        """The word of a name, made if it is new."""
        if name not in self.words:
            self.words[name] = f"v_{name}"
            self.data += [".align 3", f"v_{name}: .dword 0"]
        return self.words[name]

    def reserve_buffer(self, size: int) -> tuple[str, str]:
        """A new buffer; gives its label and that of the word that counts the bytes in it."""
        label, count = self.label("buffer"), self.label("size")
        self.data += [".align 3", f"{count}: .dword 0", f"{label}: .zero {size}"]
        return label, count

    def word(self, name: str, path: str) -> str:
        """The label of a name that an earlier step has defined; raises :class:`ScenarioError`."""
        if name not in self.words:
            raise ScenarioError(f"no earlier step names a value {name!r}{nearest(name, self.words)}", path=path)
        return self.words[name]

    def buffer(self, name: str, path: str) -> tuple[str, str]:
        """Label and count of a buffer that an earlier step has filled; raises :class:`ScenarioError`."""
        if name not in self.buffers:
            raise ScenarioError(f"no earlier read names its bytes {name!r}{nearest(name, self.buffers)}", path=path)
        return self.buffers[name]
