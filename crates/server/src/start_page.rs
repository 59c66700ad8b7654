//! The page at `/` where there are no web pages: what is running, and what to do with it.

use crate::app::App;

/// What all pages here begin with.
const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Oxflow</title>
<style>
:root { color-scheme: light dark; --line: #d9dde3; --soft: #f4f6f8; --quiet: #5b6672; --accent: #b4441c; }
@media (prefers-color-scheme: dark) { :root { --line: #343b44; --soft: #1c2127; --quiet: #9aa5b1; --accent: #ff8a5c; } }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 44rem; margin: 4rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.75rem; margin: 0; letter-spacing: -.01em; }
h1 span { color: var(--accent); }
p.lead { margin: .25rem 0 2rem; color: var(--quiet); }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
dl { display: grid; grid-template-columns: 11rem 1fr; gap: .35rem 1rem; margin: 0; padding: 1rem 0; border: solid var(--line); border-width: 1px 0; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; overflow-x: auto; font-size: .875rem; }
code { font-family: ui-monospace, monospace; }
</style>
</head>
<body>
<h1><span>Ox</span>flow</h1>"#;

/// The page of a build without the web pages: how to log to the server, and how to get the pages.
pub fn render(app: &App) -> String {
    let prefix = escape(&app.settings.static_prefix);
    let root = escape(&app.artifacts.default_root);
    let store = app.store.kind();
    let version = env!("CARGO_PKG_VERSION");
    let mlflow = crate::routes::MLFLOW_VERSION;
    format!(
        r#"{HEAD}
<p class="lead">The tracking server is running.</p>
<dl>
<dt>Version</dt><dd>{version}, speaking the protocol of MLflow {mlflow}</dd>
<dt>Store</dt><dd>{store}</dd>
<dt>New artifacts go to</dt><dd><code>{root}</code></dd>
<dt>Health</dt><dd><a href="{prefix}/health">{prefix}/health</a></dd>
</dl>
<p>This build has no web pages: <code>make serve</code> builds them in, and needs Node 20.</p>
<h2>Log a run</h2>
<pre><code>import mlflow

mlflow.set_tracking_uri("<span id="uri">http://127.0.0.1:5000{prefix}</span>")
mlflow.set_experiment("first steps")

with mlflow.start_run() as run:
    mlflow.log_param("learning_rate", 0.1)
    for step in range(100):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)

print(mlflow.get_run(run.info.run_id).data.metrics)</code></pre>
<script>
document.getElementById("uri").textContent = location.origin + "{prefix}";
</script>
</body>
</html>
"#
    )
}

/// The page of a server that has artifacts and nothing else: web pages could not load anything from it.
pub fn artifacts_only(app: &App) -> String {
    let prefix = escape(&app.settings.static_prefix);
    let version = env!("CARGO_PKG_VERSION");
    format!(
        r#"{HEAD}
<p class="lead">This server carries artifacts, and nothing else.</p>
<p>It was started with <code>--artifacts-only</code>: experiments, runs and models are on the tracking server that sends
its clients here. That server's address is the tracking URI, and its pages are the ones to open.</p>
<dl>
<dt>Version</dt><dd>{version}</dd>
<dt>Artifacts</dt><dd><code>{prefix}/api/2.0/mlflow-artifacts/artifacts</code></dd>
<dt>Health</dt><dd><a href="{prefix}/health">{prefix}/health</a></dd>
</dl>
<h2>Send clients here</h2>
<p>Start the tracking server with this address for artifacts:</p>
<pre><code>oxflow server --default-artifact-root <span id="uri">mlflow-artifacts://127.0.0.1:5000</span> --no-serve-artifacts</code></pre>
<script>
document.getElementById("uri").textContent = "mlflow-artifacts://" + location.host;
</script>
</body>
</html>
"#
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
