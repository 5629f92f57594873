//! Which version a script has, and from when on.

use super::made::{bytes, dep, input, of_data, program, script, transaction, EXIT_ZERO};
use super::verified;
use ckb_types::packed::Script;
use ckb_types::prelude::*;
use serde_json::{json, Value};

/// The number of the version or the variant of the error.
fn version(lock: Value, deps: &[Value], more: Value) -> Value {
    let transaction = transaction(&[input(0, lock, Value::Null)], deps, &[]);
    let outcome = verified(&transaction, more);
    let version = outcome["groups"][0]["version"].clone();
    if version.is_null() {
        assert_eq!(outcome["where"], "group");
        assert_eq!(outcome["groups"][0]["version_error"], outcome["cause"]);
        outcome["cause_variant"].clone()
    } else {
        assert_eq!(outcome["status"], "ok", "{outcome}");
        version
    }
}

fn by_data(hash_type: &str, more: Value) -> Value {
    let program = program(EXIT_ZERO);
    version(of_data(&program, hash_type, ""), &[dep(0, &program)], more)
}

/// By the type of the cell that has the program.
fn by_type(more: Value) -> Value {
    let type_ = script(&format!("0x{}", "00".repeat(32)), "data", "07");
    let hash = Script::new_builder()
        .args(bytes("07"))
        .build()
        .calc_script_hash();
    let mut dep = dep(0, &program(EXIT_ZERO));
    dep["output"]["type"] = type_;
    version(script(&format!("{hash:#x}"), "type", ""), &[dep], more)
}

#[test]
fn all_may_be_used_by_default() {
    assert_eq!(by_data("data", json!({})), 0);
    assert_eq!(by_data("data1", json!({})), 1);
    assert_eq!(by_data("data2", json!({})), 2);
    assert_eq!(by_type(json!({})), 2);
    assert_eq!(by_data("data3", json!({})), "InvalidScriptHashType");
}

#[test]
fn the_epoch_decides() {
    for (number, newest) in [(19, 0), (20, 1), (29, 1), (30, 2)] {
        let more = json!({"epoch": {"number": number}});
        assert_eq!(by_type(more.clone()), newest);
        for (version, hash_type) in [(1, "data1"), (2, "data2")] {
            let expected = match version <= newest {
                true => json!(version),
                false => json!("InvalidVmVersion"),
            };
            assert_eq!(by_data(hash_type, more.clone()), expected);
        }
    }
}

#[test]
fn a_transaction_under_way_is_one_block_ahead() {
    let at = |index: u64, phase: &str| {
        by_type(json!({"epoch": {"number": 19, "index": index, "length": 10}, "phase": phase}))
    };
    assert_eq!(at(9, "committed"), 0);
    for phase in ["submitted", "proposed"] {
        assert_eq!((at(8, phase), at(9, phase)), (json!(0), json!(1)));
    }
}

#[test]
fn forks_can_be_moved() {
    assert_eq!(by_type(json!({"forks": [36, 36]})), 0);
    assert_eq!(by_type(json!({"forks": [35, 36]})), 1);
    assert_eq!(
        by_data("data2", json!({"epoch": {"number": 0}, "forks": [9, 0]})),
        2
    );
}
