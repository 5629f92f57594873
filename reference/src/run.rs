//! Runs a script group in each of the modes.

use crate::case::{Case, Mode};
use crate::chain::Chain;
use crate::host::{syscalls, Host};
use crate::record::LiveVms;
use ckb_script::types::SgData;
use ckb_script::{RunMode, Scheduler};
use ckb_types::bytes::Bytes;
use ckb_vm::{DefaultMachineRunner, Error};
use serde_json::{json, Value};
use shared::suspended::suspend_record;

/// How a run ended.
pub enum End {
    Exit(i8),
    Error(Error),
    /// Recording stopped before the script ended.
    Stopped(&'static str),
}

pub struct Report {
    pub end: End,
    pub cycles: u64,
    pub steps: Steps,
}

/// The records made on the way, one a step.
pub enum Steps {
    None,
    Trace(Vec<Value>),
    Suspends(Vec<Value>),
}

/// When to stop recording.
#[derive(Clone, Copy)]
struct Limits {
    max_cycles: u64,
    max_records: usize,
    records_reason: &'static str,
}

impl Limits {
    fn passed(&self, cycles: u64, records: usize) -> Option<End> {
        if cycles > self.max_cycles {
            Some(End::Stopped("max_cycles passed"))
        } else if records >= self.max_records {
            Some(End::Stopped(self.records_reason))
        } else {
            None
        }
    }
}

/// What a scheduler is made from, new or resumed.
pub struct Setup {
    pub data: SgData<Chain>,
    pub host: Host,
    pub root_args: Vec<Bytes>,
}

type Machines<M> = Scheduler<Chain, Host, M>;

impl Setup {
    fn scheduler<M: DefaultMachineRunner>(&self) -> Machines<M> {
        let mut scheduler = Scheduler::new(self.data.clone(), syscalls, self.host.clone());
        scheduler.set_root_vm_args(self.root_args.clone());
        scheduler
    }
}

pub fn run<M: DefaultMachineRunner>(case: &Case, setup: &Setup) -> Report {
    let trace_limits = Limits {
        max_cycles: case.max_cycles,
        max_records: case.max_iterations.unwrap_or(usize::MAX),
        records_reason: "max_iterations",
    };
    let suspend_limits = Limits {
        max_records: case.max_suspends.unwrap_or(usize::MAX),
        records_reason: "max_suspends",
        ..trace_limits
    };
    match case.mode {
        Mode::Run | Mode::SuspendEachIteration(false) => run_through::<M>(setup, case.max_cycles),
        Mode::Trace => trace::<M>(setup, trace_limits),
        Mode::PauseEvery(cycles) => suspending::<M>(setup, suspend_limits, |scheduler| {
            pause_after(scheduler, cycles)
        }),
        Mode::SuspendEachIteration(true) => {
            suspending::<M>(setup, suspend_limits, pause_after_iteration)
        }
    }
}

fn run_through<M: DefaultMachineRunner>(setup: &Setup, max_cycles: u64) -> Report {
    let mut scheduler = setup.scheduler::<M>();
    let end = match scheduler.run(RunMode::LimitCycles(max_cycles)) {
        Ok(result) => End::Exit(result.exit_code),
        Err(error) => End::Error(error),
    };
    Report {
        end,
        cycles: scheduler.consumed_cycles(),
        steps: Steps::None,
    }
}

fn trace<M: DefaultMachineRunner>(setup: &Setup, limits: Limits) -> Report {
    let mut scheduler = setup.scheduler::<M>();
    let mut live = LiveVms::default();
    let mut records = Vec::new();
    let end = loop {
        let step = scheduler.iterate();
        let cycles = scheduler.consumed_cycles();
        let mut record = json!({"cycles": cycles, "vms": live.view(&mut scheduler)});
        let end = match step {
            Ok(result) => {
                record["vm"] = json!(result.executed_vm);
                result.terminated_status.map(|status| {
                    record["exit_code"] = json!(status.exit_code);
                    End::Exit(status.exit_code)
                })
            }
            Err(error) => {
                record["error"] = json!(format!("{error:?}"));
                Some(End::Error(error))
            }
        };
        records.push(record);
        if let Some(end) = end.or_else(|| limits.passed(cycles, records.len())) {
            break end;
        }
    };
    Report {
        end,
        cycles: scheduler.consumed_cycles(),
        steps: Steps::Trace(records),
    }
}

/// Runs piece by piece, each in a fresh scheduler. `piece` returns nothing when the run is to be
/// suspended.
fn suspending<M: DefaultMachineRunner>(
    setup: &Setup,
    limits: Limits,
    piece: impl Fn(&mut Machines<M>) -> Option<End>,
) -> Report {
    let mut scheduler = setup.scheduler::<M>();
    let mut records: Vec<Value> = Vec::new();
    let (end, cycles) = loop {
        let end = piece(&mut scheduler);
        let cycles = scheduler.consumed_cycles();
        if let Some(end) = end.or_else(|| limits.passed(cycles, records.len())) {
            break (end, cycles);
        }
        let state = match scheduler.suspend() {
            Ok(state) => state,
            Err(error) => break (End::Error(error), cycles),
        };
        let record = suspend_record(&state);
        // A piece shorter than the next basic block would be tried again for ever.
        let stuck = records.last() == Some(&record);
        records.push(record);
        if stuck {
            break (End::Stopped("no progress"), cycles);
        }
        scheduler = Scheduler::resume(setup.data.clone(), syscalls, setup.host.clone(), state);
    };
    Report {
        end,
        cycles,
        steps: Steps::Suspends(records),
    }
}

fn pause_after<M: DefaultMachineRunner>(scheduler: &mut Machines<M>, cycles: u64) -> Option<End> {
    match scheduler.run(RunMode::LimitCycles(cycles)) {
        Ok(result) => Some(End::Exit(result.exit_code)),
        Err(Error::CyclesExceeded | Error::Pause) => None,
        Err(error) => Some(End::Error(error)),
    }
}

fn pause_after_iteration<M: DefaultMachineRunner>(scheduler: &mut Machines<M>) -> Option<End> {
    match scheduler.iterate() {
        Ok(result) => result
            .terminated_status
            .map(|status| End::Exit(status.exit_code)),
        Err(error) => Some(End::Error(error)),
    }
}
