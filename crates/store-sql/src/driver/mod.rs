//! The databases' drivers: each turns a URI into open connections.

pub mod sqlite;
