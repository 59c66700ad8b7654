//! What runs read and wrote.

use oxflow_model::{
    Dataset, DatasetInput, DatasetSummary, ErrorCode, ExperimentId, LoggedModelInput,
    LoggedModelOutput, RunId, Tag,
};

use super::{CountingIds, experiment, get, refused_somehow, run, run_in};
use crate::Store;

const CONTEXT: &str = "mlflow.data.context";

fn dataset(name: &str, digest: &str) -> Dataset {
    Dataset {
        name: name.to_owned(),
        digest: digest.to_owned(),
        source_type: "local".to_owned(),
        source: "{\"uri\": \"/x\"}".to_owned(),
        schema: Some("{\"columns\": []}".to_owned()),
        profile: None,
    }
}

pub(super) fn input(name: &str, digest: &str, tags: &[(&str, &str)]) -> DatasetInput {
    let tags = tags.iter().map(|(key, value)| Tag::new(*key, *value)).collect();
    DatasetInput { tags, dataset: dataset(name, digest) }
}

/// The datasets of a run as `name/digest tag=value …`, sorted.
async fn inputs(store: &dyn Store, id: &RunId) -> Vec<String> {
    let shown = |input: &DatasetInput| {
        let head = format!("{}/{}", input.dataset.name, input.dataset.digest);
        let tags = super::shown_tags(&input.tags);
        std::iter::once(head).chain(tags).collect::<Vec<_>>().join(" ")
    };
    super::sorted(get(store, id).await.dataset_inputs.iter().map(shown))
}

pub async fn inputs_are_read_back(store: &dyn Store) {
    let (id, ids) = (run(store, 1).await, CountingIds::default());
    let mut whole = input("iris", "d1", &[(CONTEXT, "train"), ("note", "")]);
    whole.dataset.profile = Some("x".repeat(100_000));
    let empty = DatasetInput {
        tags: vec![],
        dataset: Dataset { schema: None, source: String::new(), ..dataset("", "") },
    };
    store.log_inputs(&id, vec![whole.clone(), empty.clone()], vec![], &ids).await.unwrap();
    let mut found = get(store, &id).await.dataset_inputs;
    found.sort_by(|a, b| b.dataset.name.cmp(&a.dataset.name));
    found[0].tags.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(found, [whole, empty]);
}

pub async fn a_dataset_is_noted_once_per_run_with_its_first_tags(store: &dyn Store) {
    let (id, ids) = (run(store, 1).await, CountingIds::default());
    let first = vec![
        input("iris", "d1", &[("a", "1")]),
        input("iris", "d1", &[("a", "2"), ("b", "2")]),
        input("iris", "d2", &[]),
    ];
    store.log_inputs(&id, first, vec![], &ids).await.unwrap();
    let again =
        vec![input("iris", "d1", &[("a", "3"), ("c", "3")]), input("iris", "d2", &[("c", "3")])];
    store.log_inputs(&id, again, vec![], &ids).await.unwrap();
    assert_eq!(inputs(store, &id).await, ["iris/d1 a=1", "iris/d2"]);
    store.log_inputs(&id, vec![], vec![], &ids).await.unwrap();
}

pub async fn a_dataset_is_shared_by_the_runs_of_an_experiment_only(store: &dyn Store) {
    let ids = CountingIds::default();
    let elsewhere = experiment(store, "elsewhere").await;
    let (a, b) = (run(store, 1).await, run(store, 2).await);
    let c = run_in(store, elsewhere, 3).await;
    for (run, source) in [(&a, "first"), (&b, "second"), (&c, "third")] {
        let mut logged = input("iris", "d1", &[("by", source)]);
        logged.dataset.source = source.to_owned();
        store.log_inputs(run, vec![logged], vec![], &ids).await.unwrap();
    }
    for (run, source, by) in [(a, "first", "first"), (b, "first", "second"), (c, "third", "third")]
    {
        let found = get(store, &run).await.dataset_inputs;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].dataset.source, source, "what is known of a dataset stays");
        assert_eq!(found[0].tags, [Tag::new("by", by)]);
    }
}

