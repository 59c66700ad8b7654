//! The file store keeps the promises of all stores, as far as a file store has a place for what
//! they are about.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod common;

oxflow_store::conformance_suite! { files: common::TestFolder::store() }
