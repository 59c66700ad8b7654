//! Pages that follow runs.

use std::time::Duration;

use oxflow_model::{Metric, Millis, RunId};
use oxflow_testkit::{TestDatabase, TestServer};
use reqwest::{Method, Response};
use serde_json::{Value, json};

/// Longer than anything here may take.
const SOON: Duration = Duration::from_secs(20);

/// The events that a page reads.
struct Page {
    response: Response,
    read: String,
}

impl Page {
    async fn follow(server: &TestServer, experiment: &str) -> Page {
        let path = "/ajax-api/2.0/oxflow/events";
        let request = server.request(Method::GET, path).query(&[("experiment_ids", experiment)]);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Page { response, read: String::new() }
    }

    /// The next event with its data; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
                if let Some(kind) = field("event: ") {
                    let data = serde_json::from_str(field("data: ").unwrap()).unwrap();
                    return Some((kind.to_owned(), data));
                }
                continue;
            }
            let chunk =
                tokio::time::timeout(SOON, self.response.chunk()).await.unwrap().unwrap()?;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

fn changed(experiment: &str, runs: &[&str]) -> Option<(String, Value)> {
    Some(("runs".to_owned(), json!({"experiment_id": experiment, "run_ids": runs})))
}

async fn log(server: &TestServer, run: &str) {
    let metric = json!({"run_id": run, "key": "loss", "value": 0.5, "timestamp": 1, "step": 1});
    server.post("runs/log-metric", &metric).await.ok();
}

#[tokio::test]
async fn a_page_hears_of_runs_of_its_experiment_and_of_no_others() {
    let server = TestServer::start().await;
    let mine = server.experiment("mine").await;
    let run = server.new_run("mine").create().await;
    let stranger = server.new_run("other").create().await;
    let mut page = Page::follow(&server, &mine).await;
    // Its creation may still be told.
    log(&server, &stranger).await;
    log(&server, &run).await;
    assert_eq!(page.next().await, changed(&mine, &[&run]));
    let second = server.new_run("mine").create().await;
    loop {
        let (kind, data) = page.next().await.unwrap();
        assert_eq!((kind.as_str(), &data["experiment_id"]), ("runs", &json!(mine)));
        let runs = data["run_ids"].as_array().unwrap();
        assert!(runs.iter().all(|id| [&run, &second].iter().any(|known| id == known.as_str())));
        if runs.contains(&json!(second)) {
            break;
        }
    }
}

#[tokio::test]
async fn a_page_hears_what_another_server_changes() {
    let database = TestDatabase::sqlite();
    let near = TestServer::on(database.clone(), |_| {}).await;
    let experiment = near.experiment("shared").await;
    let run = near.new_run("shared").create().await;
    let far = TestServer::on(database, |_| {}).await;
    // Later than the creation, which is no news.
    far.clock.set(Millis(far.now().0 + 5));
    near.clock.set(far.now());
    let mut page = Page::follow(&near, &experiment).await;
    loop {
        far.clock.set(Millis(far.now().0 + 1));
        log(&far, &run).await;
        let heard = tokio::time::timeout(Duration::from_secs(2), page.next()).await;
        if let Ok(heard) = heard {
            assert_eq!(heard, changed(&experiment, &[&run]));
            break;
        }
    }
}

#[tokio::test]
async fn a_page_hears_that_another_program_changed_something() {
    let server = TestServer::start().await;
    let experiment = server.experiment("shared").await;
    let run = server.new_run("shared").create().await;
    let store = server.database.open();
    let mut page = Page::follow(&server, &experiment).await;
    for step in 0.. {
        let metric = Metric::point("loss", 0.5, Millis(step), step);
        store.log_metric(&RunId::new(run.as_str()), metric).await.unwrap();
        let heard = tokio::time::timeout(Duration::from_secs(1), page.next()).await;
        // The creation may still be told before.
        if let Ok(heard) = heard
            && heard == changed(&experiment, &[])
        {
            break;
        }
    }
}

#[tokio::test]
async fn pages_do_not_keep_a_server_from_ending() {
    let server = TestServer::start().await;
    let experiment = server.experiment("e").await;
    let mut page = Page::follow(&server, &experiment).await;
    let (_database, ended) = server.stop();
    assert_eq!(page.next().await, None);
    tokio::time::timeout(Duration::from_secs(5), ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_page_must_say_what_it_follows() {
    let server = TestServer::start().await;
    for query in ["", "?experiment_ids=x"] {
        let answer = server.get(&format!("/ajax-api/2.0/oxflow/events{query}")).await;
        super::is_error(&answer, 400, "INVALID_PARAMETER_VALUE", "");
    }
}
