//! From arguments and environment to settings: every default applied, every value checked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use oxflow_artifacts::RemoteSettings;
use oxflow_model::validate::LongValues;
use oxflow_server::{
    GraphqlLimits, SecretKey, SecuritySettings, Settings, SourcePattern, WebhookSettings,
};

use crate::args::{DemoArgs, ForeignArgs, ServerArgs};
use crate::env::Env;

/// What the server runs with.
#[derive(Debug)]
pub struct ServeSettings {
    /// Address to listen on.
    pub host: String,
    /// Port to listen on; 0 for any that is free.
    pub port: u16,
    /// The database.
    pub backend_store_uri: String,
    /// Whether an older schema is upgraded at the start.
    pub upgrade: bool,
    /// Where new experiments keep their artifacts, before it is made absolute.
    pub default_artifact_root: String,
    /// The storage behind the proxy; `None` if there is no proxy.
    pub artifacts_destination: Option<String>,
    /// Schemes whose artifact locations may name any host.
    pub allowed_schemes: Vec<String>,
    /// Longest artifact location, in characters.
    pub max_artifact_location: usize,
    /// How remote storages are reached.
    pub remote: RemoteSettings,
    /// What relative files are relative to.
    pub cwd: PathBuf,
    /// What the HTTP part needs.
    pub server: Settings,
    /// How webhooks are told of things.
    pub webhooks: WebhookSettings,
    /// Things to tell the user at the start.
    pub notices: Vec<String>,
}

/// What MLflow has used before databases; still the default where it is in use.
const FILE_STORE: &str = "./mlruns";
const DEFAULT_STORE: &str = "sqlite:///mlflow.db";

/// Argument, else environment variable, else default. Fails with a sentence for the user.
pub fn resolve(args: ServerArgs, env: &Env) -> Result<ServeSettings, String> {
    let mut notices = foreign(&args.foreign)?;
    let cwd = std::env::current_dir().map_err(|error| format!("No working directory: {error}."))?;
    let text = |arg: &Option<String>, name: &str| {
        arg.clone().filter(|text| !text.is_empty()).or_else(|| env.get(name).map(str::to_owned))
    };
    let artifacts_only = args.artifacts_only || env.flag("MLFLOW_ARTIFACTS_ONLY").unwrap_or(false);
    let backend = text(&args.backend_store_uri, "MLFLOW_BACKEND_STORE_URI");
    if artifacts_only && backend.as_deref().is_some_and(|uri| uri != DEFAULT_STORE) {
        return Err("--artifacts-only goes without --backend-store-uri: such a server has no use \
                    for a tracking database."
            .to_owned());
    }
    let backend_store_uri = backend.unwrap_or_else(|| {
        if artifacts_only {
            return DEFAULT_STORE.to_owned();
        }
        let store = default_store(&cwd);
        let shown = if store == FILE_STORE { "the file store in ./mlruns" } else { store };
        notices.push(format!("Backend store URI not provided. Using {shown}"));
        store.to_owned()
    });
    let registry = text(&args.registry_store_uri, "MLFLOW_REGISTRY_STORE_URI");
    if registry.is_some_and(|uri| uri != backend_store_uri) {
        return Err("--registry-store-uri must be the same as --backend-store-uri: this build \
                    keeps both in one database."
            .to_owned());
    }
    let serving = serve_artifacts(&args, env);
    let artifacts_destination = serving.then(|| {
        text(&args.artifacts_destination, "MLFLOW_ARTIFACTS_DESTINATION")
            .unwrap_or_else(|| "./mlartifacts".to_owned())
    });
    let default_artifact_root = text(&args.default_artifact_root, "MLFLOW_DEFAULT_ARTIFACT_ROOT")
        .unwrap_or_else(|| if serving { "mlflow-artifacts:/" } else { "./mlruns" }.to_owned());
    let workspaces = match (args.enable_workspaces, args.disable_workspaces) {
        (true, _) => true,
        (_, true) => false,
        _ => env.flag("MLFLOW_ENABLE_WORKSPACES").unwrap_or(false),
    };
    let default_artifact_root = match workspaces {
        // Where stock MLflow keeps, and looks for, what belongs to this workspace.
        true => format!("{}/workspaces/default", default_artifact_root.trim_end_matches('/')),
        false => default_artifact_root,
    };
    let port = match (args.port, env.get("MLFLOW_PORT")) {
        (Some(port), _) => port,
        (None, Some(text)) => {
            text.parse().map_err(|_| format!("MLFLOW_PORT must be a port number, not '{text}'."))?
        }
        (None, None) => 5000,
    };
    Ok(ServeSettings {
        host: text(&args.host, "MLFLOW_HOST").unwrap_or_else(|| "127.0.0.1".to_owned()),
        port,
        backend_store_uri,
        upgrade: args.upgrade,
        default_artifact_root,
        artifacts_destination,
        allowed_schemes: env
            .get("MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES")
            .map(list)
            .unwrap_or_default(),
        max_artifact_location: env
            .get("MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH")
            .and_then(|text| text.parse().ok())
            .unwrap_or(oxflow_model::limits::ARTIFACT_LOCATION),
        remote: RemoteSettings::read(|name| env.get(name).map(str::to_owned))
            .map_err(|error| error.message().to_owned())?,
        cwd,
        server: Settings {
            static_prefix: static_prefix(text(&args.static_prefix, "MLFLOW_STATIC_PREFIX"))?,
            artifacts_only,
            workspaces,
            security: security(&args, env),
            long_values: match env.flag("MLFLOW_TRUNCATE_LONG_VALUES") {
                Some(false) => LongValues::Refuse,
                _ => LongValues::Truncate,
            },
            source_pattern: source_pattern(env)?,
            custom_scorers: env.flag("MLFLOW_SERVER_ENABLE_CUSTOM_SCORERS") == Some(true),
            graphql: graphql(env),
            presigned_for: presigned_for(env)?,
            ..Settings::default()
        },
        webhooks: WebhookSettings { name_workspace: workspaces, ..webhooks(env)? },
        notices,
    })
}

