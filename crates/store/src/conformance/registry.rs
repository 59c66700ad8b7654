//! The model registry: registered models, their versions and aliases.

use oxflow_model::registry::no_such_model;
use oxflow_model::search::IS_PROMPT_TAG;
use oxflow_model::{
    ErrorCode, ExperimentId, ModelAlias, ModelId, ModelName, ModelVersion, ModelVersionStatus,
    NewLoggedModel, NewModelVersion, NewRegisteredModel, RegisteredModel, Stage, Tag, VersionId,
};

use super::{NOW, after, refused, run_id, shown_tags, stamp, tag_of};
use crate::Store;

/// A name, which must be good.
pub fn name(name: &str) -> ModelName {
    ModelName::parse(name).unwrap()
}

/// Version `number` of the model `of`.
pub fn version_id(of: &str, number: i64) -> VersionId {
    VersionId { model: name(of), number }
}

/// What it takes to register a model.
pub fn new_model(called: &str, tags: &[(&str, &str)]) -> NewRegisteredModel {
    let tags = tags.iter().map(|(key, value)| Tag::new(*key, *value)).collect();
    NewRegisteredModel { name: name(called), description: String::new(), tags }
}

/// What it takes to create a version.
pub fn new_version(of: &str, source: &str) -> NewModelVersion {
    NewModelVersion {
        model: name(of),
        source: source.to_owned(),
        storage_location: source.to_owned(),
        run_id: Some(run_id(1)),
        logged_model: None,
        run_link: String::new(),
        description: String::new(),
        tags: Vec::new(),
    }
}

/// Registers a model at `NOW`.
pub(super) async fn model(store: &dyn Store, called: &str) {
    store.create_registered_model(new_model(called, &[]), stamp(NOW)).await.unwrap();
}

/// Creates a version at `NOW`, and gives its number.
pub(super) async fn version(store: &dyn Store, of: &str) -> i64 {
    store.create_model_version(new_version(of, "s3://b/x"), stamp(NOW)).await.unwrap().number
}

async fn get(store: &dyn Store, called: &str) -> RegisteredModel {
    store.find_registered_model(&name(called)).await.unwrap().unwrap()
}

async fn get_version(store: &dyn Store, of: &str, number: i64) -> Option<ModelVersion> {
    store.find_model_version(&version_id(of, number)).await.unwrap()
}

async fn set_stage(store: &dyn Store, of: &str, number: i64, stage: Stage) {
    let id = version_id(of, number);
    store.transition_model_version(&id, stage, false, NOW).await.unwrap();
}

/// The versions as `number:stage`, in their order.
fn shown(versions: &[ModelVersion]) -> Vec<String> {
    versions.iter().map(|v| format!("{}:{}", v.number, v.stage.as_str())).collect()
}

pub async fn a_new_registered_model_is_empty(store: &dyn Store) {
    let new = NewRegisteredModel {
        description: "d".to_owned(),
        ..new_model("модель 1", &[("b", "1"), ("a", "")])
    };
    let created = store.create_registered_model(new, stamp(after(5))).await.unwrap();
    let expected = RegisteredModel {
        name: "модель 1".to_owned(),
        created_at: after(5),
        updated_at: Some(after(5)),
        description: Some("d".to_owned()),
        latest_versions: Vec::new(),
        tags: created.tags.clone(),
        aliases: Vec::new(),
    };
    assert_eq!(created, expected);
    assert_eq!(shown_tags(&created.tags), ["a=", "b=1"]);
    assert_eq!(get(store, "модель 1").await, expected);
}

pub async fn a_missing_registered_model_is_none_not_an_error(store: &dyn Store) {
    model(store, "iris").await;
    for other in ["Iris", "iri", "iris ", "%"] {
        assert_eq!(store.find_registered_model(&name(other)).await.unwrap(), None);
    }
}

