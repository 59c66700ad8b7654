//! Registered models, as the server says.

use oxflow_api::registered_model::{self, RegisteredModelResponse};
use oxflow_model::{Millis, ModelAlias, RegisteredModel, Result};

use crate::model_version::version;
use crate::read;

/// A registered model.
pub fn registered(wire: registered_model::RegisteredModel) -> Result<RegisteredModel> {
    let alias = |wire: registered_model::RegisteredModelAlias| {
        let version = wire.version?.parse().ok()?;
        Some(ModelAlias { alias: wire.alias?, version })
    };
    let latest: Result<Vec<_>> = wire.latest_versions.into_iter().map(version).collect();
    Ok(RegisteredModel {
        name: wire.name.unwrap_or_default(),
        created_at: Millis(wire.creation_timestamp.unwrap_or_default()),
        updated_at: wire.last_updated_timestamp.map(Millis),
        description: wire.description,
        latest_versions: latest?,
        tags: read::tags(wire.tags),
        aliases: wire.aliases.into_iter().filter_map(alias).collect(),
    })
}

/// The model of an answer.
pub fn answered(answer: RegisteredModelResponse) -> Result<RegisteredModel> {
    registered(read::need(answer.registered_model, "registered model")?)
}
