"""``--engine`` and ``spawnlab info``: every engine prints the same, and the host's refusal is told."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spawnlab.__main__ import main
from spawnlab.vm import engines
from spawnlab.vm.engines import ENGINE_VARIABLE, NAMES, default_engine, engine, use_engine

GALLERY = Path(__file__).resolve().parents[2] / "scenarios" / "gallery"
PR_SET_MDWE = 65
"""Linux 6.3 and later: memory that was writable can't be made executable."""
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _engine_as_before() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    before = default_engine().name
    yield
    engine.cache_clear()
    use_engine(before)


@pytest.mark.parametrize("driver", ["sync", "trio"])
def test_every_engine_prints_the_same(driver: str, capsys: Capture) -> None:
    printed: set[str] = set()
    for name in NAMES:
        assert main(["run", str(GALLERY / "pipeline.toml"), "--engine", name, "--driver", driver]) == 0
        printed.add(capsys.readouterr().out)
        assert default_engine() is engine(name)
    assert len(printed) == 1


def test_a_suspended_run_goes_on_under_another_engine(tmp_path: Path, capsys: Capture) -> None:
    state = str(tmp_path / "state")
    file = str(GALLERY / "pipeline.toml")
    assert main(["run", "--quiet", file, "--suspend-at", "150000", "--state", state, "--engine", "native"]) == 0
    capsys.readouterr()
    printed: set[str] = set()
    for name in NAMES:
        assert main(["resume", state, "--engine", name]) == 0
        printed.add(capsys.readouterr().out)
    assert len(printed) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("step", "engine: step, which executes the definitions one by one for all code"),
        ("blocks", "engine: blocks, which makes Python functions of all code"),
        ("native", "engine: native, which makes machine code of all code"),
        ("auto", "engine: auto, which makes machine code of code that is hot"),
    ],
)
def test_info_says_which_engine(name: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr("spawnlab.host.native_refusal", lambda: None)
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    monkeypatch.setenv("SPAWNLAB_CODE_CACHE", "/some/where")
    use_engine(name)
    assert main(["info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert words in lines
    assert "native code: yes, for aarch64" in lines
    assert "code cache: /some/where, 0 files, 0 bytes" in lines


def test_info_says_why_there_is_no_native_code(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(
        "spawnlab.host.native_refusal", lambda: "the host refuses executable memory (Permission denied)"
    )
    use_engine("auto")
    assert main(["info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "engine: auto, which makes Python functions of code that is hot" in lines
    assert "native code: no: the host refuses executable memory (Permission denied)" in lines
    assert "code cache: off" in lines


FIELDS = ("format", "engine", "runs_by", "native_refusal", "native_back_end")


def test_info_as_json(monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path) -> None:
    monkeypatch.setattr("spawnlab.host.native_refusal", lambda: "the processor lacks bmi2")
    (tmp_path / "kept").write_bytes(b"12345")
    monkeypatch.setattr("spawnlab.host.folder", lambda: tmp_path)
    monkeypatch.setattr("spawnlab.vm.native.cache.folder", lambda: tmp_path)
    use_engine("auto")
    assert main(["info", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {name: found[name] for name in FIELDS} == {
        "format": 1,
        "engine": "auto",
        "runs_by": "blocks",
        "native_refusal": "the processor lacks bmi2",
        "native_back_end": None,
    }
    assert (found["code_cache"], found["code_cache_files"], found["code_cache_bytes"]) == (str(tmp_path), 1, 5)
    assert found["python"].endswith(platform.python_version())


@pytest.mark.skipif(sys.platform != "linux" or platform.machine() != "x86_64", reason="a request to Linux")
def test_a_host_that_refuses_executable_memory_is_served_by_blocks() -> None:
    """In a process that has asked Linux to refuse it: the run is the same, and nothing is said of it."""
    text = (
        "import ctypes, sys\n"
        f"if ctypes.CDLL(None).prctl({PR_SET_MDWE}, 1, 0, 0, 0):\n"
        "    sys.exit(77)\n"
        "from spawnlab.__main__ import main\n"
        "assert main(['info']) == 0\n"
        f"sys.exit(main(['run', '--quiet', {str(GALLERY / 'pipeline.toml')!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("this kernel can't be asked for it")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "native code: no: the host refuses executable memory (mprotect: Permission denied)" in done.stdout
    assert "exit code 0" in done.stdout


def test_an_engine_that_there_is_not(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv(ENGINE_VARIABLE, "fast")
    monkeypatch.setattr(engines, "_default", None)
    assert main(["run", str(GALLERY / "pipeline.toml")]) == 2
    assert "there is no engine 'fast'" in capsys.readouterr().err
