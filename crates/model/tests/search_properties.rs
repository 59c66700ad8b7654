//! What holds for every search filter: parsing neither panics nor takes long, and a filter that is
//! spelled and parsed again is the same filter.

use oxflow_model::ExperimentId;
use oxflow_model::search::{
    DatasetField, ExperimentClause, ExperimentFilter, ExperimentOrder, LoggedModelClause,
    LoggedModelFilter, LoggedModelText, MAX_SEARCH_BYTES, ModelVersionClause, ModelVersionFilter,
    ModelVersionOrder, NumberOp, RegisteredModelClause, RegisteredModelFilter,
    RegisteredModelOrder, RunClause, RunFilter, RunOrder, RunTime, TextOp, TextTest,
};
use proptest::prelude::*;

#[test]
fn huge_filters_are_refused_or_read_quickly() {
    let pieces =
        ["(", ")", "[", "'", "\"", "`", "/*", "a ", "a.", "$$", "''", "\\'", "metrics.a>1 ", "é"];
    for piece in pieces {
        let filter = piece.repeat(MAX_SEARCH_BYTES / piece.len());
        parse_everything(&filter);
        parse_everything(&format!("run_id IN ({filter})"));
        parse_everything(&format!("tags.a = '{filter}"));
    }
    let too_long = RunFilter::parse(&" ".repeat(MAX_SEARCH_BYTES + 1)).unwrap_err();
    assert_eq!(too_long.message(), "The filter is too long. It may have at most 200000 bytes.");
    let ids = vec!["'0123456789abcdef0123456789abcdef'"; 3000].join(", ");
    let filter = RunFilter::parse(&format!("run_id IN ({ids})")).unwrap();
    assert!(
        matches!(&filter.clauses[..], [RunClause::IdIn { values, .. }] if values.len() == 3000)
    );
}

/// Only to see that nothing panics.
fn parse_everything(text: &str) {
    let order = [text.to_owned()];
    let _ = RunFilter::parse(text);
    let _ = ExperimentFilter::parse(text);
    let _ = RegisteredModelFilter::parse(text);
    let _ = ModelVersionFilter::parse(text);
    let _ = LoggedModelFilter::parse(text);
    let _ = RunOrder::parse_all(&order);
    let _ = ExperimentOrder::parse_all(&order);
    let _ = RegisteredModelOrder::parse_all(&order);
    let _ = ModelVersionOrder::parse_all(&order);
}

/// Filters that are often nearly right.
fn soup() -> impl Strategy<Value = String> {
    let pieces = vec![
        "metrics.",
        "params.",
        "tags.",
        "attributes.",
        "name",
        "run_id",
        "experiment_id",
        "a",
        "é",
        "version_number",
        "creation_time",
        "x y",
        "`",
        "'",
        "\"",
        "\\",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        ";",
        ":",
        "::",
        "->",
        "-",
        "*",
        "/*",
        "*/",
        "--",
        "# ",
        "=",
        "!=",
        ">",
        "<",
        "LIKE",
        "in",
        "IN",
        "NOT",
        "IS",
        "NULL",
        "AND",
        "ASC",
        "desc",
        "1",
        ".5",
        "1e5",
        "0x1",
        "'v'",
        "\"w\"",
        "('a', 'b')",
        "\n",
        " ",
        " ",
        " ",
        " ",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..24).prop_map(|pieces| pieces.concat())
}

/// Any key that can be spelled: at least one kind of quotes must be free.
fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[^`'\"\\\\]{1,12}", "[a-z '\"]{0,4}[a-z]", "[a-z `']{0,4}[a-z]"]
        .prop_filter("no quotes at both ends", |key| !key.starts_with(['`', '\'', '"']))
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[^'\\\\]{0,12}", "[^\"\\\\]{0,12}"]
}

fn text_op() -> impl Strategy<Value = TextOp> {
    prop::sample::select(vec![TextOp::Eq, TextOp::Ne, TextOp::Like, TextOp::ILike])
}

fn number_op() -> impl Strategy<Value = NumberOp> {
    prop::sample::select(vec![
        NumberOp::Gt,
        NumberOp::Ge,
        NumberOp::Ne,
        NumberOp::Eq,
        NumberOp::Lt,
        NumberOp::Le,
    ])
}

/// Lists may hold any text.
fn texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(any::<String>(), 1..4)
}

