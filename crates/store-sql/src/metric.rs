//! Points: appending them, the latest of each metric, and their history.

use std::cmp::Ordering;
use std::collections::HashMap;

use async_trait::async_trait;
use oxflow_model::{Error, Metric, Millis, Page, Result, RunId};
use oxflow_store::{Curve, HistoryInterval, HistoryPage, MetricRange, MetricStore};

use crate::args;
use crate::error::DbError;
use crate::filter::{Query, marks};
use crate::run::{self, RunHead};
use crate::session::{Lock, Session};
use crate::statements::Statements;
use crate::value::{Row, Value};
use crate::{SqlStore, curve, logged_model};

/// Up to so many points for one of the sample, all are read: a query for each of the sample costs more.
const WORTH_READING: u64 = 8;

/// The columns that [`read`] reads.
pub const COLUMNS: &str = "\"key\", value, timestamp, step, is_nan";

#[async_trait]
impl MetricStore for SqlStore {
    async fn log_metric(&self, id: &RunId, metric: Metric) -> Result<()> {
        let (sql, id) = (self.sql.clone(), id.clone());
        self.database
            .write(move |session| {
                let head = run::require_active(session, &id, Lock::Shared)?;
                append(session, &sql, &head, std::slice::from_ref(&metric))
            })
            .await
    }

    async fn metric_history(&self, history: HistoryPage) -> Result<Page<Metric>> {
        let mut query = Query::new(format!(
            "SELECT {COLUMNS} FROM {} WHERE run_uuid = ? AND \"key\" = ? \
             ORDER BY timestamp, step, value, is_nan",
            self.sql.metrics_of_run
        ));
        query.push_with("", [history.run_id.as_str().to_owned().into(), history.key.into()]);
        let (sql, args) = query.page(self.dialect.as_ref(), history.page);
        self.database
            .read(move |session| Ok(Page::cut(session.rows(&sql, &args, read)?, history.page)))
            .await
    }

    async fn metric_history_bulk(
        &self,
        run_ids: Vec<RunId>,
        key: &str,
        limit: u64,
    ) -> Result<Vec<Metric>> {
        let key = key.to_owned();
        let sql = format!(
            "SELECT {COLUMNS}, run_uuid FROM {} WHERE \"key\" = ? AND run_uuid IN ({}) \
             ORDER BY run_uuid, timestamp, step, value, is_nan{}",
            self.sql.metrics_of_run,
            marks(run_ids.len()),
            self.dialect.page()
        );
        self.database
            .read(move |session| {
                let mut args: Vec<Value<'_>> = vec![(&key).into()];
                args.extend(run_ids.iter().map(|id| Value::from(id.as_str())));
                args.push(Value::Int(limit as i64));
                args.push(Value::Int(0));
                Ok(session
                    .rows(&sql, &args, |row| Ok(Metric { run_id: row.text(5)?, ..read(row)? }))?)
            })
            .await
    }

    async fn metric_history_interval(&self, interval: HistoryInterval) -> Result<Vec<Metric>> {
        let sql = self.sql.clone();
        self.database
            .read(move |session| {
                let mut points = Vec::new();
                for run in &interval.run_ids {
                    sample(session, &sql, &interval, run, &mut points)?;
                }
                Ok(points)
            })
            .await
    }

    async fn metric_curves(&self, interval: HistoryInterval) -> Result<Vec<Curve>> {
        let sql = self.sql.clone();
        self.database
            .read(move |session| {
                let mut curves = Vec::with_capacity(interval.run_ids.len());
                for run in &interval.run_ids {
                    let points = curve::of_run(session, &sql, &interval, run)?;
                    if !points.is_empty() {
                        curves.push(Curve { run_id: run.clone(), points });
                    }
                }
                Ok(curves)
            })
            .await
    }

    async fn metric_ranges(
        &self,
        run_ids: Vec<RunId>,
        keys: Vec<String>,
    ) -> Result<Vec<MetricRange>> {
        let sql = format!(
            "SELECT run_uuid, \"key\", MIN(value), MAX(value) FROM {} \
             WHERE run_uuid IN ({}) AND \"key\" IN ({}) AND is_nan = {} GROUP BY run_uuid, \"key\"",
            self.sql.metrics_of_run,
            marks(run_ids.len()),
            marks(keys.len()),
            self.dialect.truth(false)
        );
        self.database
            .read(move |session| {
                let runs = run_ids.iter().map(|id| Value::from(id.as_str()));
                let args: Vec<Value<'_>> = runs.chain(keys.iter().map(Value::from)).collect();
                Ok(session.rows(&sql, &args, read_range)?)
            })
            .await
    }
}

fn read_range(row: &dyn Row) -> Result<MetricRange, DbError> {
    Ok(MetricRange {
        run_id: RunId::new(row.text_or_empty(0)?),
        key: row.text_or_empty(1)?,
        lowest: row.must_real(2)?,
        highest: row.must_real(3)?,
    })
}

