//! The commands: opening the stores, and telling what came of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxflow_artifacts::ServerSettings;
use oxflow_model::{Clock as _, Error, Result};
use oxflow_store::{ExportStore, ImportStore, Store};
use oxflow_store_file::{ExperimentIds, FileStore};
use oxflow_store_rest::RestStore;
use oxflow_store_sql::{OpenOptions, SqlStore};

use super::progress::Progress;
use super::report::{Report, grouped};
use super::stop::Stop;
use super::walk::{Pass, Walk};
use crate::args::{FilestoreArgs, MigrateArgs};
use crate::env::Env;
use crate::system::{RandomIds, SystemClock};

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All was moved.
    Whole,
    /// Something was refused or is different, as was told.
    Partly,
    /// Somebody wanted it to stop.
    Interrupted,
}

/// `oxflow migrate`. Tells through `say`.
pub fn migrate(args: &MigrateArgs, env: &Env, say: &mut dyn FnMut(&str)) -> Result<End> {
    let cwd = working_folder()?;
    if is_same(&args.from, &args.to, &cwd) {
        return Err(Error::invalid("The source and the target are the same store."));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal(format!("Cannot start the runtime: {error}.")))?;
    let progress = Progress::new(!args.no_progress);
    let stop = Stop::default();
    let mut report = Report::default();
    let moved = runtime.block_on(move_all(args, env, &cwd, &progress, &stop, &mut report));
    progress.end();
    if stop.is_heeded() {
        report.interrupted().iter().for_each(|line| say(line));
        return Ok(End::Interrupted);
    }
    moved?;
    report.lines(!args.no_verify).iter().for_each(|line| say(line));
    let told = progress.seconds();
    if !args.no_verify && report.is_good() {
        say(&format!("Everything was read back and is the same ({told:.1} s for the comparison)."));
    }
    Ok(if report.is_good() { End::Whole } else { End::Partly })
}

/// `oxflow migrate-filestore`.
pub fn filestore(args: &FilestoreArgs, env: &Env, say: &mut dyn FnMut(&str)) -> Result<End> {
    if !args.target.starts_with("sqlite:") {
        return Err(Error::invalid(
            "Invalid value for '--target': must be a SQLite URI starting with 'sqlite:///'. For \
             other stores: oxflow migrate --from ./mlruns --to URI.",
        ));
    }
    let inner = args.source.join("mlruns");
    let source = if inner.is_dir() { inner } else { args.source.clone() };
    let shown = source.display().to_string();
    // A path that looks like a URI, or like a relative one.
    let from = working_folder()?.join(&source).display().to_string();
    say(&format!("Source: {shown}"));
    say(&format!("Target: {}", args.target));
    let no_progress = args.no_progress && !args.progress;
    let to = args.target.clone();
    let end = migrate(&MigrateArgs { from, to, no_verify: false, no_progress }, env, say)?;
    if end != End::Interrupted {
        say("To start a server with the migrated data:");
        say(&format!("  oxflow server --backend-store-uri {}", args.target));
    }
    Ok(end)
}

fn working_folder() -> Result<PathBuf> {
    std::env::current_dir()
        .map_err(|error| Error::invalid(format!("No working directory: {error}.")))
}

async fn move_all(
    args: &MigrateArgs,
    env: &Env,
    cwd: &Path,
    progress: &Progress,
    stop: &Stop,
    report: &mut Report,
) -> Result<()> {
    let source = open_source(&args.from, env, cwd).await?;
    let target = open_target(&args.to, cwd)?;
    let Some(written) = target.written() else { return Err(no_way_in()) };
    stop.listen();
    let moved = walk(args, source.read(), written, progress, stop, report).await;
    let closed = target.close().await;
    source.close().await?;
    moved.and(closed)
}

