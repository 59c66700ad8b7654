//! Revision 75868b020152 gives names, sessions, tokens and costs of traces columns of their own;
//! before, they were tags, metadata and metrics. Values are read as stock MLflow reads them.

use std::collections::HashMap;

use oxflow_store::numbers::{json, whole_double};
use oxflow_store::trace::{COSTS, NAME_TAG, PROMOTED, TOKENS, aggregate, columns, cut, name};
use serde_json::Value as Json;

use super::script::Family;
use crate::args;
use crate::error::{DbError, DbErrorKind};
use crate::session::Session;
use crate::value::Value;

/// Rows that are looked at together.
const PAGE: i64 = 1000;

const MODEL: &str = "mlflow.llm.model";
const PROVIDER: &str = "mlflow.llm.provider";

/// Most characters that are kept of the name of a model.
const MODEL_LENGTH: usize = 500;

fn refuse(why: String) -> DbError {
    DbError::new(DbErrorKind::Other, why)
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")
}

/// Fails if something would be lost: rows of traces that are not there, or attributes of spans
/// that have no column.
pub fn check(session: &mut dyn Session, family: Family) -> Result<(), DbError> {
    for table in ["spans", "assessments"] {
        let sql = format!(
            "SELECT child.trace_id FROM {table} AS child LEFT JOIN trace_info \
             ON child.trace_id = trace_info.request_id WHERE trace_info.request_id IS NULL LIMIT 1"
        );
        if let Some(trace) = session.row(&sql, &[], |row| row.text_or_empty(0))? {
            return Err(refuse(format!("{table} has rows of the trace {trace}, which is missing")));
        }
    }
    each_span(session, family, true, &mut |_, span| span.dimensions().map(drop))
}

/// A row of `spans`.
struct Span {
    trace: String,
    id: String,
    attributes: Option<String>,
    /// Whether one of the new columns holds something already.
    filled: bool,
}

impl Span {
    /// Model and provider.
    fn dimensions(&self) -> Result<[Option<String>; 2], DbError> {
        let lost = |what: String| {
            let Span { trace, id, .. } = self;
            refuse(format!("the attributes of the span {id} of the trace {trace} {what}"))
        };
        let Some(text) = &self.attributes else { return Ok([None, None]) };
        let read = |text: &str| json(text).ok_or_else(|| lost("are no JSON".to_owned()));
        let mut value = read(text)?;
        if let Json::String(inner) = &value {
            value = read(inner)?;
        }
        let members = match value {
            Json::Null => return Ok([None, None]),
            Json::Object(members) => members,
            _ => return Err(lost("are no JSON object".to_owned())),
        };
        let fits = |(key, value): (&String, &Json)| {
            [MODEL, PROVIDER].contains(&key.as_str()) && (value.is_null() || value.is_string())
        };
        if let Some((key, _)) = members.iter().find(|member| !fits(*member)) {
            return Err(lost(format!("hold {key}, which has no place in the new schema")));
        }
        Ok([MODEL, PROVIDER].map(|key| Some(cut(members.get(key)?.as_str()?, MODEL_LENGTH))))
    }
}

/// Hands over all spans, or those with attributes, in pages.
fn each_span(
    session: &mut dyn Session,
    family: Family,
    only_checked: bool,
    each: &mut dyn FnMut(&mut dyn Session, &Span) -> Result<(), DbError>,
) -> Result<(), DbError> {
    let text = if family == Family::Mysql { "CHAR" } else { "TEXT" };
    // The new columns come after the check.
    let (filled, condition) = if only_checked {
        ("0".to_owned(), "dimension_attributes IS NOT NULL AND ")
    } else {
        (any_filled(&[&COSTS, &["model_name", "model_provider"]]), "")
    };
    let sql = format!(
        "SELECT trace_id, span_id, CAST(dimension_attributes AS {text}), {filled} FROM spans \
         WHERE {condition}(trace_id > ? OR (trace_id = ? AND span_id > ?)) \
         ORDER BY trace_id, span_id LIMIT {PAGE}"
    );
    let (mut trace, mut id) = (String::new(), String::new());
    loop {
        let spans = session.rows(&sql, args![&trace, &trace, &id], |row| {
            Ok(Span {
                trace: row.text_or_empty(0)?,
                id: row.text_or_empty(1)?,
                attributes: row.text(2)?,
                filled: row.must_int(3)? != 0,
            })
        })?;
        let Some(last) = spans.last() else { return Ok(()) };
        (trace, id) = (last.trace.clone(), last.id.clone());
        for span in &spans {
            each(session, span)?;
        }
    }
}

