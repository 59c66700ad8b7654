//! Tables that only databases keep: traces, evaluation datasets, scorers, webhooks and the like.
//! They are taken along row by row, as they are.

use async_channel::Sender;
use oxflow_model::Result;
use oxflow_store::{Cell, Cells, PART, Table};

use super::points::hand_over;
use crate::error::DbError;
use crate::schema;
use crate::session::Session;
use crate::value::{Row, Value};

/// Tables whose content moves as experiments, runs, models and so on, or is no content.
const OTHERWISE: [&str; 22] = [
    "alembic_version",
    "workspaces",
    "experiments",
    "experiment_tags",
    "runs",
    "params",
    "tags",
    "metrics",
    "latest_metrics",
    "datasets",
    "inputs",
    "input_tags",
    "logged_models",
    "logged_model_metrics",
    "logged_model_params",
    "logged_model_tags",
    "registered_models",
    "registered_model_tags",
    "registered_model_aliases",
    "model_versions",
    "model_version_tags",
    "scheduler_leases",
];

/// Tables that stay: secrets are encrypted for one server, what names them is nothing without
/// them, jobs belong to the server that runs them, and the database numbers the sums by day.
const STAY: [&str; 14] = [
    "secrets",
    "model_definitions",
    "endpoints",
    "endpoint_model_mappings",
    "endpoint_bindings",
    "endpoint_tags",
    "guardrails",
    "guardrail_configs",
    "jobs",
    "job_locks",
    "sql_trace_metric_daily_rollups",
    "sql_span_cost_daily_rollups",
    "sql_assessment_daily_rollups",
    "sql_trace_rollup_rebuild_queue",
];

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Int,
    Bool,
    Real,
    Text,
    Bytes,
}

/// A table as MLflow's schema has it.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its name.
    pub name: String,
    columns: Vec<(String, Kind)>,
    key: Vec<String>,
}

