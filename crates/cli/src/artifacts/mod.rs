//! `oxflow artifacts`: the words, options and results of `mlflow artifacts`.

mod download;
mod file;
mod models;
mod place;
pub mod progress;
mod upload;

use oxflow_artifacts::{ArtifactPath, FileInfo};
use oxflow_model::{Error, Result};

use self::place::Places;
use crate::args::ArtifactsCommand;
use crate::env::Env;
use crate::tracking;

/// How many files are on their way at the same time.
const FILES_AT_ONCE: usize = 8;
/// How often a transfer that breaks off is taken up again without anything coming of it.
const RETRIES: u32 = 3;

/// Runs a command; gives what it tells.
pub fn run(command: ArtifactsCommand, env: &Env) -> Result<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal(format!("Cannot start the runtime: {error}.")))?;
    runtime.block_on(async {
        let places = Places::new(tracking::open(env)?, env)?;
        let told = perform(command, &places, env).await;
        places.tracking.close().await?;
        told
    })
}

async fn perform(command: ArtifactsCommand, places: &Places, env: &Env) -> Result<Vec<String>> {
    match command {
        ArtifactsCommand::LogArtifact(args) => {
            let folder = folder(args.artifact_path.as_deref())?;
            let store = places.of_run(&args.run_id).await?;
            upload::file(&store, &args.local_file, &folder, env).await?;
            let (file, path) = (args.local_file, shown(args.artifact_path));
            tracing::info!("Logged artifact from local file {file} to artifact_path={path}");
            Ok(Vec::new())
        }
        ArtifactsCommand::LogArtifacts(args) => {
            let target = folder(args.artifact_path.as_deref())?;
            let store = places.of_run(&args.run_id).await?;
            upload::directory(&store, &args.local_dir, &target, env).await?;
            let (local, path) = (args.local_dir, shown(args.artifact_path));
            tracing::info!("Logged artifact from local dir {local} to artifact_path={path}");
            Ok(Vec::new())
        }
        ArtifactsCommand::List(args) => {
            let folder = folder(args.artifact_path.as_deref())?;
            let infos = places.of_run(&args.run_id).await?.list(&folder).await?;
            Ok(vec![listing(&infos)])
        }
        ArtifactsCommand::Download(args) => {
            let path = download::run(places, args, env).await?;
            Ok(vec![format!("\n{}", path.display())])
        }
    }
}

fn folder(path: Option<&str>) -> Result<ArtifactPath> {
    ArtifactPath::parse(path.unwrap_or_default())
        .map_err(|_| Error::invalid(format!("Invalid artifact path: '{}'", path.unwrap_or(""))))
}

/// As Python shows it.
fn shown(path: Option<String>) -> String {
    path.unwrap_or_else(|| "None".to_owned())
}

/// Each entry indented, and the list around them not, as MLflow prints them.
fn listing(infos: &[FileInfo]) -> String {
    let entry = |info: &FileInfo| {
        let size = match info.is_dir || info.size == 0 {
            true => String::new(),
            false => format!(",\n  \"file_size\": {}", info.size),
        };
        let path = ascii(&serde_json::Value::from(info.path.as_str()).to_string());
        format!("{{\n  \"path\": {path},\n  \"is_dir\": {}{size}\n}}", info.is_dir)
    };
    format!("[{}]", infos.iter().map(entry).collect::<Vec<_>>().join(", "))
}

/// JSON without anything but ASCII, as Python writes it.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c.is_ascii() {
            true => out.push(c),
            false => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_look_as_python_prints_them() {
        let info = |path: &str, size, is_dir| FileInfo { path: path.to_owned(), is_dir, size };
        assert_eq!(listing(&[]), "[]");
        assert_eq!(
            listing(&[info("d/é😀", 12, false), info("e", 0, true)]),
            "[{\n  \"path\": \"d/\\u00e9\\ud83d\\ude00\",\n  \"is_dir\": false,\n  \
             \"file_size\": 12\n}, {\n  \"path\": \"e\",\n  \"is_dir\": true\n}]"
        );
    }
}
