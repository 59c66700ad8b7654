//! Ctrl-C: what is being written is finished, and then it ends with a word of where it is.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use oxflow_model::{Error, ErrorCode, Result};

/// How a program ends that was interrupted, by the custom of shells: 128 and the number of the signal.
pub const INTERRUPTED: u8 = 130;

/// Whether somebody wants it to stop.
#[derive(Debug, Default)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    heeded: AtomicBool,
}

impl Stop {
    /// Listens from now on. Whoever cannot wait presses it twice: every write is whole or not there.
    pub fn listen(&self) {
        let asked = self.asked.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                if asked.swap(true, Ordering::Relaxed) {
                    std::process::exit(INTERRUPTED.into());
                }
                let mut out = std::io::stderr().lock();
                let clear = if out.is_terminal() { "\r\x1b[K" } else { "" };
                // Nobody can be told that it cannot be told.
                let _ = writeln!(
                    out,
                    "{clear}Stopping after what is being written. Ctrl-C again ends it at once."
                );
            }
        });
    }

    /// To be asked between things that belong together: an error if it is time to stop.
    pub fn check(&self) -> Result<()> {
        if !self.asked.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.heeded.store(true, Ordering::Relaxed);
        Err(Error::new(ErrorCode::InvalidState, "Interrupted."))
    }

    /// Whether it stopped because it was asked to.
    pub fn is_heeded(&self) -> bool {
        self.heeded.load(Ordering::Relaxed)
    }
}
