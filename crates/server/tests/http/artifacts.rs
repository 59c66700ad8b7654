//! Artifacts over HTTP: uploads, downloads, ranges, and what is sent only if it has changed.

use oxflow_testkit::{Answer, TestServer};
use reqwest::Method;
use serde_json::json;

use crate::is_error;

const PROXY: &str = "/api/2.0/mlflow-artifacts/artifacts";
const CONTENT: &str = "0123456789";

async fn put(server: &TestServer, path: &str, body: &'static str) {
    let request = server.request(Method::PUT, &format!("{PROXY}/{path}")).body(body);
    let answer = server.send(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// A server with the file `dir/f.txt`.
async fn server_with_a_file() -> TestServer {
    let server = TestServer::start().await;
    put(&server, "dir/f.txt", CONTENT).await;
    server
}

async fn get(server: &TestServer, headers: &[(&'static str, &str)]) -> Answer {
    let mut request = server.request(Method::GET, &format!("{PROXY}/dir/f.txt"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request).await
}

#[tokio::test]
async fn a_file_comes_back_as_an_attachment() {
    let server = server_with_a_file().await;
    let answer = get(&server, &[]).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, CONTENT));
    for (name, value) in [
        ("content-length", "10"),
        ("content-type", "text/plain"),
        ("content-disposition", "attachment; filename=f.txt"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(
        answer.header("etag").starts_with('"') && answer.header("last-modified").ends_with("GMT")
    );
    let head = server.request(Method::HEAD, &format!("{PROXY}/dir/f.txt"));
    let head = server.send(head).await;
    assert_eq!((head.status, head.body.len(), head.header("content-length")), (200, 0, "10"));
}

#[tokio::test]
async fn ranges_are_sent() {
    let server = server_with_a_file().await;
    for (range, status, body, content_range) in [
        ("bytes=0-3", 206, "0123", "bytes 0-3/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=-2", 206, "89", "bytes 8-9/10"),
        ("bytes=-100", 206, CONTENT, "bytes 0-9/10"),
        ("bytes=8-99", 206, "89", "bytes 8-9/10"),
        ("bytes=9-18446744073709551615", 206, "9", "bytes 9-9/10"),
        ("bytes=10-", 416, "", "bytes */10"),
        ("bytes=10-12", 416, "", "bytes */10"),
        ("bytes=-0", 416, "", "bytes */10"),
        // Several ranges, and what is no range, mean the whole file.
        ("bytes=0-1,4-5", 200, CONTENT, ""),
        ("bytes=5-2", 200, CONTENT, ""),
        ("bytes=x-y", 200, CONTENT, ""),
        ("lines=0-1", 200, CONTENT, ""),
        ("bytes=99999999999999999999-", 200, CONTENT, ""),
    ] {
        let answer = get(&server, &[("Range", range)]).await;
        let length = body.len().to_string();
        assert_eq!((answer.status, answer.text().as_str()), (status, body), "{range}");
        assert_eq!(answer.header("content-range"), content_range, "{range}");
        assert_eq!(answer.header("content-length"), length, "{range}");
    }
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let server = server_with_a_file().await;
    let whole = get(&server, &[]).await;
    let (etag, date) = (whole.header("etag"), whole.header("last-modified"));
    let weak = format!("W/{etag}");
    let listed = format!("\"other\", {etag}");
    let long_ago = "Sun, 06 Nov 1994 08:49:37 GMT";
    let later = "Fri, 06 Nov 2099 08:49:37 GMT";
    let table: [(&[(&str, &str)], u16); 14] = [
        (&[("If-None-Match", etag)], 304),
        (&[("If-None-Match", &weak)], 304),
        (&[("If-None-Match", &listed)], 304),
        (&[("If-None-Match", "*")], 304),
        (&[("If-None-Match", "\"other\"")], 200),
        (&[("If-Modified-Since", date)], 304),
        (&[("If-Modified-Since", later)], 304),
        (&[("If-Modified-Since", long_ago)], 200),
        (&[("If-Modified-Since", "soon")], 200),
        // The tag counts for more than the date, and both for more than the range.
        (&[("If-None-Match", "\"other\""), ("If-Modified-Since", later)], 200),
        (&[("If-None-Match", etag), ("Range", "bytes=0-3")], 304),
        (&[("If-Range", etag), ("Range", "bytes=0-3")], 206),
        (&[("If-Range", date), ("Range", "bytes=0-3")], 206),
        (&[("If-Range", "\"other\""), ("Range", "bytes=0-3")], 200),
    ];
    for (headers, status) in table {
        let answer = get(&server, headers).await;
        assert_eq!(answer.status, status, "{headers:?}");
        // A page that keeps the file must learn under which tag.
        assert_eq!(answer.header("etag"), etag, "{headers:?}");
        assert_eq!(answer.body.is_empty(), status == 304, "{headers:?}");
    }
    put(&server, "dir/f.txt", "9876543210").await;
    let changed = get(&server, &[("If-None-Match", etag)]).await;
    assert_eq!((changed.status, changed.text().as_str()), (200, "9876543210"));
    let changed = get(&server, &[("If-Range", etag), ("Range", "bytes=0-3")]).await;
    assert_eq!((changed.status, changed.text().as_str()), (200, "9876543210"));
}

#[tokio::test]
async fn empty_files_are_files() {
    let server = TestServer::start().await;
    put(&server, "dir/f.txt", "").await;
    let answer = get(&server, &[]).await;
    assert_eq!((answer.status, answer.header("content-length")), (200, "0"));
    assert_eq!(get(&server, &[("Range", "bytes=0-")]).await.status, 416);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = server_with_a_file().await;
    let missing = "RESOURCE_DOES_NOT_EXIST";
    let answer = server.get(&format!("{PROXY}/dir/g.txt")).await;
    is_error(&answer, 404, missing, "No such artifact");
    let answer = server.get(&format!("{PROXY}/dir")).await;
    assert!((400..500).contains(&answer.status), "{}", answer.text());
    let answer = server.get(&format!("{PROXY}?path=nope")).await;
    assert_eq!(answer.ok(), json!({}));
    let request = server.request(Method::PUT, &format!("{PROXY}/dir/")).body("x");
    is_error(&server.send(request).await, 400, "INVALID_PARAMETER_VALUE", "filename");
}

#[tokio::test]
async fn files_are_listed_and_deleted() {
    let server = server_with_a_file().await;
    put(&server, "dir/sub/g", "x").await;
    let list =
        async |path: &str| server.get(&format!("{PROXY}?path={path}")).await.ok()["files"].clone();
    let file = json!({"path": "f.txt", "is_dir": false, "file_size": 10});
    let sub = json!({"path": "sub", "is_dir": true});
    assert_eq!(list("dir").await, json!([file, sub]));
    for path in ["dir/sub", "dir/sub", "nope"] {
        let request = server.request(Method::DELETE, &format!("{PROXY}/{path}"));
        assert_eq!(server.send(request).await.ok(), json!({}));
    }
    assert_eq!(list("dir").await, json!([file]));
}

#[tokio::test]
async fn a_run_shows_its_own_files() {
    let server = TestServer::start().await;
    let run = server.new_run("iris").create().await;
    put(&server, &format!("1/{run}/artifacts/model/MLmodel"), "x: 1").await;
    let list = format!("/api/2.0/mlflow/artifacts/list?run_id={run}&path=model");
    let listed = server.get(&list).await.ok();
    assert_eq!(listed["files"][0]["path"], json!("model/MLmodel"));
    let answer = server.get(&format!("/get-artifact?run_id={run}&path=model/MLmodel")).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "x: 1"));
    assert_eq!(answer.header("cache-control"), "no-cache");
    let other = server.new_run("iris").create().await;
    let answer = server.get(&format!("/get-artifact?run_id={other}&path=model/MLmodel")).await;
    is_error(&answer, 404, "RESOURCE_DOES_NOT_EXIST", "No such artifact");
}

#[tokio::test]
async fn uploads_of_pages_are_limited() {
    let server = TestServer::with(|settings| settings.max_upload = 1 << 20).await;
    let run = server.new_run("iris").create().await;
    let path = format!("/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=a.bin");
    for (size, status) in [(0, 400), ((1 << 20) + 1, 400), (1 << 20, 200)] {
        let request = server.request(Method::POST, &path).body(vec![7; size]);
        let answer = server.send(request).await;
        assert_eq!(answer.status, status, "{size}: {}", answer.text());
        let stored = server.get(&format!("/get-artifact?run_id={run}&path=a.bin")).await;
        assert_eq!(stored.status, if status == 200 { 200 } else { 404 });
    }
}

#[tokio::test]
async fn names_come_back_as_they_were() {
    let server = TestServer::start().await;
    for name in ["with space.txt", "žluť 🐎.png", "a+b=c&d?e;f", "100%", "\"quoted\"", "a'b"] {
        let path: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
        put(&server, &path, "x").await;
        let listed = server.get(PROXY).await.ok()["files"].clone();
        let listed: Vec<&str> =
            listed.as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
        assert!(listed.contains(&name), "{name}: {listed:?}");
        let answer = server.get(&format!("{PROXY}/{path}")).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "x"), "{name}");
        assert!(answer.header("content-disposition").starts_with("attachment; filename="));
    }
}
