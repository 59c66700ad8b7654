//! The SQL store: MLflow's schema behind the store traits. One file per resource, portable SQL, a
//! dialect and a driver per database.

mod change;
mod curve;
mod database;
mod dataset;
mod dataset_record;
pub mod dialect;
pub mod driver;
pub mod error;
mod evaluation_dataset;
mod experiment;
mod filter;
mod garbage;
mod issue;
mod label_schema;
mod logged_model;
mod logged_model_search;
mod metric;
pub mod migrate;
mod model_version;
mod moving;
mod open;
mod open_mssql;
mod open_mysql;
mod open_postgres;
mod param;
mod registered_model;
mod registry;
mod registry_search;
mod review_item;
mod review_queue;
mod run;
mod run_plan;
mod run_search;
mod run_table;
mod saved_view;
pub mod schema;
mod scorer;
pub mod session;
mod statements;
mod tag;
pub mod value;
mod webhook;
mod webhook_delivery;
mod webhooks;
mod workspace;

use std::sync::Arc;

use async_trait::async_trait;
use oxflow_model::Result;
use tokio::sync::Notify;

pub use open::OpenOptions;

use database::Database;
use dialect::Dialect;
use statements::Statements;

/// A store on a SQL database.
pub struct SqlStore {
    database: Database,
    sql: Arc<Statements>,
    dialect: Arc<dyn Dialect>,
    /// Told when deliveries for webhooks were queued.
    queued: Notify,
}

#[async_trait]
impl oxflow_store::Store for SqlStore {
    fn kind(&self) -> &'static str {
        "SqlStore"
    }

    async fn close(&self) -> Result<()> {
        self.database.close().await
    }
}
