//! The command line: MLflow's words.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

/// What `--version` prints, in MLflow's form; under the name `mlflow`, scripts expect MLflow's
/// number.
pub fn version(mut args: impl Iterator<Item = String>) -> Option<String> {
    let name = args.next().unwrap_or_default();
    let called_mlflow =
        Path::new(&name).file_stem().is_some_and(|name| name.eq_ignore_ascii_case("mlflow"));
    match args.next().as_deref() {
        Some("--version") if called_mlflow => {
            Some(format!("mlflow, version {}", oxflow_server::MLFLOW_VERSION))
        }
        Some("--version") => Some(format!(
            "oxflow, version {} (protocol of MLflow {})",
            env!("CARGO_PKG_VERSION"),
            oxflow_server::MLFLOW_VERSION
        )),
        _ => None,
    }
}

/// Experiment tracking, model registry and artifacts: everything MLflow's server does, in one
/// program.
#[derive(Debug, Parser)]
#[command(name = "oxflow", arg_required_else_help = true)]
pub struct Cli {
    /// Read environment variables from this file first; those that are set already stay.
    #[arg(long, value_name = "PATH")]
    pub env_file: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the tracking server with its web pages.
    #[command(alias = "ui", disable_help_flag = true)]
    Server(Box<ServerArgs>),
    /// Fill a database with believable experiments, to try things with.
    ///
    /// Logs a sweep, a study of nested runs, models, a prompt and files, and ends. The options are those of the server
    /// that will show them.
    Demo(DemoArgs),
    /// Commands for the database of a tracking server.
    #[command(subcommand, arg_required_else_help = true)]
    Db(DbCommand),
    /// Copy everything from one store to another, with ids and times.
    ///
    /// The source is not changed. What is in the target already stays; if it is something else than
    /// in the source, nothing is written. Interrupted, it goes on where it was when it is run again.
    /// At the end both stores are read and compared. Artifacts stay where they are.
    Migrate(MigrateArgs),
    /// Migrate MLflow FileStore data to a SQLite database.
    MigrateFilestore(FilestoreArgs),
    /// Upload, list and download artifacts.
    ///
    /// The environment variable MLFLOW_TRACKING_URI names the tracking server.
    #[command(subcommand, arg_required_else_help = true)]
    Artifacts(ArtifactsCommand),
    /// Erase deleted runs, logged models and experiments for good, with their artifacts.
    ///
    /// What has artifacts that cannot be deleted now stays for the next time.
    Gc(GcArgs),
}

/// `oxflow gc`.
#[derive(Args, Debug, Default)]
pub struct GcArgs {
    /// Only what was deleted at least so long ago, e.g. 30d or 1d2h3m4s; fractions are fine
    #[arg(long, value_name = "AGE")]
    pub older_than: Option<String>,
    /// The database or folder of runs [default: sqlite:///mlflow.db, or ./mlruns if it is in use]
    #[arg(long, value_name = "URI")]
    pub backend_store_uri: Option<String>,
    /// The storage behind the artifact proxy; with it, no server needs to run
    /// [env: MLFLOW_ARTIFACTS_DESTINATION]
    #[arg(long, value_name = "URI")]
    pub artifacts_destination: Option<String>,
    /// These runs only, comma-separated [default: all deleted ones]
    #[arg(long, value_name = "IDS")]
    pub run_ids: Option<String>,
    /// These experiments only, comma-separated, with their runs [default: all deleted ones]
    #[arg(long, value_name = "IDS")]
    pub experiment_ids: Option<String>,
    /// These logged models only, comma-separated [default: all deleted ones]
    #[arg(long, value_name = "IDS")]
    pub logged_model_ids: Option<String>,
    /// The tracking server that artifacts behind its proxy are deleted by
    /// [env: MLFLOW_TRACKING_URI]
    #[arg(long, value_name = "URI")]
    pub tracking_uri: Option<String>,
    /// Tell what would be erased, and how large it is; erase nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Refused: there are no jobs to erase yet
    #[arg(long, hide = true)]
    pub jobs: bool,
    /// Refused: there are no jobs to erase yet
    #[arg(long, value_name = "IDS", hide = true)]
    pub job_ids: Option<String>,
    /// Refused, but for the default one: work is done there only
    #[arg(long, value_name = "NAME", hide = true)]
    pub workspace: Option<String>,
    /// Refused: work is done in the default one only
    #[arg(long, hide = true)]
    pub all_workspaces: bool,
}

