//! Experiments and their tags.

use async_trait::async_trait;
use oxflow_model::{
    ArtifactLocation, DatasetSummary, Error, ErrorCode, Experiment, ExperimentId, LifecycleStage,
    Millis, NewExperiment, Page, Result, Tag, limits,
};
use oxflow_store::{ExperimentActivity, ExperimentSearch, ExperimentStore};

use crate::args;
use crate::error::{DbError, DbErrorKind};
use crate::filter::{Query, experiment_clause, experiment_order};
use crate::session::{Lock, Session};
use crate::statements::Statements;
use crate::value::Row;
use crate::{SqlStore, dataset, tag};

/// The columns that [`read`] reads, of a table called `e`.
pub const COLUMNS: &str = "e.experiment_id, e.name, e.artifact_location, e.lifecycle_stage, \
                       e.creation_time, e.last_update_time, e.workspace";

#[async_trait]
impl ExperimentStore for SqlStore {
    async fn create_experiment(&self, new: NewExperiment, now: Millis) -> Result<ExperimentId> {
        let sql = self.sql.clone();
        self.database.write(move |session| create(session, &sql, &new, now)).await
    }

    async fn find_experiment(&self, id: ExperimentId) -> Result<Option<Experiment>> {
        self.database.read(move |session| find(session, id)).await
    }

    async fn find_experiment_by_name(&self, name: &str) -> Result<Option<Experiment>> {
        let name = name.to_owned();
        let by_name = self.dialect.equals("e.name");
        let sql = format!("SELECT {COLUMNS} FROM experiments e WHERE {by_name}");
        self.database
            .read(move |session| {
                let experiment = session.row(&sql, args![&name], read)?;
                Ok(match experiment {
                    Some(experiment) => with_tags(session, vec![experiment])?.pop(),
                    None => None,
                })
            })
            .await
    }

    async fn rename_experiment(&self, id: ExperimentId, name: &str, now: Millis) -> Result<()> {
        let name = name.to_owned();
        self.database
            .write(move |session| {
                if stage(session, id, Some(Lock::Exclusive))? != LifecycleStage::Active {
                    return Err(Error::new(
                        ErrorCode::InvalidState,
                        "Cannot rename a non-active experiment.",
                    ));
                }
                session.execute(
                    "UPDATE experiments SET name = ?, last_update_time = ? WHERE experiment_id = ?",
                    args![&name, now.0, id.0],
                )?;
                Ok(())
            })
            .await
    }

    async fn delete_experiment(&self, id: ExperimentId, now: Millis) -> Result<()> {
        self.database
            .write(move |session| {
                let change = StageChange {
                    from: LifecycleStage::Active,
                    to: LifecycleStage::Deleted,
                    deleted_at: Some(now.0),
                };
                change_stage(session, id, &change, now)
            })
            .await
    }

    async fn restore_experiment(&self, id: ExperimentId, now: Millis) -> Result<()> {
        self.database
            .write(move |session| {
                let change = StageChange {
                    from: LifecycleStage::Deleted,
                    to: LifecycleStage::Active,
                    deleted_at: None,
                };
                change_stage(session, id, &change, now)
            })
            .await
    }

    async fn set_experiment_tag(&self, id: ExperimentId, tag: Tag) -> Result<()> {
        let sql = self.sql.clone();
        self.database
            .write(move |session| {
                // Views are counted, so that nobody else may add one meanwhile.
                let counted = tag.key.starts_with(limits::CUSTOM_VIEW_TAG_PREFIX);
                let lock = if counted { Lock::Exclusive } else { Lock::Shared };
                require_active_for(session, id, lock)?;
                refuse_too_many_views(session, id, &tag)?;
                session.execute(&sql.upsert_experiment_tag, args![id.0, &tag.key, &tag.value])?;
                Ok(())
            })
            .await
    }

    async fn delete_experiment_tag(&self, id: ExperimentId, key: &str) -> Result<()> {
        let key = key.to_owned();
        self.database
            .write(move |session| {
                require_active_for(session, id, Lock::Shared)?;
                let deleted = session.execute(
                    "DELETE FROM experiment_tags WHERE experiment_id = ? AND \"key\" = ?",
                    args![id.0, &key],
                )?;
                if deleted == 0 {
                    return Err(Error::not_found(format!(
                        "No tag with name: {key} in experiment with id {id}"
                    )));
                }
                Ok(())
            })
            .await
    }

    async fn search_experiments(&self, search: ExperimentSearch) -> Result<Page<Experiment>> {
        let mut query = Query::new(format!("SELECT {COLUMNS} FROM experiments e"));
        if let Some(stage) = search.view.stage() {
            query.and("e.lifecycle_stage = ?", [stage.as_str().to_owned().into()]);
        }
        for clause in &search.filter {
            experiment_clause(&mut query, self.dialect.as_ref(), clause);
        }
        query.push(&experiment_order(self.dialect.as_ref(), &search.order_by));
        let (sql, args) = query.page(self.dialect.as_ref(), search.page);
        self.database
            .read(move |session| {
                let page = Page::cut(session.rows(&sql, &args, read)?, search.page);
                let next_offset = page.next_offset;
                Ok(Page { items: with_tags(session, page.items)?, next_offset })
            })
            .await
    }

