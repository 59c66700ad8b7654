//! The life of runs.

use oxflow_model::{
    ArtifactLocation, ErrorCode, ExperimentId, LifecycleStage, LoggedModelInput, LoggedModelOutput,
    Millis, NewExperiment, NewRun, RUN_NAME_TAG, Result, Run, RunChange, RunId, RunInfo, RunStatus,
    Tag,
};

use super::{
    CountingIds, NOW, after, batch, get, model_entry, new_experiment, new_run, param, point,
    refused, refused_somehow, run, run_id, shown_params, shown_tags, tag_of,
};
use crate::Store;

fn rename(name: &str) -> RunChange {
    RunChange { name: Some(name.to_owned()), ..RunChange::default() }
}

pub async fn a_new_run_is_running_and_empty(store: &dyn Store) {
    let new = NewRun {
        tags: vec![Tag::new(RUN_NAME_TAG, "run-1"), Tag::new("team", "vision")],
        ..new_run(ExperimentId::DEFAULT, 1)
    };
    let root = store.find_experiment(ExperimentId::DEFAULT).await.unwrap().unwrap();
    let created = store.create_run(new).await.unwrap();
    let info = RunInfo {
        id: run_id(1),
        experiment_id: ExperimentId::DEFAULT,
        name: "run-1".to_owned(),
        user_id: "ada".to_owned(),
        status: RunStatus::Running,
        started_at: Some(NOW),
        ended_at: None,
        artifact_uri: format!("{}/{}/artifacts", root.artifact_location, run_id(1)),
        lifecycle_stage: LifecycleStage::Active,
    };
    assert_eq!(created.info, info);
    assert_eq!(shown_tags(&created.tags), ["mlflow.runName=run-1", "team=vision"]);
    let empty = Run { info, tags: created.tags.clone(), ..nothing_logged(&created) };
    assert_eq!(created, empty);
    assert_eq!(store.find_run_info(&run_id(1)).await.unwrap(), Some(created.info));
}

fn nothing_logged(run: &Run) -> Run {
    Run {
        info: run.info.clone(),
        metrics: Vec::new(),
        params: Vec::new(),
        tags: Vec::new(),
        dataset_inputs: Vec::new(),
        model_inputs: Vec::new(),
        model_outputs: Vec::new(),
    }
}

pub async fn what_creating_gives_is_what_reading_gives(store: &dyn Store) {
    let odd = NewRun {
        user_id: String::new(),
        started_at: Millis(0),
        name: "ž'\"\n🐎".repeat(30),
        tags: vec![],
        ..new_run(ExperimentId::DEFAULT, 2)
    };
    for new in [new_run(ExperimentId::DEFAULT, 1), odd] {
        let created = store.create_run(new).await.unwrap();
        assert_eq!(get(store, &created.info.id).await, created);
    }
}

pub async fn a_missing_run_is_none_not_an_error(store: &dyn Store) {
    run(store, 1).await;
    for id in [run_id(7).as_str(), "", "%", "None", "' OR 1=1 --", &"x".repeat(10_000)] {
        let id = RunId::new(id);
        assert_eq!(store.find_run(&id).await.unwrap(), None);
        assert_eq!(store.find_run_info(&id).await.unwrap(), None);
    }
}

/// Every call that writes to an active run, by name.
async fn every_write(store: &dyn Store, id: &RunId) -> Vec<(&'static str, Result<()>)> {
    let ids = CountingIds::default();
    let model = |id: &str| LoggedModelInput { model_id: id.to_owned() };
    let output = LoggedModelOutput { model_id: "m-1".to_owned(), step: 0 };
    let finished = RunChange { status: Some(RunStatus::Finished), ..RunChange::default() };
    vec![
        ("update_run", store.update_run(id, finished).await.map(drop)),
        ("log_param", store.log_param(id, param("q", "1")).await),
        ("set_tag", store.set_tag(id, Tag::new("u", "1")).await),
        ("delete_tag", store.delete_tag(id, "t").await),
        ("log_metric", store.log_metric(id, point("n", 1.0, 0, 0)).await),
        ("log_batch", store.log_batch(id, batch(&[point("n", 1.0, 0, 0)], &[], &[])).await),
        ("an empty log_batch", store.log_batch(id, batch(&[], &[], &[])).await),
        ("log_inputs", store.log_inputs(id, vec![], vec![model("m-1")], &ids).await),
        ("log_outputs", store.log_outputs(id, vec![output], &ids).await),
        ("append_model_history", store.append_model_history(id, model_entry(1)).await),
    ]
}

