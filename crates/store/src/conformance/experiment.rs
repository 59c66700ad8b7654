//! Experiments and their tags.

use oxflow_model::{
    ArtifactLocation, ErrorCode, Experiment, ExperimentId, LifecycleStage, NewExperiment,
    NewLoggedModel, RunChange, RunStatus, Tag, limits,
};

use super::{
    CountingIds, NOW, after, experiment, get, kept_or_refused, new_experiment, new_run, refused,
    refused_somehow, run, run_id, run_in, shown_tags,
};
use crate::{ExperimentActivity, Store};

async fn find(store: &dyn Store, id: ExperimentId) -> Experiment {
    store.find_experiment(id).await.unwrap().unwrap()
}

async fn is_deleted(store: &dyn Store, id: ExperimentId) -> bool {
    find(store, id).await.lifecycle_stage == LifecycleStage::Deleted
}

const MISSING: ExperimentId = ExperimentId(4711);
const NO_SUCH: &str = "No Experiment with id=4711 exists";

pub async fn a_new_store_holds_the_default_experiment(store: &dyn Store) {
    let default = find(store, ExperimentId::DEFAULT).await;
    assert_eq!(default.name, "Default");
    assert_eq!(default.lifecycle_stage, LifecycleStage::Active);
    assert_eq!(default.workspace, "default");
    assert!(default.artifact_location.ends_with("/0"), "{}", default.artifact_location);
    assert!(default.created_at.is_some() && default.created_at == default.updated_at);
    assert_eq!(experiment(store, "first").await, ExperimentId(1));
}

pub async fn an_experiment_is_found_by_number_and_by_name(store: &dyn Store) {
    let new = NewExperiment {
        name: "iris".to_owned(),
        artifact_location: ArtifactLocation::Given("s3://bucket/iris".to_owned()),
        tags: vec![Tag::new("team", "vision"), Tag::new("empty", "")],
    };
    let id = store.create_experiment(new, after(5)).await.unwrap();
    let mut found = find(store, id).await;
    found.tags.sort_by(|a, b| b.key.cmp(&a.key));
    let expected = Experiment {
        id,
        name: "iris".to_owned(),
        artifact_location: "s3://bucket/iris".to_owned(),
        lifecycle_stage: LifecycleStage::Active,
        created_at: Some(after(5)),
        updated_at: Some(after(5)),
        tags: vec![Tag::new("team", "vision"), Tag::new("empty", "")],
        workspace: "default".to_owned(),
    };
    assert_eq!(found, expected);
    let mut by_name = store.find_experiment_by_name("iris").await.unwrap().unwrap();
    by_name.tags.sort_by(|a, b| b.key.cmp(&a.key));
    assert_eq!(by_name, expected);
}

pub async fn a_missing_experiment_is_none_not_an_error(store: &dyn Store) {
    for id in [MISSING.0, -1, i64::MAX, i64::MIN] {
        assert_eq!(store.find_experiment(ExperimentId(id)).await.unwrap(), None);
    }
    for name in ["nope", "", "default", "Default ", "%", "Defaul_"] {
        assert_eq!(store.find_experiment_by_name(name).await.unwrap(), None, "{name}");
    }
}

pub async fn names_tell_upper_from_lower_case(store: &dyn Store) {
    let lower = experiment(store, "iris").await;
    let upper = experiment(store, "Iris").await;
    assert_ne!(lower, upper);
    let found = store.find_experiment_by_name("Iris").await.unwrap().unwrap();
    assert_eq!(found.id, upper);
}

pub async fn artifact_locations_are_given_or_below_the_root(store: &dyn Store) {
    for (n, (location, expected)) in [
        (ArtifactLocation::Given("s3://b/x/".to_owned()), "s3://b/x/".to_owned()),
        (ArtifactLocation::Under("mlflow-artifacts:/".to_owned()), "mlflow-artifacts:/2".into()),
        (ArtifactLocation::Under("/srv/root".to_owned()), "/srv/root/3".to_owned()),
        (ArtifactLocation::Under("/srv/root/".to_owned()), "/srv/root/4".to_owned()),
        (ArtifactLocation::Given("x".repeat(2048)), "x".repeat(2048)),
    ]
    .into_iter()
    .enumerate()
    {
        let new = NewExperiment { artifact_location: location, ..new_experiment(&n.to_string()) };
        let result = store.create_experiment(new, NOW).await;
        let id = if expected.len() > 256 {
            let Some(id) = kept_or_refused(result) else { continue };
            id
        } else {
            result.unwrap()
        };
        assert_eq!(find(store, id).await.artifact_location, expected);
    }
}

