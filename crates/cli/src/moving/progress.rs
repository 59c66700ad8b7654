//! How far it is, on a terminal as a line that is written over, elsewhere now and then.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use super::report::grouped;

/// How often it is told on a terminal, and elsewhere.
const OFTEN: Duration = Duration::from_millis(100);
const SELDOM: Duration = Duration::from_secs(10);
const WIDTH: u64 = 24;

/// How far a pass is.
pub struct Progress {
    told: bool,
    terminal: bool,
    what: &'static str,
    since: Instant,
    last: Instant,
    total: u64,
    done: u64,
    points: u64,
}

impl Progress {
    /// Told or not.
    pub fn new(told: bool) -> Progress {
        let now = Instant::now();
        let terminal = std::io::stderr().is_terminal();
        Progress { told, terminal, what: "", since: now, last: now, total: 0, done: 0, points: 0 }
    }

    /// A pass begins.
    pub fn begin(&mut self, what: &'static str) {
        let now = Instant::now();
        let Progress { told, terminal, .. } = *self;
        *self =
            Progress { told, terminal, what, since: now, last: now, total: 0, done: 0, points: 0 };
    }

    /// There is more to do.
    pub fn expect(&mut self, things: u64) {
        self.total += things;
        self.tell();
    }

    /// So much more was done.
    pub fn advance(&mut self, things: u64, points: u64) {
        self.done += things;
        self.points += points;
        self.tell();
    }

    /// How long the pass has taken.
    pub fn seconds(&self) -> f64 {
        self.since.elapsed().as_secs_f64()
    }

    fn tell(&mut self) {
        let pause = if self.terminal { OFTEN } else { SELDOM };
        if !self.told || self.last.elapsed() < pause {
            return;
        }
        self.last = Instant::now();
        let mut out = std::io::stderr().lock();
        // Nobody can be told that it cannot be told.
        let _ = if self.terminal {
            write!(out, "\r\x1b[K{}", self.line())
        } else {
            writeln!(out, "{}", self.line())
        };
        let _ = out.flush();
    }

    fn line(&self) -> String {
        let filled = (self.done * WIDTH).checked_div(self.total).unwrap_or(0).min(WIDTH);
        let bar: String = (0..WIDTH).map(|at| if at < filled { '#' } else { '.' }).collect();
        let per_second = self.points as f64 / self.seconds().max(0.001);
        format!(
            "{} [{bar}] {} of {}, {} points and rows, {}/s",
            self.what,
            grouped(self.done),
            grouped(self.total),
            grouped(self.points),
            grouped(per_second as u64)
        )
    }

    /// The pass is over.
    pub fn end(&mut self) {
        if self.told && self.terminal {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}