/// Reads a point from [`COLUMNS`].
pub fn read(row: &dyn Row) -> Result<Metric, DbError> {
    let is_nan = row.int(4)?.unwrap_or(0) != 0;
    let value = if is_nan { f64::NAN } else { row.must_real(1)? };
    let timestamp = Millis(row.int(2)?.unwrap_or(0));
    Ok(Metric::point(row.text_or_empty(0)?, value, timestamp, row.int(3)?.unwrap_or(0)))
}

/// The latest points of one run.
pub fn latest_of_run(session: &mut dyn Session, run: &RunId) -> Result<Vec<Metric>, DbError> {
    session.rows(
        "SELECT \"key\", value, timestamp, step, is_nan FROM latest_metrics WHERE run_uuid = ?",
        args![run.as_str()],
        read,
    )
}

/// The latest points of many runs, by run.
pub fn latest_of_runs(
    session: &mut dyn Session,
    runs: &[Value<'_>],
) -> Result<HashMap<String, Vec<Metric>>, DbError> {
    let sql = format!(
        "SELECT \"key\", value, timestamp, step, is_nan, run_uuid FROM latest_metrics \
         WHERE run_uuid IN ({})",
        marks(runs.len())
    );
    session.rows_by_owner(&sql, runs, 5, read)
}

/// Appends points to a run. A point that is there already is dropped by its key.
pub fn append(
    session: &mut dyn Session,
    sql: &Statements,
    run: &RunHead,
    metrics: &[Metric],
) -> Result<()> {
    let id = run.id.as_str();
    let sorted = in_order_of_locks(metrics);
    session.execute_many(&sql.insert_metric, sorted.len(), &mut |i, args| {
        let (value, is_nan) = sorted[i].stored_value();
        args.extend([
            Value::from(id),
            Value::from(&sorted[i].key),
            Value::from(value),
            Value::from(sorted[i].timestamp.0),
            Value::from(sorted[i].step),
            Value::from(is_nan),
        ]);
    })?;
    let latest = latest_per_key(metrics);
    session.execute_many(&sql.upsert_latest_metric, latest.len(), &mut |i, args| {
        let (value, is_nan) = latest[i].stored_value();
        args.extend([
            Value::from(id),
            Value::from(&latest[i].key),
            Value::from(value),
            Value::from(latest[i].timestamp.0),
            Value::from(latest[i].step),
            Value::from(is_nan),
        ]);
    })?;
    append_to_models(session, sql, run, metrics)
}

/// Points in one order, whoever logs them: two that log the same points at once wait for each
/// other's rows, and must not do so crosswise. It is also the order of the primary key.
fn in_order_of_locks(metrics: &[Metric]) -> Vec<&Metric> {
    let mut sorted: Vec<&Metric> = metrics.iter().collect();
    sorted.sort_by(|a, b| {
        let (a, b) = (
            (&a.key, a.timestamp, a.step, a.stored_value().0),
            (&b.key, b.timestamp, b.step, b.stored_value().0),
        );
        a.partial_cmp(&b).unwrap_or(Ordering::Equal)
    });
    sorted
}

/// The greatest point of each key by (step, timestamp, value), the first one on a tie: one write
/// of `latest_metrics` per key, however long the batch.
fn latest_per_key(metrics: &[Metric]) -> Vec<&Metric> {
    if let [only] = metrics {
        return vec![only];
    }
    let mut latest: HashMap<&str, &Metric> = HashMap::new();
    for metric in metrics {
        let newer = latest.get(metric.key.as_str()).is_none_or(|other| {
            rank(metric).partial_cmp(&rank(other)).is_some_and(Ordering::is_gt)
        });
        if newer {
            latest.insert(&metric.key, metric);
        }
    }
    let mut latest: Vec<&Metric> = latest.into_values().collect();
    // A fixed order of locks, for databases that lock rows.
    latest.sort_by(|a, b| a.key.cmp(&b.key));
    latest
}

fn rank(metric: &Metric) -> (i64, i64, f64) {
    (metric.step, metric.timestamp.0, metric.stored_value().0)
}

fn append_to_models(
    session: &mut dyn Session,
    sql: &Statements,
    run: &RunHead,
    metrics: &[Metric],
) -> Result<()> {
    let mut known: Vec<&str> = Vec::new();
    for metric in metrics {
        let Some(model) = &metric.model_id else { continue };
        if !known.contains(&model.as_str()) {
            if !logged_model::exists(session, model)? {
                return Err(logged_model::not_found(model));
            }
            known.push(model);
        }
        session.execute(
            &sql.insert_model_metric,
            args![
                model,
                run.experiment_id.0,
                run.id.as_str(),
                &metric.key,
                metric.timestamp.0,
                metric.step,
                metric.stored_value().0,
                metric.dataset_name.as_deref(),
                metric.dataset_digest.as_deref(),
            ],
        )?;
    }
    Ok(())
}

/// Adds the sample of one run to `points`.
///
/// The steps alone stand in an index, in order: they stream past and show where the sampled points
/// are; only those are then read as rows.
fn sample(
    session: &mut dyn Session,
    sql: &Statements,
    interval: &HistoryInterval,
    run: &RunId,
    points: &mut Vec<Metric>,
) -> Result<()> {
    let table = &sql.metrics_of_run;
    let (from, args) = part(table, interval, run);
    let total = session
        .row(&format!("SELECT count(*) {from}"), &args, |row| row.must_int(0))?
        .and_then(|count| u64::try_from(count).ok())
        .unwrap_or(0);
    let run_id = Some(run.as_str().to_owned());
    let starts = bucket_starts(total, interval.points);
    if total <= interval.points.saturating_mul(WORTH_READING) {
        let sql = format!("SELECT {COLUMNS} {from} ORDER BY step, timestamp, value, is_nan");
        let all = session.rows(&sql, &args, read)?;
        let taken = starts.into_iter().filter_map(|at| all.get(usize::try_from(at).ok()?));
        points.extend(taken.map(|point| Metric { run_id: run_id.clone(), ..point.clone() }));
        return Ok(());
    }
    for place in places(session, &from, &args, &starts)? {
        // Sorted here: asked to sort, SQLite would walk the primary key for its order.
        let sql = format!(
            "SELECT {COLUMNS} FROM {table} WHERE run_uuid = ? AND \"key\" = ? AND step = ?"
        );
        let args = args![run.as_str(), &interval.key, place.step];
        let mut same_step = session.rows(&sql, args, read)?;
        same_step.sort_by(|a, b| {
            let (a, b) = ((a.timestamp, a.stored_value()), (b.timestamp, b.stored_value()));
            a.partial_cmp(&b).unwrap_or(Ordering::Equal)
        });
        let point = same_step.into_iter().nth(place.within);
        points.extend(point.map(|point| Metric { run_id: run_id.clone(), ..point }));
    }
    Ok(())
}

/// What follows `SELECT … ` to read the part of a history that is asked for.
pub fn part<'a>(
    table: &str,
    interval: &'a HistoryInterval,
    run: &'a RunId,
) -> (String, Vec<Value<'a>>) {
    let mut args: Vec<Value<'a>> = vec![run.as_str().into(), (&interval.key).into()];
    let mut bounds = "";
    if let Some((first, last)) = interval.steps {
        bounds = " AND step BETWEEN ? AND ?";
        args.extend([Value::Int(first), Value::Int(last)]);
    }
    (format!("FROM {table} WHERE run_uuid = ? AND \"key\" = ?{bounds}"), args)
}

