//! How fast points can be written to a database server: by the driver alone, which is the limit, and
//! by the store. Rounds of both alternate, so that other programs disturb them alike.
//!
//!     limits URI SECONDS ROUNDS
//!
//! Prints one line of JSON per measure: what, callers, and calls per second of each round. Run by
//! bench/databases.py.
#![expect(clippy::print_stdout, reason = "what is measured is printed")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use oxflow_model::{LogBatch, Metric, Millis, RunId};
use oxflow_store::{MetricStore as _, RunStore as _, Store as _, conformance};
use oxflow_store_sql::{OpenOptions, SqlStore};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Points of a batch: 10 metrics with 100 steps each.
const KEYS: i64 = 10;
const STEPS: i64 = 100;
/// More connections than writers of the store, fewer than what a database likes.
const CONNECTIONS: usize = 8;

/// Whoever writes points; one call is one transaction.
trait Writer: Send {
    fn write(&mut self, points: &[Metric]) -> Result<(), Failure>;
}

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let (Some(uri), Some(seconds), Some(rounds)) = (args.next(), args.next(), args.next()) else {
        return Err("limits URI SECONDS ROUNDS".into());
    };
    let (seconds, rounds): (f64, usize) = (seconds.parse()?, rounds.parse()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let store = Arc::new(SqlStore::open(&OpenOptions {
        uri: uri.clone(),
        cwd: std::env::temp_dir(),
        artifact_root: "mlflow-artifacts:/".to_owned(),
        readers: 2,
        now: Millis(1_700_000_000_000),
    })?);
    let mut number = 0;
    let mut clock = 0;
    for (what, single, callers) in [
        ("log-batch", false, 1),
        ("log-batch", false, CONNECTIONS),
        ("log-metric", true, 1),
        ("log-metric", true, 4 * CONNECTIONS),
    ] {
        let mut limit = Vec::new();
        let mut reached = Vec::new();
        for round in 0..2 * rounds {
            // The driver alone has as many connections as help it.
            let bare = round % 2 == 0;
            let writers = if bare { callers.min(CONNECTIONS) } else { callers };
            let mut all: Vec<Box<dyn Writer>> = Vec::new();
            for _ in 0..writers {
                number += 1;
                let run = runtime.block_on(conformance::run(store.as_ref(), number));
                all.push(if bare {
                    bare_writer(&uri, &run)?
                } else {
                    let (store, handle) = (store.clone(), runtime.handle().clone());
                    Box::new(Stored { store, handle, run, single })
                });
            }
            clock += 1_000_000_000;
            let speed = measure(all, single, clock, Duration::from_secs_f64(seconds))?;
            if bare { limit.push(speed) } else { reached.push(speed) }
        }
        println!(
            "{{\"what\": \"{what}\", \"callers\": {callers}, \"driver\": {limit:?}, \"store\": {reached:?}}}"
        );
    }
    runtime.block_on(store.close())?;
    Ok(())
}

/// Calls per second of all writers together.
fn measure(
    writers: Vec<Box<dyn Writer>>,
    single: bool,
    clock: i64,
    time: Duration,
) -> Result<f64, Failure> {
    let began = Instant::now();
    let counts: Vec<Result<u64, Failure>> = std::thread::scope(|scope| {
        let threads: Vec<_> = writers
            .into_iter()
            .map(|mut writer| {
                scope.spawn(move || {
                    let mut count = 0;
                    while began.elapsed() < time {
                        writer.write(&points(single, clock, count))?;
                        count += 1;
                    }
                    Ok(count as u64)
                })
            })
            .collect();
        let panicked = |_| Err("a writer panicked".into());
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    });
    let taken = began.elapsed().as_secs_f64();
    let total = counts.into_iter().sum::<Result<u64, Failure>>()?;
    Ok(total as f64 / taken)
}

/// The points of call number `call`; none of them was written before.
fn points(single: bool, clock: i64, call: i64) -> Vec<Metric> {
    let (keys, steps) = if single { (1, 1) } else { (KEYS, STEPS) };
    let point = |key: i64, step: i64| {
        let step = call * steps + step;
        Metric::point(format!("metric-{key}"), step as f64 * 0.5, Millis(clock + step), step)
    };
    (0..keys).flat_map(|key| (0..steps).map(move |step| point(key, step))).collect()
}

/// The last point of each key, which is its greatest.
fn latest(points: &[Metric]) -> Vec<&Metric> {
    points.chunk_by(|a, b| a.key == b.key).filter_map(<[Metric]>::last).collect()
}

/// The store under measure.
struct Stored {
    store: Arc<SqlStore>,
    handle: tokio::runtime::Handle,
    run: RunId,
    single: bool,
}

impl Writer for Stored {
    fn write(&mut self, points: &[Metric]) -> Result<(), Failure> {
        let done = if self.single {
            self.handle.block_on(self.store.log_metric(&self.run, points[0].clone()))
        } else {
            let batch = LogBatch { metrics: points.to_vec(), params: Vec::new(), tags: Vec::new() };
            self.handle.block_on(self.store.log_batch(&self.run, batch))
        };
        Ok(done?)
    }
}

