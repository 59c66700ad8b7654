//! A bounded load generator for the MLflow REST API. `loadgen --help` explains the options.

mod arguments;
mod http;
mod operation;
mod process;
mod report;
mod setup;

use std::process::{ExitCode, id};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use arguments::{Arguments, Bounds};
use http::{Client, Request, Server};
use operation::Plan;
use report::{Samples, Usage};

fn main() -> ExitCode {
    match run() {
        Ok(output) => {
            println!("{output}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("loadgen: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, String> {
    match arguments::parse(std::env::args().skip(1))? {
        Arguments::Help => Ok(arguments::HELP.to_owned()),
        Arguments::Setup { server, fixture, runs, timeout } => {
            let made = setup::create(Client::new(server, timeout), runs)?;
            std::fs::write(&fixture, made.to_text())
                .map_err(|error| format!("{fixture}: {error}"))?;
            Ok(format!(r#"{{"op":"setup","experiment":"{}","runs":{runs}}}"#, made.read_experiment))
        }
        Arguments::Measure { server, plan, name, bounds, pids } => {
            let (samples, usage) = measure(&server, &plan, &bounds, &pids);
            let points = if name == "log-batch" { plan.points } else { 0 };
            Ok(report::json_line(&name, bounds.connections, samples, &usage, points))
        }
    }
}

/// One thread and one connection each: simple, and cheap enough at a few hundred connections.
fn measure(server: &Server, plan: &Plan, bounds: &Bounds, server_pids: &[u32]) -> (Samples, Usage) {
    let start_line = Barrier::new(bounds.connections + 1);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..bounds.connections)
            .map(|connection| {
                let (server, start_line) = (server.clone(), &start_line);
                thread::Builder::new()
                    .stack_size(256 * 1024)
                    .spawn_scoped(scope, move || {
                        drive(
                            Client::new(server, bounds.timeout),
                            plan,
                            bounds,
                            connection,
                            start_line,
                        )
                    })
                    .expect("the system refuses another thread")
            })
            .collect();

        start_line.wait();
        let before = Usage::now(server_pids, id());
        let mut samples = Samples::default();
        for worker in workers {
            samples.merge(worker.join().expect("a worker panicked"));
        }
        (samples, Usage::now(server_pids, id()).since(&before))
    })
}

/// Sends requests over one connection until time or number run out.
fn drive(
    mut client: Client,
    plan: &Plan,
    bounds: &Bounds,
    connection: usize,
    start_line: &Barrier,
) -> Samples {
    let mut request = Request::default();
    for turn in 0..bounds.warmup {
        plan.request(connection, turn, &mut request);
        // A failure here shows again, and is counted, in the measured part.
        let _ = client.send(&request);
    }
    start_line.wait();

    let mut samples = Samples::default();
    let begin = Instant::now();
    for turn in bounds.warmup..bounds.warmup.saturating_add(bounds.requests) {
        if begin.elapsed() >= bounds.duration {
            break;
        }
        plan.request(connection, turn, &mut request);
        let sent = Instant::now();
        match client.send(&request) {
            Ok(response) if response.status == 200 => {
                samples.success(sent.elapsed(), response.length);
            }
            Ok(response) => samples.failure(format!("{}: {}", response.status, client.body())),
            Err(error) => {
                samples.failure(error.to_string());
                // A server that is gone must not turn this into a busy loop.
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
    samples.elapsed = begin.elapsed();
    samples.reconnects = client.reconnects;
    samples
}
