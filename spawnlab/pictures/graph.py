"""A topology as SVG: VMs as boxes, pipes as pills on the arrows from who writes to who reads."""

from __future__ import annotations

import math
from itertools import pairwise

from .canvas import FONT, SMALL, TITLE, Canvas
from .layout import Point, place
from .legend import Entry, Legend
from .measure import width
from .model import Story
from .topology import Topology, topology_of

_MARGIN = 24.0
_NODE_HEIGHT, _PILL_HEIGHT = 50.0, 40.0
_DOWN = 84.0
_BETWEEN = 36.0
_WIDTH_MIN = 480.0
_BOWS = (60.0, 100.0, 150.0, -60.0, -100.0, -150.0, 220.0, -220.0)
"""How far from the straight way a wait's may be."""
_APART = 14.0
"""How far apart ways of waits should be."""
_STEPS = 24
"""Straight pieces of a bend, which the eye takes for a curve."""
_IDS_MAX = 20
"""Ids that an element of the picture bears."""


def graph(story: Story) -> str:
    """The picture as SVG; raises :class:`~spawnlab.pictures.errors.PictureError` where igraph is missing."""
    return _Graph(topology_of(story)).draw()


class _Graph:
    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.node_widths = [
            max(width(node.name, FONT) * 1.12, width(node.state, SMALL)) + 24 for node in topology.nodes
        ]
        self.pill_widths = [max(width(pipe.name, SMALL) * 1.12, width(pipe.use, SMALL)) + 24 for pipe in topology.pipes]
        across = max([*self.node_widths, *self.pill_widths, 100]) + _BETWEEN
        placed = place(topology, across=across, down=_DOWN)
        left = min([x for x, _ in (*placed.vms, *placed.pipes)] or [0]) - across / 2
        right = max([x for x, _ in (*placed.vms, *placed.pipes)] or [0]) + across / 2
        top = min([y for _, y in (*placed.vms, *placed.pipes)] or [0])
        bottom = max([y for _, y in (*placed.vms, *placed.pipes)] or [0]) - top + _NODE_HEIGHT
        head = _MARGIN + TITLE + len(topology.words) * (FONT + 6) + _NODE_HEIGHT + 16
        texts = [width(topology.title, TITLE) * 1.1, *(width(word, FONT) for word in topology.words)]
        total = max(_WIDTH_MIN, right - left + 2 * _MARGIN + (40 if topology.waits else 0), max(texts) + 2 * _MARGIN)
        self.shift = ((total - (right - left)) / 2 - left, head - top)
        self.sideways = placed.sideways
        self.bottom = head + bottom
        self.nodes = [self._moved(point) for point in placed.vms]
        self.pills = [self._moved(point) for point in placed.pipes]
        self.bends = {edge: [self._moved(p) for p in points] for edge, points in placed.bends.items()}
        self.canvas = Canvas(total, self.bottom + 40 + _MARGIN, topology.title, self._about())

    def draw(self) -> str:
        """Draw all of it: lines below boxes."""
        y = _MARGIN + TITLE * 0.8
        self.canvas.text(self.topology.title, _MARGIN, y, TITLE, bold=True)
        for number, word in enumerate(self.topology.words):
            y += FONT + 6 + (4 if number == 0 else 0)
            warned = number < self.topology.warnings
            self.canvas.text(word, _MARGIN, y, FONT, "stuck" if warned else "soft", bold=warned)
        self._spawns()
        self._pipes()
        self._waits()
        self._boxes()
        self._key()
        return self.canvas.svg()

    def _about(self) -> str:
        parts = [*self.topology.words]
        for node in self.topology.nodes[:20]:
            parts.append(f"{node.name}: {node.state}")
        return "; ".join(parts)

    def _moved(self, point: Point) -> Point:
        return point[0] + self.shift[0], point[1] + self.shift[1]

    def _spawns(self) -> None:
        for spawn in self.topology.spawns:
            parent, child = self.topology.nodes[spawn.parent], self.topology.nodes[spawn.child]
            points = [self.nodes[spawn.parent], *self.bends[spawn.parent, spawn.child], self.nodes[spawn.child]]
            points[0] = self._edge_of_node(spawn.parent, points[1])
            points[-1] = self._edge_of_node(spawn.child, points[-2])
            ends = spawn.parent, spawn.child
            ways = [_smooth(points), *(self._bow(ends, bow) for bow in _BOWS)]
            way = min(ways, key=lambda way: self._in_the_way(way, ends, []))
            self.canvas.arrow(way, "soft", f"{parent.name} spawns {child.name}", dashes="2 4", kind="spawn")

    def _pipes(self) -> None:
        count = len(self.nodes)
        for number, pipe in enumerate(self.topology.pipes):
            writer, reader = self.topology.nodes[pipe.writer], self.topology.nodes[pipe.reader]
            tip = f"{writer.name} writes, {reader.name} reads: {pipe.name}, {pipe.use}"
            pill = self.pills[number]
            into = [self.nodes[pipe.writer], *self.bends[pipe.writer, count + number], pill]
            out = [pill, *self.bends[count + number, pipe.reader], self.nodes[pipe.reader]]
            if pipe.writer == pipe.reader:  # beside each other
                dx, dy = (0, 8) if self.sideways else (12, 0)
                into = [(x - dx, y - dy) for x, y in into]
                out = [(x + dx, y + dy) for x, y in out]
            out[-1] = self._edge_of_node(pipe.reader, out[-2])
            with self.canvas.group("pipe", tip, pipes=",".join(map(str, pipe.pipes[:_IDS_MAX]))):
                self.canvas.path("M" + " L".join(f"{x:.2f},{y:.2f}" for x, y in _smooth(into)), "bytes", wide=2)
                self.canvas.arrow(_smooth(out), "bytes", kind="pipe")

    def _boxes(self) -> None:
        for number, pipe in enumerate(self.topology.pipes):
            (x, y), wide = self.pills[number], self.pill_widths[number]
            with self.canvas.group("pill"):
                self.canvas.rect(x - wide / 2, y - _PILL_HEIGHT / 2, wide, _PILL_HEIGHT, "paper", round_by=20)
                self._outline(x, y, wide, _PILL_HEIGHT, 20, "bytes", 1.5)
                self.canvas.text(pipe.name, x, y - 3, SMALL, "ink", anchor="middle", bold=True)
                self.canvas.text(pipe.use, x, y + 13, SMALL, "soft", anchor="middle")
        for number, node in enumerate(self.topology.nodes):
            (x, y), wide = self.nodes[number], self.node_widths[number]
            tip = f"{node.name}: {node.state}"
            with self.canvas.group("vm", tip, vms=",".join(map(str, node.vms[:_IDS_MAX]))):
                self.canvas.rect(x - wide / 2, y - _NODE_HEIGHT / 2, wide, _NODE_HEIGHT, "node", round_by=6)
                self._outline(
                    x, y, wide, _NODE_HEIGHT, 6, "stuck" if node.stuck else "soft", 2.5 if node.stuck else 1.5
                )
                self.canvas.text(node.name, x, y - 4, FONT, "ink", anchor="middle", bold=True)
                self.canvas.text(node.state, x, y + 15, SMALL, "stuck" if node.stuck else "soft", anchor="middle")

    def _outline(self, x: float, y: float, wide: float, high: float, corner: float, name: str, line: float) -> None:
        left, top, r = x - wide / 2, y - high / 2, corner
        self.canvas.path(
            f"M{left + r:.2f},{top:.2f} h{wide - 2 * r:.2f} a{r},{r} 0 0 1 {r},{r} v{high - 2 * r:.2f} "
            f"a{r},{r} 0 0 1 -{r},{r} h-{wide - 2 * r:.2f} a{r},{r} 0 0 1 -{r},-{r} v-{high - 2 * r:.2f} "
            f"a{r},{r} 0 0 1 {r},-{r} z",
            name,
            wide=line,
        )

    def _waits(self) -> None:
        """Bows from who waits to who is waited for, each the way on which the least is in its way."""
        taken: list[Point] = []
        for wait in self.topology.waits:
            tip = f"{self.topology.nodes[wait.waiter].name} {wait.words}"
            if wait.waiter == wait.target:
                x, y = self.nodes[wait.waiter]
                right = x + self.node_widths[wait.waiter] / 2
                points = [(right, y - 10), (right + 22, y - 10), (right + 22, y + 10), (right, y + 10)]
            else:
                ends = wait.waiter, wait.target
                ways = [self._bow(ends, bow) for bow in _BOWS]
                points = min(ways, key=lambda way: self._in_the_way(way, ends, taken))
            taken += points
            self.canvas.arrow(points, "stuck", tip, wide=2.5, kind="waits")

    def _bow(self, ends: tuple[int, int], bow: float) -> list[Point]:
        """A way that is so far from the straight one in its middle; to the right, seen along it."""
        (x0, y0), (x1, y1) = self.nodes[ends[0]], self.nodes[ends[1]]
        length = max(1.0, ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)
        middle = (x0 + x1) / 2 - (y1 - y0) / length * bow, (y0 + y1) / 2 + (x1 - x0) / length * bow
        return _smooth([self._edge_of_node(ends[0], middle), middle, self._edge_of_node(ends[1], middle)])

    def _in_the_way(self, way: list[Point], ends: tuple[int, int], taken: list[Point]) -> float:
        """How bad a way is: what it runs under, along or out of, and its length."""
        boxes = [(x, y, wide, _PILL_HEIGHT) for (x, y), wide in zip(self.pills, self.pill_widths, strict=True)]
        boxes += [
            (x, y, wide, _NODE_HEIGHT)
            for number, ((x, y), wide) in enumerate(zip(self.nodes, self.node_widths, strict=True))
            if number not in ends
        ]
        bad = sum(math.dist(one, other) for one, other in pairwise(way)) / 50
        for x, y in _along(way):
            hidden = any(abs(x - bx) < wide / 2 + 4 and abs(y - by) < high / 2 + 4 for bx, by, wide, high in boxes)
            close = any(math.dist((x, y), other) < _APART for other in taken)
            outside = not 4 < x < self.canvas.width - 4 or y > self.bottom + 16
            bad += 4 * hidden + close + 8 * outside
        return bad

    def _edge_of_node(self, number: int, toward: Point) -> Point:
        """Where the line from a box's middle toward a point leaves the box."""
        (x, y), wide = self.nodes[number], self.node_widths[number]
        dx, dy = toward[0] - x, toward[1] - y
        if not dx and not dy:
            return x, y
        parts = [abs(half / d) for half, d in ((wide / 2, dx), (_NODE_HEIGHT / 2, dy)) if d]
        part = min(1.0, *parts) if parts else 1.0
        return x + dx * part, y + dy * part

    def _key(self) -> None:
        entries = [
            (self.topology.spawns, Entry(text="spawns", kind="arrow", name="soft", dashes="2 4")),
            (self.topology.pipes, Entry(text="bytes", kind="arrow", name="bytes")),
            (self.topology.waits, Entry(text="waits for, for ever", kind="arrow", name="stuck")),
        ]
        legend = Legend([entry for there, entry in entries if there], _MARGIN, self.canvas.width - _MARGIN)
        legend.draw(self.canvas, self.bottom + 24)


def _along(way: list[Point]) -> list[Point]:
    """Points on a way, close to each other."""
    if len(way) > 2:
        return way
    (x0, y0), (x1, y1) = way
    parts = [step / _STEPS for step in range(_STEPS + 1)]
    return [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in parts]


def _smooth(points: list[Point]) -> list[Point]:
    """Points on a curve from the first to the last, which the others pull to themselves."""
    if len(points) < 3:
        return points
    curve, start = [points[0]], points[0]
    for number, pull in enumerate(points[1:-1], 1):
        following = points[number + 1]
        is_last = number == len(points) - 2
        end = following if is_last else ((pull[0] + following[0]) / 2, (pull[1] + following[1]) / 2)
        for step in range(1, _STEPS + 1):
            t = step / _STEPS
            x = (1 - t) ** 2 * start[0] + 2 * t * (1 - t) * pull[0] + t * t * end[0]
            y = (1 - t) ** 2 * start[1] + 2 * t * (1 - t) * pull[1] + t * t * end[1]
            curve.append((x, y))
        start = end
    return curve
