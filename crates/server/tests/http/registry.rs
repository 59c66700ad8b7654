//! The model registry: which sources versions may have, what is served of them, and many clients
//! at once.

use std::sync::Arc;

use axum::http::Method;
use oxflow_server::SourcePattern;
use oxflow_testkit::{Answer, TestServer};
use serde_json::{Value, json};

use crate::is_error;

const INVALID: &str = "INVALID_PARAMETER_VALUE";

async fn register(server: &TestServer, name: &str) {
    server.post("registered-models/create", &json!({"name": name})).await.ok();
}

async fn create(server: &TestServer, source: &str, more: &Value) -> Answer {
    let mut body = json!({"name": "m", "source": source});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    server.post("model-versions/create", &body).await
}

/// A run with its own folder on this machine, in the folder of the server.
async fn local_run(server: &TestServer) -> (String, std::path::PathBuf) {
    let root = server.database.folder().canonicalize().unwrap().join("runs");
    let experiment = json!({"name": "local", "artifact_location": root.to_str().unwrap()});
    server.post("experiments/create", &experiment).await.ok();
    let run = server.new_run("local").create().await;
    let uri = server.run(&run).await["info"]["artifact_uri"].as_str().unwrap().to_owned();
    (run, uri.into())
}

async fn logged_model(server: &TestServer) -> String {
    let experiment = server.experiment("models").await;
    let body = json!({"experiment_id": experiment, "name": "lm", "source_run_id": "some-run"});
    let model = server.post("logged-models", &body).await.ok();
    model["model"]["info"]["model_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn local_sources_stay_in_the_folder_of_their_run() {
    let server = TestServer::start().await;
    register(&server, "m").await;
    let (run, folder) = local_run(&server).await;
    std::fs::create_dir_all(folder.join("model")).unwrap();
    std::os::unix::fs::symlink("/etc", folder.join("out")).unwrap();
    let run = json!({"run_id": run});
    let path = |below: &str| folder.join(below).to_str().unwrap().to_owned();
    for good in [path("model"), path("not/yet/there"), format!("file://{}", path("model"))] {
        create(&server, &good, &run).await.ok();
    }
    for bad in [
        path("out"),
        path("out/passwd"),
        path("../../x"),
        path("model/../../../x"),
        path("%2e%2e/%2e%2e/x"),
        "/etc/passwd".to_owned(),
        "mlflow.db".to_owned(),
        ".".to_owned(),
    ] {
        let answer = create(&server, &bad, &run).await;
        is_error(&answer, 400, INVALID, "To use a local path as a model version source");
    }
    let answer = create(&server, &path("model"), &json!({})).await;
    is_error(&answer, 400, INVALID, "the run_id request parameter has to be specified");
    let answer = create(&server, &path("model"), &json!({"run_id": "other"})).await;
    is_error(&answer, 400, INVALID, "must identify the resource that contains the source");
}

#[tokio::test]
async fn a_logged_model_may_only_be_published_by_name() {
    let server = TestServer::start().await;
    register(&server, "m").await;
    let id = logged_model(&server).await;
    let own = json!({"model_id": id});
    let version = create(&server, &format!("models:/{id}"), &own).await.ok();
    assert_eq!(version["model_version"]["run_id"], "some-run");
    let files = format!("mlflow-artifacts:/1/models/{id}/artifacts");
    create(&server, &format!("{files}/data"), &own).await.ok();
    for (source, more, message) in [
        (format!("models:/{id}"), json!({}), "The model_id request parameter must identify"),
        (format!("models:/{id}"), json!({"model_id": "m-x"}), "The model_id request parameter"),
        (files.clone(), json!({}), "The run_id request parameter must identify"),
        (files.clone(), json!({"model_id": "m-x"}), "The model_id request parameter"),
        (format!("{files}/../../m-x"), own.clone(), "without relative path references"),
        (format!("{files}x"), own.clone(), "The model_id request parameter must identify"),
        ("runs:/x/y".to_owned(), own.clone(), "The model_id request parameter must identify"),
        ("/tmp".to_owned(), own.clone(), "the model_id request parameter has to be specified"),
        ("models://h/m/1".to_owned(), own.clone(), "must use the active model registry"),
        ("models:/a/b/c".to_owned(), own.clone(), "The model_id request parameter"),
    ] {
        is_error(&create(&server, &source, &more).await, 400, INVALID, message);
    }
    let gone = json!({"model_id": "m-x"});
    for source in ["models:/m-x", "s3://b/x"] {
        let answer = create(&server, source, &gone).await;
        let message = "Logged model with ID 'm-x' not found.";
        is_error(&answer, 404, "RESOURCE_DOES_NOT_EXIST", message);
    }
}

#[tokio::test]
async fn a_copy_is_stored_by_number_and_knows_its_files() {
    let server = TestServer::start().await;
    register(&server, "m").await;
    register(&server, "n#1 + 2").await;
    let first = json!({"name": "n#1 + 2", "source": "s3://b/x", "run_id": "r"});
    for _ in 0..2 {
        server.post("model-versions/create", &first).await.ok();
    }
    let alias = json!({"name": "n#1 + 2", "alias": "best", "version": "1"});
    server.post("registered-models/alias", &alias).await.ok();
    for (reference, number) in [("/1", 1), ("/02", 2), ("/latest", 2), ("@best", 1), ("/none", 2)] {
        let answer = create(&server, &format!("models:/n#1 + 2{reference}"), &json!({})).await;
        let version = &answer.ok()["model_version"];
        assert_eq!(version["source"], format!("models:/n#1 + 2/{number}"));
        assert_eq!(version["run_id"], "r");
        let number = version["version"].as_str().unwrap();
        let uri =
            format!("/api/2.0/mlflow/model-versions/get-download-uri?name=m&version={number}");
        assert_eq!(server.get(&uri).await.ok()["artifact_uri"], "s3://b/x");
    }
    let reference = "models:/n#1 + 2/1";
    for more in [json!({"run_id": "other"}), json!({"run_id": ""}), json!({"model_id": "m-1"})] {
        let message = "parameters must match the referenced model version";
        is_error(&create(&server, reference, &more).await, 400, INVALID, message);
    }
    create(&server, reference, &json!({"run_id": "r", "model_id": ""})).await.ok();
    for (source, message) in [
        ("models:/m/Staging", "No versions of model with name 'm' and stage 'Staging' found"),
        ("models:/m/99", "Model Version (name=m, version=99) not found"),
        ("models:/x/1", "Registered Model with name=x not found"),
    ] {
        let answer = create(&server, source, &json!({})).await;
        is_error(&answer, 404, "RESOURCE_DOES_NOT_EXIST", message);
    }
}

#[tokio::test]
async fn the_operator_may_narrow_sources_down() {
    let pattern = SourcePattern::parse("^s3://good/").unwrap();
    let server = TestServer::with(|settings| settings.source_pattern = Some(pattern)).await;
    register(&server, "m").await;
    create(&server, "s3://good/x", &json!({})).await.ok();
    for source in ["s3://bad/s3://good/", "models:/m/1", "dummy-source"] {
        let answer = create(&server, source, &json!({})).await;
        is_error(&answer, 400, INVALID, &format!("Invalid model version source: '{source}'."));
    }
}

#[tokio::test]
async fn files_of_versions_are_served() {
    let server = TestServer::start().await;
    register(&server, "m").await;
    let run = server.new_run("iris").create().await;
    let experiment = server.experiment("iris").await;
    let artifacts = format!("/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts");
    let upload = server.request(Method::PUT, &format!("{artifacts}/model/MLmodel"));
    server.send(upload.body("flavors: {}")).await.ok();
    let upload = server.request(Method::PUT, &format!("{artifacts}/secret.txt"));
    server.send(upload.body("secret")).await.ok();
    let own = json!({"run_id": run});
    for source in [
        format!("mlflow-artifacts:/{experiment}/{run}/artifacts/model"),
        format!("runs:/{run}/model"),
        "models:/m/1".to_owned(),
    ] {
        create(&server, &source, &own).await.ok();
    }
    for version in 1..=3 {
        let address = format!("/model-versions/get-artifact?name=m&version={version}&path=");
        let answer = server.get(&format!("{address}MLmodel")).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "flavors: {}"), "{version}");
        assert_eq!(answer.header("content-disposition"), "attachment; filename=MLmodel");
        for outside in ["../secret.txt", "%2e%2e/secret.txt", "..%252fsecret.txt"] {
            is_error(&server.get(&format!("{address}{outside}")).await, 400, INVALID, "path");
        }
        assert_eq!(server.get(&format!("{address}none")).await.status, 404);
    }
}

