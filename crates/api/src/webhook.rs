//! Messages of `webhooks…`.

use oxflow_model as model;
use oxflow_model::{Error, Result};

use crate::common::{all, non_empty};
use crate::request::missing;
use crate::{message, wire_enum};

wire_enum! {
    /// Whether a webhook is told of anything.
    pub enum WebhookStatus {
        /// It is.
        Active = 1 => "ACTIVE",
        /// It is not.
        Disabled = 2 => "DISABLED",
    }
}

wire_enum! {
    /// What something can happen to.
    pub enum WebhookEntity {
        /// Nothing.
        Unspecified = 0 => "ENTITY_UNSPECIFIED",
        /// A registered model that is no prompt.
        RegisteredModel = 1 => "REGISTERED_MODEL",
        /// A version of one.
        ModelVersion = 2 => "MODEL_VERSION",
        /// A tag of a version.
        ModelVersionTag = 3 => "MODEL_VERSION_TAG",
        /// An alias of a version.
        ModelVersionAlias = 4 => "MODEL_VERSION_ALIAS",
        /// A prompt.
        Prompt = 5 => "PROMPT",
        /// A version of a prompt.
        PromptVersion = 6 => "PROMPT_VERSION",
        /// A tag of a prompt.
        PromptTag = 7 => "PROMPT_TAG",
        /// A tag of a version of a prompt.
        PromptVersionTag = 8 => "PROMPT_VERSION_TAG",
        /// An alias of a version of a prompt.
        PromptAlias = 9 => "PROMPT_ALIAS",
        /// A limit of what may be spent.
        BudgetPolicy = 10 => "BUDGET_POLICY",
    }
}

wire_enum! {
    /// What can happen.
    pub enum WebhookAction {
        /// Nothing.
        Unspecified = 0 => "ACTION_UNSPECIFIED",
        /// It came into being.
        Created = 1 => "CREATED",
        /// It changed.
        Updated = 2 => "UPDATED",
        /// It went away.
        Deleted = 3 => "DELETED",
        /// It came into being or changed.
        Set = 4 => "SET",
        /// It was overstepped.
        Exceeded = 5 => "EXCEEDED",
    }
}

message! {
    /// A kind of event.
    pub struct WebhookEvent { entity: Option<WebhookEntity>, action: Option<WebhookAction> }

    /// A webhook; its secret is never shown.
    pub struct Webhook {
        webhook_id: Option<String>,
        name: Option<String>,
        description: Option<String>,
        url: Option<String>,
        events: Vec<WebhookEvent>,
        status: Option<WebhookStatus>,
        creation_timestamp: Option<i64>,
        last_updated_timestamp: Option<i64>,
    }

    /// An answer that holds one webhook.
    pub struct WebhookResponse { webhook: Option<Webhook> }

    /// `POST webhooks`
    pub struct CreateWebhook {
        [required] name: Option<String>,
        description: Option<String>,
        [required] url: Option<String>,
        [required] events: Option<Vec<WebhookEvent>>,
        secret: Option<String>,
        status: Option<WebhookStatus>,
    }

    /// `GET webhooks`
    pub struct ListWebhooks { max_results: Option<i32>, page_token: Option<String> }

    /// The answer to [`ListWebhooks`].
    pub struct ListWebhooksResponse {
        webhooks: Vec<Webhook>,
        next_page_token: Option<String>,
    }

    /// `PATCH webhooks/<id>`
    pub struct UpdateWebhook {
        name: Option<String>,
        description: Option<String>,
        url: Option<String>,
        events: Vec<WebhookEvent>,
        secret: Option<String>,
        status: Option<WebhookStatus>,
    }

    /// `POST webhooks/<id>/test`
    pub struct TestWebhook { event: Option<WebhookEvent> }

    /// How a webhook answered to a test.
    pub struct WebhookTestResult {
        success: Option<bool>,
        response_status: Option<i32>,
        response_body: Option<String>,
        error_message: Option<String>,
    }

    /// The answer to [`TestWebhook`].
    pub struct TestWebhookResponse { result: Option<WebhookTestResult> }
}

