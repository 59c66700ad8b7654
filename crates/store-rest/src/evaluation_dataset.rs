//! Evaluation datasets.

use async_trait::async_trait;
use http::Method;
use oxflow_api::common::Empty;
use oxflow_api::evaluation_dataset::{
    self, CreateEvaluationDataset, DatasetExperiments, DeleteDatasetRecords,
    DeleteDatasetRecordsResponse, EvaluationDatasetResponse, GetDatasetRecords,
    GetDatasetRecordsResponse, SearchEvaluationDatasets, SearchEvaluationDatasetsResponse,
    SetEvaluationDatasetTags, UpsertDatasetRecords, UpsertDatasetRecordsResponse, cursor_token,
    tags_text,
};
use oxflow_model::search::EvaluationDatasetFilter;
use oxflow_model::{
    Association, DatasetRecord, DatasetTag, EvaluationDataset, EvaluationDatasetId, Json, Millis,
    NewEvaluationDataset, Page, RecordChange, RecordCounts, RecordCursor, RecordPage, RecordSource,
    Result,
};
use oxflow_store::{EvaluationDatasetSearch, EvaluationDatasetStore};

use crate::call::Api::V3;
use crate::call::{Call, segment};
use crate::client::RestStore;
use crate::page::{at, gather};
use crate::read;

/// The largest page.
const MOST: u32 = 50_000;

fn dataset(wire: evaluation_dataset::EvaluationDataset) -> Result<EvaluationDataset> {
    Ok(EvaluationDataset {
        id: EvaluationDatasetId::new(wire.dataset_id.unwrap_or_default()),
        name: wire.name.unwrap_or_default(),
        digest: wire.digest.unwrap_or_default(),
        created_at: Millis(wire.created_time.unwrap_or_default()),
        updated_at: Millis(wire.last_update_time.unwrap_or_default()),
        created_by: wire.created_by,
        updated_by: wire.last_updated_by,
        tags: DatasetTag::parse_all(wire.tags.as_deref().unwrap_or("{}"))?,
        schema: wire.schema,
        profile: wire.profile,
    })
}

fn answered(answer: EvaluationDatasetResponse) -> Result<EvaluationDataset> {
    dataset(read::need(answer.dataset, "dataset")?)
}

fn path(id: &EvaluationDatasetId, part: &str) -> String {
    format!("datasets/{}{part}", segment(id.as_str()))
}

/// A record as `records_text` spells it.
fn record(json: &Json) -> DatasetRecord {
    let text = |key: &str| json.get(key).and_then(Json::as_text).map(str::to_owned);
    let time = |key: &str| match json.get(key) {
        Some(Json::Int(digits)) => Millis(digits.parse().unwrap_or_default()),
        _ => Millis(0),
    };
    DatasetRecord {
        id: text("dataset_record_id").unwrap_or_default(),
        dataset: EvaluationDatasetId::new(text("dataset_id").unwrap_or_default()),
        inputs: json.get("inputs").cloned().unwrap_or(Json::empty()),
        outputs: json.get("outputs").cloned(),
        expectations: json.get("expectations").cloned(),
        tags: json.get("tags").cloned(),
        source: json.get("source").cloned(),
        source_id: text("source_id"),
        created_at: time("created_time"),
        updated_at: time("last_update_time"),
        created_by: text("created_by"),
        updated_by: text("last_updated_by"),
    }
}

fn change(change: &RecordChange) -> Json {
    let members = [
        ("inputs", Some(change.inputs.clone())),
        ("outputs", change.outputs.clone()),
        ("expectations", change.expectations.clone()),
        ("tags", change.tags.clone()),
        ("source", change.source.as_ref().map(RecordSource::to_json)),
    ];
    let present = |(key, value): (&str, Option<Json>)| Some((key.to_owned(), value?));
    Json::Object(members.into_iter().filter_map(present).collect())
}

fn experiments(experiments: &[Association]) -> DatasetExperiments {
    DatasetExperiments {
        experiment_ids: experiments.iter().map(|one| one.experiment.clone()).collect(),
    }
}

fn with_ids(call: Call, experiments: &[Association]) -> Call {
    experiments.iter().fold(call, |call, one| call.id_behind("a-", &one.id))
}

#[async_trait]
impl EvaluationDatasetStore for RestStore {
    async fn create_evaluation_dataset(
        &self,
        new: NewEvaluationDataset,
        now: Millis,
    ) -> Result<EvaluationDataset> {
        let request = CreateEvaluationDataset {
            name: Some(new.name),
            experiment_ids: experiments(&new.experiments).experiment_ids,
            tags: Some(tags_text(new.tags)),
        };
        let call = V3.post("datasets/create", &request)?.at(now);
        let call = with_ids(call.id_behind("d-", new.id.as_str()), &new.experiments);
        answered(self.send(Ok(call)).await?)
    }

    async fn find_evaluation_dataset(
        &self,
        id: &EvaluationDatasetId,
    ) -> Result<Option<EvaluationDataset>> {
        self.find(V3.get(&path(id, ""), &Empty {})).await?.map(answered).transpose()
    }

