//! The system call that test programs raise pauses with.

use ckb_vm::registers::A7;
use ckb_vm::{Error, Register, SupportMachine, Syscalls};
use serde::Deserialize;

const DEBUG_PAUSE_NUMBER: u64 = 2178;

/// What system call 2178 does.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DebugPause {
    Skip,
    Suspend,
}

impl<M: SupportMachine> Syscalls<M> for DebugPause {
    fn initialize(&mut self, _: &mut M) -> Result<(), Error> {
        Ok(())
    }

    fn ecall(&mut self, machine: &mut M) -> Result<bool, Error> {
        if machine.registers()[A7].to_u64() != DEBUG_PAUSE_NUMBER {
            return Ok(false);
        }
        match self {
            DebugPause::Skip => Ok(true),
            DebugPause::Suspend => Err(Error::Pause),
        }
    }
}
