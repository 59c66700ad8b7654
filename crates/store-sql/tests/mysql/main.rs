//! The SQL store on MariaDB: the promises of every store, and how databases are opened, refused and
//! lost.

mod opening;
mod refusing;
mod restarting;
mod upgrading;

use oxflow_testkit::TestMySql;

oxflow_store::conformance_suite!({
    let database = TestMySql::new();
    (database.open(), database)
});
