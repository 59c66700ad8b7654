//! Traces that come as the rows of a database, as the files that MLflow's file store has for them.
//! Their spans have no place here, unless they are artifacts already.

use oxflow_model::{Error, ExperimentId, Json, Millis, Result};
use oxflow_store::trace::{COSTS, NAME_TAG, PROMOTED, TOKENS};
use oxflow_store::{Cell, Cells};

use super::traces::TABLES;
use crate::changes::Changes;
use crate::experiment;
use crate::index::{Experiments, locate_by, remember};
use crate::names;
use crate::store::View;
use crate::yaml::{Map, Node};

/// Whether the rows of a table have a place in a folder.
pub fn keeps(table: &str) -> bool {
    TABLES.iter().any(|(known, _)| *known == table)
}

/// Writes rows of a table. Files that are there already stay as they are.
///
/// # Errors
/// `INVALID_PARAMETER_VALUE` for what cannot be a file, and for rows whose trace is not there.
pub fn write(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    table: &str,
    rows: &[Cells],
) -> Result<()> {
    let mut files = Files { view, changes, experiments: Experiments::of(view) };
    rows.iter().try_for_each(|row| match table {
        "trace_info" => files.head(row),
        "trace_tags" => files.pair("tags", row),
        "trace_request_metadata" => files.pair("request_metadata", row),
        _ => files.assessment(row),
    })
}

/// A row as it will be read back from the files: JSON has one spelling, and what the file store
/// derives from something else is left out. `None` for rows that are part of others there.
pub fn as_kept(table: &str, mut row: Cells) -> Option<Cells> {
    match table {
        "trace_info" => {
            // A duration of 0 is that of no duration, as MLflow reads it.
            if row.get(3) == Some(&Cell::Int(0)) {
                row[3] = Cell::Null;
            }
            row.truncate(8);
        }
        "trace_tags" | "trace_request_metadata" => {
            let key = row.first().and_then(text).unwrap_or_default();
            let is_tag = table == "trace_tags";
            if if is_tag { key == NAME_TAG } else { PROMOTED.contains(&key) } {
                return None;
            }
            if row.get(1) == Some(&Cell::Null) {
                row[1] = Cell::Text(String::new());
            }
        }
        "assessments" => {
            for at in [4, 5, 15] {
                let Some(cell) = row.get_mut(at) else { continue };
                let Some(json) = json(cell) else { continue };
                let is_nothing = at != 4 && (json == Json::Null || json == Json::empty());
                *cell = if is_nothing { Cell::Null } else { Cell::Text(json.to_sorted_text()) };
            }
            row.truncate(16);
        }
        _ => {}
    }
    Some(row)
}

/// What writes the files.
struct Files<'a, 'v, 'c> {
    view: &'a View<'v>,
    changes: &'a mut Changes<'c>,
    experiments: Experiments,
}

