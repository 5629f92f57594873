"""The guest programs of the benchmarks do what they say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from spawnlab.scenarios.c import COptions, compile_c
from spawnlab.vm.machine import Machine
from spawnlab.vm.version import VERSIONS

GUEST = Path(__file__).resolve().parents[2] / "benchmarks" / "guest"
pytestmark = pytest.mark.skipif(importlib.util.find_spec("ziglang") is None, reason="no C compiler")


@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_signature_is_valid_and_that_of_another_message_is_not(version: int) -> None:
    file = compile_c(GUEST / "secp256k1.c", GUEST, COptions(version, {}, "secp256k1"))

    def code(*arguments: bytes) -> int | None:
        machine = Machine(VERSIONS[version])
        machine.load_program(file, len(arguments), arguments)
        return machine.run()

    assert code(b"secp256k1") == 0
    assert code(b"secp256k1", b"changed") == 1
