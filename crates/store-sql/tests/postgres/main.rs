//! The SQL store on PostgreSQL: the promises of every store, and how databases are opened, refused
//! and lost.

mod opening;
mod refusing;
mod restarting;
mod upgrading;

use oxflow_testkit::TestPostgres;

oxflow_store::conformance_suite!({
    let database = TestPostgres::new();
    (database.open(), database)
});
