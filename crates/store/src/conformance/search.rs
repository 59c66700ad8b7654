//! Searching runs.

use oxflow_model::search::{RunClause, RunFilter, RunOrder};
use oxflow_model::{
    Dataset, DatasetInput, ErrorCode, ExperimentId, LoggedModelInput, LoggedModelOutput, Metric,
    Millis, NewRun, PageRequest, Param, Result, Run, RunChange, RunId, RunStatus, Tag, ViewType,
};

use super::{CountingIds, NOW, batch, experiment, get, new_run, param, point, run_id};
use crate::{RunColumns, RunSearch, Store};

/// A search of the first thousand runs of an experiment.
fn within(experiment: ExperimentId) -> RunSearch {
    RunSearch {
        experiments: vec![experiment],
        filter: Vec::new(),
        order_by: Vec::new(),
        view: ViewType::ActiveOnly,
        page: PageRequest { limit: 1000, offset: 0 },
    }
}

fn filter(text: &str) -> Vec<RunClause> {
    RunFilter::parse(text).unwrap().clauses
}

fn order(items: &[&str]) -> Vec<RunOrder> {
    let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
    RunOrder::parse_all(&items).unwrap()
}

/// The names of the runs that a search finds, in its order.
async fn names(store: &dyn Store, search: RunSearch) -> Vec<String> {
    let found = store.search_runs(search).await.unwrap();
    found.items.into_iter().map(|run| run.info.name).collect()
}

/// A run called by a letter, with what it logged.
struct Sample<'a> {
    name: &'a str,
    start: i64,
    metrics: &'a [Metric],
    params: &'a [Param],
    tags: &'a [Tag],
}

async fn create(
    store: &dyn Store,
    experiment: ExperimentId,
    n: usize,
    sample: Sample<'_>,
) -> RunId {
    let new = NewRun {
        name: sample.name.to_owned(),
        started_at: Millis(sample.start),
        user_id: if sample.name == "e" { "bob" } else { "ada" }.to_owned(),
        tags: vec![Tag::new("mlflow.runName", sample.name)],
        ..new_run(experiment, n)
    };
    let id = store.create_run(new).await.unwrap().info.id;
    let logged = batch(sample.metrics, sample.params, sample.tags);
    store.log_batch(&id, logged).await.unwrap();
    id
}

async fn finish(store: &dyn Store, id: &RunId, status: RunStatus, ended_at: Option<i64>) {
    let change = RunChange { status: Some(status), ended_at: ended_at.map(Millis), name: None };
    store.update_run(id, change).await.unwrap();
}

/// Runs `a` to `e`, which differ in all that can be searched for. Newest first: `d b c a e`.
async fn samples(store: &dyn Store) -> ExperimentId {
    let id = experiment(store, "samples").await;
    let acc = |value: f64| point("acc", value, 1, 1);
    let team = |value: &str| Tag::new("team", value);
    let a = Sample {
        name: "a",
        start: 100,
        metrics: &[point("acc", 0.5, 0, 0), acc(0.9), point("loss", 0.1, 0, 0)],
        params: &[param("model", "cnn"), param("lr", "0.1")],
        tags: &[team("vision"), Tag::new("env x", "prod")],
    };
    let a = create(store, id, 1, a).await;
    finish(store, &a, RunStatus::Finished, Some(200)).await;
    let b = Sample {
        name: "b",
        start: 200,
        metrics: &[acc(0.8)],
        params: &[param("model", "CNN")],
        tags: &[team("Vision")],
    };
    create(store, id, 2, b).await;
    let c = Sample {
        name: "c",
        start: 200,
        metrics: &[acc(f64::NAN)],
        params: &[param("model", "rnn_x")],
        tags: &[team("nlp")],
    };
    let c = create(store, id, 3, c).await;
    finish(store, &c, RunStatus::Failed, None).await;
    let d = Sample {
        name: "d",
        start: 300,
        metrics: &[acc(f64::INFINITY)],
        params: &[param("model", "rnn%")],
        tags: &[],
    };
    create(store, id, 4, d).await;
    let e = Sample { name: "e", start: 50, metrics: &[], params: &[], tags: &[] };
    create(store, id, 5, e).await;
    id
}

/// Each filter of the table must find these runs, newest first.
async fn check(store: &dyn Store, experiment: ExperimentId, table: &[(&str, &str)]) {
    for (text, expected) in table {
        let search = RunSearch { filter: filter(text), ..within(experiment) };
        assert_eq!(names(store, search).await.concat(), *expected, "{text}");
    }
}

