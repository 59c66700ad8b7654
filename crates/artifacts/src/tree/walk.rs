//! Removing folders from storages that only remove empty ones.

use futures::{FutureExt, TryStreamExt, stream};

use super::trouble::Trouble;
use super::{Kind, Tree, below};

/// How many files are removed at the same time.
const REMOVALS_AT_ONCE: usize = 8;

/// Removes a folder and everything below. Links are removed, not followed.
pub(super) async fn remove_tree<T: Tree + ?Sized>(tree: &T, path: &str) -> Result<(), Trouble> {
    // A folder comes up twice: to be emptied, and, after all that was in it, to be removed.
    let mut folders = vec![(path.to_owned(), false)];
    while let Some((folder, emptied)) = folders.pop() {
        if emptied {
            tree.remove_folder(&folder).await?;
            continue;
        }
        let entries = match tree.entries(&folder).await {
            Err(Trouble::NotFound) => continue,
            entries => entries?,
        };
        folders.push((folder.clone(), true));
        let mut files = Vec::new();
        for (name, node) in entries {
            if matches!(name.as_str(), "" | "." | "..") || name.contains('/') {
                continue;
            }
            match node.kind {
                Kind::Folder => folders.push((below(&folder, &name), false)),
                _ => files.push(below(&folder, &name)),
            }
        }
        let removals = stream::iter(files.into_iter().map(Ok));
        let remove = |file: String| async move { tree.remove_file(&file).await };
        removals.try_for_each_concurrent(REMOVALS_AT_ONCE, remove).boxed().await?;
    }
    Ok(())
}
