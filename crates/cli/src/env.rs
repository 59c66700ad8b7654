//! The environment, read once and handed on as data.

use std::collections::HashMap;
use std::path::Path;

/// Environment variables.
#[derive(Clone, Debug, Default)]
pub struct Env(HashMap<String, String>);

impl Env {
    /// Those of this process. One that is not UTF-8 counts as unset.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Env {
        let pairs = std::env::vars_os();
        Env(pairs
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .collect())
    }

    /// The given ones, for tests.
    #[cfg(test)]
    pub fn of<const N: usize>(pairs: [(&str, &str); N]) -> Env {
        Env(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into())
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A switch: `true`, `1`, `yes` and `on` mean yes, in any case of letters.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| {
            matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on" | "t" | "y")
        })
    }

    /// Adds the variables of a file of `NAME=value` lines; those that are set already stay.
    pub fn load_file(&mut self, path: &Path) -> Result<(), String> {
        let text = std::fs::read_to_string(path)
            .map_err(|_| format!("Environment file '{}' does not exist.", path.display()))?;
        for line in text.lines() {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line);
            if line.starts_with('#') {
                continue;
            }
            if let Some((name, value)) = line.split_once('=') {
                let value = value.trim();
                let quoted = |q: char| value.strip_prefix(q).and_then(|v| v.strip_suffix(q));
                let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
                self.0.entry(name.trim().to_owned()).or_insert_with(|| value.to_owned());
            }
        }
        Ok(())
    }
}
