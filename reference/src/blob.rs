//! Blobs: the ways a case can give bytes, and where they are looked up.

use ckb_hash::blake2b_256;
use ckb_types::bytes::Bytes;
use ckb_types::packed::Byte32;
use ckb_types::prelude::*;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::Deserialize;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// More than any use needs, but little enough that a mistaken number is no harm.
const MAX_BYTES: usize = 256 << 20;

pub enum Blob {
    /// A plain string: hex, or the name of a program where a program is expected.
    Text(String),
    Built(Recipe),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipe {
    Hex(String),
    Program(String),
    File(String),
    Zeros(usize),
    Concat(Vec<Blob>),
    DataHash(Box<Blob>),
}

impl Default for Blob {
    fn default() -> Self {
        Blob::Text(String::new())
    }
}

// By hand because a derived untagged enum would not say what is wrong inside an object.
impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BlobVisitor;

        impl<'de> Visitor<'de> for BlobVisitor {
            type Value = Blob;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a string or an object that says how the bytes are made")
            }

            fn visit_str<E>(self, text: &str) -> Result<Blob, E> {
                Ok(Blob::Text(text.to_string()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Blob, A::Error> {
                Recipe::deserialize(MapAccessDeserializer::new(map)).map(Blob::Built)
            }
        }

        deserializer.deserialize_any(BlobVisitor)
    }
}

/// The places where blobs that are only named are found.
pub struct Library {
    programs: Vec<PathBuf>,
    blobs: Option<PathBuf>,
    witness_sets: OnceCell<HashMap<String, Vec<Blob>>>,
}

impl Library {
    pub fn new(programs: Vec<PathBuf>, blobs: Option<PathBuf>) -> Self {
        Library {
            programs,
            blobs,
            witness_sets: OnceCell::new(),
        }
    }

    pub fn bytes(&self, blob: &Blob) -> Result<Bytes, String> {
        match blob {
            Blob::Text(hex) => parse_hex(hex).map(Bytes::from),
            Blob::Built(recipe) => self.build(recipe),
        }
    }

    /// As `bytes`, for the fields where a plain string is the name of a program.
    pub fn code(&self, blob: &Blob) -> Result<Bytes, String> {
        match blob {
            Blob::Text(name) => self.program(name),
            Blob::Built(recipe) => self.build(recipe),
        }
    }

    pub fn hash(&self, blob: &Blob) -> Result<Byte32, String> {
        Byte32::from_slice(&self.bytes(blob)?).map_err(|_| "a hash must have 32 bytes".to_string())
    }

    pub fn list(&self, blobs: &[Blob]) -> Result<Vec<Bytes>, String> {
        blobs.iter().map(|blob| self.bytes(blob)).collect()
    }

    pub fn witness_set(&self, name: &str) -> Result<Vec<Bytes>, String> {
        let sets = match self.witness_sets.get() {
            Some(sets) => sets,
            None => {
                let text = self.file("witness_sets.json")?;
                let sets = serde_json::from_slice(&text)
                    .map_err(|error| format!("witness_sets.json: {error}"))?;
                self.witness_sets.get_or_init(|| sets)
            }
        };
        let set = sets
            .get(name)
            .ok_or_else(|| format!("unknown witness set {name}"))?;
        self.list(set)
    }

    fn build(&self, recipe: &Recipe) -> Result<Bytes, String> {
        match recipe {
            Recipe::Hex(hex) => parse_hex(hex).map(Bytes::from),
            Recipe::Program(name) => self.program(name),
            Recipe::File(name) => self.file(name),
            Recipe::Zeros(length) => {
                check_size(*length)?;
                Ok(vec![0; *length].into())
            }
            Recipe::Concat(parts) => self.concat(parts),
            Recipe::DataHash(blob) => Ok(Bytes::copy_from_slice(&blake2b_256(self.bytes(blob)?))),
        }
    }

    fn concat(&self, parts: &[Blob]) -> Result<Bytes, String> {
        let mut whole = Vec::new();
        for part in parts {
            let bytes = self.bytes(part)?;
            check_size(whole.len() + bytes.len())?;
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.into())
    }

    fn program(&self, name: &str) -> Result<Bytes, String> {
        check_name(name)?;
        self.programs
            .iter()
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
            .ok_or_else(|| format!("program {name} not found"))
            .and_then(|path| read(&path))
    }

    fn file(&self, name: &str) -> Result<Bytes, String> {
        check_name(name)?;
        let folder = self.blobs.as_ref().ok_or("no folder of blobs is set")?;
        read(&folder.join(name))
    }
}

fn read(path: &Path) -> Result<Bytes, String> {
    fs::read(path)
        .map(Bytes::from)
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// A name must not lead out of its folder.
fn check_name(name: &str) -> Result<(), String> {
    let inside = |part| matches!(part, Component::Normal(_));
    if !name.is_empty() && Path::new(name).components().all(inside) {
        Ok(())
    } else {
        Err(format!("{name:?} is not a file name"))
    }
}

fn check_size(length: usize) -> Result<(), String> {
    if length <= MAX_BYTES {
        Ok(())
    } else {
        Err(format!("a blob of {length} bytes is too large"))
    }
}

fn parse_hex(text: &str) -> Result<Vec<u8>, String> {
    let bad = || format!("not hex: {:?}", text.chars().take(40).collect::<String>());
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect();
    let digits = digits.ok_or_else(bad)?;
    if digits.len() % 2 != 0 {
        return Err(bad());
    }
    Ok(digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(json: &str) -> Result<Bytes, String> {
        let blob: Blob = serde_json::from_str(json).map_err(|error| error.to_string())?;
        Library::new(Vec::new(), None).bytes(&blob)
    }

    #[test]
    fn blobs_are_built() {
        assert_eq!(bytes(r#""00fF""#).unwrap().as_ref(), [0, 255]);
        let nested = r#"{"concat": ["01", {"zeros": 2}, {"hex": "02"}]}"#;
        assert_eq!(bytes(nested).unwrap().as_ref(), [1, 0, 0, 2]);
        assert_eq!(
            bytes(r#"{"data_hash": ""}"#).unwrap()[..4],
            [0x44, 0xf4, 0xc6, 0x97]
        );
    }

    #[test]
    fn bad_blobs_are_refused() {
        for bad in [
            r#""0x00""#,
            r#""0""#,
            r#""+1""#,
            r#"{"zeros": 9999999999999}"#,
            r#"{"file": "a"}"#,
            r#"{"program": "../a"}"#,
            r#"{"unknown": "a"}"#,
            r#"{"hex": "00", "zeros": 1}"#,
            "7",
        ] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }
}
