//! A write: all of its files are prepared beside their places first, then moved and appended to.
//! What fails while it is prepared has changed nothing; an append that fails is taken back.

use std::collections::HashSet;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use oxflow_beneath as beneath;
use oxflow_model::{Error, Result};
use rustix::fs::{Access, AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::folder::{Folder, Kind, refused};
use crate::sync::Dirty;
use crate::yaml::Map;

/// Unfinished files begin with this; what a killed server left behind can be deleted.
pub const UNFINISHED: &str = ".oxflow-unfinished-";

const FILE_MODE: Mode = Mode::from_raw_mode(0o666);

/// A write that is being prepared.
pub struct Changes<'a> {
    folder: &'a Folder,
    files: Vec<Prepared>,
    appends: Vec<(String, String)>,
    folders: Vec<String>,
    removed: Vec<String>,
    moved: Option<(String, String)>,
    tree: Option<String>,
    /// Targets, and the folders of keys that have slashes: one cannot be the other.
    targets: HashSet<String>,
    parents: HashSet<String>,
}

struct Prepared {
    base: String,
    name: String,
    target: String,
    /// Whether there is a file already.
    replaces: bool,
    /// Not all are kept open.
    file: Option<OwnedFd>,
    on_disk: bool,
}

impl<'a> Changes<'a> {
    /// No change so far.
    pub fn new(folder: &'a Folder) -> Changes<'a> {
        Changes {
            folder,
            files: Vec::new(),
            appends: Vec::new(),
            folders: Vec::new(),
            removed: Vec::new(),
            moved: None,
            tree: None,
            targets: HashSet::new(),
            parents: HashSet::new(),
        }
    }

    /// Writes a file, new or in place of the old one. `base` is a folder where a file that is in
    /// the making disturbs nobody: stock MLflow takes every file below `tags` for a tag.
    pub fn put(&mut self, base: &str, target: &str, content: &[u8]) -> Result<()> {
        self.claim(target)?;
        let replaces = self.folder.exists(target);
        let (name, file) =
            self.unfinished(base, content).map_err(|error| refused("write", target, error))?;
        // So many open files would soon be too many.
        let file = (self.files.len() < 8).then_some(file);
        let (base, target) = (base.to_owned(), target.to_owned());
        self.files.push(Prepared { base, name, target, replaces, file, on_disk: false });
        Ok(())
    }

    /// Writes a `meta.yaml`.
    pub fn put_meta(&mut self, base: &str, of: &str, map: &Map) -> Result<()> {
        self.put(base, &format!("{of}/meta.yaml"), map.to_yaml().as_bytes())
    }

    /// Appends lines to a file, which need not be there.
    pub fn append(&mut self, target: &str, lines: String) -> Result<()> {
        self.claim(target)?;
        self.appends.push((target.to_owned(), lines));
        Ok(())
    }

    /// Creates a folder.
    pub fn folder(&mut self, path: &str) {
        self.folders.push(path.to_owned());
    }

    /// Removes a file.
    pub fn remove(&mut self, path: &str) {
        self.removed.push(path.to_owned());
    }

    /// Moves a folder, after all files were written.
    pub fn move_folder(&mut self, from: &str, to: &str) {
        self.moved = Some((from.to_owned(), to.to_owned()));
    }

    /// Removes a folder with all in it.
    pub fn remove_tree(&mut self, path: &str) {
        self.tree = Some(path.to_owned());
    }

    /// Refuses a file where a folder is, and one below a file: keys with slashes are folders.
    fn claim(&mut self, target: &str) -> Result<()> {
        let taken = |path: &str| {
            Error::invalid(format!(
                "'{target}' cannot be stored: the file store keeps names with slashes in folders, \
                 and '{path}' is there already as a {}.",
                if path == target { "folder" } else { "file" }
            ))
        };
        let is = |path: &str, kind| self.folder.stat(path).is_some_and(|(found, _)| found == kind);
        if self.parents.contains(target) || is(target, Kind::Folder) {
            return Err(taken(target));
        }
        let slashes: Vec<usize> = target.match_indices('/').map(|(at, _)| at).collect();
        for at in slashes {
            let parent = &target[..at];
            if self.parents.contains(parent) {
                continue;
            }
            if self.targets.contains(parent) || is(parent, Kind::File) {
                return Err(taken(parent));
            }
            self.parents.insert(parent.to_owned());
        }
        self.targets.insert(target.to_owned());
        Ok(())
    }

    fn unfinished(&self, base: &str, content: &[u8]) -> Result<(String, OwnedFd), Errno> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let folder = beneath::open(self.folder.fd(), base, beneath::FOLDER)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{UNFINISHED}{}-{number}", std::process::id());
            let file = match rustix::fs::openat(&folder, &name, flags, FILE_MODE) {
                // Left behind by a process of the same number.
                Err(Errno::EXIST) => continue,
                opened => opened?,
            };
            let written = write_all(&file, content);
            if written.is_err() {
                let _ = rustix::fs::unlinkat(&folder, &name, AtFlags::empty());
            }
            return written.map(|()| (name, file));
        }
    }

    /// Makes the changes, and tells what has to reach the disk.
    pub fn commit(mut self) -> Result<Dirty> {
        self.sync_replacements()?;
        let mut dirty = Dirty::default();
        let mut created = Vec::new();
        let done = self.make_folders(&mut dirty, &mut created).and_then(|()| {
            let appended = self.append_all(&mut dirty)?;
            self.publish(&mut dirty).inspect_err(|_| take_back(&appended))
        });
        if done.is_err() {
            for folder in created.iter().rev() {
                // One that somebody has put something into stays.
                let _ = rustix::fs::unlinkat(self.folder.fd(), folder, AtFlags::REMOVEDIR);
            }
        }
        done.map(|()| dirty)
    }

    /// Brings to disk what is to replace files. Without it, a power failure could leave the name of
    /// an old file with nothing in it.
    fn sync_replacements(&mut self) -> Result<()> {
        let mut dirty = Dirty::default();
        for file in self.files.iter_mut().filter(|file| file.replaces) {
            match file.file.take() {
                Some(file) => dirty.add(file),
                None => dirty.all = true,
            }
            file.on_disk = true;
        }
        if dirty.all
            && let Ok(root) = rustix::io::dup(self.folder.fd())
        {
            dirty.changed.push(root);
        }
        dirty.sync().map_err(|error| {
            Error::unavailable(format!("The disk of the file store does not take it: {error}."))
        })
    }

    fn make_folders(&self, dirty: &mut Dirty, created: &mut Vec<String>) -> Result<()> {
        let files = self.files.iter().map(|file| file.target.as_str());
        let appends = self.appends.iter().map(|(target, _)| target.as_str());
        let parents = files.chain(appends).filter_map(|target| Some(target.rsplit_once('/')?.0));
        for path in self.folders.iter().map(String::as_str).chain(parents) {
            let mut note = |parent: std::os::fd::BorrowedFd<'_>, path: &str| {
                created.push(path.to_owned());
                dirty.add(rustix::io::dup(parent)?);
                Ok(())
            };
            beneath::create_folders_telling(self.folder.fd(), path, &mut note)
                .map_err(|error| refused("create", path, error))?;
        }
        self.check_folders()
    }

    /// Refuses a write whose files cannot all be moved to their places, before the first one is.
    fn check_folders(&self) -> Result<()> {
        let mut seen = HashSet::new();
        for prepared in &self.files {
            let parent = prepared.target.rsplit_once('/').map_or("", |(parent, _)| parent);
            if !seen.insert(parent) {
                continue;
            }
            let may = Access::WRITE_OK | Access::EXEC_OK;
            beneath::open(self.folder.fd(), parent, beneath::FOLDER)
                .and_then(|folder| rustix::fs::accessat(folder, ".", may, AtFlags::empty()))
                .map_err(|error| refused("write", &prepared.target, error))?;
        }
        Ok(())
    }

    /// Appends; gives the files with their sizes before.
    fn append_all(&self, dirty: &mut Dirty) -> Result<Vec<(OwnedFd, u64)>> {
        let mut appended = Vec::new();
        for (target, lines) in &self.appends {
            match self.append_one(target, lines) {
                Ok((file, size)) => appended.push((file, size)),
                Err(error) => {
                    take_back(&appended);
                    return Err(refused("append to", target, error));
                }
            }
        }
        for (file, _) in &appended {
            match rustix::io::dup(file) {
                Ok(file) => dirty.add(file),
                Err(_) => dirty.all = true,
            }
        }
        Ok(appended)
    }

    fn append_one(&self, target: &str, lines: &str) -> Result<(OwnedFd, u64), Errno> {
        let (parent, name) = target.rsplit_once('/').unwrap_or(("", target));
        let parent = beneath::open(self.folder.fd(), parent, beneath::FOLDER)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::APPEND;
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&parent, name, flags, FILE_MODE)?;
        let size = u64::try_from(rustix::fs::fstat(&file)?.st_size).unwrap_or(0);
        let mut last = [b'\n'];
        if size > 0 {
            rustix::io::pread(&file, &mut last, size - 1)?;
        }
        // A line that somebody has not finished would swallow the next one.
        let written = match last {
            [b'\n'] => write_all(&file, lines.as_bytes()),
            _ => write_all(&file, format!("\n{lines}").as_bytes()),
        };
        if written.is_err() {
            let _ = rustix::fs::ftruncate(&file, size);
        }
        written.map(|()| (file, size))
    }

    fn publish(&mut self, dirty: &mut Dirty) -> Result<()> {
        let root = self.folder.fd();
        let mut noted = HashSet::new();
        self.files.reverse();
        while let Some(prepared) = self.files.last() {
            let (parent, name) = prepared.target.rsplit_once('/').unwrap_or(("", &prepared.target));
            let fail = |error| refused("write", &prepared.target, error);
            let from = beneath::open(root, &prepared.base, beneath::FOLDER).map_err(fail)?;
            let to = beneath::open(root, parent, beneath::FOLDER).map_err(fail)?;
            rustix::fs::renameat(&from, &prepared.name, &to, name).map_err(fail)?;
            if noted.insert(parent.to_owned()) {
                dirty.add(to);
            }
            // What could not be moved stays on the list, and is removed with it.
            match self.files.pop() {
                Some(Prepared { file: Some(file), .. }) => dirty.add(file),
                Some(prepared) => dirty.all |= !prepared.on_disk,
                None => {}
            }
        }
        for path in &self.removed {
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
            let fail = |error| refused("remove", path, error);
            let folder = beneath::open(root, parent, beneath::FOLDER).map_err(fail)?;
            rustix::fs::unlinkat(&folder, name, AtFlags::empty()).map_err(fail)?;
            dirty.add(folder);
        }
        self.move_or_remove(dirty)
    }

    fn move_or_remove(&self, dirty: &mut Dirty) -> Result<()> {
        let root = self.folder.fd();
        let open = |path: &str| {
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
            let folder = beneath::open(root, parent, beneath::FOLDER);
            folder.map(|folder| (folder, name.to_owned()))
        };
        if let Some((from, to)) = &self.moved {
            let fail = |error| refused("move", from, error);
            let (old, name) = open(from).map_err(fail)?;
            let (new, new_name) = open(to).map_err(fail)?;
            rustix::fs::renameat(&old, &name, &new, &new_name).map_err(fail)?;
            dirty.add(old);
            dirty.add(new);
        }
        if let Some(path) = &self.tree {
            let fail = |error| refused("remove", path, error);
            let (parent, name) = open(path).map_err(fail)?;
            let name = std::ffi::CString::new(name).map_err(|_| fail(Errno::INVAL))?;
            beneath::remove_tree(parent.as_fd(), &name).map_err(fail)?;
            dirty.add(parent);
        }
        Ok(())
    }
}

impl Drop for Changes<'_> {
    fn drop(&mut self) {
        for file in &self.files {
            if let Ok(base) = beneath::open(self.folder.fd(), &file.base, beneath::FOLDER) {
                let _ = rustix::fs::unlinkat(base, &file.name, AtFlags::empty());
            }
        }
    }
}

fn take_back(appended: &[(OwnedFd, u64)]) {
    for (file, size) in appended {
        let _ = rustix::fs::ftruncate(file, *size);
    }
}

/// Writes all; in one call, as far as the system lets.
fn write_all(file: &OwnedFd, mut content: &[u8]) -> Result<(), Errno> {
    while !content.is_empty() {
        match rustix::io::write(file, content) {
            Ok(0) => return Err(Errno::NOSPC),
            Ok(written) => content = &content[written..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
