//! Many callers at once: nothing is lost, nothing is done twice, and nobody is told of a fault
//! that is not theirs.

use std::future::Future;
use std::sync::Arc;

use oxflow_model::{
    Dataset, DatasetInput, ErrorCode, ExperimentId, LifecycleStage, PageRequest, RUN_NAME_TAG,
    Result, RunChange, Tag,
};
use tokio::sync::Barrier;

use super::registry;
use super::{
    CountingIds, NOW, Shared, after, batch, experiment, get, model_entry, new_experiment, new_run,
    param, point, run, run_in, shown_points, stamp, tag_of,
};
use crate::HistoryPage;

/// How many callers there are.
pub(super) const MANY: usize = 64;

/// Runs `work(0)` to `work(MANY - 1)` as tasks that begin together; gives what they gave.
pub(super) async fn at_once<T, F>(store: &Shared, work: impl Fn(Shared, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(MANY));
    let mut tasks = Vec::new();
    for n in 0..MANY {
        let (start, work) = (start.clone(), work(store.clone(), n));
        tasks.push(tokio::spawn(async move {
            start.wait().await;
            work.await
        }));
    }
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// How many succeeded; all others must have failed with this code.
#[track_caller]
fn succeeded<T>(results: &[Result<T>], otherwise: ErrorCode) -> usize {
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(error.code(), otherwise, "{error}");
    }
    results.iter().filter(|result| result.is_ok()).count()
}

#[track_caller]
fn all_succeeded<T>(results: Vec<Result<T>>) -> Vec<T> {
    results.into_iter().map(|result| result.unwrap()).collect()
}

pub async fn one_of_many_creations_of_a_name_wins(store: &Shared) {
    let results = at_once(store, |store, n| async move {
        let mut new = new_experiment("iris");
        new.tags.push(Tag::new("by", n.to_string()));
        store.create_experiment(new, NOW).await
    })
    .await;
    assert_eq!(succeeded(&results, ErrorCode::ResourceAlreadyExists), 1);
    let (winner, id) =
        results.iter().enumerate().find_map(|(n, r)| Some((n, *r.as_ref().ok()?))).unwrap();
    let found = store.find_experiment_by_name("iris").await.unwrap().unwrap();
    assert_eq!((found.id, found.tags), (id, vec![Tag::new("by", winner.to_string())]));
}

pub async fn many_creations_get_numbers_of_their_own(store: &Shared) {
    let results = at_once(store, |store, n| async move {
        store.create_experiment(new_experiment(&format!("e{n}")), NOW).await
    })
    .await;
    let mut ids = all_succeeded(results);
    for (n, id) in ids.iter().enumerate() {
        let found = store.find_experiment(*id).await.unwrap().unwrap();
        assert_eq!(found.name, format!("e{n}"));
        assert_eq!(found.artifact_location, format!("mlflow-artifacts:/{id}"));
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), MANY);
}

pub async fn many_writers_of_one_value_all_succeed(store: &Shared) {
    let id = run(store.as_ref(), 1).await;
    let results = at_once(store, |store, n| {
        let id = id.clone();
        async move {
            match n % 2 {
                0 => store.log_param(&id, param("lr", "0.1")).await,
                _ => store.log_batch(&id, batch(&[], &[param("lr", "0.1")], &[])).await,
            }
        }
    })
    .await;
    all_succeeded(results);
    assert_eq!(get(store.as_ref(), &id).await.params, [param("lr", "0.1")]);
}

pub async fn one_of_many_values_of_a_param_wins(store: &Shared) {
    let id = run(store.as_ref(), 1).await;
    let results = at_once(store, |store, n| {
        let id = id.clone();
        async move {
            let value = param("lr", &n.to_string());
            match n % 2 {
                0 => store.log_param(&id, value).await,
                _ => store.log_batch(&id, batch(&[], &[value], &[])).await,
            }
        }
    })
    .await;
    assert_eq!(succeeded(&results, ErrorCode::InvalidParameterValue), 1);
    let winner = results.iter().position(Result::is_ok).unwrap();
    assert_eq!(get(store.as_ref(), &id).await.params, [param("lr", &winner.to_string())]);
}

