//! `runs/…`

use axum::extract::State;
use oxflow_api::common::{Empty, ViewType, all};
use oxflow_api::request;
use oxflow_api::run::{
    CreateRun, DeleteTag, GetRun, LogBatch, LogInputs, LogModel, LogOutputs, LogParam, RunResponse,
    SearchRuns, SearchRunsResponse, UpdateRun, UpdateRunResponse, run_id,
};
use oxflow_api::token;
use oxflow_model::search::{RunFilter, RunOrder};
use oxflow_model::validate::{self, python_repr};
use oxflow_model::{
    Error, ExperimentId, LoggedModelOutput, Millis, NewRun, PageRequest, Param, RUN_NAME_TAG,
    Result, RunChange, RunId, Tag, limits,
};
use oxflow_store::RunSearch;
use serde_json::{Map, Value};

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};
use crate::routes::experiments::{self, experiment_ids, page_size};

pub fn routes(routes: Routes) -> Routes {
    let read = Access::Run(Level::Read);
    let edit = Access::Run(Level::Edit);
    let manage = Access::Run(Level::Manage);
    routes
        .post(Under::V2, "/runs/create", Access::Experiment(Level::Edit), create)
        .get(Under::V2, "/runs/get", read, get)
        .post(Under::V2, "/runs/update", edit, update)
        .post(Under::V2, "/runs/delete", manage, delete)
        .post(Under::V2, "/runs/restore", manage, restore)
        .post(Under::V2, "/runs/log-parameter", edit, log_param)
        .post(Under::V2, "/runs/set-tag", edit, set_tag)
        .post(Under::V2, "/runs/delete-tag", edit, delete_tag)
        .post(Under::V2, "/runs/log-batch", edit, log_batch)
        .post(Under::V2, "/runs/log-model", edit, log_model)
        .post(Under::V2, "/runs/log-inputs", edit, log_inputs)
        .post(Under::V2, "/runs/outputs", edit, log_outputs)
        .post(Under::V2, "/runs/search", Access::Experiment(Level::Read), search)
}

/// The error for a run that is not there.
pub fn not_found(id: &RunId) -> Error {
    Error::not_found(format!("Run with id={id} not found"))
}

async fn create(
    State(app): State<AppState>,
    Proto(request): Proto<CreateRun>,
) -> Answer<RunResponse> {
    // Without an experiment, stock MLflow fails in the database; the default one is what it means.
    let experiment_id = match request.experiment_id.filter(|id| !id.is_empty()) {
        Some(id) => ExperimentId::parse(&id)?,
        None => ExperimentId::DEFAULT,
    };
    let mut tags: Vec<Tag> = all(request.tags);
    refuse_duplicate_tags(&tags)?;
    let given = request.run_name.filter(|name| !name.is_empty());
    let name = run_name(&app, given, &mut tags);
    if name.is_err() && app.store.find_experiment(experiment_id).await?.is_none() {
        return Err(experiments::not_found(experiment_id).into());
    }
    let name = name?;
    for tag in &mut tags {
        validate::check_tag(tag, app.settings.long_values)?;
    }
    let new = NewRun {
        id: app.ids.run_id(),
        experiment_id,
        name,
        user_id: request.user_id.unwrap_or_default(),
        started_at: Millis(request.start_time.unwrap_or_default()),
        tags,
    };
    let run = app.store.create_run(new).await?;
    app.live.created(&run.info.id, experiment_id);
    let mut run = oxflow_api::run::Run::from(run);
    // MLflow's answer to `create` has no outputs, not even empty ones.
    run.outputs = None;
    Ok(Json(RunResponse { run: Some(run) }))
}

fn refuse_duplicate_tags(tags: &[Tag]) -> Result<()> {
    for (i, tag) in tags.iter().enumerate() {
        if tags[..i].iter().any(|other| other.key == tag.key) {
            return Err(Error::new(
                oxflow_model::ErrorCode::BadRequest,
                format!("The tag {} is given twice.", python_repr(&tag.key)),
            ));
        }
    }
    Ok(())
}

