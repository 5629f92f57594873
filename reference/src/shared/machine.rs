//! The two machines on which scripts can run.

use ckb_vm::{DefaultCoreMachine, DefaultMachine, SparseMemory, WXorXMemory};

pub use ckb_vm::machine::asm::AsmMachine;
pub type PlainMachine = DefaultMachine<DefaultCoreMachine<u64, WXorXMemory<SparseMemory<u64>>>>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MachineKind {
    #[default]
    Asm,
    Plain,
}

impl MachineKind {
    pub fn named(name: &str) -> Result<MachineKind, String> {
        match name {
            "asm" => Ok(MachineKind::Asm),
            "plain" => Ok(MachineKind::Plain),
            _ => Err(format!("unknown machine {name}: asm or plain expected")),
        }
    }
}