pub async fn every_clause_finds_what_it_should(store: &dyn Store) {
    let experiment = samples(store).await;
    let (one, two) = (run_id(1), run_id(2));
    let table = [
        ("", "dbcae"),
        ("metrics.acc > 0.8", "da"),
        ("metrics.acc >= 0.8", "dba"),
        ("metrics.acc = 0.9", "a"),
        ("metrics.acc < 0.9", "b"),
        ("metrics.acc <= 0.9", "ba"),
        // NaN differs from every number and compares with none.
        ("metrics.acc != 0.9", "dbc"),
        ("metrics.acc != 0", "dbca"),
        ("metrics.acc = 0", ""),
        ("metrics.acc > -1", "dba"),
        ("metrics.acc > 1e300", "d"),
        // Only the latest value counts.
        ("metrics.acc = 0.5", ""),
        ("metrics.acc > 0.7 AND metrics.acc < 0.85", "b"),
        ("metrics.none != 1", ""),
        ("metrics.ACC > 0", ""),
        ("params.model = 'cnn'", "a"),
        ("params.model != 'cnn'", "dbc"),
        ("params.model LIKE 'c%'", "a"),
        ("params.model ILIKE 'c%'", "ba"),
        ("params.lr IS NULL", "dbce"),
        ("params.lr IS NOT NULL", "a"),
        ("params.none != 'x'", ""),
        ("tags.team = 'vision'", "a"),
        ("tags.team != 'vision'", "bc"),
        ("tags.team LIKE 'V%'", "b"),
        ("tags.team ILIKE 'VIS%'", "ba"),
        ("tags.team IS NULL", "de"),
        ("tags.team IS NOT NULL", "bca"),
        ("tags.`env x` = 'prod'", "a"),
        ("tags.env != 'prod'", ""),
        ("attributes.status = 'FINISHED'", "a"),
        ("attributes.status != 'RUNNING'", "ca"),
        ("attributes.status LIKE 'F%'", "ca"),
        ("attributes.status = 'finished'", ""),
        ("attributes.status ILIKE 'finished'", "a"),
        ("start_time > 100", "dbc"),
        ("start_time = 200", "bc"),
        ("start_time != 200", "dae"),
        ("start_time <= 99.5", "e"),
        ("attributes.end_time > 0", "a"),
        ("attributes.end_time != 5", "a"),
        ("attributes.user_id = 'bob'", "e"),
        ("attributes.user_id != 'bob'", "dbca"),
        ("attributes.artifact_uri LIKE '%/artifacts'", "dbcae"),
        (&format!("run_id = '{one}'"), "a"),
        (&format!("run_id != '{one}'"), "dbce"),
        (&format!("run_id IN ('{one}', '{two}', 'nope')"), "ba"),
        (&format!("run_id NOT IN ('{one}', '{two}')"), "dce"),
        ("run_name = 'b'", "b"),
        ("run_name != 'b'", "dcae"),
        ("metrics.acc > 0.5 AND params.model ILIKE 'CNN' AND tags.team = 'vision'", "a"),
        ("params.model = 'cnn' AND params.lr = '0.2'", ""),
        ("params.model = \"' OR '1'='1\"", ""),
    ];
    check(store, experiment, &table).await;
}

pub async fn patterns_have_two_wildcards_and_no_escape(store: &dyn Store) {
    let experiment = samples(store).await;
    let table = [
        ("params.model LIKE 'rnn_x'", "c"),
        ("params.model LIKE 'rnn%'", "dc"),
        ("params.model LIKE 'rnn_'", "d"),
        (r"params.model LIKE 'rnn\%'", ""),
        ("params.model LIKE '_nn'", "a"),
        ("params.model ILIKE '_nn'", "ba"),
        ("params.model LIKE ''", ""),
        ("params.model LIKE '%'", "dbca"),
        ("params.model LIKE '%n%n%'", "dca"),
        ("params.model LIKE '*'", ""),
        ("params.model LIKE '[a-z]nn'", ""),
    ];
    check(store, experiment, &table).await;
}

