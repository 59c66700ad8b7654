//! Messages of `experiments/…`.

use oxflow_model as model;

use crate::common::{Tag, ViewType, all};
use crate::message;

message! {
    /// An experiment.
    pub struct Experiment {
        experiment_id: Option<String>,
        name: Option<String>,
        artifact_location: Option<String>,
        lifecycle_stage: Option<String>,
        last_update_time: Option<i64>,
        creation_time: Option<i64>,
        tags: Vec<Tag>,
        workspace: Option<String>,
    }

    /// `POST experiments/create`
    pub struct CreateExperiment {
        [required] name: Option<String>,
        artifact_location: Option<String>,
        tags: Vec<Tag>,
    }

    /// The answer to [`CreateExperiment`].
    pub struct CreateExperimentResponse { experiment_id: Option<String> }

    /// `GET experiments/get`, and the request of `delete` and `restore`
    pub struct GetExperiment { [required] experiment_id: Option<String> }

    /// `GET experiments/get-by-name`
    pub struct GetExperimentByName { [required] experiment_name: Option<String> }

    /// An answer that holds one experiment.
    pub struct ExperimentResponse { experiment: Option<Experiment> }

    /// `POST experiments/update`
    pub struct UpdateExperiment {
        [required] experiment_id: Option<String>,
        [required] new_name: Option<String>,
    }

    /// `POST experiments/set-experiment-tag`
    pub struct SetExperimentTag {
        [required] experiment_id: Option<String>,
        [required] key: Option<String>,
        value: Option<String>,
    }

    /// `POST experiments/delete-experiment-tag`
    pub struct DeleteExperimentTag {
        [required] experiment_id: Option<String>,
        [required] key: Option<String>,
    }

    /// `GET|POST experiments/search`
    pub struct SearchExperiments {
        max_results: Option<i64>,
        page_token: Option<String>,
        filter: Option<String>,
        order_by: Vec<String>,
        view_type: Option<ViewType>,
    }

    /// The answer to [`SearchExperiments`].
    pub struct SearchExperimentsResponse {
        experiments: Vec<Experiment>,
        next_page_token: Option<String>,
    }

    /// How many active runs an experiment has, and when the last of them began or ended.
    pub struct ExperimentActivity {
        experiment_id: Option<String>,
        runs: Option<i64>,
        running: Option<i64>,
        last_run_time: Option<i64>,
    }

    /// The answer to `GET oxflow/experiments/activity`: those that have active runs.
    pub struct ExperimentActivityResponse { experiments: Vec<ExperimentActivity> }

    /// `GET experiments/list` of MLflow 1.x
    pub struct ListExperiments {
        view_type: Option<ViewType>,
        max_results: Option<i64>,
        page_token: Option<String>,
    }
}

impl From<model::Experiment> for Experiment {
    fn from(experiment: model::Experiment) -> Self {
        Experiment {
            experiment_id: Some(experiment.id.to_string()),
            name: Some(experiment.name),
            artifact_location: Some(experiment.artifact_location),
            lifecycle_stage: Some(experiment.lifecycle_stage.as_str().to_owned()),
            last_update_time: experiment.updated_at.map(|time| time.0),
            creation_time: experiment.created_at.map(|time| time.0),
            tags: all(experiment.tags),
            workspace: Some(experiment.workspace),
        }
    }
}
