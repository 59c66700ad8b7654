//! The search grammar, seen from outside. What is expected was checked against MLflow 3.17.2.
//!
//! A filter is shown as it is spelled after parsing, an error as its message behind `! `. In the
//! tables, `\n` and `\t` stand for a line break and a tab.

use std::fmt::Display;

use oxflow_model::search::{
    ExperimentFilter, ExperimentOrder, LoggedModelFilter, LoggedModelOrder, LoggedModelOrderKey,
    LoggedModelOrderSpec, LoggedModelText, ModelVersionFilter, ModelVersionOrder,
    RegisteredModelFilter, RegisteredModelOrder, RunFilter, RunOrder, RunOrderKey, RunTime,
};
use oxflow_model::{ErrorCode, Result};

fn shown<T: Display>(parsed: Result<T>) -> String {
    match parsed {
        Ok(filter) => filter.to_string(),
        Err(error) => {
            assert_eq!(error.code(), ErrorCode::InvalidParameterValue, "{error}");
            format!("! {error}")
        }
    }
}

/// Checks a table: lines with a filter, each followed by one with what it must give.
#[track_caller]
fn check<T: Display>(parse: fn(&str) -> Result<T>, table: &str) {
    let rows = table.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>();
    let mut rows = rows.into_iter().peekable();
    while let Some(filter) = rows.next() {
        let Some(expected) = rows.peek().and_then(|line| line.strip_prefix("=>")) else {
            continue;
        };
        let filter = filter.replace("\\n", "\n").replace("\\t", "\t");
        assert_eq!(shown(parse(&filter)), expected.trim_start(), "{filter}");
    }
}

#[test]
fn filters_are_read_as_mlflow_does() {
    check(RunFilter::parse, include_str!("search/runs.txt"));
    check(ExperimentFilter::parse, include_str!("search/experiments.txt"));
    check(RegisteredModelFilter::parse, include_str!("search/registered_models.txt"));
    check(ModelVersionFilter::parse, include_str!("search/model_versions.txt"));
    check(LoggedModelFilter::parse, include_str!("search/logged_models.txt"));
}

#[test]
fn prompts_are_wanted_only_if_asked_for() {
    for (filter, wanted, effective) in [
        ("", false, 0),
        ("name = 'a'", false, 1),
        ("tags.`mlflow.prompt.is_prompt` = 'TRUE' AND name = 'a'", true, 2),
        ("tags.`mlflow.prompt.is_prompt` != 'false'", true, 1),
        ("tags.`mlflow.prompt.is_prompt` != 'true' AND name = 'a'", false, 1),
        ("tag.mlflow.prompt.is_prompt LIKE 'true'", false, 0),
    ] {
        let models = RegisteredModelFilter::parse(filter).unwrap();
        assert_eq!(models.wants_prompts(), wanted, "{filter}");
        assert_eq!(models.effective_clauses().count(), effective, "{filter}");
        let versions = ModelVersionFilter::parse(filter).unwrap();
        assert_eq!(versions.wants_prompts(), wanted, "{filter}");
        assert_eq!(versions.effective_clauses().count(), effective, "{filter}");
    }
}

/// Orders are shown as Rust shows them, errors like those of filters.
#[track_caller]
fn check_order<T: std::fmt::Debug>(
    parse: fn(&[String]) -> Result<Vec<T>>,
    table: &[(&[&str], &str)],
) {
    for (items, expected) in table {
        let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
        let shown = match parse(&items) {
            Ok(orders) => format!("{orders:?}"),
            Err(error) => format!("! {error}"),
        };
        assert!(shown.contains(expected), "{items:?}: {shown}");
    }
}

#[test]
fn orders_of_runs() {
    check_order(
        RunOrder::parse_all,
        &[
            (
                &["metrics.acc", "Created desc"],
                "[RunOrder { by: Metric(\"acc\"), ascending: true }, RunOrder { by: Time(StartTime), ascending: false }]",
            ),
            (&["params.`a b` DESC"], "Param(\"a b\"), ascending: false"),
            (&["tags.\"a b\""], "Tag(\"a b\"), ascending: true"),
            (
                &["`run name`"],
                "! Invalid attribute key 'run name' specified. Valid keys are '{'run_id', 'run_name', 'status', 'artifact_uri', 'user_id', 'start_time', 'end_time', 'created', 'Created'}'",
            ),
            (&["dataset.name"], "! Invalid identifier type 'dataset'"),
            (&["metrics.acc UP"], "! Invalid ordering key in order_by clause 'metrics.acc UP'."),
            (&[""], "! Invalid order_by clause ''. Could not be parsed."),
            (&[" metrics.a"], "! Invalid order_by clause ' metrics.a'. Could not be parsed."),
            (&["metrics.a;"], "! Invalid order_by clause 'metrics.a;'. Could not be parsed."),
            (
                &["metrics.a, metrics.b"],
                "! Invalid order_by clause 'metrics.a, metrics.b'. Could not be parsed.",
            ),
            (
                &["metrics.a DESC NULLS LAST"],
                "! Invalid order_by clause 'metrics.a DESC NULLS LAST'. Could not be parsed.",
            ),
            (
                &["start_time", "created DESC"],
                "! `order_by` contains duplicate fields: ['start_time', 'created DESC']",
            ),
        ],
    );
}

