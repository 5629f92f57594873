//! Runs short pieces of machine code on the instruction-by-instruction interpreter of the published
//! virtual machine: vectors in, what they leave behind out, one JSON line each.

mod bench;
mod fields;
mod server;
mod trace;
mod vector;

use server::Server;
use std::io::{self, BufReader, BufWriter};
use std::panic::set_hook;
use std::process::ExitCode;

const BUFFER: usize = 1 << 16;

const USAGE: &str = "\
usage: spawnlab-vm-reference

Reads vectors of machine code as JSON lines on standard input and writes one result a line on
standard output.";

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None => (),
        Some("--help" | "-h") => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Some(argument) => {
            eprintln!("unknown argument {argument}\n{USAGE}");
            return ExitCode::from(2);
        }
    }
    // Panics are answered. A message on standard error for each could fill a pipe that nobody reads.
    set_hook(Box::new(|_| ()));
    let input = BufReader::with_capacity(BUFFER, io::stdin());
    let output = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    match Server::new().serve(input, output) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the results has gone: nothing is left to do.
        Err(_) => ExitCode::FAILURE,
    }
}