fn read(id: &str) -> LoggedModelInput {
    LoggedModelInput { model_id: id.to_owned() }
}

fn written(id: &str, step: i64) -> LoggedModelOutput {
    LoggedModelOutput { model_id: id.to_owned(), step }
}

pub async fn model_inputs_are_noted_once(store: &dyn Store) {
    let (id, ids) = (run(store, 1).await, CountingIds::default());
    store.log_inputs(&id, vec![], vec![read("m-1"), read("m-2")], &ids).await.unwrap();
    store.log_inputs(&id, vec![], vec![read("m-2"), read("m-2")], &ids).await.unwrap();
    let mut found = get(store, &id).await.model_inputs;
    found.sort_by(|a, b| a.model_id.cmp(&b.model_id));
    assert_eq!(found, [read("m-1"), read("m-2")]);
}

pub async fn model_outputs_are_noted_with_their_step(store: &dyn Store) {
    let (id, other, ids) = (run(store, 1).await, run(store, 2).await, CountingIds::default());
    let models = vec![written("m-1", 0), written("m-2", -7)];
    store.log_outputs(&id, models.clone(), &ids).await.unwrap();
    store.log_outputs(&other, vec![written("m-1", i64::MAX)], &ids).await.unwrap();
    store.log_inputs(&id, vec![], vec![read("m-1")], &ids).await.unwrap();
    store.log_outputs(&id, vec![], &ids).await.unwrap();
    let mut found = get(store, &id).await.model_outputs;
    found.sort_by(|a, b| a.model_id.cmp(&b.model_id));
    assert_eq!(found, models);
    assert_eq!(get(store, &other).await.model_outputs, [written("m-1", i64::MAX)]);
}

pub async fn the_same_output_twice_is_refused_as_a_whole(store: &dyn Store) {
    let (id, ids) = (run(store, 1).await, CountingIds::default());
    store.log_outputs(&id, vec![written("m-1", 1)], &ids).await.unwrap();
    let again = vec![written("m-2", 2), written("m-1", 2)];
    refused_somehow(store.log_outputs(&id, again, &ids).await, ErrorCode::BadRequest);
    assert_eq!(get(store, &id).await.model_outputs, [written("m-1", 1)]);
}

pub async fn summaries_are_distinct_by_context(store: &dyn Store) {
    let ids = CountingIds::default();
    let elsewhere = experiment(store, "elsewhere").await;
    for n in 1..=3 {
        let id = run(store, n).await;
        let logged = vec![
            input("iris", "d1", &[(CONTEXT, ["train", "eval"][n % 2]), ("other", "x")]),
            input("mnist", "d2", &[("other", "x")]),
        ];
        store.log_inputs(&id, logged, vec![], &ids).await.unwrap();
    }
    let c = run_in(store, elsewhere, 9).await;
    store.log_inputs(&c, vec![input("iris", "d1", &[])], vec![], &ids).await.unwrap();
    let shown = |s: &DatasetSummary| {
        let context = s.context.as_deref().unwrap_or("-");
        format!("{} {}/{} {context}", s.experiment_id, s.name, s.digest)
    };
    for (experiments, expected) in [
        (vec![0], &["0 iris/d1 eval", "0 iris/d1 train", "0 mnist/d2 -"][..]),
        (vec![1], &["1 iris/d1 -"]),
        (vec![1, 4711], &["1 iris/d1 -"]),
        (vec![4711], &[]),
    ] {
        let experiments: Vec<_> = experiments.into_iter().map(ExperimentId).collect();
        let found = store.search_datasets(&experiments).await.unwrap();
        assert_eq!(super::sorted(found.iter().map(shown)), expected);
    }
}