/// An expression that is 1 if one of these columns is not NULL.
fn any_filled(columns: &[&[&str]]) -> String {
    let conditions: Vec<String> =
        columns.iter().copied().flatten().map(|column| format!("{column} IS NOT NULL")).collect();
    format!("CASE WHEN {} THEN 1 ELSE 0 END", conditions.join(" OR "))
}

/// Fills the new columns.
pub fn fill(session: &mut dyn Session, family: Family) -> Result<(), DbError> {
    fill_traces(session)?;
    fill_spans(session, family)?;
    fill_costs_of_gateways(session)?;
    fill_assessments(session)?;
    let sql = "SELECT assessment_id FROM assessments WHERE experiment_id IS NULL OR \
               trace_timestamp_ms IS NULL OR is_numeric_value IS NULL LIMIT 1";
    match session.row(sql, &[], |row| row.text_or_empty(0))? {
        Some(id) => Err(refuse(format!("the assessment {id} belongs to no experiment"))),
        None => Ok(()),
    }
}

/// What is known of a trace so far.
#[derive(Default)]
struct Trace {
    name: Option<String>,
    /// Of the metadata, what has columns of its own.
    metadata: Vec<(String, String)>,
    tokens: HashMap<String, Option<i64>>,
    filled: bool,
}

fn fill_traces(session: &mut dyn Session) -> Result<(), DbError> {
    let filled = any_filled(&[&["trace_name", "session_id"], &TOKENS, &COSTS]);
    let page = format!(
        "SELECT request_id, {filled} FROM trace_info WHERE request_id > ? ORDER BY request_id \
         LIMIT {PAGE}"
    );
    let set: Vec<String> = ["trace_name", "session_id"]
        .iter()
        .chain(&TOKENS)
        .chain(&COSTS)
        .map(|column| format!("{column} = ?"))
        .collect();
    let update = format!("UPDATE trace_info SET {} WHERE request_id = ?", set.join(", "));
    let mut after = String::new();
    loop {
        let ids = session
            .rows(&page, args![&after], |row| Ok((row.text_or_empty(0)?, row.must_int(1)? != 0)))?;
        let Some((last, _)) = ids.last() else { return Ok(()) };
        let mut traces = read_traces(session, &after, last)?;
        for (id, filled) in &ids {
            let mut trace = traces.remove(id).unwrap_or_default();
            trace.filled = *filled;
            if let Some(mut values) = trace.values() {
                values.push(id.into());
                session.execute(&update, &values)?;
            }
        }
        after.clone_from(last);
    }
}

/// Reads tags, metadata and metrics of a range of traces: after the first up to the last.
fn read_traces(
    session: &mut dyn Session,
    after: &str,
    last: &str,
) -> Result<HashMap<String, Trace>, DbError> {
    let mut traces: HashMap<String, Trace> = HashMap::new();
    let range = "request_id > ? AND request_id <= ?";
    let sql = format!(
        "SELECT request_id, value FROM trace_tags WHERE {range} AND \"key\" = '{NAME_TAG}'"
    );
    session.query(&sql, args![after, last], &mut |row| {
        traces.entry(row.text_or_empty(0)?).or_default().name = row.text(1)?;
        Ok(())
    })?;
    let sql = format!(
        "SELECT request_id, \"key\", value FROM trace_request_metadata WHERE {range} AND \"key\" IN \
         ({})",
        list(&PROMOTED)
    );
    session.query(&sql, args![after, last], &mut |row| {
        let trace = traces.entry(row.text_or_empty(0)?).or_default();
        if let Some(value) = row.text(2)? {
            trace.metadata.push((row.text_or_empty(1)?, value));
        }
        Ok(())
    })?;
    let sql = format!(
        "SELECT request_id, \"key\", value FROM trace_metrics WHERE {range} AND \"key\" IN ({})",
        list(&TOKENS)
    );
    session.query(&sql, args![after, last], &mut |row| {
        let count = row.real(2)?.and_then(whole_double);
        let trace = traces.entry(row.text_or_empty(0)?).or_default();
        trace.tokens.insert(row.text_or_empty(1)?, count);
        Ok(())
    })?;
    Ok(traces)
}

impl Trace {
    /// The values of the new columns, if there is something to write.
    fn values(&self) -> Option<Vec<Value<'static>>> {
        let found = columns(&self.metadata);
        let mut values: Vec<Value<'static>> =
            vec![self.name.as_deref().map(name).into(), found.session.into()];
        for (key, count) in TOKENS.iter().zip(found.tokens) {
            values.push(self.tokens.get(*key).copied().unwrap_or(count).into());
        }
        values.extend(found.costs.map(Value::from));
        let nothing = values.iter().all(|value| *value == Value::Null);
        if nothing && !self.filled { None } else { Some(values) }
    }
}