pub async fn no_batch_is_lost(store: &Shared) {
    const EACH: usize = 20;
    let id = run(store.as_ref(), 1).await;
    let results = at_once(store, |store, n| {
        let id = id.clone();
        async move {
            let own = (0..EACH).map(|i| point("loss", n as f64, 0, (n * EACH + i) as i64));
            let common = (0..EACH).map(|i| point("loss", -1.0, 0, -(i as i64)));
            let metrics: Vec<_> = own.chain(common).collect();
            let params = [param(&format!("p{n}"), "1"), param("common", "1")];
            let tags = [Tag::new(format!("t{n}"), "1"), Tag::new("common", n.to_string())];
            store.log_batch(&id, batch(&metrics, &params, &tags)).await
        }
    })
    .await;
    all_succeeded(results);
    let found = get(store.as_ref(), &id).await;
    assert_eq!((found.params.len(), found.tags.len()), (MANY + 1, MANY + 2));
    let last = MANY * EACH - 1;
    assert_eq!(shown_points(&found.metrics), [format!("loss={}@0/{last}", MANY - 1)]);
    let page = PageRequest { limit: 100_000, offset: 0 };
    let wanted = HistoryPage { run_id: id, key: "loss".to_owned(), page };
    let history = store.metric_history(wanted).await.unwrap().items;
    assert_eq!(history.len(), MANY * EACH + EACH);
}

pub async fn the_latest_point_is_the_greatest_whoever_writes_it(store: &Shared) {
    let id = run(store.as_ref(), 1).await;
    let results = at_once(store, |store, n| {
        let id = id.clone();
        async move {
            // Steps 0 to 63 in an order that has nothing to do with them.
            let step = (n * 37 % MANY) as i64;
            store.log_metric(&id, point("loss", step as f64 / 2.0, 100 - step, step)).await
        }
    })
    .await;
    all_succeeded(results);
    assert_eq!(shown_points(&get(store.as_ref(), &id).await.metrics), ["loss=31.5@37/63"]);
}

pub async fn tags_end_as_somebody_set_them(store: &Shared) {
    const ROUNDS: usize = 3;
    let id = run(store.as_ref(), 1).await;
    let deletes = |n: usize| n % 4 == 3;
    let results = at_once(store, |store, n| {
        let id = id.clone();
        async move {
            let mut results = Vec::new();
            for _ in 0..ROUNDS {
                results.push(match deletes(n) {
                    true => store.delete_tag(&id, "t").await,
                    false => store.set_tag(&id, Tag::new("t", n.to_string())).await,
                });
            }
            results
        }
    })
    .await;
    for (n, results) in results.iter().enumerate() {
        let done = succeeded(results, ErrorCode::ResourceDoesNotExist);
        assert!(deletes(n) || done == ROUNDS, "{results:?}");
    }
    let tags = get(store.as_ref(), &id).await.tags;
    let found: Vec<&Tag> = tags.iter().filter(|tag| tag.key == "t").collect();
    match found.as_slice() {
        [] => {}
        [tag] => assert!(!deletes(tag.value.parse().unwrap())),
        more => unreachable!("one tag became several: {more:?}"),
    }
}

pub async fn the_name_and_its_tag_stay_one(store: &Shared) {
    const ROUNDS: usize = 4;
    let id = run(store.as_ref(), 1).await;
    let results = at_once(store, |store, n| {
        let id = id.clone();
        async move {
            for round in 0..ROUNDS {
                let name = format!("name-{n}-{round}");
                let tag = Tag::new(RUN_NAME_TAG, &name);
                match n % 3 {
                    0 => store.set_tag(&id, tag).await?,
                    1 => store.log_batch(&id, batch(&[], &[], &[tag])).await?,
                    _ => {
                        let change = RunChange { name: Some(name.clone()), ..RunChange::default() };
                        assert_eq!(store.update_run(&id, change).await?.name, name);
                    }
                }
                let seen = store.find_run(&id).await?.unwrap();
                assert_eq!(tag_of(&seen.tags, RUN_NAME_TAG), Some(seen.info.name.as_str()));
                assert!(seen.info.name.starts_with("name-"));
            }
            Ok(())
        }
    })
    .await;
    all_succeeded(results);
}

