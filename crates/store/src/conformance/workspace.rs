//! Workspaces.

use oxflow_model::{DeletionMode, ErrorCode, Workspace, WorkspaceChange, workspace};

use super::refused_somehow as refused;
use crate::Store;

fn named(name: &str) -> Workspace {
    Workspace { name: name.to_owned(), ..Workspace::default() }
}

async fn names(store: &dyn Store) -> Vec<String> {
    let all = store.list_workspaces().await.unwrap();
    all.into_iter().map(|workspace| workspace.name).collect()
}

pub async fn the_default_workspace_is_there_from_the_start(store: &dyn Store) {
    assert_eq!(names(store).await, [workspace::DEFAULT]);
    let found = store.find_workspace(workspace::DEFAULT).await.unwrap().unwrap();
    assert_eq!(found.description.as_deref(), Some("Default workspace for legacy resources"));
    assert_eq!(store.find_workspace("other").await.unwrap(), None);
}

pub async fn a_workspace_is_read_back_as_it_was_written(store: &dyn Store) {
    let new = Workspace {
        description: Some("Ünïcode".to_owned()),
        default_artifact_root: Some("s3://bucket/b".to_owned()),
        trace_archival_location: Some("s3://bucket/t".to_owned()),
        trace_archival_retention: Some("30d".to_owned()),
        ..named("team-b")
    };
    store.create_workspace(new.clone()).await.unwrap();
    store.create_workspace(named("team-a")).await.unwrap();
    assert_eq!(store.find_workspace("team-b").await.unwrap(), Some(new));
    assert_eq!(names(store).await, ["default", "team-a", "team-b"]);
}

pub async fn the_name_of_a_workspace_is_taken_only_once(store: &dyn Store) {
    store.create_workspace(named("twice")).await.unwrap();
    let again = Workspace { description: Some("new".to_owned()), ..named("twice") };
    refused(store.create_workspace(again).await, ErrorCode::ResourceAlreadyExists);
    assert_eq!(store.find_workspace("twice").await.unwrap(), Some(named("twice")));
}

pub async fn a_change_of_a_workspace_leaves_the_rest(store: &dyn Store) {
    let root = Some("gs://bucket".to_owned());
    let new = Workspace { default_artifact_root: root.clone(), ..named("team") };
    store.create_workspace(new.clone()).await.unwrap();
    let change = WorkspaceChange { description: Some("d".to_owned()), ..Default::default() };
    let expected = Workspace { description: Some("d".to_owned()), ..new };
    assert_eq!(store.update_workspace("team", change).await.unwrap(), expected);
    assert_eq!(store.find_workspace("team").await.unwrap(), Some(expected.clone()));
    let clear = WorkspaceChange {
        description: Some(String::new()),
        default_artifact_root: Some(String::new()),
        ..Default::default()
    };
    let expected = Workspace { description: Some(String::new()), ..named("team") };
    assert_eq!(store.update_workspace("team", clear.clone()).await.unwrap(), expected);
    refused(store.update_workspace("nobody", clear).await, ErrorCode::ResourceDoesNotExist);
}

pub async fn an_empty_workspace_is_deleted_in_every_mode(store: &dyn Store) {
    for mode in [DeletionMode::Restrict, DeletionMode::Cascade, DeletionMode::SetDefault] {
        store.create_workspace(named("gone")).await.unwrap();
        store.delete_workspace("gone", mode).await.unwrap();
        assert_eq!(names(store).await, [workspace::DEFAULT]);
        refused(store.delete_workspace("gone", mode).await, ErrorCode::ResourceDoesNotExist);
    }
    let all = store.find_experiment_by_name("Default").await.unwrap();
    assert_eq!(all.unwrap().workspace, workspace::DEFAULT);
}
