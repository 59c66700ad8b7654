//! The promises of artifact stores, kept by real storages.
//!
//! `OXFLOW_TEST_LOCATION` names a bucket (`s3://mlflow`) or the artifacts of a server, and the usual variables say how it is
//! reached. Ignored without a storage; `tests/stores` starts one and runs them.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]
#![expect(clippy::disallowed_methods, reason = "the storage is named by the environment")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use oxflow_artifacts::conformance::{body, get, ls, path, put};
use oxflow_artifacts::{ArtifactStore, ArtifactUri, LocationPolicy, RemoteSettings, Resolver};
use oxflow_model::{Clock, Millis};

struct Now;

impl Clock for Now {
    fn now(&self) -> Millis {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Millis(i64::try_from(since.as_millis()).unwrap())
    }
}

fn resolver() -> Resolver {
    let settings = RemoteSettings::read(|name| std::env::var(name).ok()).unwrap();
    Resolver::new(LocationPolicy::new([&location("")]), "/").with_remote(settings, Arc::new(Now))
}

fn location(below: &str) -> ArtifactUri {
    let bucket =
        std::env::var("OXFLOW_TEST_LOCATION").expect("OXFLOW_TEST_LOCATION names a bucket");
    ArtifactUri::parse(&format!("{bucket}{below}")).unwrap()
}

/// A store on a prefix of its own.
fn store() -> Arc<dyn ArtifactStore> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let below = format!("/conformance/{}-{}/{number}", std::process::id(), Now.now().0);
    resolver().open(&location(&below)).unwrap()
}

mod promises {
    oxflow_artifacts::conformance_suite!(ignored super::store());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a storage"]
async fn a_store_does_not_see_its_neighbours() {
    let outer = resolver().open(&location("/neighbours")).unwrap();
    let inner = resolver().open(&location("/neighbours/a")).unwrap();
    put(inner.as_ref(), "f", "x").await;
    put(outer.as_ref(), "ab/f", "y").await;
    assert_eq!(ls(inner.as_ref(), "").await, ["f=1"]);
    assert_eq!(get(outer.as_ref(), "a/f").await, "x");
    inner.delete_all().await.unwrap();
    assert_eq!(ls(outer.as_ref(), "").await, ["ab/"]);
    outer.delete(&path("ab")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a storage"]
async fn listings_are_complete_over_many_pages() {
    let store = store();
    let writes = (0..1234).map(|i| {
        let store = store.clone();
        async move { store.write(&path(&format!("many/{i:05}")), body(["x"])).await }
    });
    use futures::StreamExt as _;
    let mut writes = futures::stream::iter(writes).buffer_unordered(16);
    while let Some(done) = writes.next().await {
        done.unwrap();
    }
    let names: Vec<String> = (0..1234).map(|i| format!("many/{i:05}=1")).collect();
    assert_eq!(ls(store.as_ref(), "many").await, names);
    store.delete(&path("many")).await.unwrap();
    assert!(ls(store.as_ref(), "").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a storage"]
async fn a_bucket_that_does_not_exist_is_named_so() {
    let text = location("").as_str().replacen("//mlflow", "//no-such-bucket", 1);
    let store = resolver().open(&ArtifactUri::parse(&text).unwrap()).unwrap();
    let error = store.write(&path("f"), body(["x"])).await.unwrap_err();
    assert!(error.message().contains("the bucket does not exist"), "{error}");
}
