//! The SQL store on SQLite: the promises of every store, and how files are opened and closed.
#![expect(clippy::unwrap_used, reason = "these are tests")]

mod closing;
mod columns;
mod opening;
mod refusing;
mod upgrading;

use oxflow_testkit::TestDatabase;

oxflow_store::conformance_suite!({
    let database = TestDatabase::sqlite();
    (database.open(), database)
});
