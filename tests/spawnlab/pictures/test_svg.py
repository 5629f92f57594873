"""SVG and PNG, by what is in them: every span and transfer is there once, in its place, and everything can be read."""

from __future__ import annotations

import io
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import spawnlab
from spawnlab.actors.vm import Vm
from spawnlab.explore.topology import Topology, scenario_of
from spawnlab.pictures import canvas, png, wording
from spawnlab.pictures.drawing import picture
from spawnlab.pictures.errors import PictureError
from spawnlab.pictures.graph import graph
from spawnlab.pictures.measure import fitting, width
from spawnlab.pictures.model import Story
from spawnlab.pictures.png import png_of
from spawnlab.pictures.scale import AXES
from spawnlab.pictures.story import story_of
from spawnlab.pictures.timeline import timeline
from spawnlab.pictures.topology import topology_of
from spawnlab.testing.strategies import topologies

from . import goldens, hostile, svgs
from .long_runs import irregular, ping_pong, spawning

GALLERY = sorted((goldens.ROOT / "scenarios" / "gallery").glob("*.toml"))
LIMIT = 20_000_000


def story_here(run: spawnlab.Run) -> Story:
    return story_of(run.journal, run.build)


def check_timeline(story: Story, svg: str) -> ET.Element:
    """A whole timeline: each span that takes time is there once, the later ones further to the right."""
    root = svgs.check(svg)
    lanes = {int(lane.get("data-vm", "")): lane for lane in svgs.classed(root, "g", "lane")}
    assert sorted(lanes) == [vm.vm for vm in story.vms]
    for vm, lane in lanes.items():
        spans = [span for span in story.spans_of(vm) if span.end > span.start]
        drawn = [rect for rect in lane.iter(f"{svgs.NAMESPACE}rect") if rect.get("data-doing")]
        assert [(r.get("data-doing"), r.get("data-start"), r.get("data-end")) for r in drawn] == [
            (span.doing.value, str(span.start), str(span.end)) for span in spans
        ]
        boxes = [svgs.box_of(rect) for rect in drawn]
        for before, after in pairwise(boxes):
            assert abs(before.right - after.left) < 0.05
        assert all(box.right > box.left for box in boxes)
        assert all(f"VM {vm} " in svgs.tip(rect) for rect in drawn)
    assert kinds(root)["transfer"] == len(story.transfers)
    assert kinds(root)["spawn"] == len(story.spawns)
    report = story.ending.deadlock
    assert len(svgs.classed(root, "g", "forever")) == (len(report.waiting) if report else 0)
    return root


def kinds(root: ET.Element) -> Counter[str | None]:
    return Counter(group.get("data-kind") for group in svgs.classed(root, "g", "arrow"))


# Timelines


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", goldens.SCENARIOS)
def test_timelines_of_five_scenarios(name: str, axis: str) -> None:
    story = goldens.story(name)
    check_timeline(story, timeline(story, axis=axis))


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_timelines_of_the_gallery(file: Path) -> None:
    story = story_here(spawnlab.run_synchronously(file))
    check_timeline(story, timeline(story))


@settings(deadline=None, max_examples=50)
@given(topologies("any"), st.sampled_from(AXES), st.floats(0, 1))
def test_timelines_of_any_run(made: Topology, axis: str, part: float) -> None:
    whole = spawnlab.run_synchronously(scenario_of(made), limit=LIMIT)
    cut = spawnlab.run_synchronously(scenario_of(made), limit=round(part * whole.outcome.cycles))
    for run in (whole, cut):
        story = story_here(run)
        check_timeline(story, timeline(story, axis=axis, turns_max=None))


@settings(deadline=None, max_examples=30)
@given(topologies("any"), st.sampled_from(AXES), st.integers(1, 20))
def test_folded_timelines(made: Topology, axis: str, turns_max: int) -> None:
    story = story_here(spawnlab.run_synchronously(scenario_of(made), limit=LIMIT))
    svgs.check(timeline(story, axis=axis, turns_max=turns_max))


LONG = {
    "loop": partial(ping_pong, 300, inner=3),
    "children": partial(spawning, 300),
    "irregular": partial(irregular, 600),
}


