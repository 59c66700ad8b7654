//! The command line.

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use crate::http::Server;
use crate::operation::{Fixture, Operation, Plan};

pub const HELP: &str = "\
loadgen setup   --url URL --fixture FILE [--runs 200]
loadgen measure --url URL --fixture FILE --op OP [options]

setup creates two experiments with that many runs each and writes their ids to FILE; measure sends
one kind of request and prints one JSON line. Only addresses of this machine are accepted.

  --op OP            health create-run log-metric log-batch log-param set-tag get-run
                     search-runs search-experiments put-artifact get-artifact raw
  --connections N    connections, one request in flight on each           (1)
  --seconds S        stop after this time                                 (5)
  --requests N       stop after this many requests per connection         (no limit)
  --warmup N         unmeasured requests per connection before that       (5)
  --timeout S        give up on one request after this time               (60)
  --server-pid PID   also report the CPU time of this process tree; repeatable
  --points N         points of one log-batch                              (1000)
  --keys N           metric keys these points belong to                   (10)
  --size BYTES       size of one artifact                                 (10240)
  --folder NAME      artifact folder; get-artifact reads what put-artifact wrote with the same
                     folder, connections and number of requests           (bench)
  --method M --path P --body TEXT    the request of `raw`                 (GET /health)";

pub enum Arguments {
    Help,
    Setup {
        server: Server,
        fixture: String,
        runs: usize,
        timeout: Duration,
    },
    /// `name` is the operation as it was written.
    Measure {
        server: Server,
        plan: Box<Plan>,
        name: String,
        bounds: Bounds,
        pids: Vec<u32>,
    },
}

pub struct Bounds {
    pub connections: usize,
    pub duration: Duration,
    pub requests: u64,
    pub warmup: u64,
    pub timeout: Duration,
}

pub fn parse(words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut words = words.peekable();
    let command = words.next().unwrap_or_else(|| "--help".to_owned());
    if matches!(command.as_str(), "--help" | "-h" | "help") {
        return Ok(Arguments::Help);
    }

    let mut options = Options::default();
    while let Some(word) = words.next() {
        let name = word.strip_prefix("--").ok_or_else(|| format!("unexpected '{word}'"))?;
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        options.0.entry(name.to_owned()).or_default().push(value);
    }

    let server = Server::parse(&options.required("url")?)?;
    let fixture = options.required("fixture")?;
    let timeout = Duration::from_secs_f64(options.number("timeout", 60.0)?);
    let arguments = match command.as_str() {
        "setup" => {
            let runs = options.number("runs", 200)?.max(1);
            Arguments::Setup { server, fixture, runs, timeout }
        }
        "measure" => measure(&mut options, server, &fixture, timeout)?,
        other => return Err(format!("unknown command '{other}'\n{HELP}")),
    };
    match options.0.keys().next() {
        Some(unknown) => Err(format!("unknown option --{unknown}\n{HELP}")),
        None => Ok(arguments),
    }
}

fn measure(
    options: &mut Options,
    server: Server,
    fixture: &str,
    timeout: Duration,
) -> Result<Arguments, String> {
    let name = options.required("op")?;
    let text = fs::read_to_string(fixture).map_err(|error| format!("{fixture}: {error}"))?;
    let plan = Plan {
        operation: Operation::parse(&name).ok_or_else(|| format!("unknown operation '{name}'"))?,
        fixture: Fixture::parse(&text).ok_or_else(|| format!("{fixture}: no runs in it"))?,
        epoch: UNIX_EPOCH.elapsed().map_err(|error| error.to_string())?.as_millis() as u64,
        points: options.number("points", 1000)?,
        keys: options.number("keys", 10)?,
        artifact_size: options.number("size", 10_240)?,
        artifact_folder: options.text("folder", "bench"),
        raw_method: match options.text("method", "GET").as_str() {
            "GET" => "GET",
            "POST" => "POST",
            "PUT" => "PUT",
            "DELETE" => "DELETE",
            other => return Err(format!("unknown method '{other}'")),
        },
        raw_path: options.text("path", "/health"),
        raw_body: options.text("body", ""),
    };
    let bounds = Bounds {
        connections: options.number("connections", 1)?,
        duration: Duration::from_secs_f64(options.number("seconds", 5.0)?),
        requests: options.number("requests", u64::MAX)?,
        warmup: options.number("warmup", 5)?,
        timeout,
    };
    if bounds.connections == 0 || plan.keys == 0 || plan.points == 0 {
        return Err("--connections, --points and --keys must not be zero".to_owned());
    }
    let pids = options.numbers("server-pid")?;
    Ok(Arguments::Measure { server, plan: Box::new(plan), name, bounds, pids })
}

/// Options that nobody has asked for yet; what is left at the end is unknown.
#[derive(Default)]
struct Options(HashMap<String, Vec<String>>);

impl Options {
    fn text(&mut self, name: &str, default: &str) -> String {
        self.0.remove(name).and_then(|mut all| all.pop()).unwrap_or_else(|| default.to_owned())
    }

    fn required(&mut self, name: &str) -> Result<String, String> {
        let values = self.0.remove(name);
        values.and_then(|mut all| all.pop()).ok_or_else(|| format!("--{name} is required\n{HELP}"))
    }

    fn number<T: std::str::FromStr>(&mut self, name: &str, default: T) -> Result<T, String> {
        Ok(self.numbers(name)?.pop().unwrap_or(default))
    }

    fn numbers<T: std::str::FromStr>(&mut self, name: &str) -> Result<Vec<T>, String> {
        let values = self.0.remove(name).unwrap_or_default();
        let parse = |value: String| {
            value.parse().map_err(|_| format!("--{name}: '{value}' is not such a number"))
        };
        values.into_iter().map(parse).collect()
    }
}
