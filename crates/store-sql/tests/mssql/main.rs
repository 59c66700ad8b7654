//! The SQL store on the responder of the test kit, for want of SQL Server: the way through the driver and
//! the dialect, and how databases are opened, refused and lost. What SQL Server makes of the statements
//! is not shown here; a parser of Transact-SQL reads them in tests/mssql.

mod opening;
mod refusing;
mod restarting;

use oxflow_testkit::TestMsSql;

oxflow_store::conformance_suite!({
    let server = TestMsSql::new();
    (server.open(), server)
});
