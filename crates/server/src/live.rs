//! Following runs: pages are told which runs changed, whichever server changed them.
//!
//! Handlers note the runs they changed, which costs an entry in a map. About twice a second, if
//! there is something to tell or somebody who listens, [`Following`] takes the notes, tells the
//! pages that follow this server, and leaves them in the store for the other servers. What other
//! programs change in the database is seen by the pulse of the experiments that are followed.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use oxflow_model::{Error, ExperimentId, Millis, Result, RunId};
use oxflow_store::Pulse;
use tokio::sync::{Notify, broadcast, oneshot};
use tokio::task::JoinHandle;

use crate::app::AppState;

/// How often pages are told.
const TICK: Duration = Duration::from_millis(400);
/// The pulse of an experiment is felt at every so many ticks.
const TICKS_A_PULSE: u32 = 5;
/// Old notes are thrown away at every so many ticks.
const TICKS_A_CLEANING: u32 = 150;
/// How far the clocks of servers may be apart.
const SLACK_MS: i64 = 10_000;
/// How long notes are kept.
const KEPT_MS: i64 = 120_000;
/// Pages that can follow at once.
const MOST_FOLLOWERS: usize = 2000;
/// Events a slow page may be behind before it has to look at everything anew.
const BACKLOG: usize = 256;
/// Runs that an event names; of more, it names none, which stands for any.
const MOST_NAMED: usize = 200;

/// What a page is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// These runs of an experiment changed; without any, some did.
    Runs(ExperimentId, Arc<[RunId]>),
    /// The server ends.
    Closing,
}

/// Who follows, and what there is to tell.
#[derive(Debug)]
pub struct Live {
    changed: Mutex<HashMap<RunId, Option<ExperimentId>>>,
    followed: Mutex<HashMap<ExperimentId, usize>>,
    events: broadcast::Sender<Event>,
    /// Wakes the task when there is something to do again.
    busy: Notify,
    closing: AtomicBool,
}

impl Default for Live {
    fn default() -> Self {
        Live {
            changed: Mutex::default(),
            followed: Mutex::default(),
            events: broadcast::Sender::new(BACKLOG),
            busy: Notify::new(),
            closing: AtomicBool::new(false),
        }
    }
}

impl Live {
    /// Notes that a run changed.
    pub fn changed(&self, run: &RunId) {
        let mut changed = locked(&self.changed);
        if !changed.contains_key(run) {
            changed.insert(run.clone(), None);
            self.busy.notify_one();
        }
    }

    /// Notes that a run came into being.
    pub fn created(&self, run: &RunId, experiment: ExperimentId) {
        locked(&self.changed).insert(run.clone(), Some(experiment));
        self.busy.notify_one();
    }

    /// Follows experiments.
    pub fn follow(self: &Arc<Live>, experiments: Vec<ExperimentId>) -> Result<Follower> {
        if self.events.receiver_count() >= MOST_FOLLOWERS {
            return Err(Error::unavailable(
                "Too many pages follow this server already. Close some, or reload this one now \
                 and then.",
            ));
        }
        let experiments: HashSet<ExperimentId> = experiments.into_iter().collect();
        let mut followed = locked(&self.followed);
        for id in &experiments {
            *followed.entry(*id).or_default() += 1;
        }
        drop(followed);
        let events = self.events.subscribe();
        self.busy.notify_one();
        Ok(Follower { live: self.clone(), experiments, events })
    }

    /// Ends all that follow, so that the server can end.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Release);
        // Nobody may be there to hear it.
        self.events.send(Event::Closing).ok();
    }

    fn followed(&self) -> Vec<ExperimentId> {
        locked(&self.followed).keys().copied().collect()
    }

    fn tell(&self, experiment: ExperimentId, runs: Vec<RunId>) {
        let runs = if runs.len() > MOST_NAMED { Vec::new() } else { runs };
        // Nobody may be there to hear it.
        self.events.send(Event::Runs(experiment, runs.into())).ok();
    }
}

/// A panic while one of these was held leaves nothing half done in it.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A page that follows experiments.
#[derive(Debug)]
pub struct Follower {
    live: Arc<Live>,
    experiments: HashSet<ExperimentId>,
    events: broadcast::Receiver<Event>,
}

/// What a follower hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Runs of an experiment changed; without any, some did.
    Runs(ExperimentId, Arc<[RunId]>),
    /// It was too slow and missed something.
    Missed,
}

impl Follower {
    /// The next event of one of its experiments; `None` when the server ends.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            if self.live.closing.load(Ordering::Acquire) {
                return None;
            }
            match self.events.recv().await {
                Ok(Event::Runs(experiment, runs)) if self.experiments.contains(&experiment) => {
                    return Some(Heard::Runs(experiment, runs));
                }
                Ok(Event::Runs(..)) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return Some(Heard::Missed),
                Ok(Event::Closing) | Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut followed = locked(&self.live.followed);
        for id in &self.experiments {
            if let Some(count) = followed.get_mut(id) {
                *count -= 1;
                if *count == 0 {
                    followed.remove(id);
                }
            }
        }
    }
}

