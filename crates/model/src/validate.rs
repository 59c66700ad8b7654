//! The rules of names and values, with MLflow's messages: clients show them, and scripts match on
//! them.

use crate::registry::PROMPT_TEXT_TAG;
use crate::{Dataset, DatasetInput, Error, LogBatch, Metric, Param, Result, RunId, Tag, limits};

/// A JSON string literal as Python's `json.dumps` writes it: non-ASCII escaped.
pub fn json_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_ascii() && !c.is_ascii_control() => out.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
    out
}

/// `text` as Python's `repr` writes it, for messages that show one.
pub fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// `Invalid value <value> for parameter '<path>' supplied[: <why>]`; `value` is JSON already.
pub fn invalid_value(path: &str, value: &str, why: Option<&str>) -> Error {
    Error::invalid(match why {
        Some(why) => format!("Invalid value {value} for parameter '{path}' supplied: {why}"),
        None => format!("Invalid value {value} for parameter '{path}' supplied."),
    })
}

/// A number as Python prints it.
fn python_float(value: f64) -> String {
    let text = format!("{value:e}");
    match text.split_once('e').and_then(|(head, power)| Some((head, power.parse::<i32>().ok()?))) {
        Some((head, power)) if !(-4..16).contains(&power) => format!("{head}e{power:+03}"),
        Some(_) => format!("{value:?}"),
        None => text.to_ascii_lowercase(),
    }
}

/// `Missing value for required parameter '<path>'.`
pub fn missing_value(path: &str) -> Error {
    Error::invalid(format!("Missing value for required parameter '{path}'."))
}

/// Refuses a text of more than `limit` characters.
pub fn check_length(path: &str, value: &str, limit: usize) -> Result<()> {
    // Bytes are an upper bound of characters, and free to count.
    if value.len() > limit && value.chars().count() > limit {
        return Err(Error::invalid(format!(
            "'{path}' exceeds the maximum length of {limit} characters"
        )));
    }
    Ok(())
}

/// The POSIX-normalised form of a path, as Python's `posixpath.normpath` gives it.
fn normalised(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    let slashes = match path {
        p if p.starts_with("//") && !p.starts_with("///") => "//",
        _ if absolute => "/",
        _ => "",
    };
    match format!("{slashes}{}", parts.join("/")) {
        empty if empty.is_empty() => ".".to_owned(),
        path => path,
    }
}

fn allowed_in_names(c: char) -> bool {
    // Python's `\w` on text: letters and digits of any script, and the underscore.
    c.is_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | ' ' | ':')
}

fn path_is_unique(name: &str) -> bool {
    !(name == "." || name.starts_with("..") || name.starts_with('/') || normalised(name) != name)
}

/// The rule that a name must stay itself when it is used as a file path.
pub fn check_path_is_unique(path: &str, name: &str) -> Result<()> {
    if path_is_unique(name) {
        return Ok(());
    }
    let why = format!(
        "Names may be treated as files in certain cases, and must not resolve to other names when \
         treated as such. This name would resolve to {}",
        python_repr(&normalised(name))
    );
    Err(invalid_value(path, &json_text(name), Some(&why)))
}

/// The rule of keys: allowed characters, and not a path that means another one.
pub fn check_key(path: &str, key: &str) -> Result<()> {
    if !key.chars().all(allowed_in_names) {
        let why = "Names may only contain alphanumerics, underscores (_), dashes (-), \
                   periods (.), spaces ( ), colon(:) and slashes (/).";
        return Err(invalid_value(path, &json_text(key), Some(why)));
    }
    check_path_is_unique(path, key)
}

/// Run ids in `log-batch` and `log-inputs` must look like ids.
pub fn check_run_id(id: &RunId) -> Result<()> {
    let text = id.as_str();
    let ok = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric())
        && text.chars().count() <= 256
        && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if ok { Ok(()) } else { Err(invalid_value("run_id", &json_text(text), None)) }
}

/// Experiment names: present and not too long.
pub fn check_experiment_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::invalid("Experiment name must be a non-empty string. Got ''."));
    }
    check_length("name", name, limits::EXPERIMENT_NAME)
}

