//! The TDS responder as a program, for clients that are not written in Rust. It prints its port, its user,
//! the password and the URI, and ends with its input.
#![expect(clippy::print_stdout, reason = "whoever started it reads the port there")]
#![expect(clippy::unwrap_used, reason = "it is part of tests")]

use oxflow_testkit::TestMsSql;

fn main() {
    let server = TestMsSql::new();
    println!("{} ann {} {}", server.port(), oxflow_testkit::TDS_PASSWORD, server.uri());
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
}
