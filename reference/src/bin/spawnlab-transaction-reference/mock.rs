//! The transaction of a case, read and resolved as the crates do it.

use crate::failure::Failure;
use ckb_mock_tx_types::{MockTransaction, ReprMockTransaction, Resource};
use ckb_types::core::cell::{resolve_transaction, ResolvedTransaction};
use ckb_types::packed::Byte32;
use std::collections::HashSet;
use std::sync::Arc;

/// A transaction that has been read.
pub struct Mock {
    transaction: MockTransaction,
    pub tx_hash: Byte32,
}

/// A transaction with the cells it names.
pub struct Resolved {
    pub resource: Resource,
    pub transaction: Arc<ResolvedTransaction>,
}

impl Mock {
    pub fn read(text: &str) -> Result<Mock, Failure> {
        let repr: ReprMockTransaction = serde_json::from_str(text).map_err(Failure::json)?;
        let transaction = MockTransaction::from(repr);
        let tx_hash = transaction.core_transaction().hash();
        Ok(Mock {
            transaction,
            tx_hash,
        })
    }

    pub fn resolve(&self) -> Result<Resolved, Failure> {
        let resource = Resource::from_mock_tx(&self.transaction).map_err(Failure::mock)?;
        let resolved = resolve_transaction(
            self.transaction.core_transaction(),
            &mut HashSet::new(),
            &resource,
            &resource,
        )
        .map_err(Failure::resolve)?;
        Ok(Resolved {
            resource,
            transaction: Arc::new(resolved),
        })
    }
}
