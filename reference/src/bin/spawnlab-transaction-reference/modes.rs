//! Verifies a transaction in each of the modes.

use crate::case::{Case, Mode};
use crate::failure::{Failure, Place};
use crate::groups::{self, is_runnable, is_type_id};
use crate::mock::Resolved;
use crate::printer::Texts;
use crate::resumable::{complete, resumable, Pieces};
use crate::rules::Rules;
use crate::signal::with_signal;
use ckb_error::Error;
use ckb_mock_tx_types::Resource;
use ckb_script::types::{DebugPrinter, SgData, VmContext, VmId};
use ckb_script::{
    generate_ckb_syscalls, ScriptError, ScriptGroup, ScriptGroupType, TransactionScriptsVerifier,
};
use ckb_types::packed::Byte32;
use ckb_vm::{DefaultMachineRunner, SupportMachine, Syscalls};
use serde_json::{json, Value};
use shared::lists::add_list;
use shared::pause::DebugPause;
use std::sync::Arc;

pub type Verifier<M> = TransactionScriptsVerifier<Resource, Host, M>;

/// What surrounds the machines.
#[derive(Clone)]
pub struct Host {
    printer: DebugPrinter,
    debug_pause: Option<DebugPause>,
}

/// How a verification ended.
pub enum End {
    Cycles(u64),
    Failure(Failure),
    /// Recording stopped before the end.
    Stopped(&'static str),
}

pub struct Report {
    pub end: End,
    pub groups: Vec<Value>,
    /// The suspended states, where there can be some.
    pub suspends: Option<Vec<Value>>,
    pub texts: Vec<Value>,
}

pub fn verifier<M: DefaultMachineRunner>(
    resolved: &Resolved,
    rules: Rules,
    texts: &Texts,
    debug_pause: Option<DebugPause>,
) -> Verifier<M> {
    TransactionScriptsVerifier::new_with_generator(
        Arc::clone(&resolved.transaction),
        resolved.resource.clone(),
        rules.consensus,
        rules.env,
        syscalls,
        Host {
            printer: texts.printer(),
            debug_pause,
        },
    )
}

/// The standard system calls, and the one for pauses if the case wants it.
fn syscalls<M: SupportMachine>(
    vm_id: &VmId,
    data: &SgData<Resource>,
    context: &VmContext<Resource>,
    host: &Host,
) -> Vec<Box<dyn Syscalls<M>>> {
    let mut list = generate_ckb_syscalls(vm_id, data, context, &host.printer);
    if let Some(action) = host.debug_pause {
        list.push(Box::new(action));
    }
    list
}

pub fn run<M: DefaultMachineRunner + Send + 'static>(
    case: &Case,
    verifier: &Verifier<M>,
    texts: &Texts,
    full: bool,
) -> Result<Report, String> {
    let max = case.max_cycles();
    let mut groups = groups::records(verifier);
    let mut suspends = None;
    let mut printed = Vec::new();
    let end = match &case.mode {
        Mode::Verify => end_of(verifier, verifier.verify(max)),
        Mode::Groups => each_group(verifier, max, &mut groups, |record| {
            let texts = texts.take();
            printed.extend(texts.iter().cloned());
            add_list(record, "debug", texts, full);
        }),
        Mode::Single { group, hash } => single(verifier, *group, &hash.into(), max),
        Mode::Resumable { step, limits } => {
            let pieces = Pieces::new(case, *step, limits);
            resumable(verifier, &pieces, suspends.insert(Vec::new()))
        }
        Mode::Complete { step, limits } => {
            let records = suspends.insert(Vec::new());
            complete(verifier, *step, limits, max, records)
        }
        Mode::Signal(steps) => end_of(verifier, with_signal(verifier, steps, max)?),
    };
    printed.extend(texts.take());
    Ok(Report {
        end,
        groups,
        suspends,
        texts: printed,
    })
}

pub fn end_of<M: DefaultMachineRunner>(verifier: &Verifier<M>, result: Result<u64, Error>) -> End {
    match result {
        Ok(cycles) => End::Cycles(cycles),
        Err(error) => End::Failure(groups::failure(verifier, &error)),
    }
}

fn single<M: DefaultMachineRunner>(
    verifier: &Verifier<M>,
    group_type: ScriptGroupType,
    hash: &Byte32,
    max: u64,
) -> End {
    match verifier.verify_single(group_type, hash, max) {
        Ok(cycles) => End::Cycles(cycles),
        Err(error) => {
            let failure = Failure::script(&error);
            match verifier.find_script_group(group_type, hash) {
                Some(group) if is_runnable(verifier, group) => End::Failure(failure),
                _ => End::Failure(failure.at(Place::Group)),
            }
        }
    }
}

/// Runs every group, whatever the others do. Ends with the sum of the cycles or the first failure.
fn each_group<M: DefaultMachineRunner>(
    verifier: &Verifier<M>,
    max: u64,
    records: &mut [Value],
    mut add_texts: impl FnMut(&mut Value),
) -> End {
    let mut first_failure = None;
    let mut sum: u64 = 0;
    for ((_, group), record) in verifier.groups().zip(records) {
        match run_group(verifier, group, max, record) {
            Ok(cycles) => {
                record["status"] = json!("ok");
                sum = sum.saturating_add(cycles);
            }
            Err(error) => {
                let failure = groups::failure(verifier, &error.source(group).into());
                failure.write(record);
                first_failure.get_or_insert(failure);
            }
        }
        add_texts(record);
    }
    match first_failure {
        Some(failure) => End::Failure(failure),
        None => End::Cycles(sum),
    }
}

/// The cycles of a group that ends with 0. The record tells the cycles and the exit code of any that ends.
fn run_group<M: DefaultMachineRunner>(
    verifier: &Verifier<M>,
    group: &ScriptGroup,
    max: u64,
    record: &mut Value,
) -> Result<u64, ScriptError> {
    if is_type_id(group) {
        let hash = group.script.calc_script_hash();
        let cycles = verifier.verify_single(group.group_type, &hash, max)?;
        record["cycles"] = json!(cycles);
        return Ok(cycles);
    }
    let result = verifier.detailed_run(group, max)?;
    record["cycles"] = json!(result.consumed_cycles);
    record["exit_code"] = json!(result.exit_code);
    match result.exit_code {
        0 => Ok(result.consumed_cycles),
        code => Err(ScriptError::validation_failure(&group.script, code)),
    }
}
