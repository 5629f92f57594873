//! The sink for debug texts.

use ckb_script::types::DebugPrinter;
use ckb_types::packed::Byte32;
use serde_json::{json, Value};
use std::sync::{Arc, Mutex};

/// A debug text with the hash of the script that printed it.
pub struct Text {
    script_hash: Byte32,
    text: String,
}

impl From<Text> for Value {
    fn from(text: Text) -> Value {
        json!([format!("{:#x}", text.script_hash), text.text])
    }
}

#[derive(Clone, Default)]
pub struct Texts(Arc<Mutex<Vec<Text>>>);

impl Texts {
    pub fn printer(&self) -> DebugPrinter {
        let Texts(texts) = self.clone();
        Arc::new(move |hash, text| {
            texts.lock().expect("lock").push(Text {
                script_hash: hash.clone(),
                text: text.to_string(),
            });
        })
    }

    /// The texts printed so far, which are not kept.
    pub fn take(&self) -> Vec<Value> {
        let texts = std::mem::take(&mut *self.0.lock().expect("lock"));
        texts.into_iter().map(Value::from).collect()
    }
}
