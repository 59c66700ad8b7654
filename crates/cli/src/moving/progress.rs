//! How far it is, on a terminal as a line that is written over, elsewhere now and then.

use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::report::grouped;

/// How often it is told on a terminal, and elsewhere.
const OFTEN: Duration = Duration::from_millis(100);
const SELDOM: Duration = Duration::from_secs(10);
const WIDTH: u64 = 24;

/// How far a pass is, told by a thread of its own, so that the line lives while a store takes its time.
pub struct Progress {
    terminal: bool,
    state: Arc<Mutex<State>>,
    /// The thread ends when this is dropped.
    teller: Option<Sender<()>>,
}

/// What is told.
struct State {
    /// Nothing between passes.
    what: Option<&'static str>,
    since: Instant,
    total: u64,
    done: u64,
    points: u64,
}

impl Progress {
    /// Told or not.
    pub fn new(told: bool) -> Progress {
        let terminal = std::io::stderr().is_terminal();
        let state = State { what: None, since: Instant::now(), total: 0, done: 0, points: 0 };
        let state = Arc::new(Mutex::new(state));
        let teller = told.then(|| {
            let (sender, ended) = mpsc::channel();
            let state = state.clone();
            let pause = if terminal { OFTEN } else { SELDOM };
            std::thread::spawn(move || {
                while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                    lock(&state).tell(terminal);
                }
            });
            sender
        });
        Progress { terminal, state, teller }
    }

    /// A pass begins.
    pub fn begin(&self, what: &'static str) {
        let since = Instant::now();
        *lock(&self.state) = State { what: Some(what), since, total: 0, done: 0, points: 0 };
    }

    /// There is more to do.
    pub fn expect(&self, things: u64) {
        lock(&self.state).total += things;
    }

    /// So much more was done.
    pub fn advance(&self, things: u64, points: u64) {
        let mut state = lock(&self.state);
        state.done += things;
        state.points += points;
    }

    /// How long the pass has taken.
    pub fn seconds(&self) -> f64 {
        lock(&self.state).seconds()
    }

    /// The pass is over.
    pub fn end(&self) {
        let mut state = lock(&self.state);
        if state.what.take().is_some() && self.terminal && self.teller.is_some() {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn seconds(&self) -> f64 {
        self.since.elapsed().as_secs_f64()
    }

    fn tell(&self, terminal: bool) {
        let Some(what) = self.what else { return };
        let line = self.line(what);
        let mut out = std::io::stderr().lock();
        // Nobody can be told that it cannot be told.
        let _ = if terminal { write!(out, "\r\x1b[K{line}") } else { writeln!(out, "{line}") };
        let _ = out.flush();
    }

    fn line(&self, what: &str) -> String {
        let filled = (self.done * WIDTH).checked_div(self.total).unwrap_or(0).min(WIDTH);
        let bar: String = (0..WIDTH).map(|at| if at < filled { '#' } else { '.' }).collect();
        let seconds = self.seconds();
        format!(
            "{what} [{bar}] {} of {}, {} points and rows, {}/s, {seconds:.0} s",
            grouped(self.done),
            grouped(self.total),
            grouped(self.points),
            grouped((self.points as f64 / seconds.max(0.001)) as u64)
        )
    }
}
