//! What a scheduler is when everything in it is suspended, as JSON.

use crate::digest::short_hex;
use ckb_script::types::{DataPieceId, FullSuspendedState, VmId, VmState};
use ckb_vm::snapshot2::Snapshot2;
use serde_json::{json, Value};
use sha2::{Digest, Sha256};

const PAGE_SIZE: usize = ckb_vm::RISCV_PAGESIZE;

pub fn state_value(state: &VmState) -> Value {
    match state {
        VmState::Runnable => json!(["runnable"]),
        VmState::Terminated => json!(["terminated"]),
        VmState::Wait {
            target_vm_id,
            exit_code_addr,
        } => json!(["wait", target_vm_id, exit_code_addr]),
        VmState::WaitForRead(s) => {
            json!(["read", s.fd.0, s.length, s.buffer_addr, s.length_addr])
        }
        VmState::WaitForWrite(s) => {
            json!([
                "write",
                s.fd.0,
                s.consumed,
                s.length,
                s.buffer_addr,
                s.length_addr
            ])
        }
    }
}

pub fn suspend_record(state: &FullSuspendedState) -> Value {
    let fds = state.fds.iter().map(|(fd, owner)| (fd.0, owner));
    let inherited = state.inherited_fd.iter().map(|(id, fds)| {
        let fds: Vec<u64> = fds.iter().map(|fd| fd.0).collect();
        (id, fds)
    });
    let vms = state
        .vms
        .iter()
        .map(|(id, vm_state, snapshot)| suspended_vm(*id, vm_state, snapshot));
    json!({
        "total_cycles": state.total_cycles,
        "iteration_cycles": state.iteration_cycles,
        "next_vm_id": state.next_vm_id,
        "next_fd_slot": state.next_fd_slot,
        "fds": fds.collect::<Vec<_>>(),
        "inherited_fd": inherited.collect::<Vec<_>>(),
        "terminated_vms": state.terminated_vms,
        "instantiated_ids": state.instantiated_ids,
        "size": state.size(),
        "vms": vms.collect::<Vec<_>>(),
    })
}

fn suspended_vm(id: VmId, state: &VmState, snapshot: &Snapshot2<DataPieceId>) -> Value {
    let (dirty_pages, dirty_sha) = dirty_pages(snapshot);
    let source_pages: Vec<Value> = snapshot
        .pages_from_source
        .iter()
        .map(|(address, flag, source, offset, length)| {
            json!([address, flag, source_name(source), offset, length])
        })
        .collect();
    json!({
        "id": id,
        "state": state_value(state),
        "pc": snapshot.pc,
        "cycles": snapshot.cycles,
        "max_cycles": snapshot.max_cycles,
        "regs": registers_digest(snapshot.registers.iter().copied()),
        "lr": snapshot.load_reservation_address,
        "dirty_pages": dirty_pages,
        "dirty_sha": dirty_sha,
        "source_pages": source_pages,
    })
}

/// Number and digest of the pages stored in full. A snapshot joins neighbouring pages; here they
/// are taken apart so that the digest does not depend on that.
fn dirty_pages(snapshot: &Snapshot2<DataPieceId>) -> (usize, String) {
    let mut count = 0;
    let mut sha = Sha256::new();
    for (address, flag, content) in &snapshot.dirty_pages {
        for (i, page) in content.chunks(PAGE_SIZE).enumerate() {
            let page_address = address + (i * PAGE_SIZE) as u64;
            sha.update(page_address.to_le_bytes());
            sha.update([*flag]);
            sha.update(page);
            count += 1;
        }
    }
    (count, short_hex(sha))
}

pub fn registers_digest(registers: impl Iterator<Item = u64>) -> String {
    let mut sha = Sha256::new();
    for register in registers {
        sha.update(register.to_le_bytes());
    }
    short_hex(sha)
}

fn source_name(source: &DataPieceId) -> String {
    let (name, index) = match source {
        DataPieceId::Input(i) => ("input", i),
        DataPieceId::Output(i) => ("output", i),
        DataPieceId::CellDep(i) => ("cell_dep", i),
        DataPieceId::GroupInput(i) => ("group_input", i),
        DataPieceId::GroupOutput(i) => ("group_output", i),
        DataPieceId::Witness(i) => ("witness", i),
        DataPieceId::WitnessGroupInput(i) => ("witness_group_input", i),
        DataPieceId::WitnessGroupOutput(i) => ("witness_group_output", i),
    };
    format!("{name}:{index}")
}