fn fill_spans(session: &mut dyn Session, family: Family) -> Result<(), DbError> {
    let costs = format!(
        "SELECT \"key\", value FROM span_metrics WHERE trace_id = ? AND span_id = ? AND \"key\" IN ({})",
        list(&COSTS)
    );
    let update = "UPDATE spans SET input_cost = ?, output_cost = ?, total_cost = ?, model_name = ?, \
                  model_provider = ? WHERE trace_id = ? AND span_id = ?";
    each_span(session, family, false, &mut |session, span| {
        let mut values: [Option<f64>; 3] = [None; 3];
        session.query(&costs, args![&span.trace, &span.id], &mut |row| {
            let key = row.text_or_empty(0)?;
            if let Some(at) = COSTS.iter().position(|cost| *cost == key) {
                values[at] = row.real(1)?.filter(|value| value.is_finite());
            }
            Ok(())
        })?;
        let [model, provider] = span.dimensions()?;
        let known = values.iter().any(Option::is_some) || model.is_some() || provider.is_some();
        if known || span.filled {
            let [input, output, total] = values;
            let keys: [&String; 2] = [&span.trace, &span.id];
            session
                .execute(update, args![input, output, total, model, provider, keys[0], keys[1]])?;
        }
        Ok(())
    })
}

/// A trace of a gateway costs what its spans cost.
fn fill_costs_of_gateways(session: &mut dyn Session) -> Result<(), DbError> {
    let sum =
        "(SELECT sum(spans.total_cost) FROM spans WHERE spans.trace_id = trace_info.request_id)";
    let sql = format!(
        "UPDATE trace_info SET total_cost = {sum} WHERE total_cost IS NULL AND {sum} IS NOT NULL \
         AND EXISTS (SELECT 1 FROM trace_request_metadata AS m \
         WHERE m.request_id = trace_info.request_id AND m.\"key\" = 'mlflow.gateway.endpointId')"
    );
    session.execute(&sql, &[]).map(drop)
}

fn fill_assessments(session: &mut dyn Session) -> Result<(), DbError> {
    let page = format!(
        "SELECT a.assessment_id, a.value, t.experiment_id, t.timestamp_ms FROM assessments AS a \
         JOIN trace_info AS t ON t.request_id = a.trace_id WHERE a.assessment_id > ? \
         ORDER BY a.assessment_id LIMIT {PAGE}"
    );
    let update = "UPDATE assessments SET experiment_id = ?, trace_timestamp_ms = ?, \
                  aggregate_value = ?, is_numeric_value = ? WHERE assessment_id = ?";
    let mut after = String::new();
    loop {
        let rows = session.rows(&page, args![&after], |row| {
            Ok((row.text_or_empty(0)?, row.text_or_empty(1)?, row.int(2)?, row.int(3)?))
        })?;
        let Some((last, ..)) = rows.last() else { return Ok(()) };
        after.clone_from(last);
        for (id, value, experiment, timestamp) in &rows {
            let (aggregate, numeric) = aggregate(value);
            session.execute(update, args![*experiment, *timestamp, aggregate, numeric, id])?;
        }
    }
}

