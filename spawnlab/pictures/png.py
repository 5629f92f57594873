"""PNG from the very same SVG, with resvg, which the extra ``draw`` brings.

The font is in the package (``fonts/``, DejaVu Sans cut down), so that there is text on a machine without fonts, and
equal pictures on all; only characters that it has not are taken from the machine's fonts.
"""
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from importlib import resources

from ..scenarios.extras import install_words
from .errors import PictureError

_FAMILY = "Spawnlab Sans"


def check_png() -> None:
    """Raise :class:`PictureError` unless PNG can be made."""
    try:
        import resvg_py  # noqa: F401 # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        raise PictureError(f"PNG needs resvg: {install_words('draw')} ({error})") from None


def png_of(svg: str, *, zoom: float = 2.0) -> bytes:
    """A picture as PNG, on white, ``zoom`` pixels for each pixel of the SVG. Raises :class:`PictureError`."""
    check_png()
    import resvg_py

    folder = resources.files(__package__ or "") / "fonts"
    with resources.as_file(folder) as fonts:
        try:
            return bytes(
                resvg_py.svg_to_bytes(
                    svg_string=svg,
                    background="#ffffff",
                    zoom=zoom,
                    font_dirs=[str(fonts)],
                    font_family=_FAMILY,
                    sans_serif_family=_FAMILY,
                )
            )
        except ValueError as error:
            raise PictureError(f"the picture can't be made a PNG: {error}; make an SVG of it") from None
