//! What is known of the folder: one slot per entity, filled at the first look and checked at every
//! later one. And where entities are: runs and logged models are found by an id that does not tell
//! their experiment.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oxflow_model::ExperimentId;

use crate::experiment::ExperimentState;
use crate::logged_model::ModelState;
use crate::model_version::VersionState;
use crate::registered_model::RegisteredState;
use crate::run_state::RunState;
use crate::store::View;
use crate::tree::Listing;

/// Where deleted experiments are.
pub const TRASH: &str = ".trash";
/// Where the registry is.
pub const REGISTRY: &str = "models";

/// Slots by path.
#[derive(Debug)]
pub struct Slots<T>(Mutex<HashMap<String, Arc<Mutex<T>>>>);

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots(Mutex::default())
    }
}

/// Locks, whatever became of the thread that locked before: slots are checked at every look.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Default> Slots<T> {
    /// The slot of what is at a path.
    pub fn at(&self, path: &str) -> Arc<Mutex<T>> {
        let mut slots = locked(&self.0);
        if let Some(slot) = slots.get(path) {
            return slot.clone();
        }
        slots.entry(path.to_owned()).or_default().clone()
    }

    /// Forgets what is not there any more.
    pub fn forget(&self, path: &str) {
        locked(&self.0).remove(path);
    }
}

/// Everything that is known.
#[derive(Debug, Default)]
pub struct Index {
    pub experiments: Slots<ExperimentState>,
    pub runs: Slots<RunState>,
    pub logged_models: Slots<ModelState>,
    pub registered_models: Slots<RegisteredState>,
    pub versions: Slots<VersionState>,
    /// Folders of which only the names inside matter.
    pub listings: Slots<Listing>,
    /// The experiments in which runs, logged models and traces were last seen.
    places: Mutex<HashMap<String, ExperimentId>>,
}

/// The experiments that are there, by where they are.
#[derive(Debug)]
pub struct Experiments {
    active: HashSet<i64>,
    deleted: HashSet<i64>,
}

impl Experiments {
    /// The folders of a look.
    pub fn of(view: &View<'_>) -> Experiments {
        let numbers = |path: &str| {
            let folders = folders(view, path);
            // Only names that are numbers as we would write them.
            let number = |name: &String| name.parse().ok().filter(|n: &i64| n.to_string() == *name);
            folders.iter().filter_map(number).collect()
        };
        Experiments { active: numbers(""), deleted: numbers(TRASH) }
    }

    /// The folder of an experiment, and whether it is in the bin.
    pub fn path(&self, id: ExperimentId) -> Option<(String, bool)> {
        if self.active.contains(&id.0) {
            Some((id.to_string(), false))
        } else if self.deleted.contains(&id.0) {
            Some((format!("{TRASH}/{id}"), true))
        } else {
            None
        }
    }

    /// All of them, by number.
    pub fn ids(&self) -> Vec<ExperimentId> {
        let mut ids: Vec<i64> = self.active.union(&self.deleted).copied().collect();
        ids.sort_unstable();
        ids.into_iter().map(ExperimentId).collect()
    }
}

/// The folders in a folder.
pub fn folders(view: &View<'_>, path: &str) -> Arc<Vec<String>> {
    let slot = view.index().listings.at(path);
    view.through_gate(|look| locked(&slot).folders(look, path))
}

/// Where a run or logged model is: the folder, of which `within` tells how it lies in that of its
/// experiment.
pub fn locate(
    view: &View<'_>,
    id: &str,
    within: impl Fn(&str) -> String,
) -> Option<(ExperimentId, String)> {
    locate_by(view, &Experiments::of(view), id, within, "/meta.yaml")
}

/// The same for what has another file than `meta.yaml` as its mark, or none; for who asks often.
pub fn locate_by(
    view: &View<'_>,
    experiments: &Experiments,
    id: &str,
    within: impl Fn(&str) -> String,
    mark: &str,
) -> Option<(ExperimentId, String)> {
    let folder = view.look.folder;
    let found_in = |experiment: ExperimentId| {
        let (path, _) = experiments.path(experiment)?;
        let path = within(&path);
        folder.exists(&format!("{path}{mark}")).then_some((experiment, path))
    };
    let place = locked(&view.index().places).get(id).copied();
    if let Some(found) = place.and_then(found_in) {
        return Some(found);
    }
    let found = experiments.ids().into_iter().find_map(found_in);
    let mut places = locked(&view.index().places);
    match &found {
        Some((experiment, _)) => {
            places.insert(id.to_owned(), *experiment);
        }
        None => {
            places.remove(id);
        }
    }
    found
}

/// Notes where something will be, so that it need not be looked for in all experiments.
pub fn remember(view: &View<'_>, id: &str, experiment: ExperimentId) {
    locked(&view.index().places).insert(id.to_owned(), experiment);
}
