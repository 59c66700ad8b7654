//! Tags of runs and experiments.

use std::collections::HashMap;

use oxflow_model::{RUN_NAME_TAG, Result, RunId, Tag};

use crate::args;
use crate::error::DbError;
use crate::filter::marks;
use crate::session::Session;
use crate::statements::Statements;
use crate::value::{Row, Value};

fn read(row: &dyn Row) -> Result<Tag, DbError> {
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
        session.execute(
            "UPDATE runs SET name = ? WHERE run_uuid = ?",
            args![&tag.value, run.as_str()],
        )?;
    }
    session.execute(&sql.upsert_tag, args![run.as_str(), &tag.key, &tag.value])?;
    Ok(())
}
