//! Webhooks.

use oxflow_model::webhook::no_such_webhook;
use oxflow_model::{
    ErrorCode, Millis, NewWebhook, PageRequest, SealedSecret, Webhook, WebhookAction,
    WebhookChange, WebhookEntity, WebhookEvent, WebhookEvents, WebhookId, WebhookName,
    WebhookStatus,
};

use super::{NOW, after, refused};
use crate::Store;

/// Webhook `name`.
pub fn webhook_id(name: &str) -> WebhookId {
    WebhookId::new(name)
}

/// A kind of event, which must be one that happens: `prompt_tag.set`.
pub fn event(words: &str) -> WebhookEvent {
    let (entity, action) = words.split_once('.').unwrap();
    WebhookEvent::from_words(entity, action).unwrap()
}

/// What it takes to create a webhook at `https://<name>/` that asks for these events.
pub fn new_webhook(name: &str, events: &[&str]) -> NewWebhook {
    let events: Vec<WebhookEvent> = events.iter().map(|words| event(words)).collect();
    NewWebhook {
        name: WebhookName::parse(name).unwrap(),
        description: None,
        url: format!("https://{name}/"),
        events: WebhookEvents::new(&events).unwrap(),
        secret: None,
        status: WebhookStatus::Active,
    }
}

/// Creates a webhook that has its name for an id.
pub(super) async fn webhook(store: &dyn Store, name: &str, events: &[&str]) {
    webhook_at(store, name, events, NOW).await;
}

async fn webhook_at(store: &dyn Store, name: &str, events: &[&str], at: Millis) {
    store.create_webhook(webhook_id(name), new_webhook(name, events), at).await.unwrap();
}

async fn get(store: &dyn Store, name: &str) -> Webhook {
    store.find_webhook(&webhook_id(name)).await.unwrap().unwrap()
}

pub async fn a_new_webhook_is_read_back(store: &dyn Store) {
    let new = NewWebhook {
        description: Some("d".to_owned()),
        status: WebhookStatus::Disabled,
        ..new_webhook("w", &["registered_model.created", "model_version_tag.set"])
    };
    let created = store.create_webhook(webhook_id("w"), new, after(5)).await.unwrap();
    let expected = Webhook {
        id: webhook_id("w"),
        name: "w".to_owned(),
        description: Some("d".to_owned()),
        url: "https://w/".to_owned(),
        events: vec![
            WebhookEvent::new(WebhookEntity::ModelVersionTag, WebhookAction::Set).unwrap(),
            WebhookEvent::new(WebhookEntity::RegisteredModel, WebhookAction::Created).unwrap(),
        ],
        status: WebhookStatus::Disabled,
        created_at: after(5),
        updated_at: after(5),
    };
    assert_eq!(created, expected);
    assert_eq!(get(store, "w").await, expected);
    assert_eq!(store.find_webhook(&webhook_id("W")).await.unwrap(), None);
}

pub async fn webhooks_are_listed_newest_first(store: &dyn Store) {
    for (name, at) in [("b", 2), ("d", 4), ("a", 1), ("c", 3)] {
        webhook_at(store, name, &["prompt.created"], after(at)).await;
    }
    let mut pages = Vec::new();
    let mut next = Some(0);
    while let Some(offset) = next {
        let page = store.list_webhooks(PageRequest { limit: 3, offset }).await.unwrap();
        let shown = |w: Webhook| format!("{} {}", w.name, w.events[0]);
        pages.push(page.items.into_iter().map(shown).collect::<Vec<_>>().join(", "));
        next = page.next_offset;
    }
    assert_eq!(pages, ["d prompt.created, c prompt.created, b prompt.created", "a prompt.created"]);
}

