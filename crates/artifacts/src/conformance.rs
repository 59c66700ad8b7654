//! What every [`ArtifactStore`] promises, as tests. [`conformance_suite!`](crate::conformance_suite)
//! runs them all against one kind of store.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use oxflow_model::error::{Error, ErrorCode};

use crate::{ArtifactPath, ArtifactStore, ByteRange, ByteStream};

/// One `#[tokio::test]` per promise. The expression makes a new, empty store, and something that
/// has to live as long. After `ignored`, it makes a store in an `Arc` and nothing else, and the
/// tests run on request only.
#[macro_export]
macro_rules! conformance_suite {
    (ignored $make:expr) => {
        $crate::conformance_suite!(@names ignored $make);
    };
    ($make:expr) => {
        $crate::conformance_suite!(@names all $make);
    };
    (@names $how:ident $make:expr) => {
        $crate::conformance_suite!(@$how $make;
            what_was_written_can_be_read
            an_overwritten_file_has_the_new_content
            ranges_are_read
            a_file_of_several_chunks_arrives_whole
            an_empty_store_answers
            missing_things_are_missing
            a_folder_is_not_a_file
            listings_are_sorted_and_one_level_deep
            listing_a_file_shows_nothing
            odd_names_survive
            a_new_content_has_a_new_etag
            deleting_a_file_spares_the_others
            deleting_a_folder_takes_everything_below_and_nothing_else
            deleting_nothing_is_fine
            the_root_is_neither_written_nor_deleted
            everything_can_be_deleted
            a_failed_upload_leaves_nothing
            a_failed_overwrite_keeps_the_old_content
            a_dropped_upload_leaves_nothing
            an_unfinished_overwrite_is_invisible
            a_file_does_not_replace_a_folder
            many_uploads_at_once
            concurrent_uploads_of_one_file_do_not_mix
            a_task_that_has_to_yield_is_answered
        );
    };
    (@all $make:expr; $($name:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let (store, _alive) = $make;
            $crate::conformance::$name(&store).await;
        })*
    };
    (@ignored $make:expr; $($name:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        #[ignore = "needs a storage"]
        async fn $name() {
            let store = $make;
            $crate::conformance::$name(&*store).await;
        })*
    };
}

type Store<'a> = &'a dyn ArtifactStore;

/// A path that a test may use.
pub fn path(text: &str) -> ArtifactPath {
    ArtifactPath::parse(text).unwrap()
}

