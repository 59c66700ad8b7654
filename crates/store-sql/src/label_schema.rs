//! Label schemas.

use async_trait::async_trait;
use oxflow_model::{
    Error, ExperimentId, LabelInput, LabelSchema, LabelSchemaChange, LabelSchemaType, Millis, Page,
    PageRequest, Result,
};
use oxflow_store::LabelSchemaStore;

use crate::error::DbErrorKind;
use crate::experiment::require_visible;
use crate::filter::Query;
use crate::session::Session;
use crate::statements::Statements;
use crate::value::Value;
use crate::{SqlStore, args};

const COLUMNS: &str = "l.schema_id, l.experiment_id, l.name, l.type, l.instruction, \
                       l.enable_comment, l.input_type, l.input_config, l.created_by, \
                       l.created_time, l.last_update_time, l.is_default";

/// The columns of a new schema, in the order of the arguments.
pub const NEW: [&str; 12] = [
    "schema_id",
    "experiment_id",
    "name",
    "type",
    "instruction",
    "enable_comment",
    "input_type",
    "input_config",
    "created_by",
    "created_time",
    "last_update_time",
    "is_default",
];

#[async_trait]
impl LabelSchemaStore for SqlStore {
    async fn create_label_schema(&self, new: LabelSchema) -> Result<LabelSchema> {
        let sql = self.sql.clone();
        self.database.write(move |session| create(session, &sql, &new)).await
    }

    async fn find_label_schema(&self, id: &str) -> Result<Option<LabelSchema>> {
        let id = id.to_owned();
        self.database.read(move |session| find(session, &id)).await
    }

    async fn find_label_schema_by_name(
        &self,
        experiment: ExperimentId,
        name: &str,
    ) -> Result<Option<LabelSchema>> {
        let name = name.to_owned();
        let sql = format!(
            "SELECT {COLUMNS} FROM label_schemas l WHERE l.experiment_id = ? AND {}",
            self.dialect.equals("l.name")
        );
        self.database
            .read(move |session| {
                require_visible(session, experiment)?;
                Ok(rows(session, &sql, args![experiment.0, &name])?.pop())
            })
            .await
    }

    async fn list_label_schemas(
        &self,
        experiment: ExperimentId,
        default: LabelSchema,
        page: PageRequest,
    ) -> Result<Page<LabelSchema>> {
        let mut query = Query::new(format!("SELECT {COLUMNS} FROM label_schemas l"));
        query.and("l.experiment_id = ?", [Value::Int(experiment.0)]);
        query.push(" ORDER BY l.created_time DESC, l.schema_id ASC");
        let (list, args) = query.page(self.dialect.as_ref(), page);
        let has_default = move |session: &mut dyn Session| {
            require_visible(session, experiment)?;
            has_default(session, experiment)
        };
        if !self.database.read(has_default).await? {
            let sql = self.sql.clone();
            self.database.write(move |session| add_default(session, &sql, &default)).await?;
        }
        self.database.read(move |session| Ok(Page::cut(rows(session, &list, &args)?, page))).await
    }

    async fn update_label_schema(
        &self,
        id: &str,
        change: LabelSchemaChange,
        now: Millis,
    ) -> Result<LabelSchema> {
        let id = id.to_owned();
        self.database.write(move |session| update(session, &id, &change, now)).await
    }

    async fn delete_label_schema(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.database.write(move |session| delete(session, &id)).await
    }
}

