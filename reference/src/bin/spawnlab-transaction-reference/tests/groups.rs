//! Which groups there are, in which order they run, and how one is run alone.

use super::made::{
    bytes, dep, dep_group, hash, input, of_data, output, program, script, transaction,
    EXIT_MINUS_THREE, EXIT_ZERO, PRINT_HI, TYPE_ID,
};
use super::verified;
use serde_json::{json, Value};

/// Two locks and two types of one printing program.
fn printing() -> Value {
    let program = program(PRINT_HI);
    let script = |args: &str| of_data(&program, "data2", args);
    let inputs = [
        input(0, script("01"), script("03")),
        input(1, script("02"), Value::Null),
        input(2, script("01"), script("04")),
    ];
    let outputs = [
        output(Value::Null),
        output(script("04")),
        output(script("03")),
    ];
    transaction(&inputs, &[dep(0, &program)], &outputs)
}

#[test]
fn locks_run_before_types_each_by_hash() {
    let outcome = verified(&printing(), json!({}));
    let groups = outcome["groups"].as_array().unwrap();
    let of_kind = |kind: &str| {
        let groups = groups.iter().filter(|group| group["group"] == kind);
        let members = |group: &Value| {
            (
                group["script_hash"].as_str().unwrap().to_string(),
                group["input_indices"].clone(),
                group["output_indices"].clone(),
            )
        };
        groups.map(members).collect::<Vec<_>>()
    };
    let (locks, types) = (of_kind("lock"), of_kind("type"));
    assert_eq!((locks.len(), types.len()), (2, 2));
    assert!(groups[..2].iter().all(|group| group["group"] == "lock"));
    assert!(locks[0].0 < locks[1].0 && types[0].0 < types[1].0);
    let lock_inputs: Vec<_> = locks.iter().map(|(_, inputs, _)| inputs).collect();
    assert!(lock_inputs.contains(&&json!([0, 2])) && lock_inputs.contains(&&json!([1])));
    let of_types: Vec<_> = types
        .iter()
        .map(|(_, i, o)| (i.clone(), o.clone()))
        .collect();
    assert!(of_types.contains(&(json!([0]), json!([2]))));
    assert!(of_types.contains(&(json!([2]), json!([1]))));
    let printed: Vec<_> = groups
        .iter()
        .map(|g| json!([g["script_hash"], "hi"]))
        .collect();
    assert_eq!(outcome["debug"], Value::Array(printed));
}

#[test]
fn each_group_can_run_alone() {
    let whole = verified(&printing(), json!({}));
    let outcome = verified(&printing(), json!({"mode": "groups"}));
    assert_eq!(outcome["cycles"], whole["cycles"]);
    assert_eq!(outcome["debug"], whole["debug"]);
    for group in outcome["groups"].as_array().unwrap() {
        let (kind, hash) = (&group["group"], &group["script_hash"]);
        let single = json!({"single": {"group": kind, "hash": hash}});
        let single = verified(&printing(), json!({"mode": single}));
        assert_eq!(single["cycles"], group["cycles"]);
        assert_eq!(group["debug"], json!([[hash, "hi"]]));
        assert_eq!(
            (&group["status"], &group["exit_code"]),
            (&json!("ok"), &json!(0))
        );
    }
}

#[test]
fn a_failing_group_does_not_stop_the_others() {
    let (good, bad) = (program(EXIT_ZERO), program(EXIT_MINUS_THREE));
    let inputs = [
        input(0, of_data(&good, "data1", ""), of_data(&bad, "data1", "")),
        input(1, of_data(&bad, "data1", ""), of_data(&good, "data1", "")),
    ];
    let transaction = transaction(&inputs, &[dep(0, &good), dep(1, &bad)], &[]);
    let outcome = verified(&transaction, json!({"mode": "groups"}));
    let groups = outcome["groups"].as_array().unwrap();
    let mut failures = groups.iter().filter(|group| group["status"] == "error");
    let first = failures.next().unwrap();
    assert_eq!(failures.count(), 1);
    assert_eq!(
        (&first["exit_code"], &first["cycles"]),
        (&json!(-3), &json!(539))
    );
    for part in ["status", "where", "error", "source", "cause"] {
        assert_eq!(outcome[part], first[part]);
    }
    assert_eq!(outcome["source"], "Inputs[1].Lock");
}

