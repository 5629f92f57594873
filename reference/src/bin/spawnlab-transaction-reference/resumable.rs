//! Verifies piece by piece, and writes down what is kept between the pieces.

use crate::case::{Case, Limits, LimitsName};
use crate::groups;
use crate::modes::{end_of, End, Verifier};
use ckb_script::{TransactionState, VerifyResult};
use ckb_vm::DefaultMachineRunner;
use serde_json::{json, Value};
use shared::suspended::suspend_record;

/// How long the pieces are, and when to stop.
pub struct Pieces<'a> {
    step: u64,
    /// Of the pieces after the first, which has one step.
    limits: &'a Limits,
    max_cycles: u64,
    max_suspends: usize,
}

pub fn resumable<M: DefaultMachineRunner>(
    verifier: &Verifier<M>,
    pieces: &Pieces,
    records: &mut Vec<Value>,
) -> End {
    let mut was_last = false;
    let mut result = verifier.resumable_verify(pieces.step);
    loop {
        let state = match result {
            Ok(VerifyResult::Completed(cycles)) => return End::Cycles(cycles),
            Ok(VerifyResult::Suspended(state)) => state,
            Err(error) => return End::Failure(groups::failure(verifier, &error)),
        };
        if records.len() >= pieces.max_suspends {
            return End::Stopped("max_suspends");
        }
        let record = state_record(&state, pieces.step, pieces.max_cycles);
        let is_stuck = records.last() == Some(&record) && pieces.are_alike(records.len());
        records.push(record);
        if is_stuck {
            return End::Stopped("no progress");
        }
        if pieces.are_over(&state, was_last) {
            return End::Stopped("max_cycles passed");
        }
        let (limit, is_last) = pieces.limit(&state, records.len());
        was_last = is_last;
        result = verifier.resume_from_state(&state, limit);
    }
}

/// One piece of a step and one of each limit, then all the rest at once.
pub fn complete<M: DefaultMachineRunner>(
    verifier: &Verifier<M>,
    step: u64,
    limits: &[u64],
    max_cycles: u64,
    records: &mut Vec<Value>,
) -> End {
    let mut limits = limits.iter();
    let mut result = verifier.resumable_verify(step);
    while let Ok(VerifyResult::Suspended(state)) = &result {
        records.push(state_record(state, step, max_cycles));
        let Some(limit) = limits.next() else {
            return end_of(verifier, verifier.complete(state, max_cycles));
        };
        result = verifier.resume_from_state(state, *limit);
    }
    match result {
        Ok(VerifyResult::Completed(cycles)) => End::Cycles(cycles),
        Ok(VerifyResult::Suspended(_)) => unreachable!("it is gone on with above"),
        Err(error) => End::Failure(groups::failure(verifier, &error)),
    }
}

impl<'a> Pieces<'a> {
    pub fn new(case: &Case, step: u64, limits: &'a Limits) -> Self {
        Pieces {
            step,
            limits,
            max_cycles: case.max_cycles(),
            max_suspends: case.max_suspends.unwrap_or(usize::MAX),
        }
    }

    /// The limit of the piece after so many suspends, and whether it has all cycles that are left.
    fn limit(&self, state: &TransactionState, suspends: usize) -> (u64, bool) {
        match self.limits {
            Limits::Given(list) => {
                let given = list.get(suspends - 1).copied();
                (given.unwrap_or(self.step), false)
            }
            Limits::Named(LimitsName::Next) => {
                let next = next_limit(state, self.step, self.max_cycles);
                next.unwrap_or((self.max_cycles, true))
            }
        }
    }

    /// Proposed limits end by themselves: the last piece has all cycles that are left.
    fn are_over(&self, state: &TransactionState, was_last: bool) -> bool {
        match self.limits {
            Limits::Given(_) => consumed(state) > self.max_cycles,
            Limits::Named(LimitsName::Next) => was_last,
        }
    }

    /// Whether the pieces before and after one more suspend have the same limit, and so all later ones.
    fn are_alike(&self, suspends: usize) -> bool {
        matches!(self.limits, Limits::Given(list) if list.len() < suspends)
    }
}

fn state_record(state: &TransactionState, step: u64, max_cycles: u64) -> Value {
    json!({
        "current": state.current,
        "current_cycles": state.current_cycles,
        "limit_cycles": state.limit_cycles,
        "next_limit": next_limit(state, step, max_cycles),
        "scheduler": state.state.as_ref().map(suspend_record),
    })
}

/// What the crate proposes. It does not look out for overflows.
fn next_limit(state: &TransactionState, step: u64, max_cycles: u64) -> Option<(u64, bool)> {
    max_cycles.checked_sub(state.current_cycles)?;
    state.limit_cycles.checked_add(step)?;
    Some(state.next_limit_cycles(step, max_cycles))
}

/// With the cycles of the group that is not finished.
fn consumed(state: &TransactionState) -> u64 {
    let unfinished = state.state.as_ref().map_or(0, |state| state.total_cycles);
    state.current_cycles.saturating_add(unfinished)
}