fn rows(session: &mut dyn Session, sql: &str, args: &[Value<'_>]) -> Result<Vec<LabelSchema>> {
    let read = session.rows(sql, args, |row| {
        let input = (row.text_or_empty(6)?, row.text_or_empty(7)?);
        let schema = LabelSchema {
            id: row.text_or_empty(0)?,
            experiment_id: ExperimentId(row.must_int(1)?),
            name: row.text_or_empty(2)?,
            kind: LabelSchemaType::from_word(&row.text_or_empty(3)?),
            input: LabelInput::Text { max_length: None },
            instruction: row.text(4)?,
            enable_comment: row.int(5)?.unwrap_or(0) != 0,
            created_by: row.text(8)?,
            created_at: Millis(row.must_int(9)?),
            updated_at: Millis(row.must_int(10)?),
            is_default: row.int(11)?.unwrap_or(0) != 0,
        };
        Ok((schema, input))
    })?;
    read.into_iter()
        .map(|(schema, (word, config))| {
            Ok(LabelSchema { input: LabelInput::from_columns(&word, &config)?, ..schema })
        })
        .collect()
}

fn find(session: &mut dyn Session, id: &str) -> Result<Option<LabelSchema>> {
    let sql = format!("SELECT {COLUMNS} FROM label_schemas l WHERE l.schema_id = ?");
    Ok(rows(session, &sql, args![id])?.pop())
}

fn taken(name: &str, experiment: ExperimentId) -> Error {
    Error::already_exists(format!(
        "Label schema with name '{name}' already exists for experiment '{experiment}'."
    ))
}

/// Inserts a schema, unless its name is taken; tells whether it did.
fn insert(session: &mut dyn Session, sql: &Statements, new: &LabelSchema) -> Result<bool> {
    let (word, config) = new.input.to_columns();
    let inserted = session.execute(
        &sql.insert_label_schema,
        args![
            &new.id,
            new.experiment_id.0,
            &new.name,
            new.kind.as_str(),
            new.instruction.as_deref(),
            new.enable_comment,
            word,
            config,
            new.created_by.as_deref(),
            new.created_at.0,
            new.updated_at.0,
            new.is_default,
        ],
    )?;
    Ok(inserted > 0)
}

fn create(session: &mut dyn Session, sql: &Statements, new: &LabelSchema) -> Result<LabelSchema> {
    require_visible(session, new.experiment_id)?;
    if !insert(session, sql, new)? {
        return Err(taken(&new.name, new.experiment_id));
    }
    Ok(new.clone())
}

fn has_default(session: &mut dyn Session, experiment: ExperimentId) -> Result<bool> {
    let sql = "SELECT 1 FROM label_schemas WHERE experiment_id = ? AND is_default = ?";
    Ok(session.row(sql, args![experiment.0, true], |row| row.must_int(0))?.is_some())
}

/// Adds the default question, unless somebody was faster. A schema of the same name that was there
/// before such names were reserved stays, and there is no default question, as in MLflow.
fn add_default(session: &mut dyn Session, sql: &Statements, default: &LabelSchema) -> Result<()> {
    if !has_default(session, default.experiment_id)? {
        insert(session, sql, default)?;
    }
    Ok(())
}

fn update(
    session: &mut dyn Session,
    id: &str,
    change: &LabelSchemaChange,
    now: Millis,
) -> Result<LabelSchema> {
    let missing = || Error::not_found(format!("Label schema with id '{id}' not found."));
    session.lock("SELECT 1 FROM label_schemas WHERE schema_id = ?", args![id])?;
    let known = find(session, id)?.ok_or_else(missing)?;
    let changed = LabelSchema { updated_at: now, ..known.with(change.clone())? };
    let (_, config) = changed.input.to_columns();
    let updated = session.execute(
        "UPDATE label_schemas SET name = ?, instruction = ?, enable_comment = ?, \
         input_config = ?, last_update_time = ? WHERE schema_id = ?",
        args![
            &changed.name,
            changed.instruction.as_deref(),
            changed.enable_comment,
            config,
            now.0,
            id
        ],
    );
    match updated {
        Ok(_) => Ok(changed),
        Err(error) if error.kind == DbErrorKind::Unique => {
            Err(taken(&changed.name, changed.experiment_id))
        }
        Err(error) => Err(error.into()),
    }
}

fn delete(session: &mut dyn Session, id: &str) -> Result<()> {
    let Some(schema) = find(session, id)? else { return Ok(()) };
    if schema.is_default {
        return Err(Error::invalid("The experiment's default question cannot be deleted."));
    }
    session.execute("DELETE FROM label_schemas WHERE schema_id = ?", args![id])?;
    Ok(())
}
