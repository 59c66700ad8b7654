//! `review-queues/…`

use axum::extract::State;
use oxflow_api::common::{Empty, all};
use oxflow_api::review_queue::{
    ChangeReviewItems, CreateReviewQueue, GetOrCreateUserQueue, GetReviewQueueByName,
    ListReviewItems, ListReviewQueues, ListReviewQueuesResponse, OneReviewQueue,
    ReviewItemResponse, ReviewItemsResponse, ReviewQueueResponse, ReviewQueueType, ReviewStatus,
    SetReviewItemStatus, UpdateReviewQueue,
};
use oxflow_api::{request, token};
use oxflow_model::{
    Error, ErrorCode, ExperimentId, PageRequest, Result, ReviewQueue, ReviewQueueChange,
    review_queue,
};
use oxflow_store::ReviewQueueList;

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};

const DEFAULT_RESULTS: i32 = 1000;
/// The most that one list shows.
const MOST_RESULTS: u32 = 50_000;

pub fn routes(routes: Routes) -> Routes {
    let within = Access::Experiment(Level::Read);
    let edit = Access::Experiment(Level::Edit);
    let (read, change) = (Access::ReviewQueue(Level::Read), Access::ReviewQueue(Level::Edit));
    let manage = Access::ReviewQueue(Level::Manage);
    routes
        .post(Under::V3, "/review-queues/create", edit, create)
        .post(Under::V3, "/review-queues/get-or-create-user", edit, get_or_create_user)
        .get(Under::V3, "/review-queues/get", read, get)
        .get(Under::V3, "/review-queues/get-by-name", within, get_by_name)
        .get(Under::V3, "/review-queues/list", within, list)
        .post(Under::V3, "/review-queues/update", manage, update)
        .post(Under::V3, "/review-queues/delete", manage, delete)
        .post(Under::V3, "/review-queues/items/add", change, add_items)
        .post(Under::V3, "/review-queues/items/remove", change, remove_items)
        .get(Under::V3, "/review-queues/items/list", read, list_items)
        .post(Under::V3, "/review-queues/items/set-status", change, set_status)
}

fn answer(queue: ReviewQueue) -> Answer<ReviewQueueResponse> {
    Ok(Json(ReviewQueueResponse { review_queue: Some(queue.into()) }))
}

fn experiment(raw: Option<String>) -> Result<ExperimentId> {
    ExperimentId::parse(&raw.unwrap_or_default())
}

fn page(max_results: Option<i32>, page_token: Option<&str>) -> Result<PageRequest> {
    let limit = match u32::try_from(max_results.unwrap_or(DEFAULT_RESULTS)) {
        Ok(limit @ 1..=MOST_RESULTS) => u64::from(limit),
        _ => {
            let why = format!("max_results must be between 1 and {MOST_RESULTS}.");
            return Err(request::invalid_because(&why));
        }
    };
    Ok(PageRequest { limit, offset: token::decode(page_token)? })
}

/// A queue that is not stored yet.
fn new_queue(
    app: &AppState,
    experiment_id: ExperimentId,
    name: String,
    kind: review_queue::ReviewQueueType,
) -> ReviewQueue {
    let now = app.clock.now();
    ReviewQueue {
        id: format!("rq-{}", app.ids.hex()),
        experiment_id,
        name,
        kind,
        created_by: None,
        created_at: now,
        updated_at: now,
        users: Vec::new(),
        schema_ids: Vec::new(),
    }
}

async fn create(
    State(app): State<AppState>,
    Proto(request): Proto<CreateReviewQueue>,
) -> Answer<ReviewQueueResponse> {
    let kind = match request.queue_type {
        Some(ReviewQueueType::User) => review_queue::ReviewQueueType::User,
        Some(ReviewQueueType::Custom) => review_queue::ReviewQueueType::Custom,
        Some(ReviewQueueType::Unspecified) | None => {
            return Err(Error::invalid(
                "`queue_type` must be one of USER or CUSTOM; got proto enum value 0.",
            )
            .into());
        }
    };
    let (users, schema_ids) = (request.users, request.schema_ids);
    let id = experiment(request.experiment_id)?;
    let queue = new_queue(&app, id, request.name.unwrap_or_default(), kind);
    let queue = ReviewQueue { users, schema_ids, ..queue }.checked()?;
    answer(app.store.create_review_queue(queue).await?)
}

async fn get_or_create_user(
    State(app): State<AppState>,
    Proto(request): Proto<GetOrCreateUserQueue>,
) -> Answer<ReviewQueueResponse> {
    let id = experiment(request.experiment_id)?;
    let name = review_queue::user(&request.user.unwrap_or_default());
    let queue = new_queue(&app, id, name.clone(), review_queue::ReviewQueueType::User);
    let queue = ReviewQueue { created_by: Some(name.clone()), ..queue }.checked()?;
    let error = match app.store.create_review_queue(queue).await {
        Ok(created) => return answer(created),
        Err(error) => error,
    };
    if error.code() != ErrorCode::ResourceAlreadyExists {
        return Err(error.into());
    }
    let known = app.store.find_review_queue_by_name(id, &name).await?.ok_or(error)?;
    if known.kind != review_queue::ReviewQueueType::User {
        return Err(Error::already_exists(format!(
            "A non-user queue named '{name}' already exists; cannot get-or-create a user queue \
             with that name."
        ))
        .into());
    }
    answer(known)
}