async fn walk(
    args: &MigrateArgs,
    source: &dyn ExportStore,
    target: &dyn ImportStore,
    progress: &Progress,
    stop: &Stop,
    report: &mut Report,
) -> Result<()> {
    let mut walk = Walk::new(source, target, &RandomIds, progress, stop, report).await?;
    walk.run(Pass::Look).await?;
    walk.run(Pass::Copy).await?;
    let seconds = walk.progress.seconds();
    let things = walk.report.moved.points + walk.report.moved.rows + walk.report.moved.runs;
    if things > 0 {
        let per_second = grouped((things as f64 / seconds.max(0.001)) as u64);
        walk.report.speed = Some(format!("Written in {seconds:.1} s: {per_second} rows/s."));
    }
    if args.no_verify { Ok(()) } else { walk.run(Pass::Verify).await }
}

/// A store of any kind.
enum Opened {
    Sql(SqlStore),
    File(FileStore),
    Rest(RestStore),
}

impl Opened {
    fn read(&self) -> &dyn ExportStore {
        match self {
            Opened::Sql(store) => store,
            Opened::File(store) => store,
            Opened::Rest(store) => store,
        }
    }

    fn written(&self) -> Option<&dyn ImportStore> {
        match self {
            Opened::Sql(store) => Some(store),
            Opened::File(store) => Some(store),
            Opened::Rest(_) => None,
        }
    }

    async fn close(&self) -> Result<()> {
        match self {
            Opened::Sql(store) => Store::close(store).await,
            Opened::File(store) => Store::close(store).await,
            Opened::Rest(_) => Ok(()),
        }
    }
}

fn sql_options(uri: &str, cwd: &Path) -> OpenOptions {
    OpenOptions {
        uri: uri.to_owned(),
        cwd: cwd.to_owned(),
        artifact_root: "mlflow-artifacts:/".to_owned(),
        readers: 2,
        now: SystemClock.now(),
    }
}

fn is_server(uri: &str) -> bool {
    uri.starts_with("http://") || uri.starts_with("https://")
}

fn no_way_in() -> Error {
    Error::invalid(
        "A server cannot be written to with ids and times. Name the store behind it, as its \
         --backend-store-uri does; the server may go on meanwhile.",
    )
}

async fn open_source(uri: &str, env: &Env, cwd: &Path) -> Result<Opened> {
    if is_server(uri) {
        let var = |name: &str| env.get(name).map(str::to_owned);
        let server = ServerSettings::read(&var).connect(uri)?;
        return Ok(Opened::Rest(RestStore::connect(server).await?));
    }
    Ok(match oxflow_store_file::folder_of(uri, cwd) {
        Some(path) => Opened::File(FileStore::open_to_read(&path?, Arc::new(SystemClock))?),
        None => Opened::Sql(SqlStore::open_to_read(&sql_options(uri, cwd))?),
    })
}

fn open_target(uri: &str, cwd: &Path) -> Result<Opened> {
    if is_server(uri) {
        return Err(no_way_in());
    }
    let Some(path) = oxflow_store_file::folder_of(uri, cwd) else {
        return Ok(Opened::Sql(SqlStore::open(&sql_options(uri, cwd))?));
    };
    let path = path?;
    Ok(Opened::File(FileStore::open(oxflow_store_file::OpenOptions {
        artifact_root: path.display().to_string(),
        path,
        experiment_ids: ExperimentIds::Random(Arc::new(RandomIds)),
        clock: Arc::new(SystemClock),
    })?))
}

/// Whether two URIs name one store, as far as that can be told without opening them.
fn is_same(from: &str, to: &str, cwd: &Path) -> bool {
    let path = |uri: &str| match oxflow_store_file::folder_of(uri, cwd) {
        Some(path) => path.ok(),
        None => uri.strip_prefix("sqlite:///").map(|path| cwd.join(path)),
    };
    let real = |uri: &str| path(uri).and_then(|path| path.canonicalize().ok());
    from == to || real(from).is_some_and(|from| real(to) == Some(from))
}
