//! Scorers.

use async_trait::async_trait;
use oxflow_api::common::Empty;
use oxflow_api::scorer;
use oxflow_api::scorer::{
    ListOnlineScoringConfigs, ListScorerVersions, ListScorers, OneScorer,
    OnlineScoringConfigsResponse, RegisterScorer, RegisterScorerResponse, ScorerResponse,
    ScorersResponse,
};
use oxflow_model::{
    ExperimentId, Millis, NewScorerVersion, OnlineScoringConfig, Result, ScorerVersion,
};
use oxflow_store::ScorerStore;

use crate::call::Api::V3;
use crate::client::RestStore;
use crate::read;

fn version(wire: scorer::Scorer) -> ScorerVersion {
    ScorerVersion {
        experiment_id: ExperimentId(wire.experiment_id.unwrap_or_default()),
        id: wire.scorer_id.unwrap_or_default(),
        name: wire.scorer_name.unwrap_or_default(),
        version: wire.scorer_version.unwrap_or_default(),
        serialized: wire.serialized_scorer.unwrap_or_default(),
        created_at: Millis(wire.creation_time.unwrap_or_default()),
    }
}

fn versions(wire: ScorersResponse) -> Vec<ScorerVersion> {
    wire.scorers.into_iter().map(version).collect()
}

fn config(wire: scorer::OnlineScoringConfig) -> Result<OnlineScoringConfig> {
    Ok(OnlineScoringConfig {
        id: wire.online_scoring_config_id.unwrap_or_default(),
        scorer_id: wire.scorer_id.unwrap_or_default(),
        sample_rate: wire.sample_rate.unwrap_or_default(),
        experiment_id: read::experiment_id(wire.experiment_id)?,
        filter: wire.filter_string,
    })
}

fn named(experiment: ExperimentId, name: &str, version: Option<i32>) -> OneScorer {
    let (experiment_id, name) = (Some(experiment.to_string()), Some(name.to_owned()));
    OneScorer { experiment_id, name, version }
}

#[async_trait]
impl ScorerStore for RestStore {
    async fn register_scorer(&self, new: NewScorerVersion, now: Millis) -> Result<ScorerVersion> {
        let request = RegisterScorer {
            experiment_id: Some(new.experiment_id.to_string()),
            name: Some(new.name),
            serialized_scorer: Some(new.serialized),
        };
        let call = V3.post("scorers/register", &request)?.at(now).id(&new.id);
        let answer: RegisterScorerResponse = self.send(Ok(call)).await?;
        Ok(ScorerVersion {
            experiment_id: read::experiment_id(answer.experiment_id)?,
            id: answer.scorer_id.unwrap_or_default(),
            name: answer.name.unwrap_or_default(),
            version: answer.version.unwrap_or_default(),
            serialized: answer.serialized_scorer.unwrap_or_default(),
            created_at: Millis(answer.creation_time.unwrap_or_default()),
        })
    }

    async fn scorers_of_experiment(&self, experiment: ExperimentId) -> Result<Vec<ScorerVersion>> {
        let experiment_id = Some(experiment.to_string());
        let request = ListScorers { experiment_id, experiment_ids: None };
        self.send(V3.get("scorers/list", &request)).await.map(versions)
    }

    async fn list_scorers(
        &self,
        experiments: Option<Vec<ExperimentId>>,
    ) -> Result<Vec<ScorerVersion>> {
        let experiment_ids = experiments.map(|ids| ids.iter().map(ToString::to_string).collect());
        let request = ListScorers { experiment_id: None, experiment_ids };
        self.send(V3.get("scorers/list", &request)).await.map(versions)
    }

    async fn scorer_versions(
        &self,
        experiment: ExperimentId,
        name: &str,
    ) -> Result<Vec<ScorerVersion>> {
        let (experiment_id, name) = (Some(experiment.to_string()), Some(name.to_owned()));
        let request = ListScorerVersions { experiment_id, name };
        self.send(V3.get("scorers/versions", &request)).await.map(versions)
    }

    async fn get_scorer(
        &self,
        experiment: ExperimentId,
        name: &str,
        number: Option<i32>,
    ) -> Result<ScorerVersion> {
        let call = V3.get("scorers/get", &named(experiment, name, number));
        let answer: ScorerResponse = self.send(call).await?;
        Ok(version(read::need(answer.scorer, "scorer")?))
    }

    async fn delete_scorer(
        &self,
        experiment: ExperimentId,
        name: &str,
        version: Option<i32>,
    ) -> Result<()> {
        let call = V3.delete("scorers/delete", &named(experiment, name, version));
        self.send::<Empty>(call).await.map(drop)
    }

    async fn online_scoring_configs(
        &self,
        scorers: Vec<String>,
    ) -> Result<Vec<OnlineScoringConfig>> {
        if scorers.is_empty() {
            return Ok(Vec::new());
        }
        let request = ListOnlineScoringConfigs { scorer_ids: Some(scorers) };
        let answer: OnlineScoringConfigsResponse =
            self.send(V3.get("scorers/online-configs", &request)).await?;
        answer.configs.unwrap_or_default().into_iter().map(config).collect()
    }
}
