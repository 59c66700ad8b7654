//! Items of review queues: traces.

use std::collections::HashSet;

use oxflow_model::validate::python_repr;
use oxflow_model::{Error, ExperimentId, Millis, PageRequest, Result, ReviewItem, ReviewStatus};

use crate::args;
use crate::dialect::Dialect;
use crate::error::DbError;
use crate::filter::{Query, marks};
use crate::session::Session;
use crate::statements::Statements;
use crate::value::{Row, Value};

const COLUMNS: &str = "r.queue_id, r.item_id, r.status, r.completed_by, r.completed_time_ms, \
                       r.creation_time_ms, r.last_update_time_ms";
/// The only kind of item there is.
const TRACE: &str = "trace";
/// Databases limit how many arguments a statement takes.
const CHUNK: usize = 1000;

/// Reads an item from [`COLUMNS`].
pub fn read(row: &dyn Row) -> Result<ReviewItem, DbError> {
    Ok(ReviewItem {
        queue_id: row.text_or_empty(0)?,
        item_id: row.text_or_empty(1)?,
        status: ReviewStatus::from_word(&row.text_or_empty(2)?),
        completed_by: row.text(3)?,
        completed_at: row.int(4)?.map(Millis),
        created_at: Millis(row.must_int(5)?),
        updated_at: Millis(row.must_int(6)?),
    })
}

/// Fails unless all items are traces of the experiment: they have no foreign key.
pub fn require_traces(
    session: &mut dyn Session,
    queue: &str,
    experiment: ExperimentId,
    items: &[String],
) -> Result<()> {
    let mut known = HashSet::new();
    for items in items.chunks(CHUNK) {
        let sql = format!(
            "SELECT request_id FROM trace_info WHERE experiment_id = ? AND request_id IN ({})",
            marks(items.len())
        );
        let mut args = vec![Value::Int(experiment.0)];
        args.extend(items.iter().map(Value::from));
        known.extend(session.rows(&sql, &args, |row| row.text_or_empty(0))?);
    }
    let missing = items.iter().filter(|item| !known.contains(*item));
    let missing: Vec<String> = missing.map(|item| python_repr(item)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::not_found(format!(
        "Cannot attach trace(s) [{}] to review queue '{queue}': they do not exist in experiment \
         '{experiment}'.",
        missing.join(", ")
    )))
}

/// Adds items; those that are there stay as they are.
pub fn add(
    session: &mut dyn Session,
    sql: &Statements,
    queue: &str,
    items: &[String],
    now: Millis,
) -> Result<Vec<ReviewItem>> {
    let mut added = Vec::new();
    for item in items {
        let status = ReviewStatus::Pending.as_str();
        session
            .execute(&sql.insert_review_item, args![queue, TRACE, item, status, now.0, now.0])?;
        added.extend(find(session, queue, item)?);
    }
    Ok(added)
}

fn find(session: &mut dyn Session, queue: &str, item: &str) -> Result<Option<ReviewItem>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM review_queue_items r WHERE r.queue_id = ? AND r.item_id = ?"
    );
    session.row(&sql, args![queue, item], read)
}

/// Whether a queue holds items.
pub fn any(session: &mut dyn Session, queue: &str) -> Result<bool, DbError> {
    let sql = "SELECT COUNT(*) FROM review_queue_items WHERE queue_id = ?";
    Ok(session.row(sql, args![queue], |row| row.must_int(0))?.unwrap_or(0) > 0)
}

/// Takes items out.
pub fn remove(session: &mut dyn Session, queue: &str, items: &[String]) -> Result<(), DbError> {
    for items in items.chunks(CHUNK) {
        let sql = format!(
            "DELETE FROM review_queue_items WHERE queue_id = ? AND item_id IN ({})",
            marks(items.len())
        );
        let mut args = vec![Value::from(queue)];
        args.extend(items.iter().map(Value::from));
        session.execute(&sql, &args)?;
    }
    Ok(())
}

/// The query of one page.
pub fn list_query(
    dialect: &dyn Dialect,
    queue: &str,
    status: Option<ReviewStatus>,
    page: PageRequest,
) -> (String, Vec<Value<'static>>) {
    let mut query = Query::new(format!("SELECT {COLUMNS} FROM review_queue_items r"));
    query.and("r.queue_id = ?", [queue.to_owned().into()]);
    if let Some(status) = status {
        query.and("r.status = ?", [status.as_str().into()]);
    }
    query.push(" ORDER BY r.creation_time_ms DESC, r.item_id ASC");
    query.page(dialect, page)
}

/// Says where the review of an item stands. The same again changes nothing, so that whoever
/// finished it first stays on record.
pub fn set_status(
    session: &mut dyn Session,
    queue: &str,
    item: &str,
    status: ReviewStatus,
    by: Option<&str>,
    now: Millis,
) -> Result<ReviewItem> {
    let missing =
        || Error::not_found(format!("Item '{item}' is not attached to review queue '{queue}'."));
    let sql = "SELECT 1 FROM review_queue_items WHERE queue_id = ? AND item_id = ?";
    session.lock(sql, args![queue, item])?;
    let known = find(session, queue, item)?.ok_or_else(missing)?;
    if known.status == status {
        return Ok(known);
    }
    let completed_at = (status != ReviewStatus::Pending).then_some(now);
    session.execute(
        "UPDATE review_queue_items SET status = ?, completed_by = ?, completed_time_ms = ?, \
         last_update_time_ms = ? WHERE queue_id = ? AND item_id = ?",
        args![status.as_str(), by, completed_at.map(|time| time.0), now.0, queue, item],
    )?;
    let completed_by = by.map(ToOwned::to_owned);
    Ok(ReviewItem { status, completed_by, completed_at, updated_at: now, ..known })
}
