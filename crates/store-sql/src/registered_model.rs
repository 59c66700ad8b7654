//! Registered models with their tags and aliases.

use std::collections::HashMap;

use oxflow_model::registry::{name_taken, no_such_model};
use oxflow_model::search::IS_PROMPT_TAG;
use oxflow_model::{
    Error, Millis, ModelAlias, ModelName, ModelVersion, NewRegisteredModel, RegisteredModel,
    Result, Tag,
};

use crate::args;
use crate::error::{DbError, DbErrorKind};
use crate::filter::marks;
use crate::model_version::{self, LatestOrder};
use crate::session::Session;
use crate::statements::Statements;
use crate::value::{Row, Value};

/// The workspace of everything, as long as there are no others.
pub const WORKSPACE: &str = "default";

/// The columns that [`read`] reads, of a table called `m`.
pub const COLUMNS: &str = "m.name, m.creation_time, m.last_updated_time, m.description";

/// Names in one list of a statement. Databases limit how many arguments one takes.
const CHUNK: usize = 500;

/// Registers a model.
pub fn create(
    session: &mut dyn Session,
    sql: &Statements,
    new: &NewRegisteredModel,
    now: Millis,
) -> Result<RegisteredModel> {
    let name = new.name.as_str();
    if exists(session, &new.name)? {
        let by_prompt = has_tag(session, &new.name, IS_PROMPT_TAG)?;
        let for_prompt = new.tags.iter().any(|tag| tag.key == IS_PROMPT_TAG);
        return Err(name_taken(&new.name, by_prompt, for_prompt));
    }
    session
        .execute(
            "INSERT INTO registered_models (workspace, name, creation_time, last_updated_time, \
             description) VALUES (?, ?, ?, ?, ?)",
            args![WORKSPACE, name, now.0, now.0, &new.description],
        )
        .map_err(run_again)?;
    for tag in &new.tags {
        session.execute(
            &sql.upsert_registered_model_tag,
            args![WORKSPACE, &tag.key, name, &tag.value],
        )?;
    }
    must_find(session, &new.name)
}

/// Another program took what was free a moment ago. Run again, the call sees that.
pub fn run_again(error: DbError) -> Error {
    match error.kind {
        DbErrorKind::Unique => Error::unavailable("Another program registered the same name."),
        _ => error.into(),
    }
}

/// The model with this name.
pub fn find(session: &mut dyn Session, name: &ModelName) -> Result<Option<RegisteredModel>> {
    let sql =
        format!("SELECT {COLUMNS} FROM registered_models m WHERE m.workspace = ? AND m.name = ?");
    let found = session.rows(&sql, args![WORKSPACE, name.as_str()], read)?;
    Ok(with_details(session, found, LatestOrder::FirstVersion)?.pop())
}

fn must_find(session: &mut dyn Session, name: &ModelName) -> Result<RegisteredModel> {
    find(session, name)?.ok_or_else(|| no_such_model(name))
}

fn exists(session: &mut dyn Session, name: &ModelName) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM registered_models WHERE workspace = ? AND name = ?";
    let found = session.row(sql, args![WORKSPACE, name.as_str()], |row| row.must_int(0))?;
    Ok(found.is_some())
}

fn has_tag(session: &mut dyn Session, name: &ModelName, key: &str) -> Result<bool, DbError> {
    let sql =
        "SELECT 1 FROM registered_model_tags WHERE workspace = ? AND \"key\" = ? AND name = ?";
    let found = session.row(sql, args![WORKSPACE, key, name.as_str()], |row| row.must_int(0))?;
    Ok(found.is_some())
}

/// Whether this is a prompt.
pub fn is_prompt(session: &mut dyn Session, name: &ModelName) -> Result<bool, DbError> {
    let sql =
        "SELECT value FROM registered_model_tags WHERE workspace = ? AND \"key\" = ? AND name = ?";
    let args = args![WORKSPACE, IS_PROMPT_TAG, name.as_str()];
    let value = session.row(sql, args, |row| row.text_or_empty(0))?;
    Ok(value.is_some_and(|value| value.eq_ignore_ascii_case("true")))
}

/// Makes others who change this model or what belongs to it wait, before anything of it is locked.
pub fn lock(session: &mut dyn Session, name: &ModelName) -> Result<(), DbError> {
    let sql = "SELECT 1 FROM registered_models WHERE workspace = ? AND name = ?";
    session.lock(sql, args![WORKSPACE, name.as_str()])
}

/// Refuses a model that is not there.
pub fn require(session: &mut dyn Session, name: &ModelName) -> Result<()> {
    if exists(session, name)? { Ok(()) } else { Err(no_such_model(name)) }
}

/// Notes that a model has changed. The row stays locked until the end of the transaction, so that
/// on servers with several writers only one at a time gives out version numbers.
pub fn touch(session: &mut dyn Session, name: &ModelName, now: Millis) -> Result<()> {
    let changed = session.execute(
        "UPDATE registered_models SET last_updated_time = ? WHERE workspace = ? AND name = ?",
        args![now.0, WORKSPACE, name.as_str()],
    )?;
    if changed == 0 { Err(no_such_model(name)) } else { Ok(()) }
}

/// Sets the description.
pub fn describe(
    session: &mut dyn Session,
    name: &ModelName,
    description: &str,
    now: Millis,
) -> Result<RegisteredModel> {
    session.execute(
        "UPDATE registered_models SET description = ?, last_updated_time = ? \
         WHERE workspace = ? AND name = ?",
        args![description, now.0, WORKSPACE, name.as_str()],
    )?;
    must_find(session, name)
}

