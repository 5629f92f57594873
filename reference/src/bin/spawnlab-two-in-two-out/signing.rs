//! Signatures as the usual lock wants them.

use ckb_crypto::secp::Privkey;
use ckb_hash::new_blake2b;
use ckb_types::bytes::Bytes;
use ckb_types::core::TransactionView;
use ckb_types::packed::WitnessArgs;
use ckb_types::prelude::*;
use ckb_types::H256;

const SIGNATURE_SIZE: usize = 65;

/// The witness of an input that is alone in its group: a signature of the transaction's hash and of the witness
/// itself, with zeros in the signature's place.
pub fn witness(transaction: &TransactionView, key: &Privkey) -> Bytes {
    let blank = witness_with(vec![0; SIGNATURE_SIZE]);
    let mut hasher = new_blake2b();
    hasher.update(transaction.hash().as_slice());
    hasher.update(&(blank.len() as u64).to_le_bytes());
    hasher.update(&blank);
    let mut message = [0; 32];
    hasher.finalize(&mut message);
    let signature = key
        .sign_recoverable(&H256::from(message))
        .expect("a key signs");
    witness_with(signature.serialize())
}

fn witness_with(signature: Vec<u8>) -> Bytes {
    let lock = Some(Bytes::from(signature));
    WitnessArgs::new_builder().lock(lock).build().as_bytes()
}
