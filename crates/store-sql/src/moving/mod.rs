//! Moving house: all that a database keeps, read and written with ids and times.

mod export;
mod import;
pub(crate) mod points;
mod tables;
