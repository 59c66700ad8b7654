//! Traces, as the rows that a database has for them: they are not served from folders, but move to
//! databases, and from there. The spans are files, among the artifacts of a trace, and stay there; a tag says where.

use async_channel::Sender;
use oxflow_model::{Error, ExperimentId, Json, Millis, Result};
use oxflow_store::trace::{NAME_TAG, PROMOTED, aggregate, columns, name};
use oxflow_store::{Cell, Cells, PART, Table};

use super::export::all;
use crate::folder::Kind;
use crate::index::Experiments;
use crate::store::View;
use crate::yaml::{Map, Node};

/// The tables, each after those that it needs, with the place of the number of the experiment.
pub(super) const TABLES: [(&str, Option<usize>); 4] = [
    ("trace_info", Some(1)),
    ("trace_tags", None),
    ("trace_request_metadata", None),
    ("assessments", Some(16)),
];

/// A trace.
struct Trace {
    id: String,
    experiment: ExperimentId,
    path: String,
    meta: Map,
}

/// The tables that have rows.
pub fn tables(view: &View<'_>) -> Result<Vec<Table>> {
    let mut counts = [0; TABLES.len()];
    each(view, &mut |trace| {
        for ((table, _), count) in TABLES.iter().zip(&mut counts) {
            *count += rows(view, trace, table).len() as u64;
        }
        Ok(())
    })?;
    let found = TABLES.iter().zip(counts).filter(|(_, rows)| *rows > 0);
    let table = |((name, experiment), rows): (&(&str, Option<usize>), u64)| Table {
        name: (*name).to_owned(),
        rows,
        movable: true,
        experiment: *experiment,
    };
    Ok(found.map(table).collect())
}

/// Sends the rows of a table in parts.
pub fn send(view: &View<'_>, table: &str, to: &Sender<Result<Vec<Cells>>>) -> Result<()> {
    let mut part = Vec::new();
    let hand_over = |part| {
        let gone = |_| Error::unavailable("Nobody waits for the answer any more.");
        to.send_blocking(Ok(part)).map_err(gone)
    };
    each(view, &mut |trace| {
        part.extend(rows(view, trace, table));
        if part.len() >= PART { hand_over(std::mem::take(&mut part)) } else { Ok(()) }
    })?;
    if part.is_empty() { Ok(()) } else { hand_over(part) }
}

/// Hands over all traces that can be read.
fn each(view: &View<'_>, take: &mut dyn FnMut(&Trace) -> Result<()>) -> Result<()> {
    let experiments = Experiments::of(view);
    for experiment in experiments.ids() {
        let Some((path, _)) = experiments.path(experiment) else { continue };
        let traces = format!("{path}/traces");
        for folder in entries(view, &traces, Kind::Folder) {
            let path = format!("{traces}/{folder}");
            let Some(meta) = document(view, &format!("{path}/trace_info.yaml")) else { continue };
            // Version 2 of traces has other words than version 3.
            let id = meta.owned("trace_id").or(meta.owned("request_id")).unwrap_or(folder);
            take(&Trace { id, experiment, path, meta })?;
        }
    }
    Ok(())
}

/// The names in a folder, sorted.
fn entries(view: &View<'_>, path: &str, kind: Kind) -> Vec<String> {
    let found = view.look.folder.list(path).unwrap_or_default();
    let mut names: Vec<String> =
        found.into_iter().filter(|(_, found)| *found == kind).map(|(name, _)| name).collect();
    names.sort_unstable();
    names
}

/// A document; `None` if it is missing or broken.
fn document(view: &View<'_>, path: &str) -> Option<Map> {
    let bytes = view.look.folder.read(path).map_err(|error| error.to_string());
    match bytes.and_then(|bytes| bytes.map(|bytes| Map::parse(&bytes)).transpose()) {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(path, %error, "a trace of the file store is broken and is skipped");
            None
        }
    }
}

/// The rows that a table has of a trace, in the order of MLflow's columns.
fn rows(view: &View<'_>, trace: &Trace, table: &str) -> Vec<Cells> {
    let pairs =
        |folder: &str| all(view, &format!("{}/{folder}", trace.path), |key, value| (key, value));
    let row = |(key, value): (String, String)| {
        vec![Cell::Text(key), Cell::Text(value), Cell::Text(trace.id.clone())]
    };
    match table {
        "trace_info" => vec![trace.head(&pairs("tags"), &pairs("request_metadata"))],
        "trace_tags" => {
            pairs("tags").into_iter().filter(|(key, _)| key != NAME_TAG).map(row).collect()
        }
        "trace_request_metadata" => {
            let is_own = |(key, _): &(String, String)| !PROMOTED.contains(&key.as_str());
            pairs("request_metadata").into_iter().filter(is_own).map(row).collect()
        }
        _ => trace.assessments(view),
    }
}