/// A tag of an experiment.
pub fn check_experiment_tag(tag: &Tag) -> Result<()> {
    check_key("key", &tag.key)?;
    check_length("key", &tag.key, limits::ENTITY_KEY)?;
    check_length("value", &tag.value, limits::EXPERIMENT_TAG_VALUE)
}

/// What to do with values that are too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LongValues {
    /// Cut them silently, as MLflow does by default.
    Truncate,
    /// Refuse them (`MLFLOW_TRUNCATE_LONG_VALUES=false`).
    Refuse,
}

impl LongValues {
    /// Cuts or refuses `value`.
    pub fn fit(self, path: &str, value: &mut String, limit: usize) -> Result<()> {
        match self {
            LongValues::Refuse => check_length(path, value, limit),
            LongValues::Truncate => {
                // Bytes are an upper bound of characters, and free to count.
                if value.len() > limit
                    && let Some((cut, _)) = value.char_indices().nth(limit)
                {
                    value.truncate(cut);
                }
                Ok(())
            }
        }
    }
}

/// A param as `runs/log-parameter` takes it.
pub fn check_param(param: &mut Param, long: LongValues) -> Result<()> {
    check_param_at("key", param, long)
}

fn check_param_at(path: &str, param: &mut Param, long: LongValues) -> Result<()> {
    check_key(path, &param.key)?;
    check_length("Param key", &param.key, limits::ENTITY_KEY)?;
    long.fit("Param value", &mut param.value, limits::PARAM_VALUE)
}

/// A tag as `runs/set-tag` takes it.
pub fn check_tag(tag: &mut Tag, long: LongValues) -> Result<()> {
    check_tag_at("key", "key", tag, long)
}

fn check_tag_at(path: &str, length_path: &str, tag: &mut Tag, long: LongValues) -> Result<()> {
    check_key(path, &tag.key)?;
    check_length(length_path, &tag.key, limits::ENTITY_KEY)?;
    long.fit(length_path, &mut tag.value, limits::TAG_VALUE)
}

/// A point as `runs/log-metric` takes it.
pub fn check_metric(metric: &Metric) -> Result<()> {
    check_metric_at("name", "timestamp", metric)?;
    check_length("Metric name", &metric.key, limits::ENTITY_KEY)
}

fn check_metric_at(name: &str, timestamp: &str, metric: &Metric) -> Result<()> {
    check_key(name, &metric.key)?;
    if metric.timestamp.0 < 0 {
        let why = format!(
            "metric '{}' (value={}). Timestamp must be a nonnegative long (64-bit integer) ",
            metric.key,
            python_float(metric.value)
        );
        return Err(invalid_value(timestamp, &metric.timestamp.0.to_string(), Some(&why)));
    }
    Ok(())
}

