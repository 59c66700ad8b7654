//! Creates what the measurements use: an experiment of full runs to read, and one to write to.

use std::fmt::Write;
use std::time::UNIX_EPOCH;

use crate::http::{Client, Request};
use crate::operation::Fixture;

const METRICS: usize = 10;
const PARAMS: usize = 10;

pub fn create(mut client: Client, runs: usize) -> Result<Fixture, String> {
    let now = UNIX_EPOCH.elapsed().map_err(|error| error.to_string())?.as_millis();
    let mut new_experiment = |kind: &str| {
        let body = format!(r#"{{"name":"bench-{kind}-{now}"}}"#);
        post(&mut client, "experiments/create", body, "experiment_id")
    };
    let read_experiment = new_experiment("read")?;
    let write_experiment = new_experiment("write")?;

    let mut full_run = |experiment: &str, number: usize| {
        let team = number % 7;
        let body = format!(
            r#"{{"experiment_id":"{experiment}","start_time":{now},"run_name":"run-{number}","tags":[{{"key":"mlflow.user","value":"bench"}},{{"key":"mlflow.source.name","value":"train.py"}},{{"key":"mlflow.source.type","value":"LOCAL"}},{{"key":"team","value":"t{team}"}}]}}"#
        );
        let run = post(&mut client, "runs/create", body, "run_id")?;
        let batch = first_batch(&run, number, now).map_err(|error| error.to_string())?;
        post(&mut client, "runs/log-batch", batch, "")?;
        Ok::<_, String>(run)
    };
    let read_runs = (0..runs).map(|n| full_run(&read_experiment, n)).collect::<Result<_, _>>()?;
    let write_runs = (0..runs).map(|n| full_run(&write_experiment, n)).collect::<Result<_, _>>()?;
    Ok(Fixture { read_experiment, write_experiment, read_runs, write_runs })
}

fn first_batch(run: &str, number: usize, now: u128) -> Result<String, std::fmt::Error> {
    let mut body = format!(r#"{{"run_id":"{run}","metrics":["#);
    for metric in 0..METRICS {
        let comma = if metric == 0 { "" } else { "," };
        let value = (number * 37 + metric * 101) % 1000;
        write!(
            body,
            r#"{comma}{{"key":"m{metric}","value":0.{value:03},"timestamp":{now},"step":0}}"#
        )?;
    }
    body.push_str(r#"],"params":["#);
    for param in 0..PARAMS {
        let comma = if param == 0 { "" } else { "," };
        let value = ["x", "y", "z"][(number + param) % 3];
        write!(body, r#"{comma}{{"key":"p{param}","value":"{value}"}}"#)?;
    }
    body.push_str("]}");
    Ok(body)
}

/// Posts and returns one string field of the answer, or nothing if `field` is empty.
fn post(client: &mut Client, call: &str, body: String, field: &str) -> Result<String, String> {
    let path = format!("/api/2.0/mlflow/{call}");
    let request = Request { method: "POST", path, body, generated: None };
    let response = client.send(&request).map_err(|error| format!("{call}: {error}"))?;
    let answer = client.body();
    match response.status {
        200 if field.is_empty() => Ok(String::new()),
        200 => string_field(&answer, field).ok_or_else(|| format!("{call}: no {field}: {answer}")),
        status => Err(format!("{call}: {status}: {answer}")),
    }
}

/// The first `"field": "value"` in a JSON text. Ids need no unescaping.
fn string_field(json: &str, field: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{field}\""))?;
    let value = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    Some(value.split_once('"')?.0.to_owned())
}
