//! The wire: MLflow's messages, the rules of their JSON, and the conversions from and to the
//! model. Shared by everything that speaks the protocol.

pub mod artifact;
pub mod case;
pub mod common;
pub mod dataset;
pub mod error;
pub mod evaluation_dataset;
pub mod experiment;
pub mod graphql;
pub mod issue;
pub mod label_schema;
pub mod logged_model;
pub mod message;
pub mod metric;
pub mod model_version;
pub mod registered_model;
pub mod request;
pub mod review_queue;
pub mod run;
pub mod run_table;
pub mod saved_view;
pub mod scorer;
pub mod service;
pub mod token;
pub mod ui;
pub mod view;
pub mod webhook;
pub mod wire_enum;
pub mod workspace;
