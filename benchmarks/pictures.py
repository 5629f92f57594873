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


def bars(path: Path, values: Sequence[tuple[str, float]], title: str) -> None:
    """A bar each, to the left or right of 1, on a logarithmic scale."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.28 * len(values) + 1), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xscale("log")
    names = [name for name, _ in reversed(values)]
    drawn = axes.barh(names, [value - 1 for _, value in reversed(values)], left=1)
    axes.bar_label(drawn, [f"{value:.2g} ×" for _, value in reversed(values)], padding=3)
    axes.axvline(1, color="black")
    axes.margins(x=0.15)
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
