//! Webhooks and their queue: which function does what each call asks for.

use async_trait::async_trait;
use oxflow_model::{
    Millis, NewWebhook, Page, PageRequest, RegistryEvent, Result, SealedSecret, Stamp, Webhook,
    WebhookChange, WebhookId,
};
use oxflow_store::{Claim, Delivery, WebhookStore};

use crate::session::Session;
use crate::{SqlStore, webhook, webhook_delivery};

impl SqlStore {
    /// Makes a change of the registry and, in the same transaction, queues what webhooks are to be
    /// told of it.
    pub(crate) async fn announce<T: Send + 'static>(
        &self,
        stamp: Stamp,
        mut work: impl FnMut(&mut dyn Session) -> Result<(T, Option<RegistryEvent>)> + Send + 'static,
    ) -> Result<T> {
        let (done, queued) = self
            .database
            .write(move |session| {
                let (done, event) = work(session)?;
                let queued = match &event {
                    Some(event) => webhook_delivery::queue(session, event, &stamp)?,
                    None => false,
                };
                Ok((done, queued))
            })
            .await?;
        if queued {
            self.queued.notify_one();
        }
        Ok(done)
    }
}

#[async_trait]
impl WebhookStore for SqlStore {
    async fn create_webhook(&self, id: WebhookId, new: NewWebhook, now: Millis) -> Result<Webhook> {
        self.database.write(move |session| webhook::create(session, &id, &new, now)).await
    }

    async fn find_webhook(&self, id: &WebhookId) -> Result<Option<Webhook>> {
        let id = id.clone();
        self.database.read(move |session| Ok(webhook::find(session, &id)?)).await
    }

    async fn webhook_secret(&self, id: &WebhookId) -> Result<Option<SealedSecret>> {
        let id = id.clone();
        self.database.read(move |session| webhook::secret(session, &id)).await
    }

    async fn list_webhooks(&self, page: PageRequest) -> Result<Page<Webhook>> {
        let dialect = self.dialect.clone();
        let found = self
            .database
            .read(move |session| Ok(webhook::list(session, dialect.as_ref(), page)?))
            .await?;
        Ok(Page::cut(found, page))
    }

    async fn update_webhook(
        &self,
        id: &WebhookId,
        change: WebhookChange,
        now: Millis,
    ) -> Result<Webhook> {
        let id = id.clone();
        self.database.write(move |session| webhook::update(session, &id, &change, now)).await
    }

    async fn delete_webhook(&self, id: &WebhookId, now: Millis) -> Result<()> {
        let id = id.clone();
        self.database.write(move |session| webhook::delete(session, &id, now)).await
    }

    async fn deliveries_queued(&self) {
        self.queued.notified().await;
    }

    async fn next_delivery(&self, except: &[WebhookId]) -> Result<Option<Millis>> {
        let except = except.to_vec();
        self.database.read(move |session| Ok(webhook_delivery::next(session, &except)?)).await
    }

    async fn claim_deliveries(&self, claim: Claim) -> Result<Vec<Delivery>> {
        let dialect = self.dialect.clone();
        self.database
            .write(move |session| webhook_delivery::claim(session, dialect.as_ref(), &claim))
            .await
    }

    async fn trim_deliveries(&self, most: u64) -> Result<u64> {
        let dialect = self.dialect.clone();
        let full = self
            .database
            .read(move |session| Ok(webhook_delivery::too_many(session, most)?))
            .await?;
        if full.is_empty() {
            return Ok(0);
        }
        self.database
            .write(move |session| {
                Ok(webhook_delivery::trim(session, dialect.as_ref(), &full, most)?)
            })
            .await
    }

    async fn settle_delivery(&self, delivery: &Delivery) -> Result<()> {
        let delivery = delivery.clone();
        self.database.write(move |session| webhook_delivery::settle(session, &delivery)).await
    }

    async fn defer_delivery(&self, delivery: &Delivery, due: Millis) -> Result<()> {
        let delivery = delivery.clone();
        self.database.write(move |session| webhook_delivery::defer(session, &delivery, due)).await
    }
}
