"""The transactions of ``features_since_v2023.rs`` but for random graphs: spawn, pipes, and what fuzzing has found."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from spawnlab.scheduler.limits import U64_MAX

from ..asking import Values
from .case import Case, Command, Expected, everywhere, only, since
from .crates import program
from .draft import by_data
from .graphs import graph
from .places import CELLS, INPUT, WITNESS, WITNESSES, Place, transaction
from .since_2021 import alone

POOL_CYCLES = 70_000_000
CRASH = "crash-45a6098d"
CRASH_CYCLES = {1: 58_741, 2: 58_686}
"""Of a transaction that does not name the cell dep which it has; it counts since the program loads the transaction."""
LITTLE = 0xFFFFFF
"""The limit of several tests."""
EXCEEDED = "cause: ExceededMaximumCycles: expect cycles <= "
_DEADLOCK: Expected = {0: False, 1: False, 2: "A deadlock situation has been reached!"}
SPAWN_CASES: dict[int, tuple[str, Expected]] = {
    1: ("check_spawn_simple_read_write", only(2)),
    2: ("check_spawn_write_dead_lock", _DEADLOCK),
    3: ("check_spawn_invalid_fd", only(2)),
    4: ("check_spawn_wait_dead_lock", _DEADLOCK),
    5: ("check_spawn_read_write_with_close", only(2)),
    6: ("check_spawn_wait_multiple", only(2)),
    7: ("check_spawn_inherited_fds", only(2)),
    8: ("check_spawn_inherited_fds_without_owner", only(2)),
    9: ("check_spawn_read_then_close", only(2)),
    10: ("check_spawn_max_vms_count", only(2)),
    11: ("check_spawn_max_fds_limit", only(2)),
    12: ("check_spawn_close_invalid_fd", only(2)),
    13: ("check_spawn_write_closed_fd", only(2)),
    14: ("check_spawn_pid", only(2)),
    15: ("check_spawn_offset_out_of_bound", only(2)),
    16: ("check_spawn_length_out_of_bound", only(2)),
    17: ("check_spawn_invaild_index", only(2)),
    18: ("check_spawn_index_out_of_bound", only(2)),
    19: ("check_root_inherited_fds", only(2)),
}
"""By the byte that is the program's args."""


def _case(
    test: str,
    code: str,
    expected: Expected,
    *others: str,
    args: bytes = b"",
    limit: int = U64_MAX,
    pauses: bool = False,
    signals: tuple[Command, ...] = (),
    note: str = "",
    long: bool = False,
) -> Case:
    return Case(
        test=test,
        note=note,
        make=lambda version: alone(code, version, args, *map(program, others)),
        expected=expected,
        max_cycles=limit,
        raises_pauses=pauses,
        signals=signals,
        long=long,
    )


def _spawned_from(place: Place, other: bytes, version: int) -> Values:
    caller = program("spawn_configurable_caller")
    script = by_data(caller, version, struct.pack("<4Q", *place.numbers))
    deps = (caller, program("spawn_configurable_callee"))
    return transaction(place, script, deps, other, program("always_success"))


def _configurable() -> Iterator[Case]:
    callee = program("spawn_configurable_callee")
    found = [(place, callee) for place in (*WITNESSES, *CELLS)]
    for offset, size in ((0, 0), (1, 0), (0, len(callee)), (1, len(callee))):
        place = Place(f"slice from {offset} of {size}", 0, INPUT, WITNESS, offset << 32 | size)
        found.append((place, bytes(offset) + callee + bytes(0x12 if size else 0)))
    for place, other in found:
        yield Case(
            test="check_spawn_configurable",
            note=place.name,
            make=lambda version, made=(place, other): _spawned_from(*made, version),
            expected=only(2),
        )


