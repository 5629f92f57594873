//! Verifies whole transactions with the published crates: cases in, outcomes out, one JSON line each.

mod case;
mod failure;
mod groups;
mod mock;
mod modes;
mod options;
mod printer;
mod resumable;
mod rules;
mod server;
mod signal;
#[cfg(test)]
mod tests;

use options::{Options, USAGE};
use server::Server;
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
    match Server::new(options).serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the outcomes has gone: nothing is left to do.
        Err(_) => ExitCode::FAILURE,
    }
}