    async fn delete_evaluation_dataset(&self, id: &EvaluationDatasetId) -> Result<()> {
        self.send::<Empty>(V3.query(Method::DELETE, &path(id, ""), &Empty {})).await.map(drop)
    }

    async fn search_evaluation_datasets(
        &self,
        search: EvaluationDatasetSearch,
    ) -> Result<Page<EvaluationDataset>> {
        let request = SearchEvaluationDatasets {
            experiment_ids: search.experiments,
            filter_string: Some(EvaluationDatasetFilter { clauses: search.filter }.to_string()),
            order_by: search.order_by.iter().map(ToString::to_string).collect(),
            ..SearchEvaluationDatasets::default()
        };
        let fetch = async |limit, offset| {
            let (max_results, page_token) = (Some(limit), at(offset));
            let request = SearchEvaluationDatasets { max_results, page_token, ..request.clone() };
            let call = V3.post("datasets/search", &request);
            let page: SearchEvaluationDatasetsResponse = self.send(call).await?;
            let found: Result<Vec<_>> = page.datasets.into_iter().map(dataset).collect();
            Ok((found?, page.next_page_token))
        };
        gather(search.page, MOST, fetch).await
    }

    async fn set_evaluation_dataset_tags(
        &self,
        id: &EvaluationDatasetId,
        tags: Vec<DatasetTag>,
    ) -> Result<()> {
        let request = SetEvaluationDatasetTags { tags: Some(tags_text(tags)) };
        self.send::<Empty>(V3.patch(&path(id, "/tags"), &request)).await.map(drop)
    }

    async fn delete_evaluation_dataset_tag(
        &self,
        id: &EvaluationDatasetId,
        key: &str,
    ) -> Result<()> {
        let path = format!("{}/{}", path(id, "/tags"), segment(key));
        self.send::<Empty>(V3.query(Method::DELETE, &path, &Empty {})).await.map(drop)
    }

    async fn upsert_dataset_records(
        &self,
        id: &EvaluationDatasetId,
        records: Vec<RecordChange>,
        now: Millis,
    ) -> Result<RecordCounts> {
        let text = Json::List(records.iter().map(change).collect()).to_string();
        let request = UpsertDatasetRecords { records: Some(text) };
        let call = V3.post(&path(id, "/records"), &request)?.at(now);
        let call = records.iter().fold(call, |call, record| call.id_behind("dr-", &record.id));
        let answer: UpsertDatasetRecordsResponse = self.send(Ok(call)).await?;
        Ok(RecordCounts {
            inserted: answer.inserted_count.unwrap_or_default(),
            updated: answer.updated_count.unwrap_or_default(),
        })
    }

    async fn dataset_records(
        &self,
        id: &EvaluationDatasetId,
        from: RecordCursor,
        limit: u64,
    ) -> Result<RecordPage> {
        let request = GetDatasetRecords {
            max_results: Some(i32::try_from(limit).unwrap_or(i32::MAX)),
            page_token: cursor_token(&from),
        };
        let answer: GetDatasetRecordsResponse =
            self.send(V3.get(&path(id, "/records"), &request)).await?;
        let records = Json::parse("records", answer.records.as_deref().unwrap_or("[]"))?;
        let records = match &records {
            Json::List(records) => records.iter().map(record).collect(),
            _ => Vec::new(),
        };
        Ok(RecordPage { records, more: read::text(answer.next_page_token).is_some() })
    }

    async fn delete_dataset_records(
        &self,
        id: &EvaluationDatasetId,
        records: Vec<String>,
    ) -> Result<u64> {
        let request = DeleteDatasetRecords { dataset_record_ids: records };
        let call = V3.delete(&path(id, "/records"), &request);
        let answer: DeleteDatasetRecordsResponse = self.send(call).await?;
        Ok(answer.deleted_count.unwrap_or_default().unsigned_abs().into())
    }

    async fn experiments_of_dataset(&self, id: &EvaluationDatasetId) -> Result<Vec<String>> {
        let call = V3.get(&path(id, "/experiment-ids"), &Empty {});
        let answer: DatasetExperiments = self.send(call).await?;
        Ok(answer.experiment_ids)
    }

    async fn add_dataset_to_experiments(
        &self,
        id: &EvaluationDatasetId,
        new: Vec<Association>,
        now: Millis,
    ) -> Result<EvaluationDataset> {
        let call = V3.post(&path(id, "/add-experiments"), &experiments(&new))?.at(now);
        answered(self.send(Ok(with_ids(call, &new))).await?)
    }

    async fn remove_dataset_from_experiments(
        &self,
        id: &EvaluationDatasetId,
        experiment_ids: Vec<String>,
        now: Millis,
    ) -> Result<EvaluationDataset> {
        let request = DatasetExperiments { experiment_ids };
        let call = V3.post(&path(id, "/remove-experiments"), &request)?.at(now);
        answered(self.send(Ok(call)).await?)
    }
}
