//! Logged models and their search.

use oxflow_model::search::{LoggedModelFilter, LoggedModelOrder, LoggedModelOrderSpec};
use oxflow_model::{
    ErrorCode, ExperimentId, LoggedModel, LoggedModelStatus, Metric, ModelId, NewLoggedModel,
    PageRequest, Tag,
};

use super::{
    NOW, after, experiment, param, point, refused, refused_somehow, run, run_id, shown_params,
    shown_tags,
};
use crate::{LoggedModelSearch, Store};

fn new_model(name: &str) -> NewLoggedModel {
    NewLoggedModel {
        id: ModelId::new(format!("m-{name}")),
        experiment_id: ExperimentId::DEFAULT,
        name: name.to_owned(),
        model_type: Some(String::new()),
        source_run_id: Some(String::new()),
        params: Vec::new(),
        tags: Vec::new(),
    }
}

async fn model(store: &dyn Store, name: &str) -> ModelId {
    store.create_logged_model(new_model(name), NOW).await.unwrap().id
}

async fn get(store: &dyn Store, id: &ModelId) -> LoggedModel {
    store.find_logged_model(id, true).await.unwrap().unwrap()
}

pub async fn a_new_model_is_pending(store: &dyn Store) {
    let experiment = experiment(store, "iris").await;
    let new = NewLoggedModel {
        experiment_id: experiment,
        model_type: Some("chain".to_owned()),
        source_run_id: Some(run_id(1).to_string()),
        params: vec![param("p", "1")],
        tags: vec![Tag::new("t", "1")],
        ..new_model("a")
    };
    let created = store.create_logged_model(new, after(5)).await.unwrap();
    let expected = LoggedModel {
        id: ModelId::new("m-a"),
        experiment_id: experiment,
        name: "a".to_owned(),
        artifact_location: format!("mlflow-artifacts:/{experiment}/models/m-a/artifacts"),
        created_at: after(5),
        updated_at: after(5),
        status: LoggedModelStatus::Pending,
        status_message: None,
        model_type: Some("chain".to_owned()),
        source_run_id: Some(run_id(1).to_string()),
        tags: vec![Tag::new("t", "1")],
        params: vec![param("p", "1")],
        metrics: Vec::new(),
    };
    assert_eq!(created, expected);
    assert_eq!(get(store, &created.id).await, expected);
}

pub async fn a_missing_model_is_none_not_an_error(store: &dyn Store) {
    model(store, "a").await;
    for id in ["m-x", "", "%", "m-A"] {
        for deleted_too in [false, true] {
            let found = store.find_logged_model(&ModelId::new(id), deleted_too).await.unwrap();
            assert_eq!(found, None);
        }
    }
}

pub async fn a_model_id_is_taken_only_once(store: &dyn Store) {
    let before = get(store, &model(store, "a").await).await;
    let again = NewLoggedModel { tags: vec![Tag::new("t", "1")], ..new_model("a") };
    let result = store.create_logged_model(again, after(1)).await;
    refused_somehow(result, ErrorCode::BadRequest);
    assert_eq!(get(store, &before.id).await, before);
}

/// Every call that changes a model, by name.
async fn every_write(store: &dyn Store, id: &ModelId) -> Vec<oxflow_model::Result<()>> {
    vec![
        store.finalize_logged_model(id, LoggedModelStatus::Ready, NOW).await.map(drop),
        store.set_logged_model_tags(id, vec![Tag::new("t", "1")]).await.map(drop),
        store.delete_logged_model_tag(id, "t").await,
        store.log_logged_model_params(id, vec![param("p", "1")]).await,
    ]
}

pub async fn no_call_works_on_a_missing_model(store: &dyn Store) {
    let message = "Logged model with ID 'm-x' not found.";
    let id = ModelId::new("m-x");
    let mut results = every_write(store, &id).await;
    results.push(store.delete_logged_model(&id, NOW).await);
    for result in results {
        refused(result, ErrorCode::ResourceDoesNotExist, message);
    }
}

