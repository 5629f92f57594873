//! Builds the made-up transaction of a case.

use crate::blob::Library;
use crate::case::{Case, Cell, CellScript, GroupType, ScriptName};
use ckb_chain_spec::consensus::{Consensus, ConsensusBuilder};
use ckb_script::types::{ScriptGroupType, SgData, TxData};
use ckb_script::TxVerifyEnv;
use ckb_traits::{CellDataProvider, ExtensionProvider, HeaderProvider};
use ckb_types::bytes::Bytes;
use ckb_types::core::cell::{CellMeta, CellMetaBuilder, ResolvedTransaction};
use ckb_types::core::hardfork::HardForks;
use ckb_types::core::{HeaderBuilder, HeaderView, TransactionBuilder};
use ckb_types::packed::{self, Byte32, CellInput, CellOutput, OutPoint, Script};
use ckb_types::prelude::*;
use std::sync::Arc;

const DEFAULT_CAPACITY: u64 = 100 * SHANNONS_PER_BYTE;
const SHANNONS_PER_BYTE: u64 = 100_000_000;

/// The chain behind the transaction, which is empty: cells carry their data themselves, and there
/// are no blocks.
#[derive(Clone)]
pub struct NoChain;

impl CellDataProvider for NoChain {
    fn get_cell_data(&self, _: &OutPoint) -> Option<Bytes> {
        None
    }

    fn get_cell_data_hash(&self, _: &OutPoint) -> Option<Byte32> {
        None
    }
}

impl HeaderProvider for NoChain {
    fn get_header(&self, _: &Byte32) -> Option<HeaderView> {
        None
    }
}

impl ExtensionProvider for NoChain {
    fn get_block_extension(&self, _: &Byte32) -> Option<packed::Bytes> {
        None
    }
}

/// Rules under which all script versions may be used from the first block on.
pub fn consensus() -> Arc<Consensus> {
    let builder = ConsensusBuilder::default().hardfork_switch(HardForks::new_dev());
    Arc::new(builder.build())
}

/// The transaction of the case, seen from the script group under test.
pub fn script_group(
    case: &Case,
    library: &Library,
    consensus: Arc<Consensus>,
) -> Result<SgData<NoChain>, String> {
    let program = library.code(&case.program)?;
    let script = Script::new_builder()
        .code_hash(CellOutput::calc_data_hash(&program))
        .hash_type(data_hash_type(case.version)?)
        .args(library.bytes(&case.script_args)?)
        .build();
    let parts = Parts { library, script };
    let resolved = ResolvedTransaction {
        transaction: parts.transaction(case)?.build(),
        resolved_cell_deps: parts.cell_deps(case, program)?,
        resolved_inputs: parts.inputs(case)?,
        resolved_dep_groups: Vec::new(),
    };

    let header = HeaderBuilder::default().build();
    let env = Arc::new(TxVerifyEnv::new_commit(&header));
    let tx_data = TxData::new(Arc::new(resolved), NoChain, consensus, env);
    let group_type = match case.script_group_type {
        GroupType::Lock => ScriptGroupType::Lock,
        GroupType::Type => ScriptGroupType::Type,
    };
    let group = tx_data
        .find_script_group(group_type, &parts.script.calc_script_hash())
        .ok_or_else(|| format!("no cell has the script as its {group_type}"))?;
    SgData::new(&tx_data, group).map_err(|error| error.to_string())
}

/// The hash type byte with which a script asks for a version.
fn data_hash_type(version: u8) -> Result<u8, String> {
    match version {
        0 => Ok(0),
        1 => Ok(2),
        2 => Ok(4),
        _ => Err(format!("unknown script version {version}")),
    }
}

/// What the parts of a transaction are made with.
struct Parts<'a> {
    library: &'a Library,
    /// The script under test.
    script: Script,
}

impl Parts<'_> {
    fn transaction(&self, case: &Case) -> Result<TransactionBuilder, String> {
        let spent = case.inputs.iter().filter(|input| !input.no_tx_input);
        let mut builder = TransactionBuilder::default()
            .inputs(spent.map(|_| CellInput::new(OutPoint::null(), 0)));
        for output in &case.outputs {
            if output.no_tx_input {
                return Err("no_tx_input is for inputs only".to_string());
            }
            let (cell, data) = self.cell(output, Script::default())?;
            builder = builder.output(cell).output_data(data);
        }
        Ok(builder.witnesses(self.witnesses(case)?.into_iter().map(packed::Bytes::from)))
    }

    fn witnesses(&self, case: &Case) -> Result<Vec<Bytes>, String> {
        match (&case.witnesses, &case.witness_set) {
            (Some(_), Some(_)) => Err("both witnesses and witness_set are given".to_string()),
            (Some(witnesses), None) => self.library.list(witnesses),
            (None, Some(name)) => self.library.witness_set(name),
            (None, None) => Ok(Vec::new()),
        }
    }

    fn cell_deps(&self, case: &Case, program: Bytes) -> Result<Vec<CellMeta>, String> {
        let mut codes: Vec<Bytes> = Vec::with_capacity(case.cell_deps.len() + 1);
        for dep in &case.cell_deps {
            codes.push(self.library.code(dep)?);
        }
        if case.program_index > codes.len() {
            return Err(format!("no cell dep can have index {}", case.program_index));
        }
        codes.insert(case.program_index, program);
        Ok(codes.into_iter().map(code_cell).collect())
    }

    fn inputs(&self, case: &Case) -> Result<Vec<CellMeta>, String> {
        let mut default_lock = self.script.clone();
        let mut cells = Vec::with_capacity(case.inputs.len());
        for input in &case.inputs {
            let (cell, data) = self.cell(input, std::mem::take(&mut default_lock))?;
            cells.push(CellMetaBuilder::from_cell_output(cell, data).build());
        }
        Ok(cells)
    }

    fn cell(&self, cell: &Cell, default_lock: Script) -> Result<(CellOutput, Bytes), String> {
        let lock = self.cell_script(cell.lock.as_ref())?;
        let type_ = self.cell_script(cell.type_.as_ref())?;
        let output = CellOutput::new_builder()
            .capacity(cell.capacity.unwrap_or(DEFAULT_CAPACITY))
            .lock(lock.unwrap_or(default_lock))
            .type_(type_)
            .build();
        Ok((output, self.library.bytes(&cell.data)?))
    }

    fn cell_script(&self, script: Option<&CellScript>) -> Result<Option<Script>, String> {
        let parts = match script {
            None => return Ok(None),
            Some(CellScript::Named(ScriptName::UnderTest)) => {
                return Ok(Some(self.script.clone()));
            }
            Some(CellScript::Parts(parts)) => parts,
        };
        let code_hash = Byte32::from_slice(&self.library.bytes(&parts.code_hash)?)
            .map_err(|_| "a code hash must have 32 bytes")?;
        let script = Script::new_builder()
            .code_hash(code_hash)
            .hash_type(parts.hash_type)
            .args(self.library.bytes(&parts.args)?);
        Ok(Some(script.build()))
    }
}

fn code_cell(data: Bytes) -> CellMeta {
    let output = CellOutput::new_builder()
        .capacity(data.len() as u64 * SHANNONS_PER_BYTE)
        .build();
    CellMetaBuilder::from_cell_output(output, data).build()
}
