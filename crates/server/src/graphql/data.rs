//! Where queries get their data: from the very functions that answer the REST API.

use std::cell::Cell;
use std::future::Future;

use apollo_compiler::resolvers::{FieldError, ResolveInfo};
use axum::extract::State;
use oxflow_api::message::{Message, Scalar};
use oxflow_api::request;
use oxflow_api::view::Fields;
use oxflow_model::{Error, Result};
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;

use crate::access::{Access, Level};
use crate::answer::{Answer, ApiError, Json, Proto, log_fault};
use crate::app::AppState;
use crate::routes::{artifacts, experiments, metrics, model_versions, runs};

/// Values in one answer. The largest answer to the pages, 250,000 points, has 1,500,000.
const MOST_VALUES: usize = 2_000_000;

/// Something that was fetched.
pub type Fetched = Result<Box<dyn Fields>, FieldError>;

/// The data that one query may see, and how much of it is left to give.
pub struct Data {
    app: AppState,
    runtime: Handle,
    values_left: Cell<usize>,
}

impl Data {
    pub fn new(app: AppState, runtime: Handle) -> Data {
        Data { app, runtime, values_left: Cell::new(MOST_VALUES) }
    }

    /// A field of the first level, of a query or a mutation.
    pub fn root(&self, info: &ResolveInfo<'_>) -> Fetched {
        let experiment = Access::Experiment(Level::Read);
        let run = Access::Run(Level::Read);
        let runs = Access::Runs(Level::Read);
        let input = input(info)?;
        match info.field_name() {
            "mlflowGetExperiment" => boxed(self.ask(experiment, input, experiments::get)),
            "mlflowGetRun" => boxed(self.ask(run, input, runs::get)),
            "mlflowSearchRuns" => boxed(self.ask(experiment, input, runs::search)),
            "mlflowSearchDatasets" => {
                boxed(self.ask(experiment, input, experiments::search_datasets))
            }
            "mlflowListArtifacts" => boxed(self.ask(run, input, artifacts::list)),
            "mlflowGetMetricHistoryBulkInterval" => boxed(self.ask(runs, input, metrics::interval)),
            "mlflowSearchModelVersions" => {
                boxed(self.ask(Access::Known, input, model_versions::search))
            }
            name => Err(failed(&Error::internal(format!("The field {name} is not served.")))),
        }
    }

    /// The experiment of a run.
    pub fn experiment(&self, id: &str) -> Fetched {
        let input = json_object(json!({ "experiment_id": id }));
        let found = self.ask(Access::Experiment(Level::Read), input, experiments::get)?;
        Ok(Box::new(found.experiment.unwrap_or_default()))
    }

    /// The versions of registered models that a run made.
    pub fn model_versions(&self, run_id: &str) -> Result<Vec<Box<dyn Fields>>, FieldError> {
        let input = json_object(json!({ "filter": format!("run_id='{run_id}'") }));
        let found = self.ask(Access::Known, input, model_versions::search)?.model_versions;
        Ok(found.into_iter().map(|version| Box::new(version) as Box<dyn Fields>).collect())
    }

    /// Asks a handler of the REST API. Everything that queries see comes through here, and a
    /// handler is always named with the access that its route asks for.
    fn ask<M, T, F>(
        &self,
        access: Access,
        input: Map<String, Value>,
        handler: impl FnOnce(State<AppState>, Proto<M>) -> F,
    ) -> Result<T, FieldError>
    where
        M: Message + Scalar,
        F: Future<Output = Answer<T>>,
    {
        self.permit(access, &input).map_err(|error| failed(&error))?;
        let request: M = request::from_object(input).map_err(|error| failed(&error))?;
        let answer = handler(State(self.app.clone()), Proto(request));
        match self.runtime.block_on(answer) {
            Ok(Json(message)) => Ok(message),
            Err(ApiError(error)) => Err(failed(&error)),
        }
    }

    /// Whether the caller may see what the request asks for. The one place where queries are
    /// checked, as the router is for all other requests; like it, it allows everything as long as
    /// there are no users.
    fn permit(&self, _access: Access, _input: &Map<String, Value>) -> Result<()> {
        Ok(())
    }

    /// Takes `count` values from what may still be given.
    pub fn spend(&self, count: usize) -> Result<(), FieldError> {
        let Some(left) = self.values_left.get().checked_sub(count) else {
            let message = format!(
                "The answer would have more than {MOST_VALUES} values. Ask for fewer runs, points \
                 or fields at once."
            );
            return Err(FieldError { message });
        };
        self.values_left.set(left);
        Ok(())
    }
}

fn boxed<T: Fields + 'static>(message: Result<T, FieldError>) -> Fetched {
    Ok(Box::new(message?))
}

fn failed(error: &Error) -> FieldError {
    log_fault(error);
    FieldError { message: error.message().to_owned() }
}

/// The argument `input` as the body of a REST request.
fn input(info: &ResolveInfo<'_>) -> Result<Map<String, Value>, FieldError> {
    let input = info.arguments().get("input").map(serde_json::to_value).transpose();
    let input = input.map_err(|error| failed(&Error::invalid(error.to_string())))?;
    Ok(json_object(input.unwrap_or_default()))
}

fn json_object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
