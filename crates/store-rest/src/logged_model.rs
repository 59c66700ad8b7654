//! Logged models.

use async_trait::async_trait;
use http::Method;
use oxflow_api::common::{Empty, all};
use oxflow_api::logged_model;
use oxflow_api::logged_model::{
    CreateLoggedModel, FinalizeLoggedModel, GetLoggedModel, LogLoggedModelParams,
    LoggedModelResponse, SearchDataset, SearchLoggedModels, SearchLoggedModelsResponse,
    SearchOrder, SetLoggedModelTags,
};
use oxflow_model::search::{LoggedModelFilter, LoggedModelOrder, LoggedModelOrderSpec};
use oxflow_model::{
    LoggedModel, LoggedModelStatus, Millis, ModelId, NewLoggedModel, Page, Param, Result, Tag,
};
use oxflow_store::{LoggedModelSearch, LoggedModelStore};

use crate::call::Api::V2;
use crate::call::segment;
use crate::client::RestStore;
use crate::metric::point_of_run;
use crate::page::gather;
use crate::read;

/// How many a page has, as MLflow's clients ask for them.
const MOST: u32 = 1000;

/// A logged model.
pub fn model(wire: logged_model::LoggedModel) -> Result<LoggedModel> {
    let info = read::need(wire.info, "logged model")?;
    let data = wire.data.unwrap_or_default();
    Ok(LoggedModel {
        id: ModelId::new(info.model_id.unwrap_or_default()),
        experiment_id: read::experiment_id(info.experiment_id)?,
        name: info.name.unwrap_or_default(),
        artifact_location: info.artifact_uri.unwrap_or_default(),
        created_at: Millis(info.creation_timestamp_ms.unwrap_or_default()),
        updated_at: Millis(info.last_updated_timestamp_ms.unwrap_or_default()),
        status: info.status.map_or(LoggedModelStatus::Unspecified, Into::into),
        status_message: info.status_message,
        model_type: info.model_type,
        source_run_id: info.source_run_id,
        tags: read::tags(info.tags),
        params: all(data.params),
        metrics: data.metrics.into_iter().map(point_of_run).collect(),
    })
}

fn answered(answer: LoggedModelResponse) -> Result<LoggedModel> {
    model(read::need(answer.model, "logged model")?)
}

fn path(id: &ModelId) -> String {
    format!("logged-models/{}", segment(id.as_str()))
}

fn order(order: LoggedModelOrder) -> SearchOrder {
    let spec = LoggedModelOrderSpec::from(order);
    SearchOrder {
        field_name: Some(spec.field_name),
        ascending: Some(spec.ascending),
        dataset_name: spec.dataset_name,
        dataset_digest: spec.dataset_digest,
    }
}

#[async_trait]
impl LoggedModelStore for RestStore {
    async fn create_logged_model(&self, new: NewLoggedModel, now: Millis) -> Result<LoggedModel> {
        let request = CreateLoggedModel {
            experiment_id: Some(new.experiment_id.to_string()),
            name: Some(new.name),
            model_type: new.model_type,
            source_run_id: new.source_run_id,
            params: all(new.params),
            tags: all(new.tags),
        };
        let call = V2.post("logged-models", &request)?.at(now).id(new.id.as_str());
        answered(self.send(Ok(call)).await?)
    }

    async fn find_logged_model(
        &self,
        id: &ModelId,
        deleted_too: bool,
    ) -> Result<Option<LoggedModel>> {
        if id.as_str().is_empty() {
            return Ok(None);
        }
        let request = GetLoggedModel { allow_deleted: deleted_too.then_some(true) };
        self.find(V2.get(&path(id), &request)).await?.map(answered).transpose()
    }

    async fn finalize_logged_model(
        &self,
        id: &ModelId,
        status: LoggedModelStatus,
        now: Millis,
    ) -> Result<LoggedModel> {
        let (model_id, status) = (Some(id.to_string()), Some(status.into()));
        let call = V2.patch(&path(id), &FinalizeLoggedModel { model_id, status })?.at(now);
        answered(self.send(Ok(call)).await?)
    }

    async fn delete_logged_model(&self, id: &ModelId, now: Millis) -> Result<()> {
        let call = V2.query(Method::DELETE, &path(id), &Empty {})?.at(now);
        self.send::<Empty>(Ok(call)).await.map(drop)
    }

    /// Two calls: the API does not show what became of the model.
    async fn set_logged_model_tags(&self, id: &ModelId, tags: Vec<Tag>) -> Result<LoggedModel> {
        let request = SetLoggedModelTags { model_id: Some(id.to_string()), tags: all(tags) };
        let call = V2.patch(&format!("{}/tags", path(id)), &request);
        self.send::<Empty>(call).await?;
        let request = GetLoggedModel { allow_deleted: Some(true) };
        answered(self.send(V2.get(&path(id), &request)).await?)
    }

    async fn delete_logged_model_tag(&self, id: &ModelId, key: &str) -> Result<()> {
        let path = format!("{}/tags/{}", path(id), segment(key));
        self.send::<Empty>(V2.query(Method::DELETE, &path, &Empty {})).await.map(drop)
    }

    async fn log_logged_model_params(&self, id: &ModelId, params: Vec<Param>) -> Result<()> {
        let request = LogLoggedModelParams { model_id: Some(id.to_string()), params: all(params) };
        self.send::<Empty>(V2.post(&format!("{}/params", path(id)), &request)).await.map(drop)
    }

    async fn search_logged_models(&self, search: LoggedModelSearch) -> Result<Page<LoggedModel>> {
        let dataset =
            |(name, dataset_digest)| SearchDataset { dataset_name: Some(name), dataset_digest };
        let request = SearchLoggedModels {
            experiment_ids: Some(search.experiments.iter().map(ToString::to_string).collect()),
            filter: Some(LoggedModelFilter { clauses: search.filter }.to_string()),
            datasets: search.datasets.into_iter().map(dataset).collect(),
            order_by: search.order_by.into_iter().map(order).collect(),
            ..SearchLoggedModels::default()
        };
        let fetch = async |limit, offset| {
            let page_token = (offset > 0).then(|| request.token(offset));
            let request =
                SearchLoggedModels { max_results: Some(limit), page_token, ..request.clone() };
            let page: SearchLoggedModelsResponse =
                self.send(V2.post("logged-models/search", &request)).await?;
            let found: Result<Vec<_>> = page.models.into_iter().map(model).collect();
            Ok((found?, page.next_page_token))
        };
        gather(search.page, MOST, fetch).await
    }
}