/// The task that tells pages and other servers, while it goes on.
#[derive(Debug)]
pub struct Following {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Following {
    /// Starts to tell.
    pub fn start(app: AppState) -> Following {
        let (stop, stopped) = oneshot::channel();
        let teller = Teller {
            app,
            ticks: 0,
            was_followed: false,
            seen: HashMap::new(),
            homes: HashMap::new(),
            pulses: HashMap::new(),
            told: HashSet::new(),
        };
        Following { stop, task: tokio::spawn(teller.run(stopped)) }
    }

    /// Tells the other servers what there is left to tell, and ends.
    pub async fn stop(self) {
        // If the task is gone already, nobody listens.
        self.stop.send(()).ok();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the telling of changes broke off");
        }
    }
}

struct Teller {
    app: AppState,
    ticks: u32,
    was_followed: bool,
    /// Notes in the store that are known here, by their time.
    seen: HashMap<RunId, Millis>,
    /// The experiments of runs that change again and again.
    homes: HashMap<RunId, ExperimentId>,
    pulses: HashMap<ExperimentId, Pulse>,
    /// Experiments of which pages were told since the last pulse.
    told: HashSet<ExperimentId>,
}

impl Teller {
    async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        let app = self.app.clone();
        loop {
            let idle =
                locked(&app.live.changed).is_empty() && app.live.events.receiver_count() == 0;
            let wait = async {
                if idle {
                    app.live.busy.notified().await;
                }
                tokio::time::sleep(TICK).await;
            };
            tokio::select! {
                _ = &mut stop => break,
                () = wait => {}
            }
            if let Err(error) = self.tick().await {
                // The next tick may go better; pages look for themselves now and then.
                tracing::debug!(%error, "cannot tell of changes");
            }
        }
        if let Err(error) = self.take_notes().await {
            tracing::debug!(%error, "cannot tell of the last changes");
        }
    }

    async fn tick(&mut self) -> Result<()> {
        self.ticks = self.ticks.wrapping_add(1);
        self.take_notes().await?;
        let followed = self.app.live.followed();
        if !followed.is_empty() {
            self.look_around().await?;
            if self.ticks.is_multiple_of(TICKS_A_PULSE) {
                self.feel(&followed).await?;
            }
        }
        self.was_followed = !followed.is_empty();
        if self.ticks.is_multiple_of(TICKS_A_CLEANING) {
            self.clean(&followed).await?;
        }
        Ok(())
    }

    /// Tells of what this server changed.
    async fn take_notes(&mut self) -> Result<()> {
        let changed = std::mem::take(&mut *locked(&self.app.live.changed));
        if changed.is_empty() {
            return Ok(());
        }
        let now = self.app.clock.now();
        let mut by_experiment: HashMap<ExperimentId, Vec<RunId>> = HashMap::new();
        for (run, home) in &changed {
            if let Some(home) = self.home(run, *home).await? {
                by_experiment.entry(home).or_default().push(run.clone());
            }
            self.seen.insert(run.clone(), now);
        }
        self.tell(by_experiment);
        self.app.store.note_changes(changed.into_keys().collect(), now).await
    }

    async fn home(
        &mut self,
        run: &RunId,
        known: Option<ExperimentId>,
    ) -> Result<Option<ExperimentId>> {
        if let Some(home) = known.or_else(|| self.homes.get(run).copied()) {
            self.homes.insert(run.clone(), home);
            return Ok(Some(home));
        }
        let Some(info) = self.app.store.find_run_info(run).await? else { return Ok(None) };
        self.homes.insert(run.clone(), info.experiment_id);
        Ok(Some(info.experiment_id))
    }

    fn tell(&mut self, by_experiment: HashMap<ExperimentId, Vec<RunId>>) {
        for (experiment, runs) in by_experiment {
            self.told.insert(experiment);
            self.app.live.tell(experiment, runs);
        }
    }

    /// Tells of what other servers noted.
    async fn look_around(&mut self) -> Result<()> {
        let since = Millis(self.app.clock.now().0 - SLACK_MS);
        let mut by_experiment: HashMap<ExperimentId, Vec<RunId>> = HashMap::new();
        for change in self.app.store.changes_since(since).await? {
            let known = self.seen.insert(change.run.clone(), change.at);
            // What was there before anybody followed is no news.
            if known != Some(change.at) && self.was_followed {
                by_experiment.entry(change.experiment).or_default().push(change.run);
            }
        }
        self.tell(by_experiment);
        Ok(())
    }

    /// Tells of what nobody noted: other programs work on the database too.
    async fn feel(&mut self, followed: &[ExperimentId]) -> Result<()> {
        for experiment in followed {
            let pulse = self.app.store.pulse(*experiment).await?;
            let before = self.pulses.insert(*experiment, pulse.clone());
            let told = self.told.remove(experiment);
            if before.is_some_and(|before| before != pulse) && !told {
                self.app.live.tell(*experiment, Vec::new());
            }
        }
        Ok(())
    }

    async fn clean(&mut self, followed: &[ExperimentId]) -> Result<()> {
        let before = Millis(self.app.clock.now().0 - KEPT_MS);
        let seen = &mut self.seen;
        seen.retain(|_, at| *at >= before);
        self.homes.retain(|run, _| seen.contains_key(run));
        self.pulses.retain(|experiment, _| followed.contains(experiment));
        self.app.store.forget_changes(before).await
    }
}
