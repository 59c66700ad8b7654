//! Review queues. What happens to items needs traces, which no store can make yet.

use oxflow_model::{
    ErrorCode, ExperimentId, LabelInput, LabelSchema, PageRequest, ReviewQueue, ReviewQueueChange,
    ReviewQueueType, ReviewStatus,
};

use super::{NOW, after, experiment, refused};
use crate::{ReviewQueueList, Store};

const HERE: ExperimentId = ExperimentId::DEFAULT;

fn queue(name: &str, ms: i64) -> ReviewQueue {
    ReviewQueue {
        id: format!("rq-{name}"),
        experiment_id: HERE,
        name: name.to_owned(),
        kind: ReviewQueueType::Custom,
        created_by: None,
        created_at: after(ms),
        updated_at: after(ms),
        users: Vec::new(),
        schema_ids: Vec::new(),
    }
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

async fn schema(store: &dyn Store, name: &str, experiment_id: ExperimentId) -> String {
    let schema = LabelSchema::default_of(experiment_id, format!("ls-{name}"), NOW);
    let input = LabelInput::Text { max_length: Some(1) };
    let schema = LabelSchema { name: name.to_owned(), input, is_default: false, ..schema };
    store.create_label_schema(schema).await.unwrap().id
}

fn everything() -> ReviewQueueList {
    let page = PageRequest { limit: 100, offset: 0 };
    ReviewQueueList { experiment: HERE, user: None, item: None, page }
}

async fn names(store: &dyn Store, list: ReviewQueueList) -> String {
    let found = store.list_review_queues(list).await.unwrap();
    found.items.into_iter().map(|queue| queue.name).collect::<Vec<_>>().join(" ")
}

pub async fn a_queue_is_read_back_with_users_and_questions(store: &dyn Store) {
    let schemas = vec![schema(store, "b", HERE).await, schema(store, "a", HERE).await];
    let new =
        ReviewQueue { users: texts(&["zoe", "ada"]), schema_ids: schemas, ..queue("Team", 1) };
    let expected = ReviewQueue {
        users: texts(&["ada", "zoe"]),
        schema_ids: texts(&["ls-a", "ls-b"]),
        ..new.clone()
    };
    assert_eq!(store.create_review_queue(new).await.unwrap(), expected);
    assert_eq!(store.find_review_queue("rq-Team").await.unwrap(), Some(expected.clone()));
    let by_name = store.find_review_queue_by_name(HERE, "tEAM").await.unwrap();
    assert_eq!(by_name, Some(expected));
    assert_eq!(store.find_review_queue("rq-team").await.unwrap(), None);
    assert_eq!(store.find_review_queue_by_name(HERE, "x").await.unwrap(), None);
}

pub async fn names_of_queues_are_unique_in_any_case(store: &dyn Store) {
    store.create_review_queue(queue("Team", 1)).await.unwrap();
    store.create_review_queue(queue("other", 1)).await.unwrap();
    let code = ErrorCode::ResourceAlreadyExists;
    let message = "Review queue with name 'TEAM' already exists (names are case-insensitive).";
    refused(store.create_review_queue(queue("TEAM", 2)).await, code, message);
    let rename = |name: &str| ReviewQueueChange {
        name: Some(name.to_owned()),
        ..ReviewQueueChange::default()
    };
    refused(store.update_review_queue("rq-other", rename("TEAM"), NOW).await, code, message);
    let same = store.update_review_queue("rq-Team", rename("TEAM"), after(9)).await.unwrap();
    assert_eq!((same.name.as_str(), same.updated_at), ("TEAM", after(9)));
    let experiment_id = experiment(store, "iris").await;
    let elsewhere = ReviewQueue { experiment_id, id: "rq-3".to_owned(), ..queue("Team", 1) };
    store.create_review_queue(elsewhere).await.unwrap();
}

pub async fn questions_come_from_the_same_experiment(store: &dyn Store) {
    let iris = experiment(store, "iris").await;
    let schema_ids = vec![schema(store, "a", iris).await, "ls-x".to_owned()];
    let message = "Label schema id(s) ['ls-a', 'ls-x'] not found for experiment '0'.";
    let code = ErrorCode::InvalidParameterValue;
    let new = ReviewQueue { schema_ids: schema_ids.clone(), ..queue("a", 1) };
    refused(store.create_review_queue(new).await, code, message);
    assert_eq!(store.find_review_queue("rq-a").await.unwrap(), None);
    store.create_review_queue(queue("a", 1)).await.unwrap();
    let change = ReviewQueueChange { schema_ids: Some(schema_ids), ..ReviewQueueChange::default() };
    refused(store.update_review_queue("rq-a", change, NOW).await, code, message);
    let message = "No Experiment with id=77 exists";
    let nowhere = ReviewQueue { experiment_id: ExperimentId(77), ..queue("b", 1) };
    refused(store.create_review_queue(nowhere).await, ErrorCode::ResourceDoesNotExist, message);
}

pub async fn an_update_of_a_queue_changes_only_what_it_names(store: &dyn Store) {
    let id = schema(store, "a", HERE).await;
    let before = ReviewQueue { users: texts(&["ada"]), ..queue("a", 1) };
    store.create_review_queue(before.clone()).await.unwrap();
    let nothing = ReviewQueueChange::default();
    let same = store.update_review_queue("rq-a", nothing.clone(), after(5)).await.unwrap();
    assert_eq!(same, before);
    let change = ReviewQueueChange {
        name: Some(" b ".to_owned()),
        owner: Some(" Ann ".to_owned()),
        users: Some(texts(&["Zed ", "zed", "bob"])),
        schema_ids: Some(vec![id.clone()]),
    };
    let expected = ReviewQueue {
        name: "b".to_owned(),
        created_by: Some("Ann".to_owned()),
        users: texts(&["bob", "zed"]),
        schema_ids: vec![id],
        updated_at: after(6),
        ..before
    };
    assert_eq!(store.update_review_queue("rq-a", change, after(6)).await.unwrap(), expected);
    let nobody = ReviewQueueChange { users: Some(Vec::new()), ..nothing.clone() };
    let changed = store.update_review_queue("rq-a", nobody, after(7)).await.unwrap();
    assert_eq!(changed, ReviewQueue { users: Vec::new(), updated_at: after(7), ..expected });
    let own = ReviewQueue { kind: ReviewQueueType::User, ..queue("eve", 1) };
    store.create_review_queue(own).await.unwrap();
    let message = "A user queue's name, assigned user, schemas, and owner are fixed and cannot be \
                   updated.";
    let result = store.update_review_queue("rq-eve", nothing, NOW).await;
    refused(result, ErrorCode::InvalidParameterValue, message);
}

pub async fn queues_are_listed_by_user_and_page(store: &dyn Store) {
    for (ms, name, users) in [(1, "b", &["ada"][..]), (1, "a", &[]), (2, "c", &["ada", "bob"])] {
        let new = ReviewQueue { users: texts(users), ..queue(name, ms) };
        store.create_review_queue(new).await.unwrap();
    }
    assert_eq!(names(store, everything()).await, "c a b");
    let of = |user: &str| ReviewQueueList { user: Some(user.to_owned()), ..everything() };
    assert_eq!(names(store, of("ada")).await, "c b");
    assert_eq!(names(store, of("eve")).await, "");
    let with = ReviewQueueList { item: Some("tr-1".to_owned()), ..everything() };
    assert_eq!(names(store, with).await, "");
    let page = ReviewQueueList { page: PageRequest { limit: 2, offset: 1 }, ..everything() };
    assert_eq!(names(store, page).await, "a b");
    store.delete_experiment(HERE, NOW).await.unwrap();
    let message = "No Experiment with id=0 exists";
    let result = store.list_review_queues(everything()).await;
    refused(result, ErrorCode::ResourceDoesNotExist, message);
}

pub async fn who_made_a_queue_is_kept(store: &dyn Store) {
    let new = ReviewQueue { created_by: Some("Ann".to_owned()), ..queue("a", 1) };
    let created = store.create_review_queue(new).await.unwrap();
    assert_eq!(created.created_by.as_deref(), Some("Ann"));
    assert_eq!(store.find_review_queue("rq-a").await.unwrap(), Some(created));
}

pub async fn a_deleted_queue_leaves_nothing_behind(store: &dyn Store) {
    let new = ReviewQueue { users: texts(&["ada"]), ..queue("a", 1) };
    store.create_review_queue(new).await.unwrap();
    for _ in 0..2 {
        store.delete_review_queue("rq-a").await.unwrap();
    }
    assert_eq!(store.find_review_queue("rq-a").await.unwrap(), None);
    let again = store.create_review_queue(queue("a", 1)).await.unwrap();
    assert!(again.users.is_empty());
}

pub async fn only_traces_of_the_experiment_are_reviewed(store: &dyn Store) {
    let gone = ErrorCode::ResourceDoesNotExist;
    let page = PageRequest { limit: 9, offset: 0 };
    let message = "Review queue with id 'rq-x' not found.";
    let (item, by) = (|| texts(&["tr-1"]), || Some("ann".to_owned()));
    let done = ReviewStatus::Complete;
    refused(store.add_review_items("rq-x", item(), NOW).await, gone, message);
    refused(store.remove_review_items("rq-x", item()).await, gone, message);
    refused(store.list_review_items("rq-x", None, page).await, gone, message);
    refused(store.set_review_item_status("rq-x", "tr-1", done, by(), NOW).await, gone, message);
    store.create_review_queue(queue("a", 1)).await.unwrap();
    let message = "Cannot attach trace(s) ['tr-1'] to review queue 'rq-a': they do not exist in \
                   experiment '0'.";
    refused(store.add_review_items("rq-a", item(), NOW).await, gone, message);
    store.remove_review_items("rq-a", item()).await.unwrap();
    let found = store.list_review_items("rq-a", Some(done), page).await.unwrap();
    assert!(found.items.is_empty());
    let message = "Item 'tr-1' is not attached to review queue 'rq-a'.";
    refused(store.set_review_item_status("rq-a", "tr-1", done, by(), NOW).await, gone, message);
}
