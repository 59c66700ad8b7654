//! Versions of registered models, with their tags and stages. A deleted version keeps its row, so
//! that its number is not used again.

use std::collections::{BTreeMap, HashMap};

use oxflow_model::validate::json_text;
use oxflow_model::{
    Error, Millis, ModelId, ModelName, ModelVersion, ModelVersionStatus, NewModelVersion, Result,
    RunId, Stage, Tag, VersionId,
};

use crate::error::{DbError, DbErrorKind};
use crate::filter::marks;
use crate::registered_model::{self, WORKSPACE, aliases_of, name_args, require, touch};
use crate::session::{Lock, Session};
use crate::statements::Statements;
use crate::value::{Row, Value};
use crate::{args, logged_model};

/// The columns that [`read`] reads, of a table called `v`.
pub const COLUMNS: &str = "v.name, v.version, v.creation_time, v.last_updated_time, \
                           v.description, v.user_id, v.current_stage, v.source, v.run_id, \
                           v.status, v.status_message, v.run_link, v.storage_location";

/// The stage of deleted versions, which no client sees.
pub const DELETED: &str = "Deleted_Internal";

/// How often a number that another program took is replaced by the next.
const ATTEMPTS: usize = 3;
/// Versions, of one model or of many, whose tags are fetched by one statement.
const VERSIONS: usize = 512;
/// Models whose versions' tags are fetched by one statement.
const MODELS: usize = 64;
/// The tag of a logged model that lists the versions which publish it.
const VERSIONS_TAG: &str = "mlflow.modelVersions";

/// In which order MLflow shows the latest versions of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatestOrder {
    /// By the oldest version that is in the same stage: where one model is asked for.
    FirstVersion,
    /// By the word of the stage: in searches.
    Stage,
}

/// Creates the next version; `attempt` counts from 1.
pub fn create(
    session: &mut dyn Session,
    sql: &Statements,
    new: &NewModelVersion,
    now: Millis,
    attempt: usize,
) -> Result<ModelVersion> {
    touch(session, &new.model, now)?;
    let id = VersionId { model: new.model.clone(), number: next_number(session, &new.model)? };
    let name = id.model.as_str();
    session
        .execute(
            "INSERT INTO model_versions (workspace, name, version, creation_time, \
             last_updated_time, description, current_stage, source, storage_location, run_id, \
             run_link, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            args![
                WORKSPACE,
                name,
                id.number,
                now.0,
                now.0,
                &new.description,
                Stage::None.as_str(),
                &new.source,
                &new.storage_location,
                new.run_id.as_ref().map(RunId::as_str),
                &new.run_link,
                ModelVersionStatus::Ready.as_str(),
            ],
        )
        .map_err(|error| number_taken(&id, error, attempt))?;
    for tag in &new.tags {
        let args = args![WORKSPACE, &tag.key, name, id.number, &tag.value];
        session.execute(&sql.upsert_version_tag, args)?;
    }
    if let Some(model) = &new.logged_model {
        note_in_logged_model(session, sql, model, &id)?;
    }
    must_find(session, &id)
}

/// One more than the highest, deleted ones included.
fn next_number(session: &mut dyn Session, model: &ModelName) -> Result<i64, DbError> {
    let sql = "SELECT MAX(version) FROM model_versions WHERE workspace = ? AND name = ?";
    let highest = session.row(sql, args![WORKSPACE, model.as_str()], |row| row.int(0))?;
    Ok(highest.flatten().unwrap_or(0) + 1)
}

/// A number that another program took is no reason to fail, the first times.
fn number_taken(id: &VersionId, error: DbError, attempt: usize) -> Error {
    if error.kind == DbErrorKind::Unique && attempt >= ATTEMPTS {
        return Error::internal(format!(
            "Model Version creation error (name={}). Giving up after {ATTEMPTS} attempts.",
            id.model
        ));
    }
    registered_model::run_again(error)
}