#[test]
fn naming_a_column_twice_is_refused() {
    let twice = ["metrics.a".to_owned(), "metrics.a DESC".to_owned()];
    assert_eq!(RunOrder::parse_all(&twice).unwrap_err().code(), ErrorCode::InvalidParameterValue);
}

#[test]
fn orders_of_experiments() {
    check_order(
        ExperimentOrder::parse_all,
        &[
            (
                &["name DESC", "name", "experiment_id"],
                "[ExperimentOrder { by: Name, ascending: false }, ExperimentOrder { by: Name, ascending: true }, ExperimentOrder { by: Id, ascending: true }]",
            ),
            (&["attribute.last_update_time asc"], "Time(LastUpdateTime), ascending: true"),
            (&["tags.a"], "! Invalid order_by entity: tag"),
            (
                &["bogus"],
                "! Invalid attribute key 'bogus' specified. Valid keys are '{'name', 'experiment_id', 'creation_time', 'last_update_time'}'",
            ),
        ],
    );
}

#[test]
fn orders_of_the_model_registry() {
    check_order(
        RegisteredModelOrder::parse_all,
        &[
            (
                &["timestamp DESC", "name"],
                "[RegisteredModelOrder { by: LastUpdated, ascending: false }, RegisteredModelOrder { by: Name, ascending: true }]",
            ),
            (
                &["creation_timestamp"],
                "! Invalid order by key 'creation_timestamp' specified. Valid keys are '{'name', 'timestamp'}'",
            ),
            (
                &["timestamp", "last_updated_timestamp"],
                "! `order_by` contains duplicate fields: ['timestamp', 'last_updated_timestamp']",
            ),
        ],
    );
    check_order(
        ModelVersionOrder::parse_all,
        &[
            (
                &["version_number DESC", "creation_timestamp"],
                "[ModelVersionOrder { by: VersionNumber, ascending: false }, ModelVersionOrder { by: CreationTimestamp, ascending: true }]",
            ),
            (&["tags.name"], "by: Name"),
            (
                &["tags.foo"],
                "! Invalid order by key 'foo' specified. Valid keys are {'name', 'version_number', 'creation_timestamp', 'last_updated_timestamp'}",
            ),
            (
                &["name", "name DESC"],
                "! `order_by` contains duplicate fields: ['name', 'name DESC']",
            ),
        ],
    );
}

#[test]
fn orders_of_logged_models() {
    let spec = |field_name: &str| LoggedModelOrderSpec {
        field_name: field_name.to_owned(),
        ascending: false,
        dataset_name: Some("d".to_owned()),
        dataset_digest: Some(String::new()),
    };
    let parse = |field_name| LoggedModelOrder::parse_all(&[spec(field_name)]);
    let orders = parse("metrics.a.b").unwrap();
    let by = LoggedModelOrderKey::Metric {
        key: "a.b".to_owned(),
        dataset_name: Some("d".to_owned()),
        dataset_digest: None,
    };
    assert_eq!(orders, [LoggedModelOrder { by, ascending: false }]);
    assert_eq!(parse("name").unwrap()[0].by, LoggedModelOrderKey::Text(LoggedModelText::Name));
    let error = parse("zzz").unwrap_err();
    assert_eq!(error.message(), "Invalid order by field name: zzz");
    assert_eq!(error.class().map(|class| class.name), Some("ATTRIBUTE_NOT_FOUND"));
    let error = parse("params.a").unwrap_err();
    let expected = "Invalid order by field name: params.a. Only metrics are supported.";
    assert_eq!(error.message(), expected);
}

#[test]
fn orders_have_typed_keys() {
    let orders = RunOrder::parse_all(&["attributes.end_time DESC".to_owned()]).unwrap();
    assert_eq!(orders[0].by, RunOrderKey::Time(RunTime::EndTime));
}
