//! What fails, where, and what the crates say.

use super::made::{
    dep, dep_group, input, of_data, out_point, program, transaction, EXIT_MINUS_THREE, EXIT_ZERO,
};
use super::{verified, worked_example};
use serde_json::{json, Value};

fn changed(change: impl Fn(&mut Value)) -> Value {
    let mut transaction = worked_example();
    change(&mut transaction);
    verified(&transaction, json!({}))
}

#[test]
fn what_is_no_mock_transaction() {
    for (pointer, value, words) in [
        ("/tx/version", json!("0x01"), "redundant leading zeros"),
        ("/tx/hash", json!("0x"), "unknown field `hash`"),
        (
            "/mock_info/cell_deps/0/data",
            json!("0x0"),
            "expected even length",
        ),
        ("/mock_info/inputs", Value::Null, "expected a sequence"),
    ] {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let outcome = changed(|tx| tx.pointer_mut(parent).unwrap()[name] = value.clone());
        assert_eq!(outcome["where"], "json");
        let error = outcome["error"].as_str().unwrap();
        assert!(error.contains(words), "{error}");
        assert_eq!(outcome.get("tx_hash"), None);
    }
}

#[test]
fn a_member_twice_is_refused() {
    let text = json!({"tx": worked_example()}).to_string();
    let twice = text.replace(r#""version":"0x0""#, r#""version":"0x0","version":"0x0""#);
    let outcome = &super::answers_on(Default::default(), &twice)[0];
    assert_eq!(outcome["where"], "json");
    let error = outcome["error"].as_str().unwrap();
    assert!(error.starts_with("duplicate field `version`"), "{error}");
}

#[test]
fn what_the_mock_transaction_lacks() {
    let cell = |byte: &str| {
        let out_point = byte.repeat(32);
        format!("Cell: OutPoint(0x{out_point}00000000) is missing!")
    };
    let since = |tx: &mut Value| tx["tx"]["inputs"][0]["since"] = json!("0x1");
    assert_eq!(changed(since)["error"], cell("bb"));
    let no_deps = |tx: &mut Value| tx["mock_info"]["cell_deps"] = json!([]);
    let outcome = changed(no_deps);
    assert_eq!(outcome["error"], cell("aa"));
    assert_eq!(outcome["where"], "mock");
    assert!(outcome["tx_hash"].is_string());
    let hash = "11".repeat(32);
    let header = |tx: &mut Value| tx["tx"]["header_deps"] = json!([format!("0x{hash}")]);
    assert_eq!(
        changed(header)["error"],
        format!("Header {hash} is missing!")
    );
}

#[test]
fn what_cannot_be_resolved() {
    let twice = |tx: &mut Value| {
        let input = tx["tx"]["inputs"][0].clone();
        tx["tx"]["inputs"] = json!([input, input]);
    };
    let outcome = changed(twice);
    let cause = format!("Dead(OutPoint(0x{}00000000))", "bb".repeat(32));
    assert_eq!(outcome["where"], "resolve");
    assert_eq!(outcome["cause"], cause);
    assert_eq!(outcome["cause_variant"], "Dead");
    assert_eq!(outcome["error"], format!("OutPoint({cause})"));
    assert_eq!(outcome["error_kind"], "OutPoint");
}

#[test]
fn dep_groups_have_members_but_not_too_many() {
    let program = program(EXIT_ZERO);
    let lock = of_data(&program, "data2", "");
    let with_members = |members: &[u32]| {
        let deps = [dep_group(0, members), dep(1, &program)];
        let transaction = transaction(&[input(0, lock.clone(), Value::Null)], &deps, &[]);
        verified(&transaction, json!({}))
    };
    assert_eq!(with_members(&[])["cause_variant"], "InvalidDepGroup");
    assert_eq!(with_members(&[2])["where"], "mock");
    let outcome = with_members(&[1; 2047]);
    assert_eq!(outcome["resolved_cell_deps_count"], 2048);
    assert_eq!(outcome["groups"][0]["dep_index"], 2047);
    let outcome = with_members(&[1; 2048]);
    assert_eq!(outcome["cause_variant"], "OverMaxDepExpansionLimit");
}

#[test]
fn a_script_that_fails_is_named() {
    let failing = program(EXIT_MINUS_THREE);
    let script = of_data(&failing, "data1", "");
    let inputs = [
        input(0, of_data(&program(EXIT_ZERO), "data1", ""), Value::Null),
        input(1, of_data(&program(EXIT_ZERO), "data1", ""), script.clone()),
    ];
    let deps = [dep(0, &failing), dep(1, &program(EXIT_ZERO))];
    let outcome = verified(&transaction(&inputs, &deps, &[]), json!({}));
    let code_hash = &script["code_hash"].as_str().unwrap()[2..];
    let cause = format!(
        "ValidationFailure: see error code -3 on page https://nervosnetwork.github.io/\
         ckb-script-error-codes/by-data-hash/{code_hash}.html#-3"
    );
    assert_eq!(outcome["where"], "script");
    assert_eq!(outcome["source"], "Inputs[1].Type");
    assert_eq!(outcome["cause"], cause);
    assert_eq!(
        outcome["error"],
        format!("Script(TransactionScriptError {{ source: Inputs[1].Type, cause: {cause} }})")
    );
}

#[test]
fn a_group_without_its_program_was_not_run() {
    let outcome = changed(|tx| tx["tx"]["cell_deps"] = json!([]));
    assert_eq!(outcome["where"], "group");
    assert_eq!(outcome["source"], "Inputs[0].Lock");
    assert_eq!(outcome["cause_variant"], "ScriptNotFound");
    let group = &outcome["groups"][0];
    assert_eq!(group["program_error"], outcome["cause"]);
    assert_eq!(
        (&group["version"], group.get("dep_index")),
        (&json!(2), None)
    );
}

/// Nothing is run for it, though the mock transaction must have its input.
#[test]
fn a_cellbase_has_no_groups() {
    let base = |witnesses: &Value| {
        changed(|tx| {
            for pointer in ["/tx/inputs/0", "/mock_info/inputs/0/input"] {
                let input = tx.pointer_mut(pointer).unwrap();
                input["previous_output"] = out_point("00", u32::MAX);
            }
            tx["tx"]["witnesses"] = witnesses.clone();
        })
    };
    let cellbase = base(&json!(["0x"]));
    assert_eq!(
        (&cellbase["status"], &cellbase["cycles"]),
        (&json!("ok"), &json!(0))
    );
    assert_eq!(cellbase["groups"], json!([]));
    assert_eq!(base(&json!([]))["cycles"], 539);
}
