//! Making writes durable. Calls that wait at the same time are served together: a thread takes all
//! that is waiting, tells the kernel once, and answers everybody.

use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use oxflow_model::{Error, Result};
use tokio::sync::oneshot;

/// From so many files on, the whole file system is made durable at once: that is one commit of its
/// journal, where each file alone would be one of its own.
const ONE_BY_ONE: usize = 8;

/// What a call has changed and has to reach the disk.
#[derive(Debug, Default)]
pub struct Dirty {
    /// Files and folders.
    pub changed: Vec<OwnedFd>,
    /// There were so many that they were not all kept open: everything on the file systems of
    /// those above.
    pub all: bool,
}

impl Dirty {
    /// Notes one more.
    pub fn add(&mut self, changed: OwnedFd) {
        if self.changed.len() < ONE_BY_ONE {
            self.changed.push(changed);
        } else {
            self.all = true;
        }
    }

    /// Waits until it is on disk.
    pub fn sync(&self) -> std::io::Result<()> {
        sync(std::slice::from_ref(&self))
    }
}

fn sync(waiting: &[&Dirty]) -> std::io::Result<()> {
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for file in waiting.iter().flat_map(|dirty| &dirty.changed) {
        let stat = rustix::fs::fstat(file)?;
        if seen.insert((stat.st_dev, stat.st_ino)) {
            files.push((stat.st_dev, file));
        }
    }
    if files.len() > ONE_BY_ONE || waiting.iter().any(|dirty| dirty.all) {
        let mut systems = HashSet::new();
        for (system, file) in files {
            if systems.insert(system) {
                sync_file_system(file)?;
            }
        }
        return Ok(());
    }
    for (_, file) in files {
        rustix::fs::fsync(file)?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn sync_file_system(file: &OwnedFd) -> std::io::Result<()> {
    Ok(rustix::fs::syncfs(file)?)
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(_file: &OwnedFd) -> std::io::Result<()> {
    rustix::fs::sync();
    Ok(())
}

type Waiting = (Dirty, oneshot::Sender<Result<()>>);

/// The thread that makes writes durable.
#[derive(Debug)]
pub struct Syncer {
    queue: Mutex<Option<mpsc::Sender<Waiting>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Syncer {
    /// Starts the thread.
    pub fn start() -> Result<Syncer> {
        let (queue, waiting) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("file-store-sync".to_owned())
            .spawn(move || run(&waiting))
            .map_err(|error| Error::unavailable(format!("Cannot start a thread: {error}.")))?;
        Ok(Syncer { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    /// Waits until this is on disk.
    pub async fn sync(&self, dirty: Dirty) -> Result<()> {
        if dirty.changed.is_empty() {
            return Ok(());
        }
        let (done, answer) = oneshot::channel();
        let queued = match &*self.queue.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(queue) => queue.send((dirty, done)).is_ok(),
            None => false,
        };
        let closed = || Error::unavailable("The file store has been closed.");
        if queued { answer.await.unwrap_or_else(|_| Err(closed())) } else { Err(closed()) }
    }

    /// Serves those that wait and ends the thread.
    pub fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

fn run(queue: &mpsc::Receiver<Waiting>) {
    while let Ok(first) = queue.recv() {
        let group: Vec<Waiting> = std::iter::once(first).chain(queue.try_iter()).collect();
        let dirty: Vec<&Dirty> = group.iter().map(|(dirty, _)| dirty).collect();
        let result = sync(&dirty).map_err(|error| {
            Error::unavailable(format!(
                "The disk of the file store does not take what was written: {error}."
            ))
        });
        for (_, done) in group {
            // Who does not wait any more does not need the answer.
            let _ = done.send(result.clone());
        }
    }
}