pub async fn a_change_of_a_webhook_changes_only_what_it_names(store: &dyn Store) {
    webhook(store, "other", &["prompt.created"]).await;
    webhook(store, "w", &["prompt.created"]).await;
    let id = webhook_id("w");
    let before = get(store, "w").await;
    let unchanged = store.update_webhook(&id, WebhookChange::default(), after(1)).await.unwrap();
    assert_eq!(unchanged, Webhook { updated_at: after(1), ..before });
    let change = WebhookChange {
        name: Some(WebhookName::parse("v").unwrap()),
        description: Some("new".to_owned()),
        url: Some("https://v/".to_owned()),
        events: Some(WebhookEvents::new(&[event("prompt_tag.set")]).unwrap()),
        secret: None,
        status: Some(WebhookStatus::Disabled),
    };
    let changed = store.update_webhook(&id, change, after(2)).await.unwrap();
    let expected = Webhook {
        id,
        name: "v".to_owned(),
        description: Some("new".to_owned()),
        url: "https://v/".to_owned(),
        events: vec![event("prompt_tag.set")],
        status: WebhookStatus::Disabled,
        created_at: NOW,
        updated_at: after(2),
    };
    assert_eq!(changed, expected);
    assert_eq!(get(store, "w").await, expected);
    assert_eq!(get(store, "other").await.events, [event("prompt.created")]);
}

pub async fn a_description_of_a_webhook_can_be_emptied(store: &dyn Store) {
    webhook(store, "w", &["prompt.created"]).await;
    let change = WebhookChange { description: Some(String::new()), ..WebhookChange::default() };
    let changed = store.update_webhook(&webhook_id("w"), change, NOW).await.unwrap();
    assert_eq!(changed.description.as_deref(), Some(""));
    assert_eq!(get(store, "w").await, changed);
}

pub async fn secrets_of_webhooks_are_kept_apart(store: &dyn Store) {
    let sealed = |text: &str| Some(SealedSecret::new(text));
    let new = NewWebhook { secret: sealed("x"), ..new_webhook("w", &["prompt.created"]) };
    let id = webhook_id("w");
    store.create_webhook(id.clone(), new, NOW).await.unwrap();
    let change = |secret| WebhookChange { secret, ..WebhookChange::default() };
    for (secret, expected) in
        [(None, sealed("x")), (Some(sealed("y")), sealed("y")), (Some(None), None)]
    {
        store.update_webhook(&id, change(secret), NOW).await.unwrap();
        assert_eq!(store.webhook_secret(&id).await.unwrap(), expected);
    }
    let (code, nobody) = (ErrorCode::ResourceDoesNotExist, webhook_id("nope"));
    refused(store.webhook_secret(&nobody).await, code, no_such_webhook(&nobody).message());
    store.delete_webhook(&id, NOW).await.unwrap();
    refused(store.webhook_secret(&id).await, code, no_such_webhook(&id).message());
}

pub async fn a_deleted_webhook_is_gone(store: &dyn Store) {
    webhook(store, "w", &["prompt.created"]).await;
    webhook(store, "v", &["prompt.created"]).await;
    store.delete_webhook(&webhook_id("w"), after(1)).await.unwrap();
    assert_eq!(store.find_webhook(&webhook_id("w")).await.unwrap(), None);
    let left = store.list_webhooks(PageRequest { limit: 9, offset: 0 }).await.unwrap();
    assert_eq!(left.items, [get(store, "v").await]);
}

pub async fn no_call_works_on_a_missing_webhook(store: &dyn Store) {
    webhook(store, "deleted", &["prompt.created"]).await;
    store.delete_webhook(&webhook_id("deleted"), NOW).await.unwrap();
    for id in [webhook_id("deleted"), webhook_id("nope")] {
        let error = no_such_webhook(&id);
        let (code, message) = (ErrorCode::ResourceDoesNotExist, error.message());
        assert_eq!(message, format!("Webhook with ID {id} not found."));
        refused(store.update_webhook(&id, WebhookChange::default(), NOW).await, code, message);
        refused(store.delete_webhook(&id, NOW).await, code, message);
    }
}
