//! `datasets/…`: evaluation datasets. (The datasets that runs read are `experiments/…`'s.)

use axum::extract::{Path, State};
use oxflow_api::common::{Empty, all};
use oxflow_api::evaluation_dataset::{
    CreateEvaluationDataset, DatasetExperiments, DeleteDatasetRecords,
    DeleteDatasetRecordsResponse, EvaluationDataset, EvaluationDatasetResponse, GetDatasetRecords,
    GetDatasetRecordsResponse, SearchEvaluationDatasets, SearchEvaluationDatasetsResponse,
    SetEvaluationDatasetTags, UpsertDatasetRecords, UpsertDatasetRecordsResponse, cursor,
    cursor_token, records_text,
};
use oxflow_api::token;
use oxflow_model::search::{EvaluationDatasetFilter, EvaluationDatasetOrder};
use oxflow_model::{
    Association, DatasetTag, Error, EvaluationDatasetId, Json as AnyJson, NewEvaluationDataset,
    PageRequest, RecordChange, RecordCursor, Result, validate,
};
use oxflow_store::EvaluationDatasetSearch;

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};

/// The most datasets one search shows.
const MOST_RESULTS: i32 = 50_000;
const DEFAULT_RESULTS: i32 = 1000;
const DEFAULT_RECORDS: u64 = 1000;

pub fn routes(routes: Routes) -> Routes {
    let read = Access::EvaluationDataset(Level::Read);
    let edit = Access::EvaluationDataset(Level::Edit);
    let manage = Access::EvaluationDataset(Level::Manage);
    let within = Access::Experiments(Level::Read);
    let dataset = "/datasets/{dataset_id}";
    let part = |part: &str| format!("{dataset}/{part}");
    routes
        .post(Under::V3, "/datasets/create", Access::Experiments(Level::Edit), create)
        .get(Under::V3, "/datasets/search", within, search)
        .post(Under::V3, "/datasets/search", within, search)
        .get(Under::V3, dataset, read, get)
        .delete(Under::V3, dataset, manage, delete)
        .patch(Under::V3, &part("tags"), edit, set_tags)
        .delete(Under::V3, &part("tags/{key}"), edit, delete_tag)
        .get(Under::V3, &part("records"), read, records)
        .post(Under::V3, &part("records"), edit, upsert_records)
        .delete(Under::V3, &part("records"), edit, delete_records)
        .get(Under::V3, &part("experiment-ids"), read, experiments)
        .post(Under::V3, &part("add-experiments"), edit, add_experiments)
        .post(Under::V3, &part("remove-experiments"), edit, remove_experiments)
}

fn answer(dataset: oxflow_model::EvaluationDataset) -> Answer<EvaluationDatasetResponse> {
    Ok(Json(EvaluationDatasetResponse { dataset: Some(dataset.into()) }))
}

fn associations(app: &AppState, experiments: &[String]) -> Result<Vec<Association>> {
    let association = |experiment: &String| {
        validate::check_length("experiment_ids", experiment, 36)?;
        Ok(Association { id: format!("a-{}", app.ids.hex()), experiment: experiment.clone() })
    };
    experiments.iter().map(association).collect()
}

async fn create(
    State(app): State<AppState>,
    Proto(request): Proto<CreateEvaluationDataset>,
) -> Answer<EvaluationDatasetResponse> {
    let name = request.name.unwrap_or_default();
    validate::check_length("name", &name, 255)?;
    let tags = match request.tags.filter(|tags| !tags.is_empty()) {
        Some(tags) => DatasetTag::parse_all(&tags)?,
        None => Vec::new(),
    };
    let new = NewEvaluationDataset {
        id: EvaluationDatasetId::new(format!("d-{}", app.ids.hex())),
        name,
        tags,
        experiments: associations(&app, &request.experiment_ids)?,
    };
    let created = app.store.create_evaluation_dataset(new, app.clock.now()).await?;
    let dataset = EvaluationDataset { experiment_ids: request.experiment_ids, ..created.into() };
    Ok(Json(EvaluationDatasetResponse { dataset: Some(dataset) }))
}

