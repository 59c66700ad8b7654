//! The queue of what webhooks are to be told, in a table of our own beside MLflow's.

use oxflow_model::{
    EventId, Millis, RegistryEvent, Result, SealedSecret, Stamp, WebhookId, WebhookStatus,
};
use oxflow_store::{Claim, Delivery};

use crate::args;
use crate::dialect::Dialect;
use crate::error::DbError;
use crate::filter::marks;
use crate::registered_model::WORKSPACE;
use crate::session::Session;
use crate::value::{Row, Value};

/// What is overdue for longer is dropped, so that the queue of a webhook that never answers cannot
/// grow forever.
const TOO_LATE_MS: i64 = 7 * 24 * 3600 * 1000;

/// Queues a delivery for every active webhook that asks for this event; tells whether any does.
pub fn queue(
    session: &mut dyn Session,
    event: &RegistryEvent,
    stamp: &Stamp,
) -> Result<bool, DbError> {
    let kind = event.event();
    let queued = session.execute(
        "INSERT INTO oxflow_webhook_deliveries (event_id, webhook_id, body, queued_at, due_at) \
         SELECT ?, w.webhook_id, ?, ?, ? FROM webhook_events e \
         JOIN webhooks w ON w.webhook_id = e.webhook_id \
         WHERE e.entity = ? AND e.action = ? AND w.workspace = ? AND w.status = ? \
         AND w.deleted_timestamp IS NULL",
        args![
            stamp.event.as_str(),
            event.body(stamp.at),
            stamp.at.0,
            stamp.at.0,
            kind.entity().as_str(),
            kind.action().as_str(),
            WORKSPACE,
            WebhookStatus::Active.as_str(),
        ],
    )?;
    Ok(queued > 0)
}

/// When the next delivery is due, those for some webhooks aside.
pub fn next(session: &mut dyn Session, except: &[WebhookId]) -> Result<Option<Millis>, DbError> {
    let (condition, args) = not_for(except, "webhook_id");
    let sql = format!("SELECT MIN(due_at) FROM oxflow_webhook_deliveries WHERE {condition}");
    let due = session.row(&sql, &args, |row| row.int(0))?;
    Ok(due.flatten().map(Millis))
}

/// The condition that a row is for none of some webhooks.
fn not_for<'a>(except: &'a [WebhookId], column: &str) -> (String, Vec<Value<'a>>) {
    if except.is_empty() {
        return ("1 = 1".to_owned(), Vec::new());
    }
    let args = except.iter().map(|id| id.as_str().into()).collect();
    (format!("{column} NOT IN ({})", marks(except.len())), args)
}

/// A row of the queue that is due, with what its webhook wants now.
struct Due {
    event: EventId,
    webhook: WebhookId,
    body: String,
    attempts: i64,
    /// `None` if the webhook wants nothing any more.
    url: Option<String>,
    secret: Option<String>,
}

/// Takes deliveries that are due.
pub fn claim(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    claim: &Claim,
) -> Result<Vec<Delivery>> {
    drop_overdue(session, claim.now)?;
    let mut taken = Vec::new();
    for due in due(session, dialect, claim)? {
        taken.extend(take(session, due, claim)?);
    }
    Ok(taken)
}

fn drop_overdue(session: &mut dyn Session, now: Millis) -> Result<(), DbError> {
    let sql = "DELETE FROM oxflow_webhook_deliveries WHERE due_at < ?";
    let dropped = session.execute(sql, args![now.0 - TOO_LATE_MS])?;
    if dropped > 0 {
        tracing::error!(dropped, "gave up on webhook deliveries that were due for a week");
    }
    Ok(())
}

fn due(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    claim: &Claim,
) -> Result<Vec<Due>, DbError> {
    let (condition, except) = not_for(&claim.except, "d.webhook_id");
    let sql = format!(
        "SELECT d.event_id, d.webhook_id, d.body, d.attempts, w.url, w.secret \
         FROM oxflow_webhook_deliveries d LEFT JOIN webhooks w ON w.webhook_id = d.webhook_id \
         AND w.deleted_timestamp IS NULL AND w.status = ? \
         WHERE d.due_at <= ? AND {condition} ORDER BY d.due_at, d.event_id{}",
        dialect.page()
    );
    let mut args = vec![WebhookStatus::Active.as_str().into(), Value::Int(claim.now.0)];
    args.extend(except);
    args.extend([Value::Int(number(claim.limit)), Value::Int(0)]);
    session.rows(&sql, &args, read)
}