#[test]
fn an_unknown_group_is_not_found() {
    let hash = format!("0x{}", "11".repeat(32));
    let mode = json!({"single": {"group": "type", "hash": hash}});
    let outcome = verified(&printing(), json!({"mode": mode}));
    assert_eq!(outcome["where"], "group");
    assert_eq!(
        outcome["error"],
        format!("ScriptNotFound: code_hash: Byte32({hash})")
    );
    assert_eq!(outcome.get("source"), None);
}

#[test]
fn what_is_left_for_a_group_is_told() {
    let whole = verified(&printing(), json!({}))["cycles"].as_u64().unwrap();
    let outcome = verified(&printing(), json!({"max_cycles": whole - 1}));
    let left = whole / 4 - 1;
    let cause = format!("ExceededMaximumCycles: expect cycles <= {left}");
    assert_eq!(outcome["cause"], cause);
    let last = &outcome["groups"][3]["input_indices"][0];
    assert_eq!(outcome["source"], format!("Inputs[{last}].Type"));
    // Alone, each has all of them.
    let alone = verified(
        &printing(),
        json!({"max_cycles": whole / 4, "mode": "groups"}),
    );
    assert_eq!(alone["status"], "ok");
}

#[test]
fn programs_are_found_among_expanded_deps() {
    let (good, other) = (program(EXIT_ZERO), program(EXIT_MINUS_THREE));
    let inputs = [input(0, of_data(&good, "data2", ""), Value::Null)];
    let deps = [
        dep_group(0, &[1, 2]),
        dep(1, &other),
        dep(2, &other),
        dep(3, &good),
    ];
    let mut transaction = transaction(&inputs, &deps, &[]);
    transaction["tx"]["cell_deps"] = json!([deps[0]["cell_dep"], deps[3]["cell_dep"]]);
    let outcome = verified(&transaction, json!({}));
    assert_eq!(outcome["groups"][0]["dep_index"], 2);
    let cell = |index: u32| json!([format!("0x{}", "aa".repeat(32)), index]);
    assert_eq!(
        outcome["resolved_cell_deps"],
        json!([cell(1), cell(2), cell(3)])
    );
    assert_eq!(outcome["resolved_dep_groups"], json!([cell(0)]));
}

#[test]
fn the_type_id_is_built_in() {
    let program = program(EXIT_ZERO);
    let spent = input(0, of_data(&program, "data2", ""), Value::Null);
    let made = |args: &str, max: u64| {
        let outputs = [output(script(TYPE_ID, "type", args))];
        let transaction = transaction(std::slice::from_ref(&spent), &[dep(0, &program)], &outputs);
        verified(&transaction, json!({"max_cycles": max}))
    };
    // The input, then the index of the output.
    let first = "00".repeat(8) + &"bb".repeat(32) + &"00".repeat(4) + &"00".repeat(8);
    let args = hash(&bytes(&first))[2..].to_string();
    let outcome = made(&args, 1_000_539);
    assert_eq!(outcome["cycles"], 1_000_539);
    let group = &outcome["groups"][1];
    assert_eq!(
        (&group["type_id"], group.get("version")),
        (&json!(true), None)
    );
    let outcome = made(&args, 1_000_538);
    assert_eq!(
        outcome["cause"],
        "ExceededMaximumCycles: expect cycles <= 999999"
    );
    let outcome = made(&"00".repeat(32), 1_000_539);
    assert_eq!(
        (&outcome["where"], &outcome["source"]),
        (&json!("script"), &json!("Outputs[0].Type"))
    );
    assert!(outcome["cause"].as_str().unwrap().ends_with("#-3"));
}