impl Files<'_, '_, '_> {
    /// The folders of an experiment and of a trace in it.
    fn place(&self, id: &Cell) -> Result<(String, String)> {
        let id = text(id).unwrap_or_default();
        names::check_id("trace id", id)?;
        let within = |base: &str| format!("{base}/traces/{id}");
        let found = locate_by(self.view, &self.experiments, id, within, "");
        let (experiment, path) = found
            .ok_or_else(|| Error::invalid(format!("The trace '{id}' is not in the folder.")))?;
        Ok((self.base(experiment)?, path))
    }

    fn base(&self, id: ExperimentId) -> Result<String> {
        let found = self.experiments.path(id);
        found.map(|(path, _)| path).ok_or_else(|| experiment::not_found(id))
    }

    /// Writes a file, unless it is there.
    fn put(&mut self, base: &str, target: &str, content: &str) -> Result<()> {
        if self.view.look.folder.is_file(target) {
            return Ok(());
        }
        self.changes.put(base, target, content.as_bytes())
    }

    fn head(&mut self, row: &[Cell]) -> Result<()> {
        let [id, Cell::Int(experiment), Cell::Int(at), took, status, rest @ ..] = row else {
            return Err(not_a_row("trace_info"));
        };
        let [client_id, asked, answered, _, name, session, counts @ ..] = rest else {
            return Err(not_a_row("trace_info"));
        };
        let id = text(id).unwrap_or_default();
        names::check_id("trace id", id)?;
        let number = experiment.to_string();
        let experiment = ExperimentId(*experiment);
        let base = self.base(experiment)?;
        let path = format!("{base}/traces/{id}");
        remember(self.view, id, experiment);
        if let Some(name) = text(name) {
            self.put(&base, &format!("{path}/tags/{NAME_TAG}"), name)?;
        }
        let (tokens, costs) = counts.split_at(TOKENS.len().min(counts.len()));
        let promoted =
            [text(session).map(str::to_owned), members(&TOKENS, tokens), members(&COSTS, costs)];
        for (key, value) in PROMOTED.iter().zip(promoted) {
            if let Some(value) = value {
                self.put(&base, &format!("{path}/request_metadata/{key}"), &value)?;
            }
        }
        let of = Map::from([
            ("mlflow_experiment", Node::map([("experiment_id", number.as_str())])),
            ("type", "MLFLOW_EXPERIMENT".into()),
        ]);
        let mut meta = Map::from([
            ("request_time", (&Millis(*at).iso8601()).into()),
            ("state", text(status).unwrap_or("OK").into()),
            ("trace_id", id.into()),
            ("trace_location", Node::Map(of)),
        ]);
        set(&mut meta, "client_request_id", client_id);
        set(&mut meta, "execution_duration_ms", took);
        set(&mut meta, "request_preview", asked);
        set(&mut meta, "response_preview", answered);
        self.put(&base, &format!("{path}/trace_info.yaml"), &meta.to_yaml())
    }

    fn pair(&mut self, folder: &str, row: &[Cell]) -> Result<()> {
        let [Cell::Text(key), value, trace] = row else {
            return Err(not_a_row(folder));
        };
        names::check_key(key)?;
        let (base, path) = self.place(trace)?;
        self.put(&base, &format!("{path}/{folder}/{key}"), text(value).unwrap_or_default())
    }

    fn assessment(&mut self, row: &[Cell]) -> Result<()> {
        let [id, trace, name, kind, value, error, created, updated, rest @ ..] = row else {
            return Err(not_a_row("assessments"));
        };
        let [source, source_id, run, span, rationale, overrides, valid, metadata, ..] = rest else {
            return Err(not_a_row("assessments"));
        };
        let (base, path) = self.place(trace)?;
        let id = text(id).unwrap_or_default();
        names::check_id("assessment id", id)?;
        let kind = text(kind).unwrap_or_default();
        let mut by = Map::from([("source_type", text(source).unwrap_or("CODE").into())]);
        set(&mut by, "source_id", source_id);
        let mut meta = Map::from([
            ("assessment_id", id.into()),
            ("assessment_name", text(name).unwrap_or_default().into()),
            ("create_time", (&time(created)).into()),
            ("last_update_time", (&time(updated)).into()),
            ("source", Node::Map(by)),
            ("trace_id", text(trace).unwrap_or_default().into()),
            ("valid", Node::from_json(&Json::Bool(*valid != Cell::Int(0)))),
            (said_as(kind)?, said(kind, value, error)),
        ]);
        for (key, cell) in
            [("run_id", run), ("span_id", span), ("rationale", rationale), ("overrides", overrides)]
        {
            set(&mut meta, key, cell);
        }
        if let Some(metadata) = json(metadata) {
            meta.set("metadata", Node::from_json(&metadata));
        }
        let document = meta.to_yaml();
        Map::parse(document.as_bytes()).map_err(|why| {
            Error::invalid(format!("The assessment '{id}' cannot be stored as a file: {why}."))
        })?;
        self.put(&base, &format!("{path}/assessments/{id}.yaml"), &document)
    }
}

/// The key under which an assessment of a kind says something.
fn said_as(kind: &str) -> Result<&'static str> {
    match kind {
        "feedback" => Ok("feedback"),
        "expectation" => Ok("expectation"),
        "issue" => Ok("issue"),
        other => {
            Err(Error::invalid(format!("The file store knows no assessments of type '{other}'.")))
        }
    }
}

/// What an assessment says. Expectations that are lists or objects are JSON inside of a text, as
/// MLflow writes them.
fn said(kind: &str, value: &Cell, error: &Cell) -> Node {
    let value = json(value).unwrap_or(Json::Null);
    if kind == "issue" {
        return Node::from_json(&value);
    }
    if kind == "expectation" && matches!(value, Json::List(_) | Json::Object(_)) {
        let text = value.to_string();
        let inner = Node::map([("serialization_format", "JSON_FORMAT"), ("value", text.as_str())]);
        return Node::Map(Map::from([("serialized_value", inner)]));
    }
    let mut said = Map::from([("value", Node::from_json(&value))]);
    if let Some(error) = json(error) {
        said.set("error", Node::from_json(&error));
    }
    Node::Map(said)
}

/// Numbers as the members of an object; `None` if there is none.
fn members(keys: &[&str], cells: &[Cell]) -> Option<String> {
    let mut found = Json::empty();
    for (key, cell) in keys.iter().zip(cells) {
        match cell {
            Cell::Int(number) => found.set(key, Json::Int(number.to_string())),
            Cell::Real(number) => found.set(key, Json::Float(*number)),
            Cell::Null | Cell::Text(_) => {}
        }
    }
    (found != Json::empty()).then(|| found.to_string())
}

fn set(map: &mut Map, key: &str, cell: &Cell) {
    match cell {
        Cell::Text(text) => map.set(key, text.into()),
        Cell::Int(number) => map.set(key, (*number).into()),
        Cell::Real(_) | Cell::Null => {}
    }
}

fn text(cell: &Cell) -> Option<&str> {
    if let Cell::Text(text) = cell { Some(text) } else { None }
}

fn json(cell: &Cell) -> Option<Json> {
    Json::parse("value", text(cell)?).ok()
}

fn time(cell: &Cell) -> String {
    Millis(if let Cell::Int(at) = cell { *at } else { 0 }).iso8601()
}

fn not_a_row(table: &str) -> Error {
    Error::invalid(format!("A row of {table} has not the columns of MLflow's schema."))
}