pub async fn finalizing_sets_the_status_and_the_time(store: &dyn Store) {
    let id = model(store, "a").await;
    for (ms, status) in
        [LoggedModelStatus::Ready, LoggedModelStatus::UploadFailed].into_iter().enumerate()
    {
        let now = after(ms as i64 + 1);
        let given = store.finalize_logged_model(&id, status, now).await.unwrap();
        assert_eq!((given.status, given.created_at, given.updated_at), (status, NOW, now));
        assert_eq!(get(store, &id).await, given);
    }
}

pub async fn a_deleted_model_is_gone_unless_asked_for(store: &dyn Store) {
    let (id, other) = (model(store, "a").await, model(store, "b").await);
    for ms in [1, 2] {
        store.delete_logged_model(&id, after(ms)).await.unwrap();
        assert_eq!(store.find_logged_model(&id, false).await.unwrap(), None);
        assert_eq!(get(store, &id).await.updated_at, after(ms));
    }
    assert_eq!(found(store, &[], "").await, "b");
    assert!(store.find_logged_model(&other, false).await.unwrap().is_some());
}

pub async fn a_deleted_model_can_be_logged_to(store: &dyn Store) {
    run(store, 1).await;
    let id = model(store, "a").await;
    store.delete_logged_model(&id, after(1)).await.unwrap();
    for result in every_write(store, &id).await {
        result.unwrap();
    }
    measure(store, &id, 0.5, 1, None).await;
    let found = get(store, &id).await;
    assert_eq!((found.status, found.metrics.len()), (LoggedModelStatus::Ready, 1));
    assert_eq!((shown_params(&found.params), found.tags), (vec!["p=1".to_owned()], vec![]));
    assert_eq!(store.find_logged_model(&id, false).await.unwrap(), None, "and stays deleted");
}

pub async fn tags_of_models_are_set_replaced_and_removed(store: &dyn Store) {
    let id = model(store, "a").await;
    let tags = [("t", "1"), ("u", ""), ("t", "2")].map(|(key, value)| Tag::new(key, value));
    let given = store.set_logged_model_tags(&id, tags.to_vec()).await.unwrap();
    assert_eq!(shown_tags(&given.tags), ["t=2", "u="]);
    store.set_logged_model_tags(&id, vec![Tag::new("t", "3")]).await.unwrap();
    assert_eq!(shown_tags(&get(store, &id).await.tags), ["t=3", "u="]);
    store.delete_logged_model_tag(&id, "t").await.unwrap();
    assert_eq!(shown_tags(&get(store, &id).await.tags), ["u="]);
    let message = "No tag with key 't' found for model with ID 'm-a'.";
    let result = store.delete_logged_model_tag(&id, "t").await;
    refused(result, ErrorCode::ResourceDoesNotExist, message);
}

pub async fn params_of_models_are_added_once(store: &dyn Store) {
    let id = model(store, "a").await;
    store.log_logged_model_params(&id, vec![param("p", "1"), param("q", "")]).await.unwrap();
    let again = vec![param("new", "1"), param("p", "1")];
    let result = store.log_logged_model_params(&id, again).await;
    refused_somehow(result, ErrorCode::BadRequest);
    assert_eq!(shown_params(&get(store, &id).await.params), ["p=1", "q="]);
}

/// Which dataset a metric was measured on.
type Measured<'a> = Option<(&'a str, &'a str)>;

async fn measure(store: &dyn Store, id: &ModelId, value: f64, step: i64, on: Measured<'_>) {
    let metric = Metric {
        model_id: Some(id.to_string()),
        dataset_name: on.map(|(name, _)| name.to_owned()),
        dataset_digest: on.map(|(_, digest)| digest.to_owned()),
        ..point("acc", value, step, step)
    };
    store.log_metric(&run_id(1), metric).await.unwrap();
}

