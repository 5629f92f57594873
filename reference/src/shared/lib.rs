//! What the programs of this package have in common.

pub mod digest;
pub mod errors;
pub mod lines;
pub mod lists;
pub mod machine;
pub mod pause;
pub mod suspended;
