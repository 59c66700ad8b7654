//! `webhooks…`

use axum::extract::{Path, State};
use oxflow_api::common::{Empty, all};
use oxflow_api::token;
use oxflow_api::webhook::{
    CreateWebhook, ListWebhooks, ListWebhooksResponse, TestWebhook, TestWebhookResponse,
    UpdateWebhook, WebhookResponse, WebhookTestResult, events,
};
use oxflow_model::webhook::{check_description, no_such_webhook};
use oxflow_model::{
    Error, NewWebhook, PageRequest, RegistryEvent, Result, SealedSecret, Webhook, WebhookChange,
    WebhookEvent, WebhookEvents, WebhookId, WebhookName, limits,
};

use crate::access::Access;
use crate::answer::{Answer, Json, Proto};
use crate::app::{App, AppState};
use crate::router::{Routes, Under};
use crate::webhooks::deliver::answered;
use crate::webhooks::{Parcel, Reply, SendError};

pub fn routes(routes: Routes) -> Routes {
    routes
        .post(Under::V2, "/webhooks", Access::Admin, create)
        .get(Under::V2, "/webhooks", Access::Admin, list)
        .get(Under::V2, "/webhooks/{webhook_id}", Access::Admin, get)
        .patch(Under::V2, "/webhooks/{webhook_id}", Access::Admin, update)
        .delete(Under::V2, "/webhooks/{webhook_id}", Access::Admin, delete)
        .post(Under::V2, "/webhooks/{webhook_id}/test", Access::Admin, test)
}

fn answer(webhook: Webhook) -> Json<WebhookResponse> {
    Json(WebhookResponse { webhook: Some(webhook.into()) })
}

async fn find(app: &App, id: &WebhookId) -> Result<Webhook> {
    app.store.find_webhook(id).await?.ok_or_else(|| no_such_webhook(id))
}

fn seal(app: &App, secret: &str) -> Result<Option<SealedSecret>> {
    app.webhooks.seal(secret, app.ids.as_ref(), app.clock.now())
}

async fn create(
    State(app): State<AppState>,
    Proto(request): Proto<CreateWebhook>,
) -> Answer<WebhookResponse> {
    let events = events(&request.events.unwrap_or_default())?;
    let name = WebhookName::parse(&request.name.unwrap_or_default())?;
    let url = request.url.unwrap_or_default();
    app.webhooks.check_url(&url).await?;
    let events = WebhookEvents::new(&events)?;
    let description = request.description.filter(|text| !text.is_empty());
    check_description(description.as_deref().unwrap_or_default())?;
    let secret = seal(&app, &request.secret.unwrap_or_default())?;
    let status = request.status.map(Into::into).unwrap_or_default();
    let new = NewWebhook { name, description, url, events, secret, status };
    let id = app.ids.webhook_id();
    Ok(answer(app.store.create_webhook(id, new, app.clock.now()).await?))
}

async fn list(
    State(app): State<AppState>,
    Proto(request): Proto<ListWebhooks>,
) -> Answer<ListWebhooksResponse> {
    const DEFAULT: i32 = 100;
    let wanted = request.max_results.filter(|wanted| *wanted != 0).unwrap_or(DEFAULT);
    let limit = u64::try_from(wanted).ok().filter(|limit| *limit <= limits::WEBHOOK_RESULTS);
    let limit = limit.ok_or_else(|| Error::invalid("max_results must be between 1 and 1000."))?;
    let offset = token::decode(request.page_token.as_deref())?;
    let found = app.store.list_webhooks(PageRequest { limit, offset }).await?;
    Ok(Json(ListWebhooksResponse {
        webhooks: all(found.items),
        next_page_token: found.next_offset.map(token::encode),
    }))
}

async fn get(State(app): State<AppState>, Path(id): Path<String>) -> Answer<WebhookResponse> {
    Ok(answer(find(&app, &WebhookId::new(id)).await?))
}

async fn update(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Proto(request): Proto<UpdateWebhook>,
) -> Answer<WebhookResponse> {
    let id = WebhookId::new(id);
    let events = events(&request.events)?;
    find(&app, &id).await?;
    let name = request.name.filter(|name| !name.is_empty());
    let name = name.map(|name| WebhookName::parse(&name)).transpose()?;
    let url = request.url.filter(|url| !url.is_empty());
    if let Some(url) = &url {
        app.webhooks.check_url(url).await?;
    }
    let events = if events.is_empty() { None } else { Some(WebhookEvents::new(&events)?) };
    check_description(request.description.as_deref().unwrap_or_default())?;
    let change = WebhookChange {
        name,
        description: request.description,
        url,
        events,
        secret: request.secret.map(|secret| seal(&app, &secret)).transpose()?,
        status: request.status.map(Into::into),
    };
    Ok(answer(app.store.update_webhook(&id, change, app.clock.now()).await?))
}

async fn delete(State(app): State<AppState>, Path(id): Path<String>) -> Answer<Empty> {
    app.store.delete_webhook(&WebhookId::new(id), app.clock.now()).await?;
    Ok(Json(Empty {}))
}

/// Sends an example, once, and tells how it was taken.
async fn test(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Proto(request): Proto<TestWebhook>,
) -> Answer<TestWebhookResponse> {
    let id = WebhookId::new(id);
    let wanted = request.event.map(|event| event.model("event")).transpose()?;
    let webhook = find(&app, &id).await?;
    let event = wanted.or_else(|| webhook.events.first().copied());
    let event = event.ok_or_else(|| Error::invalid("Webhook events cannot be empty"))?;
    let secret = app.store.webhook_secret(&id).await?;
    let outcome = send_example(&app, &webhook, secret.as_ref(), event).await;
    Ok(Json(TestWebhookResponse { result: Some(result(outcome)) }))
}

async fn send_example(
    app: &App,
    webhook: &Webhook,
    secret: Option<&SealedSecret>,
    event: WebhookEvent,
) -> Result<Reply, SendError> {
    let now = app.clock.now();
    let (id, body) = (app.ids.uuid(), RegistryEvent::example(event).body(now));
    app.webhooks.send(Parcel { url: &webhook.url, secret, id: &id, body: &body, now }).await
}

fn result(outcome: Result<Reply, SendError>) -> WebhookTestResult {
    match outcome {
        Ok(reply) => {
            let redirected = reply.status.is_redirection();
            let success = reply.status.as_u16() < 400 && !redirected;
            WebhookTestResult {
                success: Some(success),
                response_status: Some(reply.status.as_u16().into()),
                response_body: Some(reply.body),
                error_message: redirected.then(|| answered(reply.status)),
            }
        }
        Err(error) => WebhookTestResult {
            success: Some(false),
            error_message: Some(format!("Failed to test webhook: {}", error.message())),
            ..WebhookTestResult::default()
        },
    }
}
