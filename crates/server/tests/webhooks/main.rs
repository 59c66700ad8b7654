//! Webhooks through the outer door: real servers, real receivers, real databases.
#![expect(clippy::unwrap_used, reason = "these are tests")]

mod delivery;
mod endpoints;
mod harness;
mod replicas;
mod safety;