/// Adds a version to the list in a tag of the logged model that it publishes.
fn note_in_logged_model(
    session: &mut dyn Session,
    sql: &Statements,
    model: &ModelId,
    id: &VersionId,
) -> Result<()> {
    let experiment = session
        .locked_row(
            Lock::Exclusive,
            "SELECT experiment_id FROM logged_models \
             WHERE model_id = ? AND lifecycle_stage <> 'deleted'",
            args![model.as_str()],
            |row| row.must_int(0),
        )?
        .ok_or_else(|| logged_model::not_found(model.as_str()))?;
    let old = session.row(
        "SELECT tag_value FROM logged_model_tags WHERE model_id = ? AND tag_key = ?",
        args![model.as_str(), VERSIONS_TAG],
        |row| row.text_or_empty(0),
    )?;
    let list = with_version(&old.unwrap_or_default(), id);
    session
        .execute(&sql.upsert_model_tag, args![model.as_str(), VERSIONS_TAG, experiment, &list])?;
    Ok(())
}

/// The JSON list `old` and a version. What is no list is replaced: people can write to that tag,
/// and that must not keep anybody from creating versions.
fn with_version(old: &str, id: &VersionId) -> String {
    let entry =
        format!("{{\"name\": {}, \"version\": {}}}", json_text(id.model.as_str()), id.number);
    let old = old.trim();
    let items: Vec<serde_json::Value> = serde_json::from_str(old).unwrap_or_default();
    match old.strip_suffix(']') {
        Some(head) if !items.is_empty() => format!("{head}, {entry}]"),
        _ => format!("[{entry}]"),
    }
}

/// This version.
pub fn find(session: &mut dyn Session, id: &VersionId) -> Result<Option<ModelVersion>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM model_versions v \
         WHERE v.workspace = ? AND v.name = ? AND v.version = ? AND v.current_stage <> ?"
    );
    let args = args![WORKSPACE, id.model.as_str(), id.number, DELETED];
    let found = session.rows(&sql, args, read)?;
    let mut found = with_tags(session, found)?;
    add_aliases(session, &id.model, &mut found)?;
    Ok(found.pop())
}

fn must_find(session: &mut dyn Session, id: &VersionId) -> Result<ModelVersion> {
    find(session, id)?.ok_or_else(|| id.not_found())
}

/// The version that an alias stands for.
pub fn find_aliased(
    session: &mut dyn Session,
    name: &ModelName,
    alias: &str,
) -> Result<Option<ModelVersion>> {
    require(session, name)?;
    let sql = "SELECT version FROM registered_model_aliases \
               WHERE workspace = ? AND name = ? AND alias = ?";
    let args = args![WORKSPACE, name.as_str(), alias];
    let number = session.row(sql, args, |row| row.must_int(0))?;
    match number {
        Some(number) => must_find(session, &VersionId { model: name.clone(), number }).map(Some),
        None => Ok(None),
    }
}

/// The newest version of each stage of one model, with aliases.
pub fn latest_of_model(session: &mut dyn Session, name: &ModelName) -> Result<Vec<ModelVersion>> {
    require(session, name)?;
    let names = [name.as_str().to_owned()];
    let mut versions = latest_of(session, &names, LatestOrder::FirstVersion)?;
    add_aliases(session, name, &mut versions)?;
    Ok(versions)
}

/// The newest version of each stage of some models, without aliases.
pub fn latest_of(
    session: &mut dyn Session,
    names: &[String],
    order: LatestOrder,
) -> Result<Vec<ModelVersion>, DbError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let order = match order {
        LatestOrder::FirstVersion => "latest.first_version",
        LatestOrder::Stage => "v.current_stage",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM (SELECT name, current_stage, MAX(version) AS version, \
         MIN(version) AS first_version FROM model_versions \
         WHERE workspace = ? AND name IN ({}) AND current_stage <> ? \
         GROUP BY name, current_stage) latest \
         JOIN model_versions v ON v.workspace = ? AND v.name = latest.name \
         AND v.version = latest.version ORDER BY v.name, {order}",
        marks(names.len())
    );
    let mut args = name_args(names);
    args.extend([DELETED.into(), WORKSPACE.into()]);
    let found = session.rows(&sql, &args, read)?;
    with_tags(session, found)
}

