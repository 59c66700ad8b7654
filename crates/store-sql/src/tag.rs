//! Tags of runs and experiments.

use std::collections::HashMap;

use oxflow_model::{RUN_NAME_TAG, Result, RunId, Tag};

use crate::args;
use crate::error::DbError;
use crate::filter::marks;
use crate::session::Session;
use crate::statements::Statements;
use crate::value::{Row, Value};

/// Reads a tag from `"key", value`.
pub fn read(row: &dyn Row) -> Result<Tag, DbError> {
    Ok(Tag { key: row.text_or_empty(0)?, value: row.text_or_empty(1)? })
}

/// The tags of one run.
pub fn of_run(session: &mut dyn Session, run: &RunId) -> Result<Vec<Tag>, DbError> {
    session.rows("SELECT \"key\", value FROM tags WHERE run_uuid = ?", args![run.as_str()], read)
}

/// The tags of many runs, by run.
pub fn of_runs(
    session: &mut dyn Session,
    runs: &[Value<'_>],
) -> Result<HashMap<String, Vec<Tag>>, DbError> {
    let sql = format!(
        "SELECT \"key\", value, run_uuid FROM tags WHERE run_uuid IN ({})",
        marks(runs.len())
    );
    session.rows_by_owner(&sql, runs, 2, read)
}

/// The tags of many experiments, by experiment.
pub fn of_experiments(
    session: &mut dyn Session,
    ids: &[i64],
) -> Result<HashMap<i64, Vec<Tag>>, DbError> {
    let mut tags: HashMap<i64, Vec<Tag>> = HashMap::new();
    // Databases limit how many arguments a statement takes.
    for ids in ids.chunks(1000) {
        let sql = format!(
            "SELECT \"key\", value, experiment_id FROM experiment_tags WHERE experiment_id IN ({})",
            marks(ids.len())
        );
        let ids: Vec<Value<'_>> = ids.iter().map(|id| Value::Int(*id)).collect();
        session.query(&sql, &ids, &mut |row| {
            tags.entry(row.must_int(2)?).or_default().push(read(row)?);
            Ok(())
        })?;
    }
    Ok(tags)
}

/// Sets a tag of a run. The tag that mirrors the name renames the run, unless it is empty, which
/// changes nothing at all.
pub fn set(
    session: &mut dyn Session,
    sql: &Statements,
    run: &RunId,
    tag: &Tag,
) -> Result<(), DbError> {
    if tag.key == RUN_NAME_TAG {
        if tag.value.is_empty() {
            return Ok(());
        }
        rename(session, run, &tag.value)?;
    }
    session.execute(&sql.upsert_tag, args![run.as_str(), &tag.key, &tag.value])?;
    Ok(())
}

/// Sets the tags of a batch; the last value of a key wins.
pub fn set_all(
    session: &mut dyn Session,
    sql: &Statements,
    run: &RunId,
    tags: &[Tag],
) -> Result<(), DbError> {
    // An empty name changes nothing.
    let kept = |tag: &&Tag| tag.key != RUN_NAME_TAG || !tag.value.is_empty();
    let name = tags.iter().filter(kept).rfind(|tag| tag.key == RUN_NAME_TAG);
    if let Some(name) = name {
        rename(session, run, &name.value)?;
    }
    upsert_all(session, sql, run, tags.iter().filter(kept))
}

fn rename(session: &mut dyn Session, run: &RunId, name: &str) -> Result<(), DbError> {
    let sql = "UPDATE runs SET name = ? WHERE run_uuid = ?";
    session.execute(sql, args![name, run.as_str()]).map(drop)
}

/// Writes tags; the last value of a key wins.
pub fn upsert_all<'a>(
    session: &mut dyn Session,
    sql: &Statements,
    run: &RunId,
    tags: impl IntoIterator<Item = &'a Tag>,
) -> Result<(), DbError> {
    // One statement may write a row only once.
    let mut last: Vec<(&str, &str)> = Vec::new();
    let mut places = HashMap::new();
    for tag in tags {
        let place = *places.entry(tag.key.as_str()).or_insert(last.len());
        match last.get_mut(place) {
            Some(known) => known.1 = &tag.value,
            None => last.push((&tag.key, &tag.value)),
        }
    }
    // One order for all, so that two that set the same tags do not wait for each other. Elsewhere
    // tags are shown in the order in which they came, as MLflow's are.
    if sql.locks_rows {
        last.sort_unstable();
    }
    session.execute_many(&sql.upsert_tag, last.len(), &mut |i, args| {
        args.extend([run.as_str().into(), last[i].0.into(), last[i].1.into()]);
    })?;
    Ok(())
}
