//! Registered models with their tags and aliases.

use std::sync::Arc;

use oxflow_model::registry::{name_taken, no_such_model};
use oxflow_model::search::IS_PROMPT_TAG;
use oxflow_model::{
    Error, Millis, ModelAlias, ModelName, ModelVersion, NewRegisteredModel, RegisteredModel,
    Result, Tag, VersionId,
};

use crate::changes::Changes;
use crate::experiment::{by_key, meta, tags};
use crate::index::{REGISTRY, folders, locked};
use crate::model_version::{self, LatestOrder};
use crate::names;
use crate::store::View;
use crate::tree::{Cached, Content, Look, Tree};
use crate::yaml::{Map, Node};

/// What is known of a registered model.
#[derive(Debug, Default)]
pub struct RegisteredState {
    meta: Cached<Head>,
    tags: Tree<String>,
    aliases: Tree<String>,
    shown: Option<Arc<RegisteredModel>>,
}

#[derive(Debug)]
struct Head {
    created_at: Millis,
    updated_at: Option<Millis>,
    description: Option<String>,
}

impl Content for Head {
    fn read(look: Look<'_>, path: &str, _: Option<Head>) -> Result<Option<Head>, String> {
        let Some(bytes) = look.folder.read(path).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let map = Map::parse(&bytes)?;
        Ok(Some(Head {
            created_at: Millis(map.int("creation_timestamp").unwrap_or(0)),
            updated_at: map.int("last_updated_timestamp").map(Millis),
            description: map.owned("description"),
        }))
    }
}

/// The folder of a registered model.
pub fn path(name: &str) -> String {
    format!("{REGISTRY}/{name}")
}

/// A registered model without its versions; `None` if it is missing or broken.
pub fn head(view: &View<'_>, name: &str) -> Option<Arc<RegisteredModel>> {
    if !names::is_name(name) {
        return None;
    }
    let path = path(name);
    let slot = view.index().registered_models.at(&path);
    let found = view.through_gate(|look| {
        let mut state = locked(&slot);
        let state = &mut *state;
        let mut changed = state.meta.refresh(look, &format!("{path}/meta.yaml"));
        changed |= state.tags.refresh(look, &format!("{path}/tags"));
        changed |= state.aliases.refresh(look, &format!("{path}/aliases"));
        if changed || state.shown.is_none() {
            state.shown = state.meta.value().map(|head| {
                Arc::new(RegisteredModel {
                    name: name.to_owned(),
                    created_at: head.created_at,
                    updated_at: head.updated_at,
                    description: head.description.clone(),
                    latest_versions: Vec::new(),
                    tags: tags(&state.tags),
                    aliases: state.aliases.iter().filter_map(alias).collect(),
                })
            });
        }
        state.shown.clone()
    });
    if found.is_none() && !view.look.folder.exists(&path) {
        view.index().registered_models.forget(&path);
    }
    found
}

fn alias((alias, version): (&str, &String)) -> Option<ModelAlias> {
    Some(ModelAlias { alias: alias.to_owned(), version: version.trim().parse().ok()? })
}

