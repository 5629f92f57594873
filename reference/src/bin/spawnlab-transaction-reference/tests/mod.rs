//! Tests of whole cases.

mod errors;
mod groups;
mod made;
mod pieces;
mod signals;
mod versions;

use crate::options::Options;
use crate::server::Server;
use made::{dep, input, of_data, output, program, transaction, EXIT_ZERO};
use serde_json::{json, Value};
use shared::machine::MachineKind;

fn answers_on(machine: MachineKind, lines: &str) -> Vec<Value> {
    let options = Options {
        machine,
        ..Options::default()
    };
    let mut output = Vec::new();
    Server::new(options)
        .serve(lines.as_bytes(), &mut output)
        .unwrap();
    let output = String::from_utf8(output).unwrap();
    let lines = output.lines();
    lines.map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn answer(case: &Value) -> Value {
    answers_on(MachineKind::Asm, &case.to_string()).remove(0)
}

/// The outcome of a transaction; `more` has the other fields of the case.
fn verified(transaction: &Value, more: Value) -> Value {
    let mut case = more;
    case["tx"] = transaction.clone();
    answer(&case)
}

/// One cell is spent, whose lock is a program that exits with 0.
fn worked_example() -> Value {
    let program = program(EXIT_ZERO);
    let inputs = [input(0, of_data(&program, "data2", "0102"), Value::Null)];
    let mut transaction = transaction(&inputs, &[dep(0, &program)], &[output(Value::Null)]);
    transaction["tx"]["witnesses"] = json!(["0x11223344"]);
    transaction
}

#[test]
fn a_transaction_is_verified_on_both_machines() {
    let case = json!({"tx": worked_example()}).to_string();
    for machine in [MachineKind::Asm, MachineKind::Plain] {
        let outcome = &answers_on(machine, &case)[0];
        assert_eq!(outcome["status"], "ok");
        assert_eq!(outcome["cycles"], 539);
        assert_eq!(
            outcome["tx_hash"],
            "0x0f470d0d246e634c50fc4ccd69f9bdd5e6ed5d55c30398393eb13aefc1831aa6"
        );
        assert_eq!(
            outcome["groups"],
            json!([{
                "group": "lock", "version": 2, "dep_index": 0,
                "input_indices": [0], "output_indices": [],
                "script_hash":
                    "0xe861bf617645438da76a09966481f4e718a27f168395b34c6c6ccc572f787236",
            }])
        );
    }
}

#[test]
fn a_bad_case_does_not_stop_the_next() {
    let good = json!({"tx": worked_example()});
    let with = |name: &str, value: Value| {
        let mut case = good.clone();
        case[name] = value;
        case.to_string()
    };
    let bad = [
        "{".to_string(),
        "[]".to_string(),
        r#"{"mode": "verify"}"#.to_string(),
        with("max_cycles", json!("0x1")),
        with("max_cycles", json!(-1)),
        with("forks", json!([20])),
        with("epoch", json!({"number": 1 << 24})),
        with("epoch", json!({"number": 1, "length": 1 << 16})),
        with("phase", json!("pending")),
        with("mode", json!({"single": {"group": "lock"}})),
        with("mode", json!({"resumable": {"step": 1, "limits": "all"}})),
        with("mode", json!({"signal": []})),
        json!({"tx": {}, "mode": {"signal": ["suspend", 1]}, "max_cycles": 9}).to_string(),
    ];
    let outcomes = answers_on(
        MachineKind::Asm,
        &(bad.join("\n") + "\n\n" + &good.to_string()),
    );
    assert_eq!(outcomes.len(), bad.len() + 1);
    for (line, outcome) in bad.iter().zip(&outcomes) {
        assert!(outcome["bad_case"].is_string(), "{line}: {outcome}");
    }
    assert_eq!(outcomes[bad.len()]["status"], "ok");
}
