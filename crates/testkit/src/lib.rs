//! Real databases and real servers for tests, with a clock that stands still and ids that count.
//! A development dependency only; nothing that ships may use it.
#![expect(clippy::unwrap_used, reason = "these are tests: whatever fails here fails the test")]

mod builder;
mod clock;
mod database;
mod mariadb;
mod pool;
mod postgres;
mod server;
mod tds;
mod wish;

pub use builder::NewTestRun;
pub use clock::FixedClock;
pub use database::TestDatabase;
pub use mariadb::TestMySql;
pub use oxflow_store::conformance::{CountingIds, NOW};
pub use postgres::{DatabaseServer, TestPostgres};
pub use server::{Answer, Parts, TestServer};
pub use tds::{PASSWORD as TDS_PASSWORD, TestMsSql};
