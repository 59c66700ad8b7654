//! Webhooks with the events they ask for. A deleted one keeps its row, as in MLflow.

use std::collections::HashMap;

use oxflow_model::webhook::no_such_webhook;
use oxflow_model::{
    Millis, NewWebhook, PageRequest, Result, SealedSecret, Webhook, WebhookChange, WebhookEvent,
    WebhookId, WebhookStatus,
};

use crate::args;
use crate::dialect::Dialect;
use crate::error::DbError;
use crate::filter::marks;
use crate::registered_model::WORKSPACE;
use crate::session::Session;
use crate::value::{Row, Value};

/// The columns that [`read`] reads.
const COLUMNS: &str = "webhook_id, name, description, url, status, creation_timestamp, \
                       last_updated_timestamp";
/// Webhooks whose events are fetched by one statement.
const CHUNK: usize = 500;

/// Creates a webhook.
pub fn create(
    session: &mut dyn Session,
    id: &WebhookId,
    new: &NewWebhook,
    now: Millis,
) -> Result<Webhook> {
    session.execute(
        "INSERT INTO webhooks (webhook_id, name, description, url, status, secret, \
         creation_timestamp, last_updated_timestamp, workspace) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        args![
            id.as_str(),
            new.name.as_str(),
            new.description.as_ref(),
            &new.url,
            new.status.as_str(),
            new.secret.as_ref().map(SealedSecret::as_str),
            now.0,
            now.0,
            WORKSPACE,
        ],
    )?;
    insert_events(session, id, new.events.as_slice())?;
    must_find(session, id)
}

fn insert_events(
    session: &mut dyn Session,
    id: &WebhookId,
    events: &[WebhookEvent],
) -> Result<(), DbError> {
    for event in events {
        session.execute(
            "INSERT INTO webhook_events (webhook_id, entity, action) VALUES (?, ?, ?)",
            args![id.as_str(), event.entity().as_str(), event.action().as_str()],
        )?;
    }
    Ok(())
}

/// The webhook with this id.
pub fn find(session: &mut dyn Session, id: &WebhookId) -> Result<Option<Webhook>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhooks \
         WHERE webhook_id = ? AND workspace = ? AND deleted_timestamp IS NULL"
    );
    let found = session.rows(&sql, args![id.as_str(), WORKSPACE], read)?;
    Ok(with_events(session, found)?.pop())
}

fn must_find(session: &mut dyn Session, id: &WebhookId) -> Result<Webhook> {
    find(session, id)?.ok_or_else(|| no_such_webhook(id))
}

/// The secret of a webhook, if it has one.
pub fn secret(session: &mut dyn Session, id: &WebhookId) -> Result<Option<SealedSecret>> {
    let sql = "SELECT secret FROM webhooks \
               WHERE webhook_id = ? AND workspace = ? AND deleted_timestamp IS NULL";
    let found = session.row(sql, args![id.as_str(), WORKSPACE], |row| row.text(0))?;
    let secret = found.ok_or_else(|| no_such_webhook(id))?;
    Ok(secret.map(SealedSecret::new))
}

/// Webhooks, newest first, one more than the page holds.
pub fn list(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    page: PageRequest,
) -> Result<Vec<Webhook>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhooks WHERE workspace = ? AND deleted_timestamp IS NULL \
         ORDER BY creation_timestamp DESC, webhook_id{}",
        dialect.page()
    );
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let args = args![WORKSPACE, number(page.limit.saturating_add(1)), number(page.offset)];
    let found = session.rows(&sql, args, read)?;
    with_events(session, found)
}

/// Changes a webhook.
pub fn update(
    session: &mut dyn Session,
    id: &WebhookId,
    change: &WebhookChange,
    now: Millis,
) -> Result<Webhook> {
    let secret = change.secret.as_ref();
    let mut columns: Vec<(&str, Value<'_>)> = vec![("last_updated_timestamp", now.0.into())];
    columns.extend(change.name.as_ref().map(|name| ("name", name.as_str().into())));
    columns.extend(change.description.as_ref().map(|text| ("description", text.into())));
    columns.extend(change.url.as_ref().map(|url| ("url", url.into())));
    columns.extend(change.status.map(|status| ("status", status.as_str().into())));
    columns.extend(secret.map(|one| ("secret", one.as_ref().map(SealedSecret::as_str).into())));
    let set: Vec<String> = columns.iter().map(|(column, _)| format!("{column} = ?")).collect();
    let mut args: Vec<Value<'_>> = columns.into_iter().map(|(_, value)| value).collect();
    args.extend([id.as_str().into(), WORKSPACE.into()]);
    let sql = format!(
        "UPDATE webhooks SET {} \
         WHERE webhook_id = ? AND workspace = ? AND deleted_timestamp IS NULL",
        set.join(", ")
    );
    if session.execute(&sql, &args)? == 0 {
        return Err(no_such_webhook(id));
    }
    if let Some(events) = &change.events {
        session.execute("DELETE FROM webhook_events WHERE webhook_id = ?", args![id.as_str()])?;
        insert_events(session, id, events.as_slice())?;
    }
    must_find(session, id)
}

/// Deletes a webhook.
pub fn delete(session: &mut dyn Session, id: &WebhookId, now: Millis) -> Result<()> {
    let deleted = session.execute(
        "UPDATE webhooks SET deleted_timestamp = ?, last_updated_timestamp = ? \
         WHERE webhook_id = ? AND workspace = ? AND deleted_timestamp IS NULL",
        args![now.0, now.0, id.as_str(), WORKSPACE],
    )?;
    if deleted == 0 { Err(no_such_webhook(id)) } else { Ok(()) }
}

fn read(row: &dyn Row) -> Result<Webhook, DbError> {
    Ok(Webhook {
        id: WebhookId::new(row.text_or_empty(0)?),
        name: row.text_or_empty(1)?,
        description: row.text(2)?,
        url: row.text_or_empty(3)?,
        events: Vec::new(),
        status: WebhookStatus::from_word(&row.text_or_empty(4)?),
        created_at: Millis(row.int(5)?.unwrap_or_default()),
        updated_at: Millis(row.int(6)?.unwrap_or_default()),
    })
}

/// Adds their events to the heads of some webhooks.
fn with_events(
    session: &mut dyn Session,
    mut webhooks: Vec<Webhook>,
) -> Result<Vec<Webhook>, DbError> {
    for webhooks in webhooks.chunks_mut(CHUNK) {
        let ids: Vec<String> = webhooks.iter().map(|one| one.id.as_str().to_owned()).collect();
        let ids: Vec<Value<'_>> = ids.iter().map(Value::from).collect();
        let sql = format!(
            "SELECT webhook_id, entity, action FROM webhook_events WHERE webhook_id IN ({}) \
             ORDER BY webhook_id, entity, action",
            marks(ids.len())
        );
        let mut events: HashMap<String, Vec<WebhookEvent>> = HashMap::new();
        session.query(&sql, &ids, &mut |row| {
            // A later MLflow may know events that this one does not.
            let event = WebhookEvent::from_words(&row.text_or_empty(1)?, &row.text_or_empty(2)?);
            events.entry(row.text_or_empty(0)?).or_default().extend(event);
            Ok(())
        })?;
        for webhook in webhooks {
            webhook.events = events.remove(webhook.id.as_str()).unwrap_or_default();
        }
    }
    Ok(webhooks)
}
