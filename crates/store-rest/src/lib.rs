//! Another server's store, read over MLflow's REST API: enough to move out of it. Stock MLflow since
//! 1.24 and Oxflow are understood.
//!
//! What the API does not show cannot be read: deleted logged models and versions, when a run was
//! deleted, and what only databases keep.

mod client;
mod export;
mod read;

pub use client::{Access, RestStore};
