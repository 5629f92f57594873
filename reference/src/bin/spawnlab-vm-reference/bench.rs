//! A machine that vectors are run on, one after the other.

use crate::fields::hex_of;
use crate::trace::{variant_name, Trace};
use crate::vector::{pages, Setting, Vector};
use ckb_vm::cost_model::estimate_cycles;
use ckb_vm::decoder::{build_decoder, Decoder};
use ckb_vm::instructions::{extract_opcode, instruction_opcode_name};
use ckb_vm::machine::SupportMachine;
use ckb_vm::memory::{FLAG_DIRTY, FLAG_EXECUTABLE, FLAG_FREEZED};
use ckb_vm::{
    CoreMachine, DefaultCoreMachine, DefaultMachine, DefaultMachineBuilder, Error, FlatMemory,
    Memory, WXorXMemory, RISCV_GENERAL_REGISTER_NUMBER, RISCV_MAX_MEMORY, RISCV_PAGES,
    RISCV_PAGESIZE,
};
use std::collections::BTreeMap;
use std::ops::Range;

type PlainMachine = DefaultMachine<DefaultCoreMachine<u64, WXorXMemory<FlatMemory<u64>>>>;
type Registers = [u64; RISCV_GENERAL_REGISTER_NUMBER];

/// A register that a vector does not set starts as its number times this.
const UNSET: u64 = 0x0101_0101_0101_0101;
const NO_RESERVATION: u64 = u64::MAX;

/// Between vectors both memories are zero and no page has a flag. Clearing what a vector used is
/// much cheaper than 4 MiB of new memory for each.
pub struct Bench {
    setting: Setting,
    machine: PlainMachine,
    decoder: Decoder,
    /// The memory as it is when a vector starts, to find what it changes.
    start: Vec<u8>,
}

impl Bench {
    pub fn new(setting: Setting) -> Self {
        let core = DefaultCoreMachine::new(setting.isa(), setting.version(), u64::MAX);
        Bench {
            setting,
            machine: DefaultMachineBuilder::new(core)
                .instruction_cycle_func(Box::new(estimate_cycles))
                .build(),
            decoder: build_decoder::<u64>(setting.isa(), setting.version()),
            start: vec![0; RISCV_MAX_MEMORY],
        }
    }

    /// Runs a vector that has been checked.
    pub fn run(&mut self, vector: &Vector) -> Result<Trace, Error> {
        let registers = self.lay_out(vector)?;
        let reservation = *self.machine.memory().lr();
        let (end, steps, operations) = self.execute(vector);
        let changed = |(i, x): (usize, &u64)| (registers[i] != *x).then(|| (i, format!("{x:x}")));
        let left = *self.machine.memory().lr();
        let trace = Trace {
            error: end.as_ref().err().map(variant_name),
            exit_code: (!self.machine.running()).then(|| self.machine.exit_code()),
            reservation: (left != reservation).then(|| format!("{left:x}")),
            memory: self.changes()?,
            steps,
            ops: operations.join(" "),
            pc: *self.machine.pc(),
            registers: (self.machine.registers().iter().enumerate())
                .filter_map(changed)
                .collect::<BTreeMap<usize, String>>(),
            error_text: end.err().map(|error| error.to_string()),
            setting: self.setting,
            cycles: self.machine.cycles(),
        };
        self.clear(vector)?;
        Ok(trace)
    }

    fn lay_out(&mut self, vector: &Vector) -> Result<Registers, Error> {
        let memory = self.machine.memory_mut();
        for (address, bytes) in vector.content() {
            let range = range(address, bytes.len());
            memory.inner_mut()[range.clone()].copy_from_slice(bytes);
            self.start[range].copy_from_slice(bytes);
        }
        for page in vector.code_pages().chain(vector.executable.iter().copied()) {
            memory.set_flag(page, FLAG_EXECUTABLE | FLAG_FREEZED)?;
        }
        let reservation = vector.reservation.map_or(NO_RESERVATION, |x| x.0);
        memory.set_lr(&reservation);

        let mut registers: Registers = std::array::from_fn(|i| i as u64 * UNSET);
        for (number, value) in &vector.registers {
            registers[*number] = value.0;
        }
        for (number, value) in registers.iter().enumerate() {
            self.machine.set_register(number, *value);
        }
        self.machine.update_pc(vector.pc);
        self.machine.commit_pc();
        self.machine.set_cycles(0);
        self.machine.set_max_cycles(vector.max_cycles);
        self.machine.set_running(true);
        self.decoder.reset_instructions_cache();
        Ok(registers)
    }

    /// Runs until the steps are done, pc leaves the code, the program ends or something fails.
    /// Returns the completed steps, and the names of all operations decoded.
    fn execute(&mut self, vector: &Vector) -> (Result<(), Error>, u64, Vec<&'static str>) {
        let mut operations = Vec::new();
        let mut steps = 0;
        let end = loop {
            if steps == vector.steps
                || !vector.covers(*self.machine.pc())
                || !self.machine.running()
            {
                break Ok(());
            }
            match self.step(&mut operations) {
                Ok(()) => steps += 1,
                Err(error) => break Err(error),
            }
        };
        (end, steps, operations)
    }

    fn step(&mut self, operations: &mut Vec<&'static str>) -> Result<(), Error> {
        // Decoding has no effect, so it can be done once more to see what will be executed.
        let pc = *self.machine.pc();
        let instruction = self.decoder.decode(self.machine.memory_mut(), pc)?;
        operations.push(instruction_opcode_name(extract_opcode(instruction)));
        self.machine.step(&mut self.decoder)
    }

    fn dirty_pages(&mut self) -> Result<Vec<u64>, Error> {
        let mut dirty = Vec::new();
        for page in 0..RISCV_PAGES as u64 {
            if self.machine.memory_mut().fetch_flag(page)? & FLAG_DIRTY != 0 {
                dirty.push(page);
            }
        }
        Ok(dirty)
    }

    /// The runs of bytes that differ from the start. Every store marks its pages as dirty, so
    /// none can be elsewhere.
    fn changes(&mut self) -> Result<Vec<(u64, String)>, Error> {
        let dirty = self.dirty_pages()?;
        let data: &[u8] = self.machine.memory_mut().inner_mut();
        let mut runs: Vec<Range<usize>> = Vec::new();
        for page in dirty {
            for at in page_range(page).filter(|at| data[*at] != self.start[*at]) {
                match runs.last_mut() {
                    Some(run) if run.end == at => run.end += 1,
                    _ => runs.push(at..at + 1),
                }
            }
        }
        let run_of = |run: Range<usize>| (run.start as u64, hex_of(&data[run]));
        Ok(runs.into_iter().map(run_of).collect())
    }

    fn clear(&mut self, vector: &Vector) -> Result<(), Error> {
        let mut used = self.dirty_pages()?;
        used.extend(vector.executable.iter());
        for (address, bytes) in vector.content().filter(|(_, bytes)| !bytes.is_empty()) {
            used.extend(pages(address, bytes.len()));
        }
        let memory = self.machine.memory_mut();
        for page in used {
            memory.inner_mut()[page_range(page)].fill(0);
            self.start[page_range(page)].fill(0);
            memory.clear_flag(page, u8::MAX)?;
        }
        Ok(())
    }
}

fn range(address: u64, size: usize) -> Range<usize> {
    let start = address as usize;
    start..start + size
}

fn page_range(page: u64) -> Range<usize> {
    range(page * RISCV_PAGESIZE as u64, RISCV_PAGESIZE)
}