/// Removes what has columns of its own now.
pub fn remove_old(session: &mut dyn Session) -> Result<(), DbError> {
    let mut delete = |table: &str, keys: &[&str]| {
        let sql = format!("DELETE FROM {table} WHERE \"key\" IN ({})", list(keys));
        session.execute(&sql, &[]).map(drop)
    };
    delete("trace_tags", &[NAME_TAG])?;
    delete("trace_request_metadata", &PROMOTED)?;
    delete("trace_metrics", &TOKENS)?;
    delete("span_metrics", &COSTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::sqlite::{Access, SqliteConnection};

    /// A trace with a span that has these attributes, in tables with what matters here.
    fn database(attributes: &str) -> (tempfile::TempDir, SqliteConnection) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let mut connection = SqliteConnection::open(&file, Access::Migrate).unwrap();
        let numbers = [&TOKENS[..], &COSTS[..]].concat().join(", ");
        connection
            .script(&format!(
                "CREATE TABLE trace_info (request_id, experiment_id, timestamp_ms, trace_name, \
                 session_id, {numbers}); \
                 CREATE TABLE trace_tags (request_id, key, value); \
                 CREATE TABLE trace_request_metadata (request_id, key, value); \
                 CREATE TABLE trace_metrics (request_id, key, value); \
                 CREATE TABLE span_metrics (trace_id, span_id, key, value); \
                 CREATE TABLE assessments (assessment_id, trace_id, value, experiment_id, \
                 trace_timestamp_ms, aggregate_value, is_numeric_value); \
                 CREATE TABLE spans (trace_id, span_id, dimension_attributes, input_cost, \
                 output_cost, total_cost, model_name, model_provider); \
                 INSERT INTO trace_info (request_id, experiment_id, timestamp_ms) VALUES ('t', 1, 5); \
                 INSERT INTO spans (trace_id, span_id, dimension_attributes) \
                 VALUES ('t', 's', '{attributes}')"
            ))
            .unwrap();
        (folder, connection)
    }

    #[test]
    fn attributes_that_would_be_lost_are_refused() {
        for (attributes, words) in [
            ("null", None),
            (r#"{"mlflow.llm.model": "m", "mlflow.llm.provider": null}"#, None),
            (r#""{\"mlflow.llm.model\": \"m\"}""#, None),
            ("{", Some("no JSON")),
            ("[1]", Some("no JSON object")),
            (r#"{"mlflow.llm.model": 5}"#, Some("mlflow.llm.model")),
            (r#"{"other": "x"}"#, Some("hold other")),
        ] {
            let (_folder, mut connection) = database(attributes);
            let found = check(&mut connection, Family::Sqlite).err().map(|error| error.message);
            let as_expected = match (&found, words) {
                (Some(message), Some(words)) => {
                    message.contains(words) && message.contains("span s")
                }
                (found, words) => found.is_none() && words.is_none(),
            };
            assert!(as_expected, "{attributes}: {found:?}");
        }
    }

    #[test]
    fn rows_of_traces_that_are_gone_are_refused() {
        let (_folder, mut connection) = database("null");
        connection
            .script("INSERT INTO assessments (assessment_id, trace_id) VALUES ('a', 'x')")
            .unwrap();
        let error = check(&mut connection, Family::Sqlite).unwrap_err();
        assert!(error.message.contains("assessments has rows of the trace x"), "{error}");
    }

    #[test]
    fn metrics_go_before_metadata_and_what_is_odd_becomes_null() {
        let (_folder, mut connection) = database(r#"{"mlflow.llm.model": "m"}"#);
        connection
            .script(
                r#"INSERT INTO trace_tags VALUES ('t', 'mlflow.traceName', 'n');
                INSERT INTO trace_request_metadata VALUES
                    ('t', 'mlflow.trace.tokenUsage', '{"input_tokens": 1, "output_tokens": "2", "total_tokens": 2.5}'),
                    ('t', 'mlflow.trace.cost', '{"input_cost": 0.5, "output_cost": Infinity}'),
                    ('t', 'mlflow.gateway.endpointId', 'e');
                INSERT INTO trace_metrics VALUES ('t', 'input_tokens', 7.0);
                INSERT INTO span_metrics VALUES ('t', 's', 'total_cost', 0.75);
                INSERT INTO assessments (assessment_id, trace_id, value) VALUES ('a', 't', '0.5')"#,
            )
            .unwrap();
        check(&mut connection, Family::Sqlite).unwrap();
        fill(&mut connection, Family::Sqlite).unwrap();
        remove_old(&mut connection).unwrap();
        let session: &mut dyn Session = &mut connection;
        let sql = "SELECT trace_name, input_tokens, output_tokens, total_tokens, input_cost, output_cost, \
                   total_cost FROM trace_info";
        let read = |row: &dyn crate::value::Row| {
            let texts = (0..7).map(|at| row.text(at)).collect::<Result<Vec<_>, DbError>>()?;
            Ok(texts
                .iter()
                .map(|text| text.as_deref().unwrap_or("-"))
                .collect::<Vec<_>>()
                .join(" "))
        };
        assert_eq!(session.row(sql, &[], read).unwrap().unwrap(), "n 7 2 - 0.5 - 0.75");
        let sql = "SELECT count(*) FROM trace_tags UNION ALL SELECT count(*) FROM trace_metrics \
                   UNION ALL SELECT count(*) FROM span_metrics UNION ALL \
                   SELECT count(*) FROM trace_request_metadata";
        let counts = session.rows(sql, &[], |row| row.must_int(0)).unwrap();
        assert_eq!(counts, [0, 0, 0, 1], "only the gateway stays");
    }
}
