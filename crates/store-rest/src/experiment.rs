//! Experiments.

use async_trait::async_trait;
use oxflow_api::common::{Empty, all};
use oxflow_api::dataset::{SearchDatasets, SearchDatasetsResponse};
use oxflow_api::experiment::{
    CreateExperiment, CreateExperimentResponse, DeleteExperimentTag, ExperimentResponse,
    GetExperiment, GetExperimentByName, SearchExperiments, SearchExperimentsResponse,
    SetExperimentTag, UpdateExperiment,
};
use oxflow_api::{dataset, experiment};
use oxflow_model::search::ExperimentFilter;
use oxflow_model::{
    ArtifactLocation, DatasetSummary, Experiment, ExperimentId, Millis, NewExperiment, Page,
    Result, Tag, limits, workspace,
};
use oxflow_store::{ExperimentActivity, ExperimentSearch, ExperimentStore};

use crate::call::Api::{Ajax, V2};
use crate::client::RestStore;
use crate::inside::only_inside;
use crate::page::{at, gather};
use crate::read;

/// How many experiments one search of datasets may name.
const MOST_EXPERIMENTS: usize = 20;

/// The largest page of experiments and runs.
pub const MOST: u32 = limits::SEARCH_RESULTS as u32;

/// An experiment.
pub fn experiment(wire: experiment::Experiment) -> Result<Experiment> {
    Ok(Experiment {
        id: read::experiment_id(wire.experiment_id)?,
        name: wire.name.unwrap_or_default(),
        artifact_location: wire.artifact_location.unwrap_or_default(),
        lifecycle_stage: read::stage(wire.lifecycle_stage),
        created_at: wire.creation_time.map(Millis),
        updated_at: wire.last_update_time.map(Millis),
        tags: read::tags(wire.tags),
        workspace: wire.workspace.unwrap_or_else(|| workspace::DEFAULT.to_owned()),
    })
}

fn dataset_summary(wire: dataset::DatasetSummary) -> Result<DatasetSummary> {
    Ok(DatasetSummary {
        experiment_id: read::experiment_id(wire.experiment_id)?,
        name: wire.name.unwrap_or_default(),
        digest: wire.digest.unwrap_or_default(),
        context: wire.context,
    })
}

fn named(id: ExperimentId) -> GetExperiment {
    GetExperiment { experiment_id: Some(id.to_string()) }
}

#[async_trait]
impl ExperimentStore for RestStore {
    /// The server decides where artifacts are if the location is not given.
    async fn create_experiment(&self, new: NewExperiment, now: Millis) -> Result<ExperimentId> {
        let request = CreateExperiment {
            name: Some(new.name),
            artifact_location: match new.artifact_location {
                ArtifactLocation::Given(location) => Some(location),
                ArtifactLocation::Under(_) => None,
            },
            tags: all(new.tags),
        };
        let call = V2.post("experiments/create", &request)?.at(now);
        let answer: CreateExperimentResponse = self.send(Ok(call)).await?;
        read::experiment_id(answer.experiment_id)
    }

    async fn find_experiment(&self, id: ExperimentId) -> Result<Option<Experiment>> {
        let found = self.find(V2.get("experiments/get", &named(id))).await?;
        let found = found.and_then(|found: ExperimentResponse| found.experiment);
        found.map(experiment).transpose()
    }

    async fn find_experiment_by_name(&self, name: &str) -> Result<Option<Experiment>> {
        if name.is_empty() {
            return Ok(None);
        }
        let request = GetExperimentByName { experiment_name: Some(name.to_owned()) };
        let found = self.find(V2.get("experiments/get-by-name", &request)).await?;
        let found = found.and_then(|found: ExperimentResponse| found.experiment);
        found.map(experiment).transpose()
    }

    async fn rename_experiment(&self, id: ExperimentId, name: &str, now: Millis) -> Result<()> {
        let request = UpdateExperiment {
            experiment_id: Some(id.to_string()),
            new_name: Some(name.to_owned()),
        };
        let call = V2.post("experiments/update", &request)?.at(now);
        self.send::<Empty>(Ok(call)).await.map(drop)
    }

    async fn delete_experiment(&self, id: ExperimentId, now: Millis) -> Result<()> {
        let call = V2.post("experiments/delete", &named(id))?.at(now);
        self.send::<Empty>(Ok(call)).await.map(drop)
    }

    async fn restore_experiment(&self, id: ExperimentId, now: Millis) -> Result<()> {
        let call = V2.post("experiments/restore", &named(id))?.at(now);
        self.send::<Empty>(Ok(call)).await.map(drop)
    }

    async fn set_experiment_tag(&self, id: ExperimentId, tag: Tag) -> Result<()> {
        let request = SetExperimentTag {
            experiment_id: Some(id.to_string()),
            key: Some(tag.key),
            value: Some(tag.value),
        };
        self.send::<Empty>(V2.post("experiments/set-experiment-tag", &request)).await.map(drop)
    }

    async fn delete_experiment_tag(&self, id: ExperimentId, key: &str) -> Result<()> {
        let request =
            DeleteExperimentTag { experiment_id: Some(id.to_string()), key: Some(key.to_owned()) };
        self.send::<Empty>(V2.post("experiments/delete-experiment-tag", &request)).await.map(drop)
    }

    async fn search_experiments(&self, search: ExperimentSearch) -> Result<Page<Experiment>> {
        let request = SearchExperiments {
            filter: Some(ExperimentFilter { clauses: search.filter }.to_string()),
            order_by: search.order_by.iter().map(ToString::to_string).collect(),
            view_type: Some(search.view.into()),
            ..SearchExperiments::default()
        };
        let fetch = async |limit: i32, offset| {
            let max_results = Some(limit.into());
            let request =
                SearchExperiments { max_results, page_token: at(offset), ..request.clone() };
            let page: SearchExperimentsResponse =
                self.send(V2.post("experiments/search", &request)).await?;
            let found: Result<Vec<_>> = page.experiments.into_iter().map(experiment).collect();
            Ok((found?, page.next_page_token))
        };
        gather(search.page, MOST, fetch).await
    }

    async fn experiment_activity(&self) -> Result<Vec<ExperimentActivity>> {
        only_inside("Counting the runs of experiments")
    }

    async fn search_datasets(&self, experiments: &[ExperimentId]) -> Result<Vec<DatasetSummary>> {
        let mut all = Vec::new();
        for part in experiments.chunks(MOST_EXPERIMENTS) {
            let experiment_ids = part.iter().map(ToString::to_string).collect();
            let call = Ajax.post("experiments/search-datasets", &SearchDatasets { experiment_ids });
            let found: SearchDatasetsResponse = self.send(call).await?;
            for summary in found.dataset_summaries {
                all.push(dataset_summary(summary)?);
            }
        }
        Ok(all)
    }
}
