"""The package as it is installed: what is in the wheel and the sdist, and that links and mapping agree."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("vm", "scheduler", "actors", "scenarios")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def _folders_with_init() -> set[str]:
    """All packages by the name they are imported under; the links in spawnlab/ stand for the layers."""
    found: set[str] = set()
    for top, name in [("spawnlab", "spawnlab"), *((layer, f"spawnlab.{layer}") for layer in LAYERS)]:
        for file in (ROOT / top).rglob("__init__.py"):
            parts = file.parent.relative_to(ROOT / top).parts
            if not (top == "spawnlab" and parts and parts[0] in LAYERS):
                found.add(".".join((name, *parts)))
    return found


def test_the_list_of_packages_is_whole() -> None:
    assert sorted(SETTINGS["packages"]) == sorted(_folders_with_init())


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_has_a_link_and_a_mapping(layer: str) -> None:
    link = ROOT / "spawnlab" / layer
    assert link.is_symlink()
    assert link.resolve() == ROOT / layer
    assert SETTINGS["package-dir"][f"spawnlab.{layer}"] == layer


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An sdist, and the wheel that is built from it."""
    pytest.importorskip("build", reason="comes with the extra 'test'")
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", out, ROOT], check=True, capture_output=True)
    return out


def test_the_wheel_has_every_package_and_the_gallery(built: Path) -> None:
    names = zipfile.ZipFile(next(built.glob("*.whl"))).namelist()
    for package in SETTINGS["packages"]:
        assert f"{package.replace('.', '/')}/__init__.py" in names
    assert "spawnlab/py.typed" in names
    assert "spawnlab/scenarios/gallery/parent_child.toml" in names
    assert {"spawnlab/pictures/fonts/SpawnlabSans.ttf", "spawnlab/pictures/fonts/LICENSE"} <= set(names)
    tops = {name.split("/")[0] for name in names}
    assert tops == {"spawnlab", next(top for top in tops if top.endswith(".dist-info"))}


def test_the_sdist_has_the_tests_and_the_documents(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"tests/packaging/test_packaging.py", "docs/isa.md", "LICENSE", "reference/Cargo.lock"} <= names
    assert not any(name.startswith("reference/target") for name in names)


def test_the_wheel_runs_where_the_sources_are_not(built: Path, tmp_path: Path) -> None:
    """In a new virtual environment, with the dependencies of this one, from a folder with a scheduler.py in it."""
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    site = Path(
        subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True, capture_output=True, text=True,
        ).stdout.strip()
    )  # fmt: skip
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    import trio

    (site / "dependencies.pth").write_text(f"{Path(trio.__file__).parents[1]}\n")
    (tmp_path / "scheduler.py").write_text("raise SystemExit('the wrong scheduler')\n")
    gallery = site / "spawnlab" / "scenarios" / "gallery" / "parent_child.toml"
    done = subprocess.run(
        [python, "-m", "spawnlab", "run", "--quiet", gallery], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[0] == "exit code 0", done.stderr
    where = subprocess.run(
        [python, "-c", "import spawnlab.vm as v; print(v.__file__)"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(site))


def test_the_extra_docs_is_enough_to_build_the_site() -> None:
    """All that the build imports comes with it, and what Sphinx is told to use is named in it."""
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "packaging" / "only_with.py", "docs"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {re.split(r"[^\w-]", requirement)[0] for requirement in project["optional-dependencies"]["docs"]}
    assert set(done.stdout.split()) <= named
