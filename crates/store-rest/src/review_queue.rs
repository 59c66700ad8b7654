//! Review queues.

use async_trait::async_trait;
use oxflow_api::common::Empty;
use oxflow_api::review_queue;
use oxflow_api::review_queue::{
    ChangeReviewItems, CreateReviewQueue, GetReviewQueueByName, ListReviewItems, ListReviewQueues,
    ListReviewQueuesResponse, OneReviewQueue, ReviewItemResponse, ReviewItemType,
    ReviewItemsResponse, ReviewQueueResponse, SetReviewItemStatus, UpdateReviewQueue,
};
use oxflow_model::review_queue::no_such_name;
use oxflow_model::{
    ExperimentId, Millis, Page, PageRequest, Result, ReviewItem, ReviewQueue, ReviewQueueChange,
    ReviewQueueType, ReviewStatus,
};
use oxflow_store::{ReviewQueueList, ReviewQueueStore};

use crate::call::Api::V3;
use crate::client::RestStore;
use crate::page::{at, gather};
use crate::read;

/// The prefix of ids.
const PREFIX: &str = "rq-";
/// The largest page.
const MOST: u32 = 50_000;

fn queue(wire: review_queue::ReviewQueue) -> Result<ReviewQueue> {
    Ok(ReviewQueue {
        id: wire.queue_id.unwrap_or_default(),
        experiment_id: read::experiment_id(wire.experiment_id)?,
        name: wire.name.unwrap_or_default(),
        kind: match wire.queue_type {
            Some(review_queue::ReviewQueueType::User) => ReviewQueueType::User,
            _ => ReviewQueueType::Custom,
        },
        created_by: wire.created_by,
        created_at: Millis(wire.creation_time_ms.unwrap_or_default()),
        updated_at: Millis(wire.last_update_time_ms.unwrap_or_default()),
        users: wire.users,
        schema_ids: wire.schema_ids,
    })
}

fn answered(answer: ReviewQueueResponse) -> Result<ReviewQueue> {
    queue(read::need(answer.review_queue, "review queue")?)
}

fn item(wire: review_queue::ReviewQueueItem) -> ReviewItem {
    let status = wire.status.and_then(review_queue::ReviewStatus::said);
    ReviewItem {
        queue_id: wire.queue_id.unwrap_or_default(),
        item_id: wire.item_id.unwrap_or_default(),
        status: status.unwrap_or(ReviewStatus::Pending),
        completed_by: wire.completed_by,
        completed_at: wire.completed_time_ms.map(Millis),
        created_at: Millis(wire.creation_time_ms.unwrap_or_default()),
        updated_at: Millis(wire.last_update_time_ms.unwrap_or_default()),
    }
}

fn items(wire: Vec<review_queue::ReviewQueueItem>) -> Vec<ReviewItem> {
    wire.into_iter().map(item).collect()
}

fn named(id: &str) -> OneReviewQueue {
    OneReviewQueue { queue_id: Some(id.to_owned()) }
}

fn change_of(queue: &str, item_ids: Vec<String>) -> ChangeReviewItems {
    let (queue_id, item_type) = (Some(queue.to_owned()), Some(ReviewItemType::Trace));
    ChangeReviewItems { queue_id, item_type, item_ids }
}

#[async_trait]
impl ReviewQueueStore for RestStore {
    async fn create_review_queue(&self, new: ReviewQueue) -> Result<ReviewQueue> {
        let request = CreateReviewQueue {
            experiment_id: Some(new.experiment_id.to_string()),
            name: Some(new.name),
            queue_type: Some(new.kind.into()),
            users: new.users,
            schema_ids: new.schema_ids,
        };
        let call = V3.post("review-queues/create", &request)?.at(new.created_at);
        answered(self.send(Ok(call.id_behind(PREFIX, &new.id))).await?)
    }

    async fn find_review_queue(&self, id: &str) -> Result<Option<ReviewQueue>> {
        self.find(V3.get("review-queues/get", &named(id))).await?.map(answered).transpose()
    }

