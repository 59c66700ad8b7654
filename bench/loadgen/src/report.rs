//! What was measured, and how it is printed.

use std::time::Duration;

use crate::process;

/// Outcomes of requests, of one connection or of all together.
#[derive(Default)]
pub struct Samples {
    microseconds: Vec<u32>,
    bytes: u64,
    errors: u64,
    first_error: Option<String>,
    pub reconnects: u64,
    pub elapsed: Duration,
}

impl Samples {
    pub fn success(&mut self, latency: Duration, bytes: u64) {
        self.microseconds.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
        self.bytes += bytes;
    }

    pub fn failure(&mut self, message: String) {
        self.errors += 1;
        self.first_error.get_or_insert(message);
    }

    pub fn merge(&mut self, other: Samples) {
        self.microseconds.extend(other.microseconds);
        self.bytes += other.bytes;
        self.errors += other.errors;
        self.reconnects += other.reconnects;
        self.first_error = self.first_error.take().or(other.first_error);
        // The slowest connection decides: what finished late was part of the load.
        self.elapsed = self.elapsed.max(other.elapsed);
    }
}

/// CPU seconds used so far, or between two moments.
pub struct Usage {
    server: f64,
    client: f64,
    machine: f64,
}

impl Usage {
    pub fn now(server_pids: &[u32], client_pid: u32) -> Usage {
        Usage {
            server: if server_pids.is_empty() {
                0.0
            } else {
                process::tree_cpu_seconds(server_pids)
            },
            client: process::tree_cpu_seconds(&[client_pid]),
            machine: process::machine_cpu_seconds(),
        }
    }

    pub fn since(&self, before: &Usage) -> Usage {
        Usage {
            server: self.server - before.server,
            client: self.client - before.client,
            machine: self.machine - before.machine,
        }
    }

    /// What unrelated processes took, which is the noise in the figures.
    fn others(&self) -> f64 {
        (self.machine - self.server - self.client).max(0.0)
    }
}

pub fn json_line(
    name: &str,
    connections: usize,
    mut samples: Samples,
    usage: &Usage,
    points_per_request: u64,
) -> String {
    samples.microseconds.sort_unstable();
    let latencies = &samples.microseconds;
    let count = latencies.len();
    let seconds = samples.elapsed.as_secs_f64().max(1e-9);
    let rate = count as f64 / seconds;
    let percentile = |share: f64| {
        let index = (count.saturating_sub(1) as f64 * share).round() as usize;
        latencies.get(index).map_or(0.0, |us| f64::from(*us) / 1000.0)
    };
    let per_request = |total: f64| if count == 0 { 0.0 } else { total / count as f64 };

    let fields = [
        format!(r#""op":"{name}""#),
        format!(r#""connections":{connections}"#),
        format!(r#""requests":{count}"#),
        format!(r#""errors":{}"#, samples.errors),
        format!(r#""reconnects":{}"#, samples.reconnects),
        format!(r#""seconds":{seconds:.3}"#),
        format!(r#""per_second":{rate:.1}"#),
        format!(r#""points_per_second":{:.0}"#, rate * points_per_request as f64),
        format!(r#""p50_ms":{:.3}"#, percentile(0.5)),
        format!(r#""p90_ms":{:.3}"#, percentile(0.9)),
        format!(r#""p99_ms":{:.3}"#, percentile(0.99)),
        format!(r#""max_ms":{:.3}"#, percentile(1.0)),
        format!(r#""response_bytes":{:.0}"#, per_request(samples.bytes as f64)),
        format!(r#""server_cpu_ms_per_request":{:.3}"#, per_request(usage.server * 1000.0)),
        format!(r#""client_cpu_s":{:.2}"#, usage.client),
        format!(r#""others_cpu_s":{:.2}"#, usage.others()),
        format!(r#""first_error":{}"#, json_string(samples.first_error.as_deref())),
    ];
    format!("{{{}}}", fields.join(","))
}

/// A short JSON string; what would need escaping is replaced, since this is only read by people.
fn json_string(text: Option<&str>) -> String {
    let Some(text) = text else { return "null".to_owned() };
    let plain = |c: char| if c.is_control() || c == '"' || c == '\\' { '\'' } else { c };
    format!("\"{}\"", text.chars().take(300).map(plain).collect::<String>())
}