/// The name of a new run: the field, the tag, or a made-up one; the tag always says it too.
fn run_name(app: &AppState, given: Option<String>, tags: &mut Vec<Tag>) -> Result<String> {
    let tagged = tags.iter().position(|tag| tag.key == RUN_NAME_TAG);
    let tagged_name = tagged.map(|at| tags[at].value.clone()).filter(|name| !name.is_empty());
    let name = match (given, tagged_name) {
        (Some(given), Some(tagged)) if given != tagged => {
            return Err(Error::invalid(format!(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with \
                 different values (run_name='{given}', mlflow.runName='{tagged}')."
            )));
        }
        (Some(name), _) | (None, Some(name)) => name,
        (None, None) => app.ids.run_name(),
    };
    match tagged {
        Some(at) => tags[at].value.clone_from(&name),
        None => tags.push(Tag::new(RUN_NAME_TAG, &name)),
    }
    Ok(name)
}

pub async fn get(
    State(app): State<AppState>,
    Proto(request): Proto<GetRun>,
) -> Answer<RunResponse> {
    let id = run_id(request.run_id, request.run_uuid)?;
    let run = app.store.find_run(&id).await?.ok_or_else(|| not_found(&id))?;
    Ok(Json(RunResponse { run: Some(run.into()) }))
}

async fn update(
    State(app): State<AppState>,
    Proto(request): Proto<UpdateRun>,
) -> Answer<UpdateRunResponse> {
    let id = run_id(request.run_id, request.run_uuid)?;
    let change = RunChange {
        status: request.status.map(Into::into),
        ended_at: request.end_time.map(Millis),
        name: request.run_name.filter(|name| !name.is_empty()),
    };
    let info = app.store.update_run(&id, change).await?;
    app.live.changed(&id);
    Ok(Json(UpdateRunResponse { run_info: Some(info.into()) }))
}

async fn delete(State(app): State<AppState>, Proto(request): Proto<GetRun>) -> Answer<Empty> {
    let id = run_id(request.run_id, request.run_uuid)?;
    app.store.delete_run(&id, app.clock.now()).await?;
    app.live.changed(&id);
    Ok(Json(Empty {}))
}

async fn restore(State(app): State<AppState>, Proto(request): Proto<GetRun>) -> Answer<Empty> {
    let id = run_id(request.run_id, request.run_uuid)?;
    app.store.restore_run(&id).await?;
    app.live.changed(&id);
    Ok(Json(Empty {}))
}

async fn log_param(State(app): State<AppState>, Proto(request): Proto<LogParam>) -> Answer<Empty> {
    let id = run_id(request.run_id, request.run_uuid)?;
    let mut param =
        Param { key: request.key.unwrap_or_default(), value: request.value.unwrap_or_default() };
    validate::check_param(&mut param, app.settings.long_values)?;
    app.store.log_param(&id, param).await?;
    app.live.changed(&id);
    Ok(Json(Empty {}))
}

async fn set_tag(State(app): State<AppState>, Proto(request): Proto<LogParam>) -> Answer<Empty> {
    let id = run_id(request.run_id, request.run_uuid)?;
    let mut tag = Tag::new(request.key.unwrap_or_default(), request.value.unwrap_or_default());
    validate::check_tag(&mut tag, app.settings.long_values)?;
    app.store.set_tag(&id, tag).await?;
    app.live.changed(&id);
    Ok(Json(Empty {}))
}

async fn delete_tag(
    State(app): State<AppState>,
    Proto(request): Proto<DeleteTag>,
) -> Answer<Empty> {
    let id = run_id(request.run_id, request.run_uuid)?;
    app.store.delete_tag(&id, &request.key.unwrap_or_default()).await?;
    app.live.changed(&id);
    Ok(Json(Empty {}))
}

async fn log_batch(
    State(app): State<AppState>,
    Proto(mut request): Proto<LogBatch>,
) -> Answer<Empty> {
    let id = run_id(request.run_id.take(), request.run_uuid.take())?;
    let mut batch = request.into_model()?;
    validate::check_batch(&id, &mut batch, app.settings.long_values)?;
    app.store.log_batch(&id, batch).await?;
    app.live.changed(&id);
    Ok(Json(Empty {}))
}