pub async fn a_model_name_is_taken_only_once(store: &dyn Store) {
    let prompt = &[(IS_PROMPT_TAG, "true")];
    store.create_registered_model(new_model("m", &[]), stamp(NOW)).await.unwrap();
    store.create_registered_model(new_model("p", prompt), stamp(NOW)).await.unwrap();
    model(store, "M").await;
    for (new, message) in [
        (new_model("m", &[("t", "1")]), "Registered Model (name=m) already exists."),
        (new_model("p", prompt), "Prompt (name=p) already exists."),
        (
            new_model("p", &[]),
            "Tried to create a registered model with name 'p', but the name is already taken by a \
             prompt. MLflow does not allow creating a model and a prompt with the same name.",
        ),
    ] {
        let result = store.create_registered_model(new, stamp(NOW)).await;
        refused(result, ErrorCode::ResourceAlreadyExists, message);
    }
    assert_eq!(get(store, "m").await.tags, []);
}

pub async fn no_call_works_on_a_missing_registered_model(store: &dyn Store) {
    let missing = name("x");
    let error = no_such_model(&missing);
    let (code, message) = (error.code(), error.message());
    refused(store.update_registered_model(&missing, "d", NOW).await, code, message);
    refused(store.rename_registered_model(&missing, &name("y"), NOW).await, code, message);
    refused(store.delete_registered_model(&missing).await, code, message);
    refused(
        store.set_registered_model_tag(&missing, Tag::new("k", "v"), stamp(NOW)).await,
        code,
        message,
    );
    refused(store.delete_registered_model_tag(&missing, "k", stamp(NOW)).await, code, message);
    refused(store.delete_model_alias(&missing, "a", stamp(NOW)).await, code, message);
    refused(store.find_aliased_version(&missing, "a").await, code, message);
    refused(store.latest_model_versions(&missing).await, code, message);
    refused(
        store.create_model_version(new_version("x", "s3://b/x"), stamp(NOW)).await,
        code,
        message,
    );
}

pub async fn no_call_works_on_a_missing_version(store: &dyn Store) {
    model(store, "m").await;
    version(store, "m").await;
    for (id, message) in [
        (version_id("m", 2), "Model Version (name=m, version=2) not found"),
        (version_id("x", 1), "Model Version (name=x, version=1) not found"),
    ] {
        let code = ErrorCode::ResourceDoesNotExist;
        assert_eq!(store.find_model_version(&id).await.unwrap(), None);
        refused(store.update_model_version(&id, None, NOW).await, code, message);
        let moved = store.transition_model_version(&id, Stage::Staging, true, NOW).await;
        refused(moved, code, message);
        refused(store.delete_model_version(&id, NOW).await, code, message);
        refused(
            store.set_model_version_tag(&id, Tag::new("k", "v"), stamp(NOW)).await,
            code,
            message,
        );
        refused(store.delete_model_version_tag(&id, "k", stamp(NOW)).await, code, message);
        refused(store.set_model_alias(&id, "a", stamp(NOW)).await, code, message);
    }
}

pub async fn a_description_is_replaced(store: &dyn Store) {
    model(store, "m").await;
    version(store, "m").await;
    let model = store.update_registered_model(&name("m"), "d", after(7)).await.unwrap();
    assert_eq!((model.description.as_deref(), model.updated_at), (Some("d"), Some(after(7))));
    let id = version_id("m", 1);
    let version = store.update_model_version(&id, Some("v"), after(8)).await.unwrap();
    assert_eq!((version.description.as_deref(), version.updated_at), (Some("v"), Some(after(8))));
    let version = store.update_model_version(&id, None, after(9)).await.unwrap();
    assert_eq!(version.description, None);
    assert_eq!(get(store, "m").await.updated_at, Some(after(7)), "versions tell of themselves");
}

