//! A copy of a SQLite database beside it, taken while nobody can write.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oxflow_model::{Error, Result};
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

/// Pages that are copied at a time.
const PAGES: i32 = 4096;
/// Room that an upgrade of an almost empty database may need, in bytes.
const SPARE: u64 = 16 << 20;

/// The size of a database with its log, in bytes.
pub fn size(path: &Path) -> u64 {
    let of = |path: PathBuf| std::fs::metadata(path).map_or(0, |meta| meta.len());
    of(path.to_owned()) + of(with_suffix(path, "-wal"))
}

/// The file that a copy of the database goes to: the first of its kind that is not there.
pub fn target(path: &Path, revision: &str) -> PathBuf {
    let name = |n: u32| match n {
        1 => with_suffix(path, &format!(".backup-{revision}")),
        n => with_suffix(path, &format!(".backup-{revision}-{n}")),
    };
    (1..).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(1))
}

/// Fails unless the disk has room for the copy, if one is made, and for tables that are written
/// anew.
pub fn check_space(path: &Path, copies: bool) -> Result<()> {
    let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
    let Ok(disk) = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let needed = size(path).saturating_mul(if copies { 2 } else { 1 }).saturating_add(SPARE);
    if free >= needed {
        return Ok(());
    }
    let mb = |bytes: u64| bytes.div_ceil(1_000_000);
    Err(Error::unavailable(format!(
        "The disk of the database {} has {} MB free, and the upgrade may need {} MB{}. Nothing was \
         changed. Free some space and start again.",
        path.display(),
        mb(free),
        mb(needed),
        if copies { ", half of it for a backup" } else { "" }
    )))
}

/// Copies the database. The copy gets its name when it is complete and on disk.
pub fn copy(path: &Path, target: &Path) -> Result<()> {
    let unfinished = with_suffix(target, ".unfinished");
    let done = copy_to(path, &unfinished)
        .map_err(|error| error.to_string())
        .and_then(|()| settle(&unfinished, target).map_err(|error| error.to_string()));
    done.map_err(|why| {
        // What is there of it is of no use.
        drop(std::fs::remove_file(&unfinished));
        Error::unavailable(format!(
            "The backup {} cannot be written: {why}. Nothing was changed.",
            target.display()
        ))
    })
}

fn copy_to(path: &Path, unfinished: &Path) -> rusqlite::Result<()> {
    drop(std::fs::remove_file(unfinished));
    let from = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut to = Connection::open(unfinished)?;
    // Until it has its name, nobody needs it after a crash.
    to.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")?;
    Backup::new(&from, &mut to)?.run_to_completion(PAGES, Duration::ZERO, None)
}

fn settle(unfinished: &Path, target: &Path) -> std::io::Result<()> {
    File::open(unfinished)?.sync_all()?;
    std::fs::rename(unfinished, target)?;
    let folder = target.parent().filter(|path| !path.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
