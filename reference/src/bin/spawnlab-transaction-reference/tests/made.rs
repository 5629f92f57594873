//! Programs and transactions for tests, as mock transactions in JSON.

use ckb_hash::blake2b_256;
use serde_json::{json, Value};

/// An ELF file of one segment: its header up to the segment's two sizes; then follow the
/// alignment and the program.
const ELF_HEADER: &str = "\
    7f454c460201010000000000000000000200f300010000007800010000000000400000000000000000000000\
    0000000000000000400038000100000000000000010000000500000000000000000000000000010000000000\
    0000010000000000";
const ELF_HEADER_SIZE: usize = 120;

/// a0 = 0, a7 = 93, ecall
pub const EXIT_ZERO: &str = "130500009308d00573000000";
/// a0 = -3, a7 = 93, ecall
pub const EXIT_MINUS_THREE: &str = "1305d0ff9308d00573000000";
/// debug with the text behind the code, which lies at 0x10098, then as above
pub const PRINT_HI: &str = "\
    3705010013058509b71800009388188873000000\
    130500009308d0057300000068690000";
/// Counts down from 4096 in t0, then as above: 16388 cycles more.
pub const COUNT: &str = "b71200009382f2ffe39e02fe130500009308d00573000000";
/// A pause by system call 2178, then as above
pub const PAUSE: &str = "b7180000938828887300000013050000\
    9308d00573000000";
/// A jump to itself.
pub const FOREVER: &str = "6f000000";

/// Of the script that the crates carry themselves.
pub const TYPE_ID: &str = "0x00000000000000000000000000000000000000000000000000545950455f4944";

/// The ELF file as hex digits.
pub fn program(code: &str) -> String {
    let size = ((ELF_HEADER_SIZE + code.len() / 2) as u64).swap_bytes();
    format!("{ELF_HEADER}{size:016x}{size:016x}0010000000000000{code}")
}

pub fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

pub fn hash(data: &[u8]) -> String {
    "0x".to_string() + &shared::digest::hex(&blake2b_256(data))
}

pub fn script(code_hash: &str, hash_type: &str, args: &str) -> Value {
    json!({"code_hash": code_hash, "hash_type": hash_type, "args": format!("0x{args}")})
}

/// The script that is found by the data of the program.
pub fn of_data(program: &str, hash_type: &str, args: &str) -> Value {
    script(&hash(&bytes(program)), hash_type, args)
}

pub fn output(type_: Value) -> Value {
    let zero = "0x".to_string() + &"00".repeat(32);
    json!({"capacity": "0x3e8", "lock": script(&zero, "data", ""), "type": type_})
}

/// An input with its cell.
pub fn input(index: u32, lock: Value, type_: Value) -> Value {
    json!({
        "input": {"since": "0x0", "previous_output": out_point("bb", index)},
        "output": {"capacity": "0x174876e800", "lock": lock, "type": type_},
        "data": "0x", "header": null,
    })
}

pub fn dep(index: u32, data: &str) -> Value {
    json!({
        "cell_dep": {"out_point": out_point("aa", index), "dep_type": "code"},
        "output": output(Value::Null),
        "data": format!("0x{data}"), "header": null,
    })
}

/// A cell that stands for the deps of these indices.
pub fn dep_group(index: u32, members: &[u32]) -> Value {
    let mut data = format!("{:08x}", (members.len() as u32).swap_bytes());
    for member in members {
        data += &"aa".repeat(32);
        data += &format!("{:08x}", member.swap_bytes());
    }
    let mut dep = dep(index, &data);
    dep["cell_dep"]["dep_type"] = json!("dep_group");
    dep
}

pub fn out_point(byte: &str, index: u32) -> Value {
    json!({"tx_hash": format!("0x{}", byte.repeat(32)), "index": format!("{index:#x}")})
}

/// A transaction that names all of these. The outputs have no data.
pub fn transaction(inputs: &[Value], deps: &[Value], outputs: &[Value]) -> Value {
    let member = |cells: &[Value], name: &str| -> Vec<Value> {
        cells.iter().map(|cell| cell[name].clone()).collect()
    };
    json!({
        "mock_info": {"inputs": inputs, "cell_deps": deps, "header_deps": []},
        "tx": {
            "version": "0x0",
            "cell_deps": member(deps, "cell_dep"),
            "header_deps": [],
            "inputs": member(inputs, "input"),
            "outputs": outputs,
            "outputs_data": vec!["0x"; outputs.len()],
            "witnesses": [],
        },
    })
}
