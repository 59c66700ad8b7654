//! What webhooks are told when something happens in the registry. The texts are those of MLflow,
//! to the blanks of Python's JSON.

use crate::registry::{PROMPT_TEXT_TAG, is_prompt};
use crate::search::IS_PROMPT_TAG;
use crate::validate::json_text;
use crate::webhook::{WebhookAction, WebhookEntity, WebhookEvent};
use crate::{Millis, NewModelVersion, NewRegisteredModel, RunId, Tag};

/// The tag that says what kind of prompt it is.
const PROMPT_TYPE_TAG: &str = "_mlflow_prompt_type";
/// Tags of prompts that are not shown as tags.
const PROMPT_TAGS: [&str; 2] = [IS_PROMPT_TAG, PROMPT_TYPE_TAG];
/// Tags of their versions that are not.
const PROMPT_VERSION_TAGS: [&str; 3] = [IS_PROMPT_TAG, PROMPT_TYPE_TAG, PROMPT_TEXT_TAG];

/// Something that happened in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryEvent {
    event: WebhookEvent,
    /// What it was, as JSON.
    data: String,
}

impl RegistryEvent {
    /// A model or a prompt was created.
    pub fn model_created(new: &NewRegisteredModel) -> RegistryEvent {
        let (entity, hidden): (_, &[&str]) = match is_prompt(&new.tags) {
            true => (WebhookEntity::Prompt, &PROMPT_TAGS),
            false => (WebhookEntity::RegisteredModel, &[]),
        };
        let data = Json::object()
            .text("name", new.name.as_str())
            .raw("tags", &tags(&new.tags, hidden))
            .text("description", &new.description);
        data.event(entity, WebhookAction::Created)
    }

    /// A version of a model or of a prompt was created.
    pub fn version_created(new: &NewModelVersion, number: i64) -> RegistryEvent {
        let description = Some(new.description.as_str()).filter(|text| !text.is_empty());
        let head = Json::version(new.model.as_str(), number);
        let (entity, head, hidden): (_, _, &[&str]) = if is_prompt(&new.tags) {
            let template = new.tags.iter().find(|tag| tag.key == PROMPT_TEXT_TAG);
            let head = head.text_or_null("template", template.map(|tag| tag.value.as_str()));
            (WebhookEntity::PromptVersion, head, &PROMPT_VERSION_TAGS)
        } else {
            let run = new.run_id.as_ref().map(RunId::as_str).filter(|id| !id.is_empty());
            let head = head.text("source", &new.source).text_or_null("run_id", run);
            (WebhookEntity::ModelVersion, head, &[])
        };
        let data =
            head.raw("tags", &tags(&new.tags, hidden)).text_or_null("description", description);
        data.event(entity, WebhookAction::Created)
    }

    /// A tag of a prompt was set. Nobody is told of tags of models.
    pub fn prompt_tag_set(name: &str, tag: &Tag) -> RegistryEvent {
        let data = Json::object().text("name", name).text("key", &tag.key);
        data.text("value", &tag.value).event(WebhookEntity::PromptTag, WebhookAction::Set)
    }

    /// A tag of a prompt was removed.
    pub fn prompt_tag_deleted(name: &str, key: &str) -> RegistryEvent {
        let data = Json::object().text("name", name).text("key", key);
        data.event(WebhookEntity::PromptTag, WebhookAction::Deleted)
    }

    /// A tag of a version was set.
    pub fn version_tag_set(prompt: bool, name: &str, number: i64, tag: &Tag) -> RegistryEvent {
        let data = Json::version(name, number).text("key", &tag.key).text("value", &tag.value);
        data.event(version_tag(prompt), WebhookAction::Set)
    }

    /// A tag of a version was removed.
    pub fn version_tag_deleted(prompt: bool, name: &str, number: i64, key: &str) -> RegistryEvent {
        let data = Json::version(name, number).text("key", key);
        data.event(version_tag(prompt), WebhookAction::Deleted)
    }

    /// An alias was made to stand for a version.
    pub fn alias_set(prompt: bool, name: &str, alias: &str, number: i64) -> RegistryEvent {
        let data = Json::object().text("name", name).text("alias", alias);
        data.text("version", &number.to_string())
            .event(version_alias(prompt), WebhookAction::Created)
    }

