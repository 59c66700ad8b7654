//! One file on its way into a tree: under a hidden name until it is complete.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use bytes::Bytes;

use super::trouble::Trouble;
use super::{Pen, Tree, below};
use crate::ArtifactPath;
use crate::reserved::STAGING;

/// The unfinished file. Dropping it removes it.
pub(super) struct Upload<T: Tree> {
    tree: Arc<T>,
    name: String,
    pen: Option<Box<dyn Pen>>,
}

impl<T: Tree> Upload<T> {
    /// It waits in a folder at the root of the tree, from where it can be renamed into place.
    pub(super) async fn begin(tree: Arc<T>) -> Result<Upload<T>, Trouble> {
        // Another upload that ends may remove the folder between our two steps.
        for _ in 0..20 {
            tree.make_folders(STAGING).await?;
            let unique = format!("{:016x}", RandomState::new().build_hasher().finish());
            let name = below(STAGING, &unique);
            // What exists from now on has to go, even if the answer never comes.
            let mut upload = Upload { tree: tree.clone(), name, pen: None };
            match tree.create(&upload.name).await {
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
        // Fails while others are uploading.
        let _ = self.tree.remove_folder(STAGING).await;
        Ok(())
    }
}

impl<T: Tree> Drop for Upload<T> {
    fn drop(&mut self) {
        let (name, tree) = (std::mem::take(&mut self.name), self.tree.clone());
        // Closed first: some storages keep what is open.
        drop(self.pen.take());
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if name.is_empty() {
            return;
        }
        runtime.spawn(async move {
            if let Err(trouble) = tree.remove_file(&name).await {
                let error = trouble.detail();
                tracing::warn!(error, name, "an unfinished file stays in the artifact storage");
            }
            let _ = tree.remove_folder(STAGING).await;
        });
    }
}
