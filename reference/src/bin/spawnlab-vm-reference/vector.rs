//! What a vector says, as read from one line of JSON.

use crate::fields::{HexBytes, HexNumber};
use ckb_vm::machine::{VERSION0, VERSION1, VERSION2};
use ckb_vm::{ISA_A, ISA_B, ISA_IMC, ISA_MOP, RISCV_MAX_MEMORY, RISCV_PAGES, RISCV_PAGESIZE};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ops::RangeInclusive;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    #[serde(rename = "v")]
    pub setting: Setting,
    #[serde(rename = "c")]
    pub code: HexBytes,
    #[serde(default = "usual_pc")]
    pub pc: u64,
    /// Start values of registers, by number.
    #[serde(default, rename = "r")]
    pub registers: HashMap<usize, HexNumber>,
    /// Start bytes.
    #[serde(default, rename = "mem")]
    pub memory: Vec<(u64, HexBytes)>,
    #[serde(rename = "lr")]
    pub reservation: Option<HexNumber>,
    #[serde(default = "one_step", rename = "n")]
    pub steps: u64,
    /// Further pages that are executable.
    #[serde(default, rename = "x")]
    pub executable: Vec<u64>,
    #[serde(default = "no_limit", rename = "max")]
    pub max_cycles: u64,

    // A note for the reader of a vector. It is named so that any other field, such as a misspelt
    // one, is refused.
    #[serde(default, rename = "g")]
    _group: IgnoredAny,
}

/// A version of the virtual machine with the extensions that are switched on.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum Setting {
    #[serde(rename = "0")]
    V0,
    #[serde(rename = "1")]
    V1,
    #[serde(rename = "2")]
    V2,
    #[serde(rename = "0ab")]
    V0AB,
    #[serde(rename = "1a")]
    V1A,
    #[serde(rename = "2a")]
    V2A,
}

impl Setting {
    pub const ALL: [Setting; 6] = [
        Setting::V0,
        Setting::V1,
        Setting::V2,
        Setting::V0AB,
        Setting::V1A,
        Setting::V2A,
    ];

    pub fn version(self) -> u32 {
        match self {
            Setting::V0 | Setting::V0AB => VERSION0,
            Setting::V1 | Setting::V1A => VERSION1,
            Setting::V2 | Setting::V2A => VERSION2,
        }
    }

    pub fn isa(self) -> u8 {
        match self {
            Setting::V0 => ISA_IMC,
            Setting::V1 | Setting::V2 => ISA_IMC | ISA_B | ISA_MOP,
            Setting::V0AB => ISA_IMC | ISA_A | ISA_B,
            Setting::V1A | Setting::V2A => ISA_IMC | ISA_A | ISA_B | ISA_MOP,
        }
    }
}

impl Vector {
    pub fn check(&self) -> Result<(), String> {
        if self.code.0.is_empty() {
            return Err("there is no code".to_string());
        }
        check_range("the code", self.pc, self.code.0.len())?;
        for (address, bytes) in &self.memory {
            check_range("a piece of memory", *address, bytes.0.len())?;
        }
        if let Some(number) = self.registers.keys().find(|n| !(1..32).contains(*n)) {
            return Err(format!("register {number} cannot be set"));
        }
        let outside = |page: &&u64| **page >= RISCV_PAGES as u64;
        match self.executable.iter().find(outside) {
            Some(page) => Err(format!("there is no page {page}")),
            None => Ok(()),
        }
    }

    /// The pages that hold code.
    pub fn code_pages(&self) -> RangeInclusive<u64> {
        pages(self.pc, self.code.0.len())
    }

    /// Everything that is in memory at the start: address and bytes, the later over the earlier.
    pub fn content(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let code = std::iter::once((self.pc, self.code.0.as_slice()));
        let data = self.memory.iter();
        code.chain(data.map(|(address, bytes)| (*address, bytes.0.as_slice())))
    }

    /// Whether pc is within the code.
    pub fn covers(&self, pc: u64) -> bool {
        pc.checked_sub(self.pc)
            .is_some_and(|at| at < self.code.0.len() as u64)
    }
}

/// The pages of a range that is not empty.
pub fn pages(address: u64, size: usize) -> RangeInclusive<u64> {
    let page_size = RISCV_PAGESIZE as u64;
    address / page_size..=(address + size as u64 - 1) / page_size
}

fn check_range(what: &str, address: u64, size: usize) -> Result<(), String> {
    let end = address.checked_add(size as u64);
    if end.is_some_and(|end| end <= RISCV_MAX_MEMORY as u64) {
        Ok(())
    } else {
        Err(format!("{what} at {address} does not fit the memory"))
    }
}

fn usual_pc() -> u64 {
    65536
}

fn one_step() -> u64 {
    1
}

fn no_limit() -> u64 {
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(more: &str) -> Result<Vector, String> {
        let line = format!(r#"{{"c": "0100", "v": "2"{more}}}"#);
        let vector: Vector = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        vector.check().map(|()| vector)
    }

    #[test]
    fn defaults() {
        let vector = vector("").unwrap();
        assert_eq!((vector.pc, vector.steps), (65536, 1));
        assert_eq!(vector.max_cycles, u64::MAX);
        assert!(vector.covers(65537));
        assert!(!vector.covers(65535) && !vector.covers(65538));
    }

    #[test]
    fn what_cannot_be_laid_out_is_refused() {
        assert!(vector(r#", "pc": 4194302, "x": [1023], "r": {"31": "0"}"#).is_ok());
        for bad in [
            r#", "pc": 4194303"#,
            r#", "pc": 18446744073709551615"#,
            r#", "mem": [[4194304, "00"]]"#,
            r#", "x": [1024]"#,
            r#", "r": {"0": "1"}"#,
            r#", "r": {"32": "1"}"#,
            r#", "res": []"#,
        ] {
            assert!(vector(bad).is_err(), "{bad}");
        }
    }
}
