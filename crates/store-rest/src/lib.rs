//! Another server's store, read over MLflow's REST API: enough to move out of it. Tested with Oxflow
//! and stock MLflow 3.17.2; what older servers call otherwise is asked for as well.
//!
//! What the API does not show cannot be read: deleted logged models and versions, when a run was
//! deleted, and what only databases keep.

mod client;
mod export;
mod read;

pub use client::{Access, RestStore};
