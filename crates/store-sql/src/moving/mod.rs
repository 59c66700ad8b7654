//! Moving house: all that a database keeps, read and written with ids and times.

mod export;
mod import;
mod points;
mod tables;
