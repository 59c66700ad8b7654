//! The file store: a folder in MLflow's layout (`mlruns`), read and written in place and shared
//! with other programs. One file per resource, as in the SQL store.
//!
//! ```text
//! <experiment>/meta.yaml  tags/<key>  datasets/<hash>/meta.yaml
//! <experiment>/<run>/meta.yaml  metrics/<key>  params/<key>  tags/<key>
//! <experiment>/<run>/inputs/<hash>/meta.yaml  outputs/<model>/meta.yaml
//! <experiment>/models/<model>/meta.yaml  metrics/<key>  params/<key>  tags/<key>
//! models/<name>/meta.yaml  tags/<key>  aliases/<alias>  version-<n>/meta.yaml  version-<n>/tags/<key>
//! .trash/<experiment>/…
//! ```

mod changes;
mod dataset;
mod experiment;
mod folder;
mod index;
mod lock;
mod logged_model;
mod logged_model_search;
mod matching;
mod metric;
mod model_version;
mod moving;
mod names;
mod open;
mod points;
mod registered_model;
mod registry;
mod registry_search;
mod run;
mod run_log;
mod run_search;
mod run_state;
mod store;
mod sync;
mod tree;
mod unsupported;
mod yaml;

pub use open::{ExperimentIds, OpenOptions, folder_of, looks_like_one};
pub use store::FileStore;
