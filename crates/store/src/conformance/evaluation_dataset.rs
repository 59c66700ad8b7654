//! Evaluation datasets: their records, tags and experiments.

use oxflow_model::search::{EvaluationDatasetFilter, EvaluationDatasetOrder};
use oxflow_model::{
    Association, DatasetTag, ErrorCode, EvaluationDataset, EvaluationDatasetId, Json,
    NewEvaluationDataset, PageRequest, RecordChange, RecordCounts, RecordCursor,
};

use super::{NOW, after, experiment, kept_or_refused, refused, refused_somehow, sorted};
use crate::{EvaluationDatasetSearch, Store};

fn id(name: &str) -> EvaluationDatasetId {
    EvaluationDatasetId::new(format!("d-{name}"))
}

fn tag(key: &str, value: &str) -> DatasetTag {
    DatasetTag { key: key.to_owned(), value: Some(value.to_owned()) }
}

fn associations(ids: &[&str]) -> Vec<Association> {
    let association =
        |id: &&str| Association { id: format!("a-{id}"), experiment: (*id).to_owned() };
    ids.iter().map(association).collect()
}

fn new_dataset(name: &str) -> NewEvaluationDataset {
    let (tags, experiments) = (Vec::new(), Vec::new());
    NewEvaluationDataset { id: id(name), name: name.to_owned(), tags, experiments }
}

async fn dataset(store: &dyn Store, name: &str) -> EvaluationDatasetId {
    store.create_evaluation_dataset(new_dataset(name), NOW).await.unwrap().id
}

async fn get(store: &dyn Store, id: &EvaluationDatasetId) -> EvaluationDataset {
    store.find_evaluation_dataset(id).await.unwrap().unwrap()
}

/// The records of a JSON list; new ones get the ids `dr-1`, `dr-2`, …
fn changes(text: &str) -> Vec<RecordChange> {
    let Json::List(records) = Json::parse("records", text).unwrap() else { unreachable!() };
    let change = |(n, json)| RecordChange::parse(format!("dr-{}", n + 1), json).unwrap();
    records.iter().enumerate().map(change).collect()
}

async fn upsert(store: &dyn Store, id: &EvaluationDatasetId, text: &str, ms: i64) -> (i32, i32) {
    let counts = store.upsert_dataset_records(id, changes(text), after(ms)).await.unwrap();
    (counts.inserted, counts.updated)
}

/// All records as `id inputs outputs expectations tags`.
async fn shown_records(store: &dyn Store, id: &EvaluationDatasetId) -> Vec<String> {
    let page = store.dataset_records(id, RecordCursor::Start, 1000).await.unwrap();
    let shown = |part: Option<Json>| part.map_or("-".to_owned(), |json| json.to_string());
    let records = page.records.into_iter().map(|record| {
        let (outputs, expected) = (shown(record.outputs), shown(record.expectations));
        format!("{} {} {outputs} {expected} {}", record.id, record.inputs, shown(record.tags))
    });
    records.collect()
}

fn everything() -> EvaluationDatasetSearch {
    EvaluationDatasetSearch {
        experiments: Vec::new(),
        filter: Vec::new(),
        order_by: Vec::new(),
        page: PageRequest { limit: 100, offset: 0 },
    }
}

async fn found(store: &dyn Store, search: EvaluationDatasetSearch) -> String {
    let page = store.search_evaluation_datasets(search).await.unwrap();
    page.items.into_iter().map(|dataset| dataset.name).collect::<Vec<_>>().join(" ")
}

