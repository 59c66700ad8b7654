//! Scorers and their versions.

use oxflow_model::{ErrorCode, ExperimentId, NewScorerVersion, Result, ScorerVersion};

use super::{NOW, after, experiment, refused};
use crate::Store;

const HERE: ExperimentId = ExperimentId::DEFAULT;

fn new_scorer(experiment_id: ExperimentId, name: &str, serialized: &str) -> NewScorerVersion {
    let (name, serialized) = (name.to_owned(), serialized.to_owned());
    NewScorerVersion { id: format!("id-{experiment_id}-{name}"), experiment_id, name, serialized }
}

pub(super) async fn register(store: &dyn Store, name: &str, serialized: &str) -> ScorerVersion {
    store.register_scorer(new_scorer(HERE, name, serialized), NOW).await.unwrap()
}

/// As `experiment/name/version:content`.
fn shown(versions: &[ScorerVersion]) -> Vec<String> {
    let shown = |scorer: &ScorerVersion| {
        let ScorerVersion { experiment_id, name, version, serialized, .. } = scorer;
        format!("{experiment_id}/{name}/{version}:{serialized}")
    };
    versions.iter().map(shown).collect()
}

#[track_caller]
fn missing<T>(result: Result<T>, message: &str) {
    refused(result, ErrorCode::ResourceDoesNotExist, message);
}

pub async fn versions_of_scorers_are_counted_by_name(store: &dyn Store) {
    let first = register(store, "a", r#"{"x":1}"#).await;
    let expected = ScorerVersion {
        experiment_id: HERE,
        id: "id-0-a".to_owned(),
        name: "a".to_owned(),
        version: 1,
        serialized: r#"{"x":1}"#.to_owned(),
        created_at: NOW,
    };
    assert_eq!(first, expected);
    let again = NewScorerVersion { id: "other".to_owned(), ..new_scorer(HERE, "a", "{}") };
    let again = store.register_scorer(again, after(1)).await.unwrap();
    assert_eq!((again.id.as_str(), again.version, again.created_at), ("id-0-a", 2, after(1)));
    assert_eq!(register(store, "A", "{}").await.version, 1);
    assert_eq!(store.get_scorer(HERE, "a", Some(1)).await.unwrap(), expected);
    assert_eq!(store.get_scorer(HERE, "a", None).await.unwrap(), again);
    // Lists spell the content as Python does.
    let versions = store.scorer_versions(HERE, "a").await.unwrap();
    assert_eq!(shown(&versions), [r#"0/a/1:{"x": 1}"#, "0/a/2:{}"]);
}

pub async fn lists_show_the_latest_scorers_of_active_experiments(store: &dyn Store) {
    let (iris, gone) = (experiment(store, "iris").await, experiment(store, "gone").await);
    for (experiment, name) in [(iris, "b"), (HERE, "b"), (HERE, "a"), (HERE, "a"), (gone, "a")] {
        store.register_scorer(new_scorer(experiment, name, "{}"), NOW).await.unwrap();
    }
    store.delete_experiment(gone, NOW).await.unwrap();
    let all = ["0/a/2:{}".to_owned(), "0/b/1:{}".to_owned(), format!("{iris}/b/1:{{}}")];
    assert_eq!(shown(&store.list_scorers(None).await.unwrap()), all);
    let some = store.list_scorers(Some(vec![iris, gone, ExperimentId(77)])).await.unwrap();
    assert_eq!(shown(&some), all[2..]);
    assert_eq!(shown(&store.scorers_of_experiment(HERE).await.unwrap()), all[..2]);
}

pub async fn scorers_live_in_active_experiments(store: &dyn Store) {
    let gone = experiment(store, "gone").await;
    store.register_scorer(new_scorer(gone, "a", "{}"), NOW).await.unwrap();
    store.delete_experiment(gone, NOW).await.unwrap();
    let code = ErrorCode::InvalidParameterValue;
    let message =
        format!("The experiment {gone} must be in the 'active' state. Current state is deleted.");
    refused(store.register_scorer(new_scorer(gone, "a", "{}"), NOW).await, code, &message);
    refused(store.scorers_of_experiment(gone).await, code, &message);
    refused(store.scorer_versions(gone, "a").await, code, &message);
    refused(store.get_scorer(gone, "a", None).await, code, &message);
    refused(store.delete_scorer(gone, "a", None).await, code, &message);
    let nowhere = ExperimentId(77);
    let message = "No Experiment with id=77 exists";
    missing(store.register_scorer(new_scorer(nowhere, "a", "{}"), NOW).await, message);
    missing(store.scorers_of_experiment(nowhere).await, message);
}

pub async fn a_missing_scorer_is_not_found(store: &dyn Store) {
    let message = "Scorer with name 'x' not found for experiment 0.";
    for version in [None, Some(1)] {
        missing(store.get_scorer(HERE, "x", version).await, message);
        missing(store.delete_scorer(HERE, "x", version).await, message);
    }
    missing(store.scorer_versions(HERE, "x").await, message);
    register(store, "x", "{}").await;
    let message = "Scorer with name 'x' and version 9 not found for experiment 0.";
    missing(store.get_scorer(HERE, "x", Some(9)).await, message);
    missing(store.delete_scorer(HERE, "x", Some(9)).await, message);
}

pub async fn scorers_are_deleted_by_version_or_as_a_whole(store: &dyn Store) {
    for _ in 0..3 {
        register(store, "a", "{}").await;
    }
    store.delete_scorer(HERE, "a", Some(3)).await.unwrap();
    assert_eq!(register(store, "a", "{}").await.version, 3);
    for version in 1..=3 {
        store.delete_scorer(HERE, "a", Some(version)).await.unwrap();
    }
    let message = "Scorer with name 'a' not found for experiment 0.";
    missing(store.get_scorer(HERE, "a", None).await, message);
    // Without versions, the scorer still has its id.
    let again = NewScorerVersion { id: "other".to_owned(), ..new_scorer(HERE, "a", "{}") };
    let again = store.register_scorer(again, NOW).await.unwrap();
    assert_eq!((again.id.as_str(), again.version), ("id-0-a", 1));
    store.delete_scorer(HERE, "a", None).await.unwrap();
    assert!(store.list_scorers(None).await.unwrap().is_empty());
}

pub async fn a_scorer_of_an_unknown_endpoint_is_refused(store: &dyn Store) {
    let scorer = r#"{"builtin_scorer_pydantic_data": {"model": "gateway:/nope"}}"#;
    let result = store.register_scorer(new_scorer(HERE, "a", scorer), NOW).await;
    missing(result, "GatewayEndpoint not found (name='nope')");
    assert!(store.list_scorers(None).await.unwrap().is_empty());
}

pub async fn an_unknown_scorer_has_no_online_scoring(store: &dyn Store) {
    let id = register(store, "a", "{}").await.id;
    for ids in [vec![], vec![id, "x".to_owned()]] {
        assert!(store.online_scoring_configs(ids).await.unwrap().is_empty());
    }
}
