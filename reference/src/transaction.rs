//! Builds the made-up transaction of a case.

use crate::blob::Library;
use crate::case::{Case, Cell, CellScript, GroupType, OutPointParts, ScriptName, ScriptParts};
use crate::chain::Chain;
use ckb_chain_spec::consensus::{Consensus, ConsensusBuilder};
use ckb_script::types::{ScriptGroupType, SgData, TxData};
use ckb_script::TxVerifyEnv;
use ckb_types::bytes::Bytes;
use ckb_types::core::cell::{CellMeta, CellMetaBuilder, ResolvedTransaction};
use ckb_types::core::hardfork::HardForks;
use ckb_types::core::{
    EpochNumberWithFraction, HeaderBuilder, TransactionBuilder, TransactionInfo,
};
use ckb_types::packed::{self, CellDep, CellInput, CellOutput, OutPoint, Script};
use ckb_types::prelude::*;
use std::sync::Arc;

const DEFAULT_CAPACITY: u64 = 100 * SHANNONS_PER_BYTE;
const SHANNONS_PER_BYTE: u64 = 100_000_000;

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
) -> Result<SgData<Chain>, String> {
    let program = library.code(&case.program)?;
    let script = match &case.script {
        Some(parts) => script_of(parts, library)?,
        None => Script::new_builder()
            .code_hash(CellOutput::calc_data_hash(&program))
            .hash_type(data_hash_type(case.version)?)
            .args(library.bytes(&case.script_args)?)
            .build(),
    };
    let parts = Parts { library, script };
    let resolved = ResolvedTransaction {
        transaction: parts.transaction(case)?.build(),
        resolved_cell_deps: parts.cell_deps(case, program)?,
        resolved_inputs: parts.inputs(case)?,
        resolved_dep_groups: Vec::new(),
    };

    let header = HeaderBuilder::default().build();
    let env = Arc::new(TxVerifyEnv::new_commit(&header));
    let chain = Chain::new(case, library)?;
    let tx_data = TxData::new(Arc::new(resolved), chain, consensus, env);
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

fn script_of(parts: &ScriptParts, library: &Library) -> Result<Script, String> {
    let script = Script::new_builder()
        .code_hash(library.hash(&parts.code_hash)?)
        .hash_type(parts.hash_type)
        .args(library.bytes(&parts.args)?);
    Ok(script.build())
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
        let mut builder = TransactionBuilder::default().version(case.tx_version);
        for dep in &case.tx_cell_deps {
            let dep = CellDep::new_builder()
                .out_point(self.out_point(&dep.out_point)?)
                .dep_type(dep.dep_type);
            builder = builder.cell_dep(dep.build());
        }
        for hash in &case.header_deps {
            builder = builder.header_dep(self.library.hash(hash)?);
        }
        for input in spent {
            let out_point = match &input.out_point {
                Some(parts) => self.out_point(parts)?,
                None => OutPoint::null(),
            };
            builder = builder.input(CellInput::new(out_point, input.since.unwrap_or(0)));
        }
        for output in &case.outputs {
            if output.is_of_input() || output.block_hash.is_some() {
                return Err("an output has no input and no block yet".to_string());
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
        if case.dep_cells.len() > codes.len() {
            return Err("there are more dep_cells than cell deps".to_string());
        }
        let no_more = std::iter::repeat(&None);
        let given = case.dep_cells.iter().chain(no_more);
        codes
            .into_iter()
            .zip(given)
            .map(|(data, cell)| self.code_cell(data, cell.as_ref()))
            .collect()
    }

    fn code_cell(&self, data: Bytes, cell: Option<&Cell>) -> Result<CellMeta, String> {
        let plain = Cell::default();
        let cell = cell.unwrap_or(&plain);
        if cell.is_of_input() || cell.data.is_some() {
            return Err("a cell dep has no input, and its data is in cell_deps".to_string());
        }
        let capacity = data.len() as u64 * SHANNONS_PER_BYTE;
        let output = self.output(cell, capacity, Script::default())?;
        self.meta(cell, output, data)
    }

    fn inputs(&self, case: &Case) -> Result<Vec<CellMeta>, String> {
        let mut default_lock = self.script.clone();
        let mut cells = Vec::with_capacity(case.inputs.len());
        for input in &case.inputs {
            let (cell, data) = self.cell(input, std::mem::take(&mut default_lock))?;
            cells.push(self.meta(input, cell, data)?);
        }
        Ok(cells)
    }

    fn cell(&self, cell: &Cell, default_lock: Script) -> Result<(CellOutput, Bytes), String> {
        let data = match &cell.data {
            Some(data) => self.library.bytes(data)?,
            None => Bytes::new(),
        };
        Ok((self.output(cell, DEFAULT_CAPACITY, default_lock)?, data))
    }

    fn output(
        &self,
        cell: &Cell,
        default_capacity: u64,
        default_lock: Script,
    ) -> Result<CellOutput, String> {
        let lock = self.cell_script(cell.lock.as_ref())?;
        let output = CellOutput::new_builder()
            .capacity(cell.capacity.unwrap_or(default_capacity))
            .lock(lock.unwrap_or(default_lock))
            .type_(self.cell_script(cell.type_.as_ref())?);
        Ok(output.build())
    }

    /// A cell with its data, and with the block that made it where that is given. Scripts see
    /// only the hash of this block.
    fn meta(&self, cell: &Cell, output: CellOutput, data: Bytes) -> Result<CellMeta, String> {
        let mut builder = CellMetaBuilder::from_cell_output(output, data);
        if let Some(parts) = &cell.out_point {
            builder = builder.out_point(self.out_point(parts)?);
        }
        if let Some(hash) = &cell.block_hash {
            builder = builder.transaction_info(TransactionInfo::new(
                0,
                EpochNumberWithFraction::new(0, 0, 1),
                self.library.hash(hash)?,
                0,
            ));
        }
        Ok(builder.build())
    }

    fn out_point(&self, parts: &OutPointParts) -> Result<OutPoint, String> {
        Ok(OutPoint::new(
            self.library.hash(&parts.tx_hash)?,
            parts.index,
        ))
    }

    fn cell_script(&self, script: Option<&CellScript>) -> Result<Option<Script>, String> {
        match script {
            None => Ok(None),
            Some(CellScript::Named(ScriptName::UnderTest)) => Ok(Some(self.script.clone())),
            Some(CellScript::Parts(parts)) => script_of(parts, self.library).map(Some),
        }
    }
}
