//! Verifies while commands arrive from another thread.

use crate::case::SignalStep;
use crate::modes::Verifier;
use ckb_error::Error;
use ckb_script::ChunkCommand;
use ckb_vm::DefaultMachineRunner;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::sync::watch;

/// The inner result is that of the verification.
pub fn with_signal<M: DefaultMachineRunner + Send + 'static>(
    verifier: &Verifier<M>,
    steps: &[SignalStep],
    max_cycles: u64,
) -> Result<Result<u64, Error>, String> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .map_err(|error| error.to_string())?;
    let (commands, mut received) = watch::channel(ChunkCommand::Resume);
    let (done, is_done) = mpsc::channel::<()>();
    let result = thread::scope(|scope| {
        scope.spawn(move || send(steps, commands, is_done));
        let result =
            runtime.block_on(verifier.resumable_verify_with_signal(max_cycles, &mut received));
        drop(done);
        result
    });
    Ok(result)
}

/// Gives up as soon as nobody waits for `is_done` to be said.
fn send(steps: &[SignalStep], commands: watch::Sender<ChunkCommand>, is_done: mpsc::Receiver<()>) {
    for step in steps {
        match step {
            SignalStep::Wait(microseconds) => {
                let wait = Duration::from_micros(*microseconds);
                if is_done.recv_timeout(wait) == Err(mpsc::RecvTimeoutError::Disconnected) {
                    return;
                }
            }
            SignalStep::Send(command) => {
                if commands.send((*command).into()).is_err() {
                    return;
                }
            }
        }
    }
}
