//! The HTTP server: MLflow's REST API over the store traits. It knows no database: the composition
//! root hands it what it works with.

mod access;
mod answer;
mod app;
mod archive;
mod describe;
mod download;
mod drain;
mod graphql;
mod live;
pub mod openapi;
mod pages;
mod round;
mod router;
mod routes;
mod security;
mod serve;
mod source_pattern;
mod start_page;
mod trace;
mod version_source;
mod webhooks;
mod workspace;
mod zip;

pub use access::{Access, Level};
pub use app::{App, AppState, Artifacts, Settings};
pub use describe::{Content, Shape};
pub use graphql::GraphqlLimits;
pub use live::{Following, Live};
pub use router::{RouteInfo, Status, Under, Verb};
pub use routes::{MLFLOW_VERSION, router, table};
pub use security::SecuritySettings;
pub use serve::{listen, serve};
pub use source_pattern::SourcePattern;
pub use webhooks::deliver::Deliveries;
pub use webhooks::resolve::{Resolve, SystemResolver};
pub use webhooks::{SecretKey, WebhookSettings, Webhooks};
