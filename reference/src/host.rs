//! What surrounds the machines: the sink for debug texts and the system calls.

use crate::case::DebugPause;
use crate::chain::Chain;
use ckb_script::generate_ckb_syscalls;
use ckb_script::types::{DebugPrinter, SgData, VmContext, VmId};
use ckb_vm::registers::A7;
use ckb_vm::{Error, Register, SupportMachine, Syscalls};
use std::sync::{Arc, Mutex};

const DEBUG_PAUSE_NUMBER: u64 = 2178;

/// Shared by all machines of a case.
#[derive(Clone)]
pub struct Host {
    printer: DebugPrinter,
    debug_pause: Option<DebugPause>,
    texts: Arc<Mutex<Vec<String>>>,
}

impl Host {
    pub fn new(debug_pause: Option<DebugPause>) -> Self {
        let texts = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&texts);
        Host {
            printer: Arc::new(move |_, text| {
                sink.lock().expect("lock").push(text.to_string());
            }),
            debug_pause,
            texts,
        }
    }

    /// The texts printed so far.
    pub fn take_texts(&self) -> Vec<String> {
        std::mem::take(&mut self.texts.lock().expect("lock"))
    }
}

/// The standard system calls, and the one for pauses if the case wants it.
pub fn syscalls<M: SupportMachine>(
    vm_id: &VmId,
    data: &SgData<Chain>,
    context: &VmContext<Chain>,
    host: &Host,
) -> Vec<Box<dyn Syscalls<M>>> {
    let mut list = generate_ckb_syscalls(vm_id, data, context, &host.printer);
    if let Some(action) = host.debug_pause {
        list.push(Box::new(PauseCall(action)));
    }
    list
}

struct PauseCall(DebugPause);

impl<M: SupportMachine> Syscalls<M> for PauseCall {
    fn initialize(&mut self, _: &mut M) -> Result<(), Error> {
        Ok(())
    }

    fn ecall(&mut self, machine: &mut M) -> Result<bool, Error> {
        if machine.registers()[A7].to_u64() != DEBUG_PAUSE_NUMBER {
            return Ok(false);
        }
        match self.0 {
            DebugPause::Skip => Ok(true),
            DebugPause::Suspend => Err(Error::Pause),
        }
    }
}