pub async fn no_call_works_on_a_missing_run(store: &dyn Store) {
    let id = run_id(7);
    let mut results = every_write(store, &id).await;
    results.push(("delete_run", store.delete_run(&id, NOW).await));
    results.push(("restore_run", store.restore_run(&id).await));
    for (call, result) in results {
        let Err(error) = result else { unreachable!("{call} should have been refused") };
        assert_eq!(error.code(), ErrorCode::ResourceDoesNotExist, "{call}");
        assert_eq!(error.message(), format!("Run with id={id} not found"), "{call}");
    }
}

pub async fn a_run_id_is_taken_only_once(store: &dyn Store) {
    let id = run(store, 1).await;
    let before = get(store, &id).await;
    let again = NewRun { user_id: "other".to_owned(), ..new_run(ExperimentId::DEFAULT, 1) };
    refused_somehow(store.create_run(again).await, ErrorCode::BadRequest);
    assert_eq!(get(store, &id).await, before);
}

pub async fn a_refused_run_leaves_nothing_behind(store: &dyn Store) {
    let missing = new_run(ExperimentId(4711), 1);
    let message = "No Experiment with id=4711 exists";
    refused(store.create_run(missing).await, ErrorCode::ResourceDoesNotExist, message);
    assert_eq!(store.find_run(&run_id(1)).await.unwrap(), None);
    let id = run(store, 1).await;
    assert_eq!(shown_tags(&get(store, &id).await.tags), ["mlflow.runName=run-1"]);
}

pub async fn runs_keep_their_artifacts_below_their_experiment(store: &dyn Store) {
    let id = run_id(1);
    for (n, (location, expected)) in [
        ("s3://bkt/x", format!("s3://bkt/x/{id}/artifacts")),
        ("s3://bkt/x/", format!("s3://bkt/x/{id}/artifacts")),
        ("s3://bkt/base?x=1", format!("s3://bkt/base/{id}/artifacts?x=1")),
        ("mlflow-artifacts:/3", format!("mlflow-artifacts:/3/{id}/artifacts")),
        ("/srv/a b", format!("/srv/a b/{id}/artifacts")),
    ]
    .into_iter()
    .enumerate()
    {
        let artifact_location = ArtifactLocation::Given(location.to_owned());
        let new = NewExperiment { artifact_location, ..new_experiment(&n.to_string()) };
        let experiment = store.create_experiment(new, NOW).await.unwrap();
        let created = store.create_run(new_run(experiment, n + 1)).await.unwrap();
        let expected = expected.replace(id.as_str(), run_id(n + 1).as_str());
        assert_eq!(created.info.artifact_uri, expected);
    }
}

pub async fn an_update_changes_only_what_it_names(store: &dyn Store) {
    let id = run(store, 1).await;
    let mut expected = get(store, &id).await.info;
    assert_eq!(store.update_run(&id, RunChange::default()).await.unwrap(), expected);
    let change = RunChange { status: Some(RunStatus::Failed), ..RunChange::default() };
    expected.status = RunStatus::Failed;
    assert_eq!(store.update_run(&id, change).await.unwrap(), expected);
    let change = RunChange { ended_at: Some(after(9)), ..RunChange::default() };
    expected.ended_at = Some(after(9));
    assert_eq!(store.update_run(&id, change).await.unwrap(), expected);
    expected.name = "new".to_owned();
    assert_eq!(store.update_run(&id, rename("new")).await.unwrap(), expected);
    assert_eq!(get(store, &id).await.info, expected);
}

pub async fn any_status_may_follow_any_other(store: &dyn Store) {
    let id = run(store, 1).await;
    for from in RunStatus::ALL {
        for to in RunStatus::ALL {
            for status in [from, to] {
                let change = RunChange { status: Some(status), ..RunChange::default() };
                assert_eq!(store.update_run(&id, change).await.unwrap().status, status);
            }
        }
    }
}

pub async fn an_end_time_of_zero_is_kept(store: &dyn Store) {
    let id = run(store, 1).await;
    for ended_at in [Millis(0), NOW, Millis(-1), Millis(i64::MAX)] {
        let change = RunChange { ended_at: Some(ended_at), ..RunChange::default() };
        store.update_run(&id, change).await.unwrap();
        assert_eq!(get(store, &id).await.info.ended_at, Some(ended_at));
    }
}

async fn name_and_tag(store: &dyn Store, id: &RunId) -> (String, Option<String>) {
    let run = get(store, id).await;
    let tag = tag_of(&run.tags, RUN_NAME_TAG).map(str::to_owned);
    (run.info.name, tag)
}

