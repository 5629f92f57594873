//! Command line options.

use shared::machine::MachineKind;
use std::path::PathBuf;

pub const USAGE: &str = "\
usage: spawnlab-reference [--machine asm|plain] [--programs DIR]... [--blobs DIR] [--full] [--time]

Reads cases as JSON lines on standard input and writes one outcome a line on standard output.

  --machine asm    run on the assembly machine (default)
  --machine plain  run on the instruction-by-instruction interpreter
  --programs DIR   where programs are looked up by name; may be repeated, the first match counts
  --blobs DIR      where files and witness_sets.json are looked up
  --full           never cut long lists in outcomes
  --time           add run_ns to each outcome, the nanoseconds that the run took";

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub machine: MachineKind,
    pub programs: Vec<PathBuf>,
    pub blobs: Option<PathBuf>,
    pub full: bool,
    pub time: bool,
    pub help: bool,
}

impl Options {
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options::default();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or_else(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                "--machine" => options.machine = MachineKind::named(&value()?)?,
                "--programs" => options.programs.push(value()?.into()),
                "--blobs" => options.blobs = Some(value()?.into()),
                "--full" => options.full = true,
                "--time" => options.time = true,
                "--help" | "-h" => options.help = true,
                _ => return Err(format!("unknown argument {argument}")),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn options_are_read() {
        let options = parse("--machine plain --programs a --programs b --full").unwrap();
        assert_eq!(options.machine, MachineKind::Plain);
        assert_eq!(options.programs, [PathBuf::from("a"), PathBuf::from("b")]);
        assert!(options.full);
        assert_eq!(parse("").unwrap(), Options::default());
    }

    #[test]
    fn mistakes_are_named() {
        assert!(parse("--machine").unwrap_err().contains("needs a value"));
        assert!(parse("--machine x")
            .unwrap_err()
            .contains("unknown machine"));
        assert!(parse("--fast").unwrap_err().contains("--fast"));
    }
}
