//! The outcome of a case as JSON.

use crate::digest::{hex, sha256_hex};
use crate::run::{End, Report, Steps};
use ckb_script::types::SgData;
use ckb_types::prelude::*;
use serde_json::{json, Value};

/// Lists with more entries than this, or longer than `CUT_SIZE`, are cut.
const CUT_COUNT: usize = 400;
const KEPT_COUNT: usize = 200;
/// Characters of JSON, without the commas between the entries.
const CUT_SIZE: usize = 16_000;

pub fn outcome<DL>(data: &SgData<DL>, report: Report, texts: Vec<String>, full: bool) -> Value {
    let mut outcome = match report.end {
        End::Exit(code) => json!({"status": "exit", "exit_code": code}),
        End::Error(error) => {
            let debug = format!("{error:?}");
            json!({
                "status": "error",
                "error_variant": variant_name(&debug),
                "error_display": error.to_string(),
                "error_debug": debug,
            })
        }
        End::Stopped(reason) => json!({"status": "stopped", "stop_reason": reason}),
    };
    outcome["cycles"] = json!(report.cycles);
    outcome["tx_hash"] = json!(hex(data.rtx.transaction.hash().as_slice()));
    outcome["script_hash"] = json!(hex(data.sg_info.script_hash.as_slice()));
    let texts = texts.into_iter().map(Value::String).collect();
    add_list(&mut outcome, "debug", texts, full);
    match report.steps {
        Steps::None => {}
        Steps::Trace(records) => add_list(&mut outcome, "trace", records, full),
        Steps::Suspends(records) => add_list(&mut outcome, "suspends", records, full),
    }
    outcome
}

/// The name of an enum variant, from its debug text.
fn variant_name(debug: &str) -> &str {
    let end = debug.find(|c: char| !c.is_alphanumeric());
    &debug[..end.unwrap_or(debug.len())]
}

/// Adds the list with its length and digest. These two tell of the whole list even if it is cut.
fn add_list(outcome: &mut Value, name: &str, list: Vec<Value>, full: bool) {
    // Objects keep their keys sorted, so this text is canonical.
    let text = serde_json::to_string(&list).expect("plain JSON");
    outcome[format!("{name}_count")] = json!(list.len());
    outcome[format!("{name}_sha256")] = json!(sha256_hex(text.as_bytes()));
    outcome[name] = Value::Array(if full { list } else { cut(list) });
}

fn cut(mut list: Vec<Value>) -> Vec<Value> {
    if list.len() > CUT_COUNT {
        list.truncate(KEPT_COUNT);
    }
    let mut size = 0;
    let kept = list.iter().take_while(|entry| {
        size += entry.to_string().chars().count();
        size <= CUT_SIZE
    });
    let kept = kept.count();
    list.truncate(kept);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_named() {
        assert_eq!(variant_name("MemOutOfBound"), "MemOutOfBound");
        assert_eq!(variant_name("InvalidEcall(7)"), "InvalidEcall");
        assert_eq!(
            variant_name("InvalidInstruction { pc: 1 }"),
            "InvalidInstruction"
        );
    }

    #[test]
    fn long_lists_are_cut_but_counted() {
        let mut outcome = json!({});
        add_list(&mut outcome, "debug", vec![json!("x"); 401], false);
        assert_eq!(outcome["debug"].as_array().unwrap().len(), 200);
        assert_eq!(outcome["debug_count"], 401);
        assert_eq!(cut(vec![json!("x".repeat(7998)); 3]).len(), 2);
        assert_eq!(cut(vec![json!("x"); 400]).len(), 400);
    }

    #[test]
    fn keys_are_sorted() {
        assert_eq!(json!({"b": 1, "a": 2}).to_string(), r#"{"a":2,"b":1}"#);
    }
}
