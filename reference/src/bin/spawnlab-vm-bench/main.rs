//! Times whole programs on the published virtual machine, as a peer for benchmarks.
//!
//! `spawnlab-vm-bench VERSION PROGRAM [ARGUMENT]...` reads lines from standard input, each `asm` or `interpreter`, runs
//! the program once for each on a new machine, and answers with one JSON line: nanoseconds for making and loading the
//! machine and for running it, exit code, cycles, and a SHA-256 over the registers and the memory.

use ckb_vm::cost_model::estimate_cycles;
use ckb_vm::machine::asm::{AsmCoreMachine, AsmMachine};
use ckb_vm::{
    Bytes, DefaultCoreMachine, DefaultMachineBuilder, DefaultMachineRunner, Error, FlatMemory,
    Memory, SupportMachine, TraceMachine, WXorXMemory, ISA_B, ISA_IMC, ISA_MOP, RISCV_MAX_MEMORY,
};
use sha2::{Digest, Sha256};
use std::io::{self, BufRead, Write};
use std::time::Instant;

type PlainCore = DefaultCoreMachine<u64, WXorXMemory<FlatMemory<u64>>>;

struct Job {
    version: u32,
    program: Bytes,
    arguments: Vec<Bytes>,
}

impl Job {
    fn isa(&self) -> u8 {
        if self.version == 0 {
            ISA_IMC
        } else {
            ISA_IMC | ISA_B | ISA_MOP
        }
    }

    fn asm(&self) -> Result<String, Error> {
        let begun = Instant::now();
        let core = <Box<AsmCoreMachine> as SupportMachine>::new(self.isa(), self.version, u64::MAX);
        let machine = DefaultMachineBuilder::new(core)
            .instruction_cycle_func(Box::new(estimate_cycles))
            .build();
        let mut machine = AsmMachine::new(machine);
        machine.load_program(&self.program, self.arguments.clone().into_iter().map(Ok))?;
        let loaded = begun.elapsed().as_nanos();
        let begun = Instant::now();
        let exit = machine.run()?;
        answer(
            loaded,
            begun.elapsed().as_nanos(),
            exit,
            &mut machine.machine,
        )
    }

    fn interpreter(&self) -> Result<String, Error> {
        let begun = Instant::now();
        let core = PlainCore::new(self.isa(), self.version, u64::MAX);
        let machine = DefaultMachineBuilder::new(core)
            .instruction_cycle_func(Box::new(estimate_cycles))
            .build();
        let mut machine = TraceMachine::new(machine);
        machine.load_program(&self.program, self.arguments.clone().into_iter().map(Ok))?;
        let loaded = begun.elapsed().as_nanos();
        let begun = Instant::now();
        let exit = machine.run()?;
        answer(
            loaded,
            begun.elapsed().as_nanos(),
            exit,
            &mut machine.machine,
        )
    }
}

fn answer<M: SupportMachine<REG = u64>>(
    loaded: u128,
    ran: u128,
    exit: i8,
    machine: &mut M,
) -> Result<String, Error> {
    let mut digest = Sha256::new();
    for register in machine.registers() {
        digest.update(register.to_le_bytes());
    }
    digest.update(
        machine
            .memory_mut()
            .load_bytes(0, RISCV_MAX_MEMORY as u64)?,
    );
    let state: String = digest
        .finalize()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let cycles = machine.cycles();
    Ok(format!(
        "{{\"load_ns\": {loaded}, \"run_ns\": {ran}, \"exit\": {exit}, \"cycles\": {cycles}, \"state\": \"{state}\"}}"
    ))
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let version = arguments
        .next()
        .and_then(|v| v.parse().ok())
        .expect("a version");
    let program = std::fs::read(arguments.next().expect("a program")).expect("a program");
    let job = Job {
        version,
        program: program.into(),
        arguments: arguments.map(Bytes::from).collect(),
    };
    for line in io::stdin().lock().lines() {
        let answer = match line.expect("a line").as_str() {
            "asm" => job.asm(),
            "interpreter" => job.interpreter(),
            other => panic!("{other}: asm or interpreter"),
        };
        println!("{}", answer.expect("the program runs"));
        io::stdout().flush().expect("somebody listens");
    }
}