pub async fn tags_of_the_registry_are_set_replaced_and_removed(store: &dyn Store) {
    model(store, "m").await;
    for _ in 0..2 {
        version(store, "m").await;
    }
    let (model, first) = (name("m"), version_id("m", 1));
    for value in ["1", "2"] {
        store.set_registered_model_tag(&model, Tag::new("k", value), stamp(NOW)).await.unwrap();
        store.set_model_version_tag(&first, Tag::new("k", value), stamp(NOW)).await.unwrap();
    }
    let found = get(store, "m").await;
    assert_eq!((found.tags, found.updated_at), (vec![Tag::new("k", "2")], Some(NOW)));
    assert_eq!(get_version(store, "m", 1).await.unwrap().tags, [Tag::new("k", "2")]);
    assert_eq!(get_version(store, "m", 2).await.unwrap().tags, []);
    for _ in 0..2 {
        store.delete_registered_model_tag(&model, "k", stamp(NOW)).await.unwrap();
        store.delete_model_version_tag(&first, "k", stamp(NOW)).await.unwrap();
    }
    assert_eq!(get(store, "m").await.tags, []);
    assert_eq!(get_version(store, "m", 1).await.unwrap().tags, []);
}

pub async fn a_new_version_is_ready_and_in_no_stage(store: &dyn Store) {
    model(store, "m").await;
    let new = NewModelVersion {
        storage_location: "s3://b/real".to_owned(),
        run_link: "http://l".to_owned(),
        description: "d".to_owned(),
        tags: vec![Tag::new("t", "1")],
        ..new_version("m", "models:/x/1")
    };
    let created = store.create_model_version(new, stamp(after(5))).await.unwrap();
    let expected = ModelVersion {
        name: "m".to_owned(),
        number: 1,
        created_at: after(5),
        updated_at: Some(after(5)),
        description: Some("d".to_owned()),
        user_id: None,
        stage: Stage::None,
        source: Some("models:/x/1".to_owned()),
        storage_location: Some("s3://b/real".to_owned()),
        run_id: Some(run_id(1).to_string()),
        status: ModelVersionStatus::Ready,
        status_message: None,
        run_link: Some("http://l".to_owned()),
        tags: vec![Tag::new("t", "1")],
        aliases: Vec::new(),
    };
    assert_eq!(created, expected);
    assert_eq!(created.download_uri(), "s3://b/real");
    assert_eq!(get_version(store, "m", 1).await.unwrap(), expected);
    let model = get(store, "m").await;
    assert_eq!((model.latest_versions, model.updated_at), (vec![expected], Some(after(5))));
}

pub async fn no_number_is_used_twice(store: &dyn Store) {
    model(store, "m").await;
    model(store, "other").await;
    assert_eq!((version(store, "m").await, version(store, "m").await), (1, 2));
    store.delete_model_version(&version_id("m", 2), NOW).await.unwrap();
    assert_eq!((version(store, "m").await, version(store, "other").await), (3, 1));
    store.delete_registered_model(&name("m")).await.unwrap();
    model(store, "m").await;
    assert_eq!(version(store, "m").await, 1);
}

pub async fn a_deleted_version_is_gone_with_its_aliases(store: &dyn Store) {
    model(store, "m").await;
    for _ in 0..2 {
        version(store, "m").await;
    }
    store.set_model_alias(&version_id("m", 1), "old", stamp(NOW)).await.unwrap();
    store.set_model_alias(&version_id("m", 2), "new", stamp(NOW)).await.unwrap();
    store.delete_model_version(&version_id("m", 2), after(3)).await.unwrap();
    assert_eq!(get_version(store, "m", 2).await, None);
    let model = get(store, "m").await;
    assert_eq!(model.aliases, [ModelAlias { alias: "old".to_owned(), version: 1 }]);
    assert_eq!(
        (shown(&model.latest_versions), model.updated_at),
        (vec!["1:None".to_owned()], Some(after(3)))
    );
    assert_eq!(store.find_aliased_version(&name("m"), "new").await.unwrap(), None);
}

