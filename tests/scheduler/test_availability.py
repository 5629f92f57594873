"""Which system calls each script version has (``syscalls`` §2)."""

from __future__ import annotations

import pytest

from .environment import ENVIRONMENT
from .loads import failure
from .programs import call
from .runs import play, sg_data_of

ALWAYS = {93, 2051, 2052, 2061, 2062, *range(2071, 2075), *range(2081, 2084), 2091, 2092, 2177}
KNOWN = {
    0: ALWAYS,
    1: ALWAYS | {2041, 2042, 2043},
    2: ALWAYS | {2041, 2042, 2043, 2104, *range(2601, 2609)},
}
"""The table of the specification."""
NUMBERS = sorted(KNOWN[2] | {number + step for number in KNOWN[2] for step in (-1, 1)} | {0, 1, 2053, 2103, 2105, 2178})


@pytest.mark.parametrize("version", KNOWN)
@pytest.mark.parametrize("number", NUMBERS)
def test_a_version_knows_what_the_table_says(number: int, version: int) -> None:
    """A call that it knows may well fail, but not for being unknown."""
    run = play(call(number, 0, 0, 0, 0, 0, 0), version=version, **ENVIRONMENT)
    assert (failure(run) == f"invalid syscall {number}") == (number not in KNOWN[version])


def test_the_script_version_is_the_hash_types() -> None:
    for version, hash_type in ((0, 0), (1, 2), (2, 4)):
        group = sg_data_of(b"program", version=version)
        assert (group.version, group.script.hash_type) == (version, hash_type)
