"""An SVG file being drawn, with drawsvg: shapes by class, a tooltip for each, and the colours of all pictures.

Colours are those of Okabe and Ito, which colour-blind people can tell apart, and each kind of waiting has a pattern
too. They follow the reader's choice of dark or light; on paper they are the light ones. All is in the file: no script,
no font, nothing that is fetched.
"""
# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# drawsvg has no types.

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from xml.sax.saxutils import escape

import drawsvg

FONT = 14
SMALL = 12
TITLE = 20

_INK = {"ink": ("#1b1b1b", "#ececec"), "soft": ("#555555", "#b4b4b4"), "faint": ("#c9c9c9", "#4d4d4d")}
_PAPER = ("#ffffff", "#16181c")
_FILLS = {
    "running": ("#0072b2", "#4aa8e0"),
    "ready": ("#b9c2cc", "#5b6672"),
    "stuck": ("#c24a00", "#ff8a4c"),
    "bytes": ("#00785a", "#3fd3a4"),
    "fold": ("#f3efe4", "#2a2820"),
    "node": ("#f4f7fa", "#232a32"),
}
_WAITS = {
    "read": ("#d3ebf9", "#1f4358", "#3b93c4", "#56b4e9"),
    "write": ("#fbe7bd", "#5a4310", "#c98500", "#e69f00"),
    "wait": ("#f3dbe8", "#552d43", "#b25c8c", "#cc79a7"),
    "away": ("#e4e4e4", "#3a3a3a", "#7a7a7a", "#a0a0a0"),
    "unknown": ("#eeeeee", "#333333", "#bbbbbb", "#666666"),
}
"""Ground and lines of each pattern, in light and in dark: ground, ground, lines, lines."""
_SHAPES = {
    "read": "M-2,10 l12,-12 M-2,2 l4,-4 M6,10 l4,-4",
    "write": "M-2,-2 l12,12 M-2,6 l4,4 M6,-2 l4,4",
    "wait": "M4,0 v8",
    "away": "M0,0 l8,8 M0,8 l8,-8",
    "unknown": "M0,4 h4",
}


def style() -> str:
    """The style sheet."""
    return "\n".join(
        (
            *_rules(0),
            "@media screen and (prefers-color-scheme: dark) {",
            *_rules(1),
            "}",
        )
    )


def _rules(dark: int) -> Iterator[str]:
    yield f".sl-paper{{fill:{_PAPER[dark]}}}"
    for name, colours in _INK.items():
        yield f".sl-{name}{{fill:{colours[dark]}}}.sl-{name}-line{{stroke:{colours[dark]};fill:none}}"
    for name, colours in _FILLS.items():
        yield f".sl-{name}{{fill:{colours[dark]}}}.sl-{name}-line{{stroke:{colours[dark]};fill:none}}"
    yield f".sl-on-running{{fill:{_PAPER[dark]}}}"
    for name, colours in _WAITS.items():
        yield f".sl-{name}-ground{{fill:{colours[dark]}}}.sl-{name}-mark{{stroke:{colours[2 + dark]};fill:none}}"
        yield f".sl-{name}{{fill:url(#sl-pattern-{name});stroke:{colours[2 + dark]}}}"
        yield f".sl-on-{name}{{fill:{_INK['ink'][dark]};stroke:{colours[dark]};stroke-width:4;paint-order:stroke}}"


