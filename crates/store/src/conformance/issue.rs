//! Issues.

use oxflow_model::search::IssueFilter;
use oxflow_model::{
    ErrorCode, ExperimentId, Issue, IssueChange, IssueSeverity, IssueStatus, PageRequest,
};

use super::{NOW, after, experiment, refused, refused_somehow, run};
use crate::{IssueSearch, Store};

fn new_issue(name: &str, ms: i64) -> Issue {
    Issue {
        id: format!("iss-{name}"),
        experiment_id: ExperimentId::DEFAULT,
        name: name.to_owned(),
        description: "d".to_owned(),
        status: IssueStatus::Pending,
        severity: None,
        root_causes: Vec::new(),
        source_run_id: None,
        categories: Vec::new(),
        created_at: after(ms),
        updated_at: after(ms),
        created_by: None,
        trace_count: None,
    }
}

fn everything() -> IssueSearch {
    let page = PageRequest { limit: 100, offset: 0 };
    IssueSearch { experiment: None, filter: Vec::new(), count_traces: false, page }
}

async fn found(store: &dyn Store, search: IssueSearch) -> String {
    let page = store.search_issues(search).await.unwrap();
    page.items.into_iter().map(|issue| issue.name).collect::<Vec<_>>().join(" ")
}

pub async fn an_issue_is_read_back(store: &dyn Store) {
    let run = run(store, 1).await;
    let full = Issue {
        status: IssueStatus::Rejected,
        severity: Some(IssueSeverity::High),
        root_causes: vec!["a".to_owned(), "é \"".to_owned()],
        source_run_id: Some(run.to_string()),
        categories: vec!["c".to_owned()],
        created_by: Some("ada".to_owned()),
        ..new_issue("full", 1)
    };
    for new in [new_issue("bare", 1), full] {
        assert_eq!(store.create_issue(new.clone()).await.unwrap(), new);
        assert_eq!(store.find_issue(&new.id).await.unwrap(), Some(new));
    }
    assert_eq!(store.find_issue("iss-x").await.unwrap(), None);
}

pub async fn issues_begin_in_active_experiments(store: &dyn Store) {
    let gone = experiment(store, "gone").await;
    let before = Issue { experiment_id: gone, ..new_issue("before", 1) };
    store.create_issue(before.clone()).await.unwrap();
    store.delete_experiment(gone, NOW).await.unwrap();
    for experiment_id in [gone, ExperimentId(77)] {
        let new = Issue { experiment_id, ..new_issue("a", 1) };
        let message = format!("No Experiment with id={experiment_id} exists");
        refused(store.create_issue(new).await, ErrorCode::ResourceDoesNotExist, &message);
    }
    assert_eq!(store.find_issue(&before.id).await.unwrap(), Some(before));
    let of_nobody = Issue { source_run_id: Some("x".to_owned()), ..new_issue("a", 1) };
    refused_somehow(store.create_issue(of_nobody).await, ErrorCode::BadRequest);
}

pub async fn an_update_of_an_issue_changes_only_what_it_names(store: &dyn Store) {
    let before = Issue { severity: Some(IssueSeverity::Low), ..new_issue("a", 1) };
    store.create_issue(before.clone()).await.unwrap();
    let nothing = store.update_issue("iss-a", IssueChange::default(), after(5)).await.unwrap();
    assert_eq!(nothing, Issue { updated_at: after(5), ..before.clone() });
    let change = IssueChange {
        name: Some("b".to_owned()),
        description: Some("e".to_owned()),
        status: Some(IssueStatus::Resolved),
        severity: Some(IssueSeverity::Medium),
    };
    let changed = store.update_issue("iss-a", change.clone(), after(6)).await.unwrap();
    let expected = Issue {
        name: "b".to_owned(),
        description: "e".to_owned(),
        status: IssueStatus::Resolved,
        severity: Some(IssueSeverity::Medium),
        updated_at: after(6),
        ..before
    };
    assert_eq!(changed, expected);
    assert_eq!(store.find_issue("iss-a").await.unwrap(), Some(expected));
    let message = "Issue with ID 'iss-x' not found";
    let result = store.update_issue("iss-x", change, NOW).await;
    refused(result, ErrorCode::ResourceDoesNotExist, message);
}

pub async fn the_worst_issues_come_first_then_the_newest(store: &dyn Store) {
    let iris = experiment(store, "iris").await;
    let run = run(store, 1).await;
    for (ms, name, severity) in [
        (1, "none", None),
        (2, "low", Some(IssueSeverity::Low)),
        (3, "high", Some(IssueSeverity::High)),
        (4, "no", Some(IssueSeverity::NotAnIssue)),
        (5, "low2", Some(IssueSeverity::Low)),
    ] {
        store.create_issue(Issue { severity, ..new_issue(name, ms) }).await.unwrap();
    }
    let elsewhere = Issue {
        experiment_id: iris,
        status: IssueStatus::Resolved,
        source_run_id: Some(run.to_string()),
        severity: Some(IssueSeverity::Medium),
        ..new_issue("iris", 6)
    };
    store.create_issue(elsewhere).await.unwrap();
    assert_eq!(found(store, everything()).await, "high iris low2 low no none");
    let here = IssueSearch { experiment: Some(ExperimentId::DEFAULT), ..everything() };
    assert_eq!(found(store, here.clone()).await, "high low2 low no none");
    let page = IssueSearch { page: PageRequest { limit: 2, offset: 3 }, ..here };
    assert_eq!(store.search_issues(page.clone()).await.unwrap().next_offset, None);
    assert_eq!(found(store, page).await, "no none");
    for (filter, expected) in [
        ("status = 'resolved'".to_owned(), "iris"),
        ("status != 'pending'".to_owned(), "iris"),
        (format!("source_run_id = '{run}'"), "iris"),
        ("source_run_id != 'x'".to_owned(), "iris"),
        ("status = 'resolved' AND source_run_id = 'x'".to_owned(), ""),
    ] {
        let clauses = IssueFilter::parse(&filter).unwrap().clauses;
        let search = IssueSearch { filter: clauses, ..everything() };
        assert_eq!(found(store, search).await, expected, "{filter}");
    }
    let counted = IssueSearch { count_traces: true, ..everything() };
    let counted = store.search_issues(counted).await.unwrap().items;
    assert!(counted.iter().all(|issue| issue.trace_count == Some(0)));
}