fn text_test() -> impl Strategy<Value = TextTest> {
    prop_oneof![
        (text_op(), value()).prop_map(|(op, value)| TextTest::Compare { op, value }),
        (any::<bool>(), texts()).prop_map(|(negated, values)| TextTest::OneOf { negated, values }),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    use prop::num::f64;
    f64::NORMAL | f64::ZERO | f64::SUBNORMAL | f64::INFINITE
}

fn run_clause() -> impl Strategy<Value = RunClause> {
    prop_oneof![
        (key(), number_op(), number()).prop_map(|(key, op, value)| RunClause::Metric {
            key,
            op,
            value
        }),
        (key(), text_op(), value()).prop_map(|(key, op, value)| RunClause::Tag { key, op, value }),
        (key(), any::<bool>()).prop_map(|(key, is_null)| RunClause::ParamPresence { key, is_null }),
        (number_op(), number()).prop_map(|(op, value)| RunClause::Time {
            attribute: RunTime::EndTime,
            op,
            value
        }),
        (any::<bool>(), texts()).prop_map(|(negated, values)| RunClause::IdIn { negated, values }),
        text_test().prop_map(|test| RunClause::Dataset { field: DatasetField::Digest, test }),
    ]
}

fn experiment_clause() -> impl Strategy<Value = ExperimentClause> {
    prop_oneof![
        (text_op(), value()).prop_map(|(op, value)| ExperimentClause::Name { op, value }),
        (any::<bool>(), prop::collection::vec(any::<i64>(), 1..4)).prop_map(|(negated, ids)| {
            ExperimentClause::Id { negated, ids: ids.into_iter().map(ExperimentId).collect() }
        }),
        (key(), any::<bool>())
            .prop_map(|(key, is_null)| ExperimentClause::TagPresence { key, is_null }),
    ]
}

fn model_clause() -> impl Strategy<Value = RegisteredModelClause> {
    prop_oneof![
        text_test().prop_map(RegisteredModelClause::Name),
        (key(), text_op(), value()).prop_map(|(key, op, value)| RegisteredModelClause::Tag {
            key,
            op,
            value
        }),
    ]
}

fn version_clause() -> impl Strategy<Value = ModelVersionClause> {
    prop_oneof![
        text_test().prop_map(ModelVersionClause::RunId),
        (number_op(), any::<i64>())
            .prop_map(|(op, value)| ModelVersionClause::VersionNumber { op, value }),
    ]
}

fn logged_clause() -> impl Strategy<Value = LoggedModelClause> {
    let inner = || "[^'`\\\\\n]{1,12}";
    prop_oneof![
        (inner(), number_op(), number()).prop_map(|(key, op, value)| LoggedModelClause::Metric {
            key,
            op,
            value
        }),
        (inner(), text_op(), inner()).prop_map(|(key, op, value)| LoggedModelClause::Param {
            key,
            test: TextTest::Compare { op, value }
        }),
        (any::<bool>(), texts()).prop_map(|(negated, values)| LoggedModelClause::Text {
            attribute: LoggedModelText::Name,
            test: TextTest::OneOf { negated, values }
        }),
    ]
}

fn some<T: std::fmt::Debug>(clause: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(clause, 0..4)
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*") {
        parse_everything(&text);
    }

    #[test]
    fn no_soup_panics(text in soup()) {
        parse_everything(&text);
    }

    #[test]
    fn run_filters_come_back(clauses in some(run_clause())) {
        let filter = RunFilter { clauses };
        prop_assert_eq!(RunFilter::parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn experiment_filters_come_back(clauses in some(experiment_clause())) {
        let filter = ExperimentFilter { clauses };
        prop_assert_eq!(ExperimentFilter::parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn registered_model_filters_come_back(clauses in some(model_clause())) {
        let filter = RegisteredModelFilter { clauses };
        prop_assert_eq!(RegisteredModelFilter::parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn model_version_filters_come_back(clauses in some(version_clause())) {
        let filter = ModelVersionFilter { clauses };
        prop_assert_eq!(ModelVersionFilter::parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn logged_model_filters_come_back(clauses in some(logged_clause())) {
        let filter = LoggedModelFilter { clauses };
        prop_assert_eq!(LoggedModelFilter::parse(&filter.to_string()), Ok(filter));
    }
}