fn bare_writer(uri: &str, run: &RunId) -> Result<Box<dyn Writer>, Failure> {
    if uri.starts_with("mysql") {
        Ok(Box::new(BareMySql::connect(uri, run)?))
    } else {
        Ok(Box::new(BarePostgres::connect(uri, run)?))
    }
}

/// PostgreSQL's driver, with prepared statements over arrays.
struct BarePostgres {
    // Dropped before the runtime that it lives in.
    client: tokio_postgres::Client,
    runtime: tokio::runtime::Runtime,
    run: String,
    insert: tokio_postgres::Statement,
    upsert: tokio_postgres::Statement,
}

impl BarePostgres {
    fn connect(uri: &str, run: &RunId) -> Result<BarePostgres, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (client, insert, upsert) = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(uri, tokio_postgres::NoTls).await?;
            drop(tokio::spawn(connection));
            let columns = "(run_uuid, key, value, timestamp, step, is_nan) SELECT $1, k, v, t, s, false \
                           FROM unnest($2::text[], $3::float8[], $4::int8[], $5::int8[]) AS p (k, v, t, s)";
            let insert = format!("INSERT INTO metrics {columns} ON CONFLICT DO NOTHING");
            let upsert = format!(
                "INSERT INTO latest_metrics {columns} ON CONFLICT (run_uuid, key) DO UPDATE SET \
                 value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, \
                 is_nan = excluded.is_nan WHERE (excluded.step, excluded.timestamp, excluded.value) \
                 > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)"
            );
            let insert = client.prepare(&insert).await?;
            let upsert = client.prepare(&upsert).await?;
            Ok::<_, tokio_postgres::Error>((client, insert, upsert))
        })?;
        Ok(BarePostgres { client, runtime, run: run.as_str().to_owned(), insert, upsert })
    }
}

impl Writer for BarePostgres {
    fn write(&mut self, points: &[Metric]) -> Result<(), Failure> {
        let columns = |points: &[&Metric]| {
            let keys: Vec<String> = points.iter().map(|point| point.key.clone()).collect();
            let values: Vec<f64> = points.iter().map(|point| point.value).collect();
            let times: Vec<i64> = points.iter().map(|point| point.timestamp.0).collect();
            let steps: Vec<i64> = points.iter().map(|point| point.step).collect();
            (keys, values, times, steps)
        };
        let all = columns(&points.iter().collect::<Vec<_>>());
        let last = columns(&latest(points));
        let (client, run) = (&self.client, &self.run);
        self.runtime.block_on(async {
            client.batch_execute("BEGIN").await?;
            client.execute(&self.insert, &[run, &all.0, &all.1, &all.2, &all.3]).await?;
            client.execute(&self.upsert, &[run, &last.0, &last.1, &last.2, &last.3]).await?;
            client.batch_execute("COMMIT").await?;
            Ok(())
        })
    }
}

/// MySQL's driver, with prepared statements of many rows.
struct BareMySql {
    link: mysql::Conn,
    run: String,
}

impl BareMySql {
    fn connect(uri: &str, run: &RunId) -> Result<BareMySql, Failure> {
        use mysql::prelude::Queryable as _;
        let options = mysql::Opts::from_url(&format!("{uri}?prefer_socket=false"))?;
        let mut link = mysql::Conn::new(options)?;
        link.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")?;
        Ok(BareMySql { link, run: run.as_str().to_owned() })
    }

    fn insert(&mut self, head: &str, tail: &str, points: &[&Metric]) -> Result<(), Failure> {
        use mysql::prelude::Queryable as _;
        let rows = vec!["(?, ?, ?, ?, ?, ?)"; points.len()].join(", ");
        let mut values: Vec<mysql::Value> = Vec::with_capacity(points.len() * 6);
        for point in points {
            values.push(self.run.as_str().into());
            values.push(point.key.as_str().into());
            values.push(point.value.into());
            values.push(point.timestamp.0.into());
            values.push(point.step.into());
            values.push(false.into());
        }
        let columns = "(run_uuid, `key`, value, timestamp, step, is_nan)";
        let sql = format!("{head} {columns} VALUES {rows}{tail}");
        Ok(self.link.exec_drop(sql, mysql::Params::Positional(values))?)
    }
}

impl Writer for BareMySql {
    fn write(&mut self, points: &[Metric]) -> Result<(), Failure> {
        use mysql::prelude::Queryable as _;
        let newer = "(VALUES(step), VALUES(timestamp), VALUES(value)) > (step, timestamp, value)";
        let set = ["is_nan", "value", "timestamp", "step"]
            .map(|column| format!("{column} = IF({newer}, VALUES({column}), {column})"));
        self.link.query_drop("START TRANSACTION")?;
        self.insert("INSERT IGNORE INTO metrics", "", &points.iter().collect::<Vec<_>>())?;
        let update = format!(" ON DUPLICATE KEY UPDATE {}", set.join(", "));
        self.insert("INSERT INTO latest_metrics", &update, &latest(points))?;
        Ok(self.link.query_drop("COMMIT")?)
    }
}
