//! Review queues with their reviewers and questions.

use std::collections::HashMap;

use async_trait::async_trait;
use oxflow_model::validate::python_repr;
use oxflow_model::{
    Error, ExperimentId, Millis, Page, PageRequest, Result, ReviewItem, ReviewQueue,
    ReviewQueueChange, ReviewQueueType, ReviewStatus,
};
use oxflow_store::{ReviewQueueList, ReviewQueueStore};

use crate::dialect::Dialect;
use crate::error::{DbError, DbErrorKind};
use crate::experiment::require_visible;
use crate::filter::{Query, marks};
use crate::session::Session;
use crate::statements::Statements;
use crate::value::{Row, Value};
use crate::{SqlStore, args, review_item};

const COLUMNS: &str = "q.queue_id, q.experiment_id, q.name, q.queue_type, q.created_by, \
                       q.creation_time_ms, q.last_update_time_ms";

#[async_trait]
impl ReviewQueueStore for SqlStore {
    async fn create_review_queue(&self, new: ReviewQueue) -> Result<ReviewQueue> {
        let sql = self.sql.clone();
        self.database.write(move |session| create(session, &sql, &new)).await
    }

    async fn find_review_queue(&self, id: &str) -> Result<Option<ReviewQueue>> {
        let id = id.to_owned();
        self.database.read(move |session| Ok(find(session, &id)?)).await
    }

    async fn find_review_queue_by_name(
        &self,
        experiment: ExperimentId,
        name: &str,
    ) -> Result<Option<ReviewQueue>> {
        let key = name.to_lowercase();
        let sql = format!(
            "SELECT {COLUMNS} FROM review_queues q WHERE q.experiment_id = ? AND {}",
            self.dialect.equals("q.name_key")
        );
        self.database
            .read(move |session| {
                require_visible(session, experiment)?;
                let found = session.rows(&sql, args![experiment.0, &key], read)?;
                Ok(with_details(session, found)?.pop())
            })
            .await
    }

    async fn list_review_queues(&self, list: ReviewQueueList) -> Result<Page<ReviewQueue>> {
        let (sql, args) = list_query(self.dialect.as_ref(), &list);
        self.database
            .read(move |session| {
                require_visible(session, list.experiment)?;
                let page = Page::cut(session.rows(&sql, &args, read)?, list.page);
                let next_offset = page.next_offset;
                Ok(Page { items: with_details(session, page.items)?, next_offset })
            })
            .await
    }

    async fn update_review_queue(
        &self,
        id: &str,
        change: ReviewQueueChange,
        now: Millis,
    ) -> Result<ReviewQueue> {
        let id = id.to_owned();
        self.database.write(move |session| update(session, &id, &change, now)).await
    }

    async fn delete_review_queue(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.database
            .write(move |session| {
                for table in [
                    "review_queue_users",
                    "review_queue_items",
                    "review_queue_label_schemas",
                    "review_queues",
                ] {
                    session
                        .execute(&format!("DELETE FROM {table} WHERE queue_id = ?"), args![&id])?;
                }
                Ok(())
            })
            .await
    }

    async fn add_review_items(
        &self,
        queue: &str,
        items: Vec<String>,
        now: Millis,
    ) -> Result<Vec<ReviewItem>> {
        let (sql, queue) = (self.sql.clone(), queue.to_owned());
        self.database
            .write(move |session| {
                lock(session, &queue)?;
                let experiment = must_find(session, &queue)?.experiment_id;
                review_item::require_traces(session, &queue, experiment, &items)?;
                review_item::add(session, &sql, &queue, &items, now)
            })
            .await
    }

    async fn remove_review_items(&self, queue: &str, items: Vec<String>) -> Result<()> {
        let queue = queue.to_owned();
        self.database
            .write(move |session| {
                must_find(session, &queue)?;
                Ok(review_item::remove(session, &queue, &items)?)
            })
            .await
    }

    async fn list_review_items(
        &self,
        queue: &str,
        status: Option<ReviewStatus>,
        page: PageRequest,
    ) -> Result<Page<ReviewItem>> {
        let queue = queue.to_owned();
        let (sql, args) = review_item::list_query(self.dialect.as_ref(), &queue, status, page);
        self.database
            .read(move |session| {
                must_find(session, &queue)?;
                Ok(Page::cut(session.rows(&sql, &args, review_item::read)?, page))
            })
            .await
    }

