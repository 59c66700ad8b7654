//! What only a folder can get wrong: links, leftovers, a full disk.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::*;
use crate::conformance::{body, broken_body, get, ls, path, put};
use crate::reserved::STAGING;

/// The store is a folder that does not exist yet, next to things that are not its business.
fn store() -> (LocalStore, TempDir) {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    fs::create_dir(outside.path().join("private")).unwrap();
    fs::write(outside.path().join("private/key"), "secret").unwrap();
    (LocalStore::new(outside.path().join("new/store")), outside)
}

fn in_store(outside: &TempDir, name: &str) -> PathBuf {
    outside.path().join("new/store").join(name)
}

/// Every file and folder in the store, hidden ones as well.
fn everything(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap().path();
        names.push(entry.file_name().unwrap().to_str().unwrap().to_owned());
        if entry.is_dir() && !entry.is_symlink() {
            names.extend(everything(&entry));
        }
    }
    names.sort();
    names
}

/// A write that has begun when its upload is dropped ends first, and removes the file then.
async fn soon(condition: impl Fn() -> bool) {
    for _ in 0..5000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it did not happen");
}

async fn assert_refused(store: &LocalStore, at: &str) {
    let at = path(at);
    let outside = "Invalid path: resolved path is outside the artifact directory";
    assert_eq!(store.read(&at, None).await.unwrap_err().message(), outside, "read {at}");
    assert_eq!(store.stat(&at).await.unwrap_err().message(), outside, "stat {at}");
    assert_eq!(store.list(&at).await.unwrap_err().message(), outside, "list {at}");
    assert_eq!(store.write(&at, body(["x"])).await.unwrap_err().message(), outside, "write {at}");
}

mod conformance {
    use super::*;

    crate::conformance_suite!(store());
}

#[tokio::test]
async fn links_that_lead_out_are_refused_and_not_listed() {
    let (store, outside) = store();
    put(&store, "d/f", "x").await;
    symlink("/etc", in_store(&outside, "etc")).unwrap();
    symlink("../../secret", in_store(&outside, "leaf")).unwrap();
    symlink("../../../private", in_store(&outside, "d/up")).unwrap();
    symlink("../../new-file", in_store(&outside, "dangling")).unwrap();
    for at in ["etc", "etc/passwd", "leaf", "d/up", "d/up/key", "d/up/new", "dangling"] {
        assert_refused(&store, at).await;
    }
    assert_eq!(ls(&store, "").await, ["d/"]);
    assert_eq!(ls(&store, "d").await, ["d/f=1"]);
    assert!(!outside.path().join("new-file").exists());
    assert_eq!(everything(&outside.path().join("private")), ["key"]);
}

#[tokio::test]
async fn deleting_a_link_spares_its_target() {
    let (store, outside) = store();
    put(&store, "d/f", "x").await;
    symlink("../../../private", in_store(&outside, "d/up")).unwrap();
    symlink("../../secret", in_store(&outside, "leaf")).unwrap();
    store.delete(&path("d/up/key")).await.unwrap_err();
    store.delete(&path("leaf")).await.unwrap();
    store.delete(&path("d")).await.unwrap();
    assert!(ls(&store, "").await.is_empty());
    assert_eq!(fs::read_to_string(outside.path().join("secret")).unwrap(), "secret");
    assert_eq!(fs::read_to_string(outside.path().join("private/key")).unwrap(), "secret");
}

#[tokio::test]
async fn links_that_stay_inside_work() {
    let (store, outside) = store();
    put(&store, "d/f", "x").await;
    symlink("d", in_store(&outside, "alias")).unwrap();
    symlink("d/f", in_store(&outside, "g")).unwrap();
    assert_eq!(get(&store, "alias/f").await, "x");
    assert_eq!(ls(&store, "").await, ["alias/", "d/", "g=1"]);
    put(&store, "alias/h", "y").await;
    assert_eq!(get(&store, "d/h").await, "y");
    // Replaces the link and leaves the file behind it alone.
    put(&store, "g", "new").await;
    assert_eq!((get(&store, "g").await, get(&store, "d/f").await), ("new".into(), "x".into()));
}

