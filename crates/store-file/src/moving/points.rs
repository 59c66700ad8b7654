//! Reading the points of runs and logged models, in order.

use async_channel::Sender;
use oxflow_model::{Error, Metric, Result, RunId};
use oxflow_store::{PART, by_step};

use crate::folder::{Kind, unreadable};
use crate::points::{self, Owner};
use crate::run_state;
use crate::store::View;
use crate::tree::{Content, Look, Tree};

/// A file of which only the name matters.
#[derive(Debug)]
struct Name;

impl Content for Name {
    fn read(_: Look<'_>, _: &str, _: Option<Name>) -> std::result::Result<Option<Name>, String> {
        Ok(Some(Name))
    }
}

/// The keys of the files below a folder, sorted.
fn keys(view: &View<'_>, path: &str) -> Vec<String> {
    let mut tree = Tree::<Name>::default();
    tree.refresh(view.look, path);
    tree.iter().map(|(key, _)| key.to_owned()).collect()
}

/// Points on their way out: handed over when there are enough of them.
struct Outbox<'a> {
    part: Vec<Metric>,
    to: &'a Sender<Result<Vec<Metric>>>,
}

impl Outbox<'_> {
    /// Adds a point, unless it is the one before.
    fn push(&mut self, point: Metric) -> Result<()> {
        let same = self
            .part
            .last()
            .is_some_and(|last| last.key == point.key && by_step(last, &point).is_eq());
        if same {
            return Ok(());
        }
        if self.part.len() >= PART {
            // The last one stays, for the comparison.
            let last = self.part.pop();
            self.hand_over()?;
            self.part.extend(last);
        }
        self.part.push(point);
        Ok(())
    }

    fn hand_over(&mut self) -> Result<()> {
        let part = std::mem::take(&mut self.part);
        if part.is_empty() {
            return Ok(());
        }
        let gone = |_| Error::unavailable("Nobody waits for the answer any more.");
        self.to.send_blocking(Ok(part)).map_err(gone)
    }
}

/// Sends the points of a run in parts.
pub fn send(view: &View<'_>, id: &RunId, to: &Sender<Result<Vec<Metric>>>) -> Result<()> {
    let Some(place) = run_state::place(view, id) else { return Ok(()) };
    let folder = format!("{}/metrics", place.path);
    let mut outbox = Outbox { part: Vec::new(), to };
    for key in keys(view, &folder) {
        send_metric(view, &format!("{folder}/{key}"), &key, &mut outbox)?;
    }
    outbox.hand_over()
}

/// Sends the points of a file. Lines mostly stand in the order of their steps, and pass by as they
/// are read; where they do not, they are sorted in memory.
fn send_metric(view: &View<'_>, path: &str, key: &str, outbox: &mut Outbox<'_>) -> Result<()> {
    let folder = view.look.folder;
    // What is written from now on is not looked at.
    let Some((Kind::File, stamp)) = folder.stat(path) else { return Ok(()) };
    let open = || folder.open_file(path).map_err(|error| unreadable(path, &error));
    let (mut few, mut count, mut last) = (Vec::new(), 0_usize, None::<Metric>);
    let mut in_order = true;
    points::each(&open()?, stamp.size, path, key, |point| {
        count += 1;
        in_order &= last.as_ref().is_none_or(|last| by_step(last, &point).is_le());
        last = Some(point.clone());
        if count <= PART {
            few.push(point);
        }
        Ok(())
    })?;
    if count <= PART || !in_order {
        if count > PART {
            few.clear();
            points::each(&open()?, stamp.size, path, key, |point| {
                few.push(point);
                Ok(())
            })?;
        }
        few.sort_by(by_step);
        return few.into_iter().try_for_each(|point| outbox.push(point));
    }
    drop(few);
    points::each(&open()?, stamp.size, path, key, |point| outbox.push(point))
}

/// All points of a logged model.
pub fn of_model(view: &View<'_>, path: &str, model: &str) -> Result<Vec<Metric>> {
    let folder = format!("{path}/metrics");
    let mut all = Vec::new();
    for key in keys(view, &folder) {
        let path = format!("{folder}/{key}");
        let read =
            || points::all(view.look.folder.open_file(&path)?, &path, &key, Owner::Model(model));
        all.extend(read().map_err(|error| unreadable(&path, &error))?);
    }
    Ok(all)
}