pub async fn logging_to_a_run_that_comes_and_goes_is_all_or_nothing(store: &Shared) {
    const ROUNDS: usize = 4;
    let id = run(store.as_ref(), 1).await;
    let key = |n: usize, round: usize| format!("k{n}-{round}");
    let logs = |n: usize| n % 4 > 1;
    let results = at_once(store, |store, n| {
        let id = id.clone();
        async move {
            let mut results = Vec::new();
            for round in 0..ROUNDS {
                results.push(match n % 4 {
                    0 => store.delete_run(&id, NOW).await,
                    1 => store.restore_run(&id).await,
                    _ => {
                        let key = key(n, round);
                        let metrics = [point(&key, 1.0, 0, 0)];
                        let logged = batch(&metrics, &[param(&key, "1")], &[Tag::new(&key, "1")]);
                        store.log_batch(&id, logged).await
                    }
                });
            }
            results
        }
    })
    .await;
    let found = get(store.as_ref(), &id).await;
    for (n, results) in results.iter().enumerate() {
        let done = succeeded(results, ErrorCode::InvalidParameterValue);
        assert!(logs(n) || done == ROUNDS, "{results:?}");
        for (round, result) in results.iter().enumerate() {
            let key = key(n, round);
            let seen = (
                found.metrics.iter().any(|metric| metric.key == key),
                found.params.iter().any(|param| param.key == key),
                found.tags.iter().any(|tag| tag.key == key),
            );
            let expected = logs(n) && result.is_ok();
            assert_eq!(seen, (expected, expected, expected), "{key}: {result:?}");
        }
    }
}

pub async fn an_experiment_that_comes_and_goes_takes_its_runs_along(store: &Shared) {
    const ROUNDS: usize = 4;
    let experiment = experiment(store.as_ref(), "iris").await;
    let first = run_in(store.as_ref(), experiment, MANY * ROUNDS).await;
    let results = at_once(store, |store, n| {
        let first = first.clone();
        async move {
            let mut results = Vec::new();
            for number in (0..ROUNDS).map(|round| round * MANY + n) {
                let step = number as i64;
                results.push(match n % 4 {
                    0 => store.delete_experiment(experiment, after(step)).await,
                    1 => store.restore_experiment(experiment, after(step)).await,
                    2 => store.log_metric(&first, point("m", 1.0, 0, step)).await,
                    _ => store.create_run(new_run(experiment, number)).await.map(drop),
                });
            }
            results
        }
    })
    .await;
    for (n, results) in results.iter().enumerate() {
        // Deleting what is deleted already, or logging to it, is the caller's mistake.
        let allowed = match n % 4 {
            0 | 1 => ErrorCode::ResourceDoesNotExist,
            _ => ErrorCode::InvalidParameterValue,
        };
        succeeded(results, allowed);
    }
    let stage = store.find_experiment(experiment).await.unwrap().unwrap().lifecycle_stage;
    for number in (0..MANY * ROUNDS).filter(|number| number % 4 == 3) {
        let found = store.find_run(&super::run_id(number)).await.unwrap();
        assert_eq!(found.is_some(), results[number % MANY][number / MANY].is_ok());
        if let Some(run) = found {
            assert_eq!(run.info.lifecycle_stage, stage);
        }
    }
    if stage == LifecycleStage::Deleted {
        store.restore_experiment(experiment, NOW).await.unwrap();
    }
    let stage = get(store.as_ref(), &first).await.info.lifecycle_stage;
    assert_eq!(stage, LifecycleStage::Active);
}