async fn get(
    State(app): State<AppState>,
    Proto(request): Proto<OneReviewQueue>,
) -> Answer<ReviewQueueResponse> {
    let id = request.queue_id.unwrap_or_default();
    let missing = || Error::not_found(format!("Review queue with id '{id}' not found."));
    answer(app.store.find_review_queue(&id).await?.ok_or_else(missing)?)
}

async fn get_by_name(
    State(app): State<AppState>,
    Proto(request): Proto<GetReviewQueueByName>,
) -> Answer<ReviewQueueResponse> {
    let id = experiment(request.experiment_id)?;
    let name = request.name.unwrap_or_default();
    let missing = || review_queue::no_such_name(id, &name);
    answer(app.store.find_review_queue_by_name(id, &name).await?.ok_or_else(missing)?)
}

async fn list(
    State(app): State<AppState>,
    Proto(request): Proto<ListReviewQueues>,
) -> Answer<ListReviewQueuesResponse> {
    let list = ReviewQueueList {
        page: page(request.max_results, request.page_token.as_deref())?,
        experiment: experiment(request.experiment_id)?,
        user: request.user.map(|user| review_queue::user(&user)),
        item: request.item_id,
    };
    let found = app.store.list_review_queues(list).await?;
    Ok(Json(ListReviewQueuesResponse {
        review_queues: all(found.items),
        // Empty on the last page, as in MLflow.
        next_page_token: Some(found.next_offset.map(token::encode).unwrap_or_default()),
    }))
}

async fn update(
    State(app): State<AppState>,
    Proto(request): Proto<UpdateReviewQueue>,
) -> Answer<ReviewQueueResponse> {
    let change = ReviewQueueChange {
        name: request.name,
        owner: request.new_owner,
        users: request.update_users.unwrap_or(false).then_some(request.users),
        schema_ids: request.update_schema_ids.unwrap_or(false).then_some(request.schema_ids),
    };
    let id = request.queue_id.unwrap_or_default();
    answer(app.store.update_review_queue(&id, change, app.clock.now()).await?)
}

async fn delete(
    State(app): State<AppState>,
    Proto(request): Proto<OneReviewQueue>,
) -> Answer<Empty> {
    app.store.delete_review_queue(&request.queue_id.unwrap_or_default()).await?;
    Ok(Json(Empty {}))
}

async fn add_items(
    State(app): State<AppState>,
    Proto(request): Proto<ChangeReviewItems>,
) -> Answer<ReviewItemsResponse> {
    let items = review_queue::item_ids(&request.item_ids)?;
    let queue = request.queue_id.unwrap_or_default();
    let added = app.store.add_review_items(&queue, items, app.clock.now()).await?;
    Ok(Json(ReviewItemsResponse { items: all(added), next_page_token: None }))
}

async fn remove_items(
    State(app): State<AppState>,
    Proto(request): Proto<ChangeReviewItems>,
) -> Answer<Empty> {
    let items = review_queue::item_ids(&request.item_ids)?;
    app.store.remove_review_items(&request.queue_id.unwrap_or_default(), items).await?;
    Ok(Json(Empty {}))
}

async fn list_items(
    State(app): State<AppState>,
    Proto(request): Proto<ListReviewItems>,
) -> Answer<ReviewItemsResponse> {
    let page = page(request.max_results, request.page_token.as_deref())?;
    let status = request.status.and_then(ReviewStatus::said);
    let queue = request.queue_id.unwrap_or_default();
    let found = app.store.list_review_items(&queue, status, page).await?;
    Ok(Json(ReviewItemsResponse {
        items: all(found.items),
        next_page_token: Some(found.next_offset.map(token::encode).unwrap_or_default()),
    }))
}

async fn set_status(
    State(app): State<AppState>,
    Proto(request): Proto<SetReviewItemStatus>,
) -> Answer<ReviewItemResponse> {
    let Some(status) = request.status.and_then(ReviewStatus::said) else {
        return Err(Error::invalid(
            "`status` must be one of PENDING, COMPLETE, or DECLINED; got proto enum value 0.",
        )
        .into());
    };
    let by = review_queue::completed_by(status, request.completed_by.as_deref())?;
    let queue = request.queue_id.unwrap_or_default();
    let item = request.item_id.unwrap_or_default();
    let now = app.clock.now();
    let item = app.store.set_review_item_status(&queue, item.trim(), status, by, now).await?;
    Ok(Json(ReviewItemResponse { item: Some(item.into()) }))
}