pub async fn a_new_dataset_is_empty(store: &dyn Store) {
    let new = NewEvaluationDataset {
        tags: vec![tag("mlflow.user", "ada"), DatasetTag { key: "n".to_owned(), value: None }],
        experiments: associations(&["0", "99"]),
        ..new_dataset("a")
    };
    let created = store.create_evaluation_dataset(new.clone(), after(5)).await.unwrap();
    let mut tags = created.tags.clone();
    tags.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(tags, new.tags);
    let expected = EvaluationDataset {
        id: id("a"),
        name: "a".to_owned(),
        // The first digits of SHA-256 of `a:1700000000005`.
        digest: "e39b9276".to_owned(),
        created_at: after(5),
        updated_at: after(5),
        created_by: Some("ada".to_owned()),
        updated_by: Some("ada".to_owned()),
        tags: created.tags.clone(),
        schema: None,
        profile: None,
    };
    assert_eq!(created, expected);
    assert_eq!(get(store, &id("a")).await, expected);
    let experiments = store.experiments_of_dataset(&id("a")).await.unwrap();
    assert_eq!(sorted(experiments), ["0", "99"]);
    assert!(shown_records(store, &id("a")).await.is_empty());
}

pub async fn a_dataset_is_in_an_experiment_once(store: &dyn Store) {
    let new = NewEvaluationDataset { experiments: associations(&["0", "0"]), ..new_dataset("a") };
    refused_somehow(store.create_evaluation_dataset(new, NOW).await, ErrorCode::BadRequest);
    assert_eq!(store.find_evaluation_dataset(&id("a")).await.unwrap(), None);
}

pub async fn what_is_missing_may_be_deleted_and_has_nothing(store: &dyn Store) {
    let missing = id("x");
    store.delete_evaluation_dataset(&missing).await.unwrap();
    store.delete_evaluation_dataset_tag(&missing, "t").await.unwrap();
    assert_eq!(store.delete_dataset_records(&missing, vec!["dr-1".to_owned()]).await.unwrap(), 0);
    assert!(store.experiments_of_dataset(&missing).await.unwrap().is_empty());
    assert!(shown_records(store, &missing).await.is_empty());
    let nothing = store.upsert_dataset_records(&missing, Vec::new(), NOW).await.unwrap();
    assert_eq!(nothing, RecordCounts::default());
    let records = changes(r#"[{"inputs": {"q": 1}}]"#);
    let result = store.upsert_dataset_records(&missing, records, NOW).await;
    refused_somehow(result, ErrorCode::BadRequest);
    let gone = ErrorCode::ResourceDoesNotExist;
    let message = "Dataset 'd-x' not found";
    refused(store.add_dataset_to_experiments(&missing, Vec::new(), NOW).await, gone, message);
    refused(store.remove_dataset_from_experiments(&missing, Vec::new(), NOW).await, gone, message);
    let message = "Could not find evaluation dataset with ID d-x";
    refused(store.set_evaluation_dataset_tags(&missing, Vec::new()).await, gone, message);
}

pub async fn records_with_the_same_inputs_are_merged(store: &dyn Store) {
    let id = dataset(store, "a").await;
    let first = r#"[{"inputs": {"q": 1, "r": "é"}, "outputs": "text", "expectations": {"a": 1},
                     "tags": {"t": "1"}},
                    {"inputs": {"q": 2}, "outputs": null}]"#;
    assert_eq!(upsert(store, &id, first, 1).await, (2, 0));
    let again = r#"[{"inputs": {"r": "\u00e9", "q": 1}, "expectations": {"b": 2, "a": 3}},
                    {"inputs": {"q": 2}, "outputs": {"k": 1}, "tags": {"mlflow.user": "bob"}},
                    {"inputs": {"q": 1}},
                    {"inputs": {"q": 1}, "tags": {"u": "2"}}]"#;
    let mut again = changes(again);
    again[2].id = "dr-5".to_owned();
    let counts = store.upsert_dataset_records(&id, again, after(9)).await.unwrap();
    assert_eq!((counts.inserted, counts.updated), (1, 3));
    let records = [
        r#"dr-1 {"q": 1, "r": "\u00e9"} "text" {"a": 3, "b": 2} {"t": "1"}"#,
        r#"dr-2 {"q": 2} {"k": 1} - {"mlflow.user": "bob"}"#,
        r#"dr-5 {"q": 1} {} - {"u": "2"}"#,
    ];
    assert_eq!(shown_records(store, &id).await, records);
    let page = store.dataset_records(&id, RecordCursor::Start, 1).await.unwrap();
    assert!(page.more);
    let first = &page.records[0];
    assert_eq!((first.created_at, first.updated_at), (after(1), after(9)));
}

