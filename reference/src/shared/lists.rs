//! Lists in an outcome, which are cut where they are long.

use crate::digest::sha256_hex;
use serde_json::{json, Value};

/// Lists with more entries than this, or longer than `CUT_SIZE`, are cut.
const CUT_COUNT: usize = 400;
const KEPT_COUNT: usize = 200;
/// Characters of JSON, without the commas between the entries.
const CUT_SIZE: usize = 16_000;

/// Adds the list with its length and digest. These two tell of the whole list even if it is cut.
pub fn add_list(outcome: &mut Value, name: &str, list: Vec<Value>, full: bool) {
    // Objects keep their keys sorted, so this text is canonical.
    let text = serde_json::to_string(&list).expect("plain JSON");
    outcome[format!("{name}_count")] = json!(list.len());
    outcome[format!("{name}_sha256")] = json!(sha256_hex(text.as_bytes()));
    outcome[name] = Value::Array(if full { list } else { cut(list) });
}

fn cut(mut list: Vec<Value>) -> Vec<Value> {
    if list.len() > CUT_COUNT {
        list.truncate(KEPT_COUNT);
    }
    let mut size = 0;
    let kept = list.iter().take_while(|entry| {
        size += entry.to_string().chars().count();
        size <= CUT_SIZE
    });
    let kept = kept.count();
    list.truncate(kept);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_but_counted() {
        let mut outcome = json!({});
        add_list(&mut outcome, "debug", vec![json!("x"); 401], false);
        assert_eq!(outcome["debug"].as_array().unwrap().len(), 200);
        assert_eq!(outcome["debug_count"], 401);
        assert_eq!(cut(vec![json!("x".repeat(7998)); 3]).len(), 2);
        assert_eq!(cut(vec![json!("x"); 400]).len(), 400);
    }

    #[test]
    fn keys_are_sorted() {
        assert_eq!(json!({"b": 1, "a": 2}).to_string(), r#"{"a":2,"b":1}"#);
    }
}