impl Trace {
    fn started_at(&self) -> i64 {
        self.meta.int("timestamp_ms").or_else(|| time(&self.meta, "request_time")).unwrap_or(0)
    }

    fn head(&self, tags: &[(String, String)], metadata: &[(String, String)]) -> Cells {
        let meta = &self.meta;
        let took = |key: &str| meta.int(key).filter(|took| *took != 0);
        let called = tags.iter().find(|(key, _)| key == NAME_TAG).map(|(_, value)| name(value));
        let columns = columns(metadata);
        let mut row = vec![
            Cell::Text(self.id.clone()),
            Cell::Int(self.experiment.0),
            Cell::Int(self.started_at()),
            int(took("execution_time_ms").or(meta.int("execution_duration_ms"))),
            Cell::Text(meta.text("status").or(meta.text("state")).unwrap_or("OK").to_owned()),
            text(meta.owned("client_request_id")),
            text(meta.owned("request_preview")),
            text(meta.owned("response_preview")),
            Cell::Int(0),
            text(called),
            text(columns.session),
        ];
        row.extend(columns.tokens.map(int));
        row.extend(columns.costs.map(|cost| cost.map_or(Cell::Null, Cell::Real)));
        row
    }

    fn assessments(&self, view: &View<'_>) -> Vec<Cells> {
        let folder = format!("{}/assessments", self.path);
        let files = entries(view, &folder, Kind::File);
        let read = |file: String| {
            let id = file.strip_suffix(".yaml")?;
            self.assessment(id, &document(view, &format!("{folder}/{file}"))?)
        };
        files.into_iter().filter_map(read).collect()
    }

    fn assessment(&self, id: &str, meta: &Map) -> Option<Cells> {
        let kinds = ["feedback", "expectation", "issue"];
        let (kind, said) = kinds.into_iter().find_map(|kind| Some((kind, inside(meta, kind)?)))?;
        let value = if kind == "issue" { Node::Map(said.clone()).to_json() } else { value(said) };
        let value = value.to_string();
        let error = said.get("error").filter(|_| kind == "feedback");
        let nothing = Map::default();
        let source = inside(meta, "source").unwrap_or(&nothing);
        let created = time(meta, "create_time").unwrap_or(0);
        let (aggregate, is_number) = aggregate(&value);
        let called = meta.owned("assessment_name").or(meta.owned("name"));
        Some(vec![
            Cell::Text(meta.owned("assessment_id").unwrap_or_else(|| id.to_owned())),
            Cell::Text(self.id.clone()),
            Cell::Text(called.unwrap_or_default()),
            Cell::Text(kind.to_owned()),
            Cell::Text(value),
            error.map_or(Cell::Null, json),
            Cell::Int(created),
            Cell::Int(time(meta, "last_update_time").unwrap_or(created)),
            Cell::Text(source.owned("source_type").unwrap_or_else(|| "CODE".to_owned())),
            text(source.owned("source_id")),
            text(meta.owned("run_id")),
            text(meta.owned("span_id")),
            text(meta.owned("rationale")),
            text(meta.owned("overrides")),
            Cell::Int(i64::from(meta.text("valid") != Some("false"))),
            meta.get("metadata").map_or(Cell::Null, json),
            Cell::Int(self.experiment.0),
            Cell::Int(self.started_at()),
            aggregate.map_or(Cell::Null, Cell::Real),
            Cell::Int(i64::from(is_number)),
        ])
    }
}

fn text(text: Option<String>) -> Cell {
    text.map_or(Cell::Null, Cell::Text)
}

fn int(number: Option<i64>) -> Cell {
    number.map_or(Cell::Null, Cell::Int)
}

/// JSON; nothing for what is empty.
fn json(node: &Node) -> Cell {
    match node.to_json() {
        Json::Null => Cell::Null,
        Json::Object(members) if members.is_empty() => Cell::Null,
        value => Cell::Text(value.to_string()),
    }
}

fn inside<'a>(meta: &'a Map, key: &str) -> Option<&'a Map> {
    match meta.get(key)? {
        Node::Map(map) => Some(map),
        _ => None,
    }
}

/// What was said. Values that are no texts or numbers of expectations are JSON inside of a text.
fn value(said: &Map) -> Json {
    let inner = inside(said, "serialized_value").and_then(|inner| inner.text("value"));
    if let Some(value) = inner.and_then(|text| Json::parse("value", text).ok()) {
        return value;
    }
    said.get("value").map_or(Json::Null, Node::to_json)
}

/// A time, which is a number of milliseconds or, in newer files, a text. Some keys of numbers end in
/// their unit.
fn time(meta: &Map, key: &str) -> Option<i64> {
    let number = meta.int(&format!("{key}_ms"));
    let whole = || meta.text(key)?.parse().ok();
    number.or_else(whole).or_else(|| Some(Millis::from_iso8601(meta.text(key)?)?.0))
}
