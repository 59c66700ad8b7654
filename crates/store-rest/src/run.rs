//! Runs.

use async_trait::async_trait;
use oxflow_api::common::{Empty, all};
use oxflow_api::run;
use oxflow_api::run::{
    CreateRun, DeleteTag, GetRun, LogInputs, LogModel, LogOutputs, LogParam, RunResponse,
    SearchRuns, SearchRunsResponse, UpdateRun, UpdateRunResponse,
};
use oxflow_model::search::RunFilter;
use oxflow_model::{
    DatasetInput, IdSource, LogBatch, LoggedModelInput, LoggedModelOutput, Millis, NewRun, Page,
    Param, RUN_NAME_TAG, Result, Run, RunChange, RunId, RunInfo, RunStatus, Tag,
};
use oxflow_store::{RunSearch, RunStore};

use crate::call::Api::V2;
use crate::client::RestStore;
use crate::experiment::MOST;
use crate::page::{at, gather};
use crate::read;

/// A run.
pub fn run(wire: run::Run) -> Result<Run> {
    let data = wire.data.unwrap_or_default();
    let inputs = wire.inputs.unwrap_or_default();
    let tags = read::tags(data.tags);
    let mut info = info(read::need(wire.info, "run")?)?;
    if info.name.is_empty() {
        // Servers of before MLflow 1.30 keep the name in the tag only.
        let tag = tags.iter().find(|tag| tag.key == RUN_NAME_TAG);
        info.name = tag.map(|tag| tag.value.clone()).unwrap_or_default();
    }
    Ok(Run {
        info,
        metrics: all(data.metrics),
        params: all(data.params),
        tags,
        dataset_inputs: all(inputs.dataset_inputs),
        model_inputs: all(inputs.model_inputs),
        model_outputs: all(wire.outputs.unwrap_or_default().model_outputs),
    })
}

fn info(wire: run::RunInfo) -> Result<RunInfo> {
    Ok(RunInfo {
        id: RunId::new(wire.run_id.or(wire.run_uuid).unwrap_or_default()),
        experiment_id: read::experiment_id(wire.experiment_id)?,
        name: wire.run_name.unwrap_or_default(),
        user_id: wire.user_id.unwrap_or_default(),
        status: wire.status.map_or(RunStatus::Running, Into::into),
        started_at: wire.start_time.map(Millis),
        ended_at: wire.end_time.map(Millis),
        artifact_uri: wire.artifact_uri.unwrap_or_default(),
        lifecycle_stage: read::stage(wire.lifecycle_stage),
    })
}

fn named(id: &RunId) -> GetRun {
    GetRun { run_id: Some(id.to_string()), run_uuid: None }
}

fn entry(id: &RunId, key: String, value: String) -> LogParam {
    LogParam { run_id: Some(id.to_string()), key: Some(key), value: Some(value), run_uuid: None }
}

#[async_trait]
impl RunStore for RestStore {
    async fn create_run(&self, new: NewRun) -> Result<Run> {
        let request = CreateRun {
            experiment_id: Some(new.experiment_id.to_string()),
            user_id: Some(new.user_id),
            run_name: Some(new.name),
            start_time: Some(new.started_at.0),
            tags: all(new.tags),
        };
        let call = V2.post("runs/create", &request)?.id(new.id.as_str());
        let answer: RunResponse = self.send(Ok(call)).await?;
        run(read::need(answer.run, "run")?)
    }

    async fn find_run(&self, id: &RunId) -> Result<Option<Run>> {
        if id.as_str().is_empty() {
            return Ok(None);
        }
        let found: Option<RunResponse> = self.find(V2.get("runs/get", &named(id))).await?;
        found.and_then(|found| found.run).map(run).transpose()
    }

    async fn find_run_info(&self, id: &RunId) -> Result<Option<RunInfo>> {
        Ok(self.find_run(id).await?.map(|run| run.info))
    }