#[tokio::test]
async fn the_folder_itself_may_be_a_link() {
    let (store, outside) = store();
    fs::create_dir_all(outside.path().join("disk")).unwrap();
    fs::create_dir_all(outside.path().join("new")).unwrap();
    symlink("../disk", store.root()).unwrap();
    put(&store, "d/f", "x").await;
    assert_eq!(fs::read_to_string(outside.path().join("disk/d/f")).unwrap(), "x");
}

/// Somebody with access to the disk keeps swapping a folder for a link while clients use it.
#[tokio::test(flavor = "multi_thread")]
async fn swapping_a_folder_for_a_link_never_leads_out() {
    let (store, outside) = store();
    fs::write(outside.path().join("private/hidden"), "").unwrap();
    put(&store, "d/key", "public").await;
    symlink("../../private", in_store(&outside, "link")).unwrap();
    let root = beneath::open_root(store.root()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let swapping = std::thread::spawn({
        let stop = stop.clone();
        move || {
            while !stop.load(Ordering::Relaxed) {
                let exchange = rustix::fs::RenameFlags::EXCHANGE;
                rustix::fs::renameat_with(&root, "d", &root, "link", exchange).unwrap();
            }
        }
    });
    for _ in 0..500 {
        if let Ok(reader) = store.read(&path("d/key"), None).await {
            assert_eq!(reader.bytes(100).await.unwrap(), "public");
        }
        if let Ok(infos) = store.list(&path("d")).await {
            assert!(infos.iter().all(|info| info.path != "d/hidden"));
        }
        let _ = store.write(&path("d/planted"), body(["x"])).await;
        let _ = store.write(&path("d/new/planted"), body(["x"])).await;
        let _ = store.delete(&path("d/hidden")).await;
        assert_eq!(everything(&outside.path().join("private")), ["hidden", "key"]);
    }
    stop.store(true, Ordering::Relaxed);
    swapping.join().unwrap();
}

#[tokio::test]
async fn failed_and_dropped_uploads_leave_no_trace_on_disk() {
    let (store, outside) = store();
    put(&store, "old", "x").await;
    store.write(&path("d/e/f"), broken_body()).await.unwrap_err();
    assert_eq!(everything(store.root()), ["old"]);

    let big = stream::repeat_with(|| Ok(Bytes::from(vec![7; 700_000]))).take(3);
    let stuck = big.chain(stream::pending()).boxed();
    let target = path("d/e/f");
    let upload = store.write(&target, stuck);
    tokio::time::timeout(Duration::from_millis(200), upload).await.unwrap_err();
    soon(|| everything(store.root()) == ["old"]).await;
    drop(outside);
}

#[tokio::test]
async fn an_unfinished_upload_is_hidden_from_mlflow_too() {
    let (store, outside) = store();
    let big = stream::iter([Ok(Bytes::from(vec![7; 2_000_000]))]);
    let (target, watched) = (path("d/f"), store.clone());
    let upload =
        tokio::spawn(
            async move { watched.write(&target, big.chain(stream::pending()).boxed()).await },
        );
    let staging = in_store(&outside, STAGING);
    soon(|| !everything(&staging).is_empty()).await;
    assert!(STAGING.starts_with(".artifact.uploading."));
    let name = format!("{}/{}", STAGING, everything(&staging)[0]);
    assert!(ls(&store, "").await.is_empty());
    assert!(ls(&store, STAGING).await.is_empty());
    assert_eq!(store.stat(&path(&name)).await.unwrap(), None);
    store.read(&path(&name), None).await.unwrap_err();
    for at in [name.as_str(), STAGING] {
        store.delete(&path(at)).await.unwrap();
        assert!(store.write(&path(at), body(["x"])).await.is_err());
    }
    assert_eq!(everything(&staging).len(), 1);
    upload.abort();
    assert!(upload.await.unwrap_err().is_cancelled());
    soon(|| everything(store.root()).is_empty()).await;
}

#[tokio::test]
async fn reserved_names_get_the_answer_of_mlflow() {
    let (store, _outside) = store();
    let error = store.write(&path("d/.artifact.uploading.x"), body(["x"])).await.unwrap_err();
    assert_eq!(
        error.message(),
        "Invalid artifact file name: '.artifact.uploading.x'. \
         Artifact names starting with '.artifact.uploading.' are reserved."
    );
}

#[tokio::test]
async fn leftovers_of_a_killed_server_go_with_the_first_upload() {
    let (store, outside) = store();
    let staging = in_store(&outside, STAGING);
    fs::create_dir_all(&staging).unwrap();
    for (name, hours) in [("old", 25), ("recent", 23), ("new", 0)] {
        let file = File::create(staging.join(name)).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the file system's clock is not ours")]
        file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).unwrap();
    }
    fs::write(in_store(&outside, ".artifact.uploading.mlflow"), "x").unwrap();
    put(&store, "f", "x").await;
    assert_eq!(everything(&staging), ["new", "recent"]);
    assert!(in_store(&outside, ".artifact.uploading.mlflow").exists());
    assert_eq!(ls(&store, "").await, ["f=1"]);
}

