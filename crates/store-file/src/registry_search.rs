//! Searching registered models and their versions.

use std::cmp::Ordering;
use std::sync::Arc;

use oxflow_model::search::{
    IS_PROMPT_TAG, ModelVersionClause, ModelVersionOrder, ModelVersionOrderKey,
    RegisteredModelClause, RegisteredModelOrder, RegisteredModelOrderKey, TextOp,
};
use oxflow_model::{ModelVersion, Page, RegisteredModel, Tag};
use oxflow_store::{ModelVersionSearch, RegisteredModelSearch};

use crate::matching;
use crate::model_version::{self, FileVersion, LatestOrder};
use crate::registered_model;
use crate::store::View;

/// Registered models that fit.
pub fn registered_models(view: &View<'_>, search: &RegisteredModelSearch) -> Page<RegisteredModel> {
    let filter = &search.filter;
    let mut found = registered_model::heads(view);
    found.retain(|model| {
        (filter.wants_prompts() || !makes_prompt(&model.tags))
            && filter.effective_clauses().all(|clause| match clause {
                RegisteredModelClause::Name(test) => matching::test(test, &model.name),
                RegisteredModelClause::Tag { key, op, value } => {
                    has_tag(&model.tags, key, *op, value)
                }
            })
    });
    found.sort_by(|a, b| order_models(a, b, &search.order_by));
    let page = matching::page(found, search.page);
    let shown = |model: &Arc<RegisteredModel>| {
        registered_model::with_versions(view, model, LatestOrder::Stage)
    };
    Page { items: page.items.iter().map(shown).collect(), next_offset: page.next_offset }
}

fn has_tag(tags: &[Tag], key: &str, op: TextOp, value: &str) -> bool {
    tags.iter().any(|tag| tag.key == key && matching::text(op, &tag.value, value))
}

fn makes_prompt(tags: &[Tag]) -> bool {
    tags.iter().any(|tag| tag.key == IS_PROMPT_TAG && tag.value == "true")
}

fn order_models(
    a: &RegisteredModel,
    b: &RegisteredModel,
    orders: &[RegisteredModelOrder],
) -> Ordering {
    let compare = |order: &RegisteredModelOrder| {
        let found = match order.by {
            RegisteredModelOrderKey::Name => a.name.cmp(&b.name),
            RegisteredModelOrderKey::LastUpdated => a.updated_at.cmp(&b.updated_at),
        };
        matching::directed(found, order.ascending)
    };
    let first = orders.iter().map(compare).find(|order| order.is_ne());
    first.unwrap_or_else(|| a.name.cmp(&b.name))
}

/// Versions that fit.
pub fn model_versions(view: &View<'_>, search: &ModelVersionSearch) -> Page<ModelVersion> {
    let filter = &search.filter;
    let mut found: Vec<Arc<FileVersion>> = Vec::new();
    for model in registered_model::heads(view) {
        let mut versions = model_version::all_of(view, &model.name, true);
        // One version with the tag makes all versions of that name a prompt's, as in MLflow.
        let prompt = versions.iter().any(|version| makes_prompt(&version.version.tags));
        if filter.wants_prompts() || !prompt {
            versions.retain(|version| {
                !version.deleted && filter.effective_clauses().all(|c| passes(&version.version, c))
            });
            found.extend(versions);
        }
    }
    found.sort_by(|a, b| order_versions(&a.version, &b.version, &search.order_by));
    let page = matching::page(found, search.page);
    let items = page.items.into_iter().map(|version| version.version.clone()).collect();
    Page { items, next_offset: page.next_offset }
}

fn passes(version: &ModelVersion, clause: &ModelVersionClause) -> bool {
    match clause {
        ModelVersionClause::Name(test) => matching::test(test, &version.name),
        ModelVersionClause::RunId(test) => matching::test_any(test, version.run_id.as_deref()),
        ModelVersionClause::SourcePath { op, value } => {
            version.source.as_ref().is_some_and(|source| matching::text(*op, source, value))
        }
        ModelVersionClause::VersionNumber { op, value } => {
            matching::number(*op, &version.number, value)
        }
        ModelVersionClause::Tag { key, op, value } => has_tag(&version.tags, key, *op, value),
    }
}

fn order_versions(a: &ModelVersion, b: &ModelVersion, orders: &[ModelVersionOrder]) -> Ordering {
    let compare = |order: &ModelVersionOrder| {
        let found = match order.by {
            ModelVersionOrderKey::Name => a.name.cmp(&b.name),
            ModelVersionOrderKey::VersionNumber => a.number.cmp(&b.number),
            ModelVersionOrderKey::CreationTimestamp => a.created_at.cmp(&b.created_at),
            ModelVersionOrderKey::LastUpdatedTimestamp => a.updated_at.cmp(&b.updated_at),
        };
        matching::directed(found, order.ascending)
    };
    let first = orders.iter().map(compare).find(|order| order.is_ne());
    first.unwrap_or_else(|| {
        let newest = match orders.is_empty() {
            true => b.updated_at.cmp(&a.updated_at),
            false => Ordering::Equal,
        };
        newest.then_with(|| a.name.cmp(&b.name)).then_with(|| b.number.cmp(&a.number))
    })
}
