//! Histories as they are drawn. What is long costs the same however long it is.

use std::cmp::Ordering;

use oxflow_model::{Millis, Result, RunId};
use oxflow_store::{CurvePoint, HistoryInterval, thin};

use crate::error::DbError;
use crate::metric;
use crate::session::Session;
use crate::statements::Statements;
use crate::value::{Row, Value};

/// Points up to which a history is read without asking whether it is long.
const SHORT: i64 = 1000;
/// Points beyond which a history is long: to look for the steps of a sample in the index then costs less than to read
/// all of it.
const LONG: i64 = 8000;

/// The columns that [`read`] reads.
const COLUMNS: &str = "step, timestamp, value, is_nan";

fn read(row: &dyn Row) -> Result<CurvePoint, DbError> {
    let is_nan = row.int(3)?.unwrap_or(0) != 0;
    Ok(CurvePoint {
        step: row.int(0)?.unwrap_or(0),
        timestamp: Millis(row.int(1)?.unwrap_or(0)),
        value: if is_nan { f64::NAN } else { row.must_real(2)? },
    })
}

/// The curve of one run.
pub fn of_run(
    session: &mut dyn Session,
    sql: &Statements,
    interval: &HistoryInterval,
    run: &RunId,
) -> Result<Vec<CurvePoint>> {
    let all = first(session, sql, interval, run, SHORT + 1)?;
    if all.len() as i64 <= SHORT {
        return Ok(thin(in_order(all), interval.points));
    }
    if let Some(ends) = ends_of_long(session, sql, interval, run)? {
        let found = spread(session, sql, interval, run, ends)?;
        // Where most steps are in a few places, evenly spread ones would miss them.
        if found.len() as u64 * 4 >= interval.points {
            return Ok(found);
        }
    }
    let all = first(session, sql, interval, run, i64::MAX)?;
    Ok(thin(in_order(all), interval.points))
}

/// The points of the first steps, at most so many.
fn first(
    session: &mut dyn Session,
    sql: &Statements,
    interval: &HistoryInterval,
    run: &RunId,
    most: i64,
) -> Result<Vec<CurvePoint>, DbError> {
    let (from, mut args) = metric::part(&sql.metrics_of_run, interval, run);
    args.extend([Value::Int(most), Value::Int(0)]);
    session.rows(&format!("SELECT {COLUMNS} {from} ORDER BY step{}", sql.page), &args, read)
}

/// Points that are sorted by step also by timestamp and value. Asked for that, SQLite would sort all of them.
fn in_order(mut points: Vec<CurvePoint>) -> Vec<CurvePoint> {
    let key = |point: &CurvePoint| {
        let is_nan = point.value.is_nan();
        (point.step, point.timestamp, if is_nan { 0.0 } else { point.value }, is_nan)
    };
    points.sort_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(Ordering::Equal));
    points
}

/// The first and the last step of a history that is long.
fn ends_of_long(
    session: &mut dyn Session,
    sql: &Statements,
    interval: &HistoryInterval,
    run: &RunId,
) -> Result<Option<(i64, i64)>, DbError> {
    let (from, args) = metric::part(&sql.metrics_of_run, interval, run);
    let mut step = |order: &str, skipped: i64| {
        let query = format!("SELECT step {from} ORDER BY step{order}{}", sql.page);
        let mut args = args.clone();
        args.extend([Value::Int(1), Value::Int(skipped)]);
        session.row(&query, &args, |row| row.must_int(0))
    };
    if step("", LONG)?.is_none() {
        return Ok(None);
    }
    Ok(step("", 0)?.zip(step(" DESC", 0)?))
}

/// A point at each of evenly spread steps, or at the next one that has any; the last one is the last step.
fn spread(
    session: &mut dyn Session,
    sql: &Statements,
    interval: &HistoryInterval,
    run: &RunId,
    (first, last): (i64, i64),
) -> Result<Vec<CurvePoint>, DbError> {
    let query = format!(
        "SELECT {COLUMNS} FROM {} WHERE run_uuid = ? AND \"key\" = ? AND step >= ? ORDER BY step{}",
        sql.metrics_of_run, sql.page
    );
    let mut found: Vec<CurvePoint> = Vec::new();
    for at in 0..interval.points {
        let wanted = step_at(first, last, at, interval.points);
        if found.last().is_some_and(|point| point.step >= wanted) {
            continue;
        }
        let args = crate::args![run.as_str(), &interval.key, wanted, 1_i64, 0_i64];
        found.extend(session.row(&query, args, read)?);
    }
    Ok(found)
}

/// The step number `at` of `count` that lead from `first` to `last`; of one alone, the last.
fn step_at(first: i64, last: i64, at: u64, count: u64) -> i64 {
    let (first, last) = (i128::from(first), i128::from(last));
    let part = match count {
        0 | 1 => last - first,
        _ => (last - first) * i128::from(at) / i128::from(count - 1),
    };
    i64::try_from(first + part).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_lead_from_the_first_to_the_last() {
        let steps = |first, last, count| -> Vec<i64> {
            (0..count).map(|at| step_at(first, last, at, count)).collect()
        };
        assert_eq!(steps(0, 100, 5), [0, 25, 50, 75, 100]);
        assert_eq!(steps(-3, 3, 3), [-3, 0, 3]);
        assert_eq!(steps(0, 9, 1), [9]);
        assert_eq!(steps(i64::MIN, i64::MAX, 2), [i64::MIN, i64::MAX]);
    }
}
