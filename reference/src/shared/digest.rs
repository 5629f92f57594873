//! SHA-256 digests as hex.

use sha2::{Digest, Sha256};

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The first 8 hex digits, which are enough to tell states apart.
pub fn short_hex(sha: Sha256) -> String {
    hex(&sha.finalize()[..4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests() {
        assert!(sha256_hex(b"[]").starts_with("4f53cda18c2baa0c"));
        assert_eq!(short_hex(Sha256::new_with_prefix(b"[]")), "4f53cda1");
    }
}
