//! File system calls that cannot leave a folder: neither through `..`, nor through a symbolic
//! link, nor when somebody swaps a folder for a link between two calls.
//!
//! Everything starts from an open descriptor of the root and the kernel resolves the rest. Paths
//! are checked by the caller, or come from a directory listing.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

/// To look at something without opening it for reading.
#[cfg(target_os = "linux")]
pub const PROBE: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
pub const PROBE: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK);

/// To open a folder, for listing it and for making its entries durable.
pub const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);

/// Folders and files get the permissions that the process's umask leaves.
const FOLDER_MODE: Mode = Mode::from_raw_mode(0o777);

/// The error of a path that leads out of the root.
pub const ESCAPES: Errno = Errno::XDEV;

/// Opens the root itself. It is the operator's choice and may well be a link.
pub fn open_root(root: &Path) -> Result<OwnedFd, Errno> {
    rustix::fs::open(root, FOLDER | OFlags::CLOEXEC, Mode::empty())
}

/// Creates the root with the folders above it, and makes their entries durable.
pub fn create_root(root: &Path) -> io::Result<OwnedFd> {
    let missing: Vec<&Path> = root.ancestors().take_while(|folder| !folder.exists()).collect();
    std::fs::create_dir_all(root)?;
    for folder in missing {
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
    }
    Ok(open_root(root)?)
}

/// Opens `path` below `root`; [`ESCAPES`] if that leads out.
pub fn open(root: BorrowedFd<'_>, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::CLOEXEC;
    #[cfg(target_os = "linux")]
    match open_in_kernel(root, path, flags) {
        // Old kernels do not know the call, some sandboxes forbid it.
        Err(Errno::NOSYS | Errno::PERM) => {}
        Err(Errno::LOOP) => return Err(ESCAPES),
        opened => return opened,
    }
    open_step_by_step(root, path, flags)
}

#[cfg(target_os = "linux")]
fn open_in_kernel(root: BorrowedFd<'_>, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};
    let path = if path.is_empty() { "." } else { path };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    // The kernel gives up with EAGAIN when something is renamed meanwhile; that passes.
    for _ in 0..100 {
        match openat2(root, path, flags, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            opened => return opened,
        }
    }
    Err(Errno::AGAIN)
}

/// Walks down one folder at a time and follows no link at all: stricter than the kernel's own
/// way, which allows links that stay inside, but as safe.
fn open_step_by_step(root: BorrowedFd<'_>, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut folder = rustix::io::dup(root)?;
    let mut names = path.split('/').filter(|name| !name.is_empty()).peekable();
    if names.peek().is_none() {
        return rustix::fs::openat(&folder, ".", flags, Mode::empty());
    }
    while let Some(name) = names.next() {
        let last = names.peek().is_none();
        let step = if last { flags } else { FOLDER | OFlags::CLOEXEC } | OFlags::NOFOLLOW;
        let next = rustix::fs::openat(&folder, name, step, Mode::empty());
        // Depending on the flags, a link is opened itself, is "no folder" or is a "loop".
        if is_link(folder.as_fd(), name) {
            return Err(ESCAPES);
        }
        folder = next?;
    }
    Ok(folder)
}

fn is_link(folder: BorrowedFd<'_>, name: &str) -> bool {
    rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

/// Opens the folder `path`, creating what is missing of it and making that durable.
pub fn create_folders(root: BorrowedFd<'_>, path: &str) -> Result<OwnedFd, Errno> {
    create_folders_telling(root, path, &mut |parent, _| rustix::fs::fsync(parent))
}

/// The same without making anything durable: `created` is told of every new folder, with the open
/// folder it is in and its path.
pub fn create_folders_telling(
    root: BorrowedFd<'_>,
    path: &str,
    created: &mut dyn FnMut(BorrowedFd<'_>, &str) -> Result<(), Errno>,
) -> Result<OwnedFd, Errno> {
    match open(root, path, FOLDER) {
        Err(Errno::NOENT) => {}
        done => return done,
    }
    let mut folder = rustix::io::dup(root)?;
    for (start, name) in names_with_ends(path) {
        match rustix::fs::mkdirat(&folder, name, FOLDER_MODE) {
            Ok(()) => created(folder.as_fd(), start)?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
        folder = open(root, start, FOLDER)?;
    }
    Ok(folder)
}

/// For `a/b`: (`a`, `a`), (`a/b`, `b`).
fn names_with_ends(path: &str) -> impl Iterator<Item = (&str, &str)> {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    ends.map(|end| (&path[..end], path[..end].rsplit('/').next().unwrap_or_default()))
}

/// Removes `name` from `folder`, with everything in it. A link is removed, never followed.
pub fn remove_tree(folder: BorrowedFd<'_>, name: &CStr) -> Result<(), Errno> {
    match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        // What systems say about a folder.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error),
    }
    // Somebody may still be adding files; they get a few chances to stop.
    for _ in 0..10 {
        remove_content(folder, name)?;
        match rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY) => {}
            Err(Errno::NOENT) => return Ok(()),
            removed => return removed,
        }
    }
    Err(Errno::NOTEMPTY)
}