#[track_caller]
fn taken(result: oxflow_model::Result<ExperimentId>, name: &str) {
    let Err(error) = result else { unreachable!("{name} should have been taken") };
    assert_eq!(error.code(), ErrorCode::ResourceAlreadyExists, "{error}");
    let start = format!("Experiment(name={name}) already exists.");
    assert!(error.message().starts_with(&start), "{error}");
}

pub async fn a_name_is_taken_only_once(store: &dyn Store) {
    experiment(store, "iris").await;
    taken(store.create_experiment(new_experiment("iris"), NOW).await, "iris");
    taken(store.create_experiment(new_experiment("Default"), NOW).await, "Default");
}

pub async fn a_deleted_experiment_keeps_its_name(store: &dyn Store) {
    let id = experiment(store, "iris").await;
    store.delete_experiment(id, after(1)).await.unwrap();
    taken(store.create_experiment(new_experiment("iris"), NOW).await, "iris");
    let found = store.find_experiment_by_name("iris").await.unwrap().unwrap();
    assert_eq!((found.id, found.lifecycle_stage), (id, LifecycleStage::Deleted));
}

pub async fn a_refused_experiment_leaves_nothing_behind(store: &dyn Store) {
    let id = experiment(store, "iris").await;
    let before = find(store, id).await;
    let again = NewExperiment { tags: vec![Tag::new("a", "b")], ..new_experiment("iris") };
    taken(store.create_experiment(again, after(9)).await, "iris");
    assert_eq!(find(store, id).await, before);
    let next = experiment(store, "next").await;
    assert_eq!(shown_tags(&find(store, next).await.tags), [""; 0]);
}

pub async fn a_rename_frees_the_old_name(store: &dyn Store) {
    let id = experiment(store, "old").await;
    store.rename_experiment(id, "new", after(7)).await.unwrap();
    let found = find(store, id).await;
    assert_eq!(found.name, "new");
    assert_eq!((found.created_at, found.updated_at), (Some(NOW), Some(after(7))));
    assert_eq!(store.find_experiment_by_name("old").await.unwrap(), None);
    experiment(store, "old").await;
    // Its own name is not taken by somebody else.
    store.rename_experiment(id, "new", after(8)).await.unwrap();
}

pub async fn a_rename_to_a_taken_name_is_refused(store: &dyn Store) {
    let (a, b) = (experiment(store, "a").await, experiment(store, "b").await);
    store.delete_experiment(b, NOW).await.unwrap();
    for name in ["b", "Default"] {
        let result = store.rename_experiment(a, name, after(1)).await;
        refused_somehow(result, ErrorCode::BadRequest);
    }
    let found = find(store, a).await;
    assert_eq!((found.name.as_str(), found.updated_at), ("a", Some(NOW)));
}

pub async fn only_active_experiments_are_renamed(store: &dyn Store) {
    let id = experiment(store, "iris").await;
    store.delete_experiment(id, after(1)).await.unwrap();
    let message = "Cannot rename a non-active experiment.";
    let result = store.rename_experiment(id, "x", after(2)).await;
    refused(result, ErrorCode::InvalidState, message);
    assert_eq!(find(store, id).await.name, "iris");
    let result = store.rename_experiment(MISSING, "x", NOW).await;
    refused(result, ErrorCode::ResourceDoesNotExist, NO_SUCH);
}

pub async fn deleting_an_experiment_deletes_its_runs_and_no_others(store: &dyn Store) {
    let id = experiment(store, "iris").await;
    let (own, foreign) = (run_in(store, id, 1).await, run(store, 2).await);
    store.delete_experiment(id, after(3)).await.unwrap();
    let found = find(store, id).await;
    assert_eq!(found.lifecycle_stage, LifecycleStage::Deleted);
    assert_eq!((found.created_at, found.updated_at), (Some(NOW), Some(after(3))));
    let stage = async |id| get(store, id).await.info.lifecycle_stage;
    assert_eq!(stage(&own).await, LifecycleStage::Deleted);
    assert_eq!(stage(&foreign).await, LifecycleStage::Active);
    assert!(!is_deleted(store, ExperimentId::DEFAULT).await);
}