    async fn set_review_item_status(
        &self,
        queue: &str,
        item: &str,
        status: ReviewStatus,
        by: Option<String>,
        now: Millis,
    ) -> Result<ReviewItem> {
        let (queue, item) = (queue.to_owned(), item.to_owned());
        self.database
            .write(move |session| {
                must_find(session, &queue)?;
                review_item::set_status(session, &queue, &item, status, by.as_deref(), now)
            })
            .await
    }
}

fn read(row: &dyn Row) -> Result<ReviewQueue, DbError> {
    Ok(ReviewQueue {
        id: row.text_or_empty(0)?,
        experiment_id: ExperimentId(row.must_int(1)?),
        name: row.text_or_empty(2)?,
        kind: ReviewQueueType::from_word(&row.text_or_empty(3)?),
        created_by: row.text(4)?,
        created_at: Millis(row.must_int(5)?),
        updated_at: Millis(row.must_int(6)?),
        users: Vec::new(),
        schema_ids: Vec::new(),
    })
}

fn find(session: &mut dyn Session, id: &str) -> Result<Option<ReviewQueue>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM review_queues q WHERE q.queue_id = ?");
    let found = session.rows(&sql, args![id], read)?;
    Ok(with_details(session, found)?.pop())
}

fn must_find(session: &mut dyn Session, id: &str) -> Result<ReviewQueue> {
    let missing = || Error::not_found(format!("Review queue with id '{id}' not found."));
    find(session, id)?.ok_or_else(missing)
}

/// Makes others who change this queue or its items wait, so that no item slips in while its
/// questions change.
fn lock(session: &mut dyn Session, id: &str) -> Result<(), DbError> {
    session.execute(
        "UPDATE review_queues SET queue_type = queue_type WHERE queue_id = ?",
        args![id],
    )?;
    Ok(())
}

/// Adds reviewers and questions to some queues.
fn with_details(
    session: &mut dyn Session,
    queues: Vec<ReviewQueue>,
) -> Result<Vec<ReviewQueue>, DbError> {
    let mut users = HashMap::new();
    let mut schemas = HashMap::new();
    // Databases limit how many arguments a statement takes.
    for queues in queues.chunks(1000) {
        let ids: Vec<Value<'_>> = queues.iter().map(|queue| (&queue.id).into()).collect();
        collect(session, "user_id", "review_queue_users", &ids, &mut users)?;
        collect(session, "schema_id", "review_queue_label_schemas", &ids, &mut schemas)?;
    }
    let with_details = |queue: ReviewQueue| ReviewQueue {
        users: users.remove(&queue.id).unwrap_or_default(),
        schema_ids: schemas.remove(&queue.id).unwrap_or_default(),
        ..queue
    };
    Ok(queues.into_iter().map(with_details).collect())
}

fn collect(
    session: &mut dyn Session,
    column: &str,
    table: &str,
    queues: &[Value<'_>],
    found: &mut HashMap<String, Vec<String>>,
) -> Result<(), DbError> {
    let sql = format!(
        "SELECT queue_id, {column} FROM {table} WHERE queue_id IN ({}) ORDER BY {column} ASC",
        marks(queues.len())
    );
    session.query(&sql, queues, &mut |row| {
        found.entry(row.text_or_empty(0)?).or_default().push(row.text_or_empty(1)?);
        Ok(())
    })
}

fn taken(name: &str) -> Error {
    Error::already_exists(format!(
        "Review queue with name '{name}' already exists (names are case-insensitive)."
    ))
}

fn create(session: &mut dyn Session, sql: &Statements, new: &ReviewQueue) -> Result<ReviewQueue> {
    require_visible(session, new.experiment_id)?;
    require_schemas(session, new.experiment_id, &new.schema_ids)?;
    let inserted = session.execute(
        &sql.insert_review_queue,
        args![
            &new.id,
            new.experiment_id.0,
            &new.name,
            new.name_key(),
            new.kind.as_str(),
            new.created_by.as_deref(),
            new.created_at.0,
            new.updated_at.0,
        ],
    )?;
    if inserted == 0 {
        return Err(taken(&new.name));
    }
    set_users(session, &new.id, &new.users)?;
    set_schemas(session, &new.id, &new.schema_ids)?;
    must_find(session, &new.id)
}

/// Label schemas are named without a foreign key.
fn require_schemas(
    session: &mut dyn Session,
    experiment: ExperimentId,
    schemas: &[String],
) -> Result<()> {
    let mut missing = Vec::new();
    for schema in schemas {
        let sql = "SELECT 1 FROM label_schemas WHERE experiment_id = ? AND schema_id = ?";
        if session.row(sql, args![experiment.0, schema], |row| row.must_int(0))?.is_none() {
            missing.push(python_repr(schema));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Label schema id(s) [{}] not found for experiment '{experiment}'.",
        missing.join(", ")
    )))
}

