//! What was read of the folder, and whether it still holds. Every look asks the file system for the
//! stamps of the files; only what has another stamp than before is read again.
//!
//! Stamps are as coarse as the clock of the file system: a file that was changed just before it was
//! read may change again and keep its stamp. Such files are read again at the next look, until they
//! have been left alone for a while.

use std::collections::HashMap;
use std::sync::Arc;

use oxflow_model::Millis;

use crate::folder::{Folder, Kind, Stamp};

/// How long a file must have been left alone for its stamp to be trusted.
const SETTLED_MS: i64 = 2_000;

/// The deepest folders of a key with slashes.
const MAX_DEPTH: usize = 130;

/// A look at the folder.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The folder.
    pub folder: &'a Folder,
    /// The time.
    pub now: Millis,
}

/// The stamp that something had when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    stamp: Stamp,
    settled: bool,
}

impl Seen {
    fn new(look: Look<'_>, stamp: Stamp) -> Seen {
        Seen { stamp, settled: stamp.changed_ms() < look.now.0 - SETTLED_MS }
    }

    fn holds(&self, stamp: &Stamp) -> bool {
        self.settled && self.stamp == *stamp
    }
}

/// How files of one kind are read.
pub trait Content: Sized {
    /// Reads the file at `path`. `old` is what was read of the same file before, if it was. An
    /// error says what is wrong with the content.
    fn read(look: Look<'_>, path: &str, old: Option<Self>) -> Result<Option<Self>, String>;

    /// Whether the content is the same as long as the size is: files that are only appended to.
    const GROWS_ONLY: bool = false;
}

impl Content for String {
    fn read(look: Look<'_>, path: &str, _old: Option<String>) -> Result<Option<String>, String> {
        look.folder.read_text(path).map_err(|error| error.to_string())
    }
}

/// Reads a file, and says in the log why it cannot be used.
fn read<T: Content>(look: Look<'_>, path: &str, old: Option<T>) -> Option<T> {
    T::read(look, path, old).unwrap_or_else(|error| {
        tracing::warn!(path, %error, "a file of the file store is broken and is skipped");
        None
    })
}

/// One file.
#[derive(Debug)]
pub struct Cached<T> {
    seen: Option<Seen>,
    value: Option<T>,
}

impl<T> Default for Cached<T> {
    fn default() -> Cached<T> {
        Cached { seen: None, value: None }
    }
}

impl<T: Content> Cached<T> {
    /// Looks at the file; tells whether it was read.
    pub fn refresh(&mut self, look: Look<'_>, path: &str) -> bool {
        let Some((Kind::File, stamp)) = look.folder.stat(path) else {
            let known = self.seen.take().is_some();
            self.value = None;
            return known;
        };
        if self.seen.is_some_and(|seen| seen.holds(&stamp)) {
            return false;
        }
        let old = self.value.take().filter(|_| self.seen.is_some_and(|s| same_file(&s, &stamp)));
        self.value = read(look, path, old);
        self.seen = Some(Seen::new(look, stamp));
        true
    }

    /// What was read; `None` if the file is missing or broken.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

fn same_file(seen: &Seen, stamp: &Stamp) -> bool {
    seen.stamp.inode == stamp.inode
}

/// The names in one folder.
#[derive(Debug, Default)]
pub struct Listing {
    seen: Option<Seen>,
    folders: Arc<Vec<String>>,
}

impl Listing {
    /// The folders in a folder, in no order.
    pub fn folders(&mut self, look: Look<'_>, path: &str) -> Arc<Vec<String>> {
        let Some((Kind::Folder, stamp)) =
            look.folder.stat(if path.is_empty() { "." } else { path })
        else {
            *self = Listing::default();
            return self.folders.clone();
        };
        if !self.seen.is_some_and(|seen| seen.holds(&stamp)) {
            let seen = Seen::new(look, stamp);
            match look.folder.list(path) {
                Ok(found) => {
                    let folders = found.into_iter().filter(|(_, kind)| *kind == Kind::Folder);
                    self.folders = Arc::new(folders.map(|(name, _)| name).collect());
                    self.seen = Some(seen);
                }
                Err(error) => {
                    tracing::warn!(path, %error, "cannot list a folder of the file store");
                    *self = Listing::default();
                }
            }
        }
        self.folders.clone()
    }
}

#[derive(Debug)]
struct TreeFile<T> {
    key: String,
    seen: Option<Seen>,
    value: Option<T>,
}

/// All files below a folder, in folders of their own if their names have slashes.
#[derive(Debug)]
pub struct Tree<T> {
    folders: Vec<(String, Seen)>,
    files: Vec<TreeFile<T>>,
}

impl<T> Default for Tree<T> {
    fn default() -> Tree<T> {
        Tree { folders: Vec::new(), files: Vec::new() }
    }
}

impl<T: Content> Tree<T> {
    /// Looks at all files below `base`; tells whether anything was read or is gone.
    pub fn refresh(&mut self, look: Look<'_>, base: &str) -> bool {
        let listed = self.relist(look, base);
        let mut path = String::with_capacity(base.len() + 32);
        let mut changed = listed;
        let mut gone = false;
        for file in &mut self.files {
            path.clear();
            path.extend([base, "/", &file.key]);
            let Some((Kind::File, stamp)) = look.folder.stat(&path) else {
                gone = true;
                file.value = None;
                file.seen = None;
                continue;
            };
            let holds = file
                .seen
                .is_some_and(|seen| seen.holds(&stamp) || (T::GROWS_ONLY && seen.stamp == stamp));
            if holds {
                continue;
            }
            let same = file.seen.is_some_and(|seen| same_file(&seen, &stamp));
            file.value = read(look, &path, file.value.take().filter(|_| same));
            file.seen = Some(Seen::new(look, stamp));
            changed = true;
        }
        if gone {
            self.files.retain(|file| file.seen.is_some());
        }
        changed || gone
    }

