"""The comparison with ckb-debugger: by a stand-in for it, and by itself where it is there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from spawnlab.debugger.calls import RANDOM, READ_CONTENT, WRITE_FILE

from ..scenarios.mock import files
from ..scheduler.programs import DEBUG, assembled, call, leave
from . import debugger
from .debugger import Case, cases, compare

VARIABLE = "SPAWNLAB_CKB_DEBUGGER"
"""Where a test looks for the program ckb-debugger; its examples are in cargo's folder."""
_CARGO = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
EXAMPLES = next(_CARGO.glob("registry/src/*/ckb-debugger-1.1.1/examples"), None)
SAYS = assembled(call(DEBUG, "buffer") + leave(3)).elf()
SMALLEST_RUNS = "Run result: 0\nAll cycles: 539(0.5K)\n"


def stand_in(folder: Path, body: str) -> Path:
    """A program in place of ckb-debugger; ``options`` are those it is called with."""
    program = folder / "ckb-debugger"
    program.write_text(f"#!{sys.executable}\nimport sys\noptions = sys.argv[1:]\n{body}\n")
    program.chmod(0o755)
    return program


def examples(folder: Path, **elves: bytes) -> Path:
    """A folder of programs."""
    made = folder / "examples"
    made.mkdir()
    for name, elf in elves.items():
        (made / name).write_bytes(elf)
    return made


def test_what_is_an_example(tmp_path: Path) -> None:
    made = examples(tmp_path, one=files.SMALLEST, other=SAYS)
    files.written(made, files.worked())
    (made / "broken.json").write_text("{}")
    (made / "more.c").write_text("int main() {}")
    (transaction,) = [file.name for file in made.glob("*.json") if file.name != "broken.json"]
    assert set(cases(made)) == {
        *(Case(name, version=version) for name in ("one", "other") for version in (0, 1, 2)),
        *(Case(file, "input.0.lock") for file in ("broken.json", transaction)),
        *(Case(file, "input.0.lock", program=p) for file in ("broken.json", transaction) for p in ("one", "other")),
    }


def test_equal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = "cycles = 537 if '0' in options else 539\nprint(f'Run result: 0\\nAll cycles: {cycles}(0.5K)')"
    program = stand_in(tmp_path, body)
    made = examples(tmp_path, smallest=files.SMALLEST)
    files.written(made, files.worked())
    assert debugger.main(["--debugger", str(program), "--examples", str(made)]) == 0
    printed = capsys.readouterr().out
    assert "| smallest version 2 | 0 | 0 | 539 | 539 | 2 | equal |" in printed
    assert "6 compared, 0 differ" in printed


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("print('Run result: 0\\nAll cycles: 540(0.5K)')", "ckb-debugger: All cycles: 540\n  ours: All cycles: 539"),
        ("print('Script log: x\\nRun result: 0\\nAll cycles: 539')", "ckb-debugger: Script log: x"),
        (f"print({SMALLEST_RUNS!r}, end=''); sys.exit(254)", "| 254 | 0 |"),
        ("sys.exit(101)", "| refused | 0 |"),
        (
            f"print({SMALLEST_RUNS!r}, end=''); open('left', 'w')",
            "| all files afterwards | 0 | 0 | - | - | 2 | DIFFERS |",
        ),
    ],
)
def test_each_difference_is_one(body: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, made = stand_in(tmp_path, body), examples(tmp_path, smallest=files.SMALLEST)
    assert debugger.main(["--debugger", str(program), "--examples", str(made)]) == 1
    assert said in capsys.readouterr().out


def test_numbers_of_the_host_are_told(tmp_path: Path) -> None:
    """The program writes a random number to a file: in ours it is the one that the other has printed."""
    elf = assembled(
        call(RANDOM) + "  la t0, child\n  sd a0, 0(t0)\n" + call(WRITE_FILE, "buffer", "child", 8) + leave()
    ).elf()
    number = 12345678901234567890
    body = f"print('Script log: {number}')"
    found = [here for case, _, here in compare(stand_in(tmp_path, body), examples(tmp_path, one=elf)) if case is None]
    assert number.to_bytes(8, "little").hex() in found[0].text


def test_a_file_is_given_to_what_asks_for_one(tmp_path: Path) -> None:
    made = examples(tmp_path, reads=assembled(call(READ_CONTENT, "buffer", 3) + leave()).elf())
    (made / "reads.c").write_text("abc")
    program = stand_in(
        tmp_path, "print('Run result: ' + ('0' if '--read-file' in options else 'invalid syscall 9000'))"
    )
    found = [(case.content, here.status) for case, _, here in compare(program, made) if case and case.version == 2]
    assert found == [(None, 254), ("reads.c", 0)]


def test_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        debugger.main(["--debugger", str(tmp_path / "nothing"), "--examples", str(tmp_path)])
    assert "is not there" in capsys.readouterr().err


@pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} does not name the program ckb-debugger")
@pytest.mark.skipif(EXAMPLES is None, reason="cargo has no sources of ckb-debugger 1.1.1")
def test_all_examples() -> None:
    assert EXAMPLES is not None
    found = list(compare(Path(os.environ[VARIABLE]), EXAMPLES))
    assert [case for case, theirs, ours in found if theirs != ours] == []
    assert len(found) > 100