@pytest.mark.parametrize("which", LONG)
def test_what_is_folded_is_told(which: str) -> None:
    story = story_here(LONG[which]())
    root = svgs.check(timeline(story))
    folded = svgs.classed(root, "g", "folded")
    shown = {
        rect.get("data-start") for rect in root.iter(f"{svgs.NAMESPACE}rect") if rect.get("data-doing") == "running"
    }
    assert len(shown) + sum(int(fold.get("data-turns", "0")) for fold in folded) == len(story.turns)
    assert all("rounds" in svgs.tip(fold) or "left out" in svgs.tip(fold) for fold in folded)


def test_a_huge_turn_leaves_room_for_small_ones() -> None:
    async def root(vm: Vm) -> None:
        await vm.pipe()
        await vm.spend(60_000_000)
        await vm.pipe()
        await vm.pipe()

    story = story_here(spawnlab.run_synchronously({"root": root}))
    root_lane = check_timeline(story, timeline(story))
    bars = [svgs.box_of(rect) for rect in root_lane.iter(f"{svgs.NAMESPACE}rect") if rect.get("data-doing")]
    widths = [bar.right - bar.left for bar in bars]
    assert max(widths) < 6 * min(widths)
    assert widths[1] == max(widths)
    texts = [label.text for label in svgs.labels(root_lane)]
    assert texts.count("pipe") == 3


def test_a_tooltip_says_where_and_what_was_answered() -> None:
    story = story_here(spawnlab.run_synchronously("gallery:invalid_fd"))
    bars = svgs.classed(svgs.parsed(timeline(story)), "rect", "running")
    tips = [svgs.tip(bar) for bar in bars if bar.get("data-doing")]
    assert any("answered INVALID_FD (6)" in tip for tip in tips)
    assert all("at steps[" in tip or "exit" in tip for tip in tips)


@pytest.mark.parametrize("form", [timeline, graph])
def test_a_hypothetical_order_is_told(form: Any) -> None:
    story = story_here(spawnlab.run_synchronously("gallery:deadlock", policy="smallest"))
    root = svgs.check(form(story))
    assert any("hypothetical order: smallest" in label.text for label in svgs.labels(root))


def test_a_run_without_a_vm_or_a_turn() -> None:
    story = story_of(spawnlab.Journal("largest"))
    svgs.check(timeline(story))
    svgs.check(graph(story))


@settings(deadline=None, max_examples=40)
@given(hostile.texts(), hostile.texts(), hostile.texts())
def test_hostile_names_are_names(title: str, name: str, said: str) -> None:
    story = story_here(hostile.run_of(title, name, said))
    for form in (timeline, graph):
        root = svgs.parsed(form(story))
        assert {element.tag for element in root.iter()} <= {
            svgs.NAMESPACE + tag
            for tag in ("svg", "title", "desc", "style", "defs", "pattern", "g", "rect", "path", "text")
        }
        shown = {label.text for label in svgs.labels(root)}
        assert wording.name(story, 1) in shown
        assert wording.title(story) in shown
        assert root.findtext(f"{svgs.NAMESPACE}title") == wording.title(story)


# Topologies


def check_graph(story: Story) -> None:
    root = svgs.check(graph(story))
    topology = topology_of(story)
    vms, pills = svgs.classed(root, "g", "vm"), svgs.classed(root, "g", "pill")
    assert [group.get("data-vms") for group in vms] == [",".join(map(str, node.vms[:20])) for node in topology.nodes]
    assert len(pills) == len(topology.pipes)
    boxes = [svgs.box_of(next(group.iter(f"{svgs.NAMESPACE}rect"))) for group in (*vms, *pills)]
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other)
    for group, box in zip((*vms, *pills), boxes, strict=True):
        assert all(box.left < label.left < label.right < box.right for label in svgs.labels(group))
    found = kinds(root)
    assert found["pipe"] == len(topology.pipes)
    assert found["spawn"] == len(topology.spawns)
    assert found["waits"] == len(topology.waits)


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_topologies_of_the_gallery(file: Path) -> None:
    check_graph(story_here(spawnlab.run_synchronously(file)))


@settings(deadline=None, max_examples=50)
@given(topologies("any", vms_max=9, pipes_max=9))
def test_topologies_of_any_run(made: Topology) -> None:
    check_graph(story_here(spawnlab.run_synchronously(scenario_of(made), limit=LIMIT)))


def test_topologies_of_many_vms() -> None:
    check_graph(story_here(spawning(200)))


# Reading


