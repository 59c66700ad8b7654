//! Folders that live as long as a test.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxflow_model::{Clock, Millis};
use oxflow_store::Store;
use oxflow_store_file::{ExperimentIds, FileStore, OpenOptions};
use tempfile::TempDir;

/// The time as it is: files are judged by it.
pub struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Millis {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap();
        Millis(now.as_millis() as i64)
    }
}

/// A folder of its own.
pub struct TestFolder(TempDir);

impl TestFolder {
    /// In memory where there is such a place: these tests make thousands of small durable writes,
    /// and what is on disk when is not what they are about.
    pub fn new() -> TestFolder {
        let memory = Path::new("/dev/shm");
        TestFolder(match memory.is_dir() {
            true => TempDir::new_in(memory).unwrap(),
            false => TempDir::new().unwrap(),
        })
    }

    /// A new store and what keeps it.
    pub fn store() -> (Arc<dyn Store>, TestFolder) {
        let folder = TestFolder::new();
        (folder.open(), folder)
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("mlruns")
    }

    pub fn open(&self) -> Arc<dyn Store> {
        Arc::new(open(&self.path()))
    }
}

pub fn open(path: &Path) -> FileStore {
    FileStore::open(OpenOptions {
        path: path.to_owned(),
        artifact_root: "mlflow-artifacts:/".to_owned(),
        experiment_ids: ExperimentIds::Counted,
        clock: Arc::new(RealClock),
    })
    .unwrap()
}