    /// An alias was removed.
    pub fn alias_deleted(prompt: bool, name: &str, alias: &str) -> RegistryEvent {
        let data = Json::object().text("name", name).text("alias", alias);
        data.event(version_alias(prompt), WebhookAction::Deleted)
    }

    /// What a webhook is sent when somebody tries it out.
    pub fn example(event: WebhookEvent) -> RegistryEvent {
        RegistryEvent { event, data: example(event) }
    }

    /// What kind of event it is.
    pub fn event(&self) -> WebhookEvent {
        self.event
    }

    /// The body of the requests that tell of it.
    pub fn body(&self, at: Millis) -> String {
        Json::object()
            .text("entity", self.event.entity().as_str())
            .text("action", self.event.action().as_str())
            .text("timestamp", &at.iso8601())
            .raw("data", &self.data)
            .end()
    }
}

const fn version_tag(prompt: bool) -> WebhookEntity {
    if prompt { WebhookEntity::PromptVersionTag } else { WebhookEntity::ModelVersionTag }
}

const fn version_alias(prompt: bool) -> WebhookEntity {
    if prompt { WebhookEntity::PromptAlias } else { WebhookEntity::ModelVersionAlias }
}

/// Tags as an object, without some.
fn tags(tags: &[Tag], hidden: &[&str]) -> String {
    let shown = tags.iter().filter(|tag| !hidden.contains(&tag.key.as_str()));
    shown.fold(Json::object(), |json, tag| json.text(&tag.key, &tag.value)).end()
}

fn example(event: WebhookEvent) -> String {
    const TAGS: &str = "{\"example_key\": \"example_value\"}";
    let (entity, set) = (event.entity(), event.action() == WebhookAction::Set);
    let with_value = |data: Json| {
        let data = data.text("key", "example_key");
        if set { data.text("value", "example_value") } else { data }
    };
    let (model, prompt) = ("example_model", "example_prompt");
    let of_version = |name| Json::version(name, 1);
    let created = event.action() == WebhookAction::Created;
    let alias = |name| {
        let data = Json::object().text("name", name).text("alias", "example_alias");
        if created { data.text("version", "1") } else { data }
    };
    let data = match entity {
        WebhookEntity::RegisteredModel => Json::object()
            .text("name", model)
            .raw("tags", TAGS)
            .text("description", "An example registered model"),
        WebhookEntity::ModelVersion => of_version(model)
            .text("source", "models:/123")
            .text("run_id", "abcd1234abcd5678")
            .raw("tags", TAGS)
            .text("description", "An example model version"),
        WebhookEntity::Prompt => Json::object()
            .text("name", prompt)
            .raw("tags", TAGS)
            .text("description", "An example prompt"),
        WebhookEntity::PromptVersion => of_version(prompt)
            .text("template", "Hello {{name}}!")
            .raw("tags", TAGS)
            .text("description", "An example prompt version"),
        WebhookEntity::ModelVersionTag => with_value(of_version(model)),
        WebhookEntity::PromptVersionTag => with_value(of_version(prompt)),
        WebhookEntity::PromptTag => with_value(Json::object().text("name", prompt)),
        WebhookEntity::ModelVersionAlias => alias(model),
        WebhookEntity::PromptAlias => alias(prompt),
        WebhookEntity::BudgetPolicy => example_budget(),
    };
    data.end()
}

fn example_budget() -> Json {
    Json::object()
        .text("budget_policy_id", "bp-abc123")
        .text("budget_unit", "USD")
        .raw("budget_amount", "100.0")
        .raw("current_spend", "105.5")
        .text("duration_unit", "MONTHS")
        .raw("duration_value", "1")
        .text("target_scope", "ENDPOINT")
        .text("workspace", "default")
        .text("target_value", "ep-abc123")
        .raw("window_start", "1704067200000")
}

/// A JSON object under construction, spaced as Python does it.
struct Json(String);

impl Json {
    fn object() -> Json {
        Json(String::from("{"))
    }

