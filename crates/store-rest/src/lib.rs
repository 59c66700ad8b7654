//! Another server's store over MLflow's REST API: everything that the API has a call for, behind
//! the same traits as the stores that keep things themselves.

mod call;
mod client;
mod evaluation_dataset;
mod experiment;
mod export;
mod inside;
mod issue;
mod label_schema;
mod logged_model;
mod metric;
mod model_version;
mod page;
mod read;
mod registered_model;
mod registry;
mod review_queue;
mod run;
mod scorer;
mod store;
mod webhook;
mod workspace;

pub use call::{WISH, Wish};
pub use client::RestStore;