/// All registered models without their versions, by name.
pub fn heads(view: &View<'_>) -> Vec<Arc<RegisteredModel>> {
    let names = folders(view, REGISTRY);
    let mut found: Vec<_> = names.iter().filter_map(|name| head(view, name)).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// A registered model with its latest versions.
pub fn with_versions(
    view: &View<'_>,
    head: &RegisteredModel,
    order: LatestOrder,
) -> RegisteredModel {
    RegisteredModel {
        latest_versions: model_version::latest_of(view, &head.name, order),
        ..head.clone()
    }
}

/// The model with this name.
pub fn find(view: &View<'_>, name: &ModelName) -> Option<RegisteredModel> {
    let head = head(view, name.as_str())?;
    Some(with_versions(view, &head, LatestOrder::FirstVersion))
}

/// Refuses a model that is not there.
pub fn require(view: &View<'_>, name: &ModelName) -> Result<Arc<RegisteredModel>> {
    head(view, name.as_str()).ok_or_else(|| no_such_model(name))
}

/// Registers a model.
pub fn create(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    new: &NewRegisteredModel,
    now: Millis,
) -> Result<RegisteredModel> {
    let name = new.name.as_str();
    names::check_model(name)?;
    if let Some(old) = head(view, name) {
        let is_prompt = |tags: &[Tag]| tags.iter().any(|tag| tag.key == IS_PROMPT_TAG);
        return Err(name_taken(&new.name, is_prompt(&old.tags), is_prompt(&new.tags)));
    }
    let path = path(name);
    if view.look.folder.exists(&path) {
        return Err(Error::already_exists(format!(
            "Registered Model (name={name}) already exists: there is a folder '{path}'."
        )));
    }
    for tag in &new.tags {
        names::check_key(&tag.key)?;
        changes.put(REGISTRY, &format!("{path}/tags/{}", tag.key), tag.value.as_bytes())?;
    }
    let meta = Map::from([
        ("aliases", Node::map([])),
        ("creation_timestamp", now.0.into()),
        ("deployment_job_id", Node::null()),
        ("deployment_job_state", Node::null()),
        ("description", (&new.description).into()),
        ("last_updated_timestamp", now.0.into()),
        ("name", name.into()),
        ("workspace", "default".into()),
    ]);
    changes.put_meta(REGISTRY, &path, &meta)?;
    Ok(RegisteredModel {
        name: name.to_owned(),
        created_at: now,
        updated_at: Some(now),
        description: Some(new.description.clone()),
        latest_versions: Vec::new(),
        tags: by_key(new.tags.clone()),
        aliases: Vec::new(),
    })
}

/// Notes that a model has changed.
pub fn touch(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    name: &ModelName,
    now: Millis,
) -> Result<()> {
    let path = path(require(view, name)?.name.as_str());
    let mut meta = meta(view, &path)?;
    meta.set("last_updated_timestamp", now.0.into());
    changes.put_meta(&path, &path, &meta)
}

/// Sets the description.
pub fn describe(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    name: &ModelName,
    description: &str,
    now: Millis,
) -> Result<RegisteredModel> {
    let mut model = find(view, name).ok_or_else(|| no_such_model(name))?;
    let path = path(name.as_str());
    let mut meta = meta(view, &path)?;
    meta.set("description", description.into());
    meta.set("last_updated_timestamp", now.0.into());
    changes.put_meta(&path, &path, &meta)?;
    model.description = Some(description.to_owned());
    model.updated_at = Some(now);
    Ok(model)
}

/// Renames a model: its folder is moved, with all that is in it.
pub fn rename(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    name: &ModelName,
    new_name: &ModelName,
    now: Millis,
) -> Result<RegisteredModel> {
    let mut model = find(view, name).ok_or_else(|| no_such_model(name))?;
    names::check_model(new_name.as_str())?;
    let (old, new) = (path(name.as_str()), path(new_name.as_str()));
    if name != new_name && view.look.folder.exists(&new) {
        return Err(Error::already_exists(format!(
            "Registered Model (name={new_name}) already exists. Error: there is a folder '{new}'."
        )));
    }
    let mut folders = vec![old.clone()];
    let versions = model_version::all_of(view, name.as_str(), true);
    folders.extend(versions.iter().map(|version| model_version::path(&version.id())));
    for folder in folders {
        let mut meta = meta(view, &folder)?;
        meta.set("name", new_name.as_str().into());
        meta.set("last_updated_timestamp", now.0.into());
        changes.put_meta(&old, &folder, &meta)?;
    }
    if name != new_name {
        changes.move_folder(&old, &new);
    }
    new_name.as_str().clone_into(&mut model.name);
    model.updated_at = Some(now);
    for version in &mut model.latest_versions {
        new_name.as_str().clone_into(&mut version.name);
        version.updated_at = Some(now);
    }
    Ok(model)
}

/// Deletes a model with all it has.
pub fn delete(view: &View<'_>, changes: &mut Changes<'_>, name: &ModelName) -> Result<()> {
    changes.remove_tree(&path(&require(view, name)?.name));
    Ok(())
}

/// Sets a tag.
pub fn set_tag(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    name: &ModelName,
    tag: &Tag,
) -> Result<()> {
    let path = path(&require(view, name)?.name);
    names::check_key(&tag.key)?;
    changes.put(&path, &format!("{path}/tags/{}", tag.key), tag.value.as_bytes())
}

/// Removes a tag, if it is there.
pub fn delete_tag(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    name: &ModelName,
    key: &str,
) -> Result<()> {
    let model = require(view, name)?;
    if model.tags.iter().any(|tag| tag.key == key) {
        changes.remove(&format!("{}/tags/{key}", path(&model.name)));
    }
    Ok(())
}

/// Makes an alias stand for a version.
pub fn set_alias(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    id: &VersionId,
    alias: &str,
) -> Result<()> {
    model_version::find(view, id).ok_or_else(|| id.not_found())?;
    names::check_key(alias)?;
    let path = path(id.model.as_str());
    changes.put(&path, &format!("{path}/aliases/{alias}"), id.number.to_string().as_bytes())
}

/// Removes an alias, if it is there.
pub fn delete_alias(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    name: &ModelName,
    alias: &str,
) -> Result<()> {
    let model = require(view, name)?;
    if model.aliases.iter().any(|known| known.alias == alias) {
        changes.remove(&format!("{}/aliases/{alias}", path(&model.name)));
    }
    Ok(())
}

/// The version that an alias stands for.
pub fn find_aliased(
    view: &View<'_>,
    name: &ModelName,
    alias: &str,
) -> Result<Option<ModelVersion>> {
    let model = require(view, name)?;
    let Some(found) = model.aliases.iter().find(|known| known.alias == alias) else {
        return Ok(None);
    };
    let id = VersionId { model: name.clone(), number: found.version };
    model_version::find(view, &id).map(Some).ok_or_else(|| id.not_found())
}
