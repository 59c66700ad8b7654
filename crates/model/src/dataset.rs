//! Datasets that runs read.

use crate::{ExperimentId, Tag};

/// A dataset, known by name and digest within an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// A short hash of its content.
    pub digest: String,
    /// Kind of source, e.g. `local` or `delta_table`.
    pub source_type: String,
    /// Where it came from, as JSON.
    pub source: String,
    /// Its schema, as JSON.
    pub schema: Option<String>,
    /// Statistics, as JSON.
    pub profile: Option<String>,
}

/// A dataset as the input of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetInput {
    /// Tags of the edge, such as `mlflow.data.context`.
    pub tags: Vec<Tag>,
    /// The dataset.
    pub dataset: Dataset,
}

/// One distinct dataset of an experiment in one context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetSummary {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// Name of the dataset.
    pub name: String,
    /// Digest of the dataset.
    pub digest: String,
    /// Value of the input tag `mlflow.data.context`.
    pub context: Option<String>,
}

/// A logged model as the input of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedModelInput {
    /// The model.
    pub model_id: String,
}

/// A logged model as the output of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedModelOutput {
    /// The model.
    pub model_id: String,
    /// The training step it was saved at.
    pub step: i64,
}