pub async fn restoring_an_experiment_restores_all_its_runs(store: &dyn Store) {
    let id = experiment(store, "iris").await;
    let (a, b) = (run_in(store, id, 1).await, run_in(store, id, 2).await);
    store.delete_run(&a, after(1)).await.unwrap();
    store.delete_experiment(id, after(2)).await.unwrap();
    store.restore_experiment(id, after(3)).await.unwrap();
    let found = find(store, id).await;
    assert_eq!(found.lifecycle_stage, LifecycleStage::Active);
    assert_eq!(found.updated_at, Some(after(3)));
    // The one that was in the bin before comes back as well, as in MLflow.
    for run in [a, b] {
        let stage = get(store, &run).await.info.lifecycle_stage;
        assert_eq!(stage, LifecycleStage::Active);
    }
}

pub async fn only_active_experiments_are_deleted_and_only_deleted_ones_restored(store: &dyn Store) {
    let id = experiment(store, "iris").await;
    let no_such = format!("No Experiment with id={id} exists");
    let result = store.restore_experiment(id, after(1)).await;
    refused(result, ErrorCode::ResourceDoesNotExist, &no_such);
    store.delete_experiment(id, after(2)).await.unwrap();
    let result = store.delete_experiment(id, after(3)).await;
    refused(result, ErrorCode::ResourceDoesNotExist, &no_such);
    assert_eq!(find(store, id).await.updated_at, Some(after(2)));
    for result in
        [store.delete_experiment(MISSING, NOW).await, store.restore_experiment(MISSING, NOW).await]
    {
        refused(result, ErrorCode::ResourceDoesNotExist, NO_SUCH);
    }
}

pub async fn nothing_begins_in_a_deleted_experiment(store: &dyn Store) {
    let id = experiment(store, "iris").await;
    store.delete_experiment(id, NOW).await.unwrap();
    let message =
        format!("The experiment {id} must be in the 'active' state. Current state is deleted.");
    let invalid = ErrorCode::InvalidParameterValue;
    refused(store.create_run(new_run(id, 1)).await, invalid, &message);
    refused(store.create_logged_model(new_model(id), NOW).await, invalid, &message);
    let missing = ErrorCode::ResourceDoesNotExist;
    refused(store.create_run(new_run(MISSING, 1)).await, missing, NO_SUCH);
    refused(store.create_logged_model(new_model(MISSING), NOW).await, missing, NO_SUCH);
    assert_eq!(store.find_run(&super::run_id(1)).await.unwrap(), None);
}

fn new_model(experiment_id: ExperimentId) -> NewLoggedModel {
    use oxflow_model::IdSource as _;
    NewLoggedModel {
        id: CountingIds::default().model_id(),
        experiment_id,
        name: "m".to_owned(),
        model_type: None,
        source_run_id: None,
        params: Vec::new(),
        tags: Vec::new(),
    }
}

pub async fn tags_of_experiments_are_set_replaced_and_removed(store: &dyn Store) {
    let id = experiment(store, "iris").await;
    for (key, value) in [("a", "1"), ("b", ""), ("a", "2"), ("A", "3")] {
        store.set_experiment_tag(id, Tag::new(key, value)).await.unwrap();
    }
    assert_eq!(shown_tags(&find(store, id).await.tags), ["A=3", "a=2", "b="]);
    store.delete_experiment_tag(id, "a").await.unwrap();
    let found = find(store, id).await;
    assert_eq!(shown_tags(&found.tags), ["A=3", "b="]);
    assert_eq!(found.updated_at, Some(NOW), "tags do not count as changes");
    let message = format!("No tag with name: a in experiment with id {id}");
    let result = store.delete_experiment_tag(id, "a").await;
    refused(result, ErrorCode::ResourceDoesNotExist, &message);
    let default = find(store, ExperimentId::DEFAULT).await;
    assert_eq!(shown_tags(&default.tags), [""; 0]);
}

