//! Saved views: what somebody arranged a page of runs like, under a name.

use crate::validate::check_length;
use crate::{Error, ExperimentId, Millis, Result, limits};

/// What a saved view holds besides its id and times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// A UUID with dashes when we make it.
    pub id: String,
    /// The experiment it is for; `None` if it is for any.
    pub experiment_id: Option<ExperimentId>,
    /// What people call it.
    pub name: String,
    /// Who saved it; empty where nobody is known by name.
    pub owner: String,
    /// Shown to everybody who opens the experiment without naming a view.
    pub is_default: bool,
    /// The state of the page, a text that only the page understands.
    pub state: String,
    /// When it was saved first.
    pub created_at: Millis,
    /// When it was saved last.
    pub updated_at: Millis,
}

/// What to change of a saved view; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedViewChange {
    /// Another name.
    pub name: Option<String>,
    /// Another state.
    pub state: Option<String>,
    /// Whether it is the default of its experiment; there is one at most.
    pub is_default: Option<bool>,
}

/// Refuses a name that is empty or too long.
pub fn check_name(name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(Error::invalid("A view needs a name."));
    }
    check_length("name", name, limits::VIEW_NAME)
}

/// Refuses a state that is too long.
pub fn check_state(state: &str) -> Result<()> {
    if state.len() > limits::VIEW_STATE {
        return Err(Error::invalid(format!(
            "The state of a view may have {} bytes, this one has {}.",
            limits::VIEW_STATE,
            state.len()
        )));
    }
    Ok(())
}

/// The error for a view that is not there.
pub fn no_such_view(id: &str) -> Error {
    Error::not_found(format!("No view with id={id} exists; it may have been deleted."))
}
