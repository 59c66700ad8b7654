//! What came of it.

use std::collections::HashSet;
use std::fmt;

use oxflow_model::{Error, ErrorCode};
use oxflow_store::Table;

use super::walk::Pass;

/// How many complaints are shown one by one.
const SHOWN: usize = 20;

/// How much there was of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub experiments: u64,
    pub runs: u64,
    pub points: u64,
    pub models: u64,
    pub registered: u64,
    pub rows: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.experiments, "experiments"),
            (self.runs, "runs"),
            (self.points, "metric points"),
            (self.models, "logged models"),
            (self.registered, "registered models and prompts"),
            (self.rows, "rows of other tables"),
        ];
        for (at, (count, what)) in parts.into_iter().enumerate() {
            let gap = if at == 0 { "" } else { ", " };
            write!(f, "{gap}{} {what}", grouped(count))?;
        }
        Ok(())
    }
}

/// A number with commas between its thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Complaints, of which the first ones are kept.
#[derive(Debug, Default)]
pub struct Complaints {
    first: Vec<String>,
    pub count: u64,
}

impl Complaints {
    fn add(&mut self, text: String) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(text);
        }
    }

    fn lines(&self, heading: &str, out: &mut Vec<String>) {
        if self.count == 0 {
            return;
        }
        out.push(format!("{heading} ({}):", grouped(self.count)));
        out.extend(self.first.iter().map(|line| format!("  {line}")));
        let more = self.count - self.first.len() as u64;
        if more > 0 {
            out.push(format!("  and {} more", grouped(more)));
        }
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// The last pass that was begun.
    pub pass: Option<Pass>,
    /// What was written.
    pub moved: Counts,
    /// What was there already, from an earlier try.
    pub there: Counts,
    /// What was compared and is equal.
    pub verified: Counts,
    /// How fast that was.
    pub speed: Option<String>,
    /// Experiments that have another number now.
    pub renumbered: Vec<String>,
    /// Tables that the target has no place for, or that cannot move.
    pub left: Vec<Table>,
    /// Things that cannot be read.
    broken: Complaints,
    /// Things that the target cannot keep.
    refused: Complaints,
    refused_ids: HashSet<String>,
    /// Things that differ after all.
    pub different: Complaints,
}

impl Report {
    /// Notes something that the target cannot keep, by an id that is not used for anything else;
    /// gives the error back if it is about something else.
    pub fn refuse(&mut self, id: String, what: String, error: Error) -> Result<(), Error> {
        let cannot = [
            ErrorCode::InvalidParameterValue,
            ErrorCode::BadRequest,
            ErrorCode::ResourceAlreadyExists,
            ErrorCode::FeatureDisabled,
        ];
        if !cannot.contains(&error.code()) {
            return Err(error);
        }
        self.refused.add(format!("{what}: {}", error.message()));
        self.refused_ids.insert(id);
        Ok(())
    }

    /// Whether the target could not keep it.
    pub fn is_refused(&self, id: &str) -> bool {
        self.refused_ids.contains(id)
    }

    /// Notes something that cannot be read.
    pub fn broken(&mut self, what: String) {
        self.broken.add(what);
    }

    /// Notes that something is not the same.
    pub fn differs(&mut self, what: String) {
        self.different.add(what);
    }

    /// Whether all that could be read was moved.
    pub fn is_good(&self) -> bool {
        self.refused.count == 0 && self.different.count == 0
    }

    /// The report of one that was interrupted, line by line.
    pub fn interrupted(&self) -> Vec<String> {
        let (mut out, state) = match self.pass {
            None | Some(Pass::Look) => (Vec::new(), "before anything was written"),
            Some(Pass::Copy) => (self.lines(false), "before all was written"),
            Some(Pass::Verify) => {
                (self.lines(true), "when all was written, before it was compared to the end")
            }
        };
        out.push(format!("Interrupted {state}. Run the same command again to go on."));
        out
    }

    /// The report, line by line.
    pub fn lines(&self, verified: bool) -> Vec<String> {
        let mut out = vec![format!("Written: {}.", self.moved)];
        if self.there != Counts::default() {
            out.push(format!("There already: {}.", self.there));
        }
        out.extend(self.speed.clone());
        out.extend(self.renumbered.iter().cloned());
        self.broken.lines("Not readable in the source, and left out", &mut out);
        self.refused.lines("The target cannot keep", &mut out);
        if !self.left.is_empty() {
            out.push("Left behind:".to_owned());
            let line = |table: &Table| format!("  {} ({} rows)", table.name, grouped(table.rows));
            out.extend(self.left.iter().map(line));
        }
        if verified {
            out.push(format!("Read back and equal: {}.", self.verified));
        }
        self.different.lines("Different in the target", &mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
