//! `oxflow migrate`: everything of one store into another.
//!
//! The stores are walked through three times, in the same way ([`walk`]). The first pass looks for
//! things that are in both and differ, before anything is written; the second one writes what is
//! missing, so that one which was interrupted is gone on with; the third reads both and compares.

mod command;
mod points;
mod progress;
mod report;
mod rows;
mod stop;
mod walk;

pub use command::{End, filestore, migrate};
pub use stop::INTERRUPTED;
