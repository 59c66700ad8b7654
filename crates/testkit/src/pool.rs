//! Databases that tests take turns with, where making one takes longer than the test.

use std::fs::{File, OpenOptions};

use rustix::fs::{FlockOperation, flock};

/// More than there are ever tests at once.
const MOST: usize = 256;

/// A number that no other test has meanwhile, in this process or another.
#[derive(Debug)]
pub struct Turn {
    /// The number; small, because those that were given back come first.
    pub number: usize,
    // Locked until it is closed.
    _file: File,
}

impl Turn {
    /// Waits for nobody: the first free number.
    pub fn take(kind: &str) -> Turn {
        let program = std::env::current_exe().unwrap();
        let folder = program.parent().unwrap().join("database-turns");
        std::fs::create_dir_all(&folder).unwrap();
        let turn = (0..MOST).find_map(|number| {
            let path = folder.join(format!("{kind}-{number}"));
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
            let file = file.unwrap();
            let free = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
            free.then_some(Turn { number, _file: file })
        });
        turn.unwrap()
    }
}