    async fn update_run(&self, id: &RunId, change: RunChange) -> Result<RunInfo> {
        let request = UpdateRun {
            run_id: Some(id.to_string()),
            run_uuid: None,
            status: change.status.map(Into::into),
            end_time: change.ended_at.map(|time| time.0),
            run_name: change.name,
        };
        let answer: UpdateRunResponse = self.send(V2.post("runs/update", &request)).await?;
        info(read::need(answer.run_info, "run")?)
    }

    async fn delete_run(&self, id: &RunId, now: Millis) -> Result<()> {
        self.send::<Empty>(Ok(V2.post("runs/delete", &named(id))?.at(now))).await.map(drop)
    }

    async fn restore_run(&self, id: &RunId) -> Result<()> {
        self.send::<Empty>(V2.post("runs/restore", &named(id))).await.map(drop)
    }

    async fn log_param(&self, id: &RunId, param: Param) -> Result<()> {
        let request = entry(id, param.key, param.value);
        self.send::<Empty>(V2.post("runs/log-parameter", &request)).await.map(drop)
    }

    async fn set_tag(&self, id: &RunId, tag: Tag) -> Result<()> {
        let request = entry(id, tag.key, tag.value);
        self.send::<Empty>(V2.post("runs/set-tag", &request)).await.map(drop)
    }

    async fn delete_tag(&self, id: &RunId, key: &str) -> Result<()> {
        let (run_id, key) = (Some(id.to_string()), Some(key.to_owned()));
        let request = DeleteTag { run_id, key, run_uuid: None };
        self.send::<Empty>(V2.post("runs/delete-tag", &request)).await.map(drop)
    }

    async fn log_batch(&self, id: &RunId, batch: LogBatch) -> Result<()> {
        let request = run::LogBatch {
            run_id: Some(id.to_string()),
            run_uuid: None,
            metrics: all(batch.metrics),
            params: all(batch.params),
            tags: all(batch.tags),
        };
        self.send::<Empty>(V2.post("runs/log-batch", &request)).await.map(drop)
    }

    async fn log_inputs(
        &self,
        id: &RunId,
        datasets: Vec<DatasetInput>,
        models: Vec<LoggedModelInput>,
        _: &dyn IdSource,
    ) -> Result<()> {
        let run_id = Some(id.to_string());
        let (datasets, models) = (all(datasets), all(models));
        let request = LogInputs { run_id, run_uuid: None, datasets, models };
        self.send::<Empty>(V2.post("runs/log-inputs", &request)).await.map(drop)
    }

    async fn log_outputs(
        &self,
        id: &RunId,
        models: Vec<LoggedModelOutput>,
        _: &dyn IdSource,
    ) -> Result<()> {
        let (run_id, models) = (Some(id.to_string()), Some(all(models)));
        let request = LogOutputs { run_id, run_uuid: None, models };
        self.send::<Empty>(V2.post("runs/outputs", &request)).await.map(drop)
    }

    async fn append_model_history(&self, id: &RunId, model: String) -> Result<()> {
        let (run_id, model_json) = (Some(id.to_string()), Some(model));
        let request = LogModel { run_id, run_uuid: None, model_json };
        self.send::<Empty>(V2.post("runs/log-model", &request)).await.map(drop)
    }

    async fn search_runs(&self, search: RunSearch) -> Result<Page<Run>> {
        let request = SearchRuns {
            experiment_ids: search.experiments.iter().map(ToString::to_string).collect(),
            filter: Some(RunFilter { clauses: search.filter }.to_string()),
            run_view_type: Some(search.view.into()),
            order_by: search.order_by.iter().map(ToString::to_string).collect(),
            ..SearchRuns::default()
        };
        let fetch = async |limit, offset| {
            let (max_results, page_token) = (Some(limit), at(offset));
            let request = SearchRuns { max_results, page_token, ..request.clone() };
            let page: SearchRunsResponse = self.send(V2.post("runs/search", &request)).await?;
            let found: Result<Vec<_>> = page.runs.into_iter().map(run).collect();
            Ok((found?, page.next_page_token))
        };
        gather(search.page, MOST, fetch).await
    }
}
