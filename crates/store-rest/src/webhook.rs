//! Webhooks. Delivering is the server's own business, and so are secrets: it never shows them, and
//! seals them with a key of its own.

use async_trait::async_trait;
use http::Method;
use oxflow_api::common::{Empty, all};
use oxflow_api::webhook;
use oxflow_api::webhook::{
    CreateWebhook, ListWebhooks, ListWebhooksResponse, UpdateWebhook, WebhookResponse,
};
use oxflow_model::{
    Millis, NewWebhook, Page, PageRequest, Result, SealedSecret, Webhook, WebhookChange,
    WebhookEvents, WebhookId, limits,
};
use oxflow_store::{Claim, Delivery, WebhookStore};

use crate::call::Api::V2;
use crate::call::segment;
use crate::client::RestStore;
use crate::inside::only_inside;
use crate::page::{at, gather};
use crate::read;

const MOST: u32 = limits::WEBHOOK_RESULTS as u32;
const SECRETS: &str = "Keeping the sealed secrets of webhooks";
const DELIVERIES: &str = "Delivering to webhooks";

fn hook(wire: webhook::Webhook) -> Result<Webhook> {
    Ok(Webhook {
        id: WebhookId::new(wire.webhook_id.unwrap_or_default()),
        name: wire.name.unwrap_or_default(),
        description: wire.description,
        url: wire.url.unwrap_or_default(),
        events: webhook::events(&wire.events)?,
        status: wire.status.map(Into::into).unwrap_or_default(),
        created_at: Millis(wire.creation_timestamp.unwrap_or_default()),
        updated_at: Millis(wire.last_updated_timestamp.unwrap_or_default()),
    })
}

fn answered(answer: WebhookResponse) -> Result<Webhook> {
    hook(read::need(answer.webhook, "webhook")?)
}

fn path(id: &WebhookId) -> String {
    format!("webhooks/{}", segment(id.as_str()))
}

fn events(events: &WebhookEvents) -> Vec<webhook::WebhookEvent> {
    all(events.as_slice().to_vec())
}

#[async_trait]
impl WebhookStore for RestStore {
    async fn create_webhook(&self, id: WebhookId, new: NewWebhook, now: Millis) -> Result<Webhook> {
        if new.secret.is_some() {
            return only_inside(SECRETS);
        }
        let request = CreateWebhook {
            name: Some(new.name.as_str().to_owned()),
            description: new.description,
            url: Some(new.url),
            events: Some(events(&new.events)),
            secret: None,
            status: Some(new.status.into()),
        };
        let call = V2.post("webhooks", &request)?.at(now).id(id.as_str());
        answered(self.send(Ok(call)).await?)
    }

    async fn find_webhook(&self, id: &WebhookId) -> Result<Option<Webhook>> {
        self.find(V2.get(&path(id), &Empty {})).await?.map(answered).transpose()
    }

    async fn webhook_secret(&self, _: &WebhookId) -> Result<Option<SealedSecret>> {
        only_inside(SECRETS)
    }

    async fn list_webhooks(&self, page: PageRequest) -> Result<Page<Webhook>> {
        let fetch = async |limit, offset| {
            let request = ListWebhooks { max_results: Some(limit), page_token: at(offset) };
            let page: ListWebhooksResponse = self.send(V2.get("webhooks", &request)).await?;
            let found: Result<Vec<_>> = page.webhooks.into_iter().map(hook).collect();
            Ok((found?, page.next_page_token))
        };
        gather(page, MOST, fetch).await
    }

    async fn update_webhook(
        &self,
        id: &WebhookId,
        change: WebhookChange,
        now: Millis,
    ) -> Result<Webhook> {
        if change.secret.is_some() {
            return only_inside(SECRETS);
        }
        let request = UpdateWebhook {
            name: change.name.map(|name| name.as_str().to_owned()),
            description: change.description,
            url: change.url,
            events: change.events.as_ref().map(events).unwrap_or_default(),
            secret: None,
            status: change.status.map(Into::into),
        };
        answered(self.send(Ok(V2.patch(&path(id), &request)?.at(now))).await?)
    }

    async fn delete_webhook(&self, id: &WebhookId, now: Millis) -> Result<()> {
        let call = V2.query(Method::DELETE, &path(id), &Empty {})?.at(now);
        self.send::<Empty>(Ok(call)).await.map(drop)
    }

    async fn deliveries_queued(&self) {
        std::future::pending::<()>().await;
    }

    async fn next_delivery(&self, _: &[WebhookId]) -> Result<Option<Millis>> {
        only_inside(DELIVERIES)
    }

    async fn claim_deliveries(&self, _: Claim) -> Result<Vec<Delivery>> {
        only_inside(DELIVERIES)
    }

    async fn trim_deliveries(&self, _: u64) -> Result<u64> {
        only_inside(DELIVERIES)
    }

    async fn settle_delivery(&self, _: &Delivery) -> Result<()> {
        only_inside(DELIVERIES)
    }

    async fn defer_delivery(&self, _: &Delivery, _: Millis) -> Result<()> {
        only_inside(DELIVERIES)
    }
}
