//! Params of runs: written once, never changed.

use std::collections::HashMap;

use oxflow_model::validate::python_repr;
use oxflow_model::{Error, Param, Result, RunId};

use crate::args;
use crate::error::DbError;
use crate::filter::marks;
use crate::session::Session;
use crate::statements::Statements;
use crate::value::{Row, Value};

/// Reads a param from `"key", value`.
pub fn read(row: &dyn Row) -> Result<Param, DbError> {
    Ok(Param { key: row.text_or_empty(0)?, value: row.text_or_empty(1)? })
}

/// The params of one run.
pub fn of_run(session: &mut dyn Session, run: &RunId) -> Result<Vec<Param>, DbError> {
    session.rows("SELECT \"key\", value FROM params WHERE run_uuid = ?", args![run.as_str()], read)
}

/// The params of many runs, by run.
pub fn of_runs(
    session: &mut dyn Session,
    runs: &[Value<'_>],
) -> Result<HashMap<String, Vec<Param>>, DbError> {
    let sql = format!(
        "SELECT \"key\", value, run_uuid FROM params WHERE run_uuid IN ({})",
        marks(runs.len())
    );
    session.rows_by_owner(&sql, runs, 2, read)
}

/// A param that has another value already.
struct Conflict<'a> {
    param: &'a Param,
    old: String,
}

/// Writes the params that are new; the ones that would change are given back.
fn write<'a>(
    session: &mut dyn Session,
    sql: &Statements,
    run: &RunId,
    params: &'a [Param],
) -> Result<Vec<Conflict<'a>>, DbError> {
    // One order for all, so that two that log the same params do not wait for each other.
    let mut sorted: Vec<&Param> = params.iter().collect();
    if sql.locks_rows {
        sorted.sort_by(|a, b| a.key.cmp(&b.key));
    }
    let written = session.execute_many(&sql.insert_param, sorted.len(), &mut |i, args| {
        args.extend([run.as_str().into(), (&sorted[i].key).into(), (&sorted[i].value).into()]);
    })?;
    if written == params.len() as u64 {
        return Ok(Vec::new());
    }
    // Some were there before.
    let mut conflicts = Vec::new();
    for param in params {
        let old = session.row(
            "SELECT value FROM params WHERE run_uuid = ? AND \"key\" = ?",
            args![run.as_str(), &param.key],
            |row| row.text_or_empty(0),
        )?;
        match old {
            Some(old) if old != param.value => conflicts.push(Conflict { param, old }),
            _ => {}
        }
    }
    Ok(conflicts)
}

/// Writes one param.
pub fn log(session: &mut dyn Session, sql: &Statements, run: &RunId, param: &Param) -> Result<()> {
    match write(session, sql, run, std::slice::from_ref(param))?.as_slice() {
        [] => Ok(()),
        [conflict, ..] => Err(Error::invalid(format!(
            "Changing param values is not allowed. Param with key='{}' was already logged with \
             value='{}' for run ID='{run}'. Attempted logging new value '{}'.",
            param.key, conflict.old, param.value
        ))),
    }
}

/// Writes the params of a batch.
pub fn log_batch(
    session: &mut dyn Session,
    sql: &Statements,
    run: &RunId,
    params: &[Param],
) -> Result<()> {
    let conflicts = write(session, sql, run, params)?;
    if conflicts.is_empty() {
        return Ok(());
    }
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
    Err(Error::invalid(format!(
        "Changing param values is not allowed. Params were already logged='[{}]' for run \
         ID='{run}'.",
        list.join(", ")
    )))
}
