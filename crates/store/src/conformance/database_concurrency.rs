//! Many callers at once, for what only databases keep.

use super::concurrency::{MANY, at_once};
use super::webhook::webhook;
use super::webhook_delivery::what_is_due;
use super::{NOW, Shared, registry, scorer, stamp};
use crate::Claim;

pub async fn a_delivery_is_claimed_by_one_of_many(store: &Shared) {
    webhook(store.as_ref(), "w", &["registered_model.created"]).await;
    at_once(store, |store, n| async move {
        let new = registry::new_model(&n.to_string(), &[]);
        store.create_registered_model(new, stamp(NOW)).await.unwrap();
    })
    .await;
    let results = at_once(store, |store, n| async move {
        let mut claimed = Vec::new();
        for round in 0..2 {
            let due = Claim { limit: 3, ..what_is_due(&format!("{n}-{round}"), NOW) };
            claimed.extend(store.claim_deliveries(due).await.unwrap());
        }
        claimed
    })
    .await;
    let mut claimed: Vec<String> =
        results.into_iter().flatten().map(|delivery| delivery.event.to_string()).collect();
    assert_eq!(claimed.len(), MANY);
    claimed.sort_unstable();
    claimed.dedup();
    assert_eq!(claimed.len(), MANY, "none twice");
}

pub async fn versions_of_scorers_are_numbered_without_gaps(store: &Shared) {
    let register =
        |store: Shared, _| async move { scorer::register(store.as_ref(), "a", "{}").await };
    let versions = at_once(store, register).await;
    let mut numbers: Vec<i32> = versions.iter().map(|scorer| scorer.version).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=MANY as i32).collect::<Vec<_>>());
    assert!(versions.iter().all(|scorer| scorer.id == versions[0].id));
}
