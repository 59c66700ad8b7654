//! Messages of `review-queues/…`.

use oxflow_model as model;

use crate::{message, wire_enum};

wire_enum! {
    /// Whether a queue is somebody's own.
    pub enum ReviewQueueType {
        /// Never said.
        Unspecified = 0 => "REVIEW_QUEUE_TYPE_UNSPECIFIED",
        /// It is.
        User = 1 => "USER",
        /// It is not.
        Custom = 2 => "CUSTOM",
    }

    /// What is reviewed.
    pub enum ReviewItemType {
        /// Never said.
        Unspecified = 0 => "REVIEW_ITEM_TYPE_UNSPECIFIED",
        /// A trace.
        Trace = 1 => "TRACE",
    }

    /// Where a review stands.
    pub enum ReviewStatus {
        /// Never said.
        Unspecified = 0 => "REVIEW_STATUS_UNSPECIFIED",
        /// To be done.
        Pending = 1 => "PENDING",
        /// Done.
        Complete = 2 => "COMPLETE",
        /// Not to be done.
        Declined = 3 => "DECLINED",
    }
}

message! {
    /// A review queue.
    pub struct ReviewQueue {
        queue_id: Option<String>,
        experiment_id: Option<String>,
        name: Option<String>,
        queue_type: Option<ReviewQueueType>,
        created_by: Option<String>,
        creation_time_ms: Option<i64>,
        last_update_time_ms: Option<i64>,
        users: Vec<String>,
        schema_ids: Vec<String>,
    }

    /// An item of a queue.
    pub struct ReviewQueueItem {
        queue_id: Option<String>,
        item_type: Option<ReviewItemType>,
        item_id: Option<String>,
        status: Option<ReviewStatus>,
        completed_by: Option<String>,
        completed_time_ms: Option<i64>,
        creation_time_ms: Option<i64>,
        last_update_time_ms: Option<i64>,
    }

    /// An answer that holds one queue.
    pub struct ReviewQueueResponse { review_queue: Option<ReviewQueue> }

    /// `POST review-queues/create`
    pub struct CreateReviewQueue {
        [required] experiment_id: Option<String>,
        [required] name: Option<String>,
        queue_type: Option<ReviewQueueType>,
        users: Vec<String>,
        schema_ids: Vec<String>,
    }

    /// `POST review-queues/get-or-create-user`
    pub struct GetOrCreateUserQueue {
        [required] experiment_id: Option<String>,
        [required] user: Option<String>,
    }

    /// `GET review-queues/get` and `POST review-queues/delete`
    pub struct OneReviewQueue { [required] queue_id: Option<String> }

    /// `GET review-queues/get-by-name`
    pub struct GetReviewQueueByName {
        [required] experiment_id: Option<String>,
        [required] name: Option<String>,
    }

    /// `GET review-queues/list`
    pub struct ListReviewQueues {
        [required] experiment_id: Option<String>,
        user: Option<String>,
        max_results: Option<i32>,
        page_token: Option<String>,
        item_id: Option<String>,
    }

    /// The answer to [`ListReviewQueues`].
    pub struct ListReviewQueuesResponse {
        review_queues: Vec<ReviewQueue>,
        next_page_token: Option<String>,
    }

    /// `POST review-queues/update`; lists count only with their flag.
    pub struct UpdateReviewQueue {
        [required] queue_id: Option<String>,
        update_users: Option<bool>,
        users: Vec<String>,
        update_schema_ids: Option<bool>,
        schema_ids: Vec<String>,
        name: Option<String>,
        new_owner: Option<String>,
    }

    /// `POST review-queues/items/add` and `…/remove`
    pub struct ChangeReviewItems {
        [required] queue_id: Option<String>,
        item_type: Option<ReviewItemType>,
        item_ids: Vec<String>,
    }

    /// `GET review-queues/items/list`
    pub struct ListReviewItems {
        [required] queue_id: Option<String>,
        status: Option<ReviewStatus>,
        max_results: Option<i32>,
        page_token: Option<String>,
    }

    /// An answer that holds items.
    pub struct ReviewItemsResponse {
        items: Vec<ReviewQueueItem>,
        next_page_token: Option<String>,
    }

    /// `POST review-queues/items/set-status`
    pub struct SetReviewItemStatus {
        [required] queue_id: Option<String>,
        [required] item_id: Option<String>,
        status: Option<ReviewStatus>,
        completed_by: Option<String>,
    }

    /// The answer to [`SetReviewItemStatus`].
    pub struct ReviewItemResponse { item: Option<ReviewQueueItem> }
}

impl ReviewStatus {
    /// What it means; `None` if it was never said.
    pub const fn said(self) -> Option<model::ReviewStatus> {
        match self {
            ReviewStatus::Unspecified => None,
            ReviewStatus::Pending => Some(model::ReviewStatus::Pending),
            ReviewStatus::Complete => Some(model::ReviewStatus::Complete),
            ReviewStatus::Declined => Some(model::ReviewStatus::Declined),
        }
    }
}

impl From<model::ReviewQueueType> for ReviewQueueType {
    fn from(kind: model::ReviewQueueType) -> Self {
        match kind {
            model::ReviewQueueType::User => ReviewQueueType::User,
            model::ReviewQueueType::Custom => ReviewQueueType::Custom,
        }
    }
}

impl From<model::ReviewStatus> for ReviewStatus {
    fn from(status: model::ReviewStatus) -> Self {
        match status {
            model::ReviewStatus::Pending => ReviewStatus::Pending,
            model::ReviewStatus::Complete => ReviewStatus::Complete,
            model::ReviewStatus::Declined => ReviewStatus::Declined,
        }
    }
}

impl From<model::ReviewQueue> for ReviewQueue {
    fn from(queue: model::ReviewQueue) -> Self {
        ReviewQueue {
            queue_id: Some(queue.id),
            experiment_id: Some(queue.experiment_id.to_string()),
            name: Some(queue.name),
            queue_type: Some(queue.kind.into()),
            created_by: queue.created_by,
            creation_time_ms: Some(queue.created_at.0),
            last_update_time_ms: Some(queue.updated_at.0),
            users: queue.users,
            schema_ids: queue.schema_ids,
        }
    }
}

impl From<model::ReviewItem> for ReviewQueueItem {
    fn from(item: model::ReviewItem) -> Self {
        ReviewQueueItem {
            queue_id: Some(item.queue_id),
            item_type: Some(ReviewItemType::Trace),
            item_id: Some(item.item_id),
            status: Some(item.status.into()),
            completed_by: item.completed_by,
            completed_time_ms: item.completed_at.map(|time| time.0),
            creation_time_ms: Some(item.created_at.0),
            last_update_time_ms: Some(item.updated_at.0),
        }
    }
}
