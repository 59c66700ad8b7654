//! Many clients at once, each on a connection of its own: nothing is lost, nothing is done twice,
//! and nobody is told of a fault that is not theirs.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::Method;
use oxflow_testkit::{Answer, TestServer};
use serde_json::{Value, json};
use tokio::sync::Barrier;

/// How many clients there are.
const MANY: usize = 64;

const API: &str = "/api/2.0/mlflow";

type Server = Arc<TestServer>;

/// Runs `work(0)` to `work(MANY - 1)` as tasks that begin together; gives what they gave.
async fn at_once<T, F>(server: &Server, work: impl Fn(Server, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(MANY));
    let tasks: Vec<_> = (0..MANY)
        .map(|n| {
            let (start, work) = (start.clone(), work(server.clone(), n));
            tokio::spawn(async move {
                start.wait().await;
                work.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// Which of the answers are `200 OK`; all others must be errors of the client with this code.
#[track_caller]
fn successes(answers: &[Answer], otherwise: &str) -> Vec<usize> {
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert!((400..500).contains(&answer.status), "{}", answer.text());
        assert_eq!(answer.json()["error_code"], otherwise, "{}", answer.text());
    }
    (0..answers.len()).filter(|n| answers[*n].status == 200).collect()
}

#[track_caller]
fn all_succeeded(answers: &[Answer]) {
    assert_eq!(successes(answers, "no error at all").len(), answers.len());
}

/// The values of one field of all items of a list, sorted, repetitions included.
fn column(list: &Value, field: &str) -> Vec<String> {
    let items = list.as_array().map_or(&[][..], Vec::as_slice);
    let mut values: Vec<String> =
        items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect();
    values.sort();
    values
}

fn value_of<'a>(list: &'a Value, key: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|item| item["key"] == key).map(|item| &item["value"])
}

/// `prefix0` to `prefix63`, sorted as texts.
fn numbered(prefix: &str) -> Vec<String> {
    let mut names: Vec<String> = (0..MANY).map(|n| format!("{prefix}{n}")).collect();
    names.sort();
    names
}

async fn register(server: &TestServer, name: &str) {
    server.post("registered-models/create", &json!({"name": name})).await.ok();
}

async fn new_version(server: &TestServer, name: &str) -> Answer {
    server.post("model-versions/create", &json!({"name": name, "source": "s3://b/x"})).await
}

/// A registered model with as many versions as there are clients.
async fn with_versions(server: &TestServer) {
    register(server, "m").await;
    for _ in 0..MANY {
        new_version(server, "m").await.ok();
    }
}

async fn registered_model(server: &TestServer) -> Value {
    server.get(&format!("{API}/registered-models/get?name=m")).await.ok()["registered_model"]
        .clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_experiment_is_created_once() {
    let server = Arc::new(TestServer::start().await);
    let answers = at_once(&server, |server, n| async move {
        let tags = json!([{"key": "by", "value": n.to_string()}]);
        server.post("experiments/create", &json!({"name": "iris", "tags": tags})).await
    })
    .await;
    let winners = successes(&answers, "RESOURCE_ALREADY_EXISTS");
    assert_eq!(winners.len(), 1);
    let found = server.post("experiments/search", &json!({"max_results": 1000})).await.ok();
    assert_eq!(column(&found["experiments"], "name"), ["Default", "iris"]);
    let id = answers[winners[0]].json()["experiment_id"].clone();
    let iris = found["experiments"].as_array().unwrap().iter().find(|e| e["name"] == "iris");
    assert_eq!(iris.unwrap()["experiment_id"], id);
    assert_eq!(value_of(&iris.unwrap()["tags"], "by"), Some(&json!(winners[0].to_string())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn experiments_and_runs_get_ids_of_their_own() {
    let server = Arc::new(TestServer::start().await);
    let ids = at_once(&server, |server, n| async move {
        let run = server.new_run(&format!("e{n}")).metric("m", n as f64).create().await;
        let found = server.run(&run).await;
        assert_eq!(found["data"]["metrics"][0]["value"], n as f64);
        (found["info"]["experiment_id"].as_str().unwrap().to_owned(), run)
    })
    .await;
    let experiments: BTreeSet<_> = ids.iter().map(|(experiment, _)| experiment).collect();
    let runs: BTreeSet<_> = ids.iter().map(|(_, run)| run).collect();
    assert_eq!((experiments.len(), runs.len()), (MANY, MANY));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_registered_model_is_created_once() {
    let server = Arc::new(TestServer::start().await);
    let answers = at_once(&server, |server, n| async move {
        let tags = json!([{"key": "by", "value": n.to_string()}]);
        server.post("registered-models/create", &json!({"name": "m", "tags": tags})).await
    })
    .await;
    let winners = successes(&answers, "RESOURCE_ALREADY_EXISTS");
    assert_eq!(winners.len(), 1);
    let found = server.get(&format!("{API}/registered-models/search")).await.ok();
    assert_eq!(column(&found["registered_models"], "name"), ["m"]);
    let tags = &registered_model(&server).await["tags"];
    assert_eq!(value_of(tags, "by"), Some(&json!(winners[0].to_string())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn versions_are_dense_while_others_are_deleted_and_the_model_changes() {
    const EACH: usize = 4;
    let server = Arc::new(TestServer::start().await);
    register(&server, "m").await;
    let numbers = at_once(&server, |server, n| async move {
        let mut numbers = Vec::new();
        for _ in 0..EACH {
            let version = new_version(&server, "m").await.ok()["model_version"]["version"].clone();
            let number: usize = version.as_str().unwrap().parse().unwrap();
            // A deleted version's number is not given out again, not even the highest.
            if n % 4 == 0 {
                let delete = json!({"name": "m", "version": version});
                let path = format!("{API}/model-versions/delete");
                server.send(server.request(Method::DELETE, &path).json(&delete)).await.ok();
            }
            let text = json!({"name": "m", "description": format!("{n}")});
            let path = format!("{API}/registered-models/update");
            server.send(server.request(Method::PATCH, &path).json(&text)).await.ok();
            numbers.push(number);
        }
        assert!(numbers.is_sorted(), "everybody sees them grow: {numbers:?}");
        numbers
    })
    .await;
    let mut all: Vec<usize> = numbers.iter().flatten().copied().collect();
    all.sort_unstable();
    assert_eq!(all, (1..=MANY * EACH).collect::<Vec<_>>());
    let path = format!("{API}/model-versions/search?filter=name%3D'm'&max_results=10000");
    let mut left: Vec<usize> = column(&server.get(&path).await.ok()["model_versions"], "version")
        .iter()
        .map(|number| number.parse().unwrap())
        .collect();
    left.sort_unstable();
    let mut kept: Vec<usize> = numbers
        .iter()
        .enumerate()
        .filter(|(n, _)| n % 4 != 0)
        .flat_map(|(_, n)| n.clone())
        .collect();
    kept.sort_unstable();
    assert_eq!(left, kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_version_is_left_in_a_stage_that_archives_the_others() {
    let server = Arc::new(TestServer::start().await);
    with_versions(&server).await;
    let answers = at_once(&server, |server, n| async move {
        let version = (n + 1).to_string();
        let body = json!({"name": "m", "version": version, "stage": "Production",
                          "archive_existing_versions": true});
        server.post("model-versions/transition-stage", &body).await
    })
    .await;
    all_succeeded(&answers);
    let path = format!("{API}/model-versions/search?filter=name%3D'm'&max_results=10000");
    let stages = column(&server.get(&path).await.ok()["model_versions"], "current_stage");
    let mut expected = vec!["Archived"; MANY - 1];
    expected.push("Production");
    assert_eq!(stages, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn aliases_point_to_one_version_each() {
    let server = Arc::new(TestServer::start().await);
    with_versions(&server).await;
    let path = format!("{API}/registered-models/alias");
    let answers = at_once(&server, |server, n| {
        let path = path.clone();
        async move {
            let version = (n + 1).to_string();
            for alias in [format!("a{n}"), "best".to_owned(), "gone".to_owned()] {
                let body = json!({"name": "m", "alias": alias, "version": version});
                server.post("registered-models/alias", &body).await.ok();
            }
            let body = json!({"name": "m", "alias": "gone"});
            server.send(server.request(Method::DELETE, &path).json(&body)).await
        }
    })
    .await;
    all_succeeded(&answers);
    let aliases = registered_model(&server).await["aliases"].clone();
    let mut expected = numbered("a");
    expected.push("best".to_owned());
    assert_eq!(column(&aliases, "alias"), expected, "everybody's own alias, and one shared");
    for alias in aliases.as_array().unwrap() {
        let name = alias["alias"].as_str().unwrap();
        let found = server.get(&format!("{path}?name=m&alias={name}")).await.ok();
        let version = &found["model_version"];
        assert_eq!(version["version"], alias["version"]);
        assert!(version["aliases"].as_array().unwrap().contains(&json!(name)), "{version}");
        if let Some(n) = name.strip_prefix('a').and_then(|n| n.parse::<usize>().ok()) {
            assert_eq!(alias["version"], (n + 1).to_string());
        }
    }
}

/// Logs a param with one call or the other.
async fn log_param(server: &TestServer, run: &str, n: usize, key: &str, value: &str) -> Answer {
    if n.is_multiple_of(2) {
        let body = json!({"run_id": run, "key": key, "value": value});
        return server.post("runs/log-parameter", &body).await;
    }
    let params = json!([{"key": format!("own{n}"), "value": "1"}, {"key": key, "value": value}]);
    server.post("runs/log-batch", &json!({"run_id": run, "params": params})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_param_is_logged_by_everybody() {
    let server = Arc::new(TestServer::start().await);
    let run = server.new_run("iris").create().await;
    let answers = at_once(&server, |server, n| {
        let run = run.clone();
        async move { log_param(&server, &run, n, "lr", "0.1").await }
    })
    .await;
    all_succeeded(&answers);
    let params = server.run(&run).await["data"]["params"].clone();
    assert_eq!(column(&params, "key").iter().filter(|key| *key == "lr").count(), 1);
    assert_eq!(value_of(&params, "lr"), Some(&json!("0.1")));
    assert_eq!(params.as_array().unwrap().len(), 1 + MANY / 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_values_of_a_param_is_logged() {
    let server = Arc::new(TestServer::start().await);
    let run = server.new_run("iris").create().await;
    let answers = at_once(&server, |server, n| {
        let run = run.clone();
        async move { log_param(&server, &run, n, "lr", &n.to_string()).await }
    })
    .await;
    let winners = successes(&answers, "INVALID_PARAMETER_VALUE");
    assert_eq!(winners.len(), 1);
    let params = server.run(&run).await["data"]["params"].clone();
    assert_eq!(value_of(&params, "lr"), Some(&json!(winners[0].to_string())));
    // What came in a batch with a refused value was not logged either.
    let own = column(&params, "key").iter().filter(|key| key.starts_with("own")).count();
    assert_eq!(own, winners[0] % 2);
}

/// A batch of client `n` in its round: points, a param and a tag of its own, and shared ones.
fn batch_of(run: &str, n: usize, round: usize) -> Value {
    let step = n * 10 + round;
    json!({
        "run_id": run,
        "metrics": [
            {"key": "loss", "value": step as f64, "timestamp": 1, "step": step},
            {"key": "loss", "value": -1.0, "timestamp": 1, "step": round},
            {"key": format!("m{n}"), "value": round as f64, "timestamp": 1, "step": round},
        ],
        "params": [{"key": "shared", "value": "1"}, {"key": format!("p{n}"), "value": "1"}],
        "tags": [{"key": "shared", "value": n.to_string()}, {"key": format!("t{n}"), "value": "1"}],
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_batch_to_a_run_is_lost() {
    const ROUNDS: usize = 5;
    let server = Arc::new(TestServer::start().await);
    let run = server.new_run("iris").create().await;
    let answers = at_once(&server, |server, n| {
        let run = run.clone();
        async move {
            let mut answers = Vec::new();
            for round in 0..ROUNDS {
                answers.push(server.post("runs/log-batch", &batch_of(&run, n, round)).await);
            }
            answers
        }
    })
    .await;
    all_succeeded(&answers.concat());
    let data = server.run(&run).await["data"].clone();
    let with_shared = |mut names: Vec<String>, shared: &[&str]| {
        names.extend(shared.iter().map(ToString::to_string));
        names.sort();
        names
    };
    assert_eq!(column(&data["metrics"], "key"), with_shared(numbered("m"), &["loss"]));
    assert_eq!(column(&data["params"], "key"), with_shared(numbered("p"), &["shared"]));
    let tags = with_shared(numbered("t"), &["shared", "mlflow.runName"]);
    assert_eq!(column(&data["tags"], "key"), tags);
    let last = (MANY - 1) * 10 + ROUNDS - 1;
    assert_eq!(value_of(&data["metrics"], "loss"), Some(&json!(last as f64)));
    let path = format!("{API}/metrics/get-history?run_id={run}&metric_key=loss");
    let history = server.get(&path).await.ok()["metrics"].as_array().unwrap().len();
    assert_eq!(history, MANY * ROUNDS + ROUNDS, "own points, and the shared ones once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_model_that_a_run_logs_is_in_its_history() {
    let server = Arc::new(TestServer::start().await);
    let run = server.new_run("iris").create().await;
    let answers = at_once(&server, |server, n| {
        let run = run.clone();
        async move {
            let model = json!({"artifact_path": format!("m{n}"), "flavors": {}, "run_id": run,
                               "utc_time_created": "now"});
            let body = json!({"run_id": run, "model_json": model.to_string()});
            server.post("runs/log-model", &body).await
        }
    })
    .await;
    all_succeeded(&answers);
    let tags = server.run(&run).await["data"]["tags"].clone();
    let history = value_of(&tags, "mlflow.log-model.history").unwrap().as_str().unwrap();
    let history: Value = serde_json::from_str(history).unwrap();
    assert_eq!(column(&history, "artifact_path"), numbered("m"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_logged_while_a_run_came_and_went_is_there() {
    const ROUNDS: usize = 5;
    let server = Arc::new(TestServer::start().await);
    let run = server.new_run("iris").create().await;
    let logged = |run: &str, key: &str| {
        let point = json!([{"key": key, "value": 1, "timestamp": 1, "step": 0}]);
        let text = json!([{"key": key, "value": "1"}]);
        json!({"run_id": run, "metrics": point, "params": text, "tags": text})
    };
    let answers = at_once(&server, |server, n| {
        let run = run.clone();
        async move {
            let mut answers = Vec::new();
            for round in 0..ROUNDS {
                answers.push(match n % 4 {
                    0 => server.post("runs/delete", &json!({"run_id": run})).await,
                    1 => server.post("runs/restore", &json!({"run_id": run})).await,
                    _ => {
                        let batch = logged(&run, &format!("k{n}-{round}"));
                        server.post("runs/log-batch", &batch).await
                    }
                });
            }
            answers
        }
    })
    .await;
    let data = server.run(&run).await["data"].clone();
    for (n, answers) in answers.iter().enumerate() {
        let done = successes(answers, "INVALID_PARAMETER_VALUE");
        if n % 4 < 2 {
            assert_eq!(done.len(), ROUNDS);
            continue;
        }
        for (round, answer) in answers.iter().enumerate() {
            let key = format!("k{n}-{round}");
            let seen =
                ["metrics", "params", "tags"].map(|list| value_of(&data[list], &key).is_some());
            assert_eq!(seen, [done.contains(&round); 3], "{key}: {}", answer.text());
        }
    }
}

/// The runs of an experiment, deleted ones too.
async fn runs_of(server: &TestServer, experiment: &str) -> Vec<Value> {
    let search = json!({"experiment_ids": [experiment], "max_results": 1000,
                        "run_view_type": "ALL"});
    let found = server.post("runs/search", &search).await.ok()["runs"].clone();
    found.as_array().unwrap().clone()
}

/// Runs go and come back together with their experiment, and new ones are made only while it is
/// there: at no moment is one deleted and another one not.
#[track_caller]
fn assert_one_stage(runs: &[Value]) {
    let stages: BTreeSet<_> =
        runs.iter().map(|run| run["info"]["lifecycle_stage"].as_str().unwrap()).collect();
    assert_eq!(stages.len(), 1, "{stages:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_logged_while_an_experiment_came_and_went_is_there() {
    const ROUNDS: usize = 5;
    let server = Arc::new(TestServer::start().await);
    let run = server.new_run("iris").create().await;
    let experiment = server.experiment("iris").await;
    let answers = at_once(&server, |server, n| {
        let (run, experiment) = (run.clone(), experiment.clone());
        async move {
            let named = json!({"experiment_id": experiment});
            let mut answers = Vec::new();
            for _ in 0..ROUNDS {
                answers.push(match n % 4 {
                    0 => server.post("experiments/delete", &named).await,
                    1 => server.post("experiments/restore", &named).await,
                    2 => server.post("runs/log-batch", &batch_of(&run, n, 0)).await,
                    _ => server.post("runs/create", &named).await,
                });
                if n % 4 == 3 {
                    assert_one_stage(&runs_of(&server, &experiment).await);
                }
            }
            answers
        }
    })
    .await;
    for (n, answers) in answers.iter().enumerate() {
        // Deleting what is deleted already, or logging to it, is the caller's mistake.
        let code = if n % 4 < 2 { "RESOURCE_DOES_NOT_EXIST" } else { "INVALID_PARAMETER_VALUE" };
        successes(answers, code);
    }
    let path = format!("{API}/experiments/get?experiment_id={experiment}");
    let stage = server.get(&path).await.ok()["experiment"]["lifecycle_stage"].clone();
    if stage == "deleted" {
        server.post("experiments/restore", &json!({"experiment_id": experiment})).await.ok();
    }
    let found = runs_of(&server, &experiment).await;
    assert!(found.iter().all(|run| run["info"]["lifecycle_stage"] == "active"), "{found:?}");
    let fourth = |n: &usize| n % 4 == 3;
    let creators = (0..MANY).filter(fourth).flat_map(|n| &answers[n]);
    let created = creators.filter(|answer| answer.status == 200).count();
    assert_eq!(found.len(), created + 1, "all that were created, and the first one");
    let data = server.run(&run).await["data"].clone();
    for n in (0..MANY).filter(|n| n % 4 == 2) {
        let seen = value_of(&data["metrics"], &format!("m{n}")).is_some();
        assert_eq!(seen, answers[n].iter().any(|answer| answer.status == 200), "{n}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_see_whole_batches_and_the_name_that_the_tag_says() {
    // Few write, so that there are many commits to get in between of; the others read all the time.
    const WRITERS: usize = 4;
    const ROUNDS: usize = 60;
    let server = Arc::new(TestServer::start().await);
    let run = server.new_run("iris").create().await;
    let writing = Arc::new(AtomicUsize::new(WRITERS));
    let answers = at_once(&server, |server, n| {
        let (run, writing) = (run.clone(), writing.clone());
        async move {
            let mut answers = Vec::new();
            if n < WRITERS {
                for round in 0..ROUNDS {
                    let word = format!("{n}-{round}");
                    let tags = ["mlflow.runName", "same"].map(|k| json!({"key": k, "value": word}));
                    let body = json!({"run_id": run, "tags": tags});
                    answers.push(server.post("runs/log-batch", &body).await);
                }
                writing.fetch_sub(1, Ordering::SeqCst);
            }
            while n >= WRITERS && writing.load(Ordering::SeqCst) > 0 {
                let found = server.run(&run).await;
                let name = &found["info"]["run_name"];
                let tags = &found["data"]["tags"];
                assert_eq!(value_of(tags, "mlflow.runName"), Some(name));
                let same = value_of(tags, "same");
                assert!(same.is_none_or(|same| same == name), "{same:?} {name}");
            }
            answers
        }
    })
    .await;
    all_succeeded(&answers.concat());
}