async fn get(
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Answer<EvaluationDatasetResponse> {
    let id = EvaluationDatasetId::new(id);
    let found = app.store.find_evaluation_dataset(&id).await?;
    let missing = || Error::not_found(format!("Evaluation dataset with id '{id}' not found"));
    answer(found.ok_or_else(missing)?)
}

async fn delete(State(app): State<AppState>, Path(id): Path<String>) -> Answer<Empty> {
    app.store.delete_evaluation_dataset(&EvaluationDatasetId::new(id)).await?;
    Ok(Json(Empty {}))
}

async fn search(
    State(app): State<AppState>,
    Proto(request): Proto<SearchEvaluationDatasets>,
) -> Answer<SearchEvaluationDatasetsResponse> {
    let search = EvaluationDatasetSearch {
        experiments: request.experiment_ids,
        page: PageRequest {
            limit: search_limit(request.max_results)?,
            offset: token::decode(request.page_token.as_deref())?,
        },
        filter: EvaluationDatasetFilter::parse(request.filter_string.as_deref().unwrap_or(""))?
            .clauses,
        order_by: EvaluationDatasetOrder::parse_all(&request.order_by)?,
    };
    let found = app.store.search_evaluation_datasets(search).await?;
    Ok(Json(SearchEvaluationDatasetsResponse {
        datasets: all(found.items),
        next_page_token: found.next_offset.map(token::encode),
    }))
}

fn search_limit(asked: Option<i32>) -> Result<u64> {
    let refused = |shown: &str, why: &str| {
        Err(Error::invalid(format!(
            "Invalid value {shown} for parameter 'max_results' supplied. It must be {why}"
        )))
    };
    match asked.unwrap_or(DEFAULT_RESULTS) {
        // MLflow takes nothing for nobody's wish.
        0 => refused("None", "a positive integer"),
        limit if limit < 0 => refused(&limit.to_string(), "a positive integer"),
        limit if limit > MOST_RESULTS => {
            refused(&limit.to_string(), &format!("at most {MOST_RESULTS}"))
        }
        limit => Ok(limit.unsigned_abs().into()),
    }
}

async fn set_tags(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Proto(request): Proto<SetEvaluationDatasetTags>,
) -> Answer<Empty> {
    let tags = DatasetTag::parse_all(&request.tags.unwrap_or_default())?;
    app.store.set_evaluation_dataset_tags(&EvaluationDatasetId::new(id), tags).await?;
    Ok(Json(Empty {}))
}

async fn delete_tag(
    State(app): State<AppState>,
    Path((id, key)): Path<(String, String)>,
) -> Answer<Empty> {
    app.store.delete_evaluation_dataset_tag(&EvaluationDatasetId::new(id), &key).await?;
    Ok(Json(Empty {}))
}

async fn upsert_records(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Proto(request): Proto<UpsertDatasetRecords>,
) -> Answer<UpsertDatasetRecordsResponse> {
    let records = AnyJson::parse("records", &request.records.unwrap_or_default())?;
    let AnyJson::List(records) = records else {
        return Err(Error::invalid(format!(
            "Invalid value for parameter 'records' supplied: it must be a JSON list, not {}.",
            records.python_type()
        ))
        .into());
    };
    let change = |record: &AnyJson| RecordChange::parse(format!("dr-{}", app.ids.hex()), record);
    let records = records.iter().map(change).collect::<Result<Vec<_>>>()?;
    let id = EvaluationDatasetId::new(id);
    let counts = app.store.upsert_dataset_records(&id, records, app.clock.now()).await?;
    Ok(Json(UpsertDatasetRecordsResponse {
        inserted_count: Some(counts.inserted),
        updated_count: Some(counts.updated),
    }))
}

async fn records(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Proto(request): Proto<GetDatasetRecords>,
) -> Answer<GetDatasetRecordsResponse> {
    let limit = match request.max_results.unwrap_or(0) {
        0 => DEFAULT_RECORDS,
        asked => u64::try_from(asked).map_err(|_| {
            Error::invalid(format!(
                "Invalid value {asked} for parameter 'max_results' supplied. It must be a \
                 positive integer"
            ))
        })?,
    };
    let from = cursor(request.page_token.as_deref().unwrap_or(""))?;
    let page = app.store.dataset_records(&EvaluationDatasetId::new(id), from, limit).await?;
    let next = page
        .records
        .last()
        .filter(|_| page.more)
        .and_then(|last| cursor_token(&RecordCursor::After(last.created_at, last.id.clone())));
    Ok(Json(GetDatasetRecordsResponse {
        records: Some(records_text(page.records)),
        next_page_token: next,
    }))
}

async fn delete_records(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Proto(request): Proto<DeleteDatasetRecords>,
) -> Answer<DeleteDatasetRecordsResponse> {
    let id = EvaluationDatasetId::new(id);
    let deleted = app.store.delete_dataset_records(&id, request.dataset_record_ids).await?;
    let deleted_count = Some(i32::try_from(deleted).unwrap_or(i32::MAX));
    Ok(Json(DeleteDatasetRecordsResponse { deleted_count }))
}

async fn experiments(
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Answer<DatasetExperiments> {
    let id = EvaluationDatasetId::new(id);
    let experiment_ids = app.store.experiments_of_dataset(&id).await?;
    Ok(Json(DatasetExperiments { experiment_ids }))
}

async fn add_experiments(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Proto(request): Proto<DatasetExperiments>,
) -> Answer<EvaluationDatasetResponse> {
    let experiments = associations(&app, &request.experiment_ids)?;
    let (id, now) = (EvaluationDatasetId::new(id), app.clock.now());
    answer(app.store.add_dataset_to_experiments(&id, experiments, now).await?)
}

async fn remove_experiments(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Proto(request): Proto<DatasetExperiments>,
) -> Answer<EvaluationDatasetResponse> {
    let (id, now) = (EvaluationDatasetId::new(id), app.clock.now());
    answer(app.store.remove_dataset_from_experiments(&id, request.experiment_ids, now).await?)
}