pub async fn the_name_and_its_tag_are_one(store: &dyn Store) {
    let id = run(store, 1).await;
    let both = |name: &str| (name.to_owned(), Some(name.to_owned()));
    assert_eq!(name_and_tag(store, &id).await, both("run-1"));
    store.update_run(&id, rename("by update")).await.unwrap();
    assert_eq!(name_and_tag(store, &id).await, both("by update"));
    store.set_tag(&id, Tag::new(RUN_NAME_TAG, "by tag")).await.unwrap();
    assert_eq!(name_and_tag(store, &id).await, both("by tag"));
    let tags = [Tag::new("a", "1"), Tag::new(RUN_NAME_TAG, "by batch")];
    store.log_batch(&id, batch(&[], &[], &tags)).await.unwrap();
    assert_eq!(name_and_tag(store, &id).await, both("by batch"));
}

pub async fn an_empty_name_changes_nothing(store: &dyn Store) {
    let id = run(store, 1).await;
    store.update_run(&id, rename("")).await.unwrap();
    store.set_tag(&id, Tag::new(RUN_NAME_TAG, "")).await.unwrap();
    let tags = [Tag::new(RUN_NAME_TAG, ""), Tag::new("a", "")];
    store.log_batch(&id, batch(&[], &[], &tags)).await.unwrap();
    let run = get(store, &id).await;
    assert_eq!(run.info.name, "run-1");
    assert_eq!(shown_tags(&run.tags), ["a=", "mlflow.runName=run-1"]);
}

pub async fn without_its_tag_a_run_keeps_its_name(store: &dyn Store) {
    let id = run(store, 1).await;
    store.delete_tag(&id, RUN_NAME_TAG).await.unwrap();
    assert_eq!(name_and_tag(store, &id).await, ("run-1".to_owned(), None));
    store.update_run(&id, rename("back")).await.unwrap();
    assert_eq!(name_and_tag(store, &id).await, ("back".to_owned(), Some("back".to_owned())));
}

pub async fn deleting_and_restoring_a_run_may_be_repeated(store: &dyn Store) {
    let (id, other) = (run(store, 1).await, run(store, 2).await);
    let before = get(store, &id).await;
    store.restore_run(&id).await.unwrap();
    assert_eq!(get(store, &id).await, before);
    for ms in [1, 2] {
        store.delete_run(&id, after(ms)).await.unwrap();
        let info = store.find_run_info(&id).await.unwrap().unwrap();
        assert_eq!(info.lifecycle_stage, LifecycleStage::Deleted);
    }
    assert_eq!(get(store, &other).await.info.lifecycle_stage, LifecycleStage::Active);
    for _ in 0..2 {
        store.restore_run(&id).await.unwrap();
        assert_eq!(get(store, &id).await, before);
    }
}

pub async fn a_deleted_run_can_be_read_but_not_written(store: &dyn Store) {
    let id = run(store, 1).await;
    let logged = batch(&[point("m", 1.0, 0, 0)], &[param("p", "1")], &[Tag::new("t", "1")]);
    store.log_batch(&id, logged).await.unwrap();
    store.delete_run(&id, NOW).await.unwrap();
    let before = get(store, &id).await;
    assert_eq!(shown_params(&before.params), ["p=1"]);
    let message = format!("The run {id} must be in the 'active' state. Current state is deleted.");
    for (call, result) in every_write(store, &id).await {
        let Err(error) = result else { unreachable!("{call} should have been refused") };
        assert_eq!(error.code(), ErrorCode::InvalidParameterValue, "{call}");
        assert_eq!(error.message(), message, "{call}");
    }
    assert_eq!(get(store, &id).await, before);
    store.restore_run(&id).await.unwrap();
    for (call, result) in every_write(store, &id).await {
        assert_eq!(result, Ok(()), "{call}");
    }
}

const HISTORY: &str = "mlflow.log-model.history";

pub async fn the_model_history_grows_by_one_object_at_a_time(store: &dyn Store) {
    let id = run(store, 1).await;
    let [first, second] = [1, 2].map(model_entry);
    store.append_model_history(&id, first.clone()).await.unwrap();
    assert_eq!(tag_of(&get(store, &id).await.tags, HISTORY), Some(&*format!("[{first}]")));
    store.append_model_history(&id, second.clone()).await.unwrap();
    let tags = get(store, &id).await.tags;
    assert_eq!(tag_of(&tags, HISTORY), Some(&*format!("[{first}, {second}]")));
    assert_eq!(tags.len(), 2);
}

pub async fn a_model_history_that_is_not_json_is_refused(store: &dyn Store) {
    let id = run(store, 1).await;
    for odd in ["nonsense", "{}", "7"] {
        store.set_tag(&id, Tag::new(HISTORY, odd)).await.unwrap();
        let result = store.append_model_history(&id, model_entry(1)).await;
        refused_somehow(result, ErrorCode::InvalidParameterValue);
        assert_eq!(tag_of(&get(store, &id).await.tags, HISTORY), Some(odd));
    }
}
