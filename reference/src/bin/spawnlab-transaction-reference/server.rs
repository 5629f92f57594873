//! Answers case after case.

use crate::case::Case;
use crate::failure::Failure;
use crate::mock::{Mock, Resolved};
use crate::modes::{run, verifier, End, Report};
use crate::options::Options;
use crate::printer::Texts;
use crate::rules::Rules;
use ckb_types::core::cell::CellMeta;
use ckb_vm::DefaultMachineRunner;
use serde_json::{json, Value};
use shared::lines::serve;
use shared::lists::add_list;
use shared::machine::{AsmMachine, MachineKind, PlainMachine};
use std::io::{self, BufRead, Write};

pub struct Server {
    options: Options,
}

impl Server {
    pub fn new(options: Options) -> Self {
        Server { options }
    }

    pub fn serve(&self, input: impl BufRead, output: impl Write) -> io::Result<()> {
        serve(input, output, |line| self.outcome(line))
    }

    fn outcome(&self, line: &[u8]) -> Result<Value, String> {
        let case: Case = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        case.check()?;
        let rules = Rules::new(&case)?;
        let full = self.options.full || case.full;
        let mut outcome = json!({});
        let mock = match Mock::read(case.tx.get()) {
            Ok(mock) => mock,
            Err(failure) => return Ok(failed(outcome, failure)),
        };
        outcome["tx_hash"] = json!(format!("{:#x}", mock.tx_hash));
        let resolved = match mock.resolve() {
            Ok(resolved) => resolved,
            Err(failure) => return Ok(failed(outcome, failure)),
        };
        add_cells(&mut outcome, &resolved, full);
        let report = self.run(&case, &resolved, rules, full)?;
        add_report(&mut outcome, report, full);
        Ok(outcome)
    }

    fn run(
        &self,
        case: &Case,
        resolved: &Resolved,
        rules: Rules,
        full: bool,
    ) -> Result<Report, String> {
        let texts = Texts::default();
        match self.options.machine {
            MachineKind::Asm => verified::<AsmMachine>(case, resolved, rules, &texts, full),
            MachineKind::Plain => verified::<PlainMachine>(case, resolved, rules, &texts, full),
        }
    }
}

fn verified<M: DefaultMachineRunner + Send + 'static>(
    case: &Case,
    resolved: &Resolved,
    rules: Rules,
    texts: &Texts,
    full: bool,
) -> Result<Report, String> {
    let verifier = verifier::<M>(resolved, rules, texts, case.debug_pause);
    run(case, &verifier, texts, full)
}

fn failed(mut outcome: Value, failure: Failure) -> Value {
    failure.write(&mut outcome);
    outcome
}

/// Which cells were found, in the order in which scripts see them. They do not see dep groups.
fn add_cells(outcome: &mut Value, resolved: &Resolved, full: bool) {
    let transaction = &resolved.transaction;
    for (name, cells) in [
        ("resolved_inputs", &transaction.resolved_inputs),
        ("resolved_cell_deps", &transaction.resolved_cell_deps),
        ("resolved_dep_groups", &transaction.resolved_dep_groups),
    ] {
        let out_points = cells.iter().map(out_point).collect();
        add_list(outcome, name, out_points, full);
    }
}

fn add_report(outcome: &mut Value, report: Report, full: bool) {
    match report.end {
        End::Cycles(cycles) => {
            outcome["status"] = json!("ok");
            outcome["cycles"] = json!(cycles);
        }
        End::Failure(failure) => failure.write(outcome),
        End::Stopped(reason) => {
            outcome["status"] = json!("stopped");
            outcome["stop_reason"] = json!(reason);
        }
    }
    outcome["groups"] = Value::Array(report.groups);
    add_list(outcome, "debug", report.texts, full);
    if let Some(suspends) = report.suspends {
        add_list(outcome, "suspends", suspends, full);
    }
}

fn out_point(cell: &CellMeta) -> Value {
    let index: u32 = cell.out_point.index().into();
    json!([format!("{:#x}", cell.out_point.tx_hash()), index])
}