fn remove_content(folder: BorrowedFd<'_>, name: &CStr) -> Result<(), Errno> {
    let flags = FOLDER | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let inside = match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(()),
        opened => opened?,
    };
    for entry in names(inside.as_fd())? {
        remove_tree(inside.as_fd(), &entry)?;
    }
    Ok(())
}

/// The names in a folder, without `.` and `..`.
pub fn names(folder: BorrowedFd<'_>) -> Result<Vec<CString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        if name.as_bytes() != b"." && name.as_bytes() != b".." {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    type Open = fn(BorrowedFd<'_>, &str, OFlags) -> Result<OwnedFd, Errno>;

    /// Both ways must agree on everything but links that stay inside.
    const WAYS: [Open; 2] = [open, open_step_by_step];

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("in/a/b")).unwrap();
        std::fs::write(root.path().join("in/a/file"), "x").unwrap();
        std::fs::write(root.path().join("secret"), "x").unwrap();
        symlink("/etc", root.path().join("in/etc")).unwrap();
        symlink("../..", root.path().join("in/a/up")).unwrap();
        symlink("../secret", root.path().join("in/leaf")).unwrap();
        symlink("a/file", root.path().join("in/inside")).unwrap();
        symlink("nowhere", root.path().join("in/dangling")).unwrap();
        symlink("self", root.path().join("in/self")).unwrap();
        root
    }

    #[test]
    fn ordinary_paths_open() {
        let root = tree();
        let fd = open_root(&root.path().join("in")).unwrap();
        for way in WAYS {
            for path in ["", "a", "a/b", "a/file"] {
                way(fd.as_fd(), path, PROBE).unwrap();
            }
            assert_eq!(way(fd.as_fd(), "nope", PROBE).unwrap_err(), Errno::NOENT);
            assert_eq!(way(fd.as_fd(), "a/file/x", PROBE).unwrap_err(), Errno::NOTDIR);
            assert_eq!(way(fd.as_fd(), "a/file", FOLDER).unwrap_err(), Errno::NOTDIR);
        }
        open(fd.as_fd(), "inside", OFlags::RDONLY).unwrap();
    }

    #[test]
    fn no_link_leads_out() {
        let root = tree();
        let fd = open_root(&root.path().join("in")).unwrap();
        for way in WAYS {
            for path in ["etc", "etc/passwd", "a/up", "a/up/secret", "leaf", "leaf/x", "self"] {
                for flags in [PROBE, OFlags::RDONLY, FOLDER] {
                    assert_eq!(way(fd.as_fd(), path, flags).unwrap_err(), ESCAPES, "{path}");
                }
            }
        }
        assert_eq!(create_folders(fd.as_fd(), "etc/x").unwrap_err(), ESCAPES);
        assert_eq!(create_folders(fd.as_fd(), "a/up/x").unwrap_err(), ESCAPES);
        assert!(create_folders(fd.as_fd(), "dangling/x").is_err());
    }

    #[test]
    fn removing_a_tree_spares_what_links_point_to() {
        let root = tree();
        let fd = open_root(root.path()).unwrap();
        symlink("../secret", root.path().join("in/a/b/link")).unwrap();
        remove_tree(fd.as_fd(), c"in").unwrap();
        assert!(!root.path().join("in").exists());
        assert!(root.path().join("secret").exists());
        assert!(Path::new("/etc/passwd").exists());
        remove_tree(fd.as_fd(), c"in").unwrap();
    }
}
