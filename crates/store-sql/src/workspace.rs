//! Workspaces. The things in them know theirs by name; no foreign key says so.

use async_trait::async_trait;
use oxflow_model::workspace::{DEFAULT, no_such_workspace};
use oxflow_model::{DeletionMode, Error, ErrorCode, Result, Workspace, WorkspaceChange};
use oxflow_store::WorkspaceStore;

use crate::error::{DbError, DbErrorKind};
use crate::session::Session;
use crate::value::Row;
use crate::{SqlStore, args};

/// The columns that [`read`] reads.
const COLUMNS: &str = "name, description, default_artifact_root, trace_archival_location, \
                       trace_archival_retention";

/// The tables whose rows belong to a workspace by themselves, and whether a name may be there once
/// in each workspace. What hangs on registered models follows them by foreign keys.
const ROOTS: [(&str, Option<&str>); 11] = [
    ("registered_models", Some("name")),
    ("experiments", Some("name")),
    ("evaluation_datasets", Some("name")),
    ("webhooks", Some("name")),
    ("secrets", None),
    ("endpoints", Some("name")),
    ("model_definitions", Some("name")),
    ("budget_policies", None),
    ("guardrails", Some("name")),
    ("jobs", None),
    ("mcp_servers", Some("name")),
];

#[async_trait]
impl WorkspaceStore for SqlStore {
    async fn list_workspaces(&self) -> Result<Vec<Workspace>> {
        self.database
            .read(|session| {
                let sql = format!("SELECT {COLUMNS} FROM workspaces ORDER BY name");
                Ok(session.rows(&sql, &[], read)?)
            })
            .await
    }

    async fn find_workspace(&self, name: &str) -> Result<Option<Workspace>> {
        let name = name.to_owned();
        self.database.read(move |session| Ok(find(session, &name)?)).await
    }

    async fn create_workspace(&self, new: Workspace) -> Result<()> {
        self.database.write(move |session| create(session, &new)).await
    }

    async fn update_workspace(&self, name: &str, change: WorkspaceChange) -> Result<Workspace> {
        let name = name.to_owned();
        self.database.write(move |session| update(session, &name, change.clone())).await
    }

    async fn delete_workspace(&self, name: &str, mode: DeletionMode) -> Result<()> {
        let name = name.to_owned();
        self.database.write(move |session| delete(session, &name, mode)).await
    }
}

fn read(row: &dyn Row) -> Result<Workspace, DbError> {
    Ok(Workspace {
        name: row.text_or_empty(0)?,
        description: row.text(1)?,
        default_artifact_root: row.text(2)?,
        trace_archival_location: row.text(3)?,
        trace_archival_retention: row.text(4)?,
    })
}

fn find(session: &mut dyn Session, name: &str) -> Result<Option<Workspace>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM workspaces WHERE name = ?");
    session.row(&sql, args![name], read)
}

fn require(session: &mut dyn Session, name: &str) -> Result<Workspace> {
    find(session, name)?.ok_or_else(|| no_such_workspace(name))
}

fn create(session: &mut dyn Session, new: &Workspace) -> Result<()> {
    let created = session.execute(
        &format!("INSERT INTO workspaces ({COLUMNS}) VALUES (?, ?, ?, ?, ?)"),
        args![
            &new.name,
            new.description.as_deref(),
            new.default_artifact_root.as_deref(),
            new.trace_archival_location.as_deref(),
            new.trace_archival_retention.as_deref(),
        ],
    );
    match created {
        Err(error) if error.kind == DbErrorKind::Unique => Err(Error::already_exists(format!(
            "Workspace '{}' already exists. Error: {error}",
            new.name
        ))),
        created => Ok(created.map(drop)?),
    }
}

fn update(session: &mut dyn Session, name: &str, change: WorkspaceChange) -> Result<Workspace> {
    let mut workspace = require(session, name)?;
    change.apply(&mut workspace);
    session.execute(
        "UPDATE workspaces SET description = ?, default_artifact_root = ?, \
         trace_archival_location = ?, trace_archival_retention = ? WHERE name = ?",
        args![
            workspace.description.as_deref(),
            workspace.default_artifact_root.as_deref(),
            workspace.trace_archival_location.as_deref(),
            workspace.trace_archival_retention.as_deref(),
            name,
        ],
    )?;
    Ok(workspace)
}

fn delete(session: &mut dyn Session, name: &str, mode: DeletionMode) -> Result<()> {
    require(session, name)?;
    match mode {
        // Nothing gets into other workspaces through this server, so that there is nothing to
        // delete with one unless another program put it there, which then knows how.
        DeletionMode::Restrict | DeletionMode::Cascade => refuse_content(session, name)?,
        DeletionMode::SetDefault => move_to_default(session, name)?,
    }
    session.execute("DELETE FROM workspaces WHERE name = ?", args![name])?;
    Ok(())
}

/// Refuses a database with things in other workspaces: they would be shown as if they were in the
/// default one.
pub fn refuse_others(session: &mut dyn Session) -> Result<Result<()>, DbError> {
    for (table, _) in ROOTS {
        let sql = format!("SELECT count(*) FROM {table} WHERE workspace <> ?");
        let count = session.row(&sql, args![DEFAULT], |row| row.must_int(0))?.unwrap_or(0);
        if count > 0 {
            return Ok(Err(Error::invalid(format!(
                "The database has things outside the default workspace (table '{table}': {count}), \
                 and this build of Oxflow works in the default workspace only. Nothing was \
                 changed. Move them to the default workspace with stock MLflow (`mlflow db \
                 migrate-to-default-workspace`), or go on with stock MLflow."
            ))));
        }
    }
    Ok(Ok(()))
}

fn invalid_state(message: String) -> Error {
    Error::new(ErrorCode::InvalidState, message)
}

fn refuse_content(session: &mut dyn Session, name: &str) -> Result<()> {
    for (table, _) in ROOTS {
        let sql = format!("SELECT count(*) FROM {table} WHERE workspace = ?");
        let count = session.row(&sql, args![name], |row| row.must_int(0))?.unwrap_or(0);
        if count > 0 {
            return Err(invalid_state(format!(
                "Cannot delete workspace '{name}': table '{table}' still contains {count} \
                 resource(s). Remove or reassign them before deleting the workspace."
            )));
        }
    }
    Ok(())
}

fn move_to_default(session: &mut dyn Session, name: &str) -> Result<()> {
    let mut conflicts = String::new();
    for (table, key) in ROOTS {
        let Some(key) = key else { continue };
        let sql = format!(
            "SELECT x.{key} FROM {table} x WHERE x.workspace = ? AND x.{key} IN \
             (SELECT y.{key} FROM {table} y WHERE y.workspace = ?) ORDER BY x.{key}"
        );
        for taken in session.rows(&sql, args![name, DEFAULT], |row| row.text_or_empty(0))? {
            conflicts.push_str(&format!("\n  - {table}: '{taken}'"));
        }
    }
    if !conflicts.is_empty() {
        return Err(invalid_state(format!(
            "Cannot reassign resources from workspace '{name}' to '{DEFAULT}': the following names \
             already exist in the default workspace and would cause conflicts:{conflicts}\nRename \
             or remove the conflicting resources before retrying."
        )));
    }
    for (table, _) in ROOTS {
        let sql = format!("UPDATE {table} SET workspace = ? WHERE workspace = ?");
        session.execute(&sql, args![DEFAULT, name])?;
    }
    Ok(())
}
