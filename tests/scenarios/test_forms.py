"""The forms of a program: assembly, C, ELF files, Python functions; and what each says of a mistake."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import spawnlab
from spawnlab.scenarios.extras import install_words
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.scenarios.steps import Log
from spawnlab.vm.assembler import assemble
from spawnlab.vm.assembler import program as assembled

NEEDS_C = pytest.mark.skipif(importlib.util.find_spec("ziglang") is None, reason="needs the extra [c]")


def scenario(folder: Path, text: str, **files: str) -> Path:
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    file = folder / "s.toml"
    file.write_text(text)
    return file


def error_of(file: Path) -> str:
    with pytest.raises(spawnlab.ScenarioError) as caught:
        spawnlab.load(file)
    return str(caught.value).replace(str(file.parent) + "/", "")


ASM_PARENT = """\
[programs.root]
asm = '''
    li a0, PROGRAM_the_child
    li a1, 3
    li a2, 0
    li a3, 0
    la a4, arguments
    li a7, SYS_SPAWN
    ecall
    ld a0, id
    la a1, code
    li a7, SYS_WAIT
    ecall
    la t0, code
    lb a0, 0(t0)
    li a7, SYS_EXIT
    ecall
.data
arguments: .dword 0, 0, id, 0
id: .dword 0
code: .dword 0
'''
[programs.the-child]
source = "child.s"
[expect]
exit_code = 7
"""


def test_assembly_in_the_file_and_beside_it(tmp_path: Path) -> None:
    file = scenario(tmp_path, ASM_PARENT, child__s="li a0, 7\nli a7, SYS_EXIT\necall\n")
    file.write_text(ASM_PARENT.replace("ld a0, id", "la t0, id\n    ld a0, 0(t0)"))
    run = spawnlab.run(file)
    assert run.unmet == ()
    root, child = run.build.codes
    assert child.place_of(child.starts[2]) == "child.s:3"
    assert root.place_of(root.starts[1]) == "asm:2"


def test_an_error_in_assembly_has_its_line_in_the_scenario(tmp_path: Path) -> None:
    file = scenario(tmp_path, "[programs.root]\nasm = '''\n  nop\n  addd a0, a0, a0\n'''\n")
    assert error_of(file).startswith(
        "s.toml:4: $.programs.root.asm: line 2: there is no instruction 'addd'; did you mean 'add'?"
    )
    file = scenario(tmp_path, "[programs.root]\nasm = '''nop\n  addd a0, a0, a0\n'''\n")
    assert error_of(file).startswith("s.toml:3: ")


def test_an_error_in_an_assembly_file_has_its_line_there(tmp_path: Path) -> None:
    file = scenario(tmp_path, "[programs.root]\nsource = 'x.s'", x__s="nop\nnop nop\n")
    assert error_of(file).startswith("s.toml:2: $.programs.root.source: x.s:2: ")


def test_a_source_of_another_kind(tmp_path: Path) -> None:
    file = scenario(tmp_path, "[programs.root]\nsource = 'x.rs'", x__rs="")
    assert "'x.rs' is neither C (.c) nor assembly (.s, .S, .asm)" in error_of(file)
    (tmp_path / "x.s").write_bytes(b"nop\n\xff")
    file.write_text("[programs.root]\nsource = 'x.s'")
    assert "byte 4 is not UTF-8" in error_of(file)
    file.write_text("[programs.root]\nsource = 'y.c'")
    assert "y.c: No such file" in error_of(file)


C_RING = """
#include "spawnlab.h"
int main(int argc, char **argv) {
    uint64_t fds[2], ids[1], given[2];
    size_t length = 4;
    char text[4] = "ping";
    if (ckb_pipe(fds) != 0) return 1;
    given[0] = fds[0];
    given[1] = 0;
    const char *arguments[1] = {"x"};
    if (ckb_spawn_program(PROGRAM_child, 1, arguments, given, ids) != 0) return 2;
    if (ckb_write(fds[1], text, &length) != 0) return 3;
    int8_t code = 0;
    if (ckb_wait(ids[0], &code) != 0) return 4;
    return code;
}
"""
C_CHILD = """
#include "spawnlab.h"
int main(int argc, char **argv) {
    uint64_t fds[4];
    size_t count = 4, length = 4;
    char text[4], big[256];
    memset(big, 3, sizeof big);
    if (ckb_inherited_fds(fds, &count) != 0 || count != 1) return 1;
    if (ckb_read(fds[0], text, &length) != 0) return 2;
    return memcmp(text, "ping", 4) == 0 && argc == 1 && argv[0][0] == 'x' ? 40 + big[255] : 3;
}
"""


@NEEDS_C
def test_c_in_the_file_and_beside_it(tmp_path: Path) -> None:
    text = f"[programs.root]\nc = '''{C_RING}'''\n[programs.child]\nsource = 'child.c'\n"
    file = scenario(tmp_path, text + "[expect]\nexit_code = 43", child__c=C_CHILD)
    run = spawnlab.run(file)
    assert run.unmet == ()


@NEEDS_C
@pytest.mark.parametrize("version", [0, 1, 2])
def test_c_for_each_version(tmp_path: Path, version: int) -> None:
    text = '#include "spawnlab.h"\nint main(int argc, char **argv) { return ckb_vm_version(); }\n'
    file = scenario(tmp_path, f"version = {version}\n[programs.root]\nc = '''{text}'''\n")
    outcome = spawnlab.run(file).outcome
    if version == 0:  # main is called, but there is no such call
        assert outcome.failure is not None
        assert outcome.failure.debug == "InvalidEcall(2041)"
    else:
        assert outcome.exit_code == version


@NEEDS_C
@pytest.mark.parametrize("version", [0, 1, 2])
def test_c_whose_variables_are_all_zero(tmp_path: Path, version: int) -> None:
    """Nothing of its data is in the file: its pages are not those of the code all the same."""
    text = (
        '#include "spawnlab.h"\nstatic volatile uint64_t x[9999];\nint main(int c, char **v) { x[9] = 7; return x[9]; }'
    )
    file = scenario(tmp_path, f"version = {version}\n[programs.root]\nsource = 'x.c'", x__c=text)
    assert spawnlab.run(file).outcome.exit_code == 7


@NEEDS_C
def test_equal_c_gives_equal_programs_wherever_it_lies(tmp_path: Path) -> None:
    made: list[bytes] = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        file = scenario(
            folder, "[programs.root]\nsource = 'child.c'\n[programs.child]\nc = '''" + C_CHILD + "'''", child__c=C_CHILD
        )
        made += [code.elf for code in spawnlab.load(file).codes]
    assert made[0] == made[2]
    assert made[1] == made[3]


@NEEDS_C
def test_an_error_in_c_is_the_compilers(tmp_path: Path) -> None:
    file = scenario(tmp_path, "[programs.root]\nc = '''int main() { return x; }'''")
    assert "$.programs.root.c: does not compile:\n  root.c:1:21: error: use of undeclared identifier 'x'" in error_of(
        file
    )


def test_c_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(name: str) -> None:
        assert name == "ziglang"

    monkeypatch.setattr("spawnlab.scenarios.c.importlib.util.find_spec", find_spec)
    file = scenario(tmp_path, "[programs.root]\nc = 'int main() { return 0; }'")
    assert f"C needs a compiler: {install_words('c')}" in error_of(file)


PYTHON = """
async def root(vm):
    child = await vm.spawn("child")
    return await child.wait()

