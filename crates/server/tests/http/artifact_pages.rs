//! Artifacts as pages need them: folders as archives, documents in a frame.

use oxflow_testkit::TestServer;
use reqwest::Method;

use crate::is_error;

/// A server with a run that has these files, and the address of its artifacts.
async fn server_with(files: &[(&str, &'static str)]) -> (TestServer, String) {
    let server = TestServer::start().await;
    let run = server.new_run("e").create().await;
    let info = server.run(&run).await["info"].clone();
    let root = info["artifact_uri"].as_str().unwrap().strip_prefix("mlflow-artifacts:/").unwrap();
    for (path, body) in files {
        let path = format!("/api/2.0/mlflow-artifacts/artifacts/{root}/{path}");
        let put = server.request(Method::PUT, &path).body(*body);
        assert_eq!(server.send(put).await.status, 200);
    }
    (server, format!("/ajax-api/2.0/oxflow/runs/{run}/artifacts"))
}

#[tokio::test]
async fn a_folder_comes_as_an_archive() {
    let (server, artifacts) =
        server_with(&[("a.txt", "one"), ("dir/ü.txt", "two"), ("dir/deep/c.txt", "three")]).await;
    for (path, name, inside, outside) in [
        ("", "attachment; filename=", &["a.txt", "dir/ü.txt", "dir/deep/c.txt"][..], "artifacts/"),
        ("?path=dir", "attachment; filename=dir.zip", &["ü.txt", "deep/c.txt"][..], "dir/"),
    ] {
        let answer = server.get(&format!("{artifacts}/archive{path}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "application/zip");
        assert!(answer.header("content-disposition").starts_with(name));
        // Files are stored as they are, so that their names and contents can be read in it.
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        for file in inside {
            assert_eq!(
                text.matches(file).count(),
                2,
                "{file}: before the file and in the directory"
            );
        }
        assert!(text.contains("two") && text.contains("three"));
        assert!(!text.contains(outside), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_folder_makes_no_archive() {
    let (server, artifacts) = server_with(&[("a.txt", "one")]).await;
    let answer = server.get(&format!("{artifacts}/archive?path=a.txt")).await;
    is_error(&answer, 400, "INVALID_PARAMETER_VALUE", "'a.txt' is a file");
    let answer = server.get(&format!("{artifacts}/archive?path=none")).await;
    is_error(&answer, 404, "RESOURCE_DOES_NOT_EXIST", "No such artifact: 'none'");
    for climbing in ["../..", "%2e%2e/x", "/etc"] {
        let answer = server.get(&format!("{artifacts}/archive?path={climbing}")).await;
        assert_eq!(answer.status, 400, "{climbing}: {}", answer.text());
    }
    let answer = server.get("/ajax-api/2.0/oxflow/runs/none/artifacts/archive").await;
    is_error(&answer, 404, "RESOURCE_DOES_NOT_EXIST", "none");
    let answer = server.get("/ajax-api/2.0/oxflow/logged-models/none/artifacts/archive").await;
    is_error(&answer, 404, "RESOURCE_DOES_NOT_EXIST", "Logged model with ID 'none' not found.");
}

#[tokio::test]
async fn a_run_without_files_has_an_empty_archive() {
    let (server, artifacts) = server_with(&[]).await;
    let answer = server.get(&format!("{artifacts}/archive")).await;
    assert_eq!((answer.status, answer.body.len()), (200, 22));
}

#[tokio::test]
async fn a_document_has_no_rights_here() {
    let (server, artifacts) = server_with(&[
        ("page.html", "<script>alert(1)</script>"),
        ("paper.PDF", "%PDF-1.4"),
        ("a.svg", "<svg/>"),
    ])
    .await;
    let page = server.get(&format!("{artifacts}/document?path=page.html")).await;
    assert_eq!((page.status, page.header("content-disposition")), (200, "inline"));
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("sandbox allow-scripts; default-src 'none';"), "{policy}");
    assert!(!policy.contains("allow-same-origin") && !policy.contains("connect-src"), "{policy}");
    let paper = server.get(&format!("{artifacts}/document?path=paper.PDF")).await;
    assert_eq!(paper.header("content-type"), "application/pdf");
    assert_eq!(paper.header("x-content-type-options"), "nosniff");
    // Whatever else browsers know how to run stays a download.
    for other in ["a.svg", "page.xhtml", "page", ""] {
        let answer = server.get(&format!("{artifacts}/document?path={other}")).await;
        is_error(&answer, 400, "INVALID_PARAMETER_VALUE", "is no document");
    }
    let answer = server.get(&format!("{artifacts}/document?path=none.html")).await;
    is_error(&answer, 404, "RESOURCE_DOES_NOT_EXIST", "none.html");
}
