//! What is asked of the server: one request per operation, connection and turn.

use std::fmt::Write;

use crate::http::Request;

const API: &str = "/api/2.0/mlflow";
const ARTIFACTS: &str = "/api/2.0/mlflow-artifacts/artifacts";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Health,
    CreateRun,
    LogMetric,
    LogBatch,
    LogParam,
    SetTag,
    GetRun,
    SearchRuns,
    SearchExperiments,
    PutArtifact,
    GetArtifact,
    /// Any request, given on the command line.
    Raw,
}

impl Operation {
    pub const ALL: [(&str, Operation); 12] = [
        ("health", Operation::Health),
        ("create-run", Operation::CreateRun),
        ("log-metric", Operation::LogMetric),
        ("log-batch", Operation::LogBatch),
        ("log-param", Operation::LogParam),
        ("set-tag", Operation::SetTag),
        ("get-run", Operation::GetRun),
        ("search-runs", Operation::SearchRuns),
        ("search-experiments", Operation::SearchExperiments),
        ("put-artifact", Operation::PutArtifact),
        ("get-artifact", Operation::GetArtifact),
        ("raw", Operation::Raw),
    ];

    pub fn parse(name: &str) -> Option<Operation> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, operation)| *operation)
    }
}

/// Entities that exist on the server, as `loadgen setup` made them. Reads and writes go to
/// different runs, or a server that accepts more writes would have to read more afterwards.
pub struct Fixture {
    pub read_experiment: String,
    pub write_experiment: String,
    pub read_runs: Vec<String>,
    pub write_runs: Vec<String>,
}

impl Fixture {
    /// A line for each field, ids separated by spaces.
    pub fn parse(text: &str) -> Option<Fixture> {
        let mut lines = text.lines();
        let ids = |line: &str| line.split(' ').map(str::to_owned).collect();
        Some(Fixture {
            read_experiment: lines.next()?.to_owned(),
            write_experiment: lines.next()?.to_owned(),
            read_runs: ids(lines.next()?),
            write_runs: ids(lines.next()?),
        })
    }

    pub fn to_text(&self) -> String {
        let Fixture { read_experiment, write_experiment, read_runs, write_runs } = self;
        let (read_runs, write_runs) = (read_runs.join(" "), write_runs.join(" "));
        format!("{read_experiment}\n{write_experiment}\n{read_runs}\n{write_runs}\n")
    }
}

/// Everything that shapes the requests of one measurement.
pub struct Plan {
    pub operation: Operation,
    pub fixture: Fixture,
    /// Milliseconds since the epoch when the measurement began. Steps and names count up from
    /// here, so that no two measurements write the same thing.
    pub epoch: u64,
    pub points: u64,
    pub keys: u64,
    pub artifact_size: u64,
    pub artifact_folder: String,
    pub raw_method: &'static str,
    pub raw_path: String,
    pub raw_body: String,
}

impl Plan {
    /// Fills in request number `turn` of a connection. Writes never repeat.
    pub fn request(&self, connection: usize, turn: u64, request: &mut Request) {
        request.path.clear();
        request.body.clear();
        request.generated = None;
        // Writing to a String cannot fail.
        let _ = self.fill(connection, turn, request);
    }

    fn fill(&self, connection: usize, turn: u64, request: &mut Request) -> std::fmt::Result {
        let Request { method, path, body, generated } = request;
        let now = self.epoch + turn;
        let Fixture { read_experiment, write_experiment, read_runs, write_runs } = &self.fixture;
        let own_run = &write_runs[connection % write_runs.len()];
        *method = "POST";
        match self.operation {
            Operation::Health => {
                *method = "GET";
                path.push_str("/health");
            }
            Operation::CreateRun => {
                write!(path, "{API}/runs/create")?;
                write!(
                    body,
                    r#"{{"experiment_id":"{write_experiment}","start_time":{now},"run_name":"run-{connection}-{turn}","tags":[{{"key":"mlflow.user","value":"bench"}},{{"key":"mlflow.source.name","value":"train.py"}},{{"key":"mlflow.source.type","value":"LOCAL"}}]}}"#
                )?;
            }
            Operation::LogMetric => {
                write!(path, "{API}/runs/log-metric")?;
                write!(
                    body,
                    r#"{{"run_id":"{own_run}","key":"metric{connection}","value":0.{:04},"timestamp":{now},"step":{now}}}"#,
                    turn % 10_000
                )?;
            }
            Operation::LogBatch => {
                write!(path, "{API}/runs/log-batch")?;
                self.fill_batch(connection, turn, own_run, body)?;
            }
            Operation::LogParam => {
                write!(path, "{API}/runs/log-parameter")?;
                write!(
                    body,
                    r#"{{"run_id":"{own_run}","key":"param-{}-{connection}-{turn}","value":"{turn}"}}"#,
                    self.epoch
                )?;
            }
            Operation::SetTag => {
                write!(path, "{API}/runs/set-tag")?;
                write!(
                    body,
                    r#"{{"run_id":"{own_run}","key":"tag{}","value":"{now}-{connection}"}}"#,
                    turn % 10
                )?;
            }
            Operation::GetRun => {
                *method = "GET";
                let run = &read_runs[(turn as usize * 7 + connection) % read_runs.len()];
                write!(path, "{API}/runs/get?run_id={run}")?;
            }
            Operation::SearchRuns => {
                write!(path, "{API}/runs/search")?;
                write!(body, r#"{{"experiment_ids":["{read_experiment}"],"max_results":100}}"#)?;
            }
            Operation::SearchExperiments => {
                write!(path, "{API}/experiments/search")?;
                body.push_str(r#"{"max_results":100}"#);
            }
            Operation::PutArtifact | Operation::GetArtifact => {
                write!(path, "{ARTIFACTS}/{}/{connection}-{turn}.bin", self.artifact_folder)?;
                if self.operation == Operation::PutArtifact {
                    *method = "PUT";
                    *generated = Some(self.artifact_size);
                } else {
                    *method = "GET";
                }
            }
            Operation::Raw => {
                *method = self.raw_method;
                path.push_str(&self.raw_path);
                body.push_str(&self.raw_body);
            }
        }
        Ok(())
    }

    /// `points` metric points spread over `keys` keys, each key continuing where the previous
    /// batch of this connection ended.
    fn fill_batch(
        &self,
        connection: usize,
        turn: u64,
        run: &str,
        body: &mut String,
    ) -> std::fmt::Result {
        let steps_per_batch = self.points.div_ceil(self.keys);
        write!(body, r#"{{"run_id":"{run}","metrics":["#)?;
        for point in 0..self.points {
            let key = point % self.keys;
            let step = self.epoch + turn * steps_per_batch + point / self.keys;
            let comma = if point == 0 { "" } else { "," };
            write!(
                body,
                r#"{comma}{{"key":"batch{connection}-{key}","value":{key}.{:04},"timestamp":{step},"step":{step}}}"#,
                step % 10_000
            )?;
        }
        body.push_str("]}");
        Ok(())
    }
}