    /// Lists the folders again if one has changed; tells whether that found anything new.
    fn relist(&mut self, look: Look<'_>, base: &str) -> bool {
        let stamp_of = |path: &str| match look.folder.stat(path) {
            Some((Kind::Folder, stamp)) => Some(stamp),
            _ => None,
        };
        let holds =
            |(path, seen): &(String, Seen)| stamp_of(path).is_some_and(|stamp| seen.holds(&stamp));
        let known = !self.folders.is_empty();
        if known && self.folders.iter().all(holds) {
            return false;
        }
        let Some(stamp) = stamp_of(base) else {
            *self = Tree::default();
            return known;
        };
        let mut old: HashMap<String, TreeFile<T>> =
            self.files.drain(..).map(|file| (file.key.clone(), file)).collect();
        let before = old.len();
        self.folders.clear();
        self.folders.push((base.to_owned(), Seen::new(look, stamp)));
        let mut new = false;
        let mut at = 0;
        while at < self.folders.len() {
            let path = self.folders[at].0.clone();
            at += 1;
            let found = look.folder.list(&path).unwrap_or_else(|error| {
                tracing::warn!(path, %error, "cannot list a folder of the file store");
                Vec::new()
            });
            for (name, kind) in found {
                let path = format!("{path}/{name}");
                match kind {
                    Kind::Folder if path.matches('/').count() < MAX_DEPTH => {
                        let stamp = stamp_of(&path);
                        self.folders.extend(stamp.map(|stamp| (path, Seen::new(look, stamp))));
                    }
                    Kind::Folder => {}
                    Kind::File => {
                        let key = path[base.len() + 1..].to_owned();
                        let file = old.remove(&key).unwrap_or_else(|| {
                            new = true;
                            TreeFile { key, seen: None, value: None }
                        });
                        self.files.push(file);
                    }
                }
            }
        }
        self.files.sort_by(|a, b| a.key.cmp(&b.key));
        new || before != self.files.len()
    }

    /// What was read, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.files.iter().filter_map(|file| Some((file.key.as_str(), file.value.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Far enough in the future that all files have settled.
    const LATER: Millis = Millis(i64::MAX / 2);

    fn keys(tree: &Tree<String>) -> Vec<String> {
        tree.iter().map(|(key, value)| format!("{key}={value}")).collect()
    }

    #[test]
    fn only_what_has_changed_is_read_again() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::open(home.path()).unwrap();
        let look = Look { folder: &folder, now: LATER };
        let mut tree = Tree::<String>::default();
        assert!(!tree.refresh(look, "tags") && keys(&tree).is_empty());
        let tags = home.path().join("tags");
        fs::create_dir_all(tags.join("a/b")).unwrap();
        fs::write(tags.join("a/b/c"), "1").unwrap();
        fs::write(tags.join("x"), "2").unwrap();
        assert!(tree.refresh(look, "tags"));
        assert_eq!(keys(&tree), ["a/b/c=1", "x=2"]);
        assert!(!tree.refresh(look, "tags"), "nothing has changed");
        fs::write(tags.join("x"), "3").unwrap();
        assert!(tree.refresh(look, "tags"));
        fs::write(tags.join("a/y"), "4").unwrap();
        fs::remove_file(tags.join("a/b/c")).unwrap();
        assert!(tree.refresh(look, "tags"));
        assert_eq!(keys(&tree), ["a/y=4", "x=3"]);
        std::os::unix::fs::symlink("/etc/hostname", tags.join("link")).unwrap();
        fs::write(tags.join("broken"), b"\xff").unwrap();
        tree.refresh(look, "tags");
        assert_eq!(keys(&tree), ["a/y=4", "x=3"]);
        fs::remove_dir_all(&tags).unwrap();
        assert!(tree.refresh(look, "tags") && keys(&tree).is_empty());
    }

    #[test]
    fn what_has_just_changed_is_not_trusted() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::open(home.path()).unwrap();
        fs::write(home.path().join("x"), "1").unwrap();
        let changed = folder.stat("x").unwrap().1.changed_ms();
        let mut file = Cached::<String>::default();
        for now in [changed, changed + SETTLED_MS] {
            assert!(file.refresh(Look { folder: &folder, now: Millis(now) }, "x"));
        }
        let settled = Look { folder: &folder, now: Millis(changed + SETTLED_MS + 1) };
        assert!(file.refresh(settled, "x"));
        assert!(!file.refresh(settled, "x"));
        assert_eq!(file.value().map(String::as_str), Some("1"));
    }
}