pub async fn numbers_and_order_survive_in_records(store: &dyn Store) {
    let id = dataset(store, "a").await;
    let inputs = r#"{"z": 1.0, "big": 123456789012345678901234567890, "a": [1e+16, null]}"#;
    upsert(store, &id, &format!("[{{\"inputs\": {inputs}}}]"), 1).await;
    assert_eq!(shown_records(store, &id).await, [format!("dr-1 {inputs} {{}} - {{}}")]);
    // Python writes it, but it is not JSON to every database.
    let inputs = r#"{"n": [NaN, -Infinity]}"#;
    let mut records = changes(&format!("[{{\"inputs\": {inputs}}}]"));
    records[0].id = "dr-2".to_owned();
    let id = dataset(store, "b").await;
    if kept_or_refused(store.upsert_dataset_records(&id, records, after(1)).await).is_some() {
        assert_eq!(shown_records(store, &id).await, [format!("dr-2 {inputs} {{}} - {{}}")]);
    }
}

pub async fn a_source_is_kept_with_its_id(store: &dyn Store) {
    let id = dataset(store, "a").await;
    let records = r#"[{"inputs": {"q": 1}, "source": {"source_type": "trace",
                       "source_data": {"trace_id": "tr-1"}}},
                      {"inputs": {"q": 2}, "source": {"source_type": "HUMAN",
                       "source_data": {"source_id": "s"}}}]"#;
    upsert(store, &id, records, 1).await;
    let page = store.dataset_records(&id, RecordCursor::Start, 10).await.unwrap();
    let shown = page
        .records
        .into_iter()
        .map(|record| format!("{} {}", record.source_id.unwrap(), record.source.unwrap()));
    let expected = [
        r#"tr-1 {"source_type": "TRACE", "source_data": {"trace_id": "tr-1"}}"#,
        r#"s {"source_type": "HUMAN", "source_data": {"source_id": "s"}}"#,
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}

