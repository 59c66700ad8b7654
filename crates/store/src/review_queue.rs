//! Review queues.

use async_trait::async_trait;
use oxflow_model::{
    ExperimentId, Millis, Page, PageRequest, Result, ReviewItem, ReviewQueue, ReviewQueueChange,
    ReviewStatus,
};

/// Which queues a list shows.
#[derive(Clone, Debug)]
pub struct ReviewQueueList {
    /// Those of this experiment.
    pub experiment: ExperimentId,
    /// Those that this user reviews.
    pub user: Option<String>,
    /// Those that hold this item.
    pub item: Option<String>,
    /// Which part.
    pub page: PageRequest,
}

/// Keeps review queues and their items. A missing queue is `RESOURCE_DOES_NOT_EXIST`, but for a
/// lookup and for deletion.
#[async_trait]
pub trait ReviewQueueStore: Send + Sync {
    /// Creates a queue in an active experiment; fails with `RESOURCE_ALREADY_EXISTS` when the name
    /// is taken in any case of letters.
    async fn create_review_queue(&self, new: ReviewQueue) -> Result<ReviewQueue>;

    /// The queue with this id.
    async fn find_review_queue(&self, id: &str) -> Result<Option<ReviewQueue>>;

    /// The queue with this name, in any case of letters, in an active experiment.
    async fn find_review_queue_by_name(
        &self,
        experiment: ExperimentId,
        name: &str,
    ) -> Result<Option<ReviewQueue>>;

    /// Queues of an active experiment, the newest first.
    async fn list_review_queues(&self, list: ReviewQueueList) -> Result<Page<ReviewQueue>>;

    /// Changes a custom queue. Its questions are fixed while it holds items.
    async fn update_review_queue(
        &self,
        id: &str,
        change: ReviewQueueChange,
        now: Millis,
    ) -> Result<ReviewQueue>;

    /// Deletes a queue with its items; one that is not there is fine.
    async fn delete_review_queue(&self, id: &str) -> Result<()>;

    /// Adds traces of the queue's experiment; those that are there already stay as they are.
    async fn add_review_items(
        &self,
        queue: &str,
        items: Vec<String>,
        now: Millis,
    ) -> Result<Vec<ReviewItem>>;

    /// Takes items out; those that are not there are fine.
    async fn remove_review_items(&self, queue: &str, items: Vec<String>) -> Result<()>;

    /// Items of a queue, the newest first.
    async fn list_review_items(
        &self,
        queue: &str,
        status: Option<ReviewStatus>,
        page: PageRequest,
    ) -> Result<Page<ReviewItem>>;

    /// Says where the review of an item stands. The same again changes nothing.
    async fn set_review_item_status(
        &self,
        queue: &str,
        item: &str,
        status: ReviewStatus,
        by: Option<String>,
        now: Millis,
    ) -> Result<ReviewItem>;
}
