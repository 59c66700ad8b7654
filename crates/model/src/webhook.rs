//! Webhooks: addresses that are told when something happens in the registry.

use std::collections::BTreeSet;
use std::fmt;

use crate::validate::{check_length, python_repr};
use crate::{Error, EventId, Millis, Result, WebhookId, limits};

/// What something can happen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookEntity {
    /// A registered model that is no prompt.
    RegisteredModel,
    /// A version of one.
    ModelVersion,
    /// A tag of a version.
    ModelVersionTag,
    /// An alias of a version.
    ModelVersionAlias,
    /// A prompt.
    Prompt,
    /// A version of a prompt.
    PromptVersion,
    /// A tag of a prompt.
    PromptTag,
    /// A tag of a version of a prompt.
    PromptVersionTag,
    /// An alias of a version of a prompt.
    PromptAlias,
    /// A limit of what may be spent.
    BudgetPolicy,
}

impl WebhookEntity {
    /// Every one.
    pub const ALL: [WebhookEntity; 10] = [
        WebhookEntity::RegisteredModel,
        WebhookEntity::ModelVersion,
        WebhookEntity::ModelVersionTag,
        WebhookEntity::ModelVersionAlias,
        WebhookEntity::Prompt,
        WebhookEntity::PromptVersion,
        WebhookEntity::PromptTag,
        WebhookEntity::PromptVersionTag,
        WebhookEntity::PromptAlias,
        WebhookEntity::BudgetPolicy,
    ];

    /// The word used by payloads and the databases.
    pub const fn as_str(self) -> &'static str {
        match self {
            WebhookEntity::RegisteredModel => "registered_model",
            WebhookEntity::ModelVersion => "model_version",
            WebhookEntity::ModelVersionTag => "model_version_tag",
            WebhookEntity::ModelVersionAlias => "model_version_alias",
            WebhookEntity::Prompt => "prompt",
            WebhookEntity::PromptVersion => "prompt_version",
            WebhookEntity::PromptTag => "prompt_tag",
            WebhookEntity::PromptVersionTag => "prompt_version_tag",
            WebhookEntity::PromptAlias => "prompt_alias",
            WebhookEntity::BudgetPolicy => "budget_policy",
        }
    }

    /// What can happen to it, sorted by word.
    pub const fn actions(self) -> &'static [WebhookAction] {
        use WebhookAction::{Created, Deleted, Exceeded, Set};
        match self {
            WebhookEntity::RegisteredModel
            | WebhookEntity::ModelVersion
            | WebhookEntity::Prompt
            | WebhookEntity::PromptVersion => &[Created],
            WebhookEntity::ModelVersionTag
            | WebhookEntity::PromptTag
            | WebhookEntity::PromptVersionTag => &[Deleted, Set],
            WebhookEntity::ModelVersionAlias | WebhookEntity::PromptAlias => &[Created, Deleted],
            WebhookEntity::BudgetPolicy => &[Exceeded],
        }
    }
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookAction {
    /// It came into being.
    Created,
    /// It changed. Nobody is told of that; the protocol has the word all the same.
    Updated,
    /// It went away.
    Deleted,
    /// It came into being or changed.
    Set,
    /// It was overstepped.
    Exceeded,
}

impl WebhookAction {
    /// Every one.
    pub const ALL: [WebhookAction; 5] = [
        WebhookAction::Created,
        WebhookAction::Updated,
        WebhookAction::Deleted,
        WebhookAction::Set,
        WebhookAction::Exceeded,
    ];

    /// The word used by payloads and the databases.
    pub const fn as_str(self) -> &'static str {
        match self {
            WebhookAction::Created => "created",
            WebhookAction::Updated => "updated",
            WebhookAction::Deleted => "deleted",
            WebhookAction::Set => "set",
            WebhookAction::Exceeded => "exceeded",
        }
    }
}

/// A kind of event that webhooks can ask for.
///
/// Invariant: the action is one that happens to the entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WebhookEvent {
    entity: WebhookEntity,
    action: WebhookAction,
}

