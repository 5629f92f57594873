"""Looks into an SVG: what is drawn where, and what must hold of every picture."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import msgspec

from spawnlab.pictures.measure import width

NAMESPACE = "{http://www.w3.org/2000/svg}"
_ANCHORS = {"start": 0.0, "middle": 0.5, "end": 1.0}


class Box(msgspec.Struct, frozen=True):
    """A rectangle of the picture, and what is in it."""

    left: float
    top: float
    right: float
    bottom: float
    text: str = ""

    def overlaps(self, other: Box) -> bool:
        """Whether the two have more than a pixel in common."""
        return (
            self.left < other.right - 1
            and other.left < self.right - 1
            and self.top < other.bottom - 1
            and other.top < self.bottom - 1
        )


def parsed(svg: str) -> ET.Element:
    """The picture as XML."""
    root = ET.fromstring(svg)
    assert root.tag == f"{NAMESPACE}svg"
    return root


def classed(root: ET.Element, tag: str, name: str) -> list[ET.Element]:
    """Elements of a class."""
    return [element for element in root.iter(f"{NAMESPACE}{tag}") if element.get("class") == f"sl-{name}"]


def tip(element: ET.Element) -> str:
    """An element's tooltip."""
    return element.findtext(f"{NAMESPACE}title") or ""


def box_of(rect: ET.Element) -> Box:
    """Where a rectangle is."""
    x, y, wide, high = (float(rect.get(name, "0")) for name in ("x", "y", "width", "height"))
    return Box(x, y, x + wide, y + high)


def labels(root: ET.Element) -> list[Box]:
    """Where texts are, as wide as they may be."""
    found: list[Box] = []
    for text in root.iter(f"{NAMESPACE}text"):
        said, size = "".join(text.itertext()), float(text.get("font-size", "0"))
        wide = width(said, size)
        x, y = float(text.get("x", "0")), float(text.get("y", "0"))
        left = x - wide * _ANCHORS[text.get("text-anchor", "start")]
        found.append(Box(left, y - 0.75 * size, left + wide, y + 0.2 * size, said))
    return found


def check(svg: str) -> ET.Element:
    """It is well formed, says what it is, and all of it is within its view; no text lies on another."""
    root = parsed(svg)
    assert root.get("role") == "img"
    assert root.findtext(f"{NAMESPACE}title")
    assert root.findtext(f"{NAMESPACE}desc")
    x, y, wide, high = map(float, root.get("viewBox", "").split())
    view = Box(x, y, x + wide, y + high)
    texts = labels(root)
    rects = [box_of(rect) for rect in root.iter(f"{NAMESPACE}rect")]
    for box in (*texts, *rects):
        assert view.left - 0.5 <= box.left <= box.right <= view.right + 0.5, (box, view)
        assert view.top - 0.5 <= box.top <= box.bottom <= view.bottom + 0.5, (box, view)
    patterns = {id(path) for pattern in root.iter(f"{NAMESPACE}pattern") for path in pattern.iter()}
    for path in root.iter(f"{NAMESPACE}path"):
        if id(path) not in patterns:
            _check_path(path.get("d", ""), view)
    for one, other in combinations(texts, 2):
        assert not one.overlaps(other), (one, other)
    return root


def _check_path(d: str, view: Box) -> None:
    """Where a path goes absolutely is within the view."""
    for x, y in re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", d):
        assert view.left <= float(x) <= view.right, (d, view)
        assert view.top <= float(y) <= view.bottom, (d, view)
