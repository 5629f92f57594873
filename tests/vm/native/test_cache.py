"""Machine code between processes: it is used if it is whole, ours and private, and nothing depends on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from weakref import WeakSet

import pytest

from spawnlab.vm import engines
from spawnlab.vm.engines import engine, native_refusal
from spawnlab.vm.errors import VmError
from spawnlab.vm.machine import Machine
from spawnlab.vm.memory import PAGE_SIZE
from spawnlab.vm.native import cache, space
from spawnlab.vm.native.region import Assembler
from spawnlab.vm.program import forget_programs

from ..support import CODE, code_of, machine_of, words
from ..test_slices import MIXED, ended

pytestmark = pytest.mark.skipif(native_refusal() is not None, reason=str(native_refusal()))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    where = tmp_path / "code"
    monkeypatch.setattr(engines, "AUTO_WARM_UP", 1)
    engine.cache_clear()
    monkeypatch.setenv(cache.VARIABLE, str(where))
    monkeypatch.setattr(space, "KEPT_MIN", 1)
    monkeypatch.setattr(space, "_spaces", WeakSet[space.CodeSpace]())  # not the programs of other tests
    forget_programs()
    yield where
    engine.cache_clear()


def played(name: str = "native") -> Machine:
    machine = machine_of(MIXED)
    machine.engine = engine(name)
    with pytest.raises(VmError):
        machine.run()
    return machine


def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what is assembled from now on."""
    sizes: list[int] = []
    assemble = Assembler.assemble

    def counted(self: Assembler, blocks: object) -> bytes:
        code = assemble(self, blocks)  # type: ignore[arg-type]
        sizes.append(len(code))
        return code

    monkeypatch.setattr(Assembler, "assemble", counted)
    return sizes


def kept(folder: Path) -> Path:
    """The one file that running has left."""
    played()
    space.keep_code()
    forget_programs()
    (file,) = folder.iterdir()
    return file


def test_kept_code_is_not_made_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = kept(folder)
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    made = batches(monkeypatch)
    assert ended(played()) == ended(played("step"))
    assert made == []


def test_all_that_was_executed_is_kept_however_much(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "BATCH_STEPS_MAX", 10)
    once = "".join(f"addi t{i % 3}, t1, {i}; addi t1, t1, 1; j at{i}\nat{i}: " for i in range(100))
    text = f"li s1, 9\nhot: addi s1, s1, -1; bnez s1, hot\n{once}li a7, 93; ecall"

    def play() -> None:
        machine = machine_of(text)
        machine.engine = engine("auto")
        machine.run()

    play()
    space.keep_code()
    forget_programs()
    assert list(folder.iterdir())
    made = batches(monkeypatch)
    stepped: list[int] = []

    def step_run(machine: Machine, program: object, steps_max: int) -> bool:
        stepped.append(machine.this_pc)
        machine.step()
        return False

    monkeypatch.setattr(Machine, "step_run", step_run)
    play()
    assert made == []
    assert len(stepped) < 10


def test_what_is_translated_to_be_kept_is_fused_up_to_the_last_byte(folder: Path) -> None:
    """Operations that were executed once or twice, the last of them at the very end of the code.

    It is come to twice, at first past the one before it.
    """
    begin = """
        addi s1, s1, 1
        li t0, 1; beq s1, t0, first
        li t0, 2; beq s1, t0, second
        li a7, 93; ecall
    first: jr t1
    second: jr t2
    """
    end = words(0x0001, 0x10 << 12 | 0x0B7, 0x9082)  # c.nop; lui ra, 0x10; c.jalr ra
    code = code_of(begin).ljust(PAGE_SIZE - len(end), b"\0") + end

    def play(name: str) -> Machine:
        machine = machine_of(code, registers={6: CODE + PAGE_SIZE - 6, 7: CODE + PAGE_SIZE - 8})
        machine.engine = engine(name)
        assert machine.run() == 0
        return machine

    stepped = play("step")
    play("auto")
    space.keep_code()
    forget_programs()
    assert list(folder.iterdir())
    assert ended(play("native")) == ended(stepped)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def _rename(file: Path) -> None:
    """Another program's code under this program's name."""
    body = b"\0" * 4
    file.write_bytes(cache._MAGIC + cache._seal("another", body) + body)  # pyright: ignore[reportPrivateUsage]


def _link(file: Path) -> None:
    other = file.parent.parent / "elsewhere"
    file.rename(other)
    file.symlink_to(other)


def _share(file: Path) -> None:
    file.chmod(0o640)


def _share_folder(file: Path) -> None:
    file.parent.chmod(0o750)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize(
    "spoil",
    [
        _cut,
        _flip,
        _rename,
        _link,
        _share,
        _share_folder,
        _empty,
    ],
)
def test_what_is_not_whole_or_not_private_is_ignored(
    folder: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], None]
) -> None:
    spoil(kept(folder))
    made = batches(monkeypatch)
    assert ended(played()) == ended(played("step"))
    assert made


def test_files_of_somebody_else_are_ignored(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(folder)
    user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    made = batches(monkeypatch)
    played()
    assert made


def test_a_damaged_file_is_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = kept(folder)
    whole = file.read_bytes()
    _flip(file)
    played()
    space.keep_code()
    assert file.read_bytes() == whole


def test_entries_outside_the_code_are_ignored(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = kept(folder)
    for entries in ([(0x10000, 1 << 20)], [(0x10001, 4096)], [(4 << 20, 4096)], [(0x10000, 0)]):
        cache.write(file.name, b"\xcc" * 100, entries)
        forget_programs()
        assert ended(played()) == ended(played("step"))


def test_it_can_be_switched_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "off")
    played()
    space.keep_code()
    assert not folder.exists()
    assert cache.read("0" * 64) is None


def test_the_users_cache_folder_is_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cache.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache.folder() == Path("/somewhere/spawnlab/code")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert cache.folder() == Path.home() / ".cache/spawnlab/code"


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (cache.VARIABLE, "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: (1 << 31) - 5)
    assert cache.folder() is None


def test_there_is_no_cache_without_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else says which release has made the code."""
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    assert cache.folder() == tmp_path
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "native" / "cache.pyc"))
    cache._emitter.cache_clear()  # pyright: ignore[reportPrivateUsage]
    assert cache.folder() is None
    cache._emitter.cache_clear()  # pyright: ignore[reportPrivateUsage]


def test_a_folder_that_cannot_be_made_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "/dev/null/code")
    cache.write("name", b"", [])
    assert cache.read("name") is None


def test_what_is_too_large_to_be_read_is_not_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.write("a", bytes(1000), [])
    size = (folder / "a").stat().st_size
    monkeypatch.setattr(cache, "SIZE_MAX", size)
    cache.write("b", bytes(1000), [])
    cache.write("c", bytes(1001), [])
    assert cache.read("b") == (bytes(1000), [])
    assert sorted(file.name for file in folder.iterdir()) == ["a", "b"]


def test_the_oldest_files_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "FILES_MAX", 2)
    for number, name in enumerate(("a", "b", "c")):
        cache.write(name, b"", [])
        if (folder / name).exists():
            os.utime(folder / name, (number, number))
    cache.write("d", b"", [])
    assert sorted(file.name for file in folder.iterdir()) == ["c", "d"]
    assert cache.read("d") == (b"", [])