impl Definition {
    /// Its columns, as statements need them.
    pub fn quoted(&self) -> Vec<&str> {
        self.columns.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Which column holds the number of an experiment.
    fn experiment(&self) -> Option<usize> {
        let is_number =
            |(name, kind): &(String, Kind)| name == "\"experiment_id\"" && *kind == Kind::Int;
        self.columns.iter().position(is_number)
    }

    /// Those of its primary key.
    pub fn key(&self) -> Vec<&str> {
        self.key.iter().map(String::as_str).collect()
    }
}

/// All tables that only databases keep, each after those that it points to. They are read from the
/// schema for SQLite, which has one column in a line; the other databases have the same ones.
fn definitions() -> Vec<Definition> {
    let mut found: Vec<Definition> = Vec::new();
    let mut open: Option<Definition> = None;
    for line in schema::SQLITE.lines().chain(schema::SQLITE_TABLES.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (&mut open, words.as_slice()) {
            (None, ["CREATE", "TABLE", .., name, "("]) => {
                let (columns, key) = (Vec::new(), Vec::new());
                open = Some(Definition { name: (*name).to_owned(), columns, key });
            }
            (Some(_), [");", ..]) => found.extend(open.take()),
            (Some(table), ["CONSTRAINT", _, "PRIMARY", "KEY", names @ ..]) => {
                let bare = |name: &&str| name.trim_matches(['(', ')', ',', '"']).to_owned();
                table.key = names.iter().map(|name| format!("\"{}\"", bare(name))).collect();
            }
            // The database makes their values itself.
            (Some(_), [_, _, "GENERATED", ..]) => {}
            (Some(table), [name, kind, ..]) => {
                let kind = kind.trim_end_matches(',').split('(').next().unwrap_or_default();
                let kind = match kind {
                    "VARCHAR" | "TEXT" | "JSON" | "DATE" => Kind::Text,
                    "INTEGER" | "BIGINT" | "SMALLINT" => Kind::Int,
                    "BOOLEAN" => Kind::Bool,
                    "FLOAT" | "REAL" | "DOUBLE" | "NUMERIC" => Kind::Real,
                    "BLOB" => Kind::Bytes,
                    _ => continue,
                };
                if !["CONSTRAINT", "FOREIGN", "CHECK"].contains(name) {
                    let name = name.trim_matches('"');
                    table.columns.push((format!("\"{name}\""), kind));
                }
            }
            _ => {}
        }
    }
    let is_ours = |name: &str| name.starts_with("oxflow_") && name != "oxflow_views";
    found.retain(|table| !OTHERWISE.contains(&table.name.as_str()) && !is_ours(&table.name));
    found
}

fn can_move(table: &Definition) -> bool {
    !STAY.contains(&table.name.as_str())
        && table.columns.iter().all(|(_, kind)| *kind != Kind::Bytes)
}

/// A table that can move.
pub fn find(name: &str) -> Option<Definition> {
    definitions().into_iter().find(|table| table.name == name && can_move(table))
}

/// The tables that have rows.
pub fn sizes(session: &mut dyn Session) -> Result<Vec<Table>, DbError> {
    let mut found = Vec::new();
    for table in definitions() {
        let count = format!("SELECT count(*) FROM {}", table.name);
        // Our own tables are not there before a server of ours has been on the database.
        let rows = match session.row(&count, &[], |row| row.must_int(0)) {
            Err(_) if table.name.starts_with("oxflow_") => None,
            counted => counted?,
        };
        let rows = rows.and_then(|rows| u64::try_from(rows).ok()).unwrap_or(0);
        if rows > 0 {
            let (movable, experiment) = (can_move(&table), table.experiment());
            found.push(Table { name: table.name, rows, movable, experiment });
        }
    }
    Ok(found)
}

/// Sends the rows of a table in parts.
pub fn send(
    session: &mut dyn Session,
    table: &Definition,
    to: &Sender<Result<Vec<Cells>>>,
) -> Result<()> {
    let sql = format!("SELECT {} FROM {}", table.quoted().join(", "), table.name);
    let mut part = Vec::new();
    // Texts of traces are long.
    let (most_rows, most_bytes) = (PART, 8 << 20);
    let mut bytes = 0;
    session.query(&sql, &[], &mut |row| {
        let cells = read(row, table)?;
        bytes += cells.iter().map(size).sum::<usize>();
        part.push(cells);
        if part.len() == most_rows || bytes > most_bytes {
            bytes = 0;
            hand_over(to, std::mem::take(&mut part)).map_err(|_| DbError::given_up())?;
        }
        Ok(())
    })?;
    if part.is_empty() { Ok(()) } else { hand_over(to, part) }
}

fn size(cell: &Cell) -> usize {
    if let Cell::Text(text) = cell { text.len() } else { 8 }
}

fn read(row: &dyn Row, table: &Definition) -> Result<Cells, DbError> {
    let cell = |(column, (_, kind)): (usize, &(String, Kind))| {
        Ok(match kind {
            Kind::Int | Kind::Bool => row.int(column)?.map_or(Cell::Null, Cell::Int),
            Kind::Real => row.real(column)?.map_or(Cell::Null, Cell::Real),
            Kind::Text | Kind::Bytes => row.text(column)?.map_or(Cell::Null, Cell::Text),
        })
    };
    table.columns.iter().enumerate().map(cell).collect()
}

/// Adds rows that are not there.
pub fn write(
    session: &mut dyn Session,
    insert: &str,
    table: &Definition,
    rows: &[Cells],
) -> Result<()> {
    let value = |(cell, (_, kind)): (&Cell, &(String, Kind))| match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) if *kind == Kind::Bool => Value::from(*number != 0),
        Cell::Int(number) => Value::from(*number),
        Cell::Real(number) => Value::from(*number),
        Cell::Text(text) => Value::from(text.clone()),
    };
    session.execute_many(insert, rows.len(), &mut |i, args| {
        args.extend(rows[i].iter().zip(&table.columns).map(value));
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_the_schema_is_known() {
        let tables = definitions();
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        assert!(names.contains(&"trace_info") && names.contains(&"oxflow_views"), "{names:?}");
        assert!(!names.contains(&"runs") && !names.contains(&"oxflow_changes"));
        let sqlite = rusqlite::Connection::open_in_memory().unwrap();
        sqlite.execute_batch(schema::SQLITE).unwrap();
        sqlite.execute_batch(schema::SQLITE_TABLES).unwrap();
        for table in &tables {
            let columns = sqlite
                .prepare(&format!("SELECT name FROM pragma_table_info('{}')", table.name))
                .unwrap()
                .query_map([], |row| row.get::<_, String>(0))
                .unwrap()
                .map(|name| format!("\"{}\"", name.unwrap()))
                .collect::<Vec<_>>();
            assert_eq!(table.quoted(), columns, "{}", table.name);
        }
        let points_to = "SELECT m.name, f.\"table\" FROM sqlite_master m \
                         JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";
        let mut statement = sqlite.prepare(points_to).unwrap();
        let pairs = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        for (from, to) in pairs.map(|pair: rusqlite::Result<(String, String)>| pair.unwrap()) {
            let at = |name: &String| names.iter().position(|known| known == name);
            if let (Some(from_at), Some(to_at)) = (at(&from), at(&to)) {
                assert!(to_at <= from_at, "{from} comes before {to}");
            }
        }
        assert!(STAY.iter().all(|name| names.contains(name)));
        let stays = |name: &str| find(name).is_none();
        assert!(stays("secrets") && stays("endpoints") && !stays("spans"));
    }
}
