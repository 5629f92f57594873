//! Runs CKB scripts in the published scheduler: cases in, outcomes out, one JSON line each.

mod blob;
mod case;
mod chain;
mod host;
mod options;
mod outcome;
mod record;
mod run;
mod runner;
mod transaction;

use options::{Options, USAGE};
use runner::Runner;
use std::io;
use std::panic::set_hook;
use std::process::ExitCode;

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