/// `oxflow demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// The database [default: sqlite:///mlflow.db] [env: MLFLOW_BACKEND_STORE_URI]
    #[arg(long, value_name = "URI")]
    pub backend_store_uri: Option<String>,
    /// The storage behind the artifact proxy [default: ./mlartifacts]
    /// [env: MLFLOW_ARTIFACTS_DESTINATION]
    #[arg(long, value_name = "URI")]
    pub artifacts_destination: Option<String>,
    /// Runs of the sweep
    #[arg(long, value_name = "N", default_value_t = 48, value_parser = clap::value_parser!(u16).range(6..))]
    pub runs: u16,
    /// Steps of each of them
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u16).range(10..))]
    pub steps: u16,
}

/// `oxflow artifacts`.
#[derive(Debug, Subcommand)]
pub enum ArtifactsCommand {
    /// Log a local file as an artifact of a run
    LogArtifact(LogArtifactArgs),
    /// Log the files in a local directory, and in those below it, as artifacts of a run
    LogArtifacts(LogArtifactsArgs),
    /// Print the artifacts directly under a folder of a run, as a JSON list
    List(ListArtifactsArgs),
    /// Download an artifact file or directory, and print where it is now
    ///
    /// A download that was interrupted goes on where it stopped, when it is given the same
    /// --dst-path again.
    Download(DownloadArgs),
}

/// `oxflow artifacts log-artifact`.
#[derive(Args, Debug)]
pub struct LogArtifactArgs {
    /// Local path to the artifact to log
    #[arg(long, short, value_name = "TEXT")]
    pub local_file: String,
    /// The run into which to log it
    #[arg(long, short, value_name = "TEXT")]
    pub run_id: String,
    /// The directory of the run's artifacts to put it into
    #[arg(long, short, value_name = "TEXT")]
    pub artifact_path: Option<String>,
}

/// `oxflow artifacts log-artifacts`.
#[derive(Args, Debug)]
pub struct LogArtifactsArgs {
    /// Directory of local artifacts to log
    #[arg(long, short, value_name = "TEXT")]
    pub local_dir: String,
    /// The run into which to log them
    #[arg(long, short, value_name = "TEXT")]
    pub run_id: String,
    /// The directory of the run's artifacts to put them into
    #[arg(long, short, value_name = "TEXT")]
    pub artifact_path: Option<String>,
}

/// `oxflow artifacts list`.
#[derive(Args, Debug)]
pub struct ListArtifactsArgs {
    /// The run to list
    #[arg(long, short, value_name = "TEXT")]
    pub run_id: String,
    /// A path relative to the run's root directory to list
    #[arg(long, short, value_name = "TEXT")]
    pub artifact_path: Option<String>,
}

/// `oxflow artifacts download`.
#[derive(Args, Debug)]
pub struct DownloadArgs {
    /// The run from which to download
    #[arg(long, short, value_name = "TEXT")]
    pub run_id: Option<String>,
    /// With --run-id: a path relative to the run's root directory to download
    #[arg(long, short, value_name = "TEXT")]
    pub artifact_path: Option<String>,
    /// The artifact file or directory, in place of --run-id and --artifact-path, e.g.
    /// runs:/<run>/model, models:/<name>/<version> or s3://bucket/path
    #[arg(long, short = 'u', value_name = "TEXT")]
    pub artifact_uri: Option<String>,
    /// The directory to download into, made if it does not exist [default: a new temporary
    /// one, or where local artifacts are already]
    #[arg(long, short, value_name = "TEXT")]
    pub dst_path: Option<String>,
}

