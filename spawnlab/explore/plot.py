"""A campaign's results as a picture, SVG or PNG. The extra ``plot`` brings Matplotlib."""
# pyright: reportUnknownMemberType=false
# Matplotlib's types are not whole.

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..scenarios.extras import install_words
from ..vm.errors import SpawnlabError
from .summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".svg", ".png")
_ALL, _FOUND = "#b8c4d6", "#c2452d"
_ENDINGS_MAX = 12


class PlotError(SpawnlabError):
    """A picture that can't be made; says why and what to do."""


def check_plot(file: Path) -> None:
    """Raise :class:`PlotError` unless a picture can be made and written there; better before a campaign than after."""
    if file.suffix not in SUFFIXES:
        raise PlotError(f"{file}: the suffix must be {' or '.join(SUFFIXES)}")
    if not file.parent.is_dir():
        raise PlotError(f"{file}: there is no folder {file.parent}")
    try:
        import matplotlib  # noqa: F401 # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        raise PlotError(f"--plot needs Matplotlib: {install_words('plot')} ({error})") from None


def plot(summary: Summary, file: Path) -> None:
    """Draw how cases ended, and by their size how many have the property. Equal results give equal pictures.

    Raises :class:`PlotError`.
    """
    check_plot(file)
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "spawnlab", "svg.fonttype": "none"}):
        figure = Figure(figsize=(10, 4.5), layout="constrained")
        endings, sizes = figure.subplots(1, 2)
        figure.suptitle(
            f"{summary.cases:,} cases ({summary.campaign.mode}), {summary.question}: {summary.count_found:,}"
        )
        _draw_endings(endings, summary)
        _draw_sizes(sizes, summary)
        metadata = {"Date": None} if file.suffix == ".svg" else {"Software": None}
        try:
            figure.savefig(file, metadata=metadata, dpi=150)
        except OSError as error:
            raise PlotError(f"{file}: {error.strerror}") from None


def _draw_endings(axes: Axes, summary: Summary) -> None:
    names = list(summary.endings)[:_ENDINGS_MAX]
    axes.barh(names, [summary.endings[name] for name in names], color=_ALL, label="cases")
    axes.barh(names, [summary.endings_found.get(name, 0) for name in names], color=_FOUND, label=summary.question)
    axes.invert_yaxis()
    axes.set_xlabel("cases")
    left = len(summary.endings) - len(names)
    axes.set_title("by their ending" + (f" ({left} rarer ones left out)" if left else ""))
    axes.legend(loc="lower right")


def _draw_sizes(axes: Axes, summary: Summary) -> None:
    sizes = list(summary.sizes)
    shares = [100 * summary.sizes_found.get(size, 0) / summary.sizes[size] for size in sizes]
    axes.bar(list(map(str, sizes)), shares, color=_FOUND)
    for place, size in enumerate(sizes):
        axes.annotate(f"{summary.sizes[size]:,}", (place, shares[place]), ha="center", va="bottom", fontsize=7)
    axes.set_xlabel("programs" if summary.campaign.scenarios else "VMs")
    axes.set_xlim(-0.6, max(6, len(sizes)) - 0.4)
    axes.set_ylabel("% of these cases")
    axes.set_title("by size (on the bars: cases)")
