//! The queue of what webhooks are to be told. Webhooks have their name for an id here.

use std::time::Duration;

use oxflow_model::search::IS_PROMPT_TAG;
use oxflow_model::{
    EventId, Millis, NewWebhook, SealedSecret, Stamp, Tag, WebhookChange, WebhookEvent,
    WebhookStatus,
};

use super::registry::{name, new_model, new_version, version_id};
use super::webhook::{new_webhook, webhook, webhook_id};
use super::{NOW, after, stamp};
use crate::{Claim, Delivery, Store};

const HOUR: i64 = 3_600_000;

/// Takes what is due, for a minute.
async fn claim(store: &dyn Store, by: &str, now: Millis) -> Vec<Delivery> {
    store.claim_deliveries(what_is_due(by, now)).await.unwrap()
}

/// The claim of what is due, for a minute.
pub fn what_is_due(by: &str, now: Millis) -> Claim {
    let until = Millis(now.0 + 60_000);
    Claim { id: by.to_owned(), now, until, limit: 100, except: Vec::new() }
}

/// Registers a model under an event id of this name.
async fn happens(store: &dyn Store, event: &str, at: Millis) {
    let stamp = Stamp { event: EventId::new(event), at };
    store.create_registered_model(new_model(event, &[]), stamp).await.unwrap();
}

/// Who is to be told of what, as `webhook:event`.
fn shown(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(|d| format!("{}:{}", d.webhook, d.event)).collect()
}

/// Makes every change of a model or a prompt that there is.
async fn change_everything(store: &dyn Store, tags: &[(&str, &str)]) {
    let (model, version) = (name("m"), version_id("m", 1));
    store.create_registered_model(new_model("m", tags), stamp(after(1))).await.unwrap();
    let mut new = new_version("m", "s3://b/x");
    new.tags = tags.iter().map(|(key, value)| Tag::new(*key, *value)).collect();
    store.create_model_version(new, stamp(after(2))).await.unwrap();
    let tag = Tag::new("k", "v");
    store.set_model_version_tag(&version, tag.clone(), stamp(after(3))).await.unwrap();
    store.delete_model_version_tag(&version, "k", stamp(after(4))).await.unwrap();
    store.set_model_alias(&version, "a", stamp(after(5))).await.unwrap();
    store.delete_model_alias(&model, "a", stamp(after(6))).await.unwrap();
    store.set_registered_model_tag(&model, tag, stamp(after(7))).await.unwrap();
    store.delete_registered_model_tag(&model, "k", stamp(after(8))).await.unwrap();
}

/// The bodies that [`change_everything`] queues for a webhook that asks for all events.
async fn bodies(store: &dyn Store, tags: &[(&str, &str)]) -> Vec<String> {
    let all: Vec<String> = WebhookEvent::all().map(|event| event.to_string()).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    webhook(store, "w", &all).await;
    change_everything(store, tags).await;
    let claimed = claim(store, "c", after(9)).await;
    assert!(claimed.iter().all(|d| d.url == "https://w/" && d.attempt == 1));
    claimed.into_iter().map(|delivery| delivery.body).collect()
}

fn body(kind: &str, second: &str, data: &str) -> String {
    let (entity, action) = kind.split_once('.').unwrap();
    format!(
        "{{\"entity\": \"{entity}\", \"action\": \"{action}\", \
         \"timestamp\": \"2023-11-14T22:13:20.{second}000+00:00\", \"data\": {data}}}"
    )
}