    /// The beginning of what names a version.
    fn version(name: &str, number: i64) -> Json {
        Json::object().text("name", name).text("version", &number.to_string())
    }

    /// Adds a member whose value is JSON already.
    fn raw(mut self, key: &str, json: &str) -> Json {
        if self.0.len() > 1 {
            self.0.push_str(", ");
        }
        self.0.push_str(&json_text(key));
        self.0.push_str(": ");
        self.0.push_str(json);
        self
    }

    fn text(self, key: &str, value: &str) -> Json {
        self.raw(key, &json_text(value))
    }

    fn text_or_null(self, key: &str, value: Option<&str>) -> Json {
        match value {
            Some(value) => self.text(key, value),
            None => self.raw(key, "null"),
        }
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    /// For pairs that are known to be events.
    fn event(self, entity: WebhookEntity, action: WebhookAction) -> RegistryEvent {
        RegistryEvent { event: WebhookEvent::known(entity, action), data: self.end() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelName;

    fn new_model(tags: &[(&str, &str)]) -> NewRegisteredModel {
        NewRegisteredModel {
            name: ModelName::parse("é").unwrap(),
            description: String::new(),
            tags: tags.iter().map(|(key, value)| Tag::new(*key, *value)).collect(),
        }
    }

    fn new_version(tags: &[(&str, &str)]) -> NewModelVersion {
        NewModelVersion {
            model: ModelName::parse("m").unwrap(),
            source: "s".to_owned(),
            storage_location: "elsewhere".to_owned(),
            run_id: None,
            logged_model: None,
            run_link: String::new(),
            description: String::new(),
            tags: tags.iter().map(|(key, value)| Tag::new(*key, *value)).collect(),
        }
    }

    #[track_caller]
    fn check(event: &RegistryEvent, kind: &str, data: &str) {
        assert_eq!((event.event.to_string().as_str(), event.data.as_str()), (kind, data));
    }

    #[test]
    fn creations_tell_what_was_created() {
        check(
            &RegistryEvent::model_created(&new_model(&[("k", "v")])),
            "registered_model.created",
            r#"{"name": "\u00e9", "tags": {"k": "v"}, "description": ""}"#,
        );
        check(
            &RegistryEvent::version_created(&new_version(&[("k", "v")]), 3),
            "model_version.created",
            r#"{"name": "m", "version": "3", "source": "s", "run_id": null, "tags": {"k": "v"}, "description": null}"#,
        );
    }

    #[test]
    fn prompts_are_told_from_models() {
        let tags = [(IS_PROMPT_TAG, "True"), (PROMPT_TYPE_TAG, "text"), ("k", "v")];
        check(
            &RegistryEvent::model_created(&new_model(&tags)),
            "prompt.created",
            r#"{"name": "\u00e9", "tags": {"k": "v"}, "description": ""}"#,
        );
        let tags = [(IS_PROMPT_TAG, "true"), (PROMPT_TEXT_TAG, "Hi {{x}}"), ("k", "v")];
        check(
            &RegistryEvent::version_created(&new_version(&tags), 1),
            "prompt_version.created",
            r#"{"name": "m", "version": "1", "template": "Hi {{x}}", "tags": {"k": "v"}, "description": null}"#,
        );
        let alias = RegistryEvent::alias_set(true, "m", "a", 2);
        check(&alias, "prompt_alias.created", r#"{"name": "m", "alias": "a", "version": "2"}"#);
        let tag = RegistryEvent::version_tag_deleted(false, "m", 2, "k");
        check(&tag, "model_version_tag.deleted", r#"{"name": "m", "version": "2", "key": "k"}"#);
    }

    #[test]
    fn every_event_has_an_example() {
        for event in WebhookEvent::all() {
            let body = RegistryEvent::example(event).body(Millis(1_700_000_000_000));
            let head = format!(
                "{{\"entity\": \"{}\", \"action\": \"{}\", \
                 \"timestamp\": \"2023-11-14T22:13:20+00:00\", \"data\": {{\"",
                event.entity().as_str(),
                event.action().as_str()
            );
            assert!(body.starts_with(&head) && body.ends_with("}}"), "{body}");
        }
    }
}
