//! The bin, and what leaves it for good.

use oxflow_model::{
    DatasetInput, ErrorCode, ExperimentId, LogBatch, Metric, ModelId, NewLoggedModel, RunId, Tag,
};

use super::{
    CountingIds, NOW, after, experiment, param, point, refused_somehow, run, run_id, run_in,
};
use crate::{Binned, ModelsInBin, RunsInBin, Store};

async fn binned(store: &dyn Store, wanted: RunsInBin) -> Vec<String> {
    let found = store.runs_in_bin(wanted, None, 100).await.unwrap();
    found.into_iter().map(|run| run.id).collect()
}

async fn model(store: &dyn Store, name: &str, experiment_id: ExperimentId) -> ModelId {
    let new = NewLoggedModel {
        id: ModelId::new(format!("m-{name}")),
        experiment_id,
        name: name.to_owned(),
        model_type: None,
        source_run_id: None,
        params: vec![param("p", "1")],
        tags: vec![Tag::new("t", "1")],
    };
    store.create_logged_model(new, NOW).await.unwrap().id
}

fn points(count: i64) -> LogBatch {
    let metrics = (0..count).map(|step| point("loss", 0.5, 0, step)).collect();
    LogBatch { metrics, params: vec![param("p", "1")], tags: vec![Tag::new("t", "1")] }
}

pub async fn the_bin_holds_what_was_deleted(store: &dyn Store) {
    let other = experiment(store, "other").await;
    for number in 1..=3 {
        run(store, number).await;
    }
    let elsewhere = run_in(store, other, 4).await;
    store.delete_run(&run_id(1), after(10)).await.unwrap();
    store.delete_run(&run_id(3), after(20)).await.unwrap();
    store.delete_run(&elsewhere, after(20)).await.unwrap();
    let all = [1, 3, 4].map(|number| run_id(number).to_string());
    assert_eq!(binned(store, RunsInBin::DeletedBy(after(20))).await, all);
    assert_eq!(binned(store, RunsInBin::DeletedBy(after(19))).await, all[..1]);
    assert_eq!(binned(store, RunsInBin::Of(other)).await, all[2..]);
    assert_eq!(binned(store, RunsInBin::Named(run_id(3))).await, all[1..2]);
    assert!(binned(store, RunsInBin::Named(run_id(2))).await.is_empty());
    assert!(binned(store, RunsInBin::Named(run_id(9))).await.is_empty());
    let info = store.find_run_info(&run_id(1)).await.unwrap().unwrap();
    let found = store.runs_in_bin(RunsInBin::Named(run_id(1)), None, 1).await.unwrap();
    let expected = Binned {
        id: info.id.to_string(),
        artifact_location: info.artifact_uri,
        deleted_at: Some(after(10)),
    };
    assert_eq!(found, [expected]);
}

