//! The databases' drivers: each turns a URI into open connections.

pub mod mysql;
pub mod postgres;
pub mod sqlite;
pub mod uri;
