//! Whether one location lies inside another, for clients that refer to files they did not write
//! themselves. Only folders of this machine are looked at; nothing is ever fetched.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use oxflow_model::error::{Error, Result};

use crate::ArtifactUri;
use crate::path::decode;

/// The path under which a server shows its artifacts.
const PROXY_ROUTE: [&str; 4] = ["api", "2.0", "mlflow-artifacts", "artifacts"];

impl ArtifactUri {
    /// Whether the path of this location is absolute and means what it says: no `.` and `..`, in
    /// whatever encoding, also not in the query.
    pub fn is_direct(&self) -> bool {
        // Old clients write a space as `+`.
        let Some(decoded) = decode(&self.as_str().replace('+', " ")).map(Cow::into_owned) else {
            return false;
        };
        if decoded.contains('\0') || decoded.split('/').any(|part| part == "..") {
            return false;
        }
        let Ok(uri) = ArtifactUri::parse(&decoded) else { return false };
        let mut parts = uri.path().split('/').filter(|part| !part.is_empty()).peekable();
        uri.path().starts_with('/') && parts.peek().is_some() && parts.all(|part| part != ".")
    }

    /// Whether this location is `root` or below it, going by its words alone. Roots without a path
    /// hold nothing, and neither does anything with `..` in it lie anywhere.
    pub fn is_within(&self, root: &ArtifactUri) -> bool {
        let same_service = self.scheme() == root.scheme()
            && self.authority().eq_ignore_ascii_case(root.authority());
        match (self.parts(), root.parts()) {
            (Some(parts), Some(root)) => {
                same_service && !root.is_empty() && parts.starts_with(&root)
            }
            _ => false,
        }
    }

    /// Whether a tracking server hands out what lies here, however its path is encoded.
    pub fn is_proxied_in_disguise(&self) -> bool {
        match self.scheme() {
            "mlflow-artifacts" => true,
            "http" | "https" => match self.parts() {
                Some(parts) => {
                    parts.windows(PROXY_ROUTE.len()).any(|window| *window == PROXY_ROUTE)
                }
                None => true,
            },
            _ => false,
        }
    }

    /// The decoded parts of the path; `None` if one of them is encoded too often, or climbs.
    fn parts(&self) -> Option<Vec<String>> {
        let parts = self.path().split('/').filter(|part| !part.is_empty());
        let decoded: Vec<String> =
            parts.map(|part| decode(part).map(Cow::into_owned)).collect::<Option<_>>()?;
        let climbs = |part: &String| part.split(['/', '\\']).any(|piece| piece == "..");
        if decoded.iter().any(climbs) { None } else { Some(decoded) }
    }

    /// Whether this folder of this machine is `root` or below it, once all links are followed.
    /// Neither needs to exist yet; relative ones are taken from `cwd`.
    pub async fn is_within_folder(&self, root: &ArtifactUri, cwd: &Path) -> Result<bool> {
        if !self.is_local() || !root.is_local() {
            return Ok(false);
        }
        let (inner, outer) = (self.local_path(cwd)?, root.local_path(cwd)?);
        let resolved = tokio::task::spawn_blocking(move || {
            Some(resolve(&inner)?.starts_with(resolve(&outer)?))
        });
        match resolved.await {
            Ok(within) => Ok(within.unwrap_or(false)),
            Err(error) => Err(Error::internal(format!("the file access was aborted: {error}"))),
        }
    }
}