/// The settings of a server that nobody but this process asks.
pub fn of_demo(args: &DemoArgs, env: &Env) -> Result<ServeSettings, String> {
    let server = ServerArgs {
        backend_store_uri: args.backend_store_uri.clone(),
        artifacts_destination: args.artifacts_destination.clone(),
        ..ServerArgs::default()
    };
    let mut settings = resolve(server, env)?;
    settings.server.static_prefix = String::new();
    settings.server.artifacts_only = false;
    // Requests of one's own have neither a host nor an origin.
    settings.server.security.enabled = false;
    Ok(settings)
}

/// The store that MLflow uses in a folder when nobody names one.
pub fn default_store(cwd: &Path) -> &'static str {
    let folder = oxflow_store_file::looks_like_one(&cwd.join("mlruns"));
    if folder && !cwd.join("mlflow.db").exists() { FILE_STORE } else { DEFAULT_STORE }
}

fn serve_artifacts(args: &ServerArgs, env: &Env) -> bool {
    match (args.serve_artifacts, args.no_serve_artifacts) {
        (true, _) => true,
        (_, true) => false,
        _ => env.flag("MLFLOW_SERVE_ARTIFACTS").unwrap_or(true),
    }
}

fn graphql(env: &Env) -> GraphqlLimits {
    let default = GraphqlLimits::default();
    let number = |name: &str| env.get(name).and_then(|text| text.parse().ok());
    GraphqlLimits {
        root_fields: number("MLFLOW_SERVER_GRAPHQL_MAX_ROOT_FIELDS").unwrap_or(default.root_fields),
        aliases: number("MLFLOW_SERVER_GRAPHQL_MAX_ALIASES").unwrap_or(default.aliases),
    }
}

fn presigned_for(env: &Env) -> Result<Duration, String> {
    const NAME: &str = "MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS";
    match number(env, NAME)? {
        Some(0) => Err(format!("{NAME} must be at least 1.")),
        Some(seconds) => Ok(Duration::from_secs(seconds.into())),
        None => Ok(Settings::default().presigned_for),
    }
}

