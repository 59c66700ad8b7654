//! Saved views, in a table of our own beside MLflow's.

use async_trait::async_trait;
use oxflow_model::saved_view::no_such_view;
use oxflow_model::{Error, ExperimentId, Millis, Result, SavedView, SavedViewChange, limits};
use oxflow_store::SavedViewStore;

use crate::error::DbError;
use crate::session::Session;
use crate::value::Row;
use crate::{SqlStore, args};

/// The columns that [`read`] reads.
const COLUMNS: &str =
    "view_id, experiment_id, name, owner, is_default, state, created_at, updated_at";

#[async_trait]
impl SavedViewStore for SqlStore {
    async fn list_saved_views(&self, experiment: Option<ExperimentId>) -> Result<Vec<SavedView>> {
        self.database
            .read(move |session| {
                let sql = format!(
                    "SELECT {COLUMNS} FROM oxflow_views \
                     WHERE experiment_id IS NULL OR experiment_id = ? ORDER BY name, view_id"
                );
                // No experiment has this number.
                let id = experiment.map_or(-1, |id| id.0);
                Ok(session.rows(&sql, args![id], read)?)
            })
            .await
    }

    async fn find_saved_view(&self, id: &str) -> Result<Option<SavedView>> {
        let id = id.to_owned();
        self.database.read(move |session| Ok(find(session, &id)?)).await
    }

    async fn create_saved_view(&self, view: SavedView) -> Result<()> {
        self.database.write(move |session| create(session, &view)).await
    }

    async fn update_saved_view(
        &self,
        id: &str,
        change: SavedViewChange,
        now: Millis,
    ) -> Result<SavedView> {
        let id = id.to_owned();
        self.database.write(move |session| update(session, &id, &change, now)).await
    }

    async fn delete_saved_view(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.database
            .write(move |session| {
                let sql = "DELETE FROM oxflow_views WHERE view_id = ?";
                match session.execute(sql, args![&id])? {
                    0 => Err(no_such_view(&id)),
                    _ => Ok(()),
                }
            })
            .await
    }
}

fn read(row: &dyn Row) -> Result<SavedView, DbError> {
    Ok(SavedView {
        id: row.text_or_empty(0)?,
        experiment_id: row.int(1)?.map(ExperimentId),
        name: row.text_or_empty(2)?,
        owner: row.text_or_empty(3)?,
        is_default: row.must_int(4)? != 0,
        state: row.text_or_empty(5)?,
        created_at: Millis(row.must_int(6)?),
        updated_at: Millis(row.must_int(7)?),
    })
}

fn find(session: &mut dyn Session, id: &str) -> Result<Option<SavedView>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM oxflow_views WHERE view_id = ?");
    session.row(&sql, args![id], read)
}

fn create(session: &mut dyn Session, view: &SavedView) -> Result<()> {
    refuse_too_many(session, view.experiment_id)?;
    if view.is_default {
        clear_default(session, view.experiment_id)?;
    }
    session.execute(
        "INSERT INTO oxflow_views (view_id, experiment_id, name, owner, is_default, state, \
         created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        args![
            &view.id,
            view.experiment_id.map(|id| id.0),
            &view.name,
            &view.owner,
            view.is_default,
            &view.state,
            view.created_at.0,
            view.updated_at.0,
        ],
    )?;
    Ok(())
}

fn refuse_too_many(session: &mut dyn Session, experiment: Option<ExperimentId>) -> Result<()> {
    let (condition, id) = of(experiment);
    let sql = format!("SELECT COUNT(*) FROM oxflow_views WHERE {condition}");
    let count = session.row(&sql, args![id], |row| row.must_int(0))?.unwrap_or(0);
    if count.unsigned_abs() >= limits::VIEWS_PER_EXPERIMENT {
        return Err(Error::invalid(format!(
            "There are {count} views already, which is the most there may be. Delete some first."
        )));
    }
    Ok(())
}

/// The condition that a view is for this experiment, or for any, with its argument.
fn of(experiment: Option<ExperimentId>) -> (&'static str, i64) {
    match experiment {
        Some(id) => ("experiment_id = ?", id.0),
        None => ("COALESCE(experiment_id, -1) = ?", -1),
    }
}

fn clear_default(session: &mut dyn Session, experiment: Option<ExperimentId>) -> Result<()> {
    let (condition, id) = of(experiment);
    let sql = format!("UPDATE oxflow_views SET is_default = ? WHERE {condition}");
    session.execute(&sql, args![false, id])?;
    Ok(())
}

fn update(
    session: &mut dyn Session,
    id: &str,
    change: &SavedViewChange,
    now: Millis,
) -> Result<SavedView> {
    session.lock("SELECT 1 FROM oxflow_views WHERE view_id = ?", args![id])?;
    let mut view = find(session, id)?.ok_or_else(|| no_such_view(id))?;
    if let Some(name) = &change.name {
        view.name.clone_from(name);
    }
    if let Some(state) = &change.state {
        view.state.clone_from(state);
    }
    if let Some(is_default) = change.is_default {
        if is_default {
            clear_default(session, view.experiment_id)?;
        }
        view.is_default = is_default;
    }
    view.updated_at = now;
    session.execute(
        "UPDATE oxflow_views SET name = ?, state = ?, is_default = ?, updated_at = ? \
         WHERE view_id = ?",
        args![&view.name, &view.state, view.is_default, now.0, id],
    )?;
    Ok(view)
}