#[tokio::test]
async fn clients_of_mlflow_1_list_models() {
    let server = TestServer::start().await;
    for name in ["a", "b", "c"] {
        register(&server, name).await;
    }
    let list = "/api/2.0/preview/mlflow/registered-models/list?max_results=2";
    let page = server.get(list).await.ok();
    let token = page["next_page_token"].as_str().unwrap();
    let names = |page: &Value| -> Vec<String> {
        let models = page["registered_models"].as_array().unwrap();
        models.iter().map(|model| model["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&page), ["a", "b"]);
    let rest = server.get(&format!("{list}&page_token={token}")).await.ok();
    assert_eq!(names(&rest), ["c"]);
    assert_eq!(rest.get("next_page_token"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_clients_create_versions_of_one_model() {
    const CLIENTS: usize = 64;
    const EACH: usize = 5;
    let server = Arc::new(TestServer::start().await);
    register(&server, "m").await;
    let id = logged_model(&server).await;
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (server, id) = (server.clone(), id.clone());
            tokio::spawn(async move {
                let mut numbers = Vec::new();
                for _ in 0..EACH {
                    let source = format!("models:/{id}");
                    let answer = create(&server, &source, &json!({"model_id": id})).await;
                    let version = answer.ok()["model_version"]["version"].clone();
                    numbers.push(version.as_str().unwrap().parse::<usize>().unwrap());
                }
                numbers
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.extend(task.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=CLIENTS * EACH).collect::<Vec<_>>());
    let model = server.get(&format!("/api/2.0/mlflow/logged-models/{id}")).await.ok();
    let tag = model["model"]["info"]["tags"][0]["value"].as_str().unwrap();
    let listed: Vec<Value> = serde_json::from_str(tag).unwrap();
    assert_eq!(listed.len(), CLIENTS * EACH, "the logged model knows of every version");
}
