//! What the server says, as we keep it.

use oxflow_api::{common, experiment, logged_model, metric, model_version, registered_model, run};
use oxflow_model::{
    Error, Experiment, ExperimentId, LifecycleStage, LoggedModel, LoggedModelStatus, Metric,
    Millis, ModelAlias, ModelId, ModelVersion, ModelVersionStatus, RUN_NAME_TAG, RegisteredModel,
    Result, RunId, RunInfo, RunStatus, Stage, Tag,
};
use oxflow_store::{RunOrigin, RunRecord};

fn tags(wire: Vec<common::Tag>) -> Vec<Tag> {
    wire.into_iter().map(Into::into).collect()
}

/// A text that servers leave out or send empty.
fn text(wire: Option<String>) -> Option<String> {
    wire.filter(|text| !text.is_empty())
}

fn experiment_id(wire: Option<String>) -> Result<ExperimentId> {
    ExperimentId::parse(&wire.unwrap_or_default())
}

/// An experiment.
pub fn experiment(wire: experiment::Experiment) -> Result<Experiment> {
    Ok(Experiment {
        id: experiment_id(wire.experiment_id)?,
        name: wire.name.unwrap_or_default(),
        artifact_location: wire.artifact_location.unwrap_or_default(),
        lifecycle_stage: stage(wire.lifecycle_stage),
        created_at: wire.creation_time.map(Millis),
        updated_at: wire.last_update_time.map(Millis),
        tags: tags(wire.tags),
        workspace: "default".to_owned(),
    })
}

fn stage(wire: Option<String>) -> LifecycleStage {
    LifecycleStage::from_word(&wire.unwrap_or_default())
}

/// A run.
pub fn run(wire: run::Run) -> Result<RunRecord> {
    let none = || Error::invalid("The server sent a run without a head.");
    let info = wire.info.ok_or_else(none)?;
    let data = wire.data.unwrap_or_default();
    let inputs = wire.inputs.unwrap_or_default();
    let tags = tags(data.tags);
    let name = text(info.run_name);
    let by_tag = || tags.iter().find(|tag| tag.key == RUN_NAME_TAG).map(|tag| tag.value.clone());
    Ok(RunRecord {
        info: RunInfo {
            id: RunId::new(info.run_id.or(info.run_uuid).unwrap_or_default()),
            experiment_id: experiment_id(info.experiment_id)?,
            name: name.or_else(by_tag).unwrap_or_default(),
            user_id: info.user_id.unwrap_or_default(),
            status: info.status.map_or(RunStatus::Running, Into::into),
            started_at: info.start_time.map(Millis),
            ended_at: info.end_time.map(Millis),
            artifact_uri: info.artifact_uri.unwrap_or_default(),
            lifecycle_stage: stage(info.lifecycle_stage),
        },
        deleted_at: None,
        origin: RunOrigin { kind: "UNKNOWN".to_owned(), ..RunOrigin::default() },
        params: data.params.into_iter().map(Into::into).collect(),
        tags,
        dataset_inputs: inputs.dataset_inputs.into_iter().map(Into::into).collect(),
        model_inputs: inputs.model_inputs.into_iter().map(Into::into).collect(),
        model_outputs: wire
            .outputs
            .unwrap_or_default()
            .model_outputs
            .into_iter()
            .map(Into::into)
            .collect(),
    }
    .sorted())
}

/// A point of a run's metric.
pub fn point(wire: metric::Metric) -> Metric {
    let point = Metric::from(wire);
    let (value, is_nan) = point.stored_value();
    let value = if is_nan { f64::NAN } else { value };
    Metric { value, model_id: None, run_id: None, ..point }
}

fn model_point(wire: metric::Metric) -> Metric {
    let run_id = text(wire.run_id.clone());
    Metric { run_id, ..Metric::from(wire) }
}

/// A logged model.
pub fn model(wire: logged_model::LoggedModel) -> Result<LoggedModel> {
    let none = || Error::invalid("The server sent a logged model without a head.");
    let info = wire.info.ok_or_else(none)?;
    let data = wire.data.unwrap_or_default();
    Ok(LoggedModel {
        id: ModelId::new(info.model_id.unwrap_or_default()),
        experiment_id: experiment_id(info.experiment_id)?,
        name: info.name.unwrap_or_default(),
        artifact_location: info.artifact_uri.unwrap_or_default(),
        created_at: Millis(info.creation_timestamp_ms.unwrap_or_default()),
        updated_at: Millis(info.last_updated_timestamp_ms.unwrap_or_default()),
        status: info.status.map_or(LoggedModelStatus::Unspecified, Into::into),
        status_message: text(info.status_message),
        model_type: text(info.model_type),
        source_run_id: text(info.source_run_id),
        tags: tags(info.tags),
        params: data.params.into_iter().map(Into::into).collect(),
        metrics: data.metrics.into_iter().map(model_point).collect(),
    })
}

/// A registered model.
pub fn registered(wire: registered_model::RegisteredModel) -> RegisteredModel {
    let alias = |wire: registered_model::RegisteredModelAlias| {
        let version = wire.version?.parse().ok()?;
        Some(ModelAlias { alias: wire.alias?, version })
    };
    RegisteredModel {
        name: wire.name.unwrap_or_default(),
        created_at: Millis(wire.creation_timestamp.unwrap_or_default()),
        updated_at: wire.last_updated_timestamp.map(Millis),
        description: text(wire.description),
        latest_versions: Vec::new(),
        tags: tags(wire.tags),
        aliases: wire.aliases.into_iter().filter_map(alias).collect(),
    }
}

/// A version of a registered model, with what is known of where it is stored.
pub fn version(wire: model_version::ModelVersion, stored: Option<String>) -> Result<ModelVersion> {
    let none = |_| Error::invalid("The server sent a model version without a number.");
    let source = text(wire.source);
    Ok(ModelVersion {
        name: wire.name.unwrap_or_default(),
        number: wire.version.unwrap_or_default().parse().map_err(none)?,
        created_at: Millis(wire.creation_timestamp.unwrap_or_default()),
        updated_at: wire.last_updated_timestamp.map(Millis),
        description: text(wire.description),
        user_id: text(wire.user_id),
        stage: Stage::from_word(&wire.current_stage.unwrap_or_default()),
        storage_location: text(stored).or_else(|| source.clone()),
        source,
        run_id: text(wire.run_id),
        status: wire.status.map_or(ModelVersionStatus::Ready, |status| {
            ModelVersionStatus::from_word(status.as_str())
        }),
        status_message: text(wire.status_message),
        run_link: text(wire.run_link),
        tags: tags(wire.tags),
        aliases: Vec::new(),
    })
}