/// The items of a comma-separated list.
fn list(text: &str) -> Vec<String> {
    text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

fn static_prefix(prefix: Option<String>) -> Result<String, String> {
    let prefix = prefix.unwrap_or_default();
    match prefix.as_str() {
        "" => Ok(prefix),
        p if !p.starts_with('/') => Err("--static-prefix must begin with a '/'.".to_owned()),
        p if p.ends_with('/') => Err("--static-prefix should not end with a '/'.".to_owned()),
        p if p.contains(['{', '}', '*', '?', '#', '%']) => {
            Err("--static-prefix must be a plain path, without any of { } * ? # %.".to_owned())
        }
        _ => Ok(prefix),
    }
}

fn source_pattern(env: &Env) -> Result<Option<SourcePattern>, String> {
    const NAME: &str = "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX";
    let pattern = env.get(NAME).map(SourcePattern::parse).transpose();
    pattern.map_err(|error| format!("{NAME}: {error}"))
}

fn webhooks(env: &Env) -> Result<WebhookSettings, String> {
    const KEY: &str = "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY";
    let default = WebhookSettings::default();
    let timeout = number(env, "MLFLOW_WEBHOOK_REQUEST_TIMEOUT")?;
    let workers = number(env, "MLFLOW_WEBHOOK_DELIVERY_MAX_WORKERS")?;
    let key = env.get(KEY).map(SecretKey::parse).transpose();
    Ok(WebhookSettings {
        schemes: env.get("MLFLOW_WEBHOOK_ALLOWED_SCHEMES").map(list).unwrap_or(default.schemes),
        allow_private: env.flag("MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS").unwrap_or(false),
        key: key.map_err(|error| format!("{KEY}: {error}."))?,
        timeout: timeout.map_or(default.timeout, |s| Duration::from_secs(s.max(1).into())),
        retries: number(env, "MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES")?.unwrap_or(default.retries),
        workers: workers.map_or(default.workers, |n| n.clamp(1, 1000) as usize),
        ..default
    })
}

/// A variable that must hold a whole number, if it is set.
fn number(env: &Env, name: &str) -> Result<Option<u32>, String> {
    let read = |text: &str| text.trim().parse().ok().filter(|n| *n <= 86_400);
    match env.get(name) {
        Some(text) => match read(text) {
            Some(number) => Ok(Some(number)),
            None => Err(format!("{name} must be a number from 0 to 86400, not '{text}'.")),
        },
        None => Ok(None),
    }
}

fn security(args: &ServerArgs, env: &Env) -> SecuritySettings {
    let mut settings = SecuritySettings::default();
    let text = |arg: &Option<String>, name: &str| {
        arg.as_deref().or_else(|| env.get(name)).map(str::to_owned)
    };
    settings.enabled = !(args.disable_security_middleware
        || env.flag("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE").unwrap_or(false));
    if let Some(hosts) = text(&args.allowed_hosts, "MLFLOW_SERVER_ALLOWED_HOSTS") {
        settings.allowed_hosts = list(&hosts);
    }
    if let Some(origins) = text(&args.cors_allowed_origins, "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS") {
        settings.allowed_origins = list(&origins);
    }
    if let Some(value) = text(&args.x_frame_options, "MLFLOW_SERVER_X_FRAME_OPTIONS") {
        let value = value.to_ascii_uppercase();
        settings.frame_options = Some(value).filter(|value| value != "NONE");
    }
    settings
}

/// What to say about options of stock MLflow that mean nothing here. What would make the server
/// less safe, or give it other data than asked for, is refused.
fn foreign(args: &ForeignArgs) -> Result<Vec<String>, String> {
    if let Some(name) = &args.app_name {
        return Err(format!(
            "--app-name {name}: authentication is not supported by this build yet, and the server \
             does not start open to everybody in its place."
        ));
    }
    if args.workspace_store_uri.is_some() {
        return Err(
            "--workspace-store-uri: this build keeps workspaces in the backend store. Leave \
                    the option out."
                .to_owned(),
        );
    }
    let ignored = [
        ("--workers", args.workers.is_some()),
        ("--gunicorn-opts", args.gunicorn_opts.is_some()),
        ("--waitress-opts", args.waitress_opts.is_some()),
        ("--uvicorn-opts", args.uvicorn_opts.is_some()),
        ("--dev", args.dev),
        ("--secrets-cache-ttl", args.secrets_cache_ttl.is_some()),
        ("--secrets-cache-max-size", args.secrets_cache_max_size.is_some()),
        ("--read-replica-backend-store-uri", args.read_replica_backend_store_uri.is_some()),
        ("--trace-archival-config", args.trace_archival_config.is_some()),
        ("--expose-prometheus", args.expose_prometheus.is_some()),
    ];
    let notice = |(name, given): (&str, bool)| {
        given.then(|| format!("{name} has no effect: Oxflow is one process that needs no tuning."))
    };
    Ok(ignored.into_iter().filter_map(notice).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_win_over_the_environment_and_that_over_defaults() {
        let env = Env::of([("MLFLOW_PORT", "7000"), ("MLFLOW_HOST", "0.0.0.0")]);
        let args = ServerArgs { port: Some(8000), ..ServerArgs::default() };
        let settings = resolve(args, &env).unwrap();
        assert_eq!((settings.port, settings.host.as_str()), (8000, "0.0.0.0"));
        assert_eq!(settings.backend_store_uri, DEFAULT_STORE);
        assert_eq!(settings.default_artifact_root, "mlflow-artifacts:/");
    }

    #[test]
    fn without_the_proxy_artifacts_go_to_a_folder() {
        let args = ServerArgs { no_serve_artifacts: true, ..ServerArgs::default() };
        let settings = resolve(args, &Env::default()).unwrap();
        assert_eq!(settings.default_artifact_root, "./mlruns");
        assert_eq!(settings.artifacts_destination, None);
    }

    #[test]
    fn a_server_for_artifacts_takes_no_database() {
        let args = |uri: Option<&str>| ServerArgs {
            artifacts_only: true,
            backend_store_uri: uri.map(str::to_owned),
            ..ServerArgs::default()
        };
        let settings = resolve(args(None), &Env::default()).unwrap();
        assert!(settings.server.artifacts_only && settings.notices.is_empty());
        assert!(resolve(args(Some("sqlite:///other.db")), &Env::default()).is_err());
    }

    #[test]
    fn webhooks_are_set_by_mlflows_variables() {
        let env = Env::of([
            ("MLFLOW_WEBHOOK_ALLOWED_SCHEMES", "http, https"),
            ("MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS", "true"),
            ("MLFLOW_WEBHOOK_REQUEST_TIMEOUT", "5"),
            ("MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES", "0"),
            ("MLFLOW_ENABLE_WORKSPACES", "true"),
        ]);
        let set = resolve(ServerArgs::default(), &env).unwrap().webhooks;
        assert_eq!((set.schemes, set.allow_private), (list("http,https"), true));
        assert_eq!((set.timeout, set.retries, set.workers), (Duration::from_secs(5), 0, 10));
        assert!(set.key.is_none() && set.name_workspace);
        for (name, bad) in [
            ("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", "short"),
            ("MLFLOW_WEBHOOK_DELIVERY_MAX_WORKERS", "many"),
        ] {
            let error = resolve(ServerArgs::default(), &Env::of([(name, bad)])).unwrap_err();
            assert!(error.starts_with(name) && !error.contains("short"), "{error}");
        }
    }

    #[test]
    fn options_that_would_be_unsafe_to_ignore_are_refused() {
        let mut args = ServerArgs::default();
        args.foreign.app_name = Some("basic-auth".to_owned());
        assert!(resolve(args, &Env::default()).unwrap_err().contains("authentication"));
        for bad in ["mlflow", "/mlflow/", "/{a}"] {
            let args = ServerArgs { static_prefix: Some(bad.to_owned()), ..ServerArgs::default() };
            assert!(resolve(args, &Env::default()).is_err(), "{bad}");
        }
    }
}