/// `oxflow db`.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Bring a database of an older MLflow to the current schema, or give an empty one its tables.
    ///
    /// A SQLite file is copied first. On SQLite and PostgreSQL the upgrade is all done or not at
    /// all; on MySQL and MariaDB, one that was cut off goes on when it is run again. Stop all
    /// servers that use the database before.
    Upgrade(UpgradeArgs),
}

/// `oxflow db upgrade`.
#[derive(Args, Debug)]
pub struct UpgradeArgs {
    /// The database, e.g. sqlite:///mlflow.db or postgresql://user:password@host/database
    pub url: String,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub plan: bool,
    /// Do not copy a SQLite file first
    #[arg(long)]
    pub no_backup: bool,
}

/// `oxflow migrate`.
#[derive(Args, Debug)]
pub struct MigrateArgs {
    /// The store to read: sqlite:///mlflow.db, a folder such as ./mlruns, a server such as
    /// http://host:5000, …
    #[arg(long, value_name = "URI")]
    pub from: String,
    /// The store to write to; created if it is not there
    #[arg(long, value_name = "URI")]
    pub to: String,
    /// Do not read both stores and compare them at the end
    #[arg(long)]
    pub no_verify: bool,
    /// Do not show how far it is
    #[arg(long)]
    pub no_progress: bool,
}

/// `oxflow migrate-filestore`.
#[derive(Args, Debug)]
pub struct FilestoreArgs {
    /// Root directory containing mlruns/ FileStore data
    #[arg(long, value_name = "DIRECTORY")]
    pub source: PathBuf,
    /// SQLite URI (e.g. sqlite:///mlflow.db)
    #[arg(long, value_name = "TEXT")]
    pub target: String,
    /// Show how far it is (the default)
    #[arg(long, overrides_with = "no_progress")]
    pub progress: bool,
    /// Do not show how far it is
    #[arg(long)]
    pub no_progress: bool,
}

/// `oxflow server`. An option that is not given is taken from its environment variable.
#[derive(Args, Debug, Default)]
pub struct ServerArgs {
    /// The database for experiments, runs and models, e.g. sqlite:///mlflow.db (the default)
    /// [env: MLFLOW_BACKEND_STORE_URI]
    #[arg(long, value_name = "URI")]
    pub backend_store_uri: Option<String>,
    /// The database for the model registry; must be the same as the backend store
    /// [env: MLFLOW_REGISTRY_STORE_URI]
    #[arg(long, value_name = "URI")]
    pub registry_store_uri: Option<String>,
    /// Where new experiments keep their artifacts [default: mlflow-artifacts:/ when serving
    /// artifacts, else ./mlruns] [env: MLFLOW_DEFAULT_ARTIFACT_ROOT]
    #[arg(long, value_name = "URI")]
    pub default_artifact_root: Option<String>,
    /// Hand artifacts through this server (the default) [env: MLFLOW_SERVE_ARTIFACTS]
    #[arg(long, overrides_with = "no_serve_artifacts")]
    pub serve_artifacts: bool,
    /// Let clients go to the artifact storage themselves
    #[arg(long)]
    pub no_serve_artifacts: bool,
    /// Serve artifacts and nothing else [env: MLFLOW_ARTIFACTS_ONLY]
    #[arg(long)]
    pub artifacts_only: bool,
    /// The storage behind the artifact proxy [default: ./mlartifacts]
    /// [env: MLFLOW_ARTIFACTS_DESTINATION]
    #[arg(long, value_name = "URI")]
    pub artifacts_destination: Option<String>,
    /// The address to listen on; 0.0.0.0 for all [default: 127.0.0.1] [env: MLFLOW_HOST]
    #[arg(long, short = 'h', value_name = "HOST")]
    pub host: Option<String>,
    /// Print help; -h is the host, as in MLflow
    #[arg(long, action = clap::ArgAction::Help)]
    pub help: Option<bool>,
    /// The port to listen on [default: 5000] [env: MLFLOW_PORT]
    #[arg(long, short, value_name = "PORT")]
    pub port: Option<u16>,
    /// A path to put before every route, e.g. /mlflow [env: MLFLOW_STATIC_PREFIX]
    #[arg(long, value_name = "PREFIX")]
    pub static_prefix: Option<String>,
    /// Host names by which this server may be called, comma-separated, * for any characters
    /// [default: this machine and private networks] [env: MLFLOW_SERVER_ALLOWED_HOSTS]
    #[arg(long, value_name = "HOSTS")]
    pub allowed_hosts: Option<String>,
    /// Origins whose web pages may write, comma-separated, * for any characters
    /// [env: MLFLOW_SERVER_CORS_ALLOWED_ORIGINS]
    #[arg(long, value_name = "ORIGINS")]
    pub cors_allowed_origins: Option<String>,
    /// Check neither host names nor origins [env: MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE]
    #[arg(long)]
    pub disable_security_middleware: bool,
    /// Upgrade the database first if an older MLflow made it, with a backup of a SQLite file
    #[arg(long)]
    pub upgrade: bool,
    /// Let workspaces be managed; work is done in the default one [env: MLFLOW_ENABLE_WORKSPACES]
    #[arg(long, overrides_with = "disable_workspaces")]
    pub enable_workspaces: bool,
    /// No workspaces (the default)
    #[arg(long)]
    pub disable_workspaces: bool,
    /// SAMEORIGIN, DENY or NONE [default: SAMEORIGIN] [env: MLFLOW_SERVER_X_FRAME_OPTIONS]
    #[arg(long, value_name = "VALUE")]
    pub x_frame_options: Option<String>,
    /// Options of stock MLflow that mean nothing here, or nothing yet.
    #[command(flatten)]
    pub foreign: ForeignArgs,
}