impl WebhookEntity {
    fn model(self) -> Option<model::WebhookEntity> {
        let word = self.as_str().to_ascii_lowercase();
        model::WebhookEntity::ALL.into_iter().find(|entity| entity.as_str() == word)
    }
}

impl WebhookAction {
    fn model(self) -> Option<model::WebhookAction> {
        let word = self.as_str().to_ascii_lowercase();
        model::WebhookAction::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

impl WebhookEvent {
    /// The event, if it is one that happens; `path` says where in the request it stands.
    pub fn model(&self, path: &str) -> Result<model::WebhookEvent> {
        let entity = self.entity.ok_or_else(|| missing(&format!("{path}.entity")))?;
        let action = self.action.ok_or_else(|| missing(&format!("{path}.action")))?;
        let unknown = |word| Error::invalid(format!("{path}: {word} names no event."));
        let entity = entity.model().ok_or_else(|| unknown(entity.as_str()))?;
        let action = action.model().ok_or_else(|| unknown(action.as_str()))?;
        model::WebhookEvent::new(entity, action)
    }
}

/// The events of a request, each of which must be one that happens.
pub fn events(wire: &[WebhookEvent]) -> Result<Vec<model::WebhookEvent>> {
    let events = wire.iter().enumerate();
    events.map(|(i, event)| event.model(&format!("events[{i}]"))).collect()
}

impl From<model::WebhookEntity> for WebhookEntity {
    fn from(entity: model::WebhookEntity) -> Self {
        match entity {
            model::WebhookEntity::RegisteredModel => WebhookEntity::RegisteredModel,
            model::WebhookEntity::ModelVersion => WebhookEntity::ModelVersion,
            model::WebhookEntity::ModelVersionTag => WebhookEntity::ModelVersionTag,
            model::WebhookEntity::ModelVersionAlias => WebhookEntity::ModelVersionAlias,
            model::WebhookEntity::Prompt => WebhookEntity::Prompt,
            model::WebhookEntity::PromptVersion => WebhookEntity::PromptVersion,
            model::WebhookEntity::PromptTag => WebhookEntity::PromptTag,
            model::WebhookEntity::PromptVersionTag => WebhookEntity::PromptVersionTag,
            model::WebhookEntity::PromptAlias => WebhookEntity::PromptAlias,
            model::WebhookEntity::BudgetPolicy => WebhookEntity::BudgetPolicy,
        }
    }
}

impl From<model::WebhookAction> for WebhookAction {
    fn from(action: model::WebhookAction) -> Self {
        match action {
            model::WebhookAction::Created => WebhookAction::Created,
            model::WebhookAction::Updated => WebhookAction::Updated,
            model::WebhookAction::Deleted => WebhookAction::Deleted,
            model::WebhookAction::Set => WebhookAction::Set,
            model::WebhookAction::Exceeded => WebhookAction::Exceeded,
        }
    }
}

impl From<model::WebhookEvent> for WebhookEvent {
    fn from(event: model::WebhookEvent) -> Self {
        WebhookEvent { entity: Some(event.entity().into()), action: Some(event.action().into()) }
    }
}

impl From<model::WebhookStatus> for WebhookStatus {
    fn from(status: model::WebhookStatus) -> Self {
        match status {
            model::WebhookStatus::Active => WebhookStatus::Active,
            model::WebhookStatus::Disabled => WebhookStatus::Disabled,
        }
    }
}

impl From<WebhookStatus> for model::WebhookStatus {
    fn from(wire: WebhookStatus) -> Self {
        match wire {
            WebhookStatus::Active => model::WebhookStatus::Active,
            WebhookStatus::Disabled => model::WebhookStatus::Disabled,
        }
    }
}

impl From<model::Webhook> for Webhook {
    fn from(webhook: model::Webhook) -> Self {
        Webhook {
            webhook_id: Some(webhook.id.as_str().to_owned()),
            name: Some(webhook.name),
            description: webhook.description.and_then(non_empty),
            url: Some(webhook.url),
            events: all(webhook.events),
            status: Some(webhook.status.into()),
            creation_timestamp: Some(webhook.created_at.0),
            last_updated_timestamp: Some(webhook.updated_at.0),
        }
    }
}
