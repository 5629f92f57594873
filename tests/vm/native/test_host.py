"""Where there is no native code, and that nothing is tried there."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator

import pytest

from spawnlab.vm.native import host


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(host, "_missing_features", lambda: pytest.fail("machine code was tried"))
    host.refusal.cache_clear()
    yield
    host.refusal.cache_clear()


def test_another_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert host.refusal() == "there is no emitter for riscv64 yet"


@pytest.mark.parametrize(
    ("system", "said"),
    [
        (
            "Darwin",
            "macOS has executable memory of another kind on this processor (MAP_JIT), not used yet",
        ),
        ("FreeBSD", "there is no emitter for arm64 on FreeBSD yet"),
        ("Linux", None),
    ],
)
def test_other_systems_on_arm(system: str, said: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(sys, "platform", system.lower())
    monkeypatch.setattr(host, "_missing_features", list[str])
    assert host.refusal() == said


def test_another_calling_convention(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert host.refusal() == "there is no emitter for the calling convention of Windows yet"


def test_a_process_of_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the host's processor is an x86-64, as in some containers."""
    monkeypatch.setattr(sys, "maxsize", (1 << 31) - 1)
    assert host.refusal() == "there is no emitter for processes of 32 bits"


@pytest.mark.parametrize(("missing", "said"), [([], None), (["bmi1", "bmi2"], "the processor lacks bmi1, bmi2")])
def test_a_processor_that_lacks_something(
    missing: list[str], said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "_missing_features", lambda: missing)
    assert host.refusal() == said


def test_a_host_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> list[str]:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(host, "_missing_features", refuse)
    assert host.refusal() == "the host refuses executable memory (Permission denied)"