def no_coroutine(vm):
    return 0
"""


def test_a_python_function(tmp_path: Path) -> None:
    file = scenario(
        tmp_path,
        "[programs.root]\npython = 'ring.py:root'\n[programs.child]\nsteps = [{ op = 'exit', code = 5 }]\n"
        "[expect]\nexit_code = 5",
        ring__py=PYTHON,
    )
    assert spawnlab.run(file).unmet == ()
    assert spawnlab.run_synchronously(file).unmet == ()
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("ring.py:rot", "ring.py has no async def function 'rot'; did you mean 'root'?"),
        ("ring.py:no_coroutine", "ring.py has no async def function 'no_coroutine'; known: root"),
        ("ring.py", "'ring.py' is not FILE.py:NAME"),
        ("ring:root", "'ring:root' is not FILE.py:NAME"),
        ("gone.py:root", "gone.py: there is no such file"),
        ("broken.py:root", "broken.py: ZeroDivisionError: division by zero"),
        ("syntax.py:root", "syntax.py: SyntaxError: '(' was never closed (syntax.py, line 1)"),
    ],
)
def test_python_functions_that_are_none(tmp_path: Path, reference: str, expected: str) -> None:
    file = scenario(
        tmp_path,
        f"[programs.root]\npython = '{reference}'",
        ring__py=PYTHON,
        broken__py="1 / 0",
        syntax__py="async def root(vm:",
    )
    assert f"s.toml:2: $.programs.root.python: {expected}" in error_of(file)


def test_a_run_with_other_forms_is_suspended_and_gone_on_with(tmp_path: Path) -> None:
    """What was compiled or read is in the file of the suspended run; assembly is made again from its text."""
    file = scenario(
        tmp_path,
        ASM_PARENT.replace("ld a0, id", "la t0, id\n    ld a0, 0(t0)"),
        child__s="li a0, 7\nli a7, SYS_EXIT\necall\n",
    )
    first = spawnlab.run(file, suspend_at=2000)
    assert first.saved is not None
    (tmp_path / "child.s").unlink()
    saved = spawnlab.SavedRun.from_bytes(first.saved.to_bytes())
    assert spawnlab.run(saved).unmet == ()


def test_elf_files_by_name(tmp_path: Path) -> None:
    (tmp_path / "p.elf").write_bytes(assemble("li a0, 3\nli a7, 93\necall").elf())
    file = scenario(tmp_path, "[programs.root]\nelf = 'p.elf'\n[expect]\nexit_code = 3")
    assert spawnlab.run(file).as_expected


def test_equal_operations_are_assembled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of scenarios that are tried one after the other most programs are the same."""
    texts: list[str] = []

    def counted(text: str) -> assembled.Program:
        texts.append(text)
        return assemble(text)

    monkeypatch.setattr("spawnlab.scenarios.programs.assemble", counted)
    programs = {name: Program(steps=(Log(text=f"once, by {name}"),)) for name in ("root", "a", "b")}
    first, again = (spawnlab.build(Scenario(programs=programs)) for _ in range(2))
    assert len(texts) == 3
    assert first.codes == again.codes
    other = {**programs, "a": Program(steps=(Log(text="twice"),))}
    assert spawnlab.build(Scenario(programs=other)).codes[1] != first.codes[1]
    assert len(texts) == 4
