"""Source lines in an ELF file's DWARF, as pyelftools reads them. Nothing here matters to a run."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple


class Inlined(NamedTuple):
    """Code of a function that was inlined: from ``low`` to below ``high``, called at ``call``."""

    low: int
    high: int
    call: str


class Lines:
    """``file:line`` by address; empty where the file has none that can be read."""

    def __init__(self, rows: dict[int, str | None], inlined: Sequence[Inlined] = ()) -> None:
        self._rows = rows
        """Where each stretch of code begins; ``None``: one of which nothing is known."""
        self._addresses = sorted(rows)
        self._inlined = sorted(inlined, key=lambda span: span.high - span.low)

    def at(self, address: int, *, beyond: str | None = None) -> str | None:
        """The line of the code at an address; of a function from the file ``beyond`` that is inlined, of its call."""
        index = bisect.bisect_right(self._addresses, address) - 1
        line = self._rows[self._addresses[index]] if index >= 0 else None
        if line is None or line.rpartition(":")[0] != beyond:
            return line
        calls = (span.call for span in self._inlined if span.low <= address < span.high)
        return next((call for call in calls if call.rpartition(":")[0] != beyond), line)


@lru_cache(maxsize=64)
def read_lines(file: bytes) -> Lines:
    """The line tables of an ELF file; any damage gives no lines."""
    rows: dict[int, str | None] = {}
    inlined: list[Inlined] = []
    from elftools.elf.elffile import ELFFile

    try:
        elf: Any = ELFFile(BytesIO(file))
        if elf.has_dwarf_info():
            dwarf = elf.get_dwarf_info()
            for unit in dwarf.iter_CUs():
                program = dwarf.line_program_for_CU(unit)
                if program is not None:
                    names = _names(program)
                    _add_rows(rows, program, names)
                    inlined += _inlined(dwarf, unit, names)
    except Exception:  # pyelftools raises anything on damaged files, a ZeroDivisionError among them
        return Lines({})
    return Lines(rows, inlined)


def _names(program: Any) -> dict[int, str]:
    first = 0 if program["version"] >= 5 else 1  # files were counted from 1 before DWARF 5
    return {index: entry.name.decode(errors="replace") for index, entry in enumerate(program["file_entry"], first)}


def _add_rows(rows: dict[int, str | None], program: Any, names: dict[int, str]) -> None:
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if state.end_sequence:
            rows.setdefault(state.address, None)
        elif state.line:
            rows[state.address] = f"{names[state.file]}:{state.line}"


def _inlined(dwarf: Any, unit: Any, names: dict[int, str]) -> Iterator[Inlined]:
    for die in unit.iter_DIEs():
        fields = die.attributes
        if die.tag != "DW_TAG_inlined_subroutine" or "DW_AT_call_line" not in fields:
            continue
        call = f"{names[fields['DW_AT_call_file'].value]}:{fields['DW_AT_call_line'].value}"
        if "DW_AT_ranges" in fields:
            base = unit.get_top_DIE().attributes["DW_AT_low_pc"].value
            listed = dwarf.range_lists().get_range_list_at_offset(fields["DW_AT_ranges"].value, unit)
            for part in (part for part in listed if hasattr(part, "begin_offset")):
                start = 0 if getattr(part, "is_absolute", False) else base
                yield Inlined(start + part.begin_offset, start + part.end_offset, call)
        else:
            low, high = fields["DW_AT_low_pc"].value, fields["DW_AT_high_pc"]
            yield Inlined(low, high.value if high.form == "DW_FORM_addr" else low + high.value, call)
