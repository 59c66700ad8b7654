//! Tags of runs.

use oxflow_model::{ErrorCode, Tag, limits};

use super::{batch, get, refused, run, shown_tags};
use crate::Store;

pub async fn a_tag_keeps_the_last_value(store: &dyn Store) {
    let id = run(store, 1).await;
    for value in ["1", "", "2"] {
        store.set_tag(&id, Tag::new("t", value)).await.unwrap();
        let expected = format!("t={value}");
        assert_eq!(shown_tags(&get(store, &id).await.tags)[1], expected);
    }
    let long = "ž".repeat(limits::TAG_VALUE);
    store.set_tag(&id, Tag::new("t", &long)).await.unwrap();
    let tags = get(store, &id).await.tags;
    assert_eq!((tags.len(), super::tag_of(&tags, "t")), (2, Some(long.as_str())));
}

pub async fn a_tag_is_removed_once(store: &dyn Store) {
    let id = run(store, 1).await;
    store.set_tag(&id, Tag::new("t", "1")).await.unwrap();
    store.delete_tag(&id, "t").await.unwrap();
    assert_eq!(shown_tags(&get(store, &id).await.tags), ["mlflow.runName=run-1"]);
    for key in ["t", "T", "%"] {
        let message = format!("No tag with name: {key} in run with id {id}");
        let result = store.delete_tag(&id, key).await;
        refused(result, ErrorCode::ResourceDoesNotExist, &message);
    }
}

pub async fn a_tag_without_a_key_is_never_there(store: &dyn Store) {
    let id = run(store, 1).await;
    let message = format!("No tag with name:  in run with id {id}");
    refused(store.delete_tag(&id, "").await, ErrorCode::ResourceDoesNotExist, &message);
}

pub async fn runs_do_not_share_tags(store: &dyn Store) {
    let (a, b) = (run(store, 1).await, run(store, 2).await);
    store.set_tag(&a, Tag::new("t", "1")).await.unwrap();
    store.set_tag(&b, Tag::new("t", "2")).await.unwrap();
    store.delete_tag(&a, "t").await.unwrap();
    assert_eq!(shown_tags(&get(store, &a).await.tags), ["mlflow.runName=run-1"]);
    assert_eq!(shown_tags(&get(store, &b).await.tags), ["mlflow.runName=run-2", "t=2"]);
}

pub async fn keys_tell_upper_from_lower_case(store: &dyn Store) {
    let id = run(store, 1).await;
    let tags = ["key", "Key", "KEY", "ž", "key "].map(|key| Tag::new(key, key));
    store.log_batch(&id, batch(&[], &[], &tags)).await.unwrap();
    let expected = ["KEY=KEY", "Key=Key", "key =key ", "key=key", "mlflow.runName=run-1", "ž=ž"];
    assert_eq!(shown_tags(&get(store, &id).await.tags), expected);
}

pub async fn the_last_tag_of_a_batch_wins(store: &dyn Store) {
    let id = run(store, 1).await;
    let tags = [Tag::new("t", "1"), Tag::new("t", "3"), Tag::new("t", "2")];
    store.log_batch(&id, batch(&[], &[], &tags)).await.unwrap();
    assert_eq!(shown_tags(&get(store, &id).await.tags), ["mlflow.runName=run-1", "t=2"]);
}
