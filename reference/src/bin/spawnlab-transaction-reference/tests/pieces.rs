//! Verifying piece by piece.

use super::made::{
    dep, input, of_data, output, program, script, transaction, COUNT, FOREVER, PAUSE, TYPE_ID,
};
use super::verified;
use serde_json::{json, Value};

/// Of one of the three groups.
const CYCLES: u64 = 16_927;

/// Three groups that count.
fn counting() -> Value {
    let program = program(COUNT);
    let lock = |args: &str| of_data(&program, "data2", args);
    let inputs = ["01", "02", "03"]
        .iter()
        .zip(0..)
        .map(|(args, index)| input(index, lock(args), Value::Null));
    transaction(&inputs.collect::<Vec<_>>(), &[dep(0, &program)], &[])
}

fn forever() -> Value {
    let program = program(FOREVER);
    let inputs = [input(0, of_data(&program, "data2", ""), Value::Null)];
    transaction(&inputs, &[dep(0, &program)], &[])
}

fn resumed(limits: Value, max: u64) -> Value {
    let mode = json!({"resumable": {"step": 10_000, "limits": limits}});
    verified(&counting(), json!({"mode": mode, "max_cycles": max}))
}

/// The group, the cycles of those before it, and the limit it had.
fn places(outcome: &Value) -> Vec<(u64, u64, u64)> {
    let place = |state: &Value| {
        let number = |name: &str| state[name].as_u64().unwrap();
        (
            number("current"),
            number("current_cycles"),
            number("limit_cycles"),
        )
    };
    let states = outcome["suspends"].as_array().unwrap();
    states.iter().map(place).collect()
}

#[test]
fn the_sum_does_not_depend_on_the_pieces() {
    let whole = verified(&counting(), json!({}));
    assert_eq!(whole["cycles"], 3 * CYCLES);
    for limits in [json!([]), json!([1, 30_000]), json!("next")] {
        let outcome = resumed(limits, 60_000);
        assert_eq!(outcome["cycles"], whole["cycles"]);
        assert_eq!(outcome["groups"], whole["groups"]);
        for state in outcome["suspends"].as_array().unwrap() {
            let group = state["current"].as_u64().unwrap();
            assert_eq!(state["current_cycles"], group * CYCLES);
            assert_eq!(state["scheduler"]["next_vm_id"], 1);
        }
    }
}

#[test]
fn a_later_group_has_what_the_first_of_the_piece_left() {
    let outcome = resumed(json!([CYCLES * 2]), 60_000);
    let used = outcome["suspends"][0]["scheduler"]["total_cycles"]
        .as_u64()
        .unwrap();
    assert!(used <= 10_000);
    // The rest of the first group, all of the second, and so much of the third.
    assert_eq!(places(&outcome), [(0, 0, 10_000), (2, 2 * CYCLES, used)]);
}

#[test]
fn proposed_limits_grow_up_to_what_is_left() {
    let outcome = resumed(json!("next"), 60_000);
    let states = outcome["suspends"].as_array().unwrap();
    assert_eq!(states[0]["next_limit"], json!([20_000, false]));
    let mode = json!({"resumable": {"step": 10_000, "limits": "next"}});
    let outcome = verified(&forever(), json!({"mode": mode, "max_cycles": 25_000}));
    assert_eq!(
        places(&outcome),
        [(0, 0, 10_000), (0, 0, 20_000), (0, 0, 25_000)]
    );
    assert_eq!(outcome["suspends"][1]["next_limit"], json!([25_000, true]));
    assert_eq!(outcome["stop_reason"], "max_cycles passed");
}

