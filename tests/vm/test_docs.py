"""The page of the instruction set is printed from the definitions, and is up to date."""

from __future__ import annotations

from pathlib import Path

from spawnlab.vm.isa.fusion import FUSED
from spawnlab.vm.isa.rv64c import COMPRESSED
from spawnlab.vm.isa.table import page
from spawnlab.vm.isa.tables import BASE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "isa.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run python -m spawnlab.vm.isa.table > docs/isa.md"


def test_the_page_has_every_instruction() -> None:
    text = page()
    assert all(f"`{d.mnemonic}" in text for d in (*BASE, *COMPRESSED, *FUSED))
