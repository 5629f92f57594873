//! Records of single steps: the live VMs after an iteration.

use ckb_script::types::VmId;
use ckb_script::Scheduler;
use ckb_traits::{CellDataProvider, ExtensionProvider, HeaderProvider};
use ckb_vm::{CoreMachine, DefaultMachineRunner, Register, SupportMachine};
use serde_json::{json, Value};
use shared::suspended::{registers_digest, state_value};

/// Follows which VMs are alive. The scheduler answers about one id at a time only, but ids are
/// given in order and none is used again, so it is enough to ask about the next one.
#[derive(Default)]
pub struct LiveVms {
    ids: Vec<VmId>,
    next_id: VmId,
}

impl LiveVms {
    /// The live VMs in order of id. Must be called after every iteration.
    pub fn view<DL, V, M>(&mut self, scheduler: &mut Scheduler<DL, V, M>) -> Vec<Value>
    where
        DL: CellDataProvider + HeaderProvider + ExtensionProvider + Clone,
        V: Clone,
        M: DefaultMachineRunner,
    {
        while scheduler.state(&self.next_id).is_some() {
            self.ids.push(self.next_id);
            self.next_id += 1;
        }
        self.ids.retain(|id| scheduler.state(id).is_some());
        self.ids.iter().map(|id| live_vm(scheduler, *id)).collect()
    }
}

fn live_vm<DL, V, M>(scheduler: &mut Scheduler<DL, V, M>, id: VmId) -> Value
where
    DL: CellDataProvider + HeaderProvider + ExtensionProvider + Clone,
    V: Clone,
    M: DefaultMachineRunner,
{
    let state = scheduler.state(&id).expect("the VM is alive");
    let (place, pc, cycles, regs) = scheduler
        .peek(
            &id,
            |machine| {
                let inner = machine.inner_mut();
                let registers = inner.registers().iter().map(Register::to_u64);
                let regs = registers_digest(registers);
                Ok(("i", inner.pc().to_u64(), inner.cycles(), regs))
            },
            |snapshot, _| {
                let regs = registers_digest(snapshot.registers.iter().copied());
                Ok(("s", snapshot.pc, snapshot.cycles, regs))
            },
        )
        .expect("a live VM is instantiated or suspended");
    json!([id, place, state_value(&state), pc, cycles, regs])
}