class Canvas:
    """A picture of ``width`` by ``height`` pixels. ``title`` and ``about`` are for those who can't see it."""

    def __init__(self, width: float, height: float, title: str, about: str) -> None:
        self.width, self.height = width, height
        self._drawing = drawsvg.Drawing(width, height, role="img", font_family="sans-serif")
        self._drawing.append_title(title)
        self._into = self._drawing
        self.raw(f"<desc>{escape(about)}</desc>")
        self._drawing.append_css(style())
        for name, shape in _SHAPES.items():
            pattern = drawsvg.Pattern(8, 8, id=f"sl-pattern-{name}")
            pattern.append(drawsvg.Rectangle(0, 0, 8, 8, class_=f"sl-{name}-ground"))
            pattern.append(drawsvg.Path(shape, class_=f"sl-{name}-mark", stroke_width=1.5))
            self._drawing.append_def(pattern)
        self.rect(0, 0, width, height, "paper")

    def svg(self) -> str:
        """The file's text."""
        text: str | None = self._drawing.as_svg(header="")
        assert text is not None  # it is where no file is given
        return text + "\n"

    def raw(self, text: str) -> None:
        """SVG as it is."""
        self._into.append(drawsvg.Raw(text))

    @contextmanager
    def group(self, name: str, tip: str = "", **data: int | str) -> Generator[None]:
        """What is drawn within is one group of a class, with a tooltip."""
        group, before = drawsvg.Group(class_=f"sl-{name}", **_data(data)), self._into
        if tip:
            group.append_title(tip)
        before.append(group)
        self._into = group
        yield
        self._into = before

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        name: str,
        tip: str = "",
        *,
        round_by: float = 0,
        data: Mapping[str, int | str] | None = None,
    ) -> None:
        """A rectangle of a class."""
        corner = {"rx": round_by} if round_by else {}
        shape = drawsvg.Rectangle(
            _n(x), _n(y), _n(width), _n(height), class_=f"sl-{name}", **corner, **_data(data or {})
        )
        self._add(shape, tip)

    def path(self, d: str, name: str, tip: str = "", *, wide: float = 1.5, dashes: str = "", **data: int | str) -> None:
        """A line of a class."""
        dashed = {"stroke_dasharray": dashes} if dashes else {}
        shape = drawsvg.Path(d, class_=f"sl-{name}-line", stroke_width=wide, **dashed, **_data(data))
        self._add(shape, tip)

    def fill(self, d: str, name: str, tip: str = "") -> None:
        """A filled shape of a class."""
        self._add(drawsvg.Path(d, class_=f"sl-{name}"), tip)

    def text(
        self,
        text: str,
        x: float,
        y: float,
        size: float = FONT,
        name: str = "ink",
        *,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """A line of text on a baseline; ``anchor`` is ``start``, ``middle`` or ``end``."""
        more: dict[str, Any] = {"font_weight": "bold"} if bold else {}
        self._into.append(
            drawsvg.Text(
                text, size, _n(x), _n(y), class_=f"sl-{name}", text_anchor=anchor, xml__space="preserve", **more
            )
        )

    def arrow(
        self,
        points: list[tuple[float, float]],
        name: str,
        tip: str = "",
        *,
        wide: float = 2,
        dashes: str = "",
        **data: int | str,
    ) -> None:
        """A line through points, with a head at the last."""
        (x0, y0), (x1, y1) = points[-2], points[-1]
        length = max(1e-6, ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)
        dx, dy, size = (x1 - x0) / length, (y1 - y0) / length, 4 + 2 * wide
        bx, by = x1 - dx * size, y1 - dy * size
        with self.group("arrow", tip, **data):
            self.path(
                "M" + " L".join(f"{_n(x)},{_n(y)}" for x, y in [*points[:-1], (bx, by)]), name, wide=wide, dashes=dashes
            )
            wing = size * 0.45
            head = [(x1, y1), (bx - dy * wing, by + dx * wing), (bx + dy * wing, by - dx * wing)]
            self.fill("M" + " L".join(f"{_n(x)},{_n(y)}" for x, y in head) + " Z", name)

    def _add(self, shape: drawsvg.DrawingBasicElement, tip: str) -> None:
        if tip:
            shape.append_title(tip)
        self._into.append(shape)


def _n(number: float) -> float | int:
    """A hundredth of a pixel is enough."""
    rounded = round(number, 2)
    return int(rounded) if rounded == int(rounded) else rounded


def _data(data: Mapping[str, int | str]) -> dict[str, int | str]:
    return {f"data_{name}": value for name, value in data.items()}
