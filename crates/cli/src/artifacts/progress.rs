//! How far a transfer is, on the terminal.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::env::Env;

/// How often the line is drawn anew.
const EVERY: Duration = Duration::from_millis(100);
const WIDTH: u64 = 24;

/// A line on standard error, if that is a terminal.
pub struct Progress {
    verb: &'static str,
    shown: bool,
    began: Instant,
    drawing: AtomicBool,
    drawn: AtomicU64,
    files: AtomicU64,
    bytes: AtomicU64,
    all_files: AtomicU64,
    all_bytes: AtomicU64,
}

impl Progress {
    /// Nothing has happened yet. `verb` is `Uploading`, for example.
    pub fn new(verb: &'static str, env: &Env) -> Progress {
        let wanted = env.flag("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR") != Some(false);
        Progress {
            verb,
            shown: wanted && std::io::stderr().is_terminal(),
            began: Instant::now(),
            drawing: AtomicBool::new(false),
            drawn: AtomicU64::new(0),
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            all_files: AtomicU64::new(0),
            all_bytes: AtomicU64::new(0),
        }
    }

    /// One more file of this many bytes has to go.
    pub fn expect(&self, bytes: u64) {
        self.all_files.fetch_add(1, Ordering::Relaxed);
        self.all_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// So many bytes went, or come again (negative) after a failure.
    pub fn moved(&self, bytes: i64) {
        self.bytes.fetch_add(bytes.cast_unsigned(), Ordering::Relaxed);
        self.draw(false);
    }

    /// A file is there.
    pub fn file_done(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.draw(false);
    }

    /// Everything is there, or failed.
    pub fn end(&self) {
        self.draw(true);
    }

    fn draw(&self, last: bool) {
        if !self.shown {
            return;
        }
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let due = self.drawn.load(Ordering::Relaxed).saturating_add(EVERY.as_millis() as u64);
        let free = last || now >= due && !self.drawing.swap(true, Ordering::Acquire);
        if !free {
            return;
        }
        self.drawn.store(now, Ordering::Relaxed);
        let line = self.line(now.max(1));
        let end = if last { "\n" } else { "" };
        // A terminal that is gone is no reason to stop.
        let _ = write!(std::io::stderr().lock(), "\r{line}\x1b[K{end}");
        self.drawing.store(false, Ordering::Release);
    }

    fn line(&self, milliseconds: u64) -> String {
        let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let (bytes, all) = (load(&self.bytes), load(&self.all_bytes));
        let filled = (bytes * WIDTH).checked_div(all).unwrap_or(WIDTH).min(WIDTH);
        let bar: String = (0..WIDTH).map(|at| if at < filled { '#' } else { '.' }).collect();
        format!(
            "{} [{bar}] {}/{} files, {} of {}, {}/s",
            self.verb,
            load(&self.files),
            load(&self.all_files),
            size(bytes),
            size(all),
            size(bytes.saturating_mul(1000) / milliseconds)
        )
    }
}

/// A size for people.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut number = bytes as f64 / 1000.0;
    let mut unit = 0;
    while number >= 999.95 && unit + 1 < UNITS.len() {
        number /= 1000.0;
        unit += 1;
    }
    format!("{number:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_for_people() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_960, "1.0 MB"),
            (5_260_000_000, "5.3 GB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn a_line_says_how_far_it_is() {
        let progress = Progress::new("Uploading", &Env::default());
        progress.expect(2_000_000);
        progress.expect(2_000_000);
        progress.moved(2_000_000);
        progress.file_done();
        let expected = "Uploading [############............] 1/2 files, 2.0 MB of 4.0 MB, 4.0 MB/s";
        assert_eq!(progress.line(500), expected);
    }
}