pub async fn a_search_sees_only_its_experiments_and_its_stage(store: &dyn Store) {
    let first = samples(store).await;
    let second = experiment(store, "second").await;
    let x = Sample { name: "x", start: 150, metrics: &[], params: &[], tags: &[] };
    create(store, second, 6, x).await;
    store.delete_run(&run_id(3), NOW).await.unwrap();
    let found = async |experiments: &[i64], view| {
        let experiments = experiments.iter().copied().map(ExperimentId).collect();
        names(store, RunSearch { experiments, view, ..within(first) }).await.concat()
    };
    let (one, two) = (first.0, second.0);
    for (experiments, view, expected) in [
        (&[one][..], ViewType::ActiveOnly, "dbae"),
        (&[one], ViewType::DeletedOnly, "c"),
        (&[one], ViewType::All, "dbcae"),
        (&[two], ViewType::All, "x"),
        (&[one, two], ViewType::ActiveOnly, "dbxae"),
        (&[two, one, two], ViewType::ActiveOnly, "dbxae"),
        (&[0, 4711, -1], ViewType::All, ""),
        (&[], ViewType::All, ""),
    ] {
        assert_eq!(found(experiments, view).await, expected, "{experiments:?} {view:?}");
    }
    // The runs of a deleted experiment are in the bin, and can be looked at there.
    store.delete_experiment(second, NOW).await.unwrap();
    assert_eq!(found(&[one, two], ViewType::ActiveOnly).await, "dbae");
    assert_eq!(found(&[one, two], ViewType::DeletedOnly).await, "cx");
}

pub async fn a_search_shows_what_the_runs_logged(store: &dyn Store) {
    let experiment = samples(store).await;
    let (id, ids) = (run_id(1), CountingIds::default());
    let inputs = vec![input("iris", "d1", Some("train")), input("mnist", "d2", None)];
    let read = vec![LoggedModelInput { model_id: "m-read".to_owned() }];
    let written = vec![LoggedModelOutput { model_id: "m-written".to_owned(), step: 3 }];
    store.log_inputs(&id, inputs, read, &ids).await.unwrap();
    store.log_outputs(&id, written, &ids).await.unwrap();
    let found = store.search_runs(within(experiment)).await.unwrap();
    assert_eq!((found.items.len(), found.next_offset), (5, None));
    for run in found.items {
        let whole = get(store, &run.info.id).await;
        // As in MLflow, a search leaves out the models that a run read.
        assert_same(run, Run { model_inputs: Vec::new(), ..whole });
    }
}

pub async fn a_table_has_the_columns_that_are_wanted(store: &dyn Store) {
    let experiment = samples(store).await;
    let inputs = vec![input("iris", "d1", Some("train"))];
    store.log_inputs(&run_id(1), inputs, Vec::new(), &CountingIds::default()).await.unwrap();
    let texts = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let columns = RunColumns {
        metrics: texts(&["acc", "none"]),
        params: texts(&["model"]),
        tags: texts(&["team", "env x"]),
        datasets: true,
    };
    let search = RunSearch {
        filter: filter("metrics.acc > 0.5"),
        order_by: order(&["metrics.acc ASC"]),
        page: PageRequest { limit: 2, offset: 0 },
        ..within(experiment)
    };
    let found = store.run_table(search, columns.clone()).await.unwrap();
    assert_eq!(found.next_offset, Some(2));
    let shown = |run: &Run| {
        let acc = run.metrics.iter().find(|metric| metric.key == "acc").map(|metric| metric.value);
        let param = run.params.iter().find(|param| param.key == "model");
        let mut tags: Vec<&str> = run
            .tags
            .iter()
            .filter(|tag| columns.tags.contains(&tag.key))
            .map(|tag| tag.value.as_str())
            .collect();
        tags.sort_unstable();
        let read = run.dataset_inputs.iter().map(|input| input.dataset.name.as_str());
        let read = read.collect::<Vec<_>>().join(",");
        let model = param.map_or("", |param| &param.value);
        format!("{} {acc:?} {model} {} {read}", run.info.name, tags.join(","))
    };
    let shown: Vec<String> = found.items.iter().map(shown).collect();
    assert_eq!(shown, ["b Some(0.8) CNN Vision ", "a Some(0.9) cnn prod,vision iris"]);
    let all = store.run_table(within(experiment), RunColumns::default()).await.unwrap();
    let names: Vec<&str> = all.items.iter().map(|run| run.info.name.as_str()).collect();
    assert_eq!((names.concat().as_str(), all.next_offset), ("dbcae", None));
    let nowhere = RunSearch { experiments: Vec::new(), ..within(experiment) };
    assert_eq!(store.run_table(nowhere, columns).await.unwrap().items, []);
}

