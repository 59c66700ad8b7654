//! Label schemas.

use async_trait::async_trait;
use oxflow_api::common::Empty;
use oxflow_api::label_schema;
use oxflow_api::label_schema::{
    CreateLabelSchema, GetLabelSchemaByName, LabelSchemaResponse, ListLabelSchemas,
    ListLabelSchemasResponse, OneLabelSchema, UpdateLabelSchema,
};
use oxflow_model::label_schema::no_such_name;
use oxflow_model::{
    ExperimentId, LabelSchema, LabelSchemaChange, LabelSchemaType, Millis, Page, PageRequest,
    Result,
};
use oxflow_store::LabelSchemaStore;

use crate::call::Api::V3;
use crate::client::RestStore;
use crate::page::{at, gather};
use crate::read;

/// The prefix of ids.
const PREFIX: &str = "ls-";
/// The largest page.
const MOST: u32 = 50_000;

fn schema(wire: label_schema::LabelSchema) -> Result<LabelSchema> {
    Ok(LabelSchema {
        id: wire.schema_id.unwrap_or_default(),
        experiment_id: read::experiment_id(wire.experiment_id)?,
        name: wire.name.unwrap_or_default(),
        kind: match wire.r#type {
            Some(label_schema::LabelSchemaType::Expectation) => LabelSchemaType::Expectation,
            _ => LabelSchemaType::Feedback,
        },
        input: wire.input.unwrap_or_default().read()?,
        instruction: wire.instruction,
        enable_comment: wire.enable_comment.unwrap_or_default(),
        created_by: wire.created_by,
        created_at: Millis(wire.created_at.unwrap_or_default()),
        updated_at: Millis(wire.last_updated_at.unwrap_or_default()),
        is_default: wire.is_default.unwrap_or_default(),
    })
}

fn answered(answer: LabelSchemaResponse) -> Result<LabelSchema> {
    schema(read::need(answer.label_schema, "label schema")?)
}

fn named(id: &str) -> OneLabelSchema {
    OneLabelSchema { schema_id: Some(id.to_owned()) }
}

#[async_trait]
impl LabelSchemaStore for RestStore {
    async fn create_label_schema(&self, new: LabelSchema) -> Result<LabelSchema> {
        let request = CreateLabelSchema {
            experiment_id: Some(new.experiment_id.to_string()),
            name: Some(new.name),
            r#type: Some(new.kind.into()),
            input: Some(new.input.into()),
            instruction: new.instruction,
            enable_comment: Some(new.enable_comment),
        };
        let call = V3.post("label-schemas/create", &request)?.at(new.created_at);
        answered(self.send(Ok(call.id_behind(PREFIX, &new.id))).await?)
    }

    async fn find_label_schema(&self, id: &str) -> Result<Option<LabelSchema>> {
        self.find(V3.get("label-schemas/get", &named(id))).await?.map(answered).transpose()
    }

    async fn find_label_schema_by_name(
        &self,
        experiment: ExperimentId,
        name: &str,
    ) -> Result<Option<LabelSchema>> {
        let (experiment_id, wanted) = (Some(experiment.to_string()), Some(name.to_owned()));
        let request = GetLabelSchemaByName { experiment_id, name: wanted };
        let call = V3.get("label-schemas/get-by-name", &request);
        let found = self.find_unless(&no_such_name(experiment, name), call).await?;
        found.map(answered).transpose()
    }

    async fn list_label_schemas(
        &self,
        experiment: ExperimentId,
        default: LabelSchema,
        page: PageRequest,
    ) -> Result<Page<LabelSchema>> {
        let fetch = async |limit, offset| {
            let request = ListLabelSchemas {
                experiment_id: Some(experiment.to_string()),
                max_results: Some(limit),
                page_token: at(offset),
            };
            let call = V3.get("label-schemas/list", &request)?.at(default.created_at);
            let call = call.id_behind(PREFIX, &default.id);
            let page: ListLabelSchemasResponse = self.send(Ok(call)).await?;
            let found: Result<Vec<_>> = page.label_schemas.into_iter().map(schema).collect();
            Ok((found?, page.next_page_token))
        };
        gather(page, MOST, fetch).await
    }

    async fn update_label_schema(
        &self,
        id: &str,
        change: LabelSchemaChange,
        now: Millis,
    ) -> Result<LabelSchema> {
        let request = UpdateLabelSchema {
            schema_id: Some(id.to_owned()),
            name: change.name,
            instruction: change.instruction,
            enable_comment: change.enable_comment,
            input: change.input.map(Into::into),
        };
        let call = V3.patch("label-schemas/update", &request)?.at(now);
        answered(self.send(Ok(call)).await?)
    }

    async fn delete_label_schema(&self, id: &str) -> Result<()> {
        self.send::<Empty>(V3.delete("label-schemas/delete", &named(id))).await.map(drop)
    }
}
