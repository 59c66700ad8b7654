//! Reading the points of a run in order, however many there are.

use async_channel::Sender;
use oxflow_model::{Error, Metric, Result, RunId};
use oxflow_store::{PART, by_key_and_step};

use crate::args;
use crate::error::DbError;
use crate::metric;
use crate::session::Session;
use crate::statements::Statements;

/// Runs with no more points than this are read at once and sorted here; others metric by metric.
pub const AT_ONCE: usize = 4 * PART;

/// Sends the points of a run in parts.
pub fn send(
    session: &mut dyn Session,
    sql: &Statements,
    run: &RunId,
    to: &Sender<Result<Vec<Metric>>>,
) -> Result<()> {
    let table = &sql.metrics_of_run;
    let columns = metric::COLUMNS;
    let some = format!("SELECT {columns} FROM {table} WHERE run_uuid = ?{}", sql.first_points);
    let mut points = session.rows(&some, args![run.as_str()], metric::read)?;
    if points.len() <= AT_ONCE {
        points.sort_by(by_key_and_step);
        return points.chunks(PART).try_for_each(|part| hand_over(to, part.to_vec()));
    }
    drop(points);
    // Keys are sorted here, because databases sort texts in orders of their own.
    let keys = format!("SELECT DISTINCT \"key\" FROM {table} WHERE run_uuid = ?");
    let mut keys = session.rows(&keys, args![run.as_str()], |row| row.text_or_empty(0))?;
    keys.sort_unstable();
    let of_key = format!(
        "SELECT {columns} FROM {table} WHERE run_uuid = ? AND \"key\" = ? \
         ORDER BY step, timestamp, value, is_nan"
    );
    for key in &keys {
        let mut part = Vec::new();
        session.query(&of_key, args![run.as_str(), key], &mut |row| {
            part.push(metric::read(row)?);
            if part.len() == PART {
                hand_over(to, std::mem::take(&mut part)).map_err(|_| DbError::given_up())?;
            }
            Ok(())
        })?;
        if !part.is_empty() {
            hand_over(to, part)?;
        }
    }
    Ok(())
}

/// Waits until there is room for a part.
pub fn hand_over<T>(to: &Sender<Result<Vec<T>>>, part: Vec<T>) -> Result<()> {
    to.send_blocking(Ok(part)).map_err(|_| Error::from(DbError::given_up()))
}