pub async fn tags_of_deleted_experiments_are_fixed(store: &dyn Store) {
    let id = experiment(store, "iris").await;
    store.set_experiment_tag(id, Tag::new("a", "1")).await.unwrap();
    store.delete_experiment(id, NOW).await.unwrap();
    let message =
        format!("The experiment {id} must be in the 'active' state. Current state is deleted.");
    for result in [
        store.set_experiment_tag(id, Tag::new("a", "2")).await,
        store.delete_experiment_tag(id, "a").await,
    ] {
        refused(result, ErrorCode::InvalidParameterValue, &message);
    }
    assert_eq!(shown_tags(&find(store, id).await.tags), ["a=1"]);
    for result in [
        store.set_experiment_tag(MISSING, Tag::new("a", "2")).await,
        store.delete_experiment_tag(MISSING, "a").await,
    ] {
        refused(result, ErrorCode::ResourceDoesNotExist, NO_SUCH);
    }
}

pub async fn an_experiment_has_at_most_fifty_custom_views(store: &dyn Store) {
    let id = experiment(store, "iris").await;
    let view =
        |n: usize, value: &str| Tag::new(format!("{}.{n}", limits::CUSTOM_VIEW_TAG_PREFIX), value);
    for n in 0..limits::CUSTOM_VIEWS_PER_EXPERIMENT {
        store.set_experiment_tag(id, view(n, "first")).await.unwrap();
    }
    let Err(error) = store.set_experiment_tag(id, view(50, "x")).await else {
        unreachable!("the fifty-first view should have been refused")
    };
    assert_eq!(error.code(), ErrorCode::InvalidParameterValue);
    assert!(error.message().starts_with("Unable to create another custom view"), "{error}");
    // Other tags, a change of a view, and other experiments are not concerned.
    store.set_experiment_tag(id, Tag::new("team", "vision")).await.unwrap();
    store.set_experiment_tag(id, view(7, "second")).await.unwrap();
    store.set_experiment_tag(ExperimentId::DEFAULT, view(50, "x")).await.unwrap();
    assert_eq!(find(store, id).await.tags.len(), 51);
    store.delete_experiment_tag(id, &view(7, "").key).await.unwrap();
    store.set_experiment_tag(id, view(50, "x")).await.unwrap();
}

pub async fn odd_texts_survive(store: &dyn Store) {
    let texts = [
        "O'Brien \"quoted\" \\ `ticks`".to_owned(),
        "line\nbreak\ttab\r".to_owned(),
        "žluťoučký 🐎 \u{202e}".to_owned(),
        "'; DROP TABLE runs; --".to_owned(),
        "100% _under_ ?1 :name $x".to_owned(),
        "ž".repeat(256),
    ];
    for text in texts {
        let id = experiment(store, &text).await;
        let long = text.repeat(3);
        store.set_experiment_tag(id, Tag::new("k", &long)).await.unwrap();
        let found = store.find_experiment_by_name(&text).await.unwrap().unwrap();
        assert_eq!((found.id, &found.name), (id, &text));
        assert_eq!(found.tags, [Tag::new("k", long)]);
    }
    let long = "ž".repeat(limits::EXPERIMENT_NAME);
    if kept_or_refused(store.create_experiment(new_experiment(&long), NOW).await).is_some() {
        assert!(store.find_experiment_by_name(&long).await.unwrap().is_some());
    }
    let long = "ž".repeat(limits::EXPERIMENT_TAG_VALUE);
    store.set_experiment_tag(ExperimentId::DEFAULT, Tag::new("k", &long)).await.unwrap();
    let default = find(store, ExperimentId::DEFAULT).await;
    assert_eq!(default.tags, [Tag::new("k", long)]);
}

pub async fn the_activity_of_experiments_counts_active_runs(store: &dyn Store) {
    let (busy, quiet) = (experiment(store, "busy").await, experiment(store, "quiet").await);
    experiment(store, "empty").await;
    for n in 1..=3 {
        run_in(store, busy, n).await;
    }
    let done = run_in(store, quiet, 4).await;
    let ended = RunChange {
        status: Some(RunStatus::Finished),
        ended_at: Some(after(5000)),
        ..RunChange::default()
    };
    store.update_run(&done, ended).await.unwrap();
    store.delete_run(&run_id(3), NOW).await.unwrap();
    let mut found = store.experiment_activity().await.unwrap();
    found.sort_by_key(|activity| activity.id);
    let expected =
        [(busy, 2, 2, NOW), (quiet, 1, 0, after(5000))].map(|(id, runs, running, last)| {
            ExperimentActivity { id, runs, running, last: Some(last) }
        });
    assert_eq!(found, expected);
}