/// Whether two runs are equal, but for the order of what they logged, and with NaN equal to NaN.
fn assert_same(mut a: Run, mut b: Run) {
    for run in [&mut a, &mut b] {
        run.metrics.sort_by(|a, b| a.key.cmp(&b.key));
        run.params.sort_by(|a, b| a.key.cmp(&b.key));
        run.tags.sort_by(|a, b| a.key.cmp(&b.key));
        run.dataset_inputs.sort_by(|a, b| a.dataset.name.cmp(&b.dataset.name));
    }
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
}

pub async fn every_order_has_one_result(store: &dyn Store) {
    let experiment = samples(store).await;
    // Runs without a value come last in both directions, NaN before them; then newest first.
    let table: [(&[&str], &str); 24] = [
        (&[], "dbcae"),
        (&["start_time ASC"], "eabcd"),
        (&["start_time DESC"], "dbcae"),
        (&["created"], "eabcd"),
        (&["metrics.acc ASC"], "badce"),
        (&["metrics.acc DESC"], "dabce"),
        (&["metrics.none"], "dbcae"),
        (&["metrics.none DESC"], "dbcae"),
        (&["params.model ASC"], "badce"),
        (&["params.model DESC"], "cdabe"),
        (&["params.lr DESC"], "adbce"),
        (&["tags.team ASC"], "bcade"),
        (&["tags.team DESC"], "acbde"),
        (&["end_time ASC"], "adbce"),
        (&["end_time DESC"], "adbce"),
        (&["status"], "cadbe"),
        (&["status DESC"], "dbeac"),
        (&["run_id DESC"], "edcba"),
        (&["run_name DESC"], "edcba"),
        (&["user_id DESC"], "edbca"),
        (&["artifact_uri"], "abcde"),
        (&["status ASC", "metrics.acc DESC"], "cadbe"),
        (&["status DESC", "start_time ASC"], "ebdac"),
        (&["tags.team ASC", "run_id DESC"], "bcaed"),
    ];
    for (items, expected) in table {
        let search = RunSearch { order_by: order(items), ..within(experiment) };
        assert_eq!(names(store, search).await.concat(), expected, "{items:?}");
    }
}

pub async fn pages_have_no_gaps_and_no_repeats(store: &dyn Store) {
    let experiment = experiment(store, "many").await;
    for n in 0..23 {
        // Few different values, so that ties are everywhere.
        let value = [0.5, 0.5, f64::NAN, 1.0][n % 4];
        let metrics = [point("m", value, 0, 0)];
        let sample = Sample {
            name: &format!("{n} "),
            start: [7, 9][n % 2],
            metrics: if n % 5 == 0 { &[] } else { &metrics },
            params: &[param("p", &(n % 3).to_string())],
            tags: &[],
        };
        // Ids in another order than that of creation.
        create(store, experiment, n * 7 % 23, sample).await;
    }
    for items in [&[][..], &["metrics.m"], &["metrics.m DESC"], &["params.p", "metrics.m"]] {
        let search = RunSearch { order_by: order(items), ..within(experiment) };
        let whole = names(store, search.clone()).await;
        assert_eq!(whole.len(), 23);
        for limit in [1, 2, 5, 22, 23, 24] {
            let (mut pages, mut next) = (Vec::new(), Some(0));
            while let Some(offset) = next {
                let page = PageRequest { limit, offset };
                let found = store.search_runs(RunSearch { page, ..search.clone() }).await.unwrap();
                assert!(!found.items.is_empty());
                pages.extend(found.items.into_iter().map(|run| run.info.name));
                next = found.next_offset;
            }
            assert_eq!(pages, whole, "{items:?} in pages of {limit}");
        }
    }
    for offset in [23, 1000, i64::MAX as u64] {
        let page = PageRequest { limit: 5, offset };
        let found = store.search_runs(RunSearch { page, ..within(experiment) }).await.unwrap();
        assert_eq!((found.items, found.next_offset), (vec![], None));
    }
}

pub async fn a_name_is_searched_in_the_tag_and_sorted_by_the_column(store: &dyn Store) {
    let experiment = samples(store).await;
    store.delete_tag(&run_id(2), "mlflow.runName").await.unwrap();
    let table = [("run_name = 'b'", ""), ("run_name != 'z'", "dcae"), ("run_name = 'c'", "c")];
    check(store, experiment, &table).await;
    let search = RunSearch { order_by: order(&["run_name"]), ..within(experiment) };
    assert_eq!(names(store, search).await.concat(), "abcde");
}

