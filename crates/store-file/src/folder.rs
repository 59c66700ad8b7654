//! The folder: looking at files and reading them, without ever leaving it.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use oxflow_beneath as beneath;
use oxflow_model::{Error, Result};
use rustix::fs::{AtFlags, Dir, FileType, OFlags};
use rustix::io::Errno;

/// The most bytes of a param, a tag or a `meta.yaml`. MLflow's own limits are far below.
const MOST_BYTES: u64 = 64 << 20;

/// The folder, held open.
#[derive(Debug)]
pub struct Folder {
    root: OwnedFd,
    path: PathBuf,
}

/// What tells whether a file or folder has changed since it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Which file it is.
    pub inode: u64,
    /// Its size in bytes.
    pub size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// When it last changed, in milliseconds since the epoch, by the clock of the file system.
    pub fn changed_ms(&self) -> i64 {
        let ms = |(seconds, nanos): (i64, i64)| seconds.saturating_mul(1000) + nanos / 1_000_000;
        ms(self.modified).max(ms(self.changed))
    }
}

/// What a name in a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
}

impl Folder {
    /// Opens the folder, which is created if it is not there.
    pub fn open(path: &Path) -> Result<Folder> {
        let root = beneath::create_root(path).map_err(|error| unopened(path, &error))?;
        Ok(Folder { root, path: path.to_owned() })
    }

    /// The open folder.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// Where it is, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The stamp of a file or folder; `None` if it is neither, or not there.
    ///
    /// Links in the middle of the path are followed here, but not when something is opened: what
    /// leads out of the folder cannot be read, only be found to be there.
    pub fn stat(&self, path: &str) -> Option<(Kind, Stamp)> {
        let stat = rustix::fs::statat(&self.root, path, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            _ => return None,
        };
        let stamp = Stamp {
            inode: stat.st_ino,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: (stat.st_mtime, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime, stat.st_ctime_nsec as i64),
        };
        Some((kind, stamp))
    }

    /// Whether there is a file or folder.
    pub fn exists(&self, path: &str) -> bool {
        self.stat(path).is_some()
    }

    /// Whether there is a file.
    pub fn is_file(&self, path: &str) -> bool {
        self.stat(path).is_some_and(|(kind, _)| kind == Kind::File)
    }

    /// Opens a file for reading.
    pub fn open_file(&self, path: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        Ok(File::from(beneath::open(self.fd(), path, flags)?))
    }

    /// Reads a file; `None` if it is not there.
    pub fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let file = match self.open_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut bytes = Vec::new();
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(io::Error::other("it is far larger than anything MLflow writes"));
        }
        Ok(Some(bytes))
    }

    /// Reads a text file; `None` if it is not there.
    pub fn read_text(&self, path: &str) -> io::Result<Option<String>> {
        match self.read(path)? {
            Some(bytes) => String::from_utf8(bytes).map(Some).map_err(io::Error::other),
            None => Ok(None),
        }
    }

    /// Takes away what follows the last end of a line in a file, if it is there.
    pub fn drop_unfinished_line(&self, path: &str) -> Result<()> {
        let fail = |error: io::Error| unreadable(path, &error);
        let file = match beneath::open(self.fd(), path, OFlags::RDWR | OFlags::NOFOLLOW) {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::ISDIR) => return Ok(()),
            opened => File::from(opened.map_err(|error| fail(error.into()))?),
        };
        let mut end = file.metadata().map_err(fail)?.len();
        let size = end;
        let mut block = [0; 4096];
        while end > 0 {
            let start = end.saturating_sub(block.len() as u64);
            let block = &mut block[..(end - start) as usize];
            file.read_exact_at(block, start).map_err(fail)?;
            if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
                end = start + at as u64 + 1;
                break;
            }
            end = start;
        }
        if end == size { Ok(()) } else { file.set_len(end).map_err(fail) }
    }

    /// The files and folders in a folder; none if it is not there. Links and names that are no
    /// UTF-8 are left out.
    pub fn list(&self, path: &str) -> io::Result<Vec<(String, Kind)>> {
        let folder = match beneath::open(self.fd(), path, beneath::FOLDER) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Vec::new()),
            opened => opened?,
        };
        let mut found = Vec::new();
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::RegularFile => Some(Kind::File),
                FileType::Directory => Some(Kind::Folder),
                // Some file systems do not say.
                FileType::Unknown => self.stat(&format!("{path}/{name}")).map(|(kind, _)| kind),
                _ => None,
            };
            found.extend(kind.map(|kind| (name.to_owned(), kind)));
        }
        Ok(found)
    }
}

/// The error of a folder that cannot be used at all.
fn unopened(path: &Path, error: &io::Error) -> Error {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "Check the permissions of the folder and of those above it."
        }
        io::ErrorKind::StorageFull => "Free some space and start again.",
        _ => "Name another folder, or move away what is in its place.",
    };
    Error::unavailable(format!("Cannot open the folder {}: {error}. {advice}", path.display()))
}

/// The error of a write that the file system refused.
pub fn refused(what: &str, path: &str, error: Errno) -> Error {
    let place = format!("Cannot {what} '{path}' in the folder of the file store: {error}");
    match error {
        Errno::NOSPC | Errno::DQUOT => Error::unavailable(format!(
            "{place}. Nothing was written; free some space and try again."
        )),
        Errno::ROFS | Errno::ACCESS | Errno::PERM => Error::unavailable(format!(
            "{place}. Nothing was written; check the permissions of the folder."
        )),
        Errno::NAMETOOLONG => Error::invalid(format!(
            "{place}. The file store keeps this name as the name of a file."
        )),
        beneath::ESCAPES => Error::unavailable(format!("{place}: a link leads out of it.")),
        _ => Error::unavailable(format!("{place}.")),
    }
}

/// The same for a read.
pub fn unreadable(path: &str, error: &io::Error) -> Error {
    Error::unavailable(format!("Cannot read '{path}' in the folder of the file store: {error}."))
}