pub async fn changes_of_models_are_queued_for_who_asks(store: &dyn Store) {
    let run = "00000000000000000000000000000001";
    let version = format!(
        r#"{{"name": "m", "version": "1", "source": "s3://b/x", "run_id": "{run}", "tags": {{"t": "1"}}, "description": null}}"#
    );
    let expected = [
        ("registered_model.created", r#"{"name": "m", "tags": {"t": "1"}, "description": ""}"#),
        ("model_version.created", version.as_str()),
        ("model_version_tag.set", r#"{"name": "m", "version": "1", "key": "k", "value": "v"}"#),
        ("model_version_tag.deleted", r#"{"name": "m", "version": "1", "key": "k"}"#),
        ("model_version_alias.created", r#"{"name": "m", "alias": "a", "version": "1"}"#),
        ("model_version_alias.deleted", r#"{"name": "m", "alias": "a"}"#),
    ];
    let numbered = expected.iter().zip(1..);
    let expected: Vec<String> =
        numbered.map(|((kind, data), n)| body(kind, &format!("00{n}"), data)).collect();
    assert_eq!(bodies(store, &[("t", "1")]).await, expected);
}

pub async fn changes_of_prompts_are_queued_for_who_asks(store: &dyn Store) {
    let expected = [
        ("prompt.created", r#"{"name": "m", "tags": {}, "description": ""}"#),
        (
            "prompt_version.created",
            r#"{"name": "m", "version": "1", "template": null, "tags": {}, "description": null}"#,
        ),
        ("prompt_version_tag.set", r#"{"name": "m", "version": "1", "key": "k", "value": "v"}"#),
        ("prompt_version_tag.deleted", r#"{"name": "m", "version": "1", "key": "k"}"#),
        ("prompt_alias.created", r#"{"name": "m", "alias": "a", "version": "1"}"#),
        ("prompt_alias.deleted", r#"{"name": "m", "alias": "a"}"#),
        ("prompt_tag.set", r#"{"name": "m", "key": "k", "value": "v"}"#),
        ("prompt_tag.deleted", r#"{"name": "m", "key": "k"}"#),
    ];
    let numbered = expected.iter().zip(1..);
    let expected: Vec<String> =
        numbered.map(|((kind, data), n)| body(kind, &format!("00{n}"), data)).collect();
    assert_eq!(bodies(store, &[(IS_PROMPT_TAG, "true")]).await, expected);
}

pub async fn changes_that_nobody_asks_for_queue_nothing(store: &dyn Store) {
    webhook(store, "other", &["prompt.created", "budget_policy.exceeded"]).await;
    let asks = ["registered_model.created"];
    let disabled = NewWebhook { status: WebhookStatus::Disabled, ..new_webhook("d", &asks) };
    store.create_webhook(webhook_id("d"), disabled, NOW).await.unwrap();
    webhook(store, "deleted", &asks).await;
    store.delete_webhook(&webhook_id("deleted"), NOW).await.unwrap();
    change_everything(store, &[]).await;
    store.rename_registered_model(&name("m"), &name("n"), NOW).await.unwrap();
    store.delete_registered_model(&name("n")).await.unwrap();
    assert_eq!(store.next_delivery(&[]).await.unwrap(), None);
}

pub async fn a_refused_change_queues_nothing(store: &dyn Store) {
    webhook(store, "w", &["registered_model.created", "model_version_tag.set"]).await;
    happens(store, "m", NOW).await;
    let again = store.create_registered_model(new_model("m", &[]), stamp(NOW)).await;
    assert!(again.is_err());
    let missing = version_id("m", 7);
    let tagged = store.set_model_version_tag(&missing, Tag::new("k", "v"), stamp(NOW)).await;
    assert!(tagged.is_err());
    assert_eq!(shown(&claim(store, "c", NOW).await), ["w:m"]);
}

pub async fn a_claimed_delivery_is_nobody_elses_until_the_claim_is_void(store: &dyn Store) {
    webhook(store, "w", &["registered_model.created"]).await;
    happens(store, "e", after(10)).await;
    assert_eq!(store.next_delivery(&[]).await.unwrap(), Some(after(10)));
    assert_eq!(claim(store, "early", after(9)).await, []);
    let first = claim(store, "first", after(10)).await;
    assert_eq!((shown(&first), first[0].attempt), (vec!["w:e".to_owned()], 1));
    assert_eq!(store.next_delivery(&[]).await.unwrap(), Some(after(60_010)));
    assert_eq!(claim(store, "second", after(60_009)).await, []);
    let second = claim(store, "second", after(60_010)).await;
    assert_eq!((shown(&second), second[0].attempt), (shown(&first), 2));
    assert_eq!(second[0].body, first[0].body);
    // The first server was only slow. What it says now does not count.
    store.settle_delivery(&first[0]).await.unwrap();
    store.defer_delivery(&first[0], after(0)).await.unwrap();
    assert_eq!(store.next_delivery(&[]).await.unwrap(), Some(after(120_010)));
}

pub async fn a_settled_delivery_is_gone(store: &dyn Store) {
    webhook(store, "w", &["registered_model.created"]).await;
    happens(store, "a", NOW).await;
    happens(store, "b", NOW).await;
    let claimed = claim(store, "c", NOW).await;
    store.settle_delivery(&claimed[0]).await.unwrap();
    let left = claim(store, "d", after(HOUR)).await;
    assert_eq!(shown(&left), ["w:b"]);
    store.settle_delivery(&left[0]).await.unwrap();
    assert_eq!(store.next_delivery(&[]).await.unwrap(), None);
}

pub async fn a_deferred_delivery_is_due_later(store: &dyn Store) {
    webhook(store, "w", &["registered_model.created"]).await;
    happens(store, "e", NOW).await;
    let claimed = claim(store, "c", NOW).await;
    store.defer_delivery(&claimed[0], after(5000)).await.unwrap();
    assert_eq!(store.next_delivery(&[]).await.unwrap(), Some(after(5000)));
    assert_eq!(claim(store, "c", after(4999)).await, []);
    assert_eq!(claim(store, "c", after(5000)).await[0].attempt, 2);
}

pub async fn a_delivery_goes_where_the_webhook_is_now(store: &dyn Store) {
    webhook(store, "w", &["registered_model.created"]).await;
    happens(store, "e", NOW).await;
    let change = WebhookChange {
        url: Some("https://moved/".to_owned()),
        secret: Some(Some(SealedSecret::new("s"))),
        ..WebhookChange::default()
    };
    store.update_webhook(&webhook_id("w"), change, NOW).await.unwrap();
    let claimed = claim(store, "c", NOW).await;
    let told = (claimed[0].url.as_str(), claimed[0].secret.as_ref());
    assert_eq!(told, ("https://moved/", Some(&SealedSecret::new("s"))));
}

pub async fn what_a_webhook_does_not_want_any_more_is_dropped(store: &dyn Store) {
    for name in ["deleted", "disabled", "w"] {
        webhook(store, name, &["registered_model.created"]).await;
    }
    happens(store, "e", NOW).await;
    store.delete_webhook(&webhook_id("deleted"), NOW).await.unwrap();
    let disable =
        WebhookChange { status: Some(WebhookStatus::Disabled), ..WebhookChange::default() };
    store.update_webhook(&webhook_id("disabled"), disable, NOW).await.unwrap();
    let claimed = claim(store, "c", NOW).await;
    assert_eq!(shown(&claimed), ["w:e"]);
    store.settle_delivery(&claimed[0]).await.unwrap();
    assert_eq!(store.next_delivery(&[]).await.unwrap(), None);
}

pub async fn what_is_overdue_for_a_week_is_dropped(store: &dyn Store) {
    webhook(store, "w", &["registered_model.created"]).await;
    happens(store, "old", NOW).await;
    happens(store, "new", after(HOUR)).await;
    assert_eq!(shown(&claim(store, "c", after(7 * 24 * HOUR + 1)).await), ["w:new"]);
}

pub async fn a_queue_that_is_too_long_loses_its_oldest(store: &dyn Store) {
    webhook(store, "full", &["registered_model.created"]).await;
    for (event, at) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        happens(store, event, after(at)).await;
    }
    webhook(store, "other", &["registered_model.created"]).await;
    happens(store, "e", after(5)).await;
    assert_eq!(store.trim_deliveries(5).await.unwrap(), 0);
    assert_eq!(store.trim_deliveries(2).await.unwrap(), 3);
    assert_eq!(store.trim_deliveries(2).await.unwrap(), 0);
    let mut left = shown(&claim(store, "x", after(9)).await);
    left.sort();
    assert_eq!(left, ["full:d", "full:e", "other:e"]);
}

pub async fn busy_webhooks_are_passed_over(store: &dyn Store) {
    webhook(store, "busy", &["registered_model.created"]).await;
    happens(store, "a", NOW).await;
    let busy = [webhook_id("busy")];
    assert_eq!(store.next_delivery(&busy).await.unwrap(), None);
    webhook(store, "w", &["registered_model.created"]).await;
    happens(store, "b", after(1)).await;
    assert_eq!(store.next_delivery(&busy).await.unwrap(), Some(after(1)));
    let due = Claim { except: busy.to_vec(), ..what_is_due("c", after(1)) };
    assert_eq!(shown(&store.claim_deliveries(due).await.unwrap()), ["w:b"]);
    assert_eq!(shown(&claim(store, "d", after(1)).await), ["busy:a", "busy:b"]);
}

pub async fn the_most_overdue_go_first(store: &dyn Store) {
    webhook(store, "w", &["registered_model.created"]).await;
    for (event, at) in [("b", 2), ("c", 3), ("a", 1)] {
        happens(store, event, after(at)).await;
    }
    let due = Claim { limit: 2, ..what_is_due("x", after(9)) };
    assert_eq!(shown(&store.claim_deliveries(due).await.unwrap()), ["w:a", "w:b"]);
    assert_eq!(shown(&claim(store, "y", after(9)).await), ["w:c"]);
}

pub async fn a_store_tells_when_it_has_queued_something(store: &dyn Store) {
    let told = || tokio::time::timeout(Duration::from_millis(50), store.deliveries_queued());
    happens(store, "a", NOW).await;
    assert!(told().await.is_err(), "nobody asked");
    webhook(store, "w", &["registered_model.created"]).await;
    happens(store, "b", NOW).await;
    happens(store, "c", NOW).await;
    assert!(told().await.is_ok(), "even if nobody was listening at that moment");
    assert!(told().await.is_err(), "once");
}
