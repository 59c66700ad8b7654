//! One file on its way into a tree: under a hidden name until it is complete.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::trouble::Trouble;
use super::{Pen, Tree, below};
use crate::ArtifactPath;
use crate::reserved::STAGING;

/// How many uploads are in progress below each root: the last one that ends tidies up. (Those of
/// other servers are not known; removing a folder that is not empty fails.)
#[derive(Default)]
pub(super) struct Busy(Mutex<BTreeMap<String, usize>>);

impl Busy {
    fn begin(&self, root: &str) {
        let mut busy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *busy.entry(root.to_owned()).or_default() += 1;
    }

    /// Whether it was the last one.
    fn end(&self, root: &str) -> bool {
        let mut busy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = busy.get_mut(root) else { return true };
        *count -= 1;
        let last = *count == 0;
        if last {
            busy.remove(root);
        }
        last
    }
}

/// The unfinished file. Dropping it removes it.
pub(super) struct Upload<T: Tree> {
    tree: Arc<T>,
    name: String,
    pen: Option<Box<dyn Pen>>,
}

impl<T: Tree> Upload<T> {
    /// It waits in a folder at the root of the tree, from where it can be renamed into place.
    pub(super) async fn begin(tree: Arc<T>) -> Result<Upload<T>, Trouble> {
        let (busy, root) = tree.busy();
        busy.begin(root);
        let unique = format!("{:016x}", RandomState::new().build_hasher().finish());
        // What exists from now on has to go, even if the answer never comes.
        let mut upload = Upload { name: below(STAGING, &unique), tree, pen: None };
        // Another server that ends an upload may remove the folder between our two steps.
        for _ in 0..20 {
            let made = match upload.tree.make_folders(STAGING).await {
                Ok(()) => upload.tree.create(&upload.name).await,
                Err(trouble) => Err(trouble),
            };
            match made {
                Ok(pen) => {
                    upload.pen = Some(pen);
                    return Ok(upload);
                }
                Err(Trouble::NotFound) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        Err(Trouble::Failed("the folder of unfinished files cannot be kept".to_owned()))
    }

    pub(super) async fn append(&mut self, bytes: Bytes) -> Result<(), Trouble> {
        match &mut self.pen {
            Some(pen) => pen.write(bytes).await,
            None => Err(Trouble::Failed("the upload is finished already".to_owned())),
        }
    }

    /// Makes the file complete, then visible.
    pub(super) async fn publish(mut self, target: &ArtifactPath) -> Result<(), Trouble> {
        if let Some(pen) = self.pen.take() {
            pen.finish().await?;
        }
        if let Some(folder) = target.parent().filter(|folder| !folder.is_root()) {
            self.tree.make_folders(folder.as_str()).await?;
        }
        self.tree.replace(&self.name, target.as_str()).await?;
        self.name.clear();
        Ok(())
    }
}

impl<T: Tree> Drop for Upload<T> {
    fn drop(&mut self) {
        let (name, tree) = (std::mem::take(&mut self.name), self.tree.clone());
        // Closed first: some storages keep what is open.
        drop(self.pen.take());
        let last = {
            let (busy, root) = tree.busy();
            busy.end(root)
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if !name.is_empty()
                && let Err(trouble) = tree.remove_file(&name).await
            {
                let error = trouble.detail();
                tracing::warn!(error, name, "an unfinished file stays in the artifact storage");
            }
            if last {
                let _ = tree.remove_folder(STAGING).await;
            }
        });
    }
}
