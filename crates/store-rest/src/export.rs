//! Reading all that the API shows.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use oxflow_api::experiment::SearchExperimentsResponse;
use oxflow_api::logged_model::{LoggedModelResponse, SearchLoggedModelsResponse};
use oxflow_api::metric::MetricHistoryResponse;
use oxflow_api::model_version::{ModelVersion, SearchModelVersionsResponse};
use oxflow_api::registered_model::{RegisteredModelResponse, SearchRegisteredModelsResponse};
use oxflow_api::run::{Run, RunResponse, SearchRunsResponse};
use oxflow_model::{ErrorCode, Experiment, ExperimentId, Metric, ModelId, Result, RunId};
use oxflow_store::{
    ExportStore, ModelRecord, PART, Parts, RegisteredRecord, RunRecord, VersionRecord, by_step,
    parts,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::client::{Answer, RestStore};
use crate::read;

/// How many requests are under way at a time: a stock server has four workers.
const AT_ONCE: usize = 8;
/// How many runs or experiments a page has.
const PAGE: usize = 1000;
/// How many points a page has, as MLflow's clients ask for them.
const POINTS: &str = "25000";

const IS_PROMPT: &str = "tags.`mlflow.prompt.is_prompt` = 'true'";

#[async_trait]
impl ExportStore for RestStore {
    async fn export_experiments(&self) -> Result<Vec<Experiment>> {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut body = json!({"view_type": "ALL", "max_results": PAGE});
            if let Some(token) = &token {
                body["page_token"] = Value::String(token.clone());
            }
            let page = self.post::<SearchExperimentsResponse>("experiments/search", &body).await?;
            let page = match page {
                Answer::Found(page) => page,
                // Before MLflow 1.28.
                _ => self.list_experiments(token.as_deref()).await?,
            };
            for experiment in page.experiments {
                all.push(read::experiment(experiment)?);
            }
            token = next(page.next_page_token);
            if token.is_none() {
                all.sort_by_key(|experiment: &Experiment| experiment.id);
                return Ok(all);
            }
        }
    }

    async fn export_run_ids(&self, experiment: ExperimentId) -> Result<Vec<RunId>> {
        let body = json!({"experiment_ids": [experiment.to_string()], "run_view_type": "ALL",
                          "max_results": PAGE});
        let pages = self.pages("runs/search", body, |page: SearchRunsResponse| {
            let ids = page.runs.into_iter().filter_map(|run| run.info?.run_id).collect();
            (ids, page.next_page_token)
        });
        let ids: BTreeSet<String> = pages.await?.into_iter().collect();
        Ok(ids.into_iter().map(RunId::new).collect())
    }

    async fn export_runs(&self, runs: Vec<RunId>) -> Result<Vec<RunRecord>> {
        let found = stream::iter(runs)
            .map(|id| async move {
                match self.run(&id).await? {
                    Some(run) => read::run(run).map(Some),
                    None => Ok(None),
                }
            })
            .buffer_unordered(AT_ONCE);
        let found: Vec<Option<RunRecord>> = found.try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn export_points(&self, run: &RunId) -> Result<Parts<Metric>> {
        let (sender, parts) = parts();
        let found = self.run(run).await?.and_then(|run| run.data).unwrap_or_default();
        let keys: BTreeSet<String> =
            found.metrics.into_iter().filter_map(|metric| metric.key).collect();
        let (server, run) = (self.clone(), run.clone());
        tokio::spawn(async move {
            let histories =
                stream::iter(keys).map(|key| server.history(&run, key)).buffered(AT_ONCE / 2);
            let mut histories = std::pin::pin!(histories);
            while let Some(history) = histories.next().await {
                match history {
                    Ok(points) => {
                        for part in points.chunks(PART) {
                            // Nobody may listen any more.
                            if sender.send(Ok(part.to_vec())).await.is_err() {
                                return;
                            }
                        }
                    }
                    Err(error) => {
                        let _ = sender.send(Err(error)).await;
                        return;
                    }
                }
            }
        });
        Ok(parts)
    }

    async fn export_model_ids(&self, experiment: ExperimentId) -> Result<Vec<ModelId>> {
        let body = json!({"experiment_ids": [experiment.to_string()]});
        let ids = self.pages("logged-models/search", body, |page: SearchLoggedModelsResponse| {
            let ids = page.models.into_iter().filter_map(|model| model.info?.model_id).collect();
            (ids, page.next_page_token)
        });
        let ids: BTreeSet<String> = ids.await?.into_iter().collect();
        Ok(ids.into_iter().map(ModelId::new).collect())
    }

    async fn export_model(&self, id: &ModelId) -> Result<Option<ModelRecord>> {
        let path = format!("logged-models/{id}");
        let found = self.get::<LoggedModelResponse>(&path, &[]).await?.found();
        let Some(model) = found.and_then(|found| found.model) else { return Ok(None) };
        Ok(Some(ModelRecord { model: read::model(model)?, deleted: false }.sorted()))
    }

    async fn export_registered_names(&self) -> Result<Vec<String>> {
        let mut names = BTreeSet::new();
        for filter in ["", IS_PROMPT] {
            names.extend(self.registered_names(filter).await?);
        }
        Ok(names.into_iter().collect())
    }

    async fn export_registered(&self, name: &str) -> Result<Option<RegisteredRecord>> {
        let query = [("name", name)];
        let found = self.get::<RegisteredModelResponse>("registered-models/get", &query).await?;
        let Some(model) = found.found().and_then(|found| found.registered_model) else {
            return Ok(None);
        };
        let model = read::registered(model);
        let mut filter =
            if name.contains('\'') { format!("name=\"{name}\"") } else { format!("name='{name}'") };
        if model.is_prompt() {
            filter.push_str(" AND ");
            filter.push_str(IS_PROMPT);
        }
        let versions = stream::iter(self.versions(&filter).await?)
            .map(|version| self.version(version))
            .buffered(AT_ONCE);
        let versions = versions.try_collect().await?;
        Ok(Some(RegisteredRecord { model, versions }.sorted()))
    }
}

/// The token of the next page, if there is one.
fn next(token: Option<String>) -> Option<String> {
    token.filter(|token| !token.is_empty())
}

impl RestStore {
    async fn list_experiments(&self, token: Option<&str>) -> Result<SearchExperimentsResponse> {
        let page = PAGE.to_string();
        let mut query = vec![("view_type", "ALL"), ("max_results", page.as_str())];
        query.extend(token.map(|token| ("page_token", token)));
        Ok(self.get("experiments/list", &query).await?.found().unwrap_or_default())
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>> {
        let query = [("run_id", id.as_str())];
        Ok(self.get::<RunResponse>("runs/get", &query).await?.found().and_then(|found| found.run))
    }

    /// All pages of a search. A server that does not know the search has nothing to be found.
    async fn pages<P: DeserializeOwned>(
        &self,
        path: &str,
        mut body: Value,
        items: impl Fn(P) -> (Vec<String>, Option<String>) + Send,
    ) -> Result<Vec<String>> {
        let mut all = Vec::new();
        loop {
            let Some(page) = self.post::<P>(path, &body).await?.found() else { return Ok(all) };
            let (found, token) = items(page);
            all.extend(found);
            let Some(token) = next(token) else { return Ok(all) };
            body["page_token"] = Value::String(token);
        }
    }

    /// The points of a metric by step, each once.
    async fn history(&self, run: &RunId, key: String) -> Result<Vec<Metric>> {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        let mut paged = true;
        loop {
            let mut query = vec![("run_id", run.as_str()), ("metric_key", key.as_str())];
            if paged {
                query.push(("max_results", POINTS));
            }
            query.extend(token.as_deref().map(|token| ("page_token", token)));
            let answer = self.get::<MetricHistoryResponse>("metrics/get-history", &query).await;
            let page = match answer {
                // Servers on a folder know no pages of points.
                Err(error) if paged && error.code() == ErrorCode::InvalidParameterValue => {
                    paged = false;
                    continue;
                }
                answer => answer?.found().unwrap_or_default(),
            };
            all.extend(page.metrics.into_iter().map(read::point));
            token = next(page.next_page_token);
            if token.is_none() {
                all.sort_by(by_step);
                all.dedup_by(|a, b| by_step(a, b).is_eq());
                return Ok(all);
            }
        }
    }

    async fn registered_names(&self, filter: &str) -> Result<Vec<String>> {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut query = vec![("max_results", "100")];
            if !filter.is_empty() {
                query.push(("filter", filter));
            }
            query.extend(token.as_deref().map(|token| ("page_token", token)));
            let path = "registered-models/search";
            let page: SearchRegisteredModelsResponse = match self.get(path, &query).await {
                // Servers before 2.21 may not know such a filter; they have no prompts.
                Err(error)
                    if !filter.is_empty() && error.code() == ErrorCode::InvalidParameterValue =>
                {
                    return Ok(all);
                }
                answer => answer?.found().unwrap_or_default(),
            };
            all.extend(page.registered_models.into_iter().filter_map(|model| model.name));
            token = next(page.next_page_token);
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    async fn versions(&self, filter: &str) -> Result<Vec<ModelVersion>> {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut query = vec![("filter", filter)];
            query.extend(token.as_deref().map(|token| ("page_token", token)));
            let page = self.get::<SearchModelVersionsResponse>("model-versions/search", &query);
            let page = page.await?.found().unwrap_or_default();
            all.extend(page.model_versions);
            token = next(page.next_page_token);
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    async fn version(&self, wire: ModelVersion) -> Result<VersionRecord> {
        let (name, number) =
            (wire.name.clone().unwrap_or_default(), wire.version.clone().unwrap_or_default());
        let query = [("name", name.as_str()), ("version", number.as_str())];
        let stored = self.get::<Value>("model-versions/get-download-uri", &query).await?.found();
        let stored = stored.and_then(|found| Some(found.get("artifact_uri")?.as_str()?.to_owned()));
        Ok(VersionRecord { version: read::version(wire, stored)?, deleted: false })
    }
}