fn add_aliases(
    session: &mut dyn Session,
    name: &ModelName,
    versions: &mut [ModelVersion],
) -> Result<(), DbError> {
    if versions.is_empty() {
        return Ok(());
    }
    let aliases = aliases_of(session, &[name.as_str().to_owned()])?;
    for alias in aliases.into_values().flatten() {
        if let Some(version) = versions.iter_mut().find(|v| v.number == alias.version) {
            version.aliases.push(alias.alias);
        }
    }
    Ok(())
}

/// Sets or removes the description.
pub fn describe(
    session: &mut dyn Session,
    id: &VersionId,
    description: Option<&str>,
    now: Millis,
) -> Result<ModelVersion> {
    session.execute(
        "UPDATE model_versions SET description = ?, last_updated_time = ? \
         WHERE workspace = ? AND name = ? AND version = ? AND current_stage <> ?",
        args![description, now.0, WORKSPACE, id.model.as_str(), id.number, DELETED],
    )?;
    must_find(session, id)
}

/// Moves a version to a stage and, if wanted, all others in that stage to the archive.
pub fn transition(
    session: &mut dyn Session,
    id: &VersionId,
    stage: Stage,
    archive_others: bool,
    now: Millis,
) -> Result<ModelVersion> {
    registered_model::lock(session, &id.model)?;
    let name = id.model.as_str();
    let moved = session.execute(
        "UPDATE model_versions SET current_stage = ?, last_updated_time = ? \
         WHERE workspace = ? AND name = ? AND version = ? AND current_stage <> ?",
        args![stage.as_str(), now.0, WORKSPACE, name, id.number, DELETED],
    )?;
    if moved == 0 {
        return Err(id.not_found());
    }
    if archive_others {
        let archived = Stage::Archived.as_str();
        session.execute(
            "UPDATE model_versions SET current_stage = ?, last_updated_time = ? \
             WHERE workspace = ? AND name = ? AND version <> ? AND current_stage = ?",
            args![archived, now.0, WORKSPACE, name, id.number, stage.as_str()],
        )?;
    }
    touch(session, &id.model, now)?;
    must_find(session, id)
}

/// Deletes a version: what could tell what it was goes, its tags and number stay, as in MLflow.
pub fn delete(session: &mut dyn Session, id: &VersionId, now: Millis) -> Result<()> {
    registered_model::lock(session, &id.model)?;
    let name = id.model.as_str();
    let deleted = session.execute(
        "UPDATE model_versions SET current_stage = ?, last_updated_time = ?, description = NULL, \
         user_id = NULL, source = 'REDACTED-SOURCE-PATH', run_id = 'REDACTED-RUN-ID', \
         run_link = 'REDACTED-RUN-LINK', status_message = NULL \
         WHERE workspace = ? AND name = ? AND version = ? AND current_stage <> ?",
        args![DELETED, now.0, WORKSPACE, name, id.number, DELETED],
    )?;
    if deleted == 0 {
        return Err(id.not_found());
    }
    session.execute(
        "DELETE FROM registered_model_aliases WHERE workspace = ? AND name = ? AND version = ?",
        args![WORKSPACE, name, id.number],
    )?;
    touch(session, &id.model, now)
}

/// Refuses a version that is not there.
fn require_version(session: &mut dyn Session, id: &VersionId) -> Result<()> {
    let sql = "SELECT 1 FROM model_versions \
               WHERE workspace = ? AND name = ? AND version = ? AND current_stage <> ?";
    let args = args![WORKSPACE, id.model.as_str(), id.number, DELETED];
    let found = session.row(sql, args, |row| row.must_int(0))?;
    if found.is_some() { Ok(()) } else { Err(id.not_found()) }
}

/// Sets a tag.
pub fn set_tag(
    session: &mut dyn Session,
    sql: &Statements,
    id: &VersionId,
    tag: &Tag,
) -> Result<()> {
    require_version(session, id)?;
    let args = args![WORKSPACE, &tag.key, id.model.as_str(), id.number, &tag.value];
    session.execute(&sql.upsert_version_tag, args)?;
    Ok(())
}

/// Removes a tag, if it is there.
pub fn delete_tag(session: &mut dyn Session, id: &VersionId, key: &str) -> Result<()> {
    require_version(session, id)?;
    session.execute(
        "DELETE FROM model_version_tags \
         WHERE workspace = ? AND \"key\" = ? AND name = ? AND version = ?",
        args![WORKSPACE, key, id.model.as_str(), id.number],
    )?;
    Ok(())
}

