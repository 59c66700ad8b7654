//! The store that a command asks for runs and models: that of a tracking server, or a database or
//! folder itself.

use std::path::Path;
use std::sync::Arc;

use oxflow_artifacts::{
    ArtifactStore, ArtifactUri, LocationPolicy, RemoteSettings, Resolver, ServerSettings,
};
use oxflow_model::search::{LoggedModelClause, LoggedModelText, TextOp, TextTest};
use oxflow_model::{Error, ErrorCode, ExperimentId, PageRequest, Result, RunId, RunInfo};
use oxflow_store::{LoggedModelSearch, Store};
use oxflow_store_rest::RestStore;

use crate::args::ServerArgs;
use crate::compose;
use crate::env::Env;
use crate::settings;
use crate::system::SystemClock;

/// What `MLFLOW_TRACKING_URI` names.
pub fn open(env: &Env) -> Result<Arc<dyn Store>> {
    let cwd = cwd()?;
    let uri = match env.get("MLFLOW_TRACKING_URI") {
        Some(uri) => uri.to_owned(),
        None => settings::default_store(&cwd).to_owned(),
    };
    if matches!(ArtifactUri::parse(&uri)?.scheme(), "http" | "https") {
        let var = |name: &str| env.get(name).map(str::to_owned);
        let server = ServerSettings::read(&var).connect(&uri)?;
        return Ok(Arc::new(RestStore::new(server)));
    }
    let args = ServerArgs {
        backend_store_uri: Some(uri),
        no_serve_artifacts: true,
        ..ServerArgs::default()
    };
    compose::store(&settings::resolve(args, env).map_err(Error::invalid)?)
}

/// The head of a run, which must be there.
pub async fn run(store: &dyn Store, id: &str) -> Result<RunInfo> {
    let id = RunId::new(id);
    let found = store.find_run_info(&id).await?;
    found.ok_or_else(|| Error::not_found(format!("Run with id={id} not found")))
}

/// Where the logged model of this name that a run made is, if it made one.
pub async fn model_of_run(
    store: &dyn Store,
    run: &str,
    experiment: ExperimentId,
    name: &str,
) -> Result<Option<String>> {
    if name.contains('\'') {
        // A filter on the way to a server cannot quote it.
        return Ok(None);
    }
    let test = TextTest::Compare { op: TextOp::Eq, value: name.to_owned() };
    let filter = vec![LoggedModelClause::Text { attribute: LoggedModelText::Name, test }];
    let mut page = PageRequest { limit: 100, offset: 0 };
    loop {
        let search = LoggedModelSearch {
            experiments: vec![experiment],
            filter: filter.clone(),
            datasets: Vec::new(),
            order_by: Vec::new(),
            page,
        };
        let found = match store.search_logged_models(search).await {
            // A server of before MLflow 3.
            Err(error) if error.code() == ErrorCode::EndpointNotFound => return Ok(None),
            found => found?,
        };
        let made = |id: &Option<String>| id.as_deref() == Some(run);
        if let Some(model) = found.items.into_iter().find(|model| made(&model.source_run_id)) {
            return Ok(Some(model.artifact_location));
        }
        let Some(offset) = found.next_offset else { return Ok(None) };
        page.offset = offset;
    }
}

/// The store of a location, as a command sees it: whoever runs it means the host that the location
/// names, or believes the tracking server or database that names it.
pub fn open_location(
    remote: &RemoteSettings,
    cwd: &Path,
    location: &ArtifactUri,
) -> Result<Arc<dyn ArtifactStore>> {
    Resolver::new(LocationPolicy::new([location]), cwd)
        .with_remote(remote.clone(), Arc::new(SystemClock))
        .open(location)
}

/// The working directory.
pub fn cwd() -> Result<std::path::PathBuf> {
    std::env::current_dir().map_err(|why| Error::invalid(format!("No working directory: {why}.")))
}
