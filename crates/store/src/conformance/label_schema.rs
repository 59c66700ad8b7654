//! Label schemas.

use oxflow_model::{
    ErrorCode, ExperimentId, LabelInput, LabelSchema, LabelSchemaChange, LabelSchemaType,
    PageRequest,
};

use super::{NOW, after, experiment, refused};
use crate::Store;

const HERE: ExperimentId = ExperimentId::DEFAULT;

fn schema(name: &str, input: LabelInput, ms: i64) -> LabelSchema {
    LabelSchema {
        id: format!("ls-{name}"),
        experiment_id: HERE,
        name: name.to_owned(),
        kind: LabelSchemaType::Expectation,
        input,
        instruction: Some("look".to_owned()),
        enable_comment: true,
        created_by: None,
        created_at: after(ms),
        updated_at: after(ms),
        is_default: false,
    }
}

fn text() -> LabelInput {
    LabelInput::Text { max_length: None }
}

fn default_of(experiment: ExperimentId) -> LabelSchema {
    LabelSchema::default_of(experiment, format!("ls-default-{experiment}"), after(100))
}

async fn names(store: &dyn Store, limit: u64, offset: u64) -> Vec<String> {
    let page = PageRequest { limit, offset };
    let found = store.list_label_schemas(HERE, default_of(HERE), page).await.unwrap();
    found.items.into_iter().map(|schema| schema.name).collect()
}

pub async fn every_kind_of_input_is_read_back(store: &dyn Store) {
    let (positive, negative) = ("Да".to_owned(), "No \"way\"".to_owned());
    let options = vec!["a".to_owned(), "é".to_owned()];
    for (n, input) in [
        LabelInput::PassFail { positive, negative },
        LabelInput::Categorical { options: options.clone(), multi_select: true },
        LabelInput::Categorical { options, multi_select: false },
        LabelInput::Numeric { min: Some(-0.5), max: Some(3.0) },
        LabelInput::Numeric { min: None, max: None },
        LabelInput::Text { max_length: Some(7) },
        text(),
    ]
    .into_iter()
    .enumerate()
    {
        let new = schema(&format!("s{n}"), input, 1);
        assert_eq!(store.create_label_schema(new.clone()).await.unwrap(), new);
        assert_eq!(store.find_label_schema(&new.id).await.unwrap(), Some(new.clone()));
        let by_name = store.find_label_schema_by_name(HERE, &new.name).await.unwrap();
        assert_eq!(by_name, Some(new));
    }
    assert_eq!(store.find_label_schema("ls-x").await.unwrap(), None);
    assert_eq!(store.find_label_schema_by_name(HERE, "x").await.unwrap(), None);
}

pub async fn names_of_schemas_are_unique_within_an_experiment(store: &dyn Store) {
    store.create_label_schema(schema("a", text(), 1)).await.unwrap();
    store.create_label_schema(schema("b", text(), 1)).await.unwrap();
    let message = "Label schema with name 'a' already exists for experiment '0'.";
    let again = LabelSchema { id: "ls-other".to_owned(), ..schema("a", text(), 2) };
    let code = ErrorCode::ResourceAlreadyExists;
    refused(store.create_label_schema(again.clone()).await, code, message);
    let change = LabelSchemaChange { name: Some("a".to_owned()), ..LabelSchemaChange::default() };
    refused(store.update_label_schema("ls-b", change, NOW).await, code, message);
    let experiment_id = experiment(store, "iris").await;
    store.create_label_schema(LabelSchema { experiment_id, ..again }).await.unwrap();
}

pub async fn schemas_live_in_active_experiments(store: &dyn Store) {
    let gone = experiment(store, "gone").await;
    store.delete_experiment(gone, NOW).await.unwrap();
    let code = ErrorCode::ResourceDoesNotExist;
    for experiment_id in [gone, ExperimentId(77)] {
        let message = format!("No Experiment with id={experiment_id} exists");
        let new = LabelSchema { experiment_id, ..schema("a", text(), 1) };
        refused(store.create_label_schema(new).await, code, &message);
        refused(store.find_label_schema_by_name(experiment_id, "a").await, code, &message);
        let page = PageRequest { limit: 1, offset: 0 };
        let list = store.list_label_schemas(experiment_id, default_of(experiment_id), page).await;
        refused(list, code, &message);
    }
}

pub async fn every_experiment_has_a_default_question(store: &dyn Store) {
    store.create_label_schema(schema("a", text(), 1)).await.unwrap();
    assert_eq!(names(store, 9, 0).await, ["Feedback", "a"]);
    store.create_label_schema(schema("b", text(), 200)).await.unwrap();
    assert_eq!(names(store, 9, 0).await, ["b", "Feedback", "a"]);
    assert_eq!(names(store, 2, 0).await, ["b", "Feedback"]);
    assert_eq!(names(store, 2, 2).await, ["a"]);
    let id = default_of(HERE).id;
    assert_eq!(store.find_label_schema(&id).await.unwrap(), Some(default_of(HERE)));
    let code = ErrorCode::InvalidParameterValue;
    let change = store.update_label_schema(&id, LabelSchemaChange::default(), NOW).await;
    refused(change, code, "The experiment's default question cannot be edited.");
    let message = "The experiment's default question cannot be deleted.";
    refused(store.delete_label_schema(&id).await, code, message);
}

pub async fn an_update_of_a_schema_changes_only_what_it_names(store: &dyn Store) {
    let before = schema("a", LabelInput::Numeric { min: None, max: Some(1.0) }, 1);
    store.create_label_schema(before.clone()).await.unwrap();
    let nothing = store.update_label_schema("ls-a", LabelSchemaChange::default(), after(5)).await;
    assert_eq!(nothing.unwrap(), LabelSchema { updated_at: after(5), ..before.clone() });
    let change = LabelSchemaChange {
        name: Some("b".to_owned()),
        instruction: Some(String::new()),
        enable_comment: Some(false),
        input: Some(LabelInput::Numeric { min: Some(0.0), max: None }),
    };
    let changed = store.update_label_schema("ls-a", change.clone(), after(6)).await.unwrap();
    let expected = LabelSchema {
        name: "b".to_owned(),
        instruction: Some(String::new()),
        enable_comment: false,
        input: LabelInput::Numeric { min: Some(0.0), max: None },
        updated_at: after(6),
        ..before
    };
    assert_eq!(changed, expected);
    assert_eq!(store.find_label_schema("ls-a").await.unwrap(), Some(expected));
    let other = LabelSchemaChange { input: Some(text()), ..LabelSchemaChange::default() };
    let message = "A label schema's input type cannot be changed after creation (existing: \
                   InputNumeric, got: InputText).";
    let result = store.update_label_schema("ls-a", other, NOW).await;
    refused(result, ErrorCode::InvalidParameterValue, message);
    let missing = "Label schema with id 'ls-x' not found.";
    let result = store.update_label_schema("ls-x", change, NOW).await;
    refused(result, ErrorCode::ResourceDoesNotExist, missing);
}

pub async fn a_deleted_schema_frees_its_name(store: &dyn Store) {
    store.create_label_schema(schema("a", text(), 1)).await.unwrap();
    for _ in 0..2 {
        store.delete_label_schema("ls-a").await.unwrap();
    }
    assert_eq!(store.find_label_schema("ls-a").await.unwrap(), None);
    store.create_label_schema(schema("a", text(), 1)).await.unwrap();
}
