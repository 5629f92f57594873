"""Names and texts that try to be more than names and texts, in any of the languages of pictures."""

from __future__ import annotations

from hypothesis import strategies as st

import spawnlab
from spawnlab.actors.vm import Vm
from spawnlab.scenarios.build import build_actors

NASTY = (
    'end\n    loop for ever"]; vm0 -->|x| vm1',
    "%%{init: {'theme':'dark'}}%%",
    '</title><script>alert(1)</script>&lt;&#60;]]>"',
    "#quot; #9829; ﬂ°°35¶ß `md` **b** <br/> @{ shape: x } ::: style",
    'a\\"b\\N\\G\\l \\',
    "wrap: participant x as y ; create \x00\x1b[31m\u2028\ud800 ＷＩＤＥ",
    "--> ->> -x : ; %% comment {{}} [[ ]] (( )) | =",
    "$$x$$ {1} `${x}` end",
)


def texts() -> st.SearchStrategy[str]:
    """Nasty texts, and any others."""
    return st.sampled_from(NASTY) | st.text(min_size=1, max_size=60)


def run_of(title: str, name: str, said: str) -> spawnlab.Run:
    """A parent and a child, all of whose names and texts are given; they wait for each other in the end."""
    name = name.encode("utf-8", "replace").decode()  # program names are text that can be written
    name = f"{name}2" if name == "root" else name
    data = said.encode("utf-8", "replace")

    async def root(vm: Vm) -> None:
        read_end, write_end = await vm.pipe()
        back = await vm.pipe()
        await vm.spawn(name, fds=[read_end, back[1]])
        await vm.debug(data.decode().replace("\x00", "0"))
        await vm.write(write_end.fd, data)
        await vm.read(back[0].fd, 1)

    async def child(vm: Vm) -> None:
        (end, _) = await vm.inherited_fds()
        for _ in range(2):
            await vm.read(end.fd, 4096)

    return spawnlab.run_synchronously(build_actors({"root": root, name: child}, title=title))