/// Where a point stands: which one of those with its step.
struct Place {
    step: i64,
    within: usize,
}

/// The places of the points at `positions` of the history by step.
fn places(
    session: &mut dyn Session,
    from: &str,
    args: &[Value<'_>],
    positions: &[u64],
) -> Result<Vec<Place>, DbError> {
    let mut places = Vec::with_capacity(positions.len());
    let mut wanted = positions.iter().copied().peekable();
    let (mut position, mut last, mut within) = (0, None, 0);
    session.query(&format!("SELECT step {from} ORDER BY step"), args, &mut |row| {
        let step = row.must_int(0)?;
        within = if last == Some(step) { within + 1 } else { 0 };
        last = Some(step);
        if wanted.peek() == Some(&position) {
            wanted.next();
            places.push(Place { step, within });
        }
        position += 1;
        Ok(())
    })?;
    Ok(places)
}

/// Which of `total` rows begin one of `buckets` buckets of equal size, the first ones one longer;
/// the last row takes the place of the last of them.
fn bucket_starts(total: u64, buckets: u64) -> Vec<u64> {
    if total <= buckets {
        return (0..total).collect();
    }
    let (size, longer) = (total / buckets, total % buckets);
    let mut starts: Vec<u64> = (0..buckets).map(|i| i * size + i.min(longer)).collect();
    if let Some(last) = starts.last_mut() {
        *last = total - 1;
    }
    starts
}

/// The message of `runs/get` and all calls that log, when there is no such run.
pub fn no_such_run(id: &RunId) -> Error {
    Error::not_found(format!("Run with id={id} not found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_those_of_ntile_and_end_with_the_last_row() {
        assert_eq!(bucket_starts(20, 5), [0, 4, 8, 12, 19]);
        assert_eq!(bucket_starts(20, 3), [0, 7, 19]);
        assert_eq!(bucket_starts(20, 1), [19]);
        assert_eq!(bucket_starts(3, 5), [0, 1, 2]);
        assert_eq!(bucket_starts(0, 5), [] as [u64; 0]);
    }
}
