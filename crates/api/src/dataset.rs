//! Messages about what runs read and wrote.

use oxflow_model as model;

use crate::common::{Tag, all};
use crate::message;

message! {
    /// A dataset.
    pub struct Dataset {
        name: Option<String>,
        digest: Option<String>,
        source_type: Option<String>,
        source: Option<String>,
        schema: Option<String>,
        profile: Option<String>,
    }

    /// A dataset as input of a run.
    pub struct DatasetInput { tags: Vec<Tag>, dataset: Option<Dataset> }

    /// A logged model as input of a run.
    pub struct ModelInput { model_id: Option<String> }

    /// A logged model as output of a run.
    pub struct ModelOutput { model_id: Option<String>, step: Option<i64> }

    /// `POST experiments/search-datasets`
    pub struct SearchDatasets { experiment_ids: Vec<String> }

    /// One distinct dataset of an experiment.
    pub struct DatasetSummary {
        experiment_id: Option<String>,
        name: Option<String>,
        digest: Option<String>,
        context: Option<String>,
    }

    /// The answer to [`SearchDatasets`].
    pub struct SearchDatasetsResponse { dataset_summaries: Vec<DatasetSummary> }
}

impl From<model::Dataset> for Dataset {
    fn from(dataset: model::Dataset) -> Self {
        Dataset {
            name: Some(dataset.name),
            digest: Some(dataset.digest),
            source_type: Some(dataset.source_type),
            source: Some(dataset.source),
            schema: dataset.schema,
            profile: dataset.profile,
        }
    }
}

impl From<Dataset> for model::Dataset {
    fn from(dataset: Dataset) -> Self {
        model::Dataset {
            name: dataset.name.unwrap_or_default(),
            digest: dataset.digest.unwrap_or_default(),
            source_type: dataset.source_type.unwrap_or_default(),
            source: dataset.source.unwrap_or_default(),
            schema: dataset.schema,
            profile: dataset.profile,
        }
    }
}

impl From<model::DatasetInput> for DatasetInput {
    fn from(input: model::DatasetInput) -> Self {
        DatasetInput { tags: all(input.tags), dataset: Some(input.dataset.into()) }
    }
}

impl From<DatasetInput> for model::DatasetInput {
    fn from(input: DatasetInput) -> Self {
        model::DatasetInput {
            tags: all(input.tags),
            dataset: input.dataset.unwrap_or_default().into(),
        }
    }
}

impl From<model::LoggedModelInput> for ModelInput {
    fn from(input: model::LoggedModelInput) -> Self {
        ModelInput { model_id: Some(input.model_id) }
    }
}

impl From<ModelInput> for model::LoggedModelInput {
    fn from(input: ModelInput) -> Self {
        model::LoggedModelInput { model_id: input.model_id.unwrap_or_default() }
    }
}

impl From<model::LoggedModelOutput> for ModelOutput {
    fn from(output: model::LoggedModelOutput) -> Self {
        ModelOutput { model_id: Some(output.model_id), step: Some(output.step) }
    }
}

impl From<ModelOutput> for model::LoggedModelOutput {
    fn from(output: ModelOutput) -> Self {
        model::LoggedModelOutput {
            model_id: output.model_id.unwrap_or_default(),
            step: output.step.unwrap_or_default(),
        }
    }
}

impl From<model::DatasetSummary> for DatasetSummary {
    fn from(summary: model::DatasetSummary) -> Self {
        DatasetSummary {
            experiment_id: Some(summary.experiment_id.to_string()),
            name: Some(summary.name),
            digest: Some(summary.digest),
            context: summary.context,
        }
    }
}
