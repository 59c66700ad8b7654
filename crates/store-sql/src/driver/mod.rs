//! The databases' drivers: each turns a URI into open connections.

pub mod mssql;
pub mod mysql;
pub mod postgres;
pub mod sqlite;
mod tls;
pub mod uri;
