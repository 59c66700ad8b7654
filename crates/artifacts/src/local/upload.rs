//! One file on its way into a folder: invisible until it is complete and on disk.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};

use bytes::Bytes;
use oxflow_beneath as beneath;
use oxflow_model::error::{Error, Result};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::explain;
use crate::ArtifactPath;
use crate::reserved::STAGING;
use crate::store::is_a_directory;

/// An unfinished file that nobody has touched for this long has lost its server.
const ABANDONED_AFTER_SECONDS: i64 = 24 * 60 * 60;

/// The unfinished file. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Upload {
    target: ArtifactPath,
    root: OwnedFd,
    base: OwnedFd,
    staging: OwnedFd,
    name: String,
    file: Option<File>,
}

impl Upload {
    /// Starts an upload to `target`, which must name a file.
    pub(super) fn create(root: OwnedFd, target: &ArtifactPath) -> Result<Upload> {
        let fail = |error: Errno| explain("write", target, error);
        check_target(&root, target)?;
        let base = staging_base(&root, target).map_err(fail)?;
        let (staging, name, file) = create_file(&base).map_err(fail)?;
        let target = target.clone();
        Ok(Upload { target, root, base, staging, name, file: Some(file) })
    }

    /// Appends some chunks.
    pub(super) fn append(&mut self, chunks: &[Bytes]) -> Result<()> {
        let Some(file) = &mut self.file else {
            return Err(Error::internal("the upload is finished already"));
        };
        for chunk in chunks {
            file.write_all(chunk).map_err(|error| explain("write", &self.target, error))?;
        }
        Ok(())
    }

    /// Makes the file durable, then visible, then its name durable.
    pub(super) fn publish(mut self) -> Result<()> {
        let fail = |error| explain("write", &self.target, error);
        if let Some(file) = self.file.take() {
            file.sync_all().map_err(fail)?;
        }
        let folder = self.target.parent().unwrap_or_default();
        let name = self.target.file_name().unwrap_or_default();
        let fail = |error: Errno| explain("write", &self.target, error);
        // Looked up again: the folder may have been deleted or replaced during the upload.
        let folder = beneath::create_folders(self.root.as_fd(), folder.as_str()).map_err(fail)?;
        match rustix::fs::renameat(&self.staging, &self.name, &folder, name) {
            Err(Errno::XDEV) => Err(Error::internal(format!(
                "Cannot write '{}': its folder is mounted separately from the artifact storage",
                self.target
            ))),
            renamed => renamed.and_then(|()| rustix::fs::fsync(&folder)).map_err(fail),
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // Both fail when there is nothing to clean: the file was renamed, others are uploading.
        let _ = rustix::fs::unlinkat(&self.staging, &self.name, AtFlags::empty());
        let _ = rustix::fs::unlinkat(&self.base, STAGING, AtFlags::REMOVEDIR);
        // Closing the last descriptor of a big deleted file takes a while.
        if let (Some(file), Ok(runtime)) = (self.file.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn_blocking(move || drop(file));
        }
    }
}

/// Refuses at once what would fail only after the last byte.
fn check_target(root: &OwnedFd, target: &ArtifactPath) -> Result<()> {
    match beneath::open(root.as_fd(), target.as_str(), beneath::PROBE | OFlags::DIRECTORY) {
        Ok(_) => Err(is_a_directory(target)),
        Err(Errno::NOENT) => Ok(()),
        // Either the target is a file, which will be replaced, or a parent is one.
        Err(Errno::NOTDIR) => match beneath::open(root.as_fd(), target.as_str(), beneath::PROBE) {
            Err(Errno::NOENT) | Ok(_) => Ok(()),
            Err(error) => Err(explain("write", target, error)),
        },
        Err(error) => Err(explain("write", target, error)),
    }
}

/// Where the file waits: the root, where leftovers are easy to find; but a file cannot be renamed
/// across file systems, so below a mount point it is the folder next to the target.
fn staging_base(root: &OwnedFd, target: &ArtifactPath) -> Result<OwnedFd, Errno> {
    let nearest = nearest_folder(root, target)?;
    let same_device = rustix::fs::fstat(&nearest)?.st_dev == rustix::fs::fstat(root)?.st_dev;
    if same_device { rustix::io::dup(root) } else { Ok(nearest) }
}

/// The deepest folder above `target` that exists.
fn nearest_folder(root: &OwnedFd, target: &ArtifactPath) -> Result<OwnedFd, Errno> {
    let mut above = target.parent();
    while let Some(folder) = above {
        match beneath::open(root.as_fd(), folder.as_str(), beneath::FOLDER) {
            Err(Errno::NOENT) => above = folder.parent(),
            opened => return opened,
        }
    }
    rustix::io::dup(root)
}

fn create_file(base: &OwnedFd) -> Result<(OwnedFd, String, File), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    // Another upload that ends may remove the folder between our two steps.
    for _ in 0..100 {
        let staging = match open_staging(base) {
            Err(Errno::NOENT) => continue,
            opened => opened?,
        };
        let name = format!("{:016x}", RandomState::new().build_hasher().finish());
        match rustix::fs::openat(&staging, &name, flags, Mode::from_raw_mode(0o666)) {
            Err(Errno::NOENT | Errno::EXIST) => {}
            created => return Ok((staging, name, File::from(created?))),
        }
    }
    Err(Errno::AGAIN)
}

fn open_staging(base: &OwnedFd) -> Result<OwnedFd, Errno> {
    match rustix::fs::mkdirat(base, STAGING, Mode::from_raw_mode(0o777)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error),
    }
    let flags = beneath::FOLDER | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(base, STAGING, flags, Mode::empty())
}

/// Removes the unfinished files of servers that were killed. "Now" is what the file system says
/// about a file that it has just created, so that clocks of different machines do not matter.
pub(super) fn remove_abandoned(root: &OwnedFd) -> Result<usize, Errno> {
    let flags = beneath::FOLDER | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let staging = match rustix::fs::openat(root, STAGING, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(0),
        opened => opened?,
    };
    let (_, probe, file) = create_file(root)?;
    let now = rustix::fs::fstat(&file)?.st_mtime;
    rustix::fs::unlinkat(&staging, &probe, AtFlags::empty())?;
    let mut removed = 0;
    for name in beneath::names(staging.as_fd())? {
        let Ok(stat) = rustix::fs::statat(&staging, &name, AtFlags::SYMLINK_NOFOLLOW) else {
            continue;
        };
        if now - stat.st_mtime > ABANDONED_AFTER_SECONDS {
            rustix::fs::unlinkat(&staging, &name, AtFlags::empty())?;
            removed += 1;
        }
    }
    let _ = rustix::fs::unlinkat(root, STAGING, AtFlags::REMOVEDIR);
    Ok(removed)
}
