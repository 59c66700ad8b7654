//! The web pages. These tests hold with and without pages in the build.

use oxflow_testkit::{Answer, TestServer};
use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, IF_NONE_MATCH};

/// The paths below the root that a page loads, relative to it.
fn named_files(page: &str) -> Vec<String> {
    let parts = page.split('"').filter_map(|part| part.strip_prefix("./"));
    parts.map(|path| format!("/{path}")).collect()
}

async fn sent(
    server: &TestServer,
    path: &str,
    header: (reqwest::header::HeaderName, &str),
) -> Answer {
    server.send(server.request(Method::GET, path).header(header.0, header.1)).await
}

#[tokio::test]
async fn the_root_is_a_page_that_is_asked_for_again_each_time() {
    let server = TestServer::start().await;
    let page = server.get("/").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("cache-control"), "no-cache");
    assert!(page.text().contains("<title>Oxflow</title>"), "{}", page.text());
}

#[tokio::test]
async fn what_a_page_names_is_there_small_and_for_ever() {
    for prefix in ["", "/mlflow"] {
        let server = TestServer::with(|settings| settings.static_prefix = prefix.to_owned()).await;
        for path in named_files(&server.get("/").await.text()) {
            let file = sent(&server, &path, (ACCEPT_ENCODING, "gzip")).await;
            assert_eq!(file.status, 200, "{path}");
            assert_eq!(file.header("content-encoding"), "gzip", "{path}");
            let immutable = file.header("cache-control").contains("immutable");
            assert_eq!(immutable, path.starts_with("/assets/"), "{path}");
            let plain = server.get(&path).await;
            let again = sent(&server, &path, (IF_NONE_MATCH, plain.header("etag"))).await;
            assert_eq!(again.status, 304, "{path}");
        }
    }
}

#[tokio::test]
async fn an_unknown_file_is_an_error_with_a_reason() {
    let server = TestServer::start().await;
    for path in ["/assets/none.js", "/assets/..%2fCargo.toml", "/assets/%2e%2e/index.html"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}
