//! The chain behind the transaction, as far as a case tells of it: headers and extensions of
//! blocks. Cells carry their data themselves.

use crate::blob::Library;
use crate::case::Case;
use ckb_traits::{CellDataProvider, ExtensionProvider, HeaderProvider};
use ckb_types::bytes::Bytes;
use ckb_types::core::HeaderView;
use ckb_types::packed::{self, Byte32, OutPoint};
use ckb_types::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// What is known of blocks, by the hashes that the case gives them.
#[derive(Clone)]
pub struct Chain(Arc<Blocks>);

struct Blocks {
    headers: HashMap<Byte32, HeaderView>,
    extensions: HashMap<Byte32, packed::Bytes>,
}

impl Chain {
    pub fn new(case: &Case, library: &Library) -> Result<Chain, String> {
        let mut headers = HashMap::new();
        for known in &case.headers {
            let header = packed::Header::from_slice(&library.bytes(&known.header)?)
                .map_err(|_| "a header must have 208 bytes")?
                .into_view();
            headers.insert(library.hash(&known.hash)?, header);
        }
        let mut extensions = HashMap::new();
        for known in &case.extensions {
            let data = packed::Bytes::from(library.bytes(&known.data)?);
            extensions.insert(library.hash(&known.hash)?, data);
        }
        Ok(Chain(Arc::new(Blocks {
            headers,
            extensions,
        })))
    }
}

impl CellDataProvider for Chain {
    fn get_cell_data(&self, _: &OutPoint) -> Option<Bytes> {
        None
    }

    fn get_cell_data_hash(&self, _: &OutPoint) -> Option<Byte32> {
        None
    }
}

impl HeaderProvider for Chain {
    fn get_header(&self, hash: &Byte32) -> Option<HeaderView> {
        self.0.headers.get(hash).cloned()
    }
}

impl ExtensionProvider for Chain {
    fn get_block_extension(&self, hash: &Byte32) -> Option<packed::Bytes> {
        self.0.extensions.get(hash).cloned()
    }
}
