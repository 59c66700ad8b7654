//! The databases' drivers: each turns a URI into open connections.

pub mod postgres;
pub mod sqlite;
pub mod uri;
