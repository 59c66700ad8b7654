//! Webhooks, and the deliveries that are waiting for them.

use async_trait::async_trait;
use oxflow_model::{
    EventId, Millis, NewWebhook, Page, PageRequest, Result, SealedSecret, Webhook, WebhookChange,
    WebhookId,
};

/// Something a webhook is to be told, taken by one server to tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// What happened.
    pub event: EventId,
    /// Who is told.
    pub webhook: WebhookId,
    /// Under which [`Claim`] it was taken.
    pub claim: String,
    /// How often it was taken, this time included.
    pub attempt: u32,
    /// The body to send.
    pub body: String,
    /// Where the webhook wants it now.
    pub url: String,
    /// What the webhook wants it signed with now.
    pub secret: Option<SealedSecret>,
}

/// A server takes deliveries. Until `until`, nobody else gets them.
#[derive(Clone, Debug)]
pub struct Claim {
    /// An id that is not used again.
    pub id: String,
    /// What is due now is taken.
    pub now: Millis,
    /// When what is not settled by then can be taken again: its server must have died.
    pub until: Millis,
    /// How many at most.
    pub limit: u64,
    /// Webhooks that have enough on their hands.
    pub except: Vec<WebhookId>,
}

/// Keeps webhooks, and a queue of what they are to be told. Calls fail with
/// `RESOURCE_DOES_NOT_EXIST` when the webhook they name is not there; deleted ones are not.
///
/// The queue is for any number of servers on one database. What is in it is delivered at least
/// once: what a server has claimed and not settled in time is claimed again.
#[async_trait]
pub trait WebhookStore: Send + Sync {
    /// Creates a webhook.
    async fn create_webhook(&self, id: WebhookId, new: NewWebhook, now: Millis) -> Result<Webhook>;

    /// The webhook with this id.
    async fn find_webhook(&self, id: &WebhookId) -> Result<Option<Webhook>>;

    /// The secret of a webhook, if it has one.
    async fn webhook_secret(&self, id: &WebhookId) -> Result<Option<SealedSecret>>;

    /// Webhooks, newest first.
    async fn list_webhooks(&self, page: PageRequest) -> Result<Page<Webhook>>;

    /// Changes a webhook.
    async fn update_webhook(
        &self,
        id: &WebhookId,
        change: WebhookChange,
        now: Millis,
    ) -> Result<Webhook>;

    /// Deletes a webhook; what was queued for it will not be delivered.
    async fn delete_webhook(&self, id: &WebhookId, now: Millis) -> Result<()>;

    /// Resolves when this store has queued deliveries since the last time it resolved. Tells
    /// nothing about what other servers queue.
    async fn deliveries_queued(&self);

    /// When the next delivery is due, those for some webhooks aside; `None` if none is queued.
    async fn next_delivery(&self, except: &[WebhookId]) -> Result<Option<Millis>>;

    /// Takes deliveries that are due, the most overdue first. Those whose webhook was deleted or
    /// disabled, and those that are overdue for a week, are dropped.
    async fn claim_deliveries(&self, claim: Claim) -> Result<Vec<Delivery>>;

    /// Gives up the oldest deliveries of each webhook for which more than `most` wait, down to
    /// `most` and those that were queued in the same millisecond; tells how many.
    async fn trim_deliveries(&self, most: u64) -> Result<u64>;

    /// Takes a delivery out of the queue, unless somebody else has claimed it by now.
    async fn settle_delivery(&self, delivery: &Delivery) -> Result<()>;

    /// Puts a delivery back into the queue, to be claimed from `due` on, unless somebody else has
    /// claimed it by now.
    async fn defer_delivery(&self, delivery: &Delivery, due: Millis) -> Result<()>;
}