fn set_users(session: &mut dyn Session, id: &str, users: &[String]) -> Result<(), DbError> {
    session.execute("DELETE FROM review_queue_users WHERE queue_id = ?", args![id])?;
    for user in users {
        session.execute(
            "INSERT INTO review_queue_users (queue_id, user_id) VALUES (?, ?)",
            args![id, user],
        )?;
    }
    Ok(())
}

fn set_schemas(session: &mut dyn Session, id: &str, schemas: &[String]) -> Result<(), DbError> {
    session.execute("DELETE FROM review_queue_label_schemas WHERE queue_id = ?", args![id])?;
    for schema in schemas {
        session.execute(
            "INSERT INTO review_queue_label_schemas (queue_id, schema_id) VALUES (?, ?)",
            args![id, schema],
        )?;
    }
    Ok(())
}

fn list_query(dialect: &dyn Dialect, list: &ReviewQueueList) -> (String, Vec<Value<'static>>) {
    let mut query = Query::new(format!("SELECT {COLUMNS} FROM review_queues q"));
    query.and("q.experiment_id = ?", [Value::Int(list.experiment.0)]);
    for (table, column, value) in [
        ("review_queue_users", "user_id", &list.user),
        ("review_queue_items", "item_id", &list.item),
    ] {
        if let Some(value) = value {
            let condition =
                format!("q.queue_id IN (SELECT x.queue_id FROM {table} x WHERE x.{column} = ?)");
            query.and(&condition, [value.clone().into()]);
        }
    }
    query.push(" ORDER BY q.creation_time_ms DESC, q.queue_id ASC");
    query.page(dialect, list.page)
}

fn update(
    session: &mut dyn Session,
    id: &str,
    change: &ReviewQueueChange,
    now: Millis,
) -> Result<ReviewQueue> {
    lock(session, id)?;
    let known = must_find(session, id)?;
    if known.kind == ReviewQueueType::User {
        return Err(Error::invalid(
            "A user queue's name, assigned user, schemas, and owner are fixed and cannot be \
             updated.",
        ));
    }
    if change.is_empty() {
        return Ok(known);
    }
    let change = change.clone().checked()?;
    if let Some(schemas) = &change.schema_ids {
        if review_item::any(session, id)? {
            return Err(Error::invalid(
                "A review queue's questions are locked once items are assigned to it. Remove the \
                 items before changing its questions.",
            ));
        }
        require_schemas(session, known.experiment_id, schemas)?;
        set_schemas(session, id, schemas)?;
    }
    if let Some(users) = &change.users {
        set_users(session, id, users)?;
    }
    let changed = ReviewQueue {
        name: change.name.unwrap_or(known.name),
        created_by: change.owner.or(known.created_by),
        ..known
    };
    let updated = session.execute(
        "UPDATE review_queues SET name = ?, name_key = ?, created_by = ?, \
         last_update_time_ms = ? WHERE queue_id = ?",
        args![&changed.name, changed.name_key(), changed.created_by.as_deref(), now.0, id],
    );
    match updated {
        Ok(_) => must_find(session, id),
        Err(error) if error.kind == DbErrorKind::Unique => Err(taken(&changed.name)),
        Err(error) => Err(error.into()),
    }
}
