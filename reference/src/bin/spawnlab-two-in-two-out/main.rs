//! Prints a payment with two inputs and two outputs as a mock transaction: what the crates' authors reckon with as the
//! usual transaction, and what their tests verify. Its keys are always the same, and so are the signatures.

mod cells;
mod signing;

use cells::{genesis, System};
use ckb_crypto::secp::{Generator, Privkey};
use ckb_hash::blake2b_256;
use ckb_mock_tx_types::{MockCellDep, MockInfo, MockInput, MockTransaction, ReprMockTransaction};
use ckb_types::core::{
    capacity_bytes, Capacity, DepType, ScriptHashType, TransactionBuilder, TransactionView,
};
use ckb_types::packed::{CellInput, CellOutput, OutPoint, Script};
use ckb_types::prelude::*;
use ckb_types::{bytes::Bytes, h256, H256};
use signing::witness;

/// From which the keys are made.
const SEED: u64 = 42;

fn main() {
    let system = genesis();
    let mut generator = Generator::non_crypto_safe_prng(SEED);
    let keys = [generator.gen_privkey(), generator.gen_privkey()];
    let locks = [0, 1].map(|i| lock(&keys[i], &system));
    let inputs = [h256!("0x1234"), h256!("0x1111")].map(input);
    let unsigned = transaction(&system, &inputs, &locks);
    let witnesses = keys.map(|key| witness(&unsigned, &key));
    let signed = unsigned
        .as_advanced_builder()
        .witnesses(witnesses.map(|witness| witness.into()))
        .build();
    let mock = MockTransaction {
        mock_info: MockInfo {
            inputs: inputs.into_iter().zip(locks).map(spent).collect(),
            cell_deps: system.cells,
            header_deps: Vec::new(),
            extensions: Vec::new(),
        },
        tx: signed.data(),
    };
    let text = serde_json::to_string(&ReprMockTransaction::from(mock));
    println!("{}", text.expect("a mock transaction is JSON"));
}

fn input(tx_hash: H256) -> CellInput {
    CellInput::new(OutPoint::new(tx_hash.into(), 0), 0)
}

/// Whoever has the key may spend.
fn lock(key: &Privkey, system: &System) -> Script {
    let public = key.pubkey().expect("a key has a public one").serialize();
    Script::new_builder()
        .code_hash(system.lock_type_hash.clone())
        .hash_type(ScriptHashType::Type)
        .args(Bytes::copy_from_slice(&blake2b_256(public)[..20]))
        .build()
}

fn cell(lock: &Script) -> CellOutput {
    CellOutput::new_builder()
        .capacity(capacity_bytes!(100))
        .lock(lock.clone())
        .build()
}

fn transaction(system: &System, inputs: &[CellInput], locks: &[Script]) -> TransactionView {
    let group = system
        .cells
        .iter()
        .map(|cell: &MockCellDep| cell.cell_dep.clone());
    TransactionBuilder::default()
        .cell_deps(group.filter(|dep| dep.dep_type() == DepType::DepGroup.into()))
        .inputs(inputs.to_vec())
        .outputs(locks.iter().map(cell))
        .outputs_data(locks.iter().map(|_| Bytes::new().into()))
        .build()
}

fn spent((input, lock): (CellInput, Script)) -> MockInput {
    MockInput {
        input,
        output: cell(&lock),
        data: Bytes::new(),
        header: None,
    }
}
