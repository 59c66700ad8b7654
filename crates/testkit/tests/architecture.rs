//! The edges between the crates, and habits that no lint watches.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The most lines a source file may have. A file that outgrows it is split by resource.
const MOST_LINES: usize = 700;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Each crate of the workspace with what it is built from: crates of the workspace without their
/// `oxflow-`, and others by name. Dependencies of tests do not count.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let short = |name: &Value| name.as_str().unwrap().trim_start_matches("oxflow-").to_owned();
    let direct = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap();
        let ships = all.iter().filter(|dependency| dependency["kind"] != "dev");
        ships.map(|dependency| short(&dependency["name"])).collect()
    };
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(|package| (short(&package["name"]), direct(package))).collect()
}

/// What a crate is built from, at any remove within the workspace.
fn reachable(of: &str) -> BTreeSet<String> {
    let direct = dependencies();
    let (mut found, mut next) = (BTreeSet::new(), vec![of.to_owned()]);
    while let Some(name) = next.pop() {
        for dependency in direct.get(&name).into_iter().flatten() {
            if found.insert(dependency.clone()) {
                next.push(dependency.clone());
            }
        }
    }
    found
}

#[track_caller]
fn does_not_reach(name: &str, banned: &[&str], instead: &str) {
    assert!(dependencies().contains_key(name), "there is no crate {name}");
    let reached = reachable(name);
    for banned in banned {
        assert!(!reached.contains(*banned), "{name} must not depend on {banned}: {instead}");
    }
}

const DATABASES: [&str; 8] = [
    "store-file",
    "store-rest",
    "store-sql",
    "rusqlite",
    "sqlx",
    "tokio-postgres",
    "mysql",
    "tiberius",
];
const HTTP: [&str; 7] = ["server", "axum", "http", "hyper", "hyper-util", "tower", "reqwest"];

#[test]
fn the_model_depends_on_nothing() {
    assert_eq!(dependencies()["model"], BTreeSet::new(), "the model is pure");
}

#[test]
fn the_server_names_no_database() {
    does_not_reach("server", &DATABASES, "the composition in `cli` joins them");
}

#[test]
fn the_stores_know_no_http() {
    let instead = "what HTTP needs to know belongs in `server`";
    does_not_reach("store", &HTTP, instead);
    does_not_reach("store-sql", &HTTP, instead);
    does_not_reach("store-sql", &["api", "artifacts"], "a store speaks the model's language");
    does_not_reach("store-file", &HTTP, instead);
    does_not_reach(
        "store-file",
        &["api", "artifacts", "store-sql"],
        "a store speaks the model's language",
    );
    does_not_reach("artifacts", &["server", "axum", "store", "api"], instead);
}

#[test]
fn the_traits_and_the_wire_know_no_implementation() {
    let instead = "it is shared by all sides";
    does_not_reach("store", &[&DATABASES[..], &["api", "artifacts", "server"]].concat(), instead);
    let beyond = [&DATABASES[..], &HTTP, &["store", "artifacts", "tokio"]].concat();
    does_not_reach("api", &beyond, instead);
}

#[test]
fn what_ships_does_not_contain_the_testkit() {
    for name in dependencies().keys().filter(|name| *name != "testkit") {
        does_not_reach(name, &["testkit", "tempfile", "proptest"], "it is for tests");
    }
}

/// The files below a folder with this ending, but for what was built.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files(&path, ending, found);
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    files(&root().join("crates"), ".rs", &mut found);
    assert!(found.len() > 50);
    let read = |path: PathBuf| (path.display().to_string(), fs::read_to_string(&path).unwrap());
    found.into_iter().map(read).collect()
}

#[test]
fn no_source_file_is_too_long() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{path} has {lines} lines; split it by resource");
    }
}

#[test]
fn every_source_file_says_what_it_is_about() {
    for (path, text) in sources() {
        assert!(text.starts_with("//!"), "{path} does not begin with a line of documentation");
    }
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    let mut manifests = Vec::new();
    files(&root().join("crates"), "Cargo.toml", &mut manifests);
    assert!(manifests.len() > 6);
    for path in manifests {
        let manifest = fs::read_to_string(&path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", path.display());
    }
}

/// The names behind `pub async fn` in a folder; helpers that files share are `pub(super)`.
fn promises(folder: &Path) -> BTreeSet<String> {
    let mut found = Vec::new();
    files(folder, ".rs", &mut found);
    let group = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    let mut names = BTreeSet::new();
    for path in found.iter().filter(|path| group(path) != "mod") {
        for line in fs::read_to_string(path).unwrap().lines() {
            if let Some(rest) = line.strip_prefix("pub async fn ") {
                names.insert(format!("{}: {}", group(path), rest.split('(').next().unwrap()));
            }
        }
    }
    names
}

#[test]
fn every_promise_of_a_store_is_in_the_suite() {
    let folder = root().join("crates/store/src/conformance");
    let text = fs::read_to_string(folder.join("mod.rs")).unwrap();
    let mut listed = BTreeSet::new();
    let mut group = "";
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("$crate::conformance_suite! { $make; ") {
            group = rest.trim_end_matches(':').trim_start_matches("shared ");
        } else if line == "}" {
            group = "";
        } else if !group.is_empty() && line.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            listed.insert(format!("{group}: {line}"));
        }
    }
    let promised = promises(&folder);
    assert!(promised.len() > 100);
    assert_eq!(promised, listed);
}
