//! `label-schemas/…`

use axum::extract::State;
use oxflow_api::common::{Empty, all};
use oxflow_api::label_schema::{
    CreateLabelSchema, GetLabelSchemaByName, LabelSchemaInput, LabelSchemaResponse,
    LabelSchemaType, ListLabelSchemas, ListLabelSchemasResponse, OneLabelSchema, UpdateLabelSchema,
};
use oxflow_api::{request, token};
use oxflow_model::{
    Error, ExperimentId, LabelSchema, LabelSchemaChange, PageRequest, Result, label_schema,
};

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};

const DEFAULT_RESULTS: i32 = 100;
/// The most that one list shows.
const MOST_RESULTS: u32 = 50_000;

pub fn routes(routes: Routes) -> Routes {
    let within = Access::Experiment(Level::Read);
    let read = Access::LabelSchema(Level::Read);
    let manage = Access::LabelSchema(Level::Manage);
    routes
        .post(Under::V3, "/label-schemas/create", Access::Experiment(Level::Manage), create)
        .get(Under::V3, "/label-schemas/get", read, get)
        .get(Under::V3, "/label-schemas/get-by-name", within, get_by_name)
        .get(Under::V3, "/label-schemas/list", within, list)
        .patch(Under::V3, "/label-schemas/update", manage, update)
        .delete(Under::V3, "/label-schemas/delete", manage, delete)
}

fn answer(schema: LabelSchema) -> Answer<LabelSchemaResponse> {
    Ok(Json(LabelSchemaResponse { label_schema: Some(schema.into()) }))
}

fn experiment(raw: Option<String>) -> Result<ExperimentId> {
    ExperimentId::parse(&raw.unwrap_or_default())
}

fn fresh_id(app: &AppState) -> String {
    format!("ls-{}", app.ids.hex())
}

async fn create(
    State(app): State<AppState>,
    Proto(request): Proto<CreateLabelSchema>,
) -> Answer<LabelSchemaResponse> {
    let kind = match request.r#type {
        Some(LabelSchemaType::Feedback) => label_schema::LabelSchemaType::Feedback,
        Some(LabelSchemaType::Expectation) => label_schema::LabelSchemaType::Expectation,
        Some(LabelSchemaType::Unspecified) | None => {
            return Err(Error::invalid(
                "Label schema `type` must be one of FEEDBACK or EXPECTATION; got proto enum value \
                 0.",
            )
            .into());
        }
    };
    let now = app.clock.now();
    let new = LabelSchema {
        id: fresh_id(&app),
        input: request.input.unwrap_or_default().read()?,
        experiment_id: experiment(request.experiment_id)?,
        name: request.name.unwrap_or_default(),
        kind,
        instruction: request.instruction,
        enable_comment: request.enable_comment.unwrap_or(false),
        created_by: None,
        created_at: now,
        updated_at: now,
        is_default: false,
    };
    new.check()?;
    answer(app.store.create_label_schema(new).await?)
}

async fn get(
    State(app): State<AppState>,
    Proto(request): Proto<OneLabelSchema>,
) -> Answer<LabelSchemaResponse> {
    let id = request.schema_id.unwrap_or_default();
    let missing = || Error::not_found(format!("Label schema with id '{id}' not found."));
    answer(app.store.find_label_schema(&id).await?.ok_or_else(missing)?)
}

async fn get_by_name(
    State(app): State<AppState>,
    Proto(request): Proto<GetLabelSchemaByName>,
) -> Answer<LabelSchemaResponse> {
    let id = experiment(request.experiment_id)?;
    let name = request.name.unwrap_or_default();
    let missing = || label_schema::no_such_name(id, &name);
    answer(app.store.find_label_schema_by_name(id, &name).await?.ok_or_else(missing)?)
}

async fn list(
    State(app): State<AppState>,
    Proto(request): Proto<ListLabelSchemas>,
) -> Answer<ListLabelSchemasResponse> {
    let limit = match u32::try_from(request.max_results.unwrap_or(DEFAULT_RESULTS)) {
        Ok(limit @ 1..=MOST_RESULTS) => u64::from(limit),
        _ => {
            let why = format!("max_results must be between 1 and {MOST_RESULTS}.");
            return Err(request::invalid_because(&why).into());
        }
    };
    let page = PageRequest { limit, offset: token::decode(request.page_token.as_deref())? };
    let id = experiment(request.experiment_id)?;
    let default = LabelSchema::default_of(id, fresh_id(&app), app.clock.now());
    let found = app.store.list_label_schemas(id, default, page).await?;
    Ok(Json(ListLabelSchemasResponse {
        label_schemas: all(found.items),
        // Empty on the last page, as in MLflow.
        next_page_token: Some(found.next_offset.map(token::encode).unwrap_or_default()),
    }))
}

async fn update(
    State(app): State<AppState>,
    Proto(request): Proto<UpdateLabelSchema>,
) -> Answer<LabelSchemaResponse> {
    let change = LabelSchemaChange {
        name: request.name,
        instruction: request.instruction,
        enable_comment: request.enable_comment,
        input: request.input.map(LabelSchemaInput::read).transpose()?,
    };
    let id = request.schema_id.unwrap_or_default();
    answer(app.store.update_label_schema(&id, change, app.clock.now()).await?)
}

async fn delete(
    State(app): State<AppState>,
    Proto(request): Proto<OneLabelSchema>,
) -> Answer<Empty> {
    app.store.delete_label_schema(&request.schema_id.unwrap_or_default()).await?;
    Ok(Json(Empty {}))
}
