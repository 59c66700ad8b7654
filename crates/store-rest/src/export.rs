//! Reading all that the API shows.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use oxflow_api::experiment::SearchExperimentsResponse;
use oxflow_api::logged_model::SearchLoggedModelsResponse;
use oxflow_api::metric::{self, MetricHistoryResponse};
use oxflow_api::model_version::SearchModelVersionsResponse;
use oxflow_api::registered_model::{RegisteredModelResponse, SearchRegisteredModelsResponse};
use oxflow_api::run::SearchRunsResponse;
use oxflow_model::{
    Error, ErrorCode, Experiment, ExperimentId, Metric, ModelId, ModelVersion, RegisteredModel,
    Result, Run, RunId, workspace,
};
use oxflow_store::{
    ExportStore, LoggedModelStore as _, ModelRecord, PART, Parts, RegisteredRecord, RunOrigin,
    RunRecord, RunStore as _, VersionRecord, by_step, parts,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::{Api, Call};
use crate::client::{RestStore, is_unknown};
use crate::experiment::experiment;
use crate::metric::POINTS;
use crate::model_version::version;
use crate::read::text;
use crate::registered_model;

/// How many requests are under way at a time: a stock server has four workers.
const AT_ONCE: usize = 8;
/// How many runs or experiments a page has.
const PAGE: usize = 1000;

const IS_PROMPT: &str = "tags.`mlflow.prompt.is_prompt` = 'true'";

/// An answer.
enum Answer<T> {
    /// It is this.
    Found(T),
    /// There is no such thing.
    Missing,
    /// The server cannot answer that: it is older, or keeps no such things.
    Unknown,
}

impl<T> Answer<T> {
    /// What was found.
    fn found(self) -> Option<T> {
        match self {
            Answer::Found(found) => Some(found),
            Answer::Missing | Answer::Unknown => None,
        }
    }
}

/// A run as it is moved.
fn record(run: Run) -> RunRecord {
    RunRecord {
        info: run.info,
        deleted_at: None,
        origin: RunOrigin { kind: "UNKNOWN".to_owned(), ..RunOrigin::default() },
        params: run.params,
        tags: run.tags,
        dataset_inputs: run.dataset_inputs,
        model_inputs: run.model_inputs,
        model_outputs: run.model_outputs,
    }
    .sorted()
}

/// A point of a run's metric as it is moved.
fn point(wire: metric::Metric) -> Metric {
    let point = Metric::from(wire);
    let (value, is_nan) = point.stored_value();
    let value = if is_nan { f64::NAN } else { value };
    Metric { value, model_id: None, run_id: None, ..point }
}

/// A version as it is moved: what is empty and what is missing look the same to some servers.
fn tidy(version: ModelVersion) -> ModelVersion {
    ModelVersion {
        description: text(version.description),
        user_id: text(version.user_id),
        source: text(version.source),
        storage_location: text(version.storage_location),
        run_id: text(version.run_id),
        status_message: text(version.status_message),
        run_link: text(version.run_link),
        aliases: Vec::new(),
        ..version
    }
}

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
                all.push(of_default_workspace(experiment)?);
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
            .map(|id| async move { Ok::<_, Error>(self.find_run(&id).await?.map(record)) })
            .buffer_unordered(AT_ONCE);
        let found: Vec<Option<RunRecord>> = found.try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn export_points(&self, run: &RunId) -> Result<Parts<Metric>> {
        let (sender, parts) = parts();
        let metrics = self.find_run(run).await?.map(|run| run.metrics).unwrap_or_default();
        let keys: BTreeSet<String> = metrics.into_iter().map(|metric| metric.key).collect();
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
        let Some(mut model) = self.find_logged_model(id, false).await? else { return Ok(None) };
        model.status_message = text(model.status_message);
        model.model_type = text(model.model_type);
        model.source_run_id = text(model.source_run_id);
        Ok(Some(ModelRecord { model, deleted: false }.sorted()))
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
        let model = registered_model::registered(model)?;
        let description = text(model.description);
        let model = RegisteredModel { description, latest_versions: Vec::new(), ..model };
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

/// Work of servers that have workspaces goes to the default one.
fn of_default_workspace(wire: oxflow_api::experiment::Experiment) -> Result<Experiment> {
    Ok(Experiment { workspace: workspace::DEFAULT.to_owned(), ..experiment(wire)? })
}

impl RestStore {
    /// A call with its arguments in the query.
    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Answer<T>> {
        let query: serde_json::Map<String, Value> =
            query.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        self.ask(path, |path| Api::V2.get(path, &query)).await
    }

    /// A call with its arguments in the body.
    async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<Answer<T>> {
        self.ask(path, |path| Api::V2.post(path, body)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        call: impl Fn(&str) -> Result<Call>,
    ) -> Result<Answer<T>> {
        let answer = self.once(call(path)).await?;
        // Where MLflow 1 has its registry.
        let registry =
            path.starts_with("registered-models/") || path.starts_with("model-versions/");
        if registry && matches!(answer, Answer::Unknown) {
            let mut call = call(path)?;
            call.path = call.path.replacen("/mlflow/", "/preview/mlflow/", 1);
            return self.once(Ok(call)).await;
        }
        Ok(answer)
    }

    async fn once<T: DeserializeOwned>(&self, call: Result<Call>) -> Result<Answer<T>> {
        match self.send(call).await {
            Ok(found) => Ok(Answer::Found(found)),
            Err(error) if error.code() == ErrorCode::ResourceDoesNotExist => Ok(Answer::Missing),
            Err(error) if is_unknown(&error) => Ok(Answer::Unknown),
            Err(error) => Err(error),
        }
    }

    async fn list_experiments(&self, token: Option<&str>) -> Result<SearchExperimentsResponse> {
        let page = PAGE.to_string();
        let mut query = vec![("view_type", "ALL"), ("max_results", page.as_str())];
        query.extend(token.map(|token| ("page_token", token)));
        Ok(self.get("experiments/list", &query).await?.found().unwrap_or_default())
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
        let points = POINTS.to_string();
        loop {
            let mut query = vec![("run_id", run.as_str()), ("metric_key", key.as_str())];
            if paged {
                query.push(("max_results", points.as_str()));
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
            all.extend(page.metrics.into_iter().map(point));
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
            for wire in page.model_versions {
                all.push(version(wire)?);
            }
            token = next(page.next_page_token);
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    async fn version(&self, found: ModelVersion) -> Result<VersionRecord> {
        Ok(VersionRecord { version: tidy(self.located(found).await?), deleted: false })
    }
}
