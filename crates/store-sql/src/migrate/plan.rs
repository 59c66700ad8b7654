//! What an upgrade would do, for people to read first.

use std::fmt;
use std::path::PathBuf;

use super::chain::Revision;
use super::script::Family;
use super::steps;
use crate::error::DbError;
use crate::schema::HEAD;

/// What an upgrade would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The revision of the database; `None` if it is empty.
    pub found: Option<String>,
    /// The copy that is made first, and its size in bytes.
    pub backup: Option<(PathBuf, u64)>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One revision of an upgrade.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The revision that it leads to.
    pub revision: String,
    /// What it does.
    pub what: String,
    /// Tables that are written anew as a whole, with how many rows they have.
    pub rewrites: Vec<(String, i64)>,
}

/// The plan for a database on a server, which changes its tables in place and has no file to copy.
pub fn of(found: Option<String>, family: Family) -> Result<Plan, DbError> {
    let missing = match found.as_deref() {
        Some(revision) => steps(revision, family)?,
        None => Vec::new(),
    };
    let step = |revision: &Revision| Step {
        revision: revision.id().to_owned(),
        what: revision.what(),
        rewrites: Vec::new(),
    };
    let steps = missing.iter().map(|(revision, _)| step(revision)).collect();
    Ok(Plan { found, backup: None, steps })
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.found.as_deref().unwrap_or("none (the database is empty)");
        writeln!(f, "Revision found:    {found}\nRevision expected: {HEAD}")?;
        if let Some((path, bytes)) = &self.backup {
            let size = *bytes as f64 / 1e6;
            writeln!(f, "Backup first:      {} ({size:.1} MB)", path.display())?;
        }
        match (&self.found, self.steps.len()) {
            (None, _) => writeln!(f, "All tables would be created.")?,
            (_, 0) => writeln!(f, "There is nothing to do.")?,
            (_, 1) => writeln!(f, "1 step:")?,
            (_, count) => writeln!(f, "{count} steps:")?,
        }
        for step in &self.steps {
            writeln!(f, "  {}  {}", step.revision, step.what)?;
            for (table, rows) in &step.rewrites {
                writeln!(f, "                writes the table {table} anew: {rows} rows")?;
            }
        }
        f.write_str("Nothing was changed.")
    }
}
