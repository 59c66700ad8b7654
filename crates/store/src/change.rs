//! What changed lately, for pages that follow runs.

use async_trait::async_trait;
use oxflow_model::{ExperimentId, Millis, Result, RunId};

/// A run that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedRun {
    /// The run.
    pub run: RunId,
    /// Where it is.
    pub experiment: ExperimentId,
    /// When a server noted it, by the clock of that server.
    pub at: Millis,
}

/// A few numbers about an experiment that are others after nearly every change of its runs,
/// whoever makes it. Equal ones mean that probably nothing happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulse(pub Vec<Option<i64>>);

/// Tells what changed, to this server and to others on the same store. Notes are hints: they are
/// forgotten after a while, and one that is lost makes a page late, not wrong.
#[async_trait]
pub trait ChangeStore: Send + Sync {
    /// Notes that runs changed, for other servers. Runs that are not there are passed over.
    async fn note_changes(&self, _runs: Vec<RunId>, _now: Millis) -> Result<()> {
        Ok(())
    }

    /// What was noted at `since` or later, by any server.
    async fn changes_since(&self, _since: Millis) -> Result<Vec<ChangedRun>> {
        Ok(Vec::new())
    }

    /// Forgets what was noted before a time.
    async fn forget_changes(&self, _before: Millis) -> Result<()> {
        Ok(())
    }

    /// The pulse of an experiment.
    async fn pulse(&self, _experiment: ExperimentId) -> Result<Pulse> {
        Ok(Pulse::default())
    }
}
