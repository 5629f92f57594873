//! Answers vector after vector, whatever happens in one of them.

use crate::bench::Bench;
use crate::trace::Trace;
use crate::vector::{Setting, Vector};
use serde_json::json;
use shared::errors::panic_message;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};

pub struct Server {
    /// One for each setting, in their order.
    benches: [Bench; 6],
}

impl Server {
    pub fn new() -> Self {
        Server {
            benches: Setting::ALL.map(Bench::new),
        }
    }

    /// Results are held back only as long as further vectors have already been read.
    pub fn serve(
        &mut self,
        mut input: BufReader<impl Read>,
        mut output: impl Write,
    ) -> io::Result<()> {
        let mut line = Vec::new();
        while input.read_until(b'\n', &mut line)? > 0 {
            if !line.trim_ascii().is_empty() {
                self.answer(&line, &mut output)?;
                output.write_all(b"\n")?;
            }
            line.clear();
            if !input.buffer().contains(&b'\n') {
                output.flush()?;
            }
        }
        output.flush()
    }

    fn answer(&mut self, line: &[u8], output: &mut impl Write) -> io::Result<()> {
        let vector = match read_vector(line) {
            Ok(vector) => vector,
            Err(why) => return write!(output, "{}", json!({"bad_case": why})),
        };
        match self.run(&vector) {
            Ok(trace) => Ok(serde_json::to_writer(output, &trace)?),
            Err(message) => write!(output, "{}", json!({"panic": message})),
        }
    }

    fn run(&mut self, vector: &Vector) -> Result<Trace, String> {
        let bench = &mut self.benches[vector.setting as usize];
        let result = catch_unwind(AssertUnwindSafe(|| bench.run(vector)));
        let failure = match result {
            Ok(Ok(trace)) => return Ok(trace),
            Ok(Err(error)) => error.to_string(),
            Err(panic) => panic_message(&*panic).to_string(),
        };
        // Nobody knows in what state it was left.
        *bench = Bench::new(vector.setting);
        Err(failure)
    }
}

fn read_vector(line: &[u8]) -> Result<Vector, String> {
    let vector: Vector = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    vector.check().map(|()| vector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// sd a1, 0(a0); a7 = 93; ecall
    const STORE_AND_EXIT: &str = "2330b5009308d00573000000";

    fn answers(lines: &str) -> Vec<Value> {
        let mut output = Vec::new();
        Server::new()
            .serve(BufReader::new(lines.as_bytes()), &mut output)
            .unwrap();
        let output = String::from_utf8(output).unwrap();
        let lines = output.lines();
        lines.map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    fn store_and_exit(more: &str) -> String {
        format!(
            r#"{{"v": "2", "c": "{STORE_AND_EXIT}", "n": 9, "r": {{"10": "20ffa", "11": "1200340000000000"}}{more}}}"#
        ) + "\n"
    }

    #[test]
    fn what_is_left_behind() {
        let result = json!({
            "v": "2", "n": 3, "y": 503, "pc": 65548, "ops": "SD ADDI ECALL", "exit": -6,
            "r": {"17": "5d"}, "m": [[0x20fff, "34"], [0x21001, "12"]],
        });
        // Twice, since the first must leave nothing for the second.
        let lines = store_and_exit("").repeat(2);
        assert_eq!(answers(&lines), [result.clone(), result]);
    }

    #[test]
    fn changes_are_those_from_the_start() {
        let line = store_and_exit(r#", "mem": [[135162, "0000000000340013"]]"#);
        assert_eq!(answers(&line)[0]["m"], json!([[0x21001, "12"]]));
        let line = store_and_exit(r#", "mem": [[135162, "0000000000340012"]]"#);
        assert_eq!(answers(&line)[0].get("m"), None);
    }

    #[test]
    fn limits_and_flags() {
        let lines = store_and_exit(r#", "max": 502"#)
            + &store_and_exit(r#", "x": [33]"#)
            + &store_and_exit("").replace(r#""n": 9"#, r#""n": 2"#);
        let [exceeded, not_writable, short] = &answers(&lines)[..] else {
            panic!("three results expected");
        };
        assert_eq!(exceeded["e"], "CyclesExceeded");
        assert_eq!(exceeded["ops"], "SD ADDI ECALL");
        assert_eq!((&exceeded["n"], &exceeded["y"]), (&json!(2), &json!(3)));
        assert_eq!(not_writable["e"], "MemWriteOnExecutablePage");
        assert_eq!(not_writable["t"], "memory error: write on executable page");
        assert_eq!(
            (&not_writable["n"], &not_writable["y"]),
            (&json!(0), &json!(2))
        );
        assert_eq!(short["n"], 2);
        assert_eq!((short.get("e"), short.get("exit")), (None, None));
    }

    #[test]
    fn settings_differ() {
        // lui a0, 0x12345; addiw a0, a0, 1 is one operation from version 1 on. lr.w a0, (a1) needs A.
        let line = |code: &str, v: &str| {
            format!(r#"{{"v": "{v}", "c": "{code}", "n": 2, "r": {{"11": "20000"}}}}"#) + "\n"
        };
        let fusible = |v| answers(&line("375534121b051500", v))[0]["ops"].clone();
        assert_eq!(fusible("0"), "LUI ADDIW");
        assert_eq!(fusible("0ab"), "LUI ADDIW");
        for v in ["1", "2", "1a", "2a"] {
            assert_eq!(fusible(v), "CUSTOM_LOAD_IMM");
        }
        let atomic = |v| answers(&line("2fa50510", v))[0].clone();
        for v in ["0", "1", "2"] {
            assert_eq!(atomic(v)["e"], "InvalidInstruction");
        }
        for v in ["0ab", "1a", "2a"] {
            assert_eq!(atomic(v)["lr"], "20000");
        }
    }

    #[test]
    fn a_bad_vector_does_not_stop_the_next() {
        let bad = [
            "{",
            "[]",
            "\u{0}",
            r#"{"c": "01"}"#,
            r#"{"v": "3", "c": "01"}"#,
            r#"{"v": "2", "c": ""}"#,
            r#"{"v": "2", "c": "0"}"#,
            r#"{"v": "2", "c": "01", "pc": -1}"#,
            r#"{"v": "2", "c": "01", "r": {"a0": "1"}}"#,
        ];
        let lines = bad.join("\n") + "\n\n" + &store_and_exit("");
        let results = answers(&lines);
        assert_eq!(results.len(), bad.len() + 1);
        assert!(results[..bad.len()]
            .iter()
            .all(|result| result["bad_case"].is_string()));
        assert_eq!(results[bad.len()]["exit"], -6);
    }
}
