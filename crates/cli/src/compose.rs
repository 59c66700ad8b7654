//! Putting the parts together: the only place that names concrete stores.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use oxflow_artifacts::{ArtifactStore, ArtifactUri, LocationPolicy, Resolver};
use oxflow_model::{Clock as _, Error, IdSource as _, Result};
use oxflow_server::{App, Artifacts, Deliveries, Following, Live, SystemResolver, Webhooks};
use oxflow_store::Store;
use oxflow_store_file::{ExperimentIds, FileStore};
use oxflow_store_sql::{OpenOptions, SqlStore};

use crate::db;
use crate::demo::{self, Made, Size};
use crate::settings::ServeSettings;
use crate::system::{RandomIds, SystemClock};

/// Runs the server until it is told to stop. Fails, with nothing changed, when it cannot start.
pub fn serve(settings: ServeSettings) -> Result<()> {
    for notice in &settings.notices {
        tracing::info!("{notice}");
    }
    let runtime = runtime()?;
    let ended = runtime.block_on(run(settings));
    // A store that could not be opened yet may still wait for its database.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

/// Fills the store of a server with a demo, without serving anybody.
pub fn demo(settings: ServeSettings, size: Size) -> Result<Made> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let store = open_store(&settings)?.store;
        let app = Arc::new(compose(settings, store)?);
        let made = demo::fill(oxflow_server::router(app.clone()), SystemClock.now(), size).await;
        app.store.close().await?;
        made
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal(format!("Cannot start the runtime: {error}.")))
}

async fn run(mut settings: ServeSettings) -> Result<()> {
    let scratch = scratch(&mut settings)?;
    let mut asked = Box::pin(asked_to_end());
    let (host, port) = (settings.host.clone(), settings.port);
    let prefix = settings.server.static_prefix.clone();
    let opening =
        tokio::task::spawn_blocking(move || open_store(&settings).map(|opened| (opened, settings)));
    let (Opened { store, sql }, settings) = tokio::select! {
        opened = opening => opened.map_err(|_| Error::internal("Opening the store broke off."))??,
        () = &mut asked => return Ok(()),
    };
    let app = Arc::new(compose(settings, store)?);
    let listener = oxflow_server::listen(&host, port).await?;
    let address = listener
        .local_addr()
        .map_err(|error| Error::internal(format!("Cannot read the own address: {error}.")))?;
    tracing::info!("Oxflow is listening on http://{address}{prefix} (Press CTRL+C to quit)");
    let indexing = tokio::spawn(async move {
        if let Some(sql) = sql
            && let Err(error) = sql.add_missing_indexes().await
        {
            tracing::warn!(%error, "cannot add indexes; searches work, but some are slower");
        }
    });
    let deliveries = Deliveries::start(app.clone());
    let following = Following::start(app.clone());
    let live = app.live.clone();
    let stop = async move {
        asked.await;
        // Pages that follow runs would keep their connections open.
        live.close();
    };
    oxflow_server::serve(listener, oxflow_server::router(app.clone()), stop).await;
    tracing::info!("stopping");
    following.stop().await;
    deliveries.stop().await;
    indexing.abort();
    app.store.close().await?;
    drop(scratch);
    Ok(())
}

/// A folder that goes away with this value.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "cannot remove a temporary folder");
        }
    }
}

/// A server for artifacts alone keeps nothing else; what it is asked all the same, through GraphQL,
/// it looks up in an empty database that goes away with it.
fn scratch(settings: &mut ServeSettings) -> Result<Option<Scratch>> {
    if !settings.server.artifacts_only {
        return Ok(None);
    }
    let folder = std::env::temp_dir().join(format!("oxflow-{}", RandomIds.run_id()));
    std::fs::DirBuilder::new().mode(0o700).create(&folder).map_err(|error| {
        Error::unavailable(format!("Cannot create the folder {}: {error}.", folder.display()))
    })?;
    settings.backend_store_uri = format!("sqlite:///{}/empty.db", folder.display());
    Ok(Some(Scratch(folder)))
}

/// The store, and the same as a SQL store if it is one.
struct Opened {
    store: Arc<dyn Store>,
    sql: Option<Arc<SqlStore>>,
}

fn open_store(settings: &ServeSettings) -> Result<Opened> {
    let artifact_root = artifact_root(settings)?.as_str().to_owned();
    if let Some(path) = oxflow_store_file::folder_of(&settings.backend_store_uri, &settings.cwd) {
        let store = FileStore::open(oxflow_store_file::OpenOptions {
            path: path?,
            artifact_root,
            experiment_ids: ExperimentIds::Random(Arc::new(RandomIds)),
            clock: Arc::new(SystemClock),
        })?;
        return Ok(Opened { store: Arc::new(store), sql: None });
    }
    if settings.upgrade {
        db::upgrade_at_start(&settings.backend_store_uri, &settings.cwd)?;
    }
    let sql = Arc::new(SqlStore::open(&OpenOptions {
        uri: settings.backend_store_uri.clone(),
        cwd: settings.cwd.clone(),
        artifact_root,
        readers: std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 4),
        now: SystemClock.now(),
    })?);
    Ok(Opened { store: sql.clone(), sql: Some(sql) })
}

/// The store of a server, for a command that asks it itself.
pub fn store(settings: &ServeSettings) -> Result<Arc<dyn Store>> {
    Ok(open_store(settings)?.store)
}

fn compose(settings: ServeSettings, store: Arc<dyn Store>) -> Result<App> {
    Ok(App {
        store,
        artifacts: artifacts(&settings)?,
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        webhooks: Webhooks::new(settings.webhooks, Arc::new(SystemResolver::default())),
        live: Arc::new(Live::default()),
        settings: settings.server,
    })
}

fn artifact_root(settings: &ServeSettings) -> Result<ArtifactUri> {
    ArtifactUri::parse(&settings.default_artifact_root)?.absolute(&settings.cwd)
}

fn artifacts(settings: &ServeSettings) -> Result<Artifacts> {
    let root = artifact_root(settings)?;
    let destination = match &settings.artifacts_destination {
        Some(uri) => Some(ArtifactUri::parse(uri)?.absolute(&settings.cwd)?),
        None => None,
    };
    let policy = LocationPolicy::new(std::iter::once(&root).chain(&destination))
        .allow_schemes(settings.allowed_schemes.iter().map(String::as_str))
        .max_length(settings.max_artifact_location);
    let resolver = Resolver::new(policy, settings.cwd.clone())
        .with_remote(settings.remote.clone(), Arc::new(SystemClock));
    let proxied: Option<Arc<dyn ArtifactStore>> = match &destination {
        Some(uri) => Some(resolver.open(uri)?),
        None => None,
    };
    Ok(Artifacts {
        proxied,
        resolver,
        default_root: root.as_str().to_owned(),
        cwd: settings.cwd.clone(),
    })
}

/// Resolves when the process is asked to end. It listens from now on, not from when it is first
/// waited for: a server that is asked to end as soon as it answers must end well too.
fn asked_to_end() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    let listen = |kind| match signal(kind) {
        Ok(signals) => Some(signals),
        Err(error) => {
            tracing::error!(%error, "cannot listen for signals");
            None
        }
    };
    let wait = async |signals: Option<Signal>| match signals {
        Some(mut signals) => {
            signals.recv().await;
        }
        None => std::future::pending().await,
    };
    let (terminate, interrupt) = (listen(SignalKind::terminate()), listen(SignalKind::interrupt()));
    async move {
        tokio::select! {
            () = wait(terminate) => {}
            () = wait(interrupt) => {}
        }
    }
}