/// Keys of 250 bytes and fewer that hold nothing but these characters need no further look: the
/// common case of a batch of a thousand points must not pay for the rare one.
fn plainly_fine(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= limits::ENTITY_KEY
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Everything `runs/log-batch` checks before it looks at the database, in MLflow's order: items,
/// then counts, then duplicate params.
pub fn check_batch(run_id: &RunId, batch: &mut LogBatch, long: LongValues) -> Result<()> {
    check_run_id(run_id)?;
    for (i, metric) in batch.metrics.iter().enumerate() {
        if plainly_fine(&metric.key) && metric.timestamp.0 >= 0 {
            continue;
        }
        let (name, timestamp) = (format!("metrics[{i}].name"), format!("metrics[{i}].timestamp"));
        check_metric_at(&name, &timestamp, metric)?;
        check_length("Metric name", &metric.key, limits::ENTITY_KEY)?;
    }
    for (i, param) in batch.params.iter_mut().enumerate() {
        check_param_at(&format!("params[{i}].key"), param, long)?;
    }
    for (i, tag) in batch.tags.iter_mut().enumerate() {
        let path = format!("tags[{i}].key");
        check_tag_at(&path, &path, tag, long)?;
    }
    check_batch_counts(batch)?;
    check_duplicate_params(&batch.params)
}

fn check_batch_counts(batch: &LogBatch) -> Result<()> {
    let (metrics, params, tags) = (batch.metrics.len(), batch.params.len(), batch.tags.len());
    let counts = [
        ("metrics", metrics, limits::METRICS_PER_BATCH),
        ("params", params, limits::PARAMS_PER_BATCH),
        ("tags", tags, limits::TAGS_PER_BATCH),
        ("metrics, params, and tags", metrics + params + tags, limits::ENTITIES_PER_BATCH),
    ];
    for (what, count, limit) in counts {
        if count > limit {
            return Err(Error::invalid(format!(
                "A batch logging request can contain at most {limit} {what}. Got {count} {what}. \
                 Please split up {what} across multiple requests and try again."
            )));
        }
    }
    Ok(())
}

fn check_duplicate_params(params: &[Param]) -> Result<()> {
    // Each repetition is named, as MLflow does.
    let repeats = |(i, param): (usize, &Param)| params[..i].iter().any(|p| p.key == param.key);
    let indexed = params.iter().enumerate();
    let duplicates: Vec<&str> =
        indexed.filter(|item| repeats(*item)).map(|(_, param)| param.key.as_str()).collect();
    if duplicates.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = duplicates.into_iter().map(python_repr).collect();
    Err(Error::invalid(format!(
        "Duplicate parameter keys have been submitted: [{}]. Please ensure the request contains \
         only one param value per param key.",
        list.join(", ")
    )))
}

/// The datasets of one `runs/log-inputs`.
pub fn check_dataset_inputs(inputs: &[DatasetInput]) -> Result<()> {
    if inputs.len() > limits::DATASETS_PER_BATCH {
        return Err(Error::invalid(format!(
            "A batch logging request can contain at most {} datasets. Got {} datasets. Please \
             split up datasets across multiple requests and try again.",
            limits::DATASETS_PER_BATCH,
            inputs.len()
        )));
    }
    for input in inputs {
        for tag in &input.tags {
            check_length("key", &tag.key, limits::INPUT_TAG_KEY)?;
            check_length("value", &tag.value, limits::INPUT_TAG_VALUE)?;
        }
        check_dataset(&input.dataset)?;
    }
    Ok(())
}

fn check_dataset(dataset: &Dataset) -> Result<()> {
    check_length("name", &dataset.name, limits::DATASET_NAME)?;
    check_length("digest", &dataset.digest, limits::DATASET_DIGEST)?;
    check_length("source", &dataset.source, limits::DATASET_SOURCE)?;
    check_length("schema", dataset.schema.as_deref().unwrap_or(""), limits::DATASET_SCHEMA)?;
    check_length("profile", dataset.profile.as_deref().unwrap_or(""), limits::DATASET_PROFILE)
}

/// Names of logged models: not empty, and none of the characters that model URIs use.
pub fn check_logged_model_name(name: &str) -> Result<()> {
    if name.is_empty() || name.contains(['/', ':', '.', '%', '"', '\'']) {
        return Err(Error::invalid(format!(
            "Invalid model name ({}) provided. Model name must be a non-empty string and cannot \
             contain the following characters: ('/', ':', '.', '%', '\"', \"'\")",
            python_repr(name)
        )));
    }
    Ok(())
}

/// Names of registered models; `path` is what a missing one is called.
pub fn check_registered_model_name(path: &str, name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(missing_value(path));
    }
    if name.contains(['/', ':']) {
        return Err(Error::invalid(format!(
            "Invalid model name '{name}'. Names cannot contain '/' or ':'."
        )));
    }
    check_path_is_unique("name", name)
}

/// A tag of a registered model.
pub fn check_registered_model_tag(tag: &Tag) -> Result<()> {
    check_key("key", &tag.key)?;
    check_length("key", &tag.key, limits::ENTITY_KEY)?;
    check_length("value", &tag.value, limits::REGISTRY_TAG_VALUE)
}

/// A tag of a model version; the text of a prompt is one.
pub fn check_model_version_tag(tag: &Tag) -> Result<()> {
    check_key("key", &tag.key)?;
    check_length("key", &tag.key, limits::ENTITY_KEY)?;
    if tag.key == PROMPT_TEXT_TAG && tag.value.chars().count() > limits::PROMPT_TEXT {
        return Err(Error::invalid(format!(
            "Prompt text exceeds max length of {} characters.",
            limits::PROMPT_TEXT
        )));
    }
    check_length("value", &tag.value, limits::REGISTRY_TAG_VALUE)
}

