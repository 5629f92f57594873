//! The cells of the public test network's first block that the usual lock needs.

use ckb_chain_spec::{ChainSpec, OUTPUT_INDEX_SECP256K1_BLAKE160_SIGHASH_ALL as LOCK};
use ckb_mock_tx_types::MockCellDep;
use ckb_resource::Resource;
use ckb_types::bytes::Bytes;
use ckb_types::core::{DepType, TransactionView};
use ckb_types::packed::{Byte32, CellDep, OutPoint, OutPointVec};
use ckb_types::prelude::*;

/// Number of the output with the curve's precomputed points.
const POINTS: usize = 3;

pub struct System {
    /// A dep group, and its members.
    pub cells: Vec<MockCellDep>,
    /// By which scripts name the lock.
    pub lock_type_hash: Byte32,
}

pub fn genesis() -> System {
    let spec = Resource::bundled("specs/testnet.toml".to_string());
    let spec = ChainSpec::load_from(&spec).expect("the crate has the file");
    let block = spec.build_genesis().expect("the file is right");
    let [first, second] = [0, 1].map(|i| block.transaction(i).expect("there are two"));
    let members = [LOCK as usize, POINTS].map(|index| dep(&first, index, DepType::Code));
    // The program before the points: the order decides what looking for them costs.
    let listed = members.iter().map(|member| member.cell_dep.out_point());
    let group = MockCellDep {
        data: OutPointVec::new_builder().extend(listed).build().as_bytes(),
        ..dep(&second, 0, DepType::DepGroup)
    };
    let lock = members[0].output.type_().to_opt().expect("it can be named");
    System {
        cells: [group].into_iter().chain(members).collect(),
        lock_type_hash: lock.calc_script_hash(),
    }
}

fn dep(transaction: &TransactionView, index: usize, dep_type: DepType) -> MockCellDep {
    let (output, data): (_, Bytes) = transaction.output_with_data(index).expect("it is there");
    let out_point = OutPoint::new(transaction.hash(), index as u32);
    MockCellDep {
        cell_dep: CellDep::new_builder()
            .out_point(out_point)
            .dep_type(dep_type)
            .build(),
        output,
        data,
        header: None,
    }
}