/// Options of stock MLflow that mean nothing here (they are accepted with a notice), and those
/// that this build cannot honour (they are refused).
#[derive(Args, Debug, Default)]
pub struct ForeignArgs {
    /// Accepted and ignored: there is one process
    #[arg(long, short, value_name = "N", hide = true)]
    pub workers: Option<String>,
    /// Accepted and ignored
    #[arg(long, value_name = "OPTIONS", hide = true, allow_hyphen_values = true)]
    pub gunicorn_opts: Option<String>,
    /// Accepted and ignored
    #[arg(long, value_name = "OPTIONS", hide = true, allow_hyphen_values = true)]
    pub waitress_opts: Option<String>,
    /// Accepted and ignored
    #[arg(long, value_name = "OPTIONS", hide = true, allow_hyphen_values = true)]
    pub uvicorn_opts: Option<String>,
    /// Accepted and ignored
    #[arg(long, hide = true)]
    pub dev: bool,
    /// Accepted and ignored
    #[arg(long, value_name = "SECONDS", hide = true)]
    pub secrets_cache_ttl: Option<String>,
    /// Accepted and ignored
    #[arg(long, value_name = "N", hide = true)]
    pub secrets_cache_max_size: Option<String>,
    /// Accepted and ignored
    #[arg(long, value_name = "URI", hide = true)]
    pub read_replica_backend_store_uri: Option<String>,
    /// Accepted and ignored
    #[arg(long, value_name = "FILE", hide = true)]
    pub trace_archival_config: Option<String>,
    /// Accepted and ignored: metrics for Prometheus are not there yet
    #[arg(long, value_name = "DIR", hide = true)]
    pub expose_prometheus: Option<String>,
    /// Refused: authentication is not there yet
    #[arg(long, value_name = "NAME", hide = true)]
    pub app_name: Option<String>,
    /// Refused: workspaces are kept in the backend store
    #[arg(long, value_name = "URI", hide = true)]
    pub workspace_store_uri: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn under_the_name_mlflow_the_version_is_its() {
        let version = |name: &str| {
            super::version([name, "--version"].map(str::to_owned).into_iter()).unwrap()
        };
        assert_eq!(version("/usr/bin/mlflow"), "mlflow, version 3.17.2");
        assert!(version("oxflow").starts_with("oxflow, version "));
    }

    #[test]
    fn no_two_options_share_a_name() {
        super::Cli::command().debug_assert();
    }
}
