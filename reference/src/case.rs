//! What a case may say, as read from one line of JSON.

use crate::blob::Blob;
use serde::de::IgnoredAny;
use serde::Deserialize;
use shared::pause::DebugPause;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// A plain string is the name of a program here, not hex.
    pub program: Blob,
    pub version: u8,
    #[serde(default)]
    pub script_args: Blob,
    /// Plain strings are names of programs here too.
    #[serde(default)]
    pub cell_deps: Vec<Blob>,
    #[serde(default)]
    pub program_index: usize,
    /// What the cells of all deps are besides their data, the program's too.
    #[serde(default)]
    pub dep_cells: Vec<Option<Cell>>,
    /// Instead of the script that runs the program by its data hash.
    pub script: Option<ScriptParts>,
    pub witnesses: Option<Vec<Blob>>,
    pub witness_set: Option<String>,
    #[serde(default = "one_plain_input")]
    pub inputs: Vec<Cell>,
    #[serde(default)]
    pub outputs: Vec<Cell>,
    #[serde(default)]
    pub tx_version: u32,
    /// The cell deps that the transaction itself names; nothing is resolved by them.
    #[serde(default)]
    pub tx_cell_deps: Vec<TxCellDep>,
    #[serde(default)]
    pub header_deps: Vec<Blob>,
    #[serde(default)]
    pub headers: Vec<KnownHeader>,
    #[serde(default)]
    pub extensions: Vec<KnownExtension>,
    #[serde(default)]
    pub script_group_type: GroupType,
    #[serde(default)]
    pub root_args: Vec<Blob>,
    #[serde(default)]
    pub mode: Mode,
    #[serde(default = "no_limit")]
    pub max_cycles: u64,
    pub debug_pause: Option<DebugPause>,
    pub max_suspends: Option<usize>,
    pub max_iterations: Option<usize>,
    #[serde(default)]
    pub full: bool,

    // Notes for the reader of a case. They are named so that any other field, such as a
    // misspelt one, is refused.
    #[serde(default, rename = "name")]
    _name: IgnoredAny,
    #[serde(default, rename = "kind")]
    _kind: IgnoredAny,
    #[serde(default, rename = "dag")]
    _dag: IgnoredAny,
    #[serde(default, rename = "note")]
    _note: IgnoredAny,
}

/// An input with the cell it spends, an output, or what a cell dep is besides its data.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    pub lock: Option<CellScript>,
    #[serde(rename = "type")]
    pub type_: Option<CellScript>,
    pub capacity: Option<u64>,
    pub data: Option<Blob>,
    /// The block that made the cell.
    pub block_hash: Option<Blob>,
    pub out_point: Option<OutPointParts>,
    pub since: Option<u64>,
    #[serde(default)]
    pub no_tx_input: bool,
}

impl Cell {
    /// Whether something is given that belongs to an input rather than to its cell.
    pub fn is_of_input(&self) -> bool {
        self.since.is_some() || self.out_point.is_some() || self.no_tx_input
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutPointParts {
    pub tx_hash: Blob,
    pub index: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TxCellDep {
    pub out_point: OutPointParts,
    #[serde(default)]
    pub dep_type: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownHeader {
    pub hash: Blob,
    pub header: Blob,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownExtension {
    pub hash: Blob,
    pub data: Blob,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a script is \"self\" or an object of code_hash, hash_type and args"
)]
pub enum CellScript {
    Named(ScriptName),
    Parts(ScriptParts),
}

#[derive(Deserialize)]
pub enum ScriptName {
    /// The script under test.
    #[serde(rename = "self")]
    UnderTest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptParts {
    pub code_hash: Blob,
    pub hash_type: u8,
    #[serde(default)]
    pub args: Blob,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupType {
    #[default]
    Lock,
    Type,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Run,
    Trace,
    PauseEvery(u64),
    SuspendEachIteration(bool),
}

fn one_plain_input() -> Vec<Cell> {
    vec![Cell::default()]
}

fn no_limit() -> u64 {
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_and_modes() {
        let case: Case = serde_json::from_str(r#"{"program": "p", "version": 2}"#).unwrap();
        assert_eq!(case.inputs.len(), 1);
        assert_eq!(case.max_cycles, u64::MAX);
        assert!(matches!(case.mode, Mode::Run));
        let mode: Mode = serde_json::from_str(r#"{"pause_every": 7}"#).unwrap();
        assert!(matches!(mode, Mode::PauseEvery(7)));
    }

    #[test]
    fn unknown_fields_are_refused() {
        let line = r#"{"program": "p", "version": 2, "scriptargs": ""}"#;
        let error = serde_json::from_str::<Case>(line).err().unwrap();
        assert!(error.to_string().contains("scriptargs"));
    }
}
