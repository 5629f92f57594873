//! What a case may say, as read from one line of JSON.

use ckb_script::{ChunkCommand, ScriptGroupType};
use ckb_types::H256;
use serde::de::IgnoredAny;
use serde::Deserialize;
use serde_json::value::RawValue;
use shared::pause::DebugPause;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case<'a> {
    /// As it is written, since what the crates say to a mistake in it belongs to the outcome.
    #[serde(borrow)]
    pub tx: &'a RawValue,
    #[serde(default)]
    pub epoch: Epoch,
    #[serde(default)]
    pub phase: Phase,
    /// The epochs from which on versions 1 and 2 may be used.
    #[serde(default = "forks_of_the_debugger")]
    pub forks: [u64; 2],
    max_cycles: Option<u64>,
    #[serde(default)]
    pub mode: Mode,
    pub debug_pause: Option<DebugPause>,
    pub max_suspends: Option<usize>,
    #[serde(default)]
    pub full: bool,

    // Notes for the reader of a case. They are named so that any other field, such as a
    // misspelt one, is refused.
    #[serde(default, rename = "name")]
    _name: IgnoredAny,
    #[serde(default, rename = "kind")]
    _kind: IgnoredAny,
    #[serde(default, rename = "note")]
    _note: IgnoredAny,
}

impl Case<'_> {
    pub fn max_cycles(&self) -> u64 {
        self.max_cycles.unwrap_or(u64::MAX)
    }

    /// What could go on for ever is refused.
    pub fn check(&self) -> Result<(), String> {
        let Mode::Signal(steps) = &self.mode else {
            return Ok(());
        };
        if ends_suspended(steps) {
            return Err("a verification that is suspended last would never end".to_string());
        }
        // The crate misses a stop in two cases, which depend on the time.
        if self.max_cycles.is_none() {
            return Err("signal needs max_cycles: a script may run on after a stop".to_string());
        }
        Ok(())
    }
}

fn ends_suspended(steps: &[SignalStep]) -> bool {
    let last = steps.iter().rev().find_map(|step| match step {
        SignalStep::Send(command) => Some(*command),
        SignalStep::Wait(_) => None,
    });
    last == Some(Command::Suspend)
}

/// The epoch of the header by which versions are chosen.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epoch {
    pub number: u64,
    #[serde(default)]
    pub index: u64,
    #[serde(default = "one_block")]
    pub length: u64,
}

impl Default for Epoch {
    /// All versions may be used.
    fn default() -> Self {
        Epoch {
            number: 35,
            index: 0,
            length: one_block(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    #[default]
    Committed,
    Proposed,
    Submitted,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Mode {
    #[default]
    Verify,
    /// Each group on its own, with all of the cycles.
    Groups,
    Single {
        group: ScriptGroupType,
        hash: H256,
    },
    Resumable {
        step: u64,
        #[serde(default)]
        limits: Limits,
    },
    Complete {
        step: u64,
        /// Of the pieces between the first and the rest.
        #[serde(default)]
        limits: Vec<u64>,
    },
    Signal(Vec<SignalStep>),
}

/// The limits of the pieces after the first.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "limits are \"next\" or a list of numbers of cycles"
)]
pub enum Limits {
    Named(LimitsName),
    /// When the list is used up, always the step.
    Given(Vec<u64>),
}

#[derive(Deserialize)]
pub enum LimitsName {
    /// As the crate proposes from the suspended state, the step and the greatest number of cycles.
    #[serde(rename = "next")]
    Next,
}

impl Default for Limits {
    fn default() -> Self {
        Limits::Given(Vec::new())
    }
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a step is \"suspend\", \"resume\", \"stop\" or a number of microseconds"
)]
pub enum SignalStep {
    Wait(u64),
    Send(Command),
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    Suspend,
    Resume,
    Stop,
}

impl From<Command> for ChunkCommand {
    fn from(command: Command) -> Self {
        match command {
            Command::Suspend => ChunkCommand::Suspend,
            Command::Resume => ChunkCommand::Resume,
            Command::Stop => ChunkCommand::Stop,
        }
    }
}

fn forks_of_the_debugger() -> [u64; 2] {
    [20, 30]
}

fn one_block() -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_and_modes() {
        let case: Case = serde_json::from_str(r#"{"tx": {"a": 1}}"#).unwrap();
        assert_eq!(case.tx.get(), r#"{"a": 1}"#);
        assert_eq!((case.epoch.number, case.forks), (35, [20, 30]));
        assert_eq!(case.max_cycles(), u64::MAX);
        assert!(matches!(case.mode, Mode::Verify));
        let mode = |text| serde_json::from_str::<Mode>(text).unwrap();
        assert!(matches!(
            mode(r#"{"resumable": {"step": 7}}"#),
            Mode::Resumable { step: 7, limits: Limits::Given(list) } if list.is_empty()
        ));
        assert!(matches!(
            mode(r#"{"resumable": {"step": 7, "limits": "next"}}"#),
            Mode::Resumable {
                step: 7,
                limits: Limits::Named(LimitsName::Next)
            }
        ));
        assert!(matches!(
            mode(r#"{"signal": ["suspend", 10, "resume"]}"#),
            Mode::Signal(steps) if steps.len() == 3
        ));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (line, word) in [
            (r#"{"tx": 1, "maxcycles": 1}"#, "maxcycles"),
            (r#"{"tx": 1, "mode": "trace"}"#, "trace"),
            (r#"{"tx": 1, "mode": {"complete": {"steps": 1}}}"#, "steps"),
            (r#"{"tx": 1, "mode": {"signal": ["pause"]}}"#, "\"suspend\""),
            (
                r#"{"tx": 1, "mode": {"single": {"group": "lock", "hash": "00"}}}"#,
                "0x",
            ),
            (r#"{"max_cycles": 1}"#, "tx"),
        ] {
            let error = serde_json::from_str::<Case>(line).err().unwrap();
            assert!(error.to_string().contains(word), "{line}: {error}");
        }
    }
}