/// `POST runs/log-model`: what MLflow 1.x and 2.x clients say of a model they saved.
async fn log_model(State(app): State<AppState>, Proto(request): Proto<LogModel>) -> Answer<Empty> {
    let id = run_id(request.run_id, request.run_uuid)?;
    let text = request.model_json.unwrap_or_default();
    let Ok(mut model) = serde_json::from_str::<Map<String, Value>>(&text) else {
        return Err(Error::invalid(format!(
            "Malformed model info. \n {text} \n is not a valid JSON."
        ))
        .into());
    };
    let wanted = ["artifact_path", "flavors", "utc_time_created", "run_id"];
    let missing: Vec<String> = wanted
        .iter()
        .filter(|key| !model.contains_key(**key))
        .map(|key| python_repr(key))
        .collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(Error::invalid(format!(
            "Model json is missing mandatory fields: {{{missing}}}"
        ))
        .into());
    }
    app.store.append_model_history(&id, history_entry(&mut model)).await?;
    app.live.changed(&id);
    Ok(Json(Empty {}))
}

/// What the tag with the history of models keeps of a model: what tells it from others and how to
/// load it, but neither its signature nor settings of flavors, which may be long.
fn history_entry(model: &mut Map<String, Value>) -> String {
    if let Some(flavors) = model.get_mut("flavors").and_then(Value::as_object_mut) {
        for flavor in flavors.values_mut().filter_map(Value::as_object_mut) {
            flavor.remove("config");
        }
    }
    let members = ["run_id", "artifact_path", "utc_time_created", "model_uuid", "flavors"]
        .map(|key| format!("\"{key}\": {}", model.get(key).unwrap_or(&Value::Null)));
    format!("{{{}}}", members.join(", "))
}

async fn log_inputs(
    State(app): State<AppState>,
    Proto(request): Proto<LogInputs>,
) -> Answer<Empty> {
    let id = run_id(request.run_id, request.run_uuid)?;
    validate::check_run_id(&id)?;
    let datasets = all(request.datasets);
    validate::check_dataset_inputs(&datasets)?;
    app.store.log_inputs(&id, datasets, all(request.models), app.ids.as_ref()).await?;
    app.live.changed(&id);
    Ok(Json(Empty {}))
}

async fn log_outputs(
    State(app): State<AppState>,
    Proto(request): Proto<LogOutputs>,
) -> Answer<Empty> {
    let id = run_id(request.run_id, request.run_uuid)?;
    let models: Vec<LoggedModelOutput> = all(request.models.unwrap_or_default());
    app.store.log_outputs(&id, models, app.ids.as_ref()).await?;
    app.live.changed(&id);
    Ok(Json(Empty {}))
}

pub async fn search(
    State(app): State<AppState>,
    Proto(request): Proto<SearchRuns>,
) -> Answer<SearchRunsResponse> {
    const DEFAULT: i32 = 1000;
    let max_results = i64::from(request.max_results.unwrap_or(DEFAULT));
    if max_results > limits::SEARCH_RESULTS {
        return Err(request::invalid("max_results", &max_results.into()).into());
    }
    let limit = page_size(max_results)?;
    let search = RunSearch {
        experiments: experiment_ids(&request.experiment_ids)?,
        filter: RunFilter::parse(request.filter.as_deref().unwrap_or(""))?.clauses,
        order_by: RunOrder::parse_all(&request.order_by)?,
        view: request.run_view_type.unwrap_or(ViewType::ActiveOnly).into(),
        // Last, as in MLflow: a bad filter is worth more words than a bad token.
        page: PageRequest { limit, offset: token::decode(request.page_token.as_deref())? },
    };
    let found = app.store.search_runs(search).await?;
    Ok(Json(SearchRunsResponse {
        runs: all(found.items),
        next_page_token: found.next_offset.map(token::encode),
    }))
}
