//! Scorers.

use async_trait::async_trait;
use oxflow_model::{
    ExperimentId, Millis, NewScorerVersion, OnlineScoringConfig, Result, ScorerVersion,
};

/// Keeps scorers and their versions.
///
/// A scorer that asks the AI gateway names an endpoint; it is stored with the endpoint's id, so
/// that the endpoint can be renamed. Without the endpoint it has no model.
#[async_trait]
pub trait ScorerStore: Send + Sync {
    /// Registers the next version of a scorer, in an active experiment. Fails with
    /// `RESOURCE_DOES_NOT_EXIST` when it names an endpoint that is not there.
    async fn register_scorer(&self, new: NewScorerVersion, now: Millis) -> Result<ScorerVersion>;

    /// The latest versions of the scorers of an experiment, which must be active, by name.
    async fn scorers_of_experiment(&self, experiment: ExperimentId) -> Result<Vec<ScorerVersion>>;

    /// The latest versions of all scorers in these experiments (`None` for all experiments), as far
    /// as they are active, by experiment and name.
    async fn list_scorers(
        &self,
        experiments: Option<Vec<ExperimentId>>,
    ) -> Result<Vec<ScorerVersion>>;

    /// All versions of a scorer, the oldest first. None at all is `RESOURCE_DOES_NOT_EXIST`.
    async fn scorer_versions(
        &self,
        experiment: ExperimentId,
        name: &str,
    ) -> Result<Vec<ScorerVersion>>;

    /// One version, or the latest; without it, `RESOURCE_DOES_NOT_EXIST`.
    async fn get_scorer(
        &self,
        experiment: ExperimentId,
        name: &str,
        version: Option<i32>,
    ) -> Result<ScorerVersion>;

    /// Deletes one version, or all and the scorer; without it, `RESOURCE_DOES_NOT_EXIST`.
    async fn delete_scorer(
        &self,
        experiment: ExperimentId,
        name: &str,
        version: Option<i32>,
    ) -> Result<()>;

    /// How these scorers look at new traces by themselves. Most do not.
    async fn online_scoring_configs(
        &self,
        scorers: Vec<String>,
    ) -> Result<Vec<OnlineScoringConfig>>;
}
