"""The totals that the reference's own tests assert for single script groups, and ours beside them.

As a command: ``python tests/agree/reference_totals.py --programs DIR``, where ``DIR`` has the prebuilt programs of
``script/testdata`` in the repository nervosnetwork/ckb. The numbers are those of its tests
``script/src/verify/tests/ckb_latest/features_since_v2019.rs``, ``..._v2021.rs`` and ``..._v2023.rs``.
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from spawnlab.conform.modes import Mode, run_recorded
from spawnlab.scheduler.hashing import data_hash
from spawnlab.scheduler.mockup import mock_group
from spawnlab.scheduler.transaction import ScriptGroupData

Read = Callable[[str], bytes]
Totals = dict[int, int | str]
"""Cycles by script version; or the name of the error."""


class Asserted(msgspec.Struct, frozen=True):
    """One of the reference's tests."""

    test: str
    program: str
    totals: Totals
    deps: tuple[str, ...] = ()
    """The other cell deps."""
    args: Callable[[Read], bytes] | None = None
    witness: str | None = None
    mode: Mode = Mode()
    first: bool = True
    """Whether the program is the first of the deps, or the last."""

    def group(self, read: Read, version: int) -> ScriptGroupData:
        """The script group of the test."""
        deps = [read(dep) for dep in self.deps]
        deps.insert(0 if self.first else len(deps), read(self.program))
        return mock_group(
            deps,
            program_index=0 if self.first else len(deps) - 1,
            version=version,
            args=self.args(read) if self.args else b"",
            witnesses=[read(self.witness)] if self.witness else [],
        )


def _is_even(read: Read) -> bytes:
    return struct.pack("<Q", 1) + data_hash(read("is_even.lib"))


def _arithmetic(read: Read) -> bytes:
    steps = "add1 mul2 add1 mul2 mul2 add1 add1 div2 sub1 div2 sub1 div2"
    return struct.pack("<QQ", 0, 1) + b"".join(data_hash(read(f"{step}.lib")) for step in steps.split())


def _io(size: int, check: bool) -> Callable[[Read], bytes]:
    return lambda _: struct.pack("<QQ", size, check)


def _popcount(_: Read) -> bytes:
    number = 0x0102030405060708
    return struct.pack("<QQ", number, number.bit_count())


_SKIP, _SUSPEND = Mode(debug_pause="skip"), Mode(pause_every=(1 << 64) - 1, debug_pause="suspend")
_SNAPSHOT: Totals = {0: 11062, 1: 11064, 2: 11060}
_MORE_TIMES: Totals = {0: 45740, 1: 45742, 2: 45729}
_LIBRARIES = ("add1.lib", "sub1.lib", "mul2.lib", "div2.lib")
ASSERTED = (
    Asserted("check_always_success_hash", "always_success", {0: 537}),
    Asserted("check_signature_referenced_via_type_hash", "always_success", {0: 537, 1: 539, 2: 539}),
    Asserted("test_hint_instructions", "cadd_hint_lock", {0: "InvalidInstruction", 1: 540, 2: 540}),
    Asserted("test_b_extension", "cpop_lock", {0: "InvalidInstruction", 1: 1876, 2: 1875}, args=_popcount),
    Asserted("test_cycles_difference", "mop_adc_lock", {0: 696, 1: 686, 2: 686}),
    Asserted("check_exec_from_witness", "exec_caller_from_witness", {1: 1200, 2: 76198}, witness="exec_callee"),
    Asserted("load_code_into_global", "load_is_even_into_global", {1: 10529, 2: 10525}, ("is_even.lib",), _is_even),
    Asserted(
        "load_code_with_snapshot", "load_is_even_with_snapshot", _SNAPSHOT, ("is_even.lib",), _is_even, mode=_SKIP
    ),
    Asserted(
        "load_code_with_snapshot, suspended",
        "load_is_even_with_snapshot", _SNAPSHOT, ("is_even.lib",), _is_even, mode=_SUSPEND,
    ),
    Asserted(
        "load_code_with_snapshot_more_times",
        "load_arithmetic", _MORE_TIMES, _LIBRARIES, _arithmetic, mode=_SKIP, first=False,
    ),
    Asserted(
        "load_code_with_snapshot_more_times, suspended",
        "load_arithmetic", _MORE_TIMES, _LIBRARIES, _arithmetic, mode=_SUSPEND, first=False,
    ),
    Asserted("check_signature_referenced_via_type_hash_ok_with_multiple_matches", "always_success", {1: 539, 2: 539}),
    Asserted("check_spawn_cycles", "spawn_cycles", {2: 1525087}, ("spawn_cycles",)),
    Asserted("check_fuzz_crash_1", "crash-5a27052f", {0: "MemWriteOnExecutablePage"}),
    Asserted("check_fuzz_crash_2", "crash-45a6098d", {0: "MemWriteOnExecutablePage", 1: 58741, 2: 58686}),
    Asserted("spawn_create_17_spawn", "spawn_create_17_spawn", {2: 36445673}),
)  # fmt: skip
IO_CYCLES = 512
"""check_spawn_io_cycles: what 1,024 bytes more cost."""

Row = tuple[str, int, object, object]
"""Test, version, expected, ours."""


def total_of(group: ScriptGroupData, mode: Mode) -> object:
    """Cycles of a run that ends with 0; else what became of it."""
    outcome = run_recorded(group, mode)
    if outcome.exit_code == 0:
        return outcome.cycles
    return outcome.error_variant or f"exit code {outcome.exit_code}"


def rows(asserted: Sequence[Asserted], read: Read) -> Iterator[Row]:
    """Each test in each version."""
    for one in asserted:
        for version, expected in one.totals.items():
            yield one.test, version, expected, total_of(one.group(read, version), one.mode)


def io_row(read: Read) -> Row:
    """The difference of two totals."""
    runs = [mock_group([read("spawn_io_cycles")], args=_io(size, False)(read)) for size in (128, 128 + 1024)]
    small, large = (run_recorded(group, Mode()).cycles or 0 for group in runs)
    return "check_spawn_io_cycles, difference", 2, IO_CYCLES, large - small


def table(found: Sequence[Row]) -> list[str]:
    """The rows as lines of a Markdown table."""
    lines = ["| test | version | asserted | ours |", "|---|---|---|---|"]
    return lines + [f"| {test} | {version} | {expected} | {ours} |" for test, version, expected, ours in found]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; gives 1 if anything differs."""
    parser = argparse.ArgumentParser(description="Compare with the totals that the reference's own tests assert.")
    parser.add_argument(
        "--programs", type=Path, required=True, metavar="DIR", help="script/testdata of nervosnetwork/ckb"
    )
    folder: Path = parser.parse_args(arguments).programs

    def read(name: str) -> bytes:
        return (folder / name).read_bytes()

    found = [*rows(ASSERTED, read), io_row(read)]
    print("\n".join(table(found)))
    differing = [row for row in found if row[2] != row[3]]
    print(f"\n{len(found)} totals, {len(differing)} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