#[tokio::test]
async fn special_files_do_not_exist() {
    let (store, outside) = store();
    put(&store, "f", "x").await;
    let root = beneath::open_root(store.root()).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o666);
    rustix::fs::mknodat(&root, "pipe", FileType::Fifo, mode, 0).unwrap();
    let pipe = path("pipe");
    let reading = store.read(&pipe, None);
    let error = tokio::time::timeout(Duration::from_secs(5), reading).await.unwrap().unwrap_err();
    assert_eq!(error.message(), "No such artifact: 'pipe'");
    assert_eq!(store.stat(&pipe).await.unwrap(), None);
    assert_eq!(ls(&store, "").await, ["f=1"]);
    drop(outside);
}

#[tokio::test]
async fn versions_of_the_same_size_and_moment_have_different_etags() {
    let (store, outside) = store();
    let mut etags = Vec::new();
    for content in ["one", "two"] {
        put(&store, "f", content).await;
        let file = File::options().write(true).open(in_store(&outside, "f")).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        etags.push(store.stat(&path("f")).await.unwrap().unwrap().etag.unwrap());
    }
    assert_ne!(etags[0], etags[1]);
}

#[tokio::test]
async fn a_file_has_ordinary_permissions() {
    let (store, outside) = store();
    put(&store, "d/f", "x").await;
    let plain = outside.path().join("plain");
    fs::write(&plain, "x").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&in_store(&outside, "d/f")), mode(&plain));
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_read_is_an_error() {
    let (store, outside) = store();
    let body = stream::iter([Ok(Bytes::from(vec![7; 5_000_000]))]).boxed();
    store.write(&path("f"), body).await.unwrap();
    let reader = store.read(&path("f"), None).await.unwrap();
    File::options().write(true).open(in_store(&outside, "f")).unwrap().set_len(10).unwrap();
    let error = reader.bytes(10_000_000).await.unwrap_err();
    assert_eq!(error.message(), "'f' was cut off while reading it");
}

#[tokio::test]
async fn a_store_that_is_deleted_during_an_upload_asks_for_another_try() {
    let (store, _outside) = store();
    put(&store, "f", "x").await;
    let big = stream::iter([Ok(Bytes::from(vec![7; 2_000_000]))]);
    let deleting = store.clone();
    let end = stream::once(async move { deleting.delete_all().await.map(|()| Bytes::from("end")) });
    let error = store.write(&path("d/f"), big.chain(end).boxed()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::TemporarilyUnavailable);
    assert!(everything(store.root()).is_empty());
}

#[test]
fn a_full_disk_is_worth_another_try() {
    let error = explain("write", &path("f"), Errno::NOSPC);
    assert_eq!(error.code(), ErrorCode::TemporarilyUnavailable);
    assert_eq!(error.message(), "Cannot write 'f': the artifact storage is full");
    assert_eq!(explain("write", &path("f"), Errno::IO).code(), ErrorCode::InternalError);
}
