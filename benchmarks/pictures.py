"""What the benchmarks share: the machine's name, and pictures of their results (``pip install -e '.[bench]'``)."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path


def machine() -> str:
    """Processor, number of processors, system and Python."""
    model = next((line for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    processor = model.partition(":")[2].strip() or platform.machine()
    return f"{processor}, {os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def scatter(path: Path, points: Sequence[tuple[float, float]], across: str, up: str) -> None:
    """Points over the line where both are equal, on logarithmic scales."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot()
    ends = min(map(min, points)) / 1.3, max(map(max, points)) * 1.3
    axes.plot(ends, ends, color="0.6", label="equal")
    axes.plot(ends, [5 * end for end in ends], color="0.8", linestyle="dashed", label="five times as long")
    axes.loglog(*zip(*points, strict=True), "o", markersize=4)
    axes.set(xlabel=across, ylabel=up, xlim=ends, ylim=ends)
    axes.legend()
    figure.savefig(path)


def bars(path: Path, values: Sequence[tuple[str, float]], title: str, *, unit: str = " ×") -> None:
    """A bar each: of what is measured, or, for ratios, to the left or right of 1 on a logarithmic scale."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.28 * len(values) + 1), layout="constrained")
    axes = figure.add_subplot()
    names, widths = [name for name, _ in reversed(values)], [value for _, value in reversed(values)]
    is_ratio = unit == " ×"
    if is_ratio:
        axes.set_xscale("log")
        axes.axvline(1, color="black")
    drawn = axes.barh(names, [width - is_ratio for width in widths], left=int(is_ratio))
    axes.bar_label(drawn, [f"{width:.3g}{unit}" for width in widths], padding=3)
    axes.margins(x=0.2)
    axes.set_title(title)
    figure.savefig(path)


def curves(path: Path, panels: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]], up: str) -> None:
    """A panel for each thing that grows, in each of them lines of points (how much, how long)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * len(panels), 3.5), layout="constrained")
    for axes, (name, lines) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        for label, points in lines.items():
            axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=label)
        axes.set(xlabel=name, ylabel=up, ylim=(0, None))
        axes.set_xscale("log", base=2)
        axes.legend()
    figure.savefig(path)