impl WebhookEvent {
    /// Puts the two together, if that happens.
    pub fn new(entity: WebhookEntity, action: WebhookAction) -> Result<WebhookEvent> {
        if entity.actions().contains(&action) {
            return Ok(WebhookEvent { entity, action });
        }
        let valid: Vec<String> =
            entity.actions().iter().map(|action| python_repr(action.as_str())).collect();
        Err(Error::invalid(format!(
            "Invalid action '{}' for entity '{}'. Valid actions are: [{}]",
            action.as_str(),
            entity.as_str(),
            valid.join(", ")
        )))
    }

    /// A pair that is known to happen.
    pub(crate) const fn known(entity: WebhookEntity, action: WebhookAction) -> WebhookEvent {
        WebhookEvent { entity, action }
    }

    /// Reads the words of a database; `None` if they name no event that happens.
    pub fn from_words(entity: &str, action: &str) -> Option<WebhookEvent> {
        let entity = WebhookEntity::ALL.into_iter().find(|one| one.as_str() == entity)?;
        let action = WebhookAction::ALL.into_iter().find(|one| one.as_str() == action)?;
        WebhookEvent::new(entity, action).ok()
    }

    /// Every kind of event.
    pub fn all() -> impl Iterator<Item = WebhookEvent> {
        WebhookEntity::ALL.into_iter().flat_map(|entity| {
            entity.actions().iter().map(move |action| WebhookEvent { entity, action: *action })
        })
    }

    /// What it happens to.
    pub const fn entity(self) -> WebhookEntity {
        self.entity
    }

    /// What happens.
    pub const fn action(self) -> WebhookAction {
        self.action
    }
}

impl fmt::Display for WebhookEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.entity.as_str(), self.action.as_str())
    }
}

/// The kinds of event that a webhook asks for.
///
/// Invariant: at least one, none twice, sorted by word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEvents(Vec<WebhookEvent>);

impl WebhookEvents {
    /// Sorts them and drops repetitions.
    pub fn new(events: &[WebhookEvent]) -> Result<WebhookEvents> {
        if events.is_empty() {
            return Err(Error::invalid(
                "Webhook events must be a non-empty list of WebhookEvent objects: [].",
            ));
        }
        let by_word = |event: &WebhookEvent| (event.entity.as_str(), event.action.as_str());
        let words: BTreeSet<_> = events.iter().map(by_word).collect();
        let events = words.into_iter().filter_map(|(e, a)| WebhookEvent::from_words(e, a));
        Ok(WebhookEvents(events.collect()))
    }

    /// The events.
    pub fn as_slice(&self) -> &[WebhookEvent] {
        &self.0
    }
}

/// What people call a webhook; several may have the same name.
///
/// Invariant: 1 to 63 ASCII letters, digits, dots, underscores and hyphens, of which the first and
/// the last are letters or digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookName(String);

impl WebhookName {
    /// Reads a name as a client sent it.
    pub fn parse(raw: &str) -> Result<WebhookName> {
        let outer = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let mut chars = raw.chars();
        let ends = outer(chars.next()) && (raw.len() == 1 || outer(chars.next_back()));
        if ends && chars.all(inner) && raw.len() <= limits::WEBHOOK_NAME {
            return Ok(WebhookName(raw.to_owned()));
        }
        Err(Error::invalid(format!(
            "Webhook name {} is invalid. It must start and end with a letter or digit, be less \
             than 63 characters long, and contain only letters, digits, dots (.), underscores \
             (_), and hyphens (-).",
            python_repr(raw)
        )))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a webhook is told of anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebhookStatus {
    /// It is.
    #[default]
    Active,
    /// It is not.
    Disabled,
}

impl WebhookStatus {
    /// The word used by the wire and the databases.
    pub const fn as_str(self) -> &'static str {
        match self {
            WebhookStatus::Active => "ACTIVE",
            WebhookStatus::Disabled => "DISABLED",
        }
    }

    /// Reads the word of a database; an unknown one counts as disabled.
    pub fn from_word(word: &str) -> WebhookStatus {
        match word {
            "ACTIVE" => WebhookStatus::Active,
            _ => WebhookStatus::Disabled,
        }
    }
}

/// A secret as it is stored: encrypted. Stores never see what is inside.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(String);

impl SealedSecret {
    /// Wraps the encrypted text.
    pub fn new(token: impl Into<String>) -> SealedSecret {
        SealedSecret(token.into())
    }

