//! What every handler works with.

use std::sync::Arc;
use std::time::Duration;

use oxflow_artifacts::{ArtifactStore, Resolver};
use oxflow_model::validate::LongValues;
use oxflow_model::{Clock, IdSource, Stamp};
use oxflow_store::Store;

use crate::graphql::GraphqlLimits;
use crate::live::Live;
use crate::security::SecuritySettings;
use crate::source_pattern::SourcePattern;
use crate::webhooks::Webhooks;

/// The parts of a running server, put together by the composition root.
pub struct App {
    /// Where experiments, runs and models are kept.
    pub store: Arc<dyn Store>,
    /// Where artifacts are kept.
    pub artifacts: Artifacts,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdSource>,
    /// Who is told of changes of the registry.
    pub webhooks: Webhooks,
    /// Who follows runs.
    pub live: Arc<Live>,
    /// Everything that can be set.
    pub settings: Settings,
}

impl App {
    /// The time, and the id of what is about to happen in the registry.
    pub fn stamp(&self) -> Stamp {
        Stamp { event: self.ids.event_id(), at: self.clock.now() }
    }
}

/// A handle on the parts that all requests share.
pub type AppState = Arc<App>;

/// Where artifacts are kept.
pub struct Artifacts {
    /// The storage behind the proxy; `None` with `--no-serve-artifacts`.
    pub proxied: Option<Arc<dyn ArtifactStore>>,
    /// Opens stores for artifact locations that are not behind the proxy.
    pub resolver: Resolver,
    /// Where new experiments keep their artifacts: `<root>/<experiment id>`.
    pub default_root: String,
    /// What relative locations are relative to.
    pub cwd: std::path::PathBuf,
}

/// What can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Put before every path, such as `/mlflow`; empty for none.
    pub static_prefix: String,
    /// Serve artifacts only.
    pub artifacts_only: bool,
    /// Whether workspaces are managed here.
    pub workspaces: bool,
    /// Who may ask, from where.
    pub security: SecuritySettings,
    /// What to do with params and tags that are too long.
    pub long_values: LongValues,
    /// What sources of model versions must look like, if there is such a rule.
    pub source_pattern: Option<SourcePattern>,
    /// Whether scorers that hold code may be registered. The server never runs it, but who loads
    /// the scorer does.
    pub custom_scorers: bool,
    /// Largest body of a JSON request, in bytes.
    pub max_body: usize,
    /// Largest body of `upload-artifact`, in bytes.
    pub max_upload: usize,
    /// How long URLs for downloads past the proxy are good for.
    pub presigned_for: Duration,
    /// How much a GraphQL query may ask for.
    pub graphql: GraphqlLimits,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            static_prefix: String::new(),
            artifacts_only: false,
            workspaces: false,
            security: SecuritySettings::default(),
            long_values: LongValues::Truncate,
            source_pattern: None,
            custom_scorers: false,
            max_body: 64 << 20,
            max_upload: 10 << 20,
            presigned_for: Duration::from_secs(300),
            graphql: GraphqlLimits::default(),
        }
    }
}