def _limited() -> Iterator[Case]:
    exceeded = {0: False, 1: False, 2: EXCEEDED}
    over, callee = "spawn_caller_out_of_cycles", "spawn_callee_out_of_cycles"
    yield _case("check_spawn_out_of_cycles", over, exceeded, callee, limit=LITTLE)
    yield _case("check_spawn_out_of_cycles_wrap", f"{over}_wrap", exceeded, callee, over, limit=LITTLE)
    yield _case(
        "check_spawn_recursive", "spawn_recursive", {0: False, 1: False, 2: "see error code 8 "}, limit=POOL_CYCLES
    )
    yield _case("check_spawn_huge_swap", "spawn_huge_swap", exceeded, limit=POOL_CYCLES, long=True)
    for limit, long in ((POOL_CYCLES, True), (1_500_000, False)):
        note = f"within {limit:,}"
        expected = {0: False, 1: f"{EXCEEDED}{limit}", 2: f"{EXCEEDED}{limit}"}
        yield _case("check_infinite_exec", "infinite_exec", expected, limit=limit, note=note, long=long)


def _crashes() -> Iterator[Case]:
    written, parsed = "MemWriteOnExecutablePage", "SourceEntry parse_from_u64 0"
    for number, code, expected in (
        (1, "crash-5a27052f", {0: written, 1: parsed, 2: parsed}),
        (2, CRASH, {0: written, 1: True, 2: True}),
        (3, "crash-4717eb0e", everywhere(written)),
    ):
        yield _case(f"check_fuzz_crash_{number}", code, expected, limit=POOL_CYCLES)


def _with_signals() -> Iterator[Case]:
    caller, snapshot, endless = "spawn_caller_exec", "current_cycles_with_snapshot", "infinite_loop"
    yield _case("check_spawn_snapshot", caller, {}, snapshot, pauses=True)
    waves: tuple[Command, ...] = ("suspend", 2000, "resume", 1000) * 3
    yield _case("check_spawn_async", caller, {}, snapshot, pauses=True, signals=waves, long=True)
    yield _case("check_spawn_suspend_shutdown", caller, {}, endless, limit=100_000, signals=("suspend", 20_000, "stop"))
    yield _case(
        "check_run_vm_with_pause_and_max_cycles", caller, {2: f"{EXCEEDED}10000"}, endless, limit=10_000,
        signals=("resume", 1000, "resume"),
    )  # fmt: skip
    yield _case("check_spawn_state", caller, {}, snapshot, pauses=True, long=True)


def cases() -> Iterator[Case]:
    """All of them."""
    for number, (test, expected) in SPAWN_CASES.items():
        yield _case(test, "spawn_cases", expected, args=bytes((number,)))
    yield _case("check_vm_version", "vm_version_2", only(2), note="of 2023")
    yield _case("check_spawn_strcat", "spawn_caller_strcat", since(2), "spawn_callee_strcat")
    yield _case(
        "check_spawn_exec", "spawn_caller_exec", since(2), "spawn_callee_exec_caller", "spawn_callee_exec_callee",
        limit=LITTLE,
    )  # fmt: skip
    yield _case(
        "check_spawn_strcat_wrap", "spawn_caller_strcat_wrap", since(2), "spawn_callee_strcat", "spawn_caller_strcat",
        limit=LITTLE,
    )  # fmt: skip
    yield from _limited()
    yield from _with_signals()
    yield _case("check_spawn_current_cycles", "spawn_caller_current_cycles", since(2), "spawn_callee_current_cycles")
    yield from _configurable()
    yield _case("check_spawn_cycles", "spawn_cycles", {0: False, 1: False, 2: 1_525_087}, "spawn_cycles")
    for size in (128, 128 + 1024):
        for check in (True, False):
            args = struct.pack("<QQ", size, check)
            note = f"{size} bytes{' compared' if check else ''}"
            yield _case("check_spawn_io_cycles", "spawn_io_cycles", {2: True}, args=args, note=note)
    yield _case("check_spawn_saturate_memory", "spawn_saturate_memory", only(2), args=b"\0")
    yield from _crashes()
    yield _case("spawn_create_17_spawn", "spawn_create_17_spawn", {2: 36_445_673})
    for seed in range(6):
        yield Case(
            test="test_random_dag",
            note=f"graph {seed}",
            make=lambda version, seed=seed: alone_with_witness("spawn_dag", version, graph(seed)),
            expected=since(2),
            long=seed > 1,
        )


def alone_with_witness(name: str, version: int, content: bytes) -> Values:
    """A program as the lock of the only input, and a witness."""
    values = alone(name, version)
    values["tx"]["witnesses"] = [f"0x{content.hex()}"]
    return values