    async fn experiment_activity(&self) -> Result<Vec<ExperimentActivity>> {
        let sql = "SELECT experiment_id, COUNT(*), COUNT(CASE WHEN status = 'RUNNING' THEN 1 END), \
                   MAX(start_time), MAX(end_time) FROM runs \
                   WHERE lifecycle_stage = 'active' GROUP BY experiment_id";
        self.database.read(move |session| Ok(session.rows(sql, args![], read_activity)?)).await
    }

    async fn search_datasets(&self, experiments: &[ExperimentId]) -> Result<Vec<DatasetSummary>> {
        let experiments = experiments.to_vec();
        let sql = self.sql.clone();
        self.database.read(move |session| dataset::summaries(session, &sql, &experiments)).await
    }
}

fn read_activity(row: &dyn Row) -> Result<ExperimentActivity, DbError> {
    let count = |column| Ok::<u64, DbError>(row.must_int(column)?.unsigned_abs());
    Ok(ExperimentActivity {
        id: ExperimentId(row.must_int(0)?),
        runs: count(1)?,
        running: count(2)?,
        last: row.int(3)?.max(row.int(4)?).map(Millis),
    })
}

/// Reads the head of an experiment from [`COLUMNS`].
pub fn read(row: &dyn Row) -> Result<Experiment, DbError> {
    Ok(Experiment {
        id: ExperimentId(row.must_int(0)?),
        name: row.text_or_empty(1)?,
        artifact_location: row.text_or_empty(2)?,
        lifecycle_stage: LifecycleStage::from_word(&row.text_or_empty(3)?),
        created_at: row.int(4)?.map(Millis),
        updated_at: row.int(5)?.map(Millis),
        workspace: row.text_or_empty(6)?,
        tags: Vec::new(),
    })
}

fn find(session: &mut dyn Session, id: ExperimentId) -> Result<Option<Experiment>> {
    let sql = format!("SELECT {COLUMNS} FROM experiments e WHERE e.experiment_id = ?");
    Ok(match session.row(&sql, args![id.0], read)? {
        Some(experiment) => with_tags(session, vec![experiment])?.pop(),
        None => None,
    })
}

/// Adds their tags to the heads of some experiments.
pub fn with_tags(
    session: &mut dyn Session,
    experiments: Vec<Experiment>,
) -> Result<Vec<Experiment>> {
    let ids: Vec<i64> = experiments.iter().map(|experiment| experiment.id.0).collect();
    let mut tags = tag::of_experiments(session, &ids)?;
    Ok(experiments
        .into_iter()
        .map(|experiment| Experiment {
            tags: tags.remove(&experiment.id.0).unwrap_or_default(),
            ..experiment
        })
        .collect())
}

fn create(
    session: &mut dyn Session,
    sql: &Statements,
    new: &NewExperiment,
    now: Millis,
) -> Result<ExperimentId> {
    let id = match sql.new_number {
        None => insert_numbered(session, new, now)?,
        Some(number) => insert(session, number, new, now)?,
    };
    for tag in &new.tags {
        session.execute(&sql.upsert_experiment_tag, args![id.0, &tag.key, &tag.value])?;
    }
    Ok(id)
}

/// Where an experiment keeps its artifacts.
fn location(new: &NewExperiment, id: ExperimentId) -> String {
    match &new.artifact_location {
        ArtifactLocation::Given(uri) => uri.clone(),
        ArtifactLocation::Under(root) => format!("{}/{id}", root.trim_end_matches('/')),
    }
}

/// Inserts an experiment under a number taken by hand, not by the database: SQLite and the migrated
/// databases differ in how they count, and the location needs it. The writer lock makes it safe;
/// another program that takes the same number makes the insert fail, and the call runs again.
fn insert_numbered(
    session: &mut dyn Session,
    new: &NewExperiment,
    now: Millis,
) -> Result<ExperimentId> {
    let next = session
        .row("SELECT coalesce(max(experiment_id), 0) + 1 FROM experiments", &[], |r| r.must_int(0))?
        .unwrap_or(1);
    let id = ExperimentId(next);
    session
        .execute(
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, \
             creation_time, last_update_time, workspace) \
             VALUES (?, ?, ?, 'active', ?, ?, 'default')",
            args![id.0, &new.name, location(new, id), now.0, now.0],
        )
        .map_err(|error| not_created(new, error))?;
    Ok(id)
}

/// Inserts an experiment under the number that the database gives it, as stock MLflow does: one
/// taken by hand would be given to somebody else later.
fn insert(
    session: &mut dyn Session,
    number: &str,
    new: &NewExperiment,
    now: Millis,
) -> Result<ExperimentId> {
    session
        .execute(
            "INSERT INTO experiments (name, lifecycle_stage, creation_time, last_update_time, \
             workspace) VALUES (?, 'active', ?, ?, 'default')",
            args![&new.name, now.0, now.0],
        )
        .map_err(|error| not_created(new, error))?;
    let id = session.row(number, &[], |row| row.must_int(0))?.map(ExperimentId);
    let id = id.ok_or_else(|| Error::internal("The database gave the experiment no number."))?;
    session.execute(
        "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
        args![location(new, id), id.0],
    )?;
    Ok(id)
}