/// Aliases of model versions.
pub fn check_alias(alias: &str) -> Result<()> {
    if alias.is_empty() {
        return Err(Error::invalid("Registered model alias name cannot be empty."));
    }
    if !alias.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
        return Err(Error::invalid(format!(
            "Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), \
             and dashes (-)."
        )));
    }
    check_length("Registered model alias name", alias, limits::ALIAS)
}

/// Aliases that people may set: others would be taken for the newest version, or for a number.
pub fn check_alias_is_free(alias: &str) -> Result<()> {
    if alias.eq_ignore_ascii_case("latest") {
        return Err(Error::invalid("'latest' alias name (case insensitive) is reserved."));
    }
    let number = alias.strip_prefix(['v', 'V']).unwrap_or_default();
    if !number.is_empty() && number.chars().all(char::is_numeric) {
        return Err(Error::invalid(format!("Version alias name '{alias}' is reserved.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, expected: Option<&str>) {
        let message = check_key("key", key).err().map(|e| e.message().to_owned());
        match expected {
            None => assert_eq!(message, None, "{key}"),
            Some(part) => assert!(
                message.as_deref().is_some_and(|m| m.contains(part)),
                "{key}: {message:?} should contain {part}"
            ),
        }
    }

    #[test]
    fn numbers_are_printed_as_python_does() {
        for (value, text) in [
            (1.0, "1.0"),
            (-0.25, "-0.25"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.000_012, "1.2e-05"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(python_float(value), text);
        }
    }

    #[test]
    fn keys_may_not_be_other_paths() {
        check("a/b.c-d e:f", None);
        check("žluť", None);
        check("a//b", Some("would resolve to 'a/b'"));
        check("a/", Some("would resolve to 'a'"));
        check("./a", Some("would resolve to 'a'"));
        check("/a", Some("would resolve to '/a'"));
        check("../a", Some("would resolve to '../a'"));
        check("..foo", Some("would resolve to '..foo'"));
        check("a/../b", Some("would resolve to 'b'"));
        check(".", Some("would resolve to '.'"));
        check("a\nb", Some(r#"Invalid value "a\nb" for parameter 'key' supplied: Names may only"#));
        check("a#b", Some("Names may only contain"));
    }

    #[test]
    fn long_values_are_cut_at_characters_not_bytes() {
        let mut param = Param { key: "k".into(), value: "ž".repeat(6001) };
        check_param(&mut param, LongValues::Truncate).unwrap();
        assert_eq!(param.value.chars().count(), 6000);
        let error = LongValues::Refuse.fit("Param value", &mut "x".repeat(6001), 6000);
        assert_eq!(
            error.unwrap_err().message(),
            "'Param value' exceeds the maximum length of 6000 characters"
        );
    }

    #[test]
    fn batch_limits_name_what_is_too_many() {
        let param = |i: usize| Param { key: format!("p{i}"), value: String::new() };
        let mut batch = LogBatch { params: (0..101).map(param).collect(), ..LogBatch::default() };
        let error = check_batch(&RunId::new("abc"), &mut batch, LongValues::Truncate).unwrap_err();
        assert_eq!(
            error.message(),
            "A batch logging request can contain at most 100 params. Got 101 params. Please split \
             up params across multiple requests and try again."
        );
    }

    #[test]
    fn aliases_are_no_versions() {
        for good in ["champion", "Second-1_x", "v", "v1a", "1"] {
            check_alias(good).and_then(|()| check_alias_is_free(good)).unwrap();
        }
        for reserved in ["latest", "LATEST", "v1", "V12"] {
            assert!(check_alias_is_free(reserved).is_err(), "{reserved}");
        }
        for bad in ["", "a b", "a/b", "a@b", "x\n", &"a".repeat(256)] {
            assert!(check_alias(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn registered_models_have_names_without_slashes() {
        check_registered_model_name("name", "модель 1").unwrap();
        for (bad, part) in [
            ("  ", "Missing value for required parameter 'name'."),
            ("a/b", "Invalid model name 'a/b'. Names cannot contain '/' or ':'."),
            ("a:b", "Invalid model name 'a:b'."),
            ("..", "would resolve to '..'"),
            (".", "would resolve to '.'"),
        ] {
            let error = check_registered_model_name("name", bad).unwrap_err();
            assert!(error.message().contains(part), "{bad}: {error}");
        }
    }
}
