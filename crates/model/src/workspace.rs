//! Workspaces: tenants of one server, each with experiments and models of its own.

use crate::error::{Error, Result};

/// The workspace of everything that names no other.
pub const DEFAULT: &str = "default";

/// Names that would be mistaken for parts of paths.
const RESERVED: [&str; 4] = ["workspaces", "api", "ajax-api", "static-files"];
/// Longest retention that the database holds, in characters.
const LONGEST_RETENTION: usize = 32;

/// A workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workspace {
    /// Its name, which is also its id.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where its new experiments keep their artifacts; the server's root if there is none.
    pub default_artifact_root: Option<String>,
    /// Where its old traces go.
    pub trace_archival_location: Option<String>,
    /// How long traces stay before they go there, such as `30d`.
    pub trace_archival_retention: Option<String>,
}

/// What to change; `None` leaves a field as it is, and an empty text clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceChange {
    /// What it is for; an empty text stays one.
    pub description: Option<String>,
    /// Where its new experiments keep their artifacts.
    pub default_artifact_root: Option<String>,
    /// Where its old traces go.
    pub trace_archival_location: Option<String>,
    /// How long traces stay before they go there.
    pub trace_archival_retention: Option<String>,
}

impl WorkspaceChange {
    /// Whether nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        *self == WorkspaceChange::default()
    }

    /// Makes the change.
    pub fn apply(self, workspace: &mut Workspace) {
        let set = |field: &mut Option<String>, new: Option<String>| {
            if let Some(text) = new {
                *field = Some(text).filter(|text| !text.is_empty());
            }
        };
        set(&mut workspace.default_artifact_root, self.default_artifact_root);
        set(&mut workspace.trace_archival_location, self.trace_archival_location);
        set(&mut workspace.trace_archival_retention, self.trace_archival_retention);
        if self.description.is_some() {
            workspace.description = self.description;
        }
    }
}

/// What becomes of the things in a workspace that is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionMode {
    /// They move to the default workspace.
    SetDefault,
    /// They are deleted.
    Cascade,
    /// There must not be any.
    Restrict,
}

impl DeletionMode {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            DeletionMode::SetDefault => "SET_DEFAULT",
            DeletionMode::Cascade => "CASCADE",
            DeletionMode::Restrict => "RESTRICT",
        }
    }

    /// Reads the parameter `mode`.
    pub fn parse(text: &str) -> Result<DeletionMode> {
        match text {
            "SET_DEFAULT" => Ok(DeletionMode::SetDefault),
            "CASCADE" => Ok(DeletionMode::Cascade),
            "RESTRICT" => Ok(DeletionMode::Restrict),
            _ => Err(Error::invalid(format!(
                "Invalid deletion mode '{text}'. Must be one of: SET_DEFAULT, CASCADE, RESTRICT"
            ))),
        }
    }
}

/// Checks a name: the rule of Kubernetes' namespaces, as in MLflow.
pub fn check_name(name: &str) -> Result<()> {
    let why = if !(2..=63).contains(&name.chars().count()) {
        "must be between 2 and 63 characters."
    } else if !is_label(name) {
        "must match the pattern ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$ (lowercase alphanumeric with \
         optional internal hyphens)."
    } else if RESERVED.contains(&name) {
        "is reserved and cannot be used."
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("Workspace name '{name}' {why}")))
}

fn is_label(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    name.bytes().all(fits) && !name.starts_with('-') && !name.ends_with('-')
}

/// Checks how long traces stay: a number above zero and a unit.
pub fn check_retention(text: &str) -> Result<()> {
    let number = text.strip_suffix(['m', 'h', 'd']).unwrap_or("");
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    if digits && number.bytes().any(|b| b != b'0') && text.len() <= LONGEST_RETENTION {
        return Ok(());
    }
    Err(Error::invalid(
        "Invalid value for 'trace_archival_config.retention'. Expected a duration in the form \
         `<int><unit>`, where unit is one of 'm', 'h', or 'd' (for example '30d' or '12h').",
    ))
}

/// There is no such workspace.
pub fn no_such_workspace(name: &str) -> Error {
    Error::not_found(format!("Workspace '{name}' not found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_namespaces() {
        for good in ["ab", "team-a", "0x", "a--b", &"x".repeat(63)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", "a", "A1", "-a", "a-", "a_b", "a b", "ä1", "api", "a\n", &"x".repeat(64)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn retentions_are_numbers_with_a_unit() {
        for good in ["30d", "12h", "1m", "007d"] {
            assert_eq!(check_retention(good), Ok(()), "{good}");
        }
        for bad in
            ["", "d", "0d", "30", "-1d", "1.5d", "30 d", "1w", &format!("{}d", "1".repeat(32))]
        {
            assert!(check_retention(bad).is_err(), "{bad}");
        }
    }
}
