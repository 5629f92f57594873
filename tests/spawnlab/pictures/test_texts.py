"""Mermaid and DOT: golden texts, what is in them, that hostile names change nothing, and that the real programs read
them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import spawnlab
from spawnlab.explore.topology import Topology, scenario_of
from spawnlab.pictures import wording
from spawnlab.pictures.escaping import dot as quoted
from spawnlab.pictures.escaping import mermaid as escaped
from spawnlab.pictures.graphtext import dot, flowchart
from spawnlab.pictures.model import Story
from spawnlab.pictures.sequence import sequence
from spawnlab.pictures.story import story_of
from spawnlab.pictures.topology import topology_of
from spawnlab.testing.strategies import topologies

from . import goldens, hostile
from .long_runs import ping_pong, spawning

MERMAID = Path(__file__).parent / "mermaid"
SVG = "{http://www.w3.org/2000/svg}"
GALLERY = sorted((goldens.ROOT / "scenarios" / "gallery").glob("*.toml"))
LIMIT = 20_000_000

needs_mermaid = pytest.mark.skipif(
    not (MERMAID / "node_modules").is_dir() or shutil.which("node") is None,
    reason=f"the real Mermaid: npm install --prefix {MERMAID.relative_to(goldens.ROOT)}",
)
needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="the real Graphviz is not installed")


def read_by_mermaid(texts: list[str]) -> list[dict[str, Any]]:
    """What Mermaid makes of diagrams; all of them are read."""
    done = subprocess.run(
        ["node", MERMAID / "parse.mjs"], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    for text, diagram in zip(texts, found, strict=True):
        assert "error" not in diagram, (diagram["error"], text)
    return found


def drawn_by_graphviz(text: str) -> ET.Element:
    """The SVG that Graphviz makes of DOT."""
    done = subprocess.run(["dot", "-Tsvg"], input=text.encode(), capture_output=True, check=True)
    assert not re.search(b"syntax|error", done.stderr, re.IGNORECASE), done.stderr
    return ET.fromstring(done.stdout)


def story_here(run: spawnlab.Run) -> Story:
    return story_of(run.journal, run.build)


@pytest.mark.parametrize("name", goldens.SCENARIOS)
def test_golden_texts(name: str) -> None:
    for file, text in goldens.texts(name):
        told = "look at what changes, then run tests/spawnlab/pictures/goldens.py"
        assert text == file.read_text(encoding="utf-8"), told


# What is in them


@settings(deadline=None, max_examples=60)
@given(topologies("any"))
def test_all_that_moves_is_in_the_sequence(made: Topology) -> None:
    run = spawnlab.run_synchronously(scenario_of(made), limit=LIMIT)
    story = story_here(run)
    lines = [line.strip() for line in sequence(story, turns_max=None).splitlines()]
    moved = [f"vm{t.writer}->>vm{t.reader}: {escaped(wording.moved(t))}" for t in story.transfers]
    assert [line for line in lines if re.match(r"vm\d+->>vm\d+: (?!spawns)", line)] == moved
    assert sum(": spawns VM" in line for line in lines) == len(story.spawns)
    assert sum("-->>" in line for line in lines) == len(story.answers)
    assert sum("ends with exit code" in line for line in lines) == len(story.exits)
    declared = [re.findall(r"participant vm(\d+) as", line) for line in lines]
    known = [int(found[0]) for found in declared if found]
    assert sorted(known) == sorted(set(known))
    used = {int(vm) for line in lines for vm in re.findall(r"\bvm(\d+)\b(?=[-,:]| as)", line)}
    assert used <= set(known)


def test_a_deadlock_is_drawn_in_both() -> None:
    story = goldens.story("ring_of_three")
    text = sequence(story)
    for waiter, target in ((0, 2), (2, 1), (1, 0)):
        assert f"vm{waiter}-xvm{target}: waits to read" in text
    graph = topology_of(story)
    assert {(wait.waiter, wait.target) for wait in graph.waits} == {(0, 2), (2, 1), (1, 0)}
    assert all(node.in_ring for node in graph.nodes)
    assert flowchart(graph).count("==>") == 3
    assert dot(graph).count('label="waits for"') == 3


def test_pipes_go_from_who_writes_to_who_reads() -> None:
    graph = topology_of(goldens.story("pipeline"))
    assert [(pipe.writer, pipe.reader, pipe.name) for pipe in graph.pipes] == [
        (number, number + 1, f"fd {2 * number + 3} → {2 * number + 2}") for number in range(4)
    ]
    assert [(spawn.parent, spawn.child) for spawn in graph.spawns] == [(number, number + 1) for number in range(4)]


def test_many_vms_are_one_node_where_they_take_the_same_place() -> None:
    run = spawning(100)
    graph = topology_of(story_here(run))
    assert [len(node.vms) for node in graph.nodes] == [1, 100]
    (pipes,) = graph.pipes
    assert len(pipes.pipes) == 100
    assert "101 VMs; those that took the same place are one" in graph.words
    few = topology_of(story_here(run), nodes_max=1)
    assert len(few.nodes) == 1
    assert "100 VMs and their pipes are left out" in few.words


def test_a_hypothetical_order_is_told() -> None:
    story = story_here(spawnlab.run_synchronously("gallery:deadlock", policy="smallest"))
    for text in (sequence(story), flowchart(topology_of(story)), dot(topology_of(story))):
        assert "hypothetical order" in text


# Names that are more than names


@pytest.mark.parametrize("text", hostile.NASTY)
def test_escapes(text: str) -> None:
    assert not set(escaped(text)) & set('"<>{}[]|%`@:\\\n') - set("#;")
    body = quoted(text)[1:-1]
    assert not re.search(r'(?<!\\)(?:\\\\)*"', body)


@needs_mermaid
def test_mermaid_reads_hostile_names_as_names() -> None:
    stories = [story_here(hostile.run_of(text, text, text)) for text in hostile.NASTY]
    found = read_by_mermaid([text for s in stories for text in (sequence(s), flowchart(topology_of(s)))])
    for number, story in enumerate(stories):
        drawn, graph = found[2 * number : 2 * number + 2]
        assert drawn["title"] == wording.title(story).strip()
        assert [name for _, name in drawn["actors"]] == [wording.name(story, vm) for vm in (0, 1)]
        words = [message for *_, message in drawn["messages"]]
        assert wording.moved(story.transfers[0]) in words
        assert f"says {wording.label(story.logs[0].text)!r}" in words
        assert [vertex for vertex, _ in graph["vertices"]] == ["about", "vm0", "vm1"]
        assert [text.split("<br>")[0] for _, text in graph["vertices"][1:]] == [
            wording.name(story, vm) for vm in (0, 1)
        ]
        assert len(graph["edges"]) == 1 + 2 + 2


@needs_graphviz
@pytest.mark.parametrize("text", hostile.NASTY)
def test_graphviz_reads_hostile_names_as_names(text: str) -> None:
    story = story_here(hostile.run_of(text, text, text))
    drawn = drawn_by_graphviz(dot(topology_of(story)))
    nodes = [group for group in drawn.iter(f"{SVG}g") if group.get("class") == "node"]
    shown = [["".join(line.itertext()) for line in node.iter(f"{SVG}text")] for node in nodes]
    plain = [[line.replace("\xa0", " ") for line in lines] for lines in shown]
    assert [lines[0] for lines in plain] == [wording.name(story, vm) for vm in (0, 1)]
    assert all(len(lines) == 2 for lines in plain)


# The real programs


@needs_mermaid
def test_mermaid_reads_the_gallery_and_long_runs() -> None:
    stories = [story_here(spawnlab.run_synchronously(file)) for file in GALLERY]
    stories += [story_here(ping_pong(100, inner=3)), story_here(spawning(100)), story_of(spawnlab.Journal("x"))]
    found = read_by_mermaid([text for s in stories for text in (sequence(s), flowchart(topology_of(s)))])
    for number, story in enumerate(stories):
        drawn, graph = found[2 * number : 2 * number + 2]
        assert drawn["type"] == "sequence"
        assert graph["type"].startswith("flowchart")
        topology = topology_of(story)
        assert len(graph["vertices"]) == 1 + len(topology.nodes)
        assert len(graph["edges"]) == len(topology.spawns) + len(topology.pipes) + len(topology.waits)
        if len(story.turns) <= 100:
            moved = [wording.moved(transfer) for transfer in story.transfers]
            assert [text for *_, text in drawn["messages"] if text in moved] == moved


@needs_mermaid
def test_mermaid_reads_any_run() -> None:
    texts: list[str] = []

    @settings(deadline=None, max_examples=60, database=None)
    @given(topologies("any"))
    def collect(made: Topology) -> None:
        story = story_here(spawnlab.run_synchronously(scenario_of(made), limit=LIMIT))
        texts.extend((sequence(story), sequence(story, turns_max=5), flowchart(topology_of(story))))

    collect()
    read_by_mermaid(texts)


@needs_graphviz
def test_graphviz_draws_the_gallery() -> None:
    for file in GALLERY[::4]:
        topology = topology_of(story_here(spawnlab.run_synchronously(file)))
        drawn = drawn_by_graphviz(dot(topology))
        classes = [group.get("class") for group in drawn.iter(f"{SVG}g")]
        assert classes.count("node") == len(topology.nodes)
        assert classes.count("edge") == len(topology.spawns) + len(topology.pipes) + len(topology.waits)