pub async fn an_alias_stands_for_one_version(store: &dyn Store) {
    model(store, "m").await;
    for number in 1..=2 {
        version(store, "m").await;
        store.set_model_alias(&version_id("m", number), "best", stamp(NOW)).await.unwrap();
    }
    store.set_model_alias(&version_id("m", 1), "Best", stamp(NOW)).await.unwrap();
    let aliased = store.find_aliased_version(&name("m"), "best").await.unwrap().unwrap();
    assert_eq!((aliased.number, aliased.aliases), (2, vec!["best".to_owned()]));
    let [first, second] = [("Best", 1), ("best", 2)]
        .map(|(alias, version)| ModelAlias { alias: alias.to_owned(), version });
    let mut aliases = get(store, "m").await.aliases;
    aliases.sort_by(|a, b| a.alias.cmp(&b.alias));
    assert_eq!(aliases, [first, second]);
    for _ in 0..2 {
        store.delete_model_alias(&name("m"), "best", stamp(NOW)).await.unwrap();
    }
    assert_eq!(store.find_aliased_version(&name("m"), "best").await.unwrap(), None);
    assert_eq!(get_version(store, "m", 1).await.unwrap().aliases, ["Best"]);
}

pub async fn each_stage_has_a_latest_version(store: &dyn Store) {
    model(store, "m").await;
    for _ in 0..6 {
        version(store, "m").await;
    }
    set_stage(store, "m", 1, Stage::Staging).await;
    set_stage(store, "m", 2, Stage::Archived).await;
    set_stage(store, "m", 4, Stage::Staging).await;
    store.set_model_alias(&version_id("m", 4), "a", stamp(NOW)).await.unwrap();
    let latest = store.latest_model_versions(&name("m")).await.unwrap();
    assert_eq!(shown(&latest), ["4:Staging", "2:Archived", "6:None"]);
    assert_eq!(latest[0].aliases, ["a"]);
    let model = get(store, "m").await;
    assert_eq!(shown(&model.latest_versions), ["4:Staging", "2:Archived", "6:None"]);
    assert_eq!(model.latest_versions[0].aliases, [""; 0]);
}

pub async fn a_transition_archives_the_others_if_wanted(store: &dyn Store) {
    model(store, "m").await;
    model(store, "other").await;
    for _ in 0..4 {
        version(store, "m").await;
    }
    version(store, "other").await;
    for (of, number, stage) in [
        ("m", 1, Stage::Production),
        ("m", 2, Stage::Production),
        ("m", 3, Stage::Staging),
        ("other", 1, Stage::Production),
    ] {
        set_stage(store, of, number, stage).await;
    }
    let (id, stage) = (version_id("m", 4), Stage::Production);
    let moved = store.transition_model_version(&id, stage, true, after(9)).await.unwrap();
    assert_eq!((moved.stage, moved.updated_at), (stage, Some(after(9))));
    assert_eq!(get(store, "m").await.updated_at, Some(after(9)));
    let mut stages = Vec::new();
    for (of, number) in [("m", 1), ("m", 2), ("m", 3), ("m", 4), ("other", 1)] {
        let version = get_version(store, of, number).await.unwrap();
        stages.push((version.stage, version.updated_at));
    }
    assert_eq!(
        stages,
        [
            (Stage::Archived, Some(after(9))),
            (Stage::Archived, Some(after(9))),
            (Stage::Staging, Some(NOW)),
            (Stage::Production, Some(after(9))),
            (Stage::Production, Some(NOW)),
        ]
    );
}

