//! Runs CKB scripts in the published scheduler: cases in, outcomes out, one JSON line each.

mod blob;
mod case;
mod digest;
mod host;
mod options;
mod outcome;
mod record;
mod run;
mod transaction;

use blob::Library;
use case::Case;
use ckb_chain_spec::consensus::Consensus;
use ckb_vm::machine::asm::AsmMachine;
use ckb_vm::{DefaultCoreMachine, DefaultMachine, SparseMemory, WXorXMemory};
use host::Host;
use options::{MachineKind, Options, USAGE};
use run::Setup;
use serde_json::{json, Value};
use std::any::Any;
use std::io::{self, BufRead, Write};
use std::panic::{catch_unwind, set_hook, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::Arc;

type PlainMachine = DefaultMachine<DefaultCoreMachine<u64, WXorXMemory<SparseMemory<u64>>>>;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if options.help {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    // Panics are part of the outcomes. A message on standard error for each could fill a pipe
    // that nobody reads.
    set_hook(Box::new(|_| ()));
    match Runner::new(options).serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the outcomes has gone: nothing is left to do.
        Err(_) => ExitCode::FAILURE,
    }
}

/// What all cases share.
struct Runner {
    library: Library,
    consensus: Arc<Consensus>,
    machine: MachineKind,
    full: bool,
}

impl Runner {
    fn new(options: Options) -> Self {
        Runner {
            library: Library::new(options.programs, options.blobs),
            consensus: transaction::consensus(),
            machine: options.machine,
            full: options.full,
        }
    }

    fn serve(&self, mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
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
            data: transaction::script_group(&case, &self.library, Arc::clone(&self.consensus))?,
            host: Host::new(case.debug_pause),
            root_args: self.library.list(&case.root_args)?,
        };
        let report = match self.machine {
            MachineKind::Asm => run::run::<AsmMachine>(&case, &setup),
            MachineKind::Plain => run::run::<PlainMachine>(&case, &setup),
        };
        let texts = setup.host.take_texts();
        Ok(outcome::outcome(&setup.data, report, texts, self.full || case.full))
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "panic without a message",
    }
}
