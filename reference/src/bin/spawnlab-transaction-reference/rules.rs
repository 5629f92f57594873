//! The rules of the chain by which the versions of scripts are chosen.

use crate::case::{Case, Epoch, Phase};
use ckb_chain_spec::consensus::{Consensus, ConsensusBuilder};
use ckb_script::TxVerifyEnv;
use ckb_types::core::hardfork::{HardForks, CKB2021, CKB2023};
use ckb_types::core::{EpochNumberWithFraction, HeaderBuilder};
use std::sync::Arc;

pub struct Rules {
    pub consensus: Arc<Consensus>,
    pub env: Arc<TxVerifyEnv>,
}

impl Rules {
    pub fn new(case: &Case) -> Result<Rules, String> {
        Ok(Rules {
            consensus: Arc::new(consensus(case.forks)?),
            env: Arc::new(env(case.epoch, case.phase)?),
        })
    }
}

fn consensus([version_1, version_2]: [u64; 2]) -> Result<Consensus, String> {
    let forks = HardForks {
        ckb2021: CKB2021::new_mirana()
            .as_builder()
            .rfc_0032(version_1)
            .build()?,
        ckb2023: CKB2023::new_mirana()
            .as_builder()
            .rfc_0049(version_2)
            .build()?,
    };
    Ok(ConsensusBuilder::default().hardfork_switch(forks).build())
}

fn env(epoch: Epoch, phase: Phase) -> Result<TxVerifyEnv, String> {
    let header = HeaderBuilder::default().epoch(packed_epoch(epoch)?).build();
    Ok(match phase {
        Phase::Committed => TxVerifyEnv::new_commit(&header),
        // The number of blocks since then changes only what `since` means, which no script is told.
        Phase::Proposed => TxVerifyEnv::new_proposed(&header, 0),
        Phase::Submitted => TxVerifyEnv::new_submit(&header),
    })
}

fn packed_epoch(epoch: Epoch) -> Result<EpochNumberWithFraction, String> {
    type Packed = EpochNumberWithFraction;
    if epoch.number >= Packed::NUMBER_MAXIMUM_VALUE
        || epoch.index >= Packed::INDEX_MAXIMUM_VALUE
        || epoch.length >= Packed::LENGTH_MAXIMUM_VALUE
    {
        return Err("the epoch's number has 24 bits, index and length have 16".to_string());
    }
    Ok(Packed::new_unchecked(
        epoch.number,
        epoch.index,
        epoch.length,
    ))
}