fn read(row: &dyn Row) -> Result<Due, DbError> {
    Ok(Due {
        event: EventId::new(row.text_or_empty(0)?),
        webhook: WebhookId::new(row.text_or_empty(1)?),
        body: row.text_or_empty(2)?,
        attempts: row.must_int(3)?,
        url: row.text(4)?,
        secret: row.text(5)?,
    })
}

/// Takes a row, unless another server was faster. On databases with several writers, the second
/// one waits for the row and then finds that it is not due any more.
fn take(session: &mut dyn Session, due: Due, claim: &Claim) -> Result<Option<Delivery>, DbError> {
    let Some(url) = due.url else {
        let sql = "DELETE FROM oxflow_webhook_deliveries WHERE event_id = ? AND webhook_id = ?";
        session.execute(sql, args![due.event.as_str(), due.webhook.as_str()])?;
        return Ok(None);
    };
    let attempts = due.attempts + 1;
    let taken = session.execute(
        "UPDATE oxflow_webhook_deliveries SET claim = ?, due_at = ?, attempts = ? \
         WHERE event_id = ? AND webhook_id = ? AND due_at <= ?",
        args![
            &claim.id,
            claim.until.0,
            attempts,
            due.event.as_str(),
            due.webhook.as_str(),
            claim.now.0,
        ],
    )?;
    Ok((taken > 0).then(|| Delivery {
        event: due.event,
        webhook: due.webhook,
        claim: claim.id.clone(),
        attempt: u32::try_from(attempts).unwrap_or(u32::MAX),
        body: due.body,
        url,
        secret: due.secret.map(SealedSecret::new),
    }))
}

/// Webhooks for which more than `most` deliveries wait.
pub fn too_many(session: &mut dyn Session, most: u64) -> Result<Vec<WebhookId>, DbError> {
    let sql = "SELECT webhook_id FROM oxflow_webhook_deliveries \
               GROUP BY webhook_id HAVING COUNT(*) > ?";
    session.rows(sql, args![number(most)], |row| Ok(WebhookId::new(row.text_or_empty(0)?)))
}

/// Drops the oldest deliveries of some webhooks, down to `most` each.
pub fn trim(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    webhooks: &[WebhookId],
    most: u64,
) -> Result<u64, DbError> {
    let oldest_to_keep = format!(
        "SELECT queued_at FROM oxflow_webhook_deliveries WHERE webhook_id = ? \
         ORDER BY queued_at DESC{}",
        dialect.page()
    );
    let mut dropped = 0;
    for webhook in webhooks {
        let args = args![webhook.as_str(), 1i64, number(most.saturating_sub(1))];
        let Some(at) = session.row(&oldest_to_keep, args, |row| row.must_int(0))? else { continue };
        let sql = "DELETE FROM oxflow_webhook_deliveries WHERE webhook_id = ? AND queued_at < ?";
        let count = session.execute(sql, args![webhook.as_str(), at])?;
        dropped += count;
        tracing::error!(
            webhook = webhook.as_str(),
            count,
            "too much is queued, gave up the oldest"
        );
    }
    Ok(dropped)
}

fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Takes a delivery out of the queue.
pub fn settle(session: &mut dyn Session, delivery: &Delivery) -> Result<()> {
    session.execute(
        "DELETE FROM oxflow_webhook_deliveries \
         WHERE event_id = ? AND webhook_id = ? AND claim = ?",
        args![delivery.event.as_str(), delivery.webhook.as_str(), &delivery.claim],
    )?;
    Ok(())
}

/// Puts a delivery back.
pub fn defer(session: &mut dyn Session, delivery: &Delivery, due: Millis) -> Result<()> {
    session.execute(
        "UPDATE oxflow_webhook_deliveries SET due_at = ?, claim = NULL \
         WHERE event_id = ? AND webhook_id = ? AND claim = ?",
        args![due.0, delivery.event.as_str(), delivery.webhook.as_str(), &delivery.claim],
    )?;
    Ok(())
}