def test_colours_have_contrast_in_light_and_in_dark() -> None:
    """WCAG: 4.5 for text, 3 for lines and bars."""
    tables: Any = canvas
    for dark in (0, 1):
        paper = tables._PAPER[dark]
        for name in ("ink", "soft"):
            assert contrast(tables._INK[name][dark], paper) >= 4.5
        for name in ("running", "stuck", "bytes"):
            assert contrast(tables._FILLS[name][dark], paper) >= 3
        assert contrast(paper, tables._FILLS["running"][dark]) >= 4.5
        assert contrast(tables._FILLS["stuck"][dark], tables._FILLS["node"][dark]) >= 4.5
        for colours in tables._WAITS.values():
            assert contrast(tables._INK["ink"][dark], colours[dark]) >= 4.5


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@given(st.text(max_size=30), st.floats(0, 300))
def test_what_fits_fits(text: str, room: float) -> None:
    made = fitting(text, 12, room)
    assert width(made, 12) <= room or made == ""
    assert made in (text, "") or made.endswith("…")


def test_texts_are_as_wide_as_the_font_says() -> None:
    ttf = pytest.importorskip("fontTools.ttLib")
    font = ttf.TTFont(goldens.ROOT / "spawnlab" / "pictures" / "fonts" / "SpawnlabSans.ttf")
    glyphs, metrics, unit = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
    for code in range(32, 127):
        assert width(chr(code), 100) == pytest.approx(100 * metrics[glyphs[code]][0] / unit, abs=0.6)
    assert "Vera" not in str(font["name"].getDebugName(1))


# PNG


def pixels(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


@pytest.mark.parametrize("name", goldens.SCENARIOS)
def test_a_png_shows_what_the_svg_says(name: str) -> None:
    story = goldens.story(name)
    svg = timeline(story)
    root, image = svgs.parsed(svg), pixels(png_of(svg, zoom=1))
    _, _, wide, high = map(float, root.get("viewBox", "").split())
    assert abs(image.width - wide) <= 1
    assert abs(image.height - high) <= 1
    blue = sum(_is(image, rect) for rect in svgs.classed(root, "rect", "running"))
    assert blue == len(svgs.classed(root, "rect", "running"))
    for label in svgs.labels(root):
        region = image.crop((int(label.left), int(label.top), int(label.right) + 1, int(label.bottom) + 1))
        assert len(region.getcolors(1 << 20) or ()) > 3, label  # letters are there


def _is(image: Image.Image, rect: ET.Element) -> bool:
    """Whether a bar's corner has the colour of running."""
    box = svgs.box_of(rect)
    return image.getpixel((int(box.left) + 2, int(box.top) + 3)) == (0, 114, 178)


def test_pngs_are_twice_as_large_and_equal() -> None:
    svg = timeline(goldens.story("deadlock"))
    assert pixels(png_of(svg)).width == 2 * pixels(png_of(svg, zoom=1)).width
    assert png_of(svg) == png_of(svg)


def test_text_is_there_where_no_fonts_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The font is the package's own, whatever the machine has."""
    import resvg_py

    svg = timeline(goldens.story("deadlock"))
    real: Any = resvg_py.svg_to_bytes
    monkeypatch.setattr(resvg_py, "svg_to_bytes", partial(real, skip_system_fonts=True))
    alone = png_of(svg)
    monkeypatch.undo()
    assert alone == png_of(svg)


@pytest.mark.parametrize(("module", "form", "what"), [("resvg_py", "png", None), ("igraph", "svg", "topology")])
def test_what_is_missing_is_told(module: str, form: str, what: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(PictureError, match=r"pip install 'spawnlab\[draw\]'"):
        picture(goldens.story("deadlock"), form, what=what)


def test_what_resvg_refuses_is_told() -> None:
    with pytest.raises(PictureError, match="make an SVG of it"):
        png.png_of("<svg")


# The documents' own


@pytest.mark.parametrize("name", goldens.DOCUMENTS)
def test_the_documents_pictures_are_current(name: str) -> None:
    """As XML, since libraries may lay their lines out otherwise; ``goldens.py`` writes them again."""
    file, text = next((file, text) for file, text in goldens.documents() if file.name == name)
    assert ET.canonicalize(text, strip_text=True) == ET.canonicalize(file.read_text("utf-8"), strip_text=True)
