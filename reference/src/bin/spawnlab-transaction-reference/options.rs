//! Command line options.

use shared::machine::MachineKind;

pub const USAGE: &str = "\
usage: spawnlab-transaction-reference [--machine asm|plain] [--full]

Reads cases as JSON lines on standard input and writes one outcome a line on standard output.

  --machine asm    run on the assembly machine (default)
  --machine plain  run on the instruction-by-instruction interpreter
  --full           never cut long lists in outcomes";

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub machine: MachineKind,
    pub full: bool,
    pub help: bool,
}

impl Options {
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--machine" => {
                    let name = arguments.next().ok_or("--machine needs a value")?;
                    options.machine = MachineKind::named(&name)?;
                }
                "--full" => options.full = true,
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
        let options = parse("--machine plain --full").unwrap();
        assert_eq!(options.machine, MachineKind::Plain);
        assert!(options.full);
        assert_eq!(parse("").unwrap(), Options::default());
    }

    #[test]
    fn mistakes_are_named() {
        assert!(parse("--machine").unwrap_err().contains("needs a value"));
        assert!(parse("--machine x")
            .unwrap_err()
            .contains("unknown machine"));
        assert!(parse("--programs").unwrap_err().contains("--programs"));
    }
}
