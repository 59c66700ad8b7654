//! One writer at a time: a lock on a file beside the experiments, for other processes like this
//! one. Stock MLflow knows no locks; against its writes, files are replaced and appended to as a
//! whole.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use oxflow_model::{Error, Result};
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::folder::Folder;

/// The file. Stock MLflow looks at folders only.
pub const LOCK_FILE: &str = ".oxflow.lock";

/// A process that holds the lock for longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The file that writers lock; none on file systems without locks.
#[derive(Debug)]
pub struct WriterLock {
    file: Option<OwnedFd>,
}

/// The lock, held. It is given back when this is dropped.
pub struct Held<'a>(Option<&'a OwnedFd>);

impl WriterLock {
    /// Opens the file. In a folder that cannot be written to, there is no lock, and every write
    /// will fail by itself.
    pub fn open(folder: &Folder) -> WriterLock {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let mode = Mode::from_raw_mode(0o666);
        let file = match rustix::fs::openat(folder.fd(), LOCK_FILE, flags, mode) {
            Ok(file) => Some(file),
            Err(error) => {
                let folder = folder.path().display();
                tracing::warn!(%error, %folder, "cannot create the lock file of the file store");
                None
            }
        };
        WriterLock { file }
    }

    /// No lock, for who does not write.
    pub fn none() -> WriterLock {
        WriterLock { file: None }
    }

    /// Waits for the lock.
    pub fn hold(&mut self) -> Result<Held<'_>> {
        let Some(file) = &self.file else { return Ok(Held(None)) };
        let since = Instant::now();
        loop {
            match rustix::fs::flock(file.as_fd(), FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) if since.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_micros(500));
                }
                Err(Errno::WOULDBLOCK) => {
                    return Err(Error::unavailable(
                        "Another server holds the lock of the file store. Try again.",
                    ));
                }
                Err(error) => {
                    tracing::warn!(%error, "this file system has no locks; writing without one");
                    self.file = None;
                    return Ok(Held(None));
                }
            }
        }
        Ok(Held(self.file.as_ref()))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.0
            && let Err(error) = rustix::fs::flock(file.as_fd(), FlockOperation::Unlock)
        {
            tracing::warn!(%error, "cannot give back the lock of the file store");
        }
    }
}
