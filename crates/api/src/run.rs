//! Messages of `runs/…`.

use oxflow_model as model;
use oxflow_model::{Error, Result};

use crate::common::{Param, Tag, ViewType, all};
use crate::dataset::{DatasetInput, ModelInput, ModelOutput};
use crate::metric::Metric;
use crate::{message, request, wire_enum};

wire_enum! {
    /// Where a run stands.
    pub enum RunStatus {
        /// Going on.
        Running = 1 => "RUNNING",
        /// Waiting for a machine.
        Scheduled = 2 => "SCHEDULED",
        /// Ended well.
        Finished = 3 => "FINISHED",
        /// Ended badly.
        Failed = 4 => "FAILED",
        /// Ended by somebody.
        Killed = 5 => "KILLED",
    }
}

message! {
    /// The head of a run.
    pub struct RunInfo {
        run_uuid: Option<String>,
        experiment_id: Option<String>,
        run_name: Option<String>,
        user_id: Option<String>,
        status: Option<RunStatus>,
        start_time: Option<i64>,
        end_time: Option<i64>,
        artifact_uri: Option<String>,
        lifecycle_stage: Option<String>,
        run_id: Option<String>,
    }

    /// What a run logged.
    pub struct RunData { metrics: Vec<Metric>, params: Vec<Param>, tags: Vec<Tag> }

    /// What a run read.
    pub struct RunInputs { dataset_inputs: Vec<DatasetInput>, model_inputs: Vec<ModelInput> }

    /// What a run wrote.
    pub struct RunOutputs { model_outputs: Vec<ModelOutput> }

    /// A run.
    pub struct Run {
        info: Option<RunInfo>,
        data: Option<RunData>,
        inputs: Option<RunInputs>,
        outputs: Option<RunOutputs>,
    }

    /// `POST runs/create`
    pub struct CreateRun {
        experiment_id: Option<String>,
        user_id: Option<String>,
        run_name: Option<String>,
        start_time: Option<i64>,
        tags: Vec<Tag>,
    }

    /// An answer that holds one run.
    pub struct RunResponse { run: Option<Run> }

    /// `POST runs/update`
    pub struct UpdateRun {
        [required or run_uuid] run_id: Option<String>,
        run_uuid: Option<String>,
        status: Option<RunStatus>,
        end_time: Option<i64>,
        run_name: Option<String>,
    }

    /// The answer to [`UpdateRun`].
    pub struct UpdateRunResponse { run_info: Option<RunInfo> }

    /// `GET runs/get`, and the request of `delete` and `restore`
    pub struct GetRun { [required or run_uuid] run_id: Option<String>, run_uuid: Option<String> }

    /// `POST runs/log-metric`
    pub struct LogMetric {
        [required or run_uuid] run_id: Option<String>,
        run_uuid: Option<String>,
        [required] key: Option<String>,
        [required] value: Option<f64>,
        [required] timestamp: Option<i64>,
        step: Option<i64>,
        model_id: Option<String>,
        dataset_name: Option<String>,
        dataset_digest: Option<String>,
    }

    /// `POST runs/log-parameter` and `POST runs/set-tag`
    pub struct LogParam {
        [required or run_uuid] run_id: Option<String>,
        run_uuid: Option<String>,
        [required] key: Option<String>,
        value: Option<String>,
    }

    /// `POST runs/delete-tag`
    pub struct DeleteTag {
        [required or run_uuid] run_id: Option<String>,
        run_uuid: Option<String>,
        [required] key: Option<String>,
    }

    /// `POST runs/log-batch`
    pub struct LogBatch {
        [required or run_uuid] run_id: Option<String>,
        run_uuid: Option<String>,
        metrics: Vec<Metric>,
        params: Vec<Param>,
        tags: Vec<Tag>,
    }

    /// `POST runs/log-model`
    pub struct LogModel {
        [required or run_uuid] run_id: Option<String>,
        run_uuid: Option<String>,
        [required] model_json: Option<String>,
    }

    /// `POST runs/log-inputs`
    pub struct LogInputs {
        [required or run_uuid] run_id: Option<String>,
        run_uuid: Option<String>,
        datasets: Vec<DatasetInput>,
        models: Vec<ModelInput>,
    }

    /// `POST runs/outputs`
    pub struct LogOutputs {
        [required or run_uuid] run_id: Option<String>,
        run_uuid: Option<String>,
        [required] models: Option<Vec<ModelOutput>>,
    }

    /// `POST runs/search`
    pub struct SearchRuns {
        experiment_ids: Vec<String>,
        filter: Option<String>,
        run_view_type: Option<ViewType>,
        max_results: Option<i32>,
        order_by: Vec<String>,
        page_token: Option<String>,
    }

    /// The answer to [`SearchRuns`].
    pub struct SearchRunsResponse { runs: Vec<Run>, next_page_token: Option<String> }
}