pub async fn a_rename_takes_everything_along(store: &dyn Store) {
    store.create_registered_model(new_model("old", &[("t", "1")]), stamp(NOW)).await.unwrap();
    model(store, "taken").await;
    version(store, "old").await;
    let id = version_id("old", 1);
    store.set_model_version_tag(&id, Tag::new("v", "2"), stamp(NOW)).await.unwrap();
    store.set_model_alias(&id, "a", stamp(NOW)).await.unwrap();
    let result = store.rename_registered_model(&name("old"), &name("taken"), NOW).await;
    let error = result.unwrap_err();
    assert_eq!(error.code(), ErrorCode::ResourceAlreadyExists);
    assert!(error.message().starts_with("Registered Model (name=taken) already exists. Error: "));
    let renamed = store.rename_registered_model(&name("old"), &name("new"), after(4)).await;
    let renamed = renamed.unwrap();
    assert_eq!(renamed.updated_at, Some(after(4)));
    assert_eq!(renamed.tags, [Tag::new("t", "1")]);
    assert_eq!(store.find_registered_model(&name("old")).await.unwrap(), None);
    let aliased = store.find_aliased_version(&name("new"), "a").await.unwrap().unwrap();
    assert_eq!((aliased.name.as_str(), aliased.updated_at), ("new", Some(after(4))));
    assert_eq!(aliased.tags, [Tag::new("v", "2")]);
}

pub async fn a_deleted_model_leaves_nothing_behind(store: &dyn Store) {
    for called in ["m", "other"] {
        store.create_registered_model(new_model(called, &[("t", "1")]), stamp(NOW)).await.unwrap();
        version(store, called).await;
        let id = version_id(called, 1);
        store.set_model_version_tag(&id, Tag::new("v", "2"), stamp(NOW)).await.unwrap();
        store.set_model_alias(&id, "a", stamp(NOW)).await.unwrap();
    }
    store.delete_registered_model(&name("m")).await.unwrap();
    assert_eq!(store.find_registered_model(&name("m")).await.unwrap(), None);
    assert_eq!(get_version(store, "m", 1).await, None);
    model(store, "m").await;
    version(store, "m").await;
    let again = get(store, "m").await;
    assert_eq!((again.tags, again.aliases), (vec![], vec![]));
    assert_eq!(again.latest_versions[0].tags, []);
    let other = get(store, "other").await;
    assert_eq!((other.tags.len(), other.aliases.len()), (1, 1));
    assert_eq!(other.latest_versions[0].tags, [Tag::new("v", "2")]);
}

fn logged_model(id: &ModelId) -> NewLoggedModel {
    NewLoggedModel {
        id: id.clone(),
        experiment_id: ExperimentId::DEFAULT,
        name: "logged".to_owned(),
        model_type: None,
        source_run_id: None,
        params: Vec::new(),
        tags: Vec::new(),
    }
}

pub async fn a_logged_model_lists_the_versions_that_publish_it(store: &dyn Store) {
    let id = ModelId::new("m-1");
    store.create_logged_model(logged_model(&id), NOW).await.unwrap();
    model(store, "m").await;
    let publish = |id: &ModelId| NewModelVersion {
        logged_model: Some(id.clone()),
        ..new_version("m", "models:/m-1")
    };
    for _ in 0..2 {
        store.create_model_version(publish(&id), stamp(NOW)).await.unwrap();
    }
    let tags = store.find_logged_model(&id, false).await.unwrap().unwrap().tags;
    assert_eq!(
        tag_of(&tags, "mlflow.modelVersions"),
        Some("[{\"name\": \"m\", \"version\": 1}, {\"name\": \"m\", \"version\": 2}]")
    );
}

pub async fn a_logged_model_that_is_gone_is_not_published(store: &dyn Store) {
    let id = ModelId::new("m-1");
    store.create_logged_model(logged_model(&id), NOW).await.unwrap();
    model(store, "m").await;
    store.delete_logged_model(&id, NOW).await.unwrap();
    for gone in ["m-1", "m-x"] {
        let publish = NewModelVersion {
            logged_model: Some(ModelId::new(gone)),
            ..new_version("m", "models:/m-1")
        };
        let message = format!("Logged model with ID '{gone}' not found.");
        let result = store.create_model_version(publish, stamp(NOW)).await;
        refused(result, ErrorCode::ResourceDoesNotExist, &message);
    }
    assert_eq!(version(store, "m").await, 1, "what was refused used no number");
}
