"""Which cell dep is the code of a script (``transaction`` §7)."""

from __future__ import annotations

from collections.abc import Sequence

from ..chain import DATA, DATA1, DATA2, TYPE, Cell, Script
from .errors import InvalidScriptHashType, MultipleMatches, ScriptNotFound


class Programs:
    """The cell deps by what scripts name them by."""

    def __init__(self, cell_deps: Sequence[Cell]) -> None:
        self._deps = tuple(cell_deps)
        self._by_data = {cell.data_hash: index for index, cell in enumerate(cell_deps)}  # of equal ones the last
        self._by_type: dict[bytes, list[int]] = {}
        for index, cell in enumerate(cell_deps):
            if cell.output.type is not None:
                self._by_type.setdefault(cell.output.type.hash(), []).append(index)

    def index_of(self, script: Script) -> int:
        """Number of the cell dep among the expanded ones.

        Raises :class:`~.errors.ScriptNotFound`, :class:`~.errors.MultipleMatches` and
        :class:`~.errors.InvalidScriptHashType`.
        """
        match script.hash_type:
            case _ if script.hash_type in (DATA, DATA1, DATA2):
                if script.code_hash not in self._by_data:
                    raise ScriptNotFound(script.code_hash)
                return self._by_data[script.code_hash]
            case _ if script.hash_type == TYPE:
                return self._by_type_hash(script.code_hash)
            case hash_type:
                raise InvalidScriptHashType(hash_type)

    def _by_type_hash(self, type_hash: bytes) -> int:
        found = self._by_type.get(type_hash, [])
        if not found:
            raise ScriptNotFound(type_hash)
        if len({self._deps[index].data_hash for index in found}) > 1:
            raise MultipleMatches
        return found[0]
