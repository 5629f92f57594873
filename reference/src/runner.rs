//! Answers case after case, whatever happens in one of them.

use crate::blob::Library;
use crate::case::Case;
use crate::host::Host;
use crate::options::{MachineKind, Options};
use crate::outcome::outcome;
use crate::run::{run, Setup};
use crate::transaction::{consensus, script_group};
use ckb_chain_spec::consensus::Consensus;
use ckb_vm::machine::asm::AsmMachine;
use ckb_vm::{DefaultCoreMachine, DefaultMachine, SparseMemory, WXorXMemory};
use serde_json::{json, Value};
use std::any::Any;
use std::io::{self, BufRead, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;

type PlainMachine = DefaultMachine<DefaultCoreMachine<u64, WXorXMemory<SparseMemory<u64>>>>;

/// What all cases share.
pub struct Runner {
    library: Library,
    consensus: Arc<Consensus>,
    machine: MachineKind,
    full: bool,
}

impl Runner {
    pub fn new(options: Options) -> Self {
        Runner {
            library: Library::new(options.programs, options.blobs),
            consensus: consensus(),
            machine: options.machine,
            full: options.full,
        }
    }

    pub fn serve(&self, mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
        let mut line = Vec::new();
        while input.read_until(b'\n', &mut line)? > 0 {
            if !line.trim_ascii().is_empty() {
                writeln!(output, "{}", self.answer(&line))?;
                output.flush()?;
            }
            line.clear();
        }
        Ok(())
    }

    fn answer(&self, line: &[u8]) -> Value {
        match catch_unwind(AssertUnwindSafe(|| self.outcome(line))) {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(why)) => json!({"bad_case": why}),
            Err(panic) => json!({"status": "panic", "message": panic_message(&*panic)}),
        }
    }

    fn outcome(&self, line: &[u8]) -> Result<Value, String> {
        let case: Case = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let setup = Setup {
            data: script_group(&case, &self.library, Arc::clone(&self.consensus))?,
            host: Host::new(case.debug_pause),
            root_args: self.library.list(&case.root_args)?,
        };
        let report = match self.machine {
            MachineKind::Asm => run::<AsmMachine>(&case, &setup),
            MachineKind::Plain => run::<PlainMachine>(&case, &setup),
        };
        let texts = setup.host.take_texts();
        Ok(outcome(&setup.data, report, texts, self.full || case.full))
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "panic without a message",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file of one segment: its header, then the program.
    const ELF_HEADER: &str = "\
        7f454c460201010000000000000000000200f300010000007800010000000000400000000000000000000000\
        0000000000000000400038000100000000000000010000000500000000000000000000000000010000000000\
        000001000000000084000000000000008400000000000000\
        0010000000000000";
    /// a0 = 0, a7 = 93, ecall
    const EXIT_ZERO: &str = "130500009308d00573000000";
    /// a0 = the number of arguments, which the stack pointer leads to; a7 = 93, ecall
    const EXIT_ARGC: &str = "033501009308d00573000000";

    fn answers(machine: MachineKind, lines: &str) -> Vec<Value> {
        let options = Options {
            machine,
            ..Options::default()
        };
        let mut output = Vec::new();
        Runner::new(options)
            .serve(lines.as_bytes(), &mut output)
            .unwrap();
        let output = String::from_utf8(output).unwrap();
        let lines = output.lines();
        lines.map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    fn case(code: &str, more: &str) -> String {
        format!(r#"{{"program": {{"hex": "{ELF_HEADER}{code}"}}, "version": 2{more}}}"#)
    }

    #[test]
    fn a_program_runs_on_both_machines() {
        for machine in [MachineKind::Asm, MachineKind::Plain] {
            let line = case(EXIT_ZERO, r#", "mode": "trace""#);
            let outcome = &answers(machine, &line)[0];
            assert_eq!(outcome["status"], "exit");
            assert_eq!(outcome["exit_code"], 0);
            assert_eq!(outcome["cycles"], 539);
            assert_eq!(outcome["trace_count"], 1);
            assert_eq!(outcome["trace"][0]["vms"][0][2], json!(["terminated"]));
        }
    }

    #[test]
    fn root_args_are_passed() {
        let line = case(EXIT_ARGC, r#", "root_args": ["61", "62", ""]"#);
        assert_eq!(answers(MachineKind::Asm, &line)[0]["exit_code"], 3);
    }

    #[test]
    fn cycle_limits_are_kept() {
        let lines = [538, 539].map(|n| case(EXIT_ZERO, &format!(r#", "max_cycles": {n}"#)));
        let outcomes = answers(MachineKind::Asm, &lines.join("\n"));
        assert_eq!(outcomes[0]["error_variant"], "CyclesExceeded");
        assert_eq!(outcomes[1]["status"], "exit");
    }

    #[test]
    fn pieces_too_short_for_progress_end() {
        let line = case(EXIT_ZERO, r#", "mode": {"pause_every": 1}"#);
        let outcome = &answers(MachineKind::Asm, &line)[0];
        assert_eq!(outcome["stop_reason"], "no progress");
    }

    #[test]
    fn a_bad_case_does_not_stop_the_next() {
        let bad = [
            "{",
            "[]",
            r#"{"program": "nowhere", "version": 2}"#,
            &case(EXIT_ZERO, r#", "script_group_type": "type""#),
            &case(EXIT_ZERO, r#", "program_index": 1"#),
        ];
        let lines = bad.join("\n") + "\n\n" + &case(EXIT_ZERO, "");
        let outcomes = answers(MachineKind::Asm, &lines);
        assert_eq!(outcomes.len(), bad.len() + 1);
        assert!(outcomes[..bad.len()]
            .iter()
            .all(|outcome| outcome["bad_case"].is_string()));
        assert_eq!(outcomes[bad.len()]["status"], "exit");
    }
}
