"""Args, witnesses, cells and headers of a scenario, as its programs find them."""

from __future__ import annotations

import pytest

import spawnlab
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scheduler.chain import DATA1, Script
from spawnlab.scheduler.hashing import data_hash

ONES, TWOS, THREES = "11" * 32, "22" * 32, "33" * 32
SMALLEST = "[programs.root]\nasm = 'li a7, SYS_EXIT; ecall'\n"


def built(text: str, programs: str = SMALLEST) -> spawnlab.Build:
    return spawnlab.build(parse_scenario(text + programs, ".toml"))


def error_of(text: str, programs: str = SMALLEST) -> str:
    with pytest.raises(spawnlab.ScenarioError) as caught:
        built(text, programs)
    return f"{caught.value.path}: {caught.value.message}"


def test_args_and_witnesses() -> None:
    group = built("args = '0x00ff'\nwitnesses = ['0x', 'text', '0x0102']\n").sg_data
    assert group.script.args == b"\x00\xff"
    assert group.resolved.transaction.witnesses == (b"", b"text", b"\1\2")


def test_cells() -> None:
    text = f"""
args = "a"
group = "type"
inputs = [
  {{ type = "this", data = "0x05", capacity = 7, since = 9 }},
  {{ out_point = {{ tx_hash = "0x{ONES}", index = 3 }} }},
]
outputs = [{{ lock = {{ program = "root", hash_type = "data1", args = "0x01" }} }}, {{ type = "this" }}]
cell_deps = [{{ data = "more", out_point = {{ tx_hash = "0x{TWOS}", index = 1 }} }}, {{ data = "0xaa", header = 0 }}]
header_deps = [{{ number = 12, epoch = 3, nonce = 5, dao = "0x{THREES}", extension = "0xbb" }}]
"""
    made = built(text)
    group = made.sg_data
    resolved = group.resolved
    assert (group.input_indices, group.output_indices) == ((0,), (1,))
    assert [cell.data for cell in resolved.cell_deps] == [made.codes[0].elf, b"more", b"\xaa"]
    first, second = resolved.inputs
    assert (first.data, first.output.capacity, first.output.type) == (b"\5", 7, group.script)
    assert resolved.transaction.inputs[0].since == 9
    assert (second.out_point.tx_hash, second.out_point.index) == (b"\x11" * 32, 3)
    assert resolved.outputs[0].output.lock == Script(data_hash(made.codes[0].elf), DATA1, b"\1")
    (dep,) = resolved.transaction.cell_deps
    assert (dep.out_point.tx_hash, dep.out_point.index) == (b"\x22" * 32, 1)
    ((block, header),) = resolved.headers.items()
    assert (header.number, header.epoch, header.nonce, header.dao) == (12, 3, 5, b"\x33" * 32)
    assert resolved.transaction.header_deps == (block,) == (header.hash(),)
    assert resolved.extensions == {block: b"\xbb"}
    assert resolved.cell_deps[2].block_hash == block


def test_a_program_reads_its_witness_and_args() -> None:
    programs = """
[programs.root]
asm = '''
    la a0, buffer
    la a1, size
    li a2, 0
    li a3, 1
    li a4, 1
    li a7, SYS_LOAD_WITNESS
    ecall
    bnez a0, leave
    la t0, buffer
    lbu a0, 1(t0)
leave:
    li a7, SYS_EXIT
    ecall
.data
size: .dword 8
buffer: .zero 8
'''
"""
    run = spawnlab.run(built("witnesses = ['none', '0x0029']\ninputs = [{}, {}]\n", programs))
    assert run.outcome.exit_code == 0x29


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("args = '0x0'", "$.args: not pairs of hexadecimal digits after 0x"),
        ("witnesses = ['', '0xzz']", "$.witnesses[1]: not pairs of hexadecimal digits after 0x"),
        ("inputs = [{ data = '0x1' }]", "$.inputs[0].data: not pairs of hexadecimal digits after 0x"),
        ("inputs = [{ capacity = 18446744073709551616 }]", "$.inputs[0].capacity: 18446744073709551616 is more than "),
        ("inputs = [{ lock = {} }]", "$.inputs[0].lock: give either program or code_hash"),
        (
            "outputs = [{ type = { program = 'rot' } }]",
            "$.outputs[0].type.program: there is no program 'rot'; did you mean 'root'?",
        ),
        (
            "outputs = [{ type = { program = 'root', hash_type = 'type' } }]",
            "$.outputs[0].type.hash_type: a program is found by the hash of its data",
        ),
        ("cell_deps = [{ header = 0 }]", "$.cell_deps[0].header: there are 0 header_deps"),
        ("header_deps = [{ version = 4294967296 }]", "$.header_deps[0].version: 4294967296 is more than 4,294,967,295"),
        ("header_deps = [{ extension = '0x1' }]", "$.header_deps[0].extension: not pairs"),
        ("header_deps = [{ dao = '0x11' }]", "$.header_deps[0].dao: Expected `str` matching regex"),
        ("inputs = [{ lok = 'this' }]", "$.inputs[0].lok: there is no such field here; did you mean 'lock'?"),
        ("inputs = [{ lock = 'that' }]", "$.inputs[0].lock: Invalid enum value 'that'"),
        ("group = 'look'", "$.group: Invalid enum value 'look'"),
    ],
)
def test_mistakes(text: str, expected: str) -> None:
    assert error_of(text + "\n").startswith(expected)


def test_a_code_hash() -> None:
    made = built(f"outputs = [{{ lock = {{ code_hash = '0x{'44' * 32}', hash_type = 'type' }} }}]\n")
    assert made.sg_data.resolved.outputs[0].output.lock.code_hash == b"\x44" * 32
