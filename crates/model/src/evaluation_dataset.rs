//! Evaluation datasets: named lists of inputs with what is expected of them.

use crate::json::Json;
use crate::validate::check_length;
use crate::{Error, EvaluationDatasetId, Millis, Result};

/// The tag that says who did something.
pub const USER_TAG: &str = "mlflow.user";

/// A tag of an evaluation dataset. Unlike other tags it may have no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetTag {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: Option<String>,
}

/// An evaluation dataset without its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationDataset {
    /// Its id.
    pub id: EvaluationDatasetId,
    /// Its name; several may have the same.
    pub name: String,
    /// Eight digits that change with the records.
    pub digest: String,
    /// When it was created.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
    /// Who created it.
    pub created_by: Option<String>,
    /// Who changed it last.
    pub updated_by: Option<String>,
    /// Its tags.
    pub tags: Vec<DatasetTag>,
    /// The fields of its records and their types, as JSON.
    pub schema: Option<String>,
    /// How many records there are, as JSON.
    pub profile: Option<String>,
}

/// What it takes to create an evaluation dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvaluationDataset {
    /// Its id, which must be fresh.
    pub id: EvaluationDatasetId,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<DatasetTag>,
    /// The experiments it belongs to.
    pub experiments: Vec<Association>,
}

/// An experiment that an evaluation dataset belongs to. MLflow accepts ids that no experiment has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    /// A fresh id for the association.
    pub id: String,
    /// The id of the experiment, as the client spelled it.
    pub experiment: String,
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct DatasetRecord {
    /// Its id.
    pub id: String,
    /// The dataset it belongs to.
    pub dataset: EvaluationDatasetId,
    /// What goes in; unique within the dataset.
    pub inputs: Json,
    /// What came out, once.
    pub outputs: Option<Json>,
    /// What should come out.
    pub expectations: Option<Json>,
    /// Its tags.
    pub tags: Option<Json>,
    /// Where it came from, as [`RecordSource::to_json`] writes it.
    pub source: Option<Json>,
    /// What it came from, e.g. a trace.
    pub source_id: Option<String>,
    /// When it was created.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
    /// Who created it.
    pub created_by: Option<String>,
    /// Who changed it last.
    pub updated_by: Option<String>,
}

/// What a record came from.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordSource {
    /// One of [`RecordSource::KINDS`].
    pub kind: &'static str,
    /// More about it: an object.
    pub data: Json,
}

/// A record as a client sends it. Where one with the same inputs exists, the two are merged.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordChange {
    /// The id, if the record is new.
    pub id: String,
    /// An object.
    pub inputs: Json,
    /// `None` if the client does not mention them.
    pub outputs: Option<Json>,
    /// An object.
    pub expectations: Option<Json>,
    /// An object.
    pub tags: Option<Json>,
    /// Where it came from.
    pub source: Option<RecordSource>,
}

/// What writing records did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordCounts {
    /// How many are new.
    pub inserted: i32,
    /// How many were merged into others.
    pub updated: i32,
}

/// Where a page of records begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordCursor {
    /// At the first.
    Start,
    /// Behind this many.
    Skip(u64),
    /// Behind the record with this time and id.
    After(Millis, String),
}

/// Some records, in the order of their creation.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordPage {
    /// The records.
    pub records: Vec<DatasetRecord>,
    /// Whether more follow.
    pub more: bool,
}

impl RecordSource {
    /// The kinds of sources.
    pub const KINDS: [&str; 5] = ["UNSPECIFIED", "TRACE", "HUMAN", "DOCUMENT", "CODE"];