/// Follows the links in the part of a path that exists. `None` if that fails, or if the rest
/// climbs.
fn resolve(path: &Path) -> Option<PathBuf> {
    let mut missing = Vec::new();
    let mut at = path;
    loop {
        match at.canonicalize() {
            Ok(real) => return Some(missing.iter().rev().fold(real, |path, name| path.join(name))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                // A link that leads nowhere could be made to lead anywhere.
                if at.is_symlink() {
                    return None;
                }
                missing.push(at.file_name()?);
                at = at.parent()?;
            }
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> ArtifactUri {
        ArtifactUri::parse(text).unwrap()
    }

    #[test]
    fn only_plain_absolute_paths_are_direct() {
        for good in ["s3://b/x", "dbfs:/x", "s3://b//x//y/", "models:/a b/1", "s3://b/a+b", "/x"] {
            assert!(uri(good).is_direct(), "{good}");
        }
        for bad in [
            "s3://b",
            "s3://b/",
            "s3:x",
            "x/y",
            "s3://b/../x",
            "s3://b/x/..",
            "s3://b/%2e%2e/x",
            "s3://b/%252e%252e/x",
            "s3://b/..%2fx",
            "s3://b/./x",
            "s3://b/a%00",
            "s3://b/a%0a",
            "s3://b/a?x=/../y",
        ] {
            assert!(!uri(bad).is_direct(), "{bad}");
        }
        let deep = format!("s3://b/%{}2e", "25".repeat(1000));
        assert!(!uri(&deep).is_direct());
    }

    #[test]
    fn within_means_below_the_same_root() {
        let root = uri("mlflow-artifacts:/1/run/artifacts");
        for inside in ["/1/run/artifacts", "/1/run/artifacts/model", "/1//%72un/artifacts/m"] {
            assert!(uri(&format!("mlflow-artifacts:{inside}")).is_within(&root), "{inside}");
        }
        for outside in [
            "mlflow-artifacts:/1/run/artifacts2",
            "mlflow-artifacts:/1/run",
            "mlflow-artifacts:/1/run/artifacts/../../x",
            "mlflow-artifacts:/1/run/artifacts/%2e%2e/x",
            "mlflow-artifacts:/1/run/artifacts/..%2fx",
            "mlflow-artifacts://host/1/run/artifacts",
            "s3:/1/run/artifacts",
        ] {
            assert!(!uri(outside).is_within(&root), "{outside}");
        }
        assert!(!uri("mlflow-artifacts:/1").is_within(&uri("mlflow-artifacts:/")));
    }

    #[test]
    fn the_proxy_is_recognised_in_any_spelling() {
        for proxied in [
            "mlflow-artifacts:/x",
            "http://h/api/2.0/mlflow-artifacts/artifacts/x",
            "https://h/p/api/2%2e0/mlflow%2Dartifacts/artifacts",
            "http://h/api/../x",
        ] {
            assert!(uri(proxied).is_proxied_in_disguise(), "{proxied}");
        }
        for other in ["http://h/x", "s3://h/api/2.0/mlflow-artifacts/artifacts/x"] {
            assert!(!uri(other).is_proxied_in_disguise(), "{other}");
        }
    }

    #[tokio::test]
    async fn links_do_not_lead_out_of_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(base.join("run/model")).unwrap();
        std::os::unix::fs::symlink("/etc", base.join("run/out")).unwrap();
        std::os::unix::fs::symlink("/nowhere/at/all", base.join("run/dangling")).unwrap();
        std::os::unix::fs::symlink(base.join("run"), base.join("alias")).unwrap();
        let root = uri(base.join("run").to_str().unwrap());
        for (path, within) in [
            ("run", true),
            ("run/model", true),
            ("run/not/there/yet", true),
            ("alias/model", true),
            ("run/model/..", true),
            ("run/..", false),
            ("run/not/../../x", false),
            ("run/out", false),
            ("run/out/passwd", false),
            ("run/dangling", false),
            ("runner", false),
        ] {
            let inner = uri(base.join(path).to_str().unwrap());
            assert_eq!(inner.is_within_folder(&root, &base).await.unwrap(), within, "{path}");
        }
        assert!(!uri("s3://b/x").is_within_folder(&root, &base).await.unwrap());
        assert!(uri("file://evil/x").is_within_folder(&root, &base).await.is_err());
    }
}