/// The run a request is about: `run_id`, or `run_uuid` from old clients.
pub fn run_id(run_id: Option<String>, run_uuid: Option<String>) -> Result<model::RunId> {
    run_id
        .filter(|id| !id.is_empty())
        .or(run_uuid.filter(|id| !id.is_empty()))
        .map(model::RunId::new)
        .ok_or_else(|| request::missing("run_id"))
}

impl LogBatch {
    /// The batch, once each item has the fields it cannot do without.
    pub fn into_model(self) -> Result<model::LogBatch> {
        for (i, metric) in self.metrics.iter().enumerate() {
            let missing = [
                ("key", metric.key.as_ref().is_none_or(String::is_empty)),
                ("value", metric.value.is_none()),
                ("timestamp", metric.timestamp.is_none()),
            ];
            refuse_missing("metrics", i, &missing)?;
        }
        for (i, param) in self.params.iter().enumerate() {
            refuse_missing("params", i, &[("key", is_blank(&param.key))])?;
        }
        for (i, tag) in self.tags.iter().enumerate() {
            refuse_missing("tags", i, &[("key", is_blank(&tag.key))])?;
        }
        Ok(model::LogBatch {
            metrics: all(self.metrics),
            params: all(self.params),
            tags: all(self.tags),
        })
    }
}

fn is_blank(text: &Option<String>) -> bool {
    text.as_ref().is_none_or(String::is_empty)
}

fn refuse_missing(list: &str, i: usize, fields: &[(&str, bool)]) -> Result<(), Error> {
    match fields.iter().find(|(_, missing)| *missing) {
        Some((field, _)) => Err(request::missing(&format!("{list}[{i}].{field}"))),
        None => Ok(()),
    }
}

impl From<model::RunStatus> for RunStatus {
    fn from(status: model::RunStatus) -> Self {
        match status {
            model::RunStatus::Running => RunStatus::Running,
            model::RunStatus::Scheduled => RunStatus::Scheduled,
            model::RunStatus::Finished => RunStatus::Finished,
            model::RunStatus::Failed => RunStatus::Failed,
            model::RunStatus::Killed => RunStatus::Killed,
        }
    }
}

impl From<RunStatus> for model::RunStatus {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Running => model::RunStatus::Running,
            RunStatus::Scheduled => model::RunStatus::Scheduled,
            RunStatus::Finished => model::RunStatus::Finished,
            RunStatus::Failed => model::RunStatus::Failed,
            RunStatus::Killed => model::RunStatus::Killed,
        }
    }
}

impl From<model::RunInfo> for RunInfo {
    fn from(info: model::RunInfo) -> Self {
        RunInfo {
            // Deprecated name of `run_id`; old clients still read it.
            run_uuid: Some(info.id.as_str().to_owned()),
            experiment_id: Some(info.experiment_id.to_string()),
            run_name: Some(info.name),
            user_id: Some(info.user_id),
            status: Some(info.status.into()),
            start_time: info.started_at.map(|time| time.0),
            // MLflow leaves out a 0 here, unlike elsewhere.
            end_time: info.ended_at.map(|time| time.0).filter(|time| *time != 0),
            artifact_uri: Some(info.artifact_uri),
            lifecycle_stage: Some(info.lifecycle_stage.as_str().to_owned()),
            run_id: Some(info.id.as_str().to_owned()),
        }
    }
}

impl From<model::Run> for Run {
    fn from(run: model::Run) -> Self {
        Run {
            info: Some(run.info.into()),
            data: Some(RunData {
                metrics: all(run.metrics),
                params: all(run.params),
                tags: all(run.tags),
            }),
            inputs: Some(RunInputs {
                dataset_inputs: all(run.dataset_inputs),
                model_inputs: all(run.model_inputs),
            }),
            outputs: Some(RunOutputs { model_outputs: all(run.model_outputs) }),
        }
    }
}
