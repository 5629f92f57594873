//! The outcome of a case as JSON.

use crate::run::{End, Report, Steps};
use ckb_script::types::SgData;
use ckb_types::prelude::*;
use serde_json::{json, Value};
use shared::digest::hex;
use shared::errors::variant_name;
use shared::lists::add_list;

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
