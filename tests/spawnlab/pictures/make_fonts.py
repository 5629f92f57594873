"""Makes ``spawnlab/pictures/fonts`` from DejaVu Sans 2.37: ``python tests/spawnlab/pictures/make_fonts.py FOLDER``.

``FOLDER`` has DejaVuSans.ttf and DejaVuSans-Bold.ttf; Matplotlib brings them, and fonttools. What is kept: Latin,
Greek, Cyrillic, punctuation, arrows.
"""
# pyright: basic, reportAttributeAccessIssue=false

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FONTS = Path(__file__).resolve().parents[3] / "spawnlab" / "pictures" / "fonts"
RANGES = ((0x20, 0x24F), (0x370, 0x52F), (0x1E00, 0x1EFF), (0x2010, 0x205E), (0x20A0, 0x20BF), (0x2190, 0x21FF))
FAMILY = "Spawnlab Sans"


def make(source: Path, target: Path) -> None:
    options = subset.Options(
        layout_features=["kern"], hinting=False, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], notdef_outline=True
    )
    font = TTFont(source)
    maker = subset.Subsetter(options)
    maker.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)] + [0x2212, 0xFFFD])
    maker.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6):
            name = str(record).replace("DejaVu Sans", FAMILY).replace("DejaVuSans", FAMILY.replace(" ", ""))
            record.string = name
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(target)


if __name__ == "__main__":
    for name, made in (("DejaVuSans.ttf", "SpawnlabSans.ttf"), ("DejaVuSans-Bold.ttf", "SpawnlabSans-Bold.ttf")):
        make(Path(sys.argv[1]) / name, FONTS / made)