pub async fn many_runs_read_one_dataset(store: &Shared) {
    let ids = Arc::new(CountingIds::default());
    for n in (0..MANY).filter(|n| n % 2 == 0 || *n == 1) {
        run(store.as_ref(), n).await;
    }
    let results = at_once(store, |store, n| {
        let ids = ids.clone();
        async move {
            // Half of them share a run as well.
            let id = super::run_id(if n % 2 == 0 { n } else { 1 });
            let dataset = Dataset {
                name: "iris".to_owned(),
                digest: "d1".to_owned(),
                source_type: "local".to_owned(),
                source: String::new(),
                schema: None,
                profile: None,
            };
            let tags = vec![Tag::new("by", n.to_string()), Tag::new("also", n.to_string())];
            let inputs = vec![DatasetInput { tags, dataset }];
            store.log_inputs(&id, inputs, vec![], ids.as_ref()).await
        }
    })
    .await;
    all_succeeded(results);
    assert_eq!(store.search_datasets(&[ExperimentId::DEFAULT]).await.unwrap().len(), 1);
    for n in [0, 1, 2, 62] {
        let inputs = get(store.as_ref(), &super::run_id(n)).await.dataset_inputs;
        assert_eq!(inputs.len(), 1);
        let tags = &inputs[0].tags;
        assert_eq!(tags.len(), 2);
        assert_eq!(tag_of(tags, "by"), tag_of(tags, "also"), "the tags are of one caller");
    }
}

pub async fn no_model_of_a_history_is_lost(store: &Shared) {
    let id = run(store.as_ref(), 1).await;
    let results = at_once(store, |store, n| {
        let id = id.clone();
        async move { store.append_model_history(&id, model_entry(n)).await }
    })
    .await;
    all_succeeded(results);
    let tags = get(store.as_ref(), &id).await.tags;
    let history = tag_of(&tags, "mlflow.log-model.history").unwrap();
    for n in 0..MANY {
        assert_eq!(history.matches(&model_entry(n)).count(), 1, "{history}");
    }
}

pub async fn versions_are_numbered_without_gaps(store: &Shared) {
    const EACH: i64 = 4;
    registry::model(store.as_ref(), "m").await;
    let results = at_once(store, |store, _| async move {
        let mut numbers = Vec::new();
        for _ in 0..EACH {
            numbers.push(registry::version(store.as_ref(), "m").await);
        }
        numbers
    })
    .await;
    assert!(results.iter().all(|numbers| numbers.is_sorted()), "everybody sees them grow");
    let mut numbers: Vec<i64> = results.into_iter().flatten().collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=MANY as i64 * EACH).collect::<Vec<_>>());
}

pub async fn one_of_many_registrations_of_a_name_wins(store: &Shared) {
    let results = at_once(store, |store, n| async move {
        let by = n.to_string();
        store.create_registered_model(registry::new_model("m", &[("by", &by)]), stamp(NOW)).await
    })
    .await;
    assert_eq!(succeeded(&results, ErrorCode::ResourceAlreadyExists), 1);
    let winner = results.iter().position(Result::is_ok).unwrap();
    let found = store.find_registered_model(&registry::name("m")).await.unwrap().unwrap();
    assert_eq!(found.tags, [Tag::new("by", winner.to_string())]);
}

pub async fn readers_never_see_half_a_batch(store: &Shared) {
    let id = run(store.as_ref(), 1).await;
    let results = at_once(store, |store, n| {
        let id = id.clone();
        async move {
            let (value, step) = (n as f64, n as i64);
            for round in 0..16 {
                if n % 4 == 0 {
                    let both = ["a", "b"].map(|key| point(key, value, round, step));
                    let tags = ["a", "b"].map(|key| Tag::new(key, n.to_string()));
                    store.log_batch(&id, batch(&both, &[], &tags)).await?;
                } else {
                    let seen = store.find_run(&id).await?.unwrap();
                    assert_eq!(tag_of(&seen.tags, "a"), tag_of(&seen.tags, "b"));
                    let latest = |key: &str| {
                        let point = seen.metrics.iter().find(|point| point.key == key);
                        point.map(|point| (point.step, point.timestamp))
                    };
                    assert_eq!(latest("a"), latest("b"));
                }
            }
            Ok(())
        }
    })
    .await;
    all_succeeded(results);
}
