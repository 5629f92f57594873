"""Making an edit as a reader would, from the lines that are shown."""

from __future__ import annotations

from itertools import groupby

import msgspec

from spawnlab.explain.changes import lines_of
from spawnlab.explain.model import Edit
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scenarios.model import Scenario


def applied(scenario: Scenario, edit: Edit) -> Scenario:
    """The scenario with the changes made that the edit shows: line by line, back to front."""
    programs = dict(scenario.programs)
    for name, changes in groupby(edit.changes, key=lambda change: change.program):
        places = [place for place, _ in lines_of(programs[name])]
        lines = [line for _, line in lines_of(programs[name])]
        for change in reversed([*changes]):
            index = len(lines) if change.place == "the end" else places.index(change.place)
            assert tuple(lines[index : index + len(change.removed)]) == change.removed
            lines[index : index + len(change.removed)] = change.added
        text = "".join(line + ("\n" if line.endswith("[") else ",\n") for line in lines)
        changed = parse_scenario(f"[programs.root]\nsteps = [\n{text}]", ".toml").programs["root"]
        programs[name] = msgspec.structs.replace(programs[name], steps=changed.steps)
    return msgspec.structs.replace(scenario, programs=programs)
