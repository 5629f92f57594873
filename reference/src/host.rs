//! What surrounds the machines: the sink for debug texts and the system calls.

use crate::chain::Chain;
use ckb_script::generate_ckb_syscalls;
use ckb_script::types::{DebugPrinter, SgData, VmContext, VmId};
use ckb_vm::{SupportMachine, Syscalls};
use shared::pause::DebugPause;
use std::sync::{Arc, Mutex};

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
        list.push(Box::new(action));
    }
    list
}
