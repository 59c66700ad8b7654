//! Searching registered models and their versions.

use oxflow_model::search::{
    IS_PROMPT_TAG, ModelVersionClause, ModelVersionFilter, ModelVersionOrder, ModelVersionOrderKey,
    RegisteredModelClause, RegisteredModelFilter, RegisteredModelOrder, RegisteredModelOrderKey,
    TextOp,
};
use oxflow_model::{ModelVersion, Page, RegisteredModel, Result};
use oxflow_store::{ModelVersionSearch, RegisteredModelSearch};

use crate::SqlStore;
use crate::dialect::Dialect;
use crate::filter::{Query, direction, text_op, text_test};
use crate::model_version::{self, DELETED, LatestOrder};
use crate::registered_model::{self, WORKSPACE};
use crate::value::Value;

/// The tags of a model `m`; arguments: workspace, key.
const MODEL_TAGS: &str = "SELECT 1 FROM registered_model_tags t \
                          WHERE t.workspace = ? AND t.\"key\" = ? AND t.name = m.name";
/// The tags of all versions of the model of a version `v`; arguments: workspace, key.
const SIBLING_TAGS: &str = "SELECT 1 FROM model_version_tags t \
                            WHERE t.workspace = ? AND t.\"key\" = ? AND t.name = v.name";

/// Registered models that fit.
pub async fn registered_models(
    store: &SqlStore,
    search: RegisteredModelSearch,
) -> Result<Page<RegisteredModel>> {
    let (sql, args) = models_query(store.dialect.as_ref(), &search);
    store
        .database
        .read(move |session| {
            let page = Page::cut(session.rows(&sql, &args, registered_model::read)?, search.page);
            let items = registered_model::with_details(session, page.items, LatestOrder::Stage)?;
            Ok(Page { items, next_offset: page.next_offset })
        })
        .await
}

/// Versions that fit.
pub async fn model_versions(
    store: &SqlStore,
    search: ModelVersionSearch,
) -> Result<Page<ModelVersion>> {
    let (sql, args) = versions_query(store.dialect.as_ref(), &search);
    store
        .database
        .read(move |session| {
            let page = Page::cut(session.rows(&sql, &args, model_version::read)?, search.page);
            let items = model_version::with_tags(session, page.items)?;
            Ok(Page { items, next_offset: page.next_offset })
        })
        .await
}

fn models_query(
    dialect: &dyn Dialect,
    search: &RegisteredModelSearch,
) -> (String, Vec<Value<'static>>) {
    let mut query =
        Query::new(format!("SELECT {} FROM registered_models m", registered_model::COLUMNS));
    query.and("m.workspace = ?", [WORKSPACE.into()]);
    add_model_clauses(&mut query, dialect, &search.filter);
    query.push(&model_order(dialect, &search.order_by));
    query.page(dialect, search.page)
}

fn add_model_clauses(query: &mut Query, dialect: &dyn Dialect, filter: &RegisteredModelFilter) {
    for clause in filter.effective_clauses() {
        match clause {
            RegisteredModelClause::Name(test) => {
                let (test, args) = text_test(dialect, "m.name", test);
                query.and(&test, args);
            }
            RegisteredModelClause::Tag { key, op, value } => {
                tag_clause(query, dialect, MODEL_TAGS, key, *op, value);
            }
        }
    }
    if !filter.wants_prompts() {
        no_prompts(query, dialect, MODEL_TAGS);
    }
}

/// Adds that one of `tags` has this key and a value that passes.
fn tag_clause(
    query: &mut Query,
    dialect: &dyn Dialect,
    tags: &str,
    key: &str,
    op: TextOp,
    value: &str,
) {
    let condition = format!("EXISTS ({tags} AND {})", text_op(dialect, "t.value", op));
    query.and(&condition, tag_args(key, value));
}

/// Adds that none of `tags` makes a prompt.
fn no_prompts(query: &mut Query, dialect: &dyn Dialect, tags: &str) {
    let condition = format!("NOT EXISTS ({tags} AND {})", dialect.equals("t.value"));
    query.and(&condition, tag_args(IS_PROMPT_TAG, "true"));
}

fn tag_args(key: &str, value: &str) -> [Value<'static>; 3] {
    [WORKSPACE.into(), key.to_owned().into(), value.to_owned().into()]
}

fn model_order(dialect: &dyn Dialect, orders: &[RegisteredModelOrder]) -> String {
    let column = |by| match by {
        RegisteredModelOrderKey::Name => "m.name",
        RegisteredModelOrderKey::LastUpdated => "m.last_updated_time",
    };
    let mut columns: Vec<String> = orders
        .iter()
        .map(|order| format!("{} {}", column(order.by), direction(order.ascending)))
        .collect();
    if !orders.iter().any(|order| order.by == RegisteredModelOrderKey::Name) {
        columns.push("m.name ASC".to_owned());
    }
    dialect.order_by(&columns)
}

fn versions_query(
    dialect: &dyn Dialect,
    search: &ModelVersionSearch,
) -> (String, Vec<Value<'static>>) {
    let mut query = Query::new(format!("SELECT {} FROM model_versions v", model_version::COLUMNS));
    query.and("v.workspace = ?", [WORKSPACE.into()]);
    query.and("v.current_stage <> ?", [DELETED.into()]);
    add_version_clauses(&mut query, dialect, &search.filter);
    query.push(&version_order(dialect, &search.order_by));
    query.page(dialect, search.page)
}

fn add_version_clauses(query: &mut Query, dialect: &dyn Dialect, filter: &ModelVersionFilter) {
    for clause in filter.effective_clauses() {
        match clause {
            ModelVersionClause::Name(test) => {
                let (test, args) = text_test(dialect, "v.name", test);
                query.and(&test, args);
            }
            ModelVersionClause::RunId(test) => {
                let (test, args) = text_test(dialect, "v.run_id", test);
                query.and(&test, args);
            }
            ModelVersionClause::SourcePath { op, value } => {
                query.and(&text_op(dialect, "v.source", *op), [value.clone().into()]);
            }
            ModelVersionClause::VersionNumber { op, value } => {
                query.and(&format!("v.version {} ?", op.as_str()), [Value::Int(*value)]);
            }
            ModelVersionClause::Tag { key, op, value } => {
                let tags = format!("{SIBLING_TAGS} AND t.version = v.version");
                tag_clause(query, dialect, &tags, key, *op, value);
            }
        }
    }
    if !filter.wants_prompts() {
        // One version with the tag makes all versions of that name a prompt's, as in MLflow.
        no_prompts(query, dialect, SIBLING_TAGS);
    }
}

fn version_order(dialect: &dyn Dialect, orders: &[ModelVersionOrder]) -> String {
    let column = |by| match by {
        ModelVersionOrderKey::Name => "v.name",
        ModelVersionOrderKey::VersionNumber => "v.version",
        ModelVersionOrderKey::CreationTimestamp => "v.creation_time",
        ModelVersionOrderKey::LastUpdatedTimestamp => "v.last_updated_time",
    };
    let mut columns: Vec<String> = orders
        .iter()
        .map(|order| format!("{} {}", column(order.by), direction(order.ascending)))
        .collect();
    let has = |key| orders.iter().any(|order| order.by == key);
    if orders.is_empty() {
        columns.push("v.last_updated_time DESC".to_owned());
    }
    if !has(ModelVersionOrderKey::Name) {
        columns.push("v.name ASC".to_owned());
    }
    if !has(ModelVersionOrderKey::VersionNumber) {
        columns.push("v.version DESC".to_owned());
    }
    dialect.order_by(&columns)
}