    /// Reads what a client sends.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE` if it is no object, or one with other members than `source_type`
    /// and `source_data`.
    pub fn parse(json: &Json) -> Result<RecordSource> {
        object("source", json)?;
        if let Some((key, _)) =
            json.members().iter().find(|(key, _)| key != "source_type" && key != "source_data")
        {
            return Err(Error::invalid(format!("A record's 'source' has no member '{key}'.")));
        }
        let Some(kind) = json.get("source_type").and_then(Json::as_text) else {
            return Err(Error::invalid("A record's 'source' needs a 'source_type'."));
        };
        let kind = kind.to_uppercase();
        let Some(kind) = RecordSource::KINDS.into_iter().find(|known| *known == kind) else {
            return Err(Error::invalid(format!(
                "Invalid dataset record source type: {kind}. Valid source types: \
                 ['UNSPECIFIED', 'TRACE', 'HUMAN', 'DOCUMENT', 'CODE']"
            )));
        };
        let data = json.get("source_data").filter(|data| **data != Json::Null);
        let data = data.cloned().unwrap_or(Json::empty());
        object("source_data", &data)?;
        Ok(RecordSource { kind, data })
    }

    /// The id of the trace, or of whatever else it is.
    pub fn id(&self) -> Option<String> {
        let key = if self.kind == "TRACE" { "trace_id" } else { "source_id" };
        self.data.get(key).and_then(scalar_text)
    }

    /// Its form in the database and on the wire.
    pub fn to_json(&self) -> Json {
        Json::Object(vec![
            ("source_type".to_owned(), Json::Text(self.kind.to_owned())),
            ("source_data".to_owned(), self.data.clone()),
        ])
    }
}

impl RecordChange {
    /// Reads a record as a client sends it; `id` is for the case that it is new.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE` if a part has the wrong type.
    pub fn parse(id: String, json: &Json) -> Result<RecordChange> {
        object("record", json)?;
        let inputs = json.get("inputs").cloned().unwrap_or(Json::empty());
        object("inputs", &inputs)?;
        let source = match json.get("source") {
            None | Some(Json::Null) => None,
            Some(source) if *source == Json::empty() => None,
            Some(source) => Some(RecordSource::parse(source)?),
        };
        if let Some(id) = source.as_ref().and_then(RecordSource::id) {
            check_length("source_id", &id, 36)?;
        }
        Ok(RecordChange {
            id,
            inputs,
            outputs: json.get("outputs").cloned(),
            expectations: optional_object("expectations", json)?,
            tags: optional_object("tags", json)?,
            source,
        })
    }

    /// Who sends it, if a tag says so.
    pub fn user(&self) -> Option<String> {
        self.tags.as_ref()?.get(USER_TAG).and_then(scalar_text)
    }
}

fn object(what: &str, json: &Json) -> Result<()> {
    match json {
        Json::Object(_) => Ok(()),
        other => Err(Error::invalid(format!(
            "Invalid evaluation dataset record: '{what}' must be a JSON object, not {}.",
            other.python_type()
        ))),
    }
}

fn optional_object(what: &str, json: &Json) -> Result<Option<Json>> {
    match json.get(what) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => {
            object(what, value)?;
            Ok(Some(value.clone()))
        }
    }
}

/// A text, or a number as text.
fn scalar_text(json: &Json) -> Option<String> {
    match json {
        Json::Text(text) => Some(text.clone()),
        Json::Int(_) | Json::Float(_) => Some(json.to_string()),
        Json::Bool(value) => Some(if *value { "True" } else { "False" }.to_owned()),
        Json::Null | Json::List(_) | Json::Object(_) => None,
    }
}

impl DatasetTag {
    /// Reads the tags of a request, a JSON object.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE` if it is no object, if a value is a list or an object, or if
    /// something is longer than the database keeps.
    pub fn parse_all(text: &str) -> Result<Vec<DatasetTag>> {
        let json = Json::parse("tags", text)?;
        match &json {
            Json::Object(_) | Json::Null => {}
            other => {
                return Err(Error::invalid(format!(
                    "Invalid value for parameter 'tags' supplied: it must be a JSON object, not {}.",
                    other.python_type()
                )));
            }
        }
        json.members().iter().map(DatasetTag::parse).collect()
    }

