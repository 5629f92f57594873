//! What a vector leaves behind, as JSON.

use crate::vector::Setting;
use serde::Serialize;
use std::collections::BTreeMap;

/// Fields are in alphabetical order; those that say nothing are left out.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Trace {
    #[serde(rename = "e", skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(rename = "exit", skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i8>,
    #[serde(rename = "lr", skip_serializing_if = "Option::is_none")]
    pub reservation: Option<String>,
    #[serde(rename = "m", skip_serializing_if = "Vec::is_empty")]
    pub memory: Vec<(u64, String)>,
    #[serde(rename = "n")]
    pub steps: u64,
    pub ops: String,
    pub pc: u64,
    #[serde(rename = "r", skip_serializing_if = "BTreeMap::is_empty")]
    pub registers: BTreeMap<usize, String>,
    #[serde(rename = "t", skip_serializing_if = "Option::is_none")]
    pub error_text: Option<String>,
    #[serde(rename = "v")]
    pub setting: Setting,
    #[serde(rename = "y")]
    pub cycles: u64,
}

/// The name of an error's variant.
pub fn variant_name(error: &ckb_vm::Error) -> String {
    let mut name = format!("{error:?}");
    let end = name.find(|c: char| !c.is_alphanumeric());
    name.truncate(end.unwrap_or(name.len()));
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use ckb_vm::Error;

    #[test]
    fn variants_are_named() {
        assert_eq!(variant_name(&Error::MemOutOfBound), "MemOutOfBound");
        assert_eq!(variant_name(&Error::InvalidEcall(7)), "InvalidEcall");
        let error = Error::InvalidInstruction {
            pc: 1,
            instruction: 2,
        };
        assert_eq!(variant_name(&error), "InvalidInstruction");
    }
}