pub async fn the_bin_is_looked_through_in_pages(store: &dyn Store) {
    for number in 1..=5 {
        let id = run(store, number).await;
        store.delete_run(&id, NOW).await.unwrap();
    }
    let (mut last, mut seen) = (None, Vec::new());
    loop {
        let wanted = RunsInBin::DeletedBy(NOW);
        let page = store.runs_in_bin(wanted, last.clone(), 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(run) = page.last() else { break };
        last = Some(RunId::new(&run.id));
        seen.extend(page.into_iter().map(|run| run.id));
    }
    assert_eq!(seen, [1, 2, 3, 4, 5].map(|number| run_id(number).to_string()));
}

pub async fn an_erased_run_leaves_nothing_and_its_neighbours_everything(store: &dyn Store) {
    let (gone, stays) = (run(store, 1).await, run(store, 2).await);
    let dataset = super::dataset::input("train", "d", &[]);
    for id in [&gone, &stays] {
        store.log_batch(id, points(50)).await.unwrap();
        let datasets: Vec<DatasetInput> = vec![dataset.clone()];
        store.log_inputs(id, datasets, Vec::new(), &CountingIds::default()).await.unwrap();
    }
    let before = store.find_run(&stays).await.unwrap();
    store.delete_run(&gone, NOW).await.unwrap();
    store.erase_run(&gone).await.unwrap();
    assert_eq!(store.find_run(&gone).await.unwrap(), None);
    assert!(binned(store, RunsInBin::DeletedBy(NOW)).await.is_empty());
    assert_eq!(store.find_run(&stays).await.unwrap(), before);
    // Nothing of the old one is found under its id.
    let again = run(store, 1).await;
    let again = store.find_run(&again).await.unwrap().unwrap();
    assert!(again.metrics.is_empty() && again.params.is_empty());
    assert!(again.tags.iter().all(|tag| tag.key != "t"));
}

pub async fn a_long_history_is_erased_whole(store: &dyn Store) {
    let id = run(store, 1).await;
    let steps = |from: i64| {
        let metrics = (from..from + 1000).map(|step| point("loss", 1.0, 0, step));
        LogBatch { metrics: metrics.collect(), ..LogBatch::default() }
    };
    for thousand in 0..45 {
        store.log_batch(&id, steps(thousand * 1000)).await.unwrap();
    }
    let at_once = (0..1000).map(|n| point("same step", f64::from(n), 0, 7));
    let at_once = LogBatch { metrics: at_once.collect(), ..LogBatch::default() };
    store.log_batch(&id, at_once).await.unwrap();
    store.delete_run(&id, NOW).await.unwrap();
    store.erase_run(&id).await.unwrap();
    assert_eq!(store.find_run_info(&id).await.unwrap(), None);
}

pub async fn what_is_not_in_the_bin_is_not_erased(store: &dyn Store) {
    let id = run(store, 1).await;
    let model = model(store, "a", ExperimentId::DEFAULT).await;
    refused_somehow(store.erase_run(&id).await, ErrorCode::InvalidState);
    refused_somehow(store.erase_model(&model).await, ErrorCode::InvalidState);
    refused_somehow(store.erase_experiment(ExperimentId::DEFAULT).await, ErrorCode::InvalidState);
    refused_somehow(store.erase_run(&run_id(9)).await, ErrorCode::ResourceDoesNotExist);
    let missing = ModelId::new("m-missing");
    refused_somehow(store.erase_model(&missing).await, ErrorCode::ResourceDoesNotExist);
    let missing = ExperimentId(987_654);
    refused_somehow(store.erase_experiment(missing).await, ErrorCode::ResourceDoesNotExist);
    store.delete_run(&id, NOW).await.unwrap();
    store.restore_run(&id).await.unwrap();
    refused_somehow(store.erase_run(&id).await, ErrorCode::InvalidState);
    assert!(store.find_run(&id).await.unwrap().is_some());
}

pub async fn an_erased_model_is_gone(store: &dyn Store) {
    let (gone, stays) = (
        model(store, "gone", ExperimentId::DEFAULT).await,
        model(store, "stays", ExperimentId::DEFAULT).await,
    );
    let id = run(store, 1).await;
    for model in [&gone, &stays] {
        let metric = Metric { model_id: Some(model.to_string()), ..point("loss", 1.0, 0, 1) };
        let batch = LogBatch { metrics: vec![metric], ..LogBatch::default() };
        store.log_batch(&id, batch).await.unwrap();
    }
    let before = store.find_logged_model(&stays, false).await.unwrap();
    store.delete_logged_model(&gone, after(10)).await.unwrap();
    let all = ModelsInBin::DeletedBy(after(9));
    assert!(store.models_in_bin(all, None, 9).await.unwrap().is_empty());
    let all = ModelsInBin::DeletedBy(after(10));
    let found = store.models_in_bin(all, None, 9).await.unwrap();
    assert_eq!(found.iter().map(|found| found.id.as_str()).collect::<Vec<_>>(), ["m-gone"]);
    store.erase_model(&gone).await.unwrap();
    assert_eq!(store.find_logged_model(&gone, true).await.unwrap(), None);
    assert_eq!(store.find_logged_model(&stays, false).await.unwrap(), before);
}

pub async fn an_erased_experiment_takes_everything_with_it(store: &dyn Store) {
    let (gone, stays) = (experiment(store, "gone").await, experiment(store, "stays").await);
    for (number, of) in [(1, gone), (2, gone), (3, stays)] {
        let id = run_in(store, of, number).await;
        store.log_batch(&id, points(20)).await.unwrap();
    }
    let model = model(store, "a", gone).await;
    store.set_experiment_tag(gone, Tag::new("t", "1")).await.unwrap();
    store.delete_experiment(gone, NOW).await.unwrap();
    store.erase_experiment(gone).await.unwrap();
    assert_eq!(store.find_experiment(gone).await.unwrap(), None);
    assert_eq!(store.find_experiment_by_name("gone").await.unwrap(), None);
    for number in [1, 2] {
        assert_eq!(store.find_run_info(&run_id(number)).await.unwrap(), None);
    }
    assert_eq!(store.find_logged_model(&model, true).await.unwrap(), None);
    assert_eq!(store.find_run(&run_id(3)).await.unwrap().unwrap().metrics.len(), 1);
}
