"""Under asyncio: the same runs, several at once, cancelled without a trace; in a test and in a notebook."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import spawnlab
import spawnlab.aio
from spawnlab.actors.vm import Vm
from spawnlab.scenarios.model import Program
from spawnlab.vm.assembler import assemble

GALLERY = sorted((Path(__file__).resolve().parents[2] / "scenarios" / "gallery").glob("*.toml"))
FINGERPRINTS = {file.stem: spawnlab.run_synchronously(file).journal.fingerprint() for file in GALLERY}


_EXECUTE = "import sys, nbclient.cli; nbclient.cli.main(['--timeout', '120', '--inplace', sys.argv[1]])"


async def play(file: Path) -> tuple[str, str]:
    run = await spawnlab.aio.perform(file)
    return file.stem, run.journal.fingerprint()


def test_runs_are_the_same() -> None:
    async def main() -> dict[str, str]:
        return dict([await play(file) for file in GALLERY])

    assert asyncio.run(main()) == FINGERPRINTS


def test_several_at_once() -> None:
    async def main() -> dict[str, str]:
        return dict(await asyncio.gather(*(play(file) for file in GALLERY * 3)))

    assert asyncio.run(main()) == FINGERPRINTS


def test_one_loop_after_the_other() -> None:
    for _ in range(3):
        assert dict([asyncio.run(play(GALLERY[0]))]).items() <= FINGERPRINTS.items()


def test_other_tasks_go_on_meanwhile() -> None:
    async def main() -> None:
        task = asyncio.create_task(spawnlab.aio.perform(_endless(), limit=1 << 60))
        for _ in range(50):
            await asyncio.sleep(0)
            assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def _endless() -> spawnlab.Build:
    spinning = assemble("again: j again").elf()
    return spawnlab.build(spawnlab.Scenario(programs={"root": Program(elf="x")}), elves={"root": spinning})


def test_errors_come_out_unchanged() -> None:
    class OwnError(Exception):
        pass

    async def root(vm: Vm) -> None:
        raise OwnError("what it says")

    with pytest.raises(OwnError, match="what it says"):
        asyncio.run(spawnlab.aio.perform({"root": root}))
    with pytest.raises(spawnlab.ScenarioError):
        asyncio.run(spawnlab.aio.perform("nowhere.toml"))


def test_cancelled_it_leaves_nothing() -> None:
    async def main() -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(spawnlab.aio.perform(_endless(), limit=1 << 60, observers=[lambda _: begun.set()]))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert (await spawnlab.aio.perform(GALLERY[0])).as_expected

    asyncio.run(main())


def test_with_pytests_asyncio(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent(f"""
            import pytest, spawnlab.aio

            @pytest.mark.asyncio
            async def test_it():
                run = await spawnlab.aio.perform({str(GALLERY[0])!r})
                assert run.as_expected
        """)
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_in_a_notebook(tmp_path: Path) -> None:
    """A real kernel, whose cells run under asyncio."""
    sources = [
        "import spawnlab.aio",
        f"run = await spawnlab.aio.perform({str(GALLERY[0])!r})\nrun.journal.fingerprint()",
    ]
    cell: dict[str, object] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    cells = [{**cell, "id": f"cell-{index}", "source": source} for index, source in enumerate(sources)]
    file = tmp_path / "it.ipynb"
    file.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    command = [sys.executable, "-c", _EXECUTE, str(file)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    executed = json.loads(file.read_text())
    assert executed["cells"][1]["outputs"][0]["data"]["text/plain"] == [repr(FINGERPRINTS[GALLERY[0].stem])]