/// A body that arrives in the given pieces.
pub fn body<const N: usize>(pieces: [&'static str; N]) -> ByteStream {
    stream::iter(pieces.map(|piece| Ok(Bytes::from(piece)))).boxed()
}

/// A body that breaks off.
pub fn broken_body() -> ByteStream {
    let pieces = [Ok(Bytes::from("half of")), Err(Error::invalid("the client went away"))];
    stream::iter(pieces).boxed()
}

/// Stores a small file.
pub async fn put(store: Store<'_>, at: &str, content: &'static str) {
    store.write(&path(at), body([content])).await.unwrap();
}

/// The content of a small file.
pub async fn get(store: Store<'_>, at: &str) -> String {
    let bytes = store.read(&path(at), None).await.unwrap().bytes(1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A folder in short: `name=size`, `name/`.
pub async fn ls(store: Store<'_>, at: &str) -> Vec<String> {
    let infos = store.list(&path(at)).await.unwrap();
    infos
        .into_iter()
        .map(|info| match info.is_dir {
            true => format!("{}/", info.path),
            false => format!("{}={}", info.path, info.size),
        })
        .collect()
}

async fn read_error(store: Store<'_>, at: &str) -> Error {
    store.read(&path(at), None).await.unwrap_err()
}

#[expect(missing_docs, reason = "the names of the tests say it")]
mod promises {
    use super::*;

    pub async fn what_was_written_can_be_read(store: Store<'_>) {
        store.write(&path("a/b/c.txt"), body(["he", "", "llo"])).await.unwrap();
        store.write(&path("empty"), body([])).await.unwrap();
        assert_eq!(get(store, "a/b/c.txt").await, "hello");
        assert_eq!(get(store, "empty").await, "");
        let reader = store.read(&path("a/b/c.txt"), None).await.unwrap();
        assert_eq!((reader.total, reader.range.clone(), reader.len()), (5, 0..5, 5));
        let stat = store.stat(&path("a/b/c.txt")).await.unwrap().unwrap();
        assert_eq!((stat.is_dir, stat.size), (false, 5));
        assert_eq!((stat.etag, stat.last_modified), (reader.etag, reader.last_modified));
        assert_eq!(ls(store, "").await, ["a/", "empty=0"]);
    }

    pub async fn an_overwritten_file_has_the_new_content(store: Store<'_>) {
        put(store, "f", "a long first version").await;
        put(store, "f", "second").await;
        assert_eq!(get(store, "f").await, "second");
        assert_eq!(ls(store, "").await, ["f=6"]);
    }

    pub async fn ranges_are_read(store: Store<'_>) {
        put(store, "f", "0123456789").await;
        let table = [
            (ByteRange::From(7), 7..10, "789"),
            (ByteRange::Between(1, 2), 1..3, "12"),
            (ByteRange::Between(8, 99), 8..10, "89"),
            (ByteRange::Last(4), 6..10, "6789"),
            (ByteRange::From(10), 10..10, ""),
            (ByteRange::Last(0), 10..10, ""),
        ];
        for (range, expected, content) in table {
            let reader = store.read(&path("f"), Some(range)).await.unwrap();
            assert_eq!((reader.total, reader.range.clone()), (10, expected));
            assert_eq!(reader.bytes(100).await.unwrap(), content);
        }
    }

    pub async fn a_file_of_several_chunks_arrives_whole(store: Store<'_>) {
        let piece = |i: u32| Bytes::from(i.to_le_bytes().repeat(25_000));
        let body = stream::iter((0..33).map(move |i| Ok(piece(i)))).boxed();
        store.write(&path("big"), body).await.unwrap();
        let expected: Vec<u8> = (0..33).flat_map(|i| piece(i).to_vec()).collect();
        let reader = store.read(&path("big"), None).await.unwrap();
        assert_eq!(reader.bytes(1 << 30).await.unwrap(), expected);
        let range = ByteRange::Between(99_990, 3_200_000);
        let reader = store.read(&path("big"), Some(range)).await.unwrap();
        assert_eq!(reader.bytes(1 << 30).await.unwrap(), expected[99_990..=3_200_000]);
    }

    pub async fn an_empty_store_answers(store: Store<'_>) {
        assert!(ls(store, "").await.is_empty());
        assert_eq!(read_error(store, "x").await.code(), ErrorCode::ResourceDoesNotExist);
        assert_eq!(store.stat(&path("x")).await.unwrap(), None);
        store.delete(&path("x")).await.unwrap();
        store.delete_all().await.unwrap();
    }

    pub async fn missing_things_are_missing(store: Store<'_>) {
        put(store, "d/f", "x").await;
        for missing in ["nope", "d/nope", "d/f/below", "D/f", "d/ff", "e"] {
            let error = read_error(store, missing).await;
            assert_eq!(error.code(), ErrorCode::ResourceDoesNotExist);
            assert_eq!(error.message(), format!("No such artifact: '{missing}'"));
            assert_eq!(store.stat(&path(missing)).await.unwrap(), None);
            assert!(ls(store, missing).await.is_empty());
        }
    }

    pub async fn a_folder_is_not_a_file(store: Store<'_>) {
        put(store, "d/e/f", "x").await;
        for folder in ["d", "d/e"] {
            let error = read_error(store, folder).await;
            assert_eq!(error.code(), ErrorCode::InvalidParameterValue);
            assert_eq!(
                error.message(),
                format!("Artifact path refers to a directory, not a file: '{folder}'")
            );
            assert!(store.stat(&path(folder)).await.unwrap().unwrap().is_dir);
        }
    }

    pub async fn listings_are_sorted_and_one_level_deep(store: Store<'_>) {
        for name in ["r/b.txt", "r/a/x", "r/a/y/z", "r/B", "r/a.txt", "r/ф", "other/x", "ra"] {
            put(store, name, "12").await;
        }
        assert_eq!(ls(store, "r").await, ["r/B=2", "r/a/", "r/a.txt=2", "r/b.txt=2", "r/ф=2"]);
        assert_eq!(ls(store, "r/a").await, ["r/a/x=2", "r/a/y/"]);
        assert_eq!(ls(store, "").await, ["other/", "r/", "ra=2"]);
    }

    pub async fn listing_a_file_shows_nothing(store: Store<'_>) {
        put(store, "d/f", "x").await;
        assert!(ls(store, "d/f").await.is_empty());
    }

    pub async fn odd_names_survive(store: Store<'_>) {
        let names = ["with space.txt", "p%q", "a\\b", "a?b", "a;b", "a*b", "Loss: x", "..a", "ф"];
        let mut expected = Vec::new();
        for name in names.map(|name| format!("odd/{name}")) {
            match store.write(&path(&name), body(["x"])).await {
                // Some storages cannot tell it from a slash, or have no such names; they must say so.
                Err(error) if name.contains(['\\', ':']) => {
                    assert_eq!(error.code(), ErrorCode::InvalidParameterValue);
                    continue;
                }
                written => written.unwrap(),
            }
            assert_eq!(get(store, &name).await, "x");
            expected.push(format!("{name}=1"));
        }
        expected.sort();
        assert_eq!(ls(store, "odd").await, expected);
    }

    pub async fn a_new_content_has_a_new_etag(store: Store<'_>) {
        put(store, "f", "one").await;
        let Some(first) = store.stat(&path("f")).await.unwrap().unwrap().etag else { return };
        put(store, "f", "two").await;
        let second = store.stat(&path("f")).await.unwrap().unwrap().etag.unwrap();
        assert_ne!(first, second);
        assert!(second.starts_with('"') && second.ends_with('"') && second.len() > 2);
    }

    pub async fn deleting_a_file_spares_the_others(store: Store<'_>) {
        for name in ["d/f", "d/f2", "d/f.txt"] {
            put(store, name, "x").await;
        }
        store.delete(&path("d/f")).await.unwrap();
        assert_eq!(ls(store, "d").await, ["d/f.txt=1", "d/f2=1"]);
    }

    pub async fn deleting_a_folder_takes_everything_below_and_nothing_else(store: Store<'_>) {
        for name in ["r/model/a", "r/model/b/c/d", "r/model-2/a", "r/modelx", "r2/model/a"] {
            put(store, name, "x").await;
        }
        store.delete(&path("r/model")).await.unwrap();
        assert_eq!(ls(store, "r").await, ["r/model-2/", "r/modelx=1"]);
        assert_eq!(get(store, "r2/model/a").await, "x");
        assert_eq!(store.stat(&path("r/model/b")).await.unwrap(), None);
    }

    pub async fn deleting_nothing_is_fine(store: Store<'_>) {
        put(store, "d/f", "x").await;
        for missing in ["nope", "d/nope", "d/f/below", "nope/nope"] {
            store.delete(&path(missing)).await.unwrap();
        }
        assert_eq!(get(store, "d/f").await, "x");
    }

    pub async fn the_root_is_neither_written_nor_deleted(store: Store<'_>) {
        put(store, "f", "x").await;
        for root in ["", "."] {
            let error = store.write(&path(root), body(["x"])).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidParameterValue);
            let error = store.delete(&path(root)).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidParameterValue);
        }
        assert_eq!(get(store, "f").await, "x");
    }

    pub async fn everything_can_be_deleted(store: Store<'_>) {
        for name in ["f", "d/f", "d/e/f"] {
            put(store, name, "x").await;
        }
        store.delete_all().await.unwrap();
        assert!(ls(store, "").await.is_empty());
        put(store, "again", "x").await;
        assert_eq!(ls(store, "").await, ["again=1"]);
    }

    pub async fn a_failed_upload_leaves_nothing(store: Store<'_>) {
        let error = store.write(&path("d/f"), broken_body()).await.unwrap_err();
        assert_eq!(error.message(), "the client went away");
        assert_eq!(store.stat(&path("d/f")).await.unwrap(), None);
        assert!(ls(store, "").await.is_empty());
    }

    pub async fn a_failed_overwrite_keeps_the_old_content(store: Store<'_>) {
        put(store, "f", "old").await;
        store.write(&path("f"), broken_body()).await.unwrap_err();
        assert_eq!(get(store, "f").await, "old");
    }

    pub async fn a_dropped_upload_leaves_nothing(store: Store<'_>) {
        let endless = stream::repeat_with(|| Ok(Bytes::from(vec![7; 300_000])));
        let paced = endless.then(|chunk| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            chunk
        });
        let target = path("d/f");
        let upload = store.write(&target, paced.boxed());
        tokio::time::timeout(Duration::from_millis(100), upload).await.unwrap_err();
        assert_eq!(store.stat(&path("d/f")).await.unwrap(), None);
        assert!(ls(store, "").await.is_empty());
    }

    pub async fn an_unfinished_overwrite_is_invisible(store: Store<'_>) {
        put(store, "f", "old").await;
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let end = stream::once(async {
            receiver.await.unwrap();
            Ok(Bytes::from("end"))
        });
        let start = vec![Ok(Bytes::from(vec![b'x'; 2_000_000])); 2];
        let target = path("f");
        let upload = store.write(&target, stream::iter(start).chain(end).boxed());
        let watch = async {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                assert_eq!(get(store, "f").await, "old");
                assert_eq!(ls(store, "").await, ["f=3"]);
            }
            sender.send(()).unwrap();
        };
        let (written, ()) = futures::join!(upload, watch);
        written.unwrap();
        assert_eq!(ls(store, "").await, ["f=4000003"]);
    }

    pub async fn a_file_does_not_replace_a_folder(store: Store<'_>) {
        if !store.capability().folders {
            return;
        }
        put(store, "d/f", "x").await;
        let error = store.write(&path("d"), body(["x"])).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidParameterValue);
        assert_eq!(error.message(), "Artifact path refers to a directory, not a file: 'd'");
        let error = store.write(&path("d/f/g"), body(["x"])).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidParameterValue);
        assert_eq!(get(store, "d/f").await, "x");
    }

    pub async fn many_uploads_at_once(store: Store<'_>) {
        let uploads = (0..100).map(|i| async move {
            store.write(&path(&format!("d{}/f{i}", i % 7)), body(["x", "y"])).await
        });
        for result in futures::future::join_all(uploads).await {
            result.unwrap();
        }
        let mut found = 0;
        for folder in ls(store, "").await {
            found += ls(store, &folder).await.len();
        }
        assert_eq!(found, 100);
    }

    pub async fn concurrent_uploads_of_one_file_do_not_mix(store: Store<'_>) {
        let uploads = (0..20u8).map(|i| async move {
            let pieces = (0..10).map(move |_| Ok(Bytes::from(vec![i; 50_000])));
            store.write(&path("f"), stream::iter(pieces).boxed()).await
        });
        for result in futures::future::join_all(uploads).await {
            result.unwrap();
        }
        let bytes = store.read(&path("f"), None).await.unwrap().bytes(1 << 20).await.unwrap();
        assert_eq!(bytes.len(), 500_000);
        assert!(bytes.iter().all(|byte| *byte == bytes[0]), "a mix of two uploads");
    }

    /// A task that did much in its turn finds every socket busy, wherever it stands. What it was
    /// about to send has to be sent in its next turn.
    pub async fn a_task_that_has_to_yield_is_answered(store: Store<'_>) {
        const TURN: usize = 128;
        put(store, "f", "x").await;
        for done in TURN - 24..TURN {
            tokio::task::yield_now().await;
            for _ in 0..done {
                tokio::task::coop::consume_budget().await;
            }
            let stat = tokio::time::timeout(Duration::from_secs(8), store.stat(&path("f"))).await;
            assert_eq!(stat.unwrap().unwrap().unwrap().size, 1, "after {done} steps");
        }
    }
}
pub use promises::*;
