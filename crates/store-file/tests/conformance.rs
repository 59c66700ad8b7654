//! The file store keeps the promises of all stores, as far as a file store has a place for what
//! they are about.

mod common;

oxflow_store::conformance_suite! { files: common::TestFolder::store() }
