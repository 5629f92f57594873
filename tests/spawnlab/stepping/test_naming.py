"""Names of fds are those that each program gives them."""

from __future__ import annotations

import pytest

from spawnlab.scenarios import steps as s
from spawnlab.scenarios.gallery import entries
from spawnlab.scenarios.model import Program, Scenario

from .reading import Seen, captured


def test_each_vm_has_names_of_its_own() -> None:
    seen = Seen()
    for frame in captured("gallery:deadlock").frames:
        seen.add(frame)
    assert seen.vms[0]["names"] == {2: "from_child", 5: "to_child"}
    assert seen.vms[1]["names"] == {3: "out", 4: "in"}


@pytest.mark.parametrize("name", [entry.name for entry in entries()])
def test_names_are_of_what_is_held(name: str) -> None:
    seen = Seen()
    for frame in captured(f"gallery:{name}").frames:
        seen.add(frame)
        for fields in seen.vms.values():
            assert set(fields.get("names", {})) <= set(fields["fds"])


def test_a_program_that_is_replaced_takes_its_names_along() -> None:
    root = Program(steps=(s.Pipe(ends=("r", "w")), s.Exec(program="other")))
    seen, names = Seen(), list[object]()
    for frame in captured(Scenario(programs={"root": root, "other": Program(steps=(s.Exit(),))})).frames:
        seen.add(frame)
        names.append((seen.vms[0]["program"], seen.vms[0].get("names")))
    assert ("root", {2: "r", 3: "w"}) in names
    assert names[-1] == ("other", {})
