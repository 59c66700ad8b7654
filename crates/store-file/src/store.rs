//! The store itself: how calls come to look at the folder and to change it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use oxflow_model::{Clock, Error, Result};
use tokio::sync::Semaphore;

use crate::changes::Changes;
use crate::folder::Folder;
use crate::index::Index;
use crate::lock::WriterLock;
use crate::open::ExperimentIds;
use crate::sync::{Dirty, Syncer};
use crate::tree::Look;

/// Calls that are being worked on; more of them wait.
const MOST_CALLS: u32 = 256;

/// A store in a folder.
pub struct FileStore {
    pub(crate) inner: Arc<Inner>,
    calls: Semaphore,
    syncer: Syncer,
    closed: AtomicBool,
}

/// What the threads share that do the work.
pub(crate) struct Inner {
    pub folder: Folder,
    pub index: Index,
    pub ids: ExperimentIds,
    clock: Arc<dyn Clock>,
    /// Held for writing while files change, and for reading while one entity is looked at: who
    /// looks sees a batch as a whole or not at all.
    gate: RwLock<()>,
    writer: Mutex<WriterLock>,
    reads_only: bool,
}

/// A look at the store by a call: through the gate, unless it is the writer's own.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub inner: &'a Inner,
    writing: bool,
    pub look: Look<'a>,
}

impl<'a> View<'a> {
    /// Looks while nothing changes. Must not be nested.
    pub fn through_gate<R>(&self, look: impl FnOnce(Look<'a>) -> R) -> R {
        let _guard =
            (!self.writing).then(|| self.inner.gate.read().unwrap_or_else(PoisonError::into_inner));
        look(self.look)
    }

    /// What is known of the folder.
    pub fn index(&self) -> &'a Index {
        &self.inner.index
    }
}

impl Inner {
    pub fn new(folder: Folder, ids: ExperimentIds, clock: Arc<dyn Clock>) -> Inner {
        let writer = Mutex::new(WriterLock::open(&folder));
        Inner {
            folder,
            index: Index::default(),
            ids,
            clock,
            gate: RwLock::new(()),
            writer,
            reads_only: false,
        }
    }

    /// The same for who only reads: without a lock, which would be a file.
    pub fn to_read(folder: Folder, clock: Arc<dyn Clock>) -> Inner {
        let writer = Mutex::new(WriterLock::none());
        let gate = RwLock::new(());
        Inner {
            folder,
            index: Index::default(),
            ids: ExperimentIds::Counted,
            clock,
            gate,
            writer,
            reads_only: true,
        }
    }

    fn view(&self, writing: bool) -> View<'_> {
        let look = Look { folder: &self.folder, now: self.clock.now() };
        View { inner: self, writing, look }
    }

    /// Runs a call that only looks.
    pub fn read<R>(&self, call: impl FnOnce(&View<'_>) -> R) -> R {
        call(&self.view(false))
    }

    /// Runs a call that prepares changes, and makes them, alone.
    pub fn write<R>(
        &self,
        call: impl FnOnce(&View<'_>, &mut Changes<'_>) -> Result<R>,
    ) -> Result<(R, Dirty)> {
        if self.reads_only {
            return Err(Error::unavailable("The folder was opened to read it only."));
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let _held = writer.hold()?;
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let mut changes = Changes::new(&self.folder);
        let value = call(&self.view(true), &mut changes)?;
        Ok((value, changes.commit()?))
    }
}

impl FileStore {
    pub(crate) fn new(inner: Inner) -> Result<FileStore> {
        Ok(FileStore {
            inner: Arc::new(inner),
            calls: Semaphore::new(MOST_CALLS as usize),
            syncer: Syncer::start()?,
            closed: AtomicBool::new(false),
        })
    }

    fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::unavailable("The file store has been closed."));
        }
        Ok(())
    }

    /// Runs a call that only looks, on a thread that may wait for the disk.
    pub(crate) async fn read<R: Send + 'static>(
        &self,
        call: impl FnOnce(&View<'_>) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let _permit = self.calls.acquire().await.map_err(|_| broke_off())?;
        self.check_open()?;
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || inner.read(call)).await.map_err(|_| broke_off())?
    }

    /// Runs a call that changes the folder, and waits until the disk has it.
    pub(crate) async fn write<R: Send + 'static>(
        &self,
        call: impl FnOnce(&View<'_>, &mut Changes<'_>) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let _permit = self.calls.acquire().await.map_err(|_| broke_off())?;
        self.check_open()?;
        let inner = self.inner.clone();
        let done = tokio::task::spawn_blocking(move || inner.write(call));
        let (value, dirty) = done.await.map_err(|_| broke_off())??;
        self.syncer.sync(dirty).await?;
        Ok(value)
    }
}

fn broke_off() -> Error {
    Error::internal("A call of the file store broke off.")
}

#[async_trait]
impl oxflow_store::Store for FileStore {
    fn kind(&self) -> &'static str {
        "FileStore"
    }

    async fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::Release);
        // All permits are free when nothing is going on any more.
        let _all = self.calls.acquire_many(MOST_CALLS).await.map_err(|_| broke_off())?;
        self.syncer.close();
        Ok(())
    }
}