/// Models `a` to `d`, the newest first: `d`, then `b` and `c` of one moment, then `a`.
async fn samples(store: &dyn Store) {
    run(store, 1).await;
    for (name, ms, kind, team) in [
        ("a", 1, "cnn", Some("x")),
        ("b", 2, "CNN", None),
        ("c", 2, "", Some("X")),
        ("d", 3, "", None),
    ] {
        let new = NewLoggedModel {
            model_type: Some(kind.to_owned()),
            source_run_id: (name == "a").then(|| run_id(1).to_string()),
            params: if name == "b" { vec![param("lr", "0.1")] } else { vec![] },
            tags: team.map(|team| Tag::new("team", team)).into_iter().collect(),
            ..new_model(name)
        };
        store.create_logged_model(new, after(ms)).await.unwrap();
    }
    let id = |name: &str| ModelId::new(format!("m-{name}"));
    measure(store, &id("a"), 0.9, 1, Some(("iris", "d1"))).await;
    measure(store, &id("a"), 0.2, 2, Some(("mnist", "d2"))).await;
    measure(store, &id("b"), 0.5, 1, Some(("iris", "d9"))).await;
    measure(store, &id("c"), 0.7, 1, None).await;
    store.finalize_logged_model(&id("b"), LoggedModelStatus::Ready, after(9)).await.unwrap();
}

fn within(filter: &str) -> LoggedModelSearch {
    LoggedModelSearch {
        experiments: vec![ExperimentId::DEFAULT],
        filter: LoggedModelFilter::parse(filter).unwrap().clauses,
        datasets: Vec::new(),
        order_by: Vec::new(),
        page: PageRequest { limit: 1000, offset: 0 },
    }
}

async fn names(store: &dyn Store, search: LoggedModelSearch) -> String {
    let found = store.search_logged_models(search).await.unwrap();
    found.items.into_iter().map(|model| model.name).collect()
}

/// The names of the models that a search with these datasets finds.
async fn found(store: &dyn Store, datasets: &[(&str, Option<&str>)], filter: &str) -> String {
    let own = |(name, digest): &(&str, Option<&str>)| ((*name).to_owned(), digest.map(Into::into));
    let datasets = datasets.iter().map(own).collect();
    names(store, LoggedModelSearch { datasets, ..within(filter) }).await
}

pub async fn every_model_clause_finds_what_it_should(store: &dyn Store) {
    samples(store).await;
    for (filter, expected) in [
        (String::new(), "dbca"),
        ("name = 'a'".to_owned(), "a"),
        ("attributes.name != 'a'".to_owned(), "dbc"),
        ("model_id IN ('m-a', 'm-c')".to_owned(), "ca"),
        ("model_id NOT IN ('m-a', 'm-c')".to_owned(), "db"),
        // Nothing is in an empty list, also what has no value.
        ("source_run_id IN ()".to_owned(), ""),
        ("source_run_id NOT IN ()".to_owned(), "dbca"),
        ("model_type LIKE 'c%'".to_owned(), "a"),
        ("model_type ILIKE 'c%'".to_owned(), "ba"),
        ("status = '2'".to_owned(), "b"),
        ("experiment_id = '0'".to_owned(), "dbca"),
        (format!("source_run_id = '{}'", run_id(1)), "a"),
        (format!("creation_timestamp_ms = {}", after(2).0), "bc"),
        (format!("creation_time < {}", after(2).0), "a"),
        (format!("last_updated_timestamp_ms >= {}", after(9).0), "b"),
        ("params.lr = '0.1'".to_owned(), "b"),
        ("params.lr != '0.1'".to_owned(), ""),
        ("tags.team = 'x'".to_owned(), "a"),
        ("tags.team ILIKE 'x'".to_owned(), "ca"),
        ("tags.team IN ('x', 'y')".to_owned(), "a"),
        // Any value counts, not only the latest.
        ("metrics.acc > 0.6".to_owned(), "ca"),
        ("metrics.acc < 0.6".to_owned(), "ba"),
        ("metrics.acc != 0.9".to_owned(), "bca"),
        ("metrics.acc > 0.6 AND metrics.acc < 0.3".to_owned(), "a"),
        ("metrics.none > 0".to_owned(), ""),
        ("metrics.acc > 0.1 AND tags.team = 'X' AND name = 'c'".to_owned(), "c"),
    ] {
        assert_eq!(found(store, &[], &filter).await, expected, "{filter}");
    }
    let elsewhere = LoggedModelSearch { experiments: vec![ExperimentId(7)], ..within("") };
    assert_eq!(names(store, elsewhere).await, "");
    let nowhere = LoggedModelSearch { experiments: vec![], ..within("") };
    assert_eq!(names(store, nowhere).await, "");
}