    /// The encrypted text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret(****)")
    }
}

/// A webhook, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// What people call it.
    pub name: String,
    /// What people wrote about it.
    pub description: Option<String>,
    /// Where events are sent.
    pub url: String,
    /// Which events, sorted by word. A database that something else wrote to may name none.
    pub events: Vec<WebhookEvent>,
    /// Whether they are sent.
    pub status: WebhookStatus,
    /// When it was created.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

/// What is needed to create a webhook.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// What people call it.
    pub name: WebhookName,
    /// What people wrote about it.
    pub description: Option<String>,
    /// Where events are sent; known to be a good address.
    pub url: String,
    /// Which events.
    pub events: WebhookEvents,
    /// What requests are signed with, if they are.
    pub secret: Option<SealedSecret>,
    /// Whether events are sent.
    pub status: WebhookStatus,
}

/// What is to change about a webhook; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    /// What people call it.
    pub name: Option<WebhookName>,
    /// What people wrote about it.
    pub description: Option<String>,
    /// Where events are sent; known to be a good address.
    pub url: Option<String>,
    /// Which events.
    pub events: Option<WebhookEvents>,
    /// What requests are signed with; `Some(None)` for nothing any more.
    pub secret: Option<Option<SealedSecret>>,
    /// Whether events are sent.
    pub status: Option<WebhookStatus>,
}

/// When a change of the registry is made, and the id under which webhooks are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The id; none is used twice.
    pub event: EventId,
    /// The time.
    pub at: Millis,
}

/// Refuses a description that databases have no room for.
pub fn check_description(description: &str) -> Result<()> {
    check_length("description", description, limits::WEBHOOK_DESCRIPTION)
}

/// The error for a webhook that is not there, or deleted.
pub fn no_such_webhook(id: &WebhookId) -> Error {
    Error::not_found(format!("Webhook with ID {id} not found."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_digits_and_some_signs_in_between() {
        let longest = "x".repeat(63);
        for good in ["a", "7", "A.b_c-9", longest.as_str()] {
            assert_eq!(WebhookName::parse(good).unwrap().as_str(), good);
        }
        let too_long = "x".repeat(64);
        for bad in ["", "-w", "w-", "a b", "ä", ".", "a\n", too_long.as_str()] {
            let message = WebhookName::parse(bad).unwrap_err().message().to_owned();
            assert!(message.starts_with(&format!("Webhook name {}", python_repr(bad))), "{bad}");
        }
    }

    #[test]
    fn events_are_pairs_that_happen() {
        let refused = |entity, action| WebhookEvent::new(entity, action).unwrap_err();
        assert_eq!(
            refused(WebhookEntity::RegisteredModel, WebhookAction::Deleted).message(),
            "Invalid action 'deleted' for entity 'registered_model'. Valid actions are: ['created']"
        );
        assert_eq!(
            refused(WebhookEntity::PromptTag, WebhookAction::Updated).message(),
            "Invalid action 'updated' for entity 'prompt_tag'. Valid actions are: ['deleted', 'set']"
        );
        assert_eq!(WebhookEvent::all().count(), 15);
        for event in WebhookEvent::all() {
            let words = event.to_string();
            let (entity, action) = words.split_once('.').unwrap();
            assert_eq!(WebhookEvent::from_words(entity, action), Some(event));
        }
    }

    #[test]
    fn a_webhook_asks_for_each_event_once() {
        let event = |entity, action| WebhookEvent::new(entity, action).unwrap();
        let created = event(WebhookEntity::RegisteredModel, WebhookAction::Created);
        let tagged = event(WebhookEntity::ModelVersionTag, WebhookAction::Set);
        let events = WebhookEvents::new(&[created, tagged, created]).unwrap();
        assert_eq!(events.as_slice(), [tagged, created]);
        assert!(WebhookEvents::new(&[]).is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(format!("{:?}", SealedSecret::new("gAAA")), "SealedSecret(****)");
    }
}
