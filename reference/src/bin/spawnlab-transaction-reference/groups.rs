//! The script groups of a transaction, in the order in which they are run.

use crate::failure::{Failure, Place};
use crate::modes::Verifier;
use ckb_chain_spec::consensus::TYPE_ID_CODE_HASH;
use ckb_script::{DataPieceId, ScriptError, ScriptGroup, TransactionScriptError};
use ckb_types::core::ScriptHashType;
use ckb_vm::DefaultMachineRunner;
use serde_json::{json, Value};

pub fn records<M: DefaultMachineRunner>(verifier: &Verifier<M>) -> Vec<Value> {
    verifier
        .groups_with_type()
        .map(|(group_type, hash, group)| {
            let mut record = json!({
                "group": group_type,
                "script_hash": format!("{hash:#x}"),
                "input_indices": group.input_indices,
                "output_indices": group.output_indices,
            });
            if is_type_id(group) {
                record["type_id"] = json!(true);
            } else {
                add_program(&mut record, verifier, group);
            }
            record
        })
        .collect()
}

fn add_program<M: DefaultMachineRunner>(
    record: &mut Value,
    verifier: &Verifier<M>,
    group: &ScriptGroup,
) {
    match verifier.select_version(&group.script) {
        Ok(version) => record["version"] = json!(version as u8),
        // Without a version the crate does not look for the program.
        Err(error) => {
            record["version_error"] = json!(error.to_string());
            return;
        }
    }
    match dep_index(verifier, group) {
        Ok(index) => record["dep_index"] = json!(index),
        Err(error) => record["program_error"] = json!(error.to_string()),
    }
}

fn dep_index<M: DefaultMachineRunner>(
    verifier: &Verifier<M>,
    group: &ScriptGroup,
) -> Result<u32, ScriptError> {
    let scheduler = verifier.create_scheduler(group)?;
    match scheduler.sg_data().sg_info.program_data_piece_id {
        DataPieceId::CellDep(index) => Ok(index),
        ref other => unreachable!("a program is in a cell dep, not in {other:?}"),
    }
}

/// Whether the crate itself takes the place of the group's script.
pub fn is_type_id(group: &ScriptGroup) -> bool {
    group.script.code_hash() == TYPE_ID_CODE_HASH.into()
        && group.script.hash_type() == ScriptHashType::Type.into()
}

/// The failure of a group, whose script was run only if a scheduler could be made for it.
pub fn failure<M: DefaultMachineRunner>(
    verifier: &Verifier<M>,
    error: &ckb_error::Error,
) -> Failure {
    let failure = Failure::transaction(error);
    let of_this_source = |group: &&ScriptGroup| {
        let located: TransactionScriptError = ScriptError::Interrupts.source(group);
        failure.source() == Some(&located.originating_script().to_string())
    };
    let group = verifier
        .groups()
        .map(|(_, group)| group)
        .find(of_this_source);
    match group {
        Some(group) if !is_runnable(verifier, group) => failure.at(Place::Group),
        _ => failure,
    }
}

pub fn is_runnable<M: DefaultMachineRunner>(verifier: &Verifier<M>, group: &ScriptGroup) -> bool {
    is_type_id(group) || verifier.create_scheduler(group).is_ok()
}