    fn parse((key, value): &(String, Json)) -> Result<DatasetTag> {
        let text = scalar_text(value);
        if text.is_none() && *value != Json::Null {
            return Err(Error::invalid(format!(
                "Invalid value for tag '{key}': it must be a text or a number, not {}.",
                value.python_type()
            )));
        }
        check_length("key", key, 255)?;
        check_length("value", text.as_deref().unwrap_or(""), 5000)?;
        Ok(DatasetTag { key: key.clone(), value: text })
    }

    /// Who did it, if a tag says so.
    pub fn user(tags: &[DatasetTag]) -> Option<String> {
        tags.iter().find(|tag| tag.key == USER_TAG).and_then(|tag| tag.value.clone())
    }
}

/// The schema of a dataset that now has these records too, as JSON. A field keeps the type it was
/// first seen with. `None` if there is nothing to say.
pub fn merge_schema(existing: Option<&str>, records: &[RecordChange]) -> Option<String> {
    let known = existing.and_then(|text| Json::parse("schema", text).ok());
    if known.is_none() && records.is_empty() {
        return None;
    }
    let mut schema = known.unwrap_or_else(|| {
        let part = |name: &str| (name.to_owned(), Json::empty());
        let version = ("version".to_owned(), Json::Text("1.0".to_owned()));
        Json::Object(vec![part("inputs"), part("outputs"), part("expectations"), version])
    });
    for record in records {
        note_fields(&mut schema, "inputs", &record.inputs);
        if let Some(outputs) = record.outputs.as_ref().filter(|outputs| **outputs != Json::Null) {
            note_outputs(&mut schema, outputs);
        }
        if let Some(expectations) = &record.expectations {
            note_fields(&mut schema, "expectations", expectations);
        }
    }
    Some(schema.to_string())
}

fn note_fields(schema: &mut Json, part: &str, value: &Json) {
    let Some(known @ Json::Object(_)) = schema.get(part) else { return };
    let mut fields = known.clone();
    for (key, value) in value.members() {
        if fields.get(key).is_none() {
            fields.set(key, field_type(value));
        }
    }
    schema.set(part, fields);
}

/// Outputs need not be objects; those of the first record decide.
fn note_outputs(schema: &mut Json, outputs: &Json) {
    if matches!(outputs, Json::Object(_)) {
        note_fields(schema, "outputs", outputs);
    } else if schema.get("outputs") == Some(&Json::empty()) {
        schema.set("outputs", field_type(outputs));
    }
}

fn field_type(value: &Json) -> Json {
    let name = match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Int(_) => "integer",
        Json::Float(_) => "float",
        Json::Text(_) => "string",
        Json::List(_) => "array",
        Json::Object(_) => "object",
    };
    Json::Text(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(text: &str) -> Result<RecordChange> {
        RecordChange::parse("dr-1".to_owned(), &Json::parse("records", text)?)
    }

    #[test]
    fn a_field_keeps_its_first_type() {
        let records = [
            change(r#"{"inputs": {"q": "a", "n": null}, "outputs": "text"}"#).unwrap(),
            change(r#"{"inputs": {"q": 1, "f": 1.0}, "outputs": {"k": 1}}"#).unwrap(),
        ];
        let schema = merge_schema(None, &records).unwrap();
        let expected = concat!(
            r#"{"inputs": {"q": "string", "n": "null", "f": "float"}, "outputs": "string", "#,
            r#""expectations": {}, "version": "1.0"}"#
        );
        assert_eq!(schema, expected);
        assert_eq!(merge_schema(Some(&schema), &[]).as_deref(), Some(expected));
        assert_eq!(merge_schema(None, &[]), None);
    }

    #[test]
    fn records_with_the_wrong_shape_are_refused() {
        for bad in [
            "5",
            r#"{"inputs": null}"#,
            r#"{"inputs": [1]}"#,
            r#"{"tags": ["a"]}"#,
            r#"{"expectations": 5}"#,
            r#"{"source": 5}"#,
            r#"{"source": {"source_type": "x"}}"#,
            r#"{"source": {"source_type": "CODE", "b": 1}}"#,
        ] {
            assert!(change(bad).is_err(), "{bad}");
        }
        assert_eq!(change("{}").unwrap().inputs, Json::empty());
    }
}