/// Makes an alias stand for a version.
pub fn set_alias(
    session: &mut dyn Session,
    sql: &Statements,
    id: &VersionId,
    alias: &str,
) -> Result<()> {
    registered_model::lock(session, &id.model)?;
    require_version(session, id)?;
    session.execute(&sql.upsert_alias, args![WORKSPACE, id.model.as_str(), alias, id.number])?;
    Ok(())
}

/// Reads the head of a version from [`COLUMNS`].
pub fn read(row: &dyn Row) -> Result<ModelVersion, DbError> {
    Ok(ModelVersion {
        name: row.text_or_empty(0)?,
        number: row.must_int(1)?,
        created_at: Millis(row.int(2)?.unwrap_or_default()),
        updated_at: row.int(3)?.map(Millis),
        description: row.text(4)?,
        user_id: row.text(5)?,
        stage: Stage::from_word(&row.text_or_empty(6)?),
        source: row.text(7)?,
        run_id: row.text(8)?,
        status: ModelVersionStatus::from_word(&row.text_or_empty(9)?),
        status_message: row.text(10)?,
        run_link: row.text(11)?,
        storage_location: row.text(12)?,
        tags: Vec::new(),
        aliases: Vec::new(),
    })
}

/// Adds their tags to the heads of some versions.
pub fn with_tags(
    session: &mut dyn Session,
    mut versions: Vec<ModelVersion>,
) -> Result<Vec<ModelVersion>, DbError> {
    for versions in versions.chunks_mut(VERSIONS) {
        let mut tags = tags_of(session, versions)?;
        for version in versions {
            let key = (version.name.clone(), version.number);
            version.tags = tags.remove(&key).unwrap_or_default();
        }
    }
    Ok(versions)
}

/// The tags of some versions, by name and number.
fn tags_of(
    session: &mut dyn Session,
    versions: &[ModelVersion],
) -> Result<HashMap<(String, i64), Vec<Tag>>, DbError> {
    let mut numbers: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for version in versions {
        numbers.entry(&version.name).or_default().push(version.number);
    }
    let numbers: Vec<_> = numbers.into_iter().collect();
    let mut found: HashMap<(String, i64), Vec<Tag>> = HashMap::new();
    for models in numbers.chunks(MODELS) {
        let (condition, args) = any_of(models);
        let sql = format!(
            "SELECT \"key\", value, name, version FROM model_version_tags WHERE {condition}"
        );
        session.query(&sql, &args, &mut |row| {
            let tag = Tag { key: row.text_or_empty(0)?, value: row.text_or_empty(1)? };
            let version = (row.text_or_empty(2)?, row.must_int(3)?);
            found.entry(version).or_default().push(tag);
            Ok(())
        })?;
    }
    Ok(found)
}

/// The condition that a row belongs to one of some versions, in a form that an index answers.
fn any_of<'a>(models: &[(&'a str, Vec<i64>)]) -> (String, Vec<Value<'a>>) {
    let mut args = Vec::new();
    let each: Vec<String> = models
        .iter()
        .map(|(name, numbers)| {
            args.extend([Value::from(WORKSPACE), Value::from(*name)]);
            args.extend(numbers.iter().map(|number| Value::Int(*number)));
            format!("(workspace = ? AND name = ? AND version IN ({}))", marks(numbers.len()))
        })
        .collect();
    (each.join(" OR "), args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_in_a_logged_models_tag_grows() {
        let id = VersionId::parse("m \"1\"", "2").unwrap();
        let entry = "{\"name\": \"m \\\"1\\\"\", \"version\": 2}";
        for (old, expected) in [
            ("", format!("[{entry}]")),
            ("[]", format!("[{entry}]")),
            ("garbage]", format!("[{entry}]")),
            ("[{\"name\": \"a\"}]\n", format!("[{{\"name\": \"a\"}}, {entry}]")),
        ] {
            assert_eq!(with_version(old, &id), expected, "{old}");
        }
    }
}
