//! Verifying while commands arrive. No outcome may depend on when they do.

use super::made::{dep, input, of_data, program, transaction, COUNT, FOREVER};
use super::verified;
use serde_json::{json, Value};

fn signalled(code: &str, steps: Value) -> Value {
    let program = program(code);
    let lock = |args: &str| of_data(&program, "data2", args);
    let inputs = [
        input(0, lock("01"), Value::Null),
        input(1, lock("02"), Value::Null),
    ];
    let transaction = transaction(&inputs, &[dep(0, &program)], &[]);
    let more = json!({"mode": {"signal": steps}, "max_cycles": u64::MAX});
    verified(&transaction, more)
}

#[test]
fn suspending_does_not_change_the_cycles() {
    let whole = signalled(COUNT, json!([]));
    assert_eq!(whole["cycles"], 2 * 16_927);
    for wait in [0, 10, 100, 1000] {
        let steps = json!(["suspend", wait, "resume", wait, "suspend", wait, "resume"]);
        assert_eq!(signalled(COUNT, steps), whole);
    }
}

/// What is left of the steps is not waited for.
#[test]
fn the_end_of_the_verification_is_the_end() {
    let outcome = signalled(COUNT, json!([u64::MAX, "stop"]));
    assert_eq!(outcome["status"], "ok");
}

#[test]
fn what_never_ends_can_be_stopped() {
    for steps in [
        json!([5000, "stop"]),
        json!([1000, "suspend", 1000, "stop"]),
    ] {
        let outcome = signalled(FOREVER, steps);
        assert_eq!(outcome["error"], "Internal(Interrupts(VM Interrupts))");
        assert_eq!(
            (&outcome["where"], outcome.get("cause")),
            (&json!("script"), None)
        );
    }
}
