//! Answers line after line, whatever happens in one of them.

use crate::errors::panic_message;
use serde_json::{json, Value};
use std::io::{self, BufRead, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Writes a line of JSON for each line read, at once. A line that is not understood is answered with the reason.
pub fn serve(
    mut input: impl BufRead,
    mut output: impl Write,
    answer: impl Fn(&[u8]) -> Result<Value, String>,
) -> io::Result<()> {
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        if !line.trim_ascii().is_empty() {
            writeln!(output, "{}", answer_whatever_happens(&line, &answer))?;
            output.flush()?;
        }
        line.clear();
    }
    Ok(())
}

fn answer_whatever_happens(line: &[u8], answer: impl Fn(&[u8]) -> Result<Value, String>) -> Value {
    match catch_unwind(AssertUnwindSafe(|| answer(line))) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(why)) => json!({"bad_case": why}),
        Err(panic) => json!({"status": "panic", "message": panic_message(&*panic)}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_disturbs_the_next_line() {
        let mut output = Vec::new();
        let answer = |line: &[u8]| match line.trim_ascii() {
            b"panic" => panic!("as wanted"),
            b"refuse" => Err("no".to_string()),
            other => Ok(json!(other.len())),
        };
        serve(&b"panic\n\nrefuse\n  \nlast"[..], &mut output, answer).unwrap();
        let output = String::from_utf8(output).unwrap();
        let lines: Vec<_> = output.lines().collect();
        assert_eq!(
            lines,
            [
                r#"{"message":"as wanted","status":"panic"}"#,
                r#"{"bad_case":"no"}"#,
                "4"
            ]
        );
    }
}
