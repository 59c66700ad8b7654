//! Experiments: named groups of runs.

use crate::{ExperimentId, Millis, Tag};

/// Whether an experiment or a run is in use or in the bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LifecycleStage {
    /// In use.
    Active,
    /// Deleted, but restorable until garbage collection.
    Deleted,
}

impl LifecycleStage {
    /// The word used by the wire and the databases.
    pub const fn as_str(self) -> &'static str {
        match self {
            LifecycleStage::Active => "active",
            LifecycleStage::Deleted => "deleted",
        }
    }

    /// Reads the word of a database; whatever is not `deleted` is active.
    pub fn from_word(word: &str) -> LifecycleStage {
        if word == "deleted" { LifecycleStage::Deleted } else { LifecycleStage::Active }
    }
}

/// Which life-cycle stages a search looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ViewType {
    /// Only what is in use.
    #[default]
    ActiveOnly,
    /// Only what is in the bin.
    DeletedOnly,
    /// Both.
    All,
}

impl ViewType {
    /// The single stage that is wanted, `None` for both.
    pub const fn stage(self) -> Option<LifecycleStage> {
        match self {
            ViewType::ActiveOnly => Some(LifecycleStage::Active),
            ViewType::DeletedOnly => Some(LifecycleStage::Deleted),
            ViewType::All => None,
        }
    }
}

/// An experiment with its tags.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Its number.
    pub id: ExperimentId,
    /// Unique over all life-cycle stages.
    pub name: String,
    /// URI under which its runs keep their artifacts.
    pub artifact_location: String,
    /// In use or in the bin.
    pub lifecycle_stage: LifecycleStage,
    /// Absent in databases older than MLflow 1.29.
    pub created_at: Option<Millis>,
    /// Absent in databases older than MLflow 1.29.
    pub updated_at: Option<Millis>,
    /// In the order they were first set.
    pub tags: Vec<Tag>,
    /// The workspace it belongs to.
    pub workspace: String,
}

/// What is needed to create an experiment.
#[derive(Clone, Debug)]
pub struct NewExperiment {
    /// Unique name.
    pub name: String,
    /// Where artifacts go; the number of the new experiment is appended in the second case.
    pub artifact_location: ArtifactLocation,
    /// Tags to start with.
    pub tags: Vec<Tag>,
}

/// The artifact location of a new experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArtifactLocation {
    /// Exactly this URI.
    Given(String),
    /// `<root>/<experiment id>`.
    Under(String),
}
