"""``spawnlab compare``: equal runs are called equal, and the first difference is shown side by side."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.conform import reference
from spawnlab.conform.compare import Comparison
from spawnlab.conform.modes import Mode, run_recorded
from spawnlab.conform.reference import ReferenceUnavailable
from spawnlab.vm.assembler import assemble

GALLERY = Path(__file__).resolve().parents[2] / "scenarios" / "gallery"
DEADLOCK = 'Unexpected("A deadlock situation has been reached!")'
Capture = pytest.CaptureFixture[str]


@pytest.mark.reference
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["pipeline.toml"], "equal: exit code 0, 1,242,968 cycles, 30 iterations"),
        (["pipeline.toml", "--machine", "asm"], "equal: exit code 0, 1,242,968 cycles, 30 iterations"),
        (["pipeline.toml", "--suspend-each-iteration"], "equal: exit code 0, 842,968 cycles, 29 suspends"),
        (["pipeline.toml", "--pause-every", "600_000"], f"equal: {DEADLOCK}, 723,796 cycles, 1 suspend"),
        (["pipeline.toml", "--pause-every", "400_000"], "equal: exit code 0, 1,242,968 cycles, "),
        (["pipeline.toml", "--limit", "100000"], "equal: CyclesExceeded, 102,882 cycles (iterations are not compared:"),
        (
            ["deadlock.toml"],
            'equal: Unexpected("A deadlock situation has been reached!"), 108,386 cycles, 7 iterations',
        ),
    ],
)
def test_the_gallery_is_equal(arguments: list[str], line: str, capsys: Capture) -> None:
    assert main(["compare", str(GALLERY / arguments[0]), *arguments[1:]]) == 0
    assert capsys.readouterr().out.startswith(line)


@pytest.mark.reference
def test_an_elf_file_of_another_version(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "p").write_bytes(assemble("li a7, 2041\n ecall\n li a7, 93\n ecall").elf())
    assert main(["compare", str(tmp_path / "p"), "--script-version", "1"]) == 0
    assert capsys.readouterr().out.startswith("equal: exit code 1, ")


@pytest.mark.reference
def test_a_difference_is_seen(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """A model with a wrong price: the first iteration shows it, and nothing after it is listed."""
    monkeypatch.setattr("spawnlab.scheduler.syscalls.context.SPAWN_YIELD_CYCLES_BASE", 801)
    assert main(["compare", str(GALLERY / "parent_child.toml")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "different:"
    assert lines[1].split() == ["here", "reference"]
    (name, here, its) = lines[2].split()
    assert name == "trace[0].cycles"
    assert int(here) - int(its) == 1
    assert not any(line.lstrip().startswith("trace[1]") for line in lines)


def test_what_differs_is_listed_once() -> None:
    """Of two records that were made here; no reference is needed."""
    mode = Mode(trace=True)
    ours = run_recorded(spawnlab.load(GALLERY / "pipeline.toml").sg_data, mode)
    trace = list(ours.trace or ())
    assert Comparison(mode, ours, ours).equal
    assert Comparison(mode, ours, ours).differences() == []
    shorter = msgspec.structs.replace(ours, trace=tuple(trace[:-1]))
    last = msgspec.json.decode(msgspec.json.encode(trace[-1]))
    assert Comparison(mode, ours, shorter).differences() == [("trace[29]", last, None)]
    assert Comparison(mode, shorter, ours).differences() == [("trace[29]", None, last)]
    vm = msgspec.structs.replace(trace[3].vms[0], cycles=99)
    trace[3] = msgspec.structs.replace(trace[3], vms=(vm, *trace[3].vms[1:]))
    other = msgspec.structs.replace(ours, trace=tuple(trace), exit_code=7, message="x" * 100)
    lines = list(Comparison(mode, ours, other).lines())
    assert [line.split()[0] for line in lines] == ["different:", "here", "trace[3].vms[0][4]", "exit_code", "message"]
    assert lines[-1].endswith("x ...")
    assert max(map(len, lines)) < 160


def test_without_cargo_the_reason_is_said(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr("shutil.which", _nothing)
    assert main(["compare", str(GALLERY / "pipeline.toml")]) == 2
    assert capsys.readouterr().err == "spawnlab: the reference needs cargo and a checkout of the repository\n"


def test_a_build_that_fails_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text("nonsense")
    monkeypatch.setattr(reference, "RUNNER", tmp_path)
    monkeypatch.setattr("shutil.which", str)
    monkeypatch.setattr("subprocess.run", _failing)
    with pytest.raises(ReferenceUnavailable, match=r"cargo build failed in .*: no such thing"):
        reference.build_runner()


def _nothing(_: str) -> None:
    """There is no such command."""


def _failing(*_: object, **__: object) -> object:
    class Done:
        returncode = 101
        stderr = "no such thing"

    return Done()
