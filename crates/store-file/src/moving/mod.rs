//! Moving house: all that a folder keeps, read and written with ids and times.

mod export;
mod import;
mod points;
mod trace_files;
mod traces;
