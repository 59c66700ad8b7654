//! Params, and batches, which params make or break.

use oxflow_model::{ErrorCode, Param, Run, RunId, Tag, limits};

use super::{
    after, batch, get, param, point, refused, run, shown_params, shown_points, shown_tags,
};
use crate::Store;

/// All that a run logged, in short and in a fixed order.
fn logged(run: &Run) -> (Vec<String>, Vec<String>, Vec<String>) {
    let points = super::sorted(shown_points(&run.metrics));
    (points, shown_params(&run.params), shown_tags(&run.tags))
}

pub async fn a_param_is_written_once(store: &dyn Store) {
    let id = run(store, 1).await;
    for value in ["0.1", "0.1"] {
        store.log_param(&id, param("lr", value)).await.unwrap();
    }
    store.log_batch(&id, batch(&[], &[param("lr", "0.1"), param("n", "")], &[])).await.unwrap();
    assert_eq!(shown_params(&get(store, &id).await.params), ["lr=0.1", "n="]);
}

pub async fn another_value_is_refused_with_both_values(store: &dyn Store) {
    let id = run(store, 1).await;
    store.log_param(&id, param("lr", "0.1")).await.unwrap();
    let message = format!(
        "Changing param values is not allowed. Param with key='lr' was already logged with \
         value='0.1' for run ID='{id}'. Attempted logging new value '0.2'."
    );
    let result = store.log_param(&id, param("lr", "0.2")).await;
    refused(result, ErrorCode::InvalidParameterValue, &message);
    assert_eq!(shown_params(&get(store, &id).await.params), ["lr=0.1"]);
}

pub async fn a_batch_names_every_param_that_would_change(store: &dyn Store) {
    let id = run(store, 1).await;
    let first = [param("p", "1"), param("it", "a'b"), param("same", "x")];
    store.log_batch(&id, batch(&[], &first, &[])).await.unwrap();
    let second = [param("new", "y"), param("p", "2"), param("same", "x"), param("it", "\n")];
    let message = format!(
        "Changing param values is not allowed. Params were already logged='[{{'key': 'p', \
         'old_value': '1', 'new_value': '2'}}, {{'key': 'it', 'old_value': \"a'b\", \
         'new_value': '\\n'}}]' for run ID='{id}'."
    );
    let result = store.log_batch(&id, batch(&[], &second, &[])).await;
    refused(result, ErrorCode::InvalidParameterValue, &message);
    assert_eq!(shown_params(&get(store, &id).await.params), ["it=a'b", "p=1", "same=x"]);
}

pub async fn a_batch_is_written_as_a_whole(store: &dyn Store) {
    let id = run(store, 1).await;
    let all = batch(
        &[point("loss", 0.5, 1, 0), point("loss", 0.25, 2, 1), point("acc", 0.9, 2, 1)],
        &[param("lr", "0.1"), param("n", "3")],
        &[Tag::new("team", "vision")],
    );
    store.log_batch(&id, all).await.unwrap();
    let (points, params, tags) = logged(&get(store, &id).await);
    assert_eq!(points, ["acc=0.9@2/1", "loss=0.25@2/1"]);
    assert_eq!(params, ["lr=0.1", "n=3"]);
    assert_eq!(tags, ["mlflow.runName=run-1", "team=vision"]);
}

async fn history_length(store: &dyn Store, id: &RunId, key: &str) -> usize {
    let points = store.metric_history_bulk(vec![id.clone()], key, 10_000).await.unwrap();
    points.len()
}

pub async fn a_refused_batch_changes_nothing(store: &dyn Store) {
    let id = run(store, 1).await;
    let first = batch(&[point("loss", 1.0, 0, 0)], &[param("lr", "0.1")], &[Tag::new("t", "1")]);
    store.log_batch(&id, first).await.unwrap();
    let before = logged(&get(store, &id).await);
    let metrics = [point("loss", 2.0, 5, 5), point("new", 1.0, 0, 0)];
    let tags = [Tag::new("t", "2"), Tag::new("mlflow.runName", "other"), Tag::new("new", "1")];
    let conflict = batch(&metrics, &[param("new", "1"), param("lr", "0.2")], &tags);
    super::refused_somehow(store.log_batch(&id, conflict).await, ErrorCode::InvalidParameterValue);
    let mut with_model = metrics.to_vec();
    with_model[1].model_id = Some("m-missing".to_owned());
    let missing = batch(&with_model, &[param("new", "1")], &tags);
    super::refused_somehow(store.log_batch(&id, missing).await, ErrorCode::ResourceDoesNotExist);
    let run = get(store, &id).await;
    assert_eq!(logged(&run), before);
    assert_eq!(run.info.name, "run-1");
    assert_eq!(history_length(store, &id, "loss").await, 1);
    assert_eq!(history_length(store, &id, "new").await, 0);
}

pub async fn an_empty_batch_changes_nothing(store: &dyn Store) {
    let id = run(store, 1).await;
    let before = get(store, &id).await;
    store.log_batch(&id, batch(&[], &[], &[])).await.unwrap();
    assert_eq!(get(store, &id).await, before);
}

pub async fn a_batch_as_large_as_allowed_is_written(store: &dyn Store) {
    let id = run(store, 1).await;
    let metrics: Vec<_> = (0..limits::METRICS_PER_BATCH as i64 - 200)
        .map(|n| point(&format!("m{}", n % 7), n as f64, n, n))
        .collect();
    let params: Vec<_> = (0..limits::PARAMS_PER_BATCH)
        .map(|n| param(&format!("p{n}"), &"ž".repeat(limits::PARAM_VALUE)))
        .collect();
    let tags: Vec<_> = (0..limits::TAGS_PER_BATCH)
        .map(|n| Tag::new(format!("t{n}"), "x".repeat(limits::TAG_VALUE)))
        .collect();
    store.log_batch(&id, batch(&metrics, &params, &tags)).await.unwrap();
    let run = get(store, &id).await;
    assert_eq!((run.metrics.len(), run.params.len(), run.tags.len()), (7, 100, 101));
    assert_eq!(run.params.iter().max_by_key(|p| p.value.len()).unwrap().value.len(), 12_000);
    let latest = run.metrics.iter().map(|metric| metric.timestamp).max();
    assert_eq!(latest, Some(after(799)));
}

pub async fn runs_do_not_share_params(store: &dyn Store) {
    let (a, b) = (run(store, 1).await, run(store, 2).await);
    store.log_param(&a, param("lr", "1")).await.unwrap();
    store.log_param(&b, param("lr", "2")).await.unwrap();
    assert_eq!(get(store, &a).await.params, [param("lr", "1")]);
    assert_eq!(get(store, &b).await.params, [param("lr", "2")]);
}

pub async fn values_are_compared_to_the_last_character(store: &dyn Store) {
    let id = run(store, 1).await;
    let values = ["a", "A", "a ", " a", "", "0", "0.0", "ž", "z\u{30c}"];
    for (n, old) in values.iter().enumerate() {
        let logged = Param { key: format!("p{n}"), value: (*old).to_owned() };
        store.log_param(&id, logged.clone()).await.unwrap();
        for new in values {
            let result = store.log_param(&id, param(&logged.key, new)).await;
            assert_eq!(result.is_ok(), *old == new, "{old:?} then {new:?}");
        }
    }
}
