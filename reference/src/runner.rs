//! Answers case after case.

use crate::blob::Library;
use crate::case::Case;
use crate::host::Host;
use crate::options::Options;
use crate::outcome::outcome;
use crate::run::{run, Setup};
use crate::transaction::{consensus, script_group};
use ckb_chain_spec::consensus::Consensus;
use serde_json::{json, Value};
use shared::lines::serve;
use shared::machine::{AsmMachine, MachineKind, PlainMachine};
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::time::Instant;

/// What all cases share.
pub struct Runner {
    library: Library,
    consensus: Arc<Consensus>,
    machine: MachineKind,
    full: bool,
    time: bool,
}

impl Runner {
    pub fn new(options: Options) -> Self {
        Runner {
            library: Library::new(options.programs, options.blobs),
            consensus: consensus(),
            machine: options.machine,
            full: options.full,
            time: options.time,
        }
    }

    pub fn serve(&self, input: impl BufRead, output: impl Write) -> io::Result<()> {
        serve(input, output, |line| self.outcome(line))
    }

    fn outcome(&self, line: &[u8]) -> Result<Value, String> {
        let case: Case = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let setup = Setup {
            data: script_group(&case, &self.library, Arc::clone(&self.consensus))?,
            host: Host::new(case.debug_pause),
            root_args: self.library.list(&case.root_args)?,
        };
        let begun = Instant::now();
        let report = match self.machine {
            MachineKind::Asm => run::<AsmMachine>(&case, &setup),
            MachineKind::Plain => run::<PlainMachine>(&case, &setup),
        };
        let elapsed = begun.elapsed();
        let texts = setup.host.take_texts();
        let mut outcome = outcome(&setup.data, report, texts, self.full || case.full);
        if self.time {
            outcome["run_ns"] = json!(elapsed.as_nanos() as u64);
        }
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ckb_types::bytes::Bytes;
    use ckb_types::packed;
    use ckb_types::prelude::*;
    use std::collections::HashSet;

    /// An ELF file of one segment: its header up to the segment's two sizes; then follow the
    /// alignment and the program.
    const ELF_HEADER: &str = "\
        7f454c460201010000000000000000000200f300010000007800010000000000400000000000000000000000\
        0000000000000000400038000100000000000000010000000500000000000000000000000000010000000000\
        0000010000000000";
    const ELF_HEADER_SIZE: usize = 120;
    /// a0 = 0, a7 = 93, ecall
    const EXIT_ZERO: &str = "130500009308d00573000000";
    /// a0 = the number of arguments, which the stack pointer leads to; a7 = 93, ecall
    const EXIT_ARGC: &str = "033501009308d00573000000";
    /// load_header_by_field of input 0, 8 bytes of field 0 to 0x20000: leaves with the answer plus
    /// the low byte of what was loaded.
    const EXIT_EPOCH: &str = "\
        37050200b71502009302800023b0550013071000b71800009b88288273000000\
        b702020083c20200330555009308d00573000000";

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
        let size = ((ELF_HEADER_SIZE + code.len() / 2) as u64).swap_bytes();
        let elf = format!("{ELF_HEADER}{size:016x}{size:016x}0010000000000000{code}");
        format!(r#"{{"program": {{"hex": "{elf}"}}, "version": 2{more}}}"#)
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

    /// A cell's header is found if the block is known, is the cell's, and is among the header
    /// deps. A cell without a block is no panic.
    #[test]
    fn headers_are_looked_up() {
        let hash = "11".repeat(32);
        let header = format!("{}07{}", "00".repeat(24), "00".repeat(183));
        let parts = [
            format!(r#", "inputs": [{{"block_hash": "{hash}"}}]"#),
            format!(r#", "header_deps": ["{hash}"]"#),
            format!(r#", "headers": [{{"hash": "{hash}", "header": "{header}"}}]"#),
        ];
        let mut lines = vec![case(EXIT_EPOCH, &parts.concat())];
        for missing in 0..parts.len() {
            let mut fewer = parts.to_vec();
            fewer.remove(missing);
            lines.push(case(EXIT_EPOCH, &fewer.concat()));
        }
        let outcomes = answers(MachineKind::Asm, &lines.join("\n"));
        let codes: Vec<_> = outcomes.iter().map(|o| o["exit_code"].clone()).collect();
        assert_eq!(codes, [7, 2, 2, 2]);
    }

    #[test]
    fn the_transaction_has_what_is_its_own() {
        let hash = "11".repeat(32);
        let own = [
            r#", "tx_version": 1"#.to_string(),
            format!(r#", "header_deps": ["{hash}"]"#),
            format!(r#", "tx_cell_deps": [{{"out_point": {{"tx_hash": "{hash}", "index": 1}}}}]"#),
            r#", "inputs": [{"since": 1}]"#.to_string(),
            format!(r#", "inputs": [{{"out_point": {{"tx_hash": "{hash}", "index": 1}}}}]"#),
        ];
        let others = [
            String::new(),
            format!(r#", "inputs": [{{"block_hash": "{hash}"}}]"#),
            format!(r#", "extensions": [{{"hash": "{hash}", "data": "00"}}]"#),
            format!(r#", "dep_cells": [{{"block_hash": "{hash}", "type": "self"}}]"#),
        ];
        let lines: Vec<_> = own
            .iter()
            .chain(&others)
            .map(|o| case(EXIT_ZERO, o))
            .collect();
        let outcomes = answers(MachineKind::Asm, &lines.join("\n"));
        let hashes: Vec<_> = outcomes.iter().map(|o| o["tx_hash"].to_string()).collect();
        let distinct: HashSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), own.len() + 1, "{outcomes:?}");
        assert!(hashes[own.len()..].iter().all(|h| h == &hashes[own.len()]));
    }

    #[test]
    fn a_script_can_be_found_by_its_type() {
        let type_ = r#"{"code_hash": {"zeros": 32}, "hash_type": 1, "args": "07"}"#;
        let hash = {
            let script = packed::Script::new_builder()
                .hash_type(1u8)
                .args(Bytes::from(vec![7]));
            script.build().calc_script_hash()
        };
        let more = format!(
            r#", "dep_cells": [{{"type": {type_}}}],
                 "script": {{"code_hash": "{hash:x}", "hash_type": 1}}"#
        );
        let line = case(EXIT_ZERO, &more).replace('\n', "");
        assert_eq!(answers(MachineKind::Asm, &line)[0]["exit_code"], 0);
    }

    #[test]
    fn a_bad_case_does_not_stop_the_next() {
        let bad = [
            "{",
            "[]",
            r#"{"program": "nowhere", "version": 2}"#,
            &case(EXIT_ZERO, r#", "script_group_type": "type""#),
            &case(EXIT_ZERO, r#", "program_index": 1"#),
            &case(EXIT_ZERO, r#", "header_deps": ["00"]"#),
            &case(
                EXIT_ZERO,
                r#", "headers": [{"hash": {"zeros": 32}, "header": "00"}]"#,
            ),
            &case(EXIT_ZERO, r#", "outputs": [{"block_hash": {"zeros": 32}}]"#),
            &case(EXIT_ZERO, r#", "outputs": [{"since": 1}]"#),
            &case(EXIT_ZERO, r#", "dep_cells": [null, null]"#),
            &case(EXIT_ZERO, r#", "dep_cells": [{"data": ""}]"#),
            &case(EXIT_ZERO, r#", "dep_cells": [{"no_tx_input": true}]"#),
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