fn not_created(new: &NewExperiment, error: DbError) -> Error {
    match error.kind {
        // The number was taken, not the name: run again, the call gets another.
        DbErrorKind::Unique if error.message.contains("experiment_id)") => {
            Error::unavailable("Another program took the number of the new experiment.")
        }
        DbErrorKind::Unique => Error::already_exists(format!(
            "Experiment(name={}) already exists. Error: {error}",
            new.name
        )),
        _ => error.into(),
    }
}

/// The message for an experiment that is not there.
pub fn not_found(id: ExperimentId) -> Error {
    Error::not_found(format!("No Experiment with id={id} exists"))
}

fn stage(
    session: &mut dyn Session,
    id: ExperimentId,
    lock: Option<Lock>,
) -> Result<LifecycleStage> {
    let sql = "SELECT lifecycle_stage FROM experiments WHERE experiment_id = ?";
    let word = locked(session, lock, sql, id, |row| row.text_or_empty(0))?;
    word.map(|word| LifecycleStage::from_word(&word)).ok_or_else(|| not_found(id))
}

/// The row of an experiment, which stays locked if wanted. Who only reads may not lock.
fn locked<T>(
    session: &mut dyn Session,
    lock: Option<Lock>,
    sql: &str,
    id: ExperimentId,
    read: impl Fn(&dyn Row) -> Result<T, DbError>,
) -> Result<Option<T>, DbError> {
    match lock {
        Some(lock) => session.locked_row(lock, sql, args![id.0], read),
        None => session.row(sql, args![id.0], read),
    }
}

/// Refuses experiments that are missing or deleted.
pub fn require_active(session: &mut dyn Session, id: ExperimentId) -> Result<()> {
    active(session, id, None).map(drop)
}

/// The same for a call that writes: the experiment stays as it is meanwhile. Gives its artifact
/// location.
pub fn require_active_for(
    session: &mut dyn Session,
    id: ExperimentId,
    lock: Lock,
) -> Result<String> {
    active(session, id, Some(lock))
}

fn active(session: &mut dyn Session, id: ExperimentId, lock: Option<Lock>) -> Result<String> {
    let sql = "SELECT lifecycle_stage, artifact_location FROM experiments WHERE experiment_id = ?";
    let read = |row: &dyn Row| Ok((row.text_or_empty(0)?, row.text_or_empty(1)?));
    let found = locked(session, lock, sql, id, read)?;
    let (stage, location) = found.ok_or_else(|| not_found(id))?;
    if LifecycleStage::from_word(&stage) != LifecycleStage::Active {
        return Err(Error::invalid(format!(
            "The experiment {id} must be in the 'active' state. Current state is {stage}."
        )));
    }
    Ok(location)
}

/// Fails as if the experiment was not there, unless it is active.
pub fn require_visible(session: &mut dyn Session, id: ExperimentId) -> Result<()> {
    match stage(session, id, None)? {
        LifecycleStage::Active => Ok(()),
        LifecycleStage::Deleted => Err(not_found(id)),
    }
}

struct StageChange {
    from: LifecycleStage,
    to: LifecycleStage,
    deleted_at: Option<i64>,
}

/// Moves an experiment with all its runs, those that were deleted one by one too, as MLflow does.
fn change_stage(
    session: &mut dyn Session,
    id: ExperimentId,
    change: &StageChange,
    now: Millis,
) -> Result<()> {
    if stage(session, id, Some(Lock::Exclusive))? != change.from {
        return Err(not_found(id));
    }
    session.execute(
        "UPDATE experiments SET lifecycle_stage = ?, last_update_time = ? WHERE experiment_id = ?",
        args![change.to.as_str(), now.0, id.0],
    )?;
    session.execute(
        "UPDATE runs SET lifecycle_stage = ?, deleted_time = ? WHERE experiment_id = ?",
        args![change.to.as_str(), change.deleted_at, id.0],
    )?;
    Ok(())
}

fn refuse_too_many_views(session: &mut dyn Session, id: ExperimentId, tag: &Tag) -> Result<()> {
    if !tag.key.starts_with(limits::CUSTOM_VIEW_TAG_PREFIX) {
        return Ok(());
    }
    let others = session.row(
        "SELECT count(*) FROM experiment_tags WHERE experiment_id = ? AND \"key\" LIKE ? AND \
         \"key\" <> ?",
        args![id.0, format!("{}%", limits::CUSTOM_VIEW_TAG_PREFIX), &tag.key],
        |row| row.must_int(0),
    )?;
    let most = limits::CUSTOM_VIEWS_PER_EXPERIMENT;
    if others.unwrap_or(0) >= most as i64 {
        return Err(Error::invalid(format!(
            "Unable to create another custom view. The maximum number of custom views per \
             experiment is {most}."
        )));
    }
    Ok(())
}
