//! Logging: lines on standard error, as text or JSON.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::env::Env;

/// Starts logging. `OXFLOW_LOG` (e.g. `debug`, or `info,oxflow_server=debug`) or MLflow's
/// `MLFLOW_LOGGING_LEVEL` say how much; `OXFLOW_LOG_FORMAT=json` gives JSON lines.
pub fn start(env: &Env) {
    let wanted = env.get("OXFLOW_LOG").or_else(|| env.get("MLFLOW_LOGGING_LEVEL"));
    let level = match wanted.unwrap_or("info").to_ascii_lowercase().as_str() {
        "warning" => "warn".to_owned(),
        "critical" => "error".to_owned(),
        other => other.to_owned(),
    };
    let filter = EnvFilter::try_new(&level).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if env.get("OXFLOW_LOG_FORMAT") == Some("json") {
        lines.json().init();
    } else {
        lines.with_target(false).with_ansi(std::io::stderr().is_terminal()).init();
    }
}