fn input(name: &str, digest: &str, context: Option<&str>) -> DatasetInput {
    DatasetInput {
        tags: context.map(|context| Tag::new("mlflow.data.context", context)).into_iter().collect(),
        dataset: Dataset {
            name: name.to_owned(),
            digest: digest.to_owned(),
            source_type: "local".to_owned(),
            source: "{}".to_owned(),
            schema: None,
            profile: None,
        },
    }
}

pub async fn datasets_are_searched_by_name_digest_and_context(store: &dyn Store) {
    let experiment = samples(store).await;
    let ids = CountingIds::default();
    let of_a = vec![input("iris", "d1", Some("train")), input("mnist", "d2", Some("eval"))];
    store.log_inputs(&run_id(1), of_a, vec![], &ids).await.unwrap();
    let of_b = vec![input("iris", "d9", None)];
    store.log_inputs(&run_id(2), of_b, vec![], &ids).await.unwrap();
    let table = [
        ("dataset.name = 'iris'", "ba"),
        ("datasets.name = 'mnist'", "a"),
        ("dataset.name != 'iris'", "a"),
        ("dataset.name LIKE 'IR%'", ""),
        ("dataset.name ILIKE 'IR%'", "ba"),
        ("dataset.name IN ('mnist', 'x')", "a"),
        ("dataset.name NOT IN ('mnist')", "ba"),
        ("dataset.digest = 'd9'", "b"),
        ("dataset.digest IN ('d1', 'd9')", "ba"),
        ("dataset.context = 'train'", "a"),
        ("dataset.context != 'train'", "a"),
        ("dataset.context LIKE '%a%'", "a"),
        // Each clause may be true of another dataset.
        ("dataset.name = 'iris' AND dataset.context = 'eval'", "a"),
        ("dataset.name = 'iris' AND metrics.acc < 0.85", "b"),
    ];
    check(store, experiment, &table).await;
}

/// A search may be too much for a database, but then it is the client who is told.
#[track_caller]
fn answered_or_refused<T>(result: Result<T>, what: &str) {
    if let Err(error) = result {
        assert_eq!(error.code(), ErrorCode::InvalidParameterValue, "{what}: {error}");
    }
}

pub async fn hundreds_of_clauses_are_answered_or_refused_politely(store: &dyn Store) {
    let experiment = samples(store).await;
    for count in [10, 100, 500, 900, 2000] {
        for clause in ["metrics.acc > 0.85", "params.lr IS NOT NULL", "start_time < 250"] {
            let clauses = vec![filter(clause).remove(0); count];
            let search = RunSearch { filter: clauses, ..within(experiment) };
            let result = store.search_runs(search).await;
            if count <= 100 {
                assert!(result.as_ref().is_ok_and(|page| !page.items.is_empty()), "{count}");
            }
            answered_or_refused(result, clause);
        }
        let keys: Vec<String> = (0..count).map(|n| format!("metrics.m{n}")).collect();
        let order_by = RunOrder::parse_all(&keys).unwrap();
        let result = store.search_runs(RunSearch { order_by, ..within(experiment) }).await;
        answered_or_refused(result, "an order by many metrics");
        let values = (0..count * 50).map(|n| n.to_string()).collect();
        let list = vec![RunClause::IdIn { negated: true, values }];
        let result = store.search_runs(RunSearch { filter: list, ..within(experiment) }).await;
        answered_or_refused(result, "a long list");
        let pattern = format!("params.model LIKE '{}'", "%a_".repeat(count * 30));
        let search = RunSearch { filter: filter(&pattern), ..within(experiment) };
        let result = store.search_runs(search).await;
        answered_or_refused(result, "a long pattern");
    }
    // And the store is none the worse for it.
    assert_eq!(names(store, within(experiment)).await.concat(), "dbcae");
}

pub async fn thousands_of_experiments_are_searched_at_once(store: &dyn Store) {
    let experiment = samples(store).await;
    let all = |count: i64| (0..count).map(ExperimentId).collect::<Vec<_>>();
    let search = RunSearch { experiments: all(5000), ..within(experiment) };
    assert_eq!(names(store, search).await.concat(), "dbcae");
    let search = RunSearch { experiments: all(100_000), ..within(experiment) };
    answered_or_refused(store.search_runs(search).await, "a hundred thousand experiments");
}