#[test]
fn what_never_ends_is_stopped() {
    let mode = json!({"resumable": {"step": 1000}});
    let outcome = verified(&forever(), json!({"mode": mode, "max_suspends": 3}));
    assert_eq!(outcome["stop_reason"], "max_suspends");
    assert_eq!(outcome["suspends_count"], 3);
    let outcome = verified(&forever(), json!({"mode": mode, "max_cycles": 5000}));
    assert_eq!(outcome["stop_reason"], "max_cycles passed");
    let mode = json!({"resumable": {"step": 0, "limits": [0]}});
    let outcome = verified(&forever(), json!({"mode": mode}));
    assert_eq!(outcome["stop_reason"], "no progress");
    // Those after the step, after the given limit and after the step again.
    assert_eq!(outcome["suspends_count"], 3);
}

#[test]
fn a_script_raises_a_pause_where_the_case_says_so() {
    let program = program(PAUSE);
    let inputs = [input(0, of_data(&program, "data2", ""), Value::Null)];
    let transaction = transaction(&inputs, &[dep(0, &program)], &[]);
    let with = |debug_pause: Value| {
        let mode = json!({"resumable": {"step": 100_000}});
        verified(
            &transaction,
            json!({"mode": mode, "debug_pause": debug_pause}),
        )
    };
    let [without, skipped, paused] = [json!(null), json!("skip"), json!("suspend")].map(with);
    assert!(without["cause"]
        .as_str()
        .unwrap()
        .contains("InvalidEcall(2178)"));
    assert_eq!(skipped["suspends_count"], 0);
    assert_eq!(paused["suspends_count"], 1);
    assert_eq!(paused["cycles"], skipped["cycles"]);
}

/// Nothing is kept of it.
#[test]
fn a_type_id_is_suspended_without_a_scheduler() {
    let outputs = [output(script(TYPE_ID, "type", &"00".repeat(32)))];
    let transaction = transaction(&[], &[], &outputs);
    let mode = json!({"resumable": {"step": 999_999, "limits": [1_000_000]}});
    let outcome = verified(&transaction, json!({"mode": mode}));
    assert_eq!(outcome["suspends"][0]["scheduler"], Value::Null);
    assert_eq!(outcome["suspends"][0]["limit_cycles"], 999_999);
    assert!(outcome["cause"].as_str().unwrap().ends_with("#-1"));
}

fn completed(step: u64, max: u64) -> Value {
    let mode = json!({"complete": {"step": step}});
    verified(&counting(), json!({"mode": mode, "max_cycles": max}))
}

#[test]
fn a_suspended_verification_is_completed() {
    let outcome = completed(10_000, 60_000);
    assert_eq!(
        (&outcome["cycles"], &outcome["suspends_count"]),
        (&json!(3 * CYCLES), &json!(1))
    );
    let outcome = completed(60_000, 60_000);
    assert_eq!(
        (&outcome["cycles"], &outcome["suspends_count"]),
        (&json!(3 * CYCLES), &json!(0))
    );
}

#[test]
fn there_may_be_pieces_before_it_is_completed() {
    let mode = json!({"complete": {"step": 10_000, "limits": [20_000, 1_000]}});
    let outcome = verified(&counting(), json!({"mode": mode, "max_cycles": 60_000}));
    assert_eq!(outcome["cycles"], 3 * CYCLES);
    let used = places(&outcome)[1].2;
    assert_eq!(
        places(&outcome),
        [(0, 0, 10_000), (1, CYCLES, used), (1, CYCLES, 1_000)]
    );
}

/// The limit of the group that was suspended counts from there on. What it had used comes on top.
#[test]
fn completing_can_use_more_than_the_limit() {
    let outcome = completed(2 * CYCLES + 5_000, 3 * CYCLES - 1_000);
    assert_eq!(outcome["cycles"], 3 * CYCLES);
    let outcome = completed(10_000, 3 * CYCLES - 1_000);
    assert_eq!(
        outcome["cause"],
        format!(
            "ExceededMaximumCycles: expect cycles <= {}",
            3 * CYCLES - 1_000
        )
    );
    let outcome = completed(10_000, 10_000);
    assert_eq!(
        outcome["cause"],
        format!("Other Error: expect invalid cycles 10000 {CYCLES}")
    );
}
