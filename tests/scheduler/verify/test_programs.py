"""Which cell dep is a script's code (``transaction`` §7, X1, X3)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.chain import TYPE, Cell, CellOutput, Script
from spawnlab.scheduler.hashing import ZERO_HASH, data_hash
from spawnlab.scheduler.verify.errors import InvalidScriptHashType, MultipleMatches, ScriptNotFound
from spawnlab.scheduler.verify.programs import Programs

T, U = Script(args=b"t"), Script(args=b"u")


def deps(*given: tuple[bytes, Script | None]) -> Programs:
    return Programs([Cell(CellOutput(1, type=type_script), data) for data, type_script in given])


@pytest.mark.parametrize("hash_type", [0, 2, 4])
def test_of_equal_data_the_last(hash_type: int) -> None:
    programs = deps((b"x", None), (b"y", None), (b"x", T), (b"z", None))
    assert programs.index_of(Script(data_hash(b"x"), hash_type)) == 2


def test_of_equal_types_the_first_if_all_have_the_same_data() -> None:
    programs = deps((b"w", None), (b"x", T), (b"x", T), (b"y", U))
    assert programs.index_of(Script(T.hash(), TYPE)) == 1
    assert programs.index_of(Script(U.hash(), TYPE)) == 3


def test_types_with_other_data_match_more_than_once() -> None:
    programs = deps((b"x", T), (b"y", T), (b"x", T))
    with pytest.raises(MultipleMatches, match=r"^MultipleMatches$"):
        programs.index_of(Script(T.hash(), TYPE))


@pytest.mark.parametrize(
    "script",
    [Script(data_hash(b"x"), TYPE), Script(T.hash(), 0), Script(data_hash(b""), 4), Script(b"\x01" * 32, TYPE)],
)
def test_nothing_is_found_by_the_other_hash(script: Script) -> None:
    with pytest.raises(ScriptNotFound) as caught:
        deps((b"x", T)).index_of(script)
    assert str(caught.value) == f"ScriptNotFound: code_hash: Byte32(0x{script.code_hash.hex()})"


def test_no_data_are_found_by_zeros() -> None:
    assert deps((b"", None)).index_of(Script(ZERO_HASH, 4)) == 0


@pytest.mark.parametrize(
    ("hash_type", "why"),
    [
        (3, "Invalid script hash type 3"),
        (255, "Invalid script hash type 255"),
        (6, "The ScriptHashType/Data3 has not been activated, and is not permitted for use."),
        (254, "The ScriptHashType/Data127 has not been activated, and is not permitted for use."),
    ],
)
def test_other_hash_types(hash_type: int, why: str) -> None:
    with pytest.raises(InvalidScriptHashType) as caught:
        deps((b"x", T)).index_of(Script(data_hash(b"x"), hash_type))
    assert str(caught.value) == f"InvalidScriptHashType: {why}"