    async fn find_review_queue_by_name(
        &self,
        experiment: ExperimentId,
        name: &str,
    ) -> Result<Option<ReviewQueue>> {
        let (experiment_id, wanted) = (Some(experiment.to_string()), Some(name.to_owned()));
        let request = GetReviewQueueByName { experiment_id, name: wanted };
        let call = V3.get("review-queues/get-by-name", &request);
        let found = self.find_unless(&no_such_name(experiment, name), call).await?;
        found.map(answered).transpose()
    }

    async fn list_review_queues(&self, list: ReviewQueueList) -> Result<Page<ReviewQueue>> {
        let request = ListReviewQueues {
            experiment_id: Some(list.experiment.to_string()),
            user: list.user,
            item_id: list.item,
            ..ListReviewQueues::default()
        };
        let fetch = async |limit, offset| {
            let (max_results, page_token) = (Some(limit), at(offset));
            let request = ListReviewQueues { max_results, page_token, ..request.clone() };
            let call = V3.get("review-queues/list", &request);
            let page: ListReviewQueuesResponse = self.send(call).await?;
            let found: Result<Vec<_>> = page.review_queues.into_iter().map(queue).collect();
            Ok((found?, page.next_page_token))
        };
        gather(list.page, MOST, fetch).await
    }

    async fn update_review_queue(
        &self,
        id: &str,
        change: ReviewQueueChange,
        now: Millis,
    ) -> Result<ReviewQueue> {
        let request = UpdateReviewQueue {
            queue_id: Some(id.to_owned()),
            update_users: Some(change.users.is_some()),
            users: change.users.unwrap_or_default(),
            update_schema_ids: Some(change.schema_ids.is_some()),
            schema_ids: change.schema_ids.unwrap_or_default(),
            name: change.name,
            new_owner: change.owner,
        };
        let call = V3.post("review-queues/update", &request)?.at(now);
        answered(self.send(Ok(call)).await?)
    }

    async fn delete_review_queue(&self, id: &str) -> Result<()> {
        self.send::<Empty>(V3.post("review-queues/delete", &named(id))).await.map(drop)
    }

    async fn add_review_items(
        &self,
        queue: &str,
        item_ids: Vec<String>,
        now: Millis,
    ) -> Result<Vec<ReviewItem>> {
        let call = V3.post("review-queues/items/add", &change_of(queue, item_ids))?.at(now);
        let answer: ReviewItemsResponse = self.send(Ok(call)).await?;
        Ok(items(answer.items))
    }

    async fn remove_review_items(&self, queue: &str, item_ids: Vec<String>) -> Result<()> {
        let call = V3.post("review-queues/items/remove", &change_of(queue, item_ids));
        self.send::<Empty>(call).await.map(drop)
    }

    async fn list_review_items(
        &self,
        queue: &str,
        status: Option<ReviewStatus>,
        page: PageRequest,
    ) -> Result<Page<ReviewItem>> {
        let fetch = async |limit, offset| {
            let request = ListReviewItems {
                queue_id: Some(queue.to_owned()),
                status: status.map(Into::into),
                max_results: Some(limit),
                page_token: at(offset),
            };
            let page: ReviewItemsResponse =
                self.send(V3.get("review-queues/items/list", &request)).await?;
            Ok((items(page.items), page.next_page_token))
        };
        gather(page, MOST, fetch).await
    }

    async fn set_review_item_status(
        &self,
        queue: &str,
        item_id: &str,
        status: ReviewStatus,
        by: Option<String>,
        now: Millis,
    ) -> Result<ReviewItem> {
        let request = SetReviewItemStatus {
            queue_id: Some(queue.to_owned()),
            item_id: Some(item_id.to_owned()),
            status: Some(status.into()),
            completed_by: by,
        };
        let call = V3.post("review-queues/items/set-status", &request)?.at(now);
        let answer: ReviewItemResponse = self.send(Ok(call)).await?;
        Ok(item(read::need(answer.item, "item")?))
    }
}
