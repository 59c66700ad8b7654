//! Names that clients choose and that become the names of files.
//!
//! The routes have checked them by MLflow's rules already. What is checked here is all that the
//! folder's own safety needs, whoever calls; the kernel is asked to refuse the rest (see
//! [`oxflow_beneath`]).

use oxflow_model::{Error, Result};

/// The longest file name that common file systems take, in bytes.
const NAME_BYTES: usize = 255;

/// Folders of an experiment that are no runs.
const RESERVED: [&str; 4] = ["tags", "datasets", "traces", "models"];

/// Whether a text may be the name of a file or folder.
pub fn is_name(text: &str) -> bool {
    let hostile = text == "." || text == ".." || text.contains(['/', '\0']);
    !text.is_empty() && text.len() <= NAME_BYTES && !hostile
}

/// Whether a text may be the id of a run or of a logged model.
pub fn is_id(text: &str) -> bool {
    is_name(text)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        && !RESERVED.contains(&text)
}

/// Whether a key, which may have slashes, names a file below the folder of its kind.
pub fn is_key(key: &str) -> bool {
    key.split('/').all(is_name)
}

/// Refuses a key that cannot be a file.
pub fn check_key(key: &str) -> Result<()> {
    if is_key(key) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "The name '{}' cannot be stored: the file store keeps it as the name of a file, which has \
         no more than {NAME_BYTES} bytes between slashes and does not leave its folder.",
        shortened(key)
    )))
}

/// Refuses an id that cannot be a folder.
pub fn check_id(what: &str, id: &str) -> Result<()> {
    if is_id(id) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Invalid {what} '{}': the file store keeps it as the name of a folder, which begins with a \
         letter or digit and has only letters, digits, dashes and underscores.",
        shortened(id)
    )))
}

/// Refuses the name of a registered model that cannot be a folder. MLflow's file store refuses
/// percent signs as well.
pub fn check_model(name: &str) -> Result<()> {
    let why = if name.contains('%') {
        "cannot contain '%' character".to_owned()
    } else if name.contains(['/', '\\']) {
        "cannot contain path separator".to_owned()
    } else if !is_name(name) {
        format!("must have no more than {NAME_BYTES} bytes, as the file store makes it a folder")
    } else {
        return Ok(());
    };
    let name = shortened(name);
    Err(Error::invalid(format!("Invalid name: '{name}'. Registered model name {why}")))
}

/// The name of the folder that a `meta.yaml` is in.
pub fn folder_of_meta(path: &str) -> &str {
    path.strip_suffix("/meta.yaml").and_then(|path| path.rsplit('/').next()).unwrap_or_default()
}

fn shortened(text: &str) -> String {
    if text.chars().count() > 100 {
        text.chars().take(100).chain(['…']).collect()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        for bad in ["", ".", "..", "../x", "/etc", "a//b", "a/", "a/../b", "a/./b", "a\0", "/"] {
            assert!(!is_key(bad) && check_key(bad).is_err(), "{bad:?}");
        }
        assert!(!is_key(&"ž".repeat(128)) && is_key(&"ž".repeat(127)));
        for good in ["a", "a/b", "..a", "a..", ".hidden", "a b", "ž", "a:b"] {
            assert!(is_key(good), "{good:?}");
        }
        for bad in ["", "..", "a/b", "-a", ".a", "tags", "models", "a b", "a\n"] {
            assert!(!is_id(bad), "{bad:?}");
        }
        assert!(is_id("m-0a_b") && is_id("0123"));
        assert!(check_model("a%b").is_err() && check_model("..").is_err());
        assert!(check_model("модель 1").is_ok());
    }
}