pub async fn writing_records_changes_schema_profile_and_digest(store: &dyn Store) {
    let id = dataset(store, "a").await;
    let before = get(store, &id).await;
    let records =
        r#"[{"inputs": {"q": 1}, "tags": {"mlflow.user": "ada"}}, {"inputs": {"p": 2.5}}]"#;
    upsert(store, &id, records, 7).await;
    let written = get(store, &id).await;
    let schema = concat!(
        r#"{"inputs": {"q": "integer", "p": "float"}, "outputs": {}, "#,
        r#""expectations": {}, "version": "1.0"}"#
    );
    assert_eq!(written.schema.as_deref(), Some(schema));
    assert_eq!(written.profile.as_deref(), Some(r#"{"num_records": 2}"#));
    assert_eq!(written.updated_by.as_deref(), Some("ada"));
    assert_eq!(written.updated_at, after(7));
    assert_ne!(written.digest, before.digest);
    // Writing nothing is a change, too, and nobody's.
    upsert(store, &id, "[]", 8).await;
    let nothing = get(store, &id).await;
    assert_eq!((nothing.schema, nothing.profile), (written.schema, written.profile));
    assert_eq!(nothing.updated_by, None);
    assert_ne!(nothing.digest, written.digest);
}

pub async fn deleted_records_are_gone_and_no_longer_counted(store: &dyn Store) {
    let id = dataset(store, "a").await;
    upsert(store, &id, r#"[{"inputs": {"q": 1}}, {"inputs": {"q": 2}}]"#, 1).await;
    let delete = async |record: &str| {
        store.delete_dataset_records(&id, vec![record.to_owned(), "x".to_owned()]).await.unwrap()
    };
    assert_eq!(delete("dr-1").await, 1);
    assert_eq!(get(store, &id).await.profile.as_deref(), Some(r#"{"num_records": 1}"#));
    assert_eq!(delete("dr-1").await, 0);
    assert_eq!(delete("dr-2").await, 1);
    assert_eq!(get(store, &id).await.profile.as_deref(), Some("null"));
    assert!(shown_records(store, &id).await.is_empty());
}

pub async fn pages_of_records_have_no_gaps_and_no_repeats(store: &dyn Store) {
    let id = dataset(store, "a").await;
    for (ms, from) in [(1, 0), (2, 3), (3, 6)] {
        // Three records of the same millisecond, in the order of their ids.
        let records = (from..from + 3).map(|n| {
            let inputs = Json::parse("inputs", &format!("{{\"q\": {n}}}")).unwrap();
            RecordChange { id: format!("dr-{n}"), inputs, ..changes("[{}]").remove(0) }
        });
        store.upsert_dataset_records(&id, records.collect(), after(ms)).await.unwrap();
    }
    let (mut from, mut ids) = (RecordCursor::Start, Vec::new());
    loop {
        let page = store.dataset_records(&id, from, 2).await.unwrap();
        ids.extend(page.records.iter().map(|record| record.id.clone()));
        let Some(last) = page.records.last().filter(|_| page.more) else { break };
        from = RecordCursor::After(last.created_at, last.id.clone());
    }
    let all: Vec<String> = (0..9).map(|n| format!("dr-{n}")).collect();
    assert_eq!(ids, all);
    let page = store.dataset_records(&id, RecordCursor::Skip(7), 5).await.unwrap();
    assert_eq!(page.records.len(), 2);
    assert!(!page.more);
}

pub async fn tags_of_datasets_are_set_replaced_and_removed(store: &dyn Store) {
    let id = dataset(store, "a").await;
    let absent = DatasetTag { key: "c".to_owned(), value: None };
    let tags = vec![tag("a", "1"), tag("b", "2"), absent];
    store.set_evaluation_dataset_tags(&id, tags).await.unwrap();
    store.set_evaluation_dataset_tags(&id, vec![tag("a", "3")]).await.unwrap();
    for _ in 0..2 {
        store.delete_evaluation_dataset_tag(&id, "b").await.unwrap();
    }
    assert_eq!(get(store, &id).await.tags, [tag("a", "3")]);
}

pub async fn a_dataset_comes_to_experiments_and_leaves_them(store: &dyn Store) {
    let iris = experiment(store, "iris").await.to_string();
    let id = dataset(store, "a").await;
    let add = async |experiments: &[&str], ms| {
        store.add_dataset_to_experiments(&id, associations(experiments), after(ms)).await
    };
    let changed = add(&["0", &iris], 3).await.unwrap();
    assert_eq!(changed.updated_at, after(3));
    add(&["0"], 4).await.unwrap();
    let message = "No Experiment with id=00";
    refused(add(&[&iris, "00"], 5).await, ErrorCode::ResourceDoesNotExist, message);
    let experiments = store.experiments_of_dataset(&id).await.unwrap();
    assert_eq!(sorted(experiments), ["0", &iris]);
    let remove = async |experiment: &str, ms| {
        let experiments = vec![experiment.to_owned()];
        store.remove_dataset_from_experiments(&id, experiments, after(ms)).await.unwrap()
    };
    assert_eq!(remove("0", 6).await.updated_at, after(6));
    assert_eq!(remove("0", 7).await.updated_at, after(6));
    assert_eq!(store.experiments_of_dataset(&id).await.unwrap(), [iris]);
}

pub async fn a_deleted_dataset_leaves_nothing_behind(store: &dyn Store) {
    let new = NewEvaluationDataset {
        tags: vec![tag("t", "1")],
        experiments: associations(&["0"]),
        ..new_dataset("a")
    };
    let id = store.create_evaluation_dataset(new, NOW).await.unwrap().id;
    upsert(store, &id, r#"[{"inputs": {"q": 1}}]"#, 1).await;
    store.delete_evaluation_dataset(&id).await.unwrap();
    assert_eq!(store.find_evaluation_dataset(&id).await.unwrap(), None);
    assert!(shown_records(store, &id).await.is_empty());
    assert!(store.experiments_of_dataset(&id).await.unwrap().is_empty());
    // Nothing stands in the way of another one with the same id.
    assert!(get(store, &dataset(store, "a").await).await.tags.is_empty());
}

pub async fn every_dataset_clause_finds_what_it_should(store: &dyn Store) {
    for (ms, name, user) in [(1, "iris", "ada"), (2, "Iris", "bob"), (3, "wine", "ada")] {
        let tags = vec![tag("mlflow.user", user), tag(name, "x_1")];
        let new = NewEvaluationDataset { tags, ..new_dataset(name) };
        store.create_evaluation_dataset(new, after(ms)).await.unwrap();
    }
    for (filter, expected) in [
        ("", "wine Iris iris"),
        ("name = 'iris'", "iris"),
        ("name != 'iris'", "wine Iris"),
        ("name LIKE 'i%'", "iris"),
        ("name ILIKE 'I%'", "Iris iris"),
        ("name IN ('iris', 'wine', 'x')", "wine iris"),
        ("created_by = 'ada'", "wine iris"),
        ("last_updated_by != 'ada'", "Iris"),
        ("created_time > 1700000000001", "wine Iris"),
        ("created_time >= 1700000000001 AND last_update_time < 1700000000002", "iris"),
        ("created_time != 1700000000001", "wine Iris"),
        ("tags.iris = 'x_1'", "iris"),
        ("tags.iris LIKE 'X%'", ""),
        ("tags.wine ILIKE 'X%'", "wine"),
        ("tags.wine != 'x_1'", ""),
        ("tags.mlflow.user = 'ada' AND tags.wine = 'x_1'", "wine"),
    ] {
        let filter_clauses = EvaluationDatasetFilter::parse(filter).unwrap().clauses;
        let search = EvaluationDatasetSearch { filter: filter_clauses, ..everything() };
        assert_eq!(found(store, search).await, expected, "{filter}");
    }
}

pub async fn datasets_are_searched_by_experiment_order_and_page(store: &dyn Store) {
    for (ms, name, experiments) in
        [(1, "b", &["0"][..]), (1, "a", &["0", "7"]), (2, "c", &["7"]), (2, "d", &[])]
    {
        let new =
            NewEvaluationDataset { experiments: associations(experiments), ..new_dataset(name) };
        store.create_evaluation_dataset(new, after(ms)).await.unwrap();
    }
    assert_eq!(found(store, everything()).await, "d c b a");
    for (experiments, expected) in [(&["0"][..], "b a"), (&["0", "7"], "c b a"), (&["8"], "")] {
        let experiments = experiments.iter().map(|id| (*id).to_owned()).collect();
        let search = EvaluationDatasetSearch { experiments, ..everything() };
        assert_eq!(found(store, search).await, expected);
    }
    for (order, expected) in
        [("name", "a b c d"), ("name DESC", "d c b a"), ("created_time ASC", "b a d c")]
    {
        let order_by = EvaluationDatasetOrder::parse_all(&[order.to_owned()]).unwrap();
        let search = EvaluationDatasetSearch { order_by, ..everything() };
        assert_eq!(found(store, search).await, expected, "{order}");
    }
    let mut pages = Vec::new();
    for offset in [0, 3] {
        let page = PageRequest { limit: 3, offset };
        let search = EvaluationDatasetSearch { page, ..everything() };
        let next = store.search_evaluation_datasets(search.clone()).await.unwrap().next_offset;
        pages.push((found(store, search).await, next));
    }
    assert_eq!(pages, [("d c b".to_owned(), Some(3)), ("a".to_owned(), None)]);
}
