//! What runs log: params, tags and points.

use std::collections::{BTreeMap, HashMap};

use oxflow_model::validate::python_repr;
use oxflow_model::{Error, LogBatch, Metric, Param, RUN_NAME_TAG, Result, RunId, registry};

use crate::changes::Changes;
use crate::folder::unreadable;
use crate::run_state::{RunPlace, require_active};
use crate::store::View;
use crate::{experiment, logged_model, names, points};

/// The tag that holds the JSON list of the models a run logged.
const MODEL_HISTORY_TAG: &str = "mlflow.log-model.history";

/// A param that has another value already.
struct Conflict<'a> {
    param: &'a Param,
    old: String,
}

/// Writes the params that are new; the ones that would change are given back.
fn write_params<'a>(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    run: &RunPlace,
    params: &'a [Param],
) -> Result<Vec<Conflict<'a>>> {
    let mut conflicts = Vec::new();
    let mut new: HashMap<&str, &str> = HashMap::new();
    for param in params {
        names::check_key(&param.key)?;
        let path = format!("{}/params/{}", run.path, param.key);
        let old = match new.get(param.key.as_str()) {
            Some(value) => Some((*value).to_owned()),
            None if view.look.folder.is_file(&path) => {
                view.look.folder.read_text(&path).map_err(|error| unreadable(&path, &error))?
            }
            None => None,
        };
        match old {
            Some(old) if old == param.value => {}
            Some(old) => conflicts.push(Conflict { param, old }),
            None => {
                changes.put(&run.path, &path, param.value.as_bytes())?;
                new.insert(&param.key, &param.value);
            }
        }
    }
    Ok(conflicts)
}

/// Writes one param.
pub fn param(view: &View<'_>, changes: &mut Changes<'_>, id: &RunId, param: &Param) -> Result<()> {
    let (run, _) = require_active(view, id)?;
    match write_params(view, changes, &run, std::slice::from_ref(param))?.as_slice() {
        [] => Ok(()),
        [conflict, ..] => Err(Error::invalid(format!(
            "Changing param values is not allowed. Param with key='{}' was already logged with \
             value='{}' for run ID='{id}'. Attempted logging new value '{}'.",
            param.key, conflict.old, param.value
        ))),
    }
}

/// Writes a batch.
pub fn batch(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    id: &RunId,
    batch: LogBatch,
) -> Result<()> {
    let (run, info) = require_active(view, id)?;
    let conflicts = write_params(view, changes, &run, &batch.params)?;
    if !conflicts.is_empty() {
        return Err(would_change(id, &conflicts));
    }
    append(view, changes, &run, &batch.metrics)?;
    // An empty name changes nothing.
    let mut tags = batch.tags;
    tags.retain(|tag| tag.key != RUN_NAME_TAG || !tag.value.is_empty());
    for tag in registry::last_wins(tags) {
        names::check_key(&tag.key)?;
        if tag.key == RUN_NAME_TAG && tag.value != info.name {
            let mut meta = experiment::meta(view, &run.path)?;
            meta.set("run_name", (&tag.value).into());
            changes.put_meta(&run.path, &run.path, &meta)?;
        }
        let path = format!("{}/tags/{}", run.path, tag.key);
        changes.put(&run.path, &path, tag.value.as_bytes())?;
    }
    Ok(())
}

fn would_change(id: &RunId, conflicts: &[Conflict<'_>]) -> Error {
    let list: Vec<String> = conflicts
        .iter()
        .map(|conflict| {
            format!(
                "{{'key': {}, 'old_value': {}, 'new_value': {}}}",
                python_repr(&conflict.param.key),
                python_repr(&conflict.old),
                python_repr(&conflict.param.value)
            )
        })
        .collect();
    Error::invalid(format!(
        "Changing param values is not allowed. Params were already logged='[{}]' for run ID='{id}'.",
        list.join(", ")
    ))
}

/// Appends points, all of a file at once.
pub fn append(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    run: &RunPlace,
    metrics: &[Metric],
) -> Result<()> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut models: HashMap<&str, String> = HashMap::new();
    for metric in metrics {
        names::check_key(&metric.key)?;
        let path = format!("{}/metrics/{}", run.path, metric.key);
        files.entry(path).or_default().push_str(&points::line(metric, None));
        let Some(model) = metric.model_id.as_deref() else { continue };
        if !models.contains_key(model) {
            let place = logged_model::place(view, model);
            let (_, path) = place.ok_or_else(|| logged_model::not_found(model))?;
            models.insert(model, path);
        }
        if let Some(path) = models.get(model) {
            let path = format!("{path}/metrics/{}", metric.key);
            let line = points::line(metric, Some(run.id.as_str()));
            files.entry(path).or_default().push_str(&line);
        }
    }
    for (path, lines) in files {
        changes.append(&path, lines)?;
    }
    Ok(())
}

/// Appends a JSON object to the list of the models that a run logged.
pub fn model_history(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    id: &RunId,
    model: &str,
) -> Result<()> {
    let (run, _) = require_active(view, id)?;
    let path = format!("{}/tags/{MODEL_HISTORY_TAG}", run.path);
    let old = view.look.folder.read_text(&path).map_err(|error| unreadable(&path, &error))?;
    let value = match &old {
        Some(old) => with_item(old, model).ok_or_else(|| {
            Error::invalid(format!("The tag {MODEL_HISTORY_TAG} of run {id} is not a JSON list."))
        })?,
        None => format!("[{model}]"),
    };
    changes.put(&run.path, &path, value.as_bytes())
}

/// The text of a JSON list with one more item; `None` if it is none.
pub fn with_item(list: &str, item: &str) -> Option<String> {
    let items: Vec<serde::de::IgnoredAny> = serde_json::from_str(list).ok()?;
    let head = list.trim_end().strip_suffix(']')?;
    Some(if items.is_empty() { format!("[{item}]") } else { format!("{head}, {item}]") })
}