/// Renames a model; its versions, tags and aliases follow by their foreign keys.
pub fn rename(
    session: &mut dyn Session,
    name: &ModelName,
    new_name: &ModelName,
    now: Millis,
) -> Result<RegisteredModel> {
    lock(session, name)?;
    require(session, name)?;
    session
        .execute(
            "UPDATE registered_models SET name = ?, last_updated_time = ? \
             WHERE workspace = ? AND name = ?",
            args![new_name.as_str(), now.0, WORKSPACE, name.as_str()],
        )
        .map_err(|error| already_named(new_name, error))?;
    session.execute(
        "UPDATE model_versions SET last_updated_time = ? WHERE workspace = ? AND name = ?",
        args![now.0, WORKSPACE, new_name.as_str()],
    )?;
    must_find(session, new_name)
}

fn already_named(name: &ModelName, error: DbError) -> Error {
    match error.kind {
        DbErrorKind::Unique => Error::already_exists(format!(
            "Registered Model (name={name}) already exists. Error: {error}"
        )),
        _ => error.into(),
    }
}

/// Deletes a model with all it has.
pub fn delete(session: &mut dyn Session, name: &ModelName) -> Result<()> {
    lock(session, name)?;
    require(session, name)?;
    // Only aliases go by themselves, so the tables are emptied from the leaves to the root.
    for table in [
        "model_version_tags",
        "model_versions",
        "registered_model_tags",
        "registered_model_aliases",
        "registered_models",
    ] {
        let sql = format!("DELETE FROM {table} WHERE workspace = ? AND name = ?");
        session.execute(&sql, args![WORKSPACE, name.as_str()])?;
    }
    Ok(())
}

/// Sets a tag.
pub fn set_tag(
    session: &mut dyn Session,
    sql: &Statements,
    name: &ModelName,
    tag: &Tag,
) -> Result<()> {
    lock(session, name)?;
    require(session, name)?;
    let args = args![WORKSPACE, &tag.key, name.as_str(), &tag.value];
    session.execute(&sql.upsert_registered_model_tag, args)?;
    Ok(())
}

/// Removes a tag, if it is there.
pub fn delete_tag(session: &mut dyn Session, name: &ModelName, key: &str) -> Result<()> {
    require(session, name)?;
    session.execute(
        "DELETE FROM registered_model_tags WHERE workspace = ? AND \"key\" = ? AND name = ?",
        args![WORKSPACE, key, name.as_str()],
    )?;
    Ok(())
}

/// Removes an alias, if it is there.
pub fn delete_alias(session: &mut dyn Session, name: &ModelName, alias: &str) -> Result<()> {
    require(session, name)?;
    session.execute(
        "DELETE FROM registered_model_aliases WHERE workspace = ? AND name = ? AND alias = ?",
        args![WORKSPACE, name.as_str(), alias],
    )?;
    Ok(())
}

/// Reads the head of a model from [`COLUMNS`].
pub fn read(row: &dyn Row) -> Result<RegisteredModel, DbError> {
    Ok(RegisteredModel {
        name: row.text_or_empty(0)?,
        created_at: Millis(row.int(1)?.unwrap_or_default()),
        updated_at: row.int(2)?.map(Millis),
        description: row.text(3)?,
        latest_versions: Vec::new(),
        tags: Vec::new(),
        aliases: Vec::new(),
    })
}

/// Adds tags, aliases and latest versions to the heads of some models.
pub fn with_details(
    session: &mut dyn Session,
    mut models: Vec<RegisteredModel>,
    order: LatestOrder,
) -> Result<Vec<RegisteredModel>, DbError> {
    for models in models.chunks_mut(CHUNK) {
        let names: Vec<String> = models.iter().map(|model| model.name.clone()).collect();
        let mut tags = tags_of(session, &names)?;
        let mut aliases = aliases_of(session, &names)?;
        let mut latest: HashMap<String, Vec<ModelVersion>> = HashMap::new();
        for version in model_version::latest_of(session, &names, order)? {
            latest.entry(version.name.clone()).or_default().push(version);
        }
        for model in models {
            model.tags = tags.remove(&model.name).unwrap_or_default();
            model.aliases = aliases.remove(&model.name).unwrap_or_default();
            model.latest_versions = latest.remove(&model.name).unwrap_or_default();
        }
    }
    Ok(models)
}

/// The arguments of a statement that asks for `workspace = ? AND name IN (…)`.
pub fn name_args(names: &[String]) -> Vec<Value<'_>> {
    std::iter::once(WORKSPACE.into()).chain(names.iter().map(Value::from)).collect()
}

fn tags_of(
    session: &mut dyn Session,
    names: &[String],
) -> Result<HashMap<String, Vec<Tag>>, DbError> {
    let sql = format!(
        "SELECT \"key\", value, name FROM registered_model_tags \
         WHERE workspace = ? AND name IN ({})",
        marks(names.len())
    );
    session.rows_by_owner(&sql, &name_args(names), 2, |row| {
        Ok(Tag { key: row.text_or_empty(0)?, value: row.text_or_empty(1)? })
    })
}

/// The aliases of some models, by model.
pub fn aliases_of(
    session: &mut dyn Session,
    names: &[String],
) -> Result<HashMap<String, Vec<ModelAlias>>, DbError> {
    let sql = format!(
        "SELECT alias, version, name FROM registered_model_aliases \
         WHERE workspace = ? AND name IN ({}) ORDER BY name, alias",
        marks(names.len())
    );
    session.rows_by_owner(&sql, &name_args(names), 2, |row| {
        Ok(ModelAlias { alias: row.text_or_empty(0)?, version: row.must_int(1)? })
    })
}
