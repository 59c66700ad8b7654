//! Messages of `datasets/…`. Tags, schemas, profiles and records travel as JSON inside of a text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oxflow_model as model;
use oxflow_model::{Error, Json, Millis, RecordCursor, Result};

use crate::message;

message! {
    /// An evaluation dataset.
    pub struct EvaluationDataset {
        dataset_id: Option<String>,
        name: Option<String>,
        tags: Option<String>,
        schema: Option<String>,
        profile: Option<String>,
        digest: Option<String>,
        created_time: Option<i64>,
        last_update_time: Option<i64>,
        created_by: Option<String>,
        last_updated_by: Option<String>,
        experiment_ids: Vec<String>,
    }

    /// An answer that holds one evaluation dataset.
    pub struct EvaluationDatasetResponse { dataset: Option<EvaluationDataset> }

    /// `POST datasets/create`
    pub struct CreateEvaluationDataset {
        [required] name: Option<String>,
        experiment_ids: Vec<String>,
        tags: Option<String>,
    }

    /// `GET` or `POST datasets/search`
    pub struct SearchEvaluationDatasets {
        experiment_ids: Vec<String>,
        filter_string: Option<String>,
        max_results: Option<i32>,
        order_by: Vec<String>,
        page_token: Option<String>,
    }

    /// The answer to [`SearchEvaluationDatasets`].
    pub struct SearchEvaluationDatasetsResponse {
        datasets: Vec<EvaluationDataset>,
        next_page_token: Option<String>,
    }

    /// `PATCH datasets/{dataset_id}/tags`
    pub struct SetEvaluationDatasetTags { [required] tags: Option<String> }

    /// `POST datasets/{dataset_id}/records`
    pub struct UpsertDatasetRecords { [required] records: Option<String> }

    /// The answer to [`UpsertDatasetRecords`].
    pub struct UpsertDatasetRecordsResponse {
        inserted_count: Option<i32>,
        updated_count: Option<i32>,
    }

    /// `GET datasets/{dataset_id}/records`
    pub struct GetDatasetRecords { max_results: Option<i32>, page_token: Option<String> }

    /// The answer to [`GetDatasetRecords`].
    pub struct GetDatasetRecordsResponse {
        records: Option<String>,
        next_page_token: Option<String>,
    }

    /// `DELETE datasets/{dataset_id}/records`
    pub struct DeleteDatasetRecords { dataset_record_ids: Vec<String> }

    /// The answer to [`DeleteDatasetRecords`].
    pub struct DeleteDatasetRecordsResponse { deleted_count: Option<i32> }

    /// Experiments of a dataset: the answer to `GET datasets/{dataset_id}/experiment-ids`, and
    /// the request of `add-experiments` and `remove-experiments`.
    pub struct DatasetExperiments { experiment_ids: Vec<String> }
}

impl From<model::EvaluationDataset> for EvaluationDataset {
    fn from(dataset: model::EvaluationDataset) -> Self {
        EvaluationDataset {
            dataset_id: Some(dataset.id.as_str().to_owned()),
            name: Some(dataset.name),
            tags: Some(tags_text(dataset.tags)),
            schema: dataset.schema,
            profile: dataset.profile,
            digest: Some(dataset.digest),
            created_time: Some(dataset.created_at.0),
            last_update_time: Some(dataset.updated_at.0),
            created_by: dataset.created_by,
            last_updated_by: dataset.updated_by,
            experiment_ids: Vec::new(),
        }
    }
}

/// Tags as the text that holds them on the wire.
pub fn tags_text(tags: Vec<model::DatasetTag>) -> String {
    let member = |tag: model::DatasetTag| (tag.key, tag.value.map_or(Json::Null, Json::Text));
    Json::Object(tags.into_iter().map(member).collect()).to_string()
}

/// Where a page of records starts: a token is `time:record` in base64, or the number of records to
/// skip.
pub fn cursor(token: &str) -> Result<RecordCursor> {
    if token.is_empty() {
        return Ok(RecordCursor::Start);
    }
    let decoded = STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let last = decoded.as_deref().and_then(|text| text.split_once(':'));
    if let Some((time, record)) = last
        && let Ok(time) = time.parse()
    {
        return Ok(RecordCursor::After(Millis(time), record.to_owned()));
    }
    let skip = token.parse::<u32>();
    let skip = skip.map_err(|_| Error::invalid(format!("Invalid page token '{token}'.")))?;
    Ok(RecordCursor::Skip(skip.into()))
}

/// The token that [`cursor`] reads.
pub fn cursor_token(cursor: &RecordCursor) -> Option<String> {
    match cursor {
        RecordCursor::Start => None,
        RecordCursor::Skip(count) => Some(count.to_string()),
        RecordCursor::After(time, record) => Some(STANDARD.encode(format!("{}:{record}", time.0))),
    }
}

/// Records as the text that holds them on the wire.
pub fn records_text(records: Vec<model::DatasetRecord>) -> String {
    Json::List(records.into_iter().map(record_json).collect()).to_string()
}

fn record_json(record: model::DatasetRecord) -> Json {
    let kind = record.source.as_ref().and_then(|source| source.get("source_type").cloned());
    let members = [
        ("dataset_record_id", Some(Json::Text(record.id))),
        ("dataset_id", Some(Json::Text(record.dataset.as_str().to_owned()))),
        ("inputs", Some(record.inputs)),
        ("expectations", record.expectations),
        ("tags", Some(record.tags.unwrap_or(Json::empty()))),
        ("source", record.source),
        ("source_id", record.source_id.map(Json::Text)),
        ("source_type", kind),
        ("created_time", Some(Json::Int(record.created_at.0.to_string()))),
        ("last_update_time", Some(Json::Int(record.updated_at.0.to_string()))),
        ("created_by", record.created_by.map(Json::Text)),
        ("last_updated_by", record.updated_by.map(Json::Text)),
        ("outputs", record.outputs),
    ];
    let present = |(key, value): (&str, Option<Json>)| Some((key.to_owned(), value?));
    Json::Object(members.into_iter().filter_map(present).collect())
}
