//! Samples of histories for the eye, which cost the same however long a history is.

use oxflow_model::{Metric, Result, RunId};
use oxflow_store::HistoryInterval;

use crate::error::DbError;
use crate::metric::{self, COLUMNS};
use crate::session::Session;
use crate::statements::Statements;
use crate::value::Value;

/// Points beyond which a history is long: to look for the steps of a sample in the index then costs less than to walk
/// through all of it.
const LONG: i64 = 8000;

/// Adds the curve of one run to `points`.
pub fn of_run(
    session: &mut dyn Session,
    sql: &Statements,
    interval: &HistoryInterval,
    run: &RunId,
    points: &mut Vec<Metric>,
) -> Result<()> {
    let Some((first, last)) = ends_of_long(session, sql, interval, run)? else {
        return metric::sample(session, sql, interval, run, points);
    };
    let found = spread(session, sql, interval, run, (first, last))?;
    // Where most steps are in a few places, evenly spread ones would miss them.
    if found.len() as u64 * 4 < interval.points {
        return metric::sample(session, sql, interval, run, points);
    }
    points.extend(found);
    Ok(())
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

/// A point at each of evenly spread steps, or at the next one that has any.
fn spread(
    session: &mut dyn Session,
    sql: &Statements,
    interval: &HistoryInterval,
    run: &RunId,
    (first, last): (i64, i64),
) -> Result<Vec<Metric>, DbError> {
    let query = format!(
        "SELECT {COLUMNS} FROM {} WHERE run_uuid = ? AND \"key\" = ? AND step >= ? ORDER BY step{}",
        sql.metrics_of_run, sql.page
    );
    let mut found: Vec<Metric> = Vec::new();
    for at in 0..interval.points {
        let wanted = step_at(first, last, at, interval.points);
        if found.last().is_some_and(|point| point.step >= wanted) {
            continue;
        }
        let args = crate::args![run.as_str(), &interval.key, wanted, 1_i64, 0_i64];
        let point = session.row(&query, args, metric::read)?;
        found.extend(point.map(|point| Metric { run_id: Some(run.to_string()), ..point }));
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