pub async fn models_are_searched_by_dataset(store: &dyn Store) {
    samples(store).await;
    let iris = ("iris", None);
    assert_eq!(found(store, &[iris], "").await, "ba");
    assert_eq!(found(store, &[("iris", Some("d1"))], "").await, "a");
    assert_eq!(found(store, &[("mnist", None), ("iris", Some("d9"))], "").await, "ba");
    assert_eq!(found(store, &[("none", None)], "").await, "");
    assert_eq!(found(store, &[iris], "metrics.acc > 0.6").await, "a");
    assert_eq!(found(store, &[iris], "metrics.acc < 0.3").await, "");
    assert_eq!(found(store, &[("mnist", None)], "metrics.acc < 0.3").await, "a");
    assert_eq!(found(store, &[iris], "name != 'a'").await, "b");
}

fn order(field: &str, ascending: bool, on: Option<&str>) -> LoggedModelOrderSpec {
    LoggedModelOrderSpec {
        field_name: field.to_owned(),
        ascending,
        dataset_name: on.map(str::to_owned),
        dataset_digest: None,
    }
}

pub async fn every_model_order_has_one_result(store: &dyn Store) {
    samples(store).await;
    let table: [(&[LoggedModelOrderSpec], &str); 9] = [
        (&[], "dbca"),
        (&[order("name", true, None)], "abcd"),
        (&[order("creation_timestamp_ms", true, None)], "abcd"),
        (&[order("last_updated_timestamp_ms", false, None)], "bdca"),
        // The latest value counts; models without one come last in both directions.
        (&[order("metrics.acc", true, None)], "abcd"),
        (&[order("metrics.acc", false, None)], "cbad"),
        (&[order("metrics.acc", false, Some("iris"))], "abdc"),
        (&[order("source_run_id", false, None)], "adbc"),
        (&[order("model_type", true, None), order("name", false, None)], "dcba"),
    ];
    for (items, expected) in table {
        let order_by = LoggedModelOrder::parse_all(items).unwrap();
        let search = LoggedModelSearch { order_by, ..within("") };
        assert_eq!(names(store, search).await, expected, "{items:?}");
    }
}

pub async fn pages_of_models_have_no_gaps_and_no_repeats(store: &dyn Store) {
    for n in 0..11 {
        let new = new_model(&((b'a' + n) as char).to_string());
        store.create_logged_model(new, after(i64::from(n % 3))).await.unwrap();
    }
    let whole = names(store, within("")).await;
    assert_eq!(whole, "cfibehkadgj");
    for limit in [1, 4, 10, 11, 12] {
        let (mut pages, mut next) = (String::new(), Some(0));
        while let Some(offset) = next {
            let page = PageRequest { limit, offset };
            let search = LoggedModelSearch { page, ..within("") };
            let found = store.search_logged_models(search).await.unwrap();
            assert!(!found.items.is_empty());
            pages.extend(found.items.into_iter().map(|model| model.name));
            next = found.next_offset;
        }
        assert_eq!(pages, whole, "in pages of {limit}");
    }
}
