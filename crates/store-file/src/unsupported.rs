//! What MLflow's file store has no place for. Calls are refused as MLflow does where it has an answer;
//! where it fails with a bare 500, with the same code.

use async_trait::async_trait;
use oxflow_model::{
    Association, DatasetTag, Error, ErrorCode, EvaluationDataset, EvaluationDatasetId,
    ExperimentId, Issue, IssueChange, LabelSchema, LabelSchemaChange, Millis, NewEvaluationDataset,
    NewScorerVersion, NewWebhook, OnlineScoringConfig, Page, PageRequest, RecordChange,
    RecordCounts, RecordCursor, RecordPage, Result, ReviewItem, ReviewQueue, ReviewQueueChange,
    ReviewStatus, ScorerVersion, SealedSecret, Webhook, WebhookChange, WebhookId,
};
use oxflow_store::{
    ChangeStore, Claim, Delivery, EvaluationDatasetSearch, EvaluationDatasetStore, IssueSearch,
    IssueStore, LabelSchemaStore, ReviewQueueList, ReviewQueueStore, SavedViewStore, ScorerStore,
    WebhookStore, WorkspaceStore,
};

use crate::store::FileStore;

fn refuse<T>(call: &str) -> Result<T> {
    Err(Error::new(
        ErrorCode::FeatureDisabled,
        format!(
            "{call} is not supported with FileStore. This feature requires a SQL-based tracking \
             backend (e.g., SQLite, PostgreSQL, MySQL). Please configure the server with a SQL \
             backend using --backend-store-uri."
        ),
    ))
}

fn refuse_issues<T>() -> Result<T> {
    Err(Error::new(
        ErrorCode::NotImplemented,
        "Issues are not supported with FileStore. They require a SQL-based tracking backend.",
    ))
}

impl SavedViewStore for FileStore {}

impl ChangeStore for FileStore {}

impl WorkspaceStore for FileStore {}

#[async_trait]
impl EvaluationDatasetStore for FileStore {
    async fn create_evaluation_dataset(
        &self,
        _: NewEvaluationDataset,
        _: Millis,
    ) -> Result<EvaluationDataset> {
        refuse("create_dataset")
    }

    async fn find_evaluation_dataset(
        &self,
        _: &EvaluationDatasetId,
    ) -> Result<Option<EvaluationDataset>> {
        refuse("get_dataset")
    }

    async fn delete_evaluation_dataset(&self, _: &EvaluationDatasetId) -> Result<()> {
        refuse("delete_dataset")
    }

    async fn search_evaluation_datasets(
        &self,
        _: EvaluationDatasetSearch,
    ) -> Result<Page<EvaluationDataset>> {
        refuse("search_datasets")
    }

    async fn set_evaluation_dataset_tags(
        &self,
        _: &EvaluationDatasetId,
        _: Vec<DatasetTag>,
    ) -> Result<()> {
        refuse("set_dataset_tags")
    }

    async fn delete_evaluation_dataset_tag(&self, _: &EvaluationDatasetId, _: &str) -> Result<()> {
        refuse("delete_dataset_tag")
    }

    async fn upsert_dataset_records(
        &self,
        _: &EvaluationDatasetId,
        _: Vec<RecordChange>,
        _: Millis,
    ) -> Result<RecordCounts> {
        refuse("upsert_dataset_records")
    }

    async fn dataset_records(
        &self,
        _: &EvaluationDatasetId,
        _: RecordCursor,
        _: u64,
    ) -> Result<RecordPage> {
        refuse("get_dataset_records")
    }

    async fn delete_dataset_records(&self, _: &EvaluationDatasetId, _: Vec<String>) -> Result<u64> {
        refuse("delete_dataset_records")
    }

    async fn experiments_of_dataset(&self, _: &EvaluationDatasetId) -> Result<Vec<String>> {
        refuse("get_dataset_experiment_ids")
    }

    async fn add_dataset_to_experiments(
        &self,
        _: &EvaluationDatasetId,
        _: Vec<Association>,
        _: Millis,
    ) -> Result<EvaluationDataset> {
        refuse("add_dataset_to_experiments")
    }

    async fn remove_dataset_from_experiments(
        &self,
        _: &EvaluationDatasetId,
        _: Vec<String>,
        _: Millis,
    ) -> Result<EvaluationDataset> {
        refuse("remove_dataset_from_experiments")
    }
}

#[async_trait]
impl ScorerStore for FileStore {
    async fn register_scorer(&self, _: NewScorerVersion, _: Millis) -> Result<ScorerVersion> {
        refuse("register_scorer")
    }

    async fn scorers_of_experiment(&self, _: ExperimentId) -> Result<Vec<ScorerVersion>> {
        refuse("list_scorers")
    }

    async fn list_scorers(&self, _: Option<Vec<ExperimentId>>) -> Result<Vec<ScorerVersion>> {
        refuse("list_scorers")
    }

    async fn scorer_versions(&self, _: ExperimentId, _: &str) -> Result<Vec<ScorerVersion>> {
        refuse("list_scorer_versions")
    }

    async fn get_scorer(&self, _: ExperimentId, _: &str, _: Option<i32>) -> Result<ScorerVersion> {
        refuse("get_scorer")
    }

    async fn delete_scorer(&self, _: ExperimentId, _: &str, _: Option<i32>) -> Result<()> {
        refuse("delete_scorer")
    }

    async fn online_scoring_configs(&self, _: Vec<String>) -> Result<Vec<OnlineScoringConfig>> {
        refuse("get_online_scoring_configs")
    }
}

#[async_trait]
impl LabelSchemaStore for FileStore {
    async fn create_label_schema(&self, _: LabelSchema) -> Result<LabelSchema> {
        refuse("create_label_schema")
    }

    async fn find_label_schema(&self, _: &str) -> Result<Option<LabelSchema>> {
        refuse("get_label_schema")
    }

    async fn find_label_schema_by_name(
        &self,
        _: ExperimentId,
        _: &str,
    ) -> Result<Option<LabelSchema>> {
        refuse("get_label_schema")
    }

    async fn list_label_schemas(
        &self,
        _: ExperimentId,
        _: LabelSchema,
        _: PageRequest,
    ) -> Result<Page<LabelSchema>> {
        refuse("list_label_schemas")
    }

    async fn update_label_schema(
        &self,
        _: &str,
        _: LabelSchemaChange,
        _: Millis,
    ) -> Result<LabelSchema> {
        refuse("update_label_schema")
    }

    async fn delete_label_schema(&self, _: &str) -> Result<()> {
        refuse("delete_label_schema")
    }
}

#[async_trait]
impl IssueStore for FileStore {
    async fn create_issue(&self, _: Issue) -> Result<Issue> {
        refuse_issues()
    }

    async fn find_issue(&self, _: &str) -> Result<Option<Issue>> {
        refuse_issues()
    }

    async fn update_issue(&self, _: &str, _: IssueChange, _: Millis) -> Result<Issue> {
        refuse_issues()
    }

    async fn search_issues(&self, _: IssueSearch) -> Result<Page<Issue>> {
        refuse_issues()
    }
}

#[async_trait]
impl ReviewQueueStore for FileStore {
    async fn create_review_queue(&self, _: ReviewQueue) -> Result<ReviewQueue> {
        refuse("create_review_queue")
    }

    async fn find_review_queue(&self, _: &str) -> Result<Option<ReviewQueue>> {
        refuse("get_review_queue")
    }

    async fn find_review_queue_by_name(
        &self,
        _: ExperimentId,
        _: &str,
    ) -> Result<Option<ReviewQueue>> {
        refuse("get_review_queue")
    }

    async fn list_review_queues(&self, _: ReviewQueueList) -> Result<Page<ReviewQueue>> {
        refuse("list_review_queues")
    }

    async fn update_review_queue(
        &self,
        _: &str,
        _: ReviewQueueChange,
        _: Millis,
    ) -> Result<ReviewQueue> {
        refuse("update_review_queue")
    }

    async fn delete_review_queue(&self, _: &str) -> Result<()> {
        refuse("delete_review_queue")
    }

    async fn add_review_items(
        &self,
        _: &str,
        _: Vec<String>,
        _: Millis,
    ) -> Result<Vec<ReviewItem>> {
        refuse("add_review_items")
    }

    async fn remove_review_items(&self, _: &str, _: Vec<String>) -> Result<()> {
        refuse("remove_review_items")
    }

    async fn list_review_items(
        &self,
        _: &str,
        _: Option<ReviewStatus>,
        _: PageRequest,
    ) -> Result<Page<ReviewItem>> {
        refuse("list_review_items")
    }

    async fn set_review_item_status(
        &self,
        _: &str,
        _: &str,
        _: ReviewStatus,
        _: Option<String>,
        _: Millis,
    ) -> Result<ReviewItem> {
        refuse("set_review_item_status")
    }
}

#[async_trait]
impl WebhookStore for FileStore {
    async fn create_webhook(&self, _: WebhookId, _: NewWebhook, _: Millis) -> Result<Webhook> {
        refuse("create_webhook")
    }

    async fn find_webhook(&self, _: &WebhookId) -> Result<Option<Webhook>> {
        refuse("get_webhook")
    }

    async fn webhook_secret(&self, _: &WebhookId) -> Result<Option<SealedSecret>> {
        refuse("get_webhook")
    }

    async fn list_webhooks(&self, _: PageRequest) -> Result<Page<Webhook>> {
        refuse("list_webhooks")
    }

    async fn update_webhook(&self, _: &WebhookId, _: WebhookChange, _: Millis) -> Result<Webhook> {
        refuse("update_webhook")
    }

    async fn delete_webhook(&self, _: &WebhookId, _: Millis) -> Result<()> {
        refuse("delete_webhook")
    }

    async fn deliveries_queued(&self) {
        std::future::pending::<()>().await;
    }

    async fn next_delivery(&self, _: &[WebhookId]) -> Result<Option<Millis>> {
        Ok(None)
    }

    async fn claim_deliveries(&self, _: Claim) -> Result<Vec<Delivery>> {
        Ok(Vec::new())
    }

    async fn trim_deliveries(&self, _: u64) -> Result<u64> {
        Ok(0)
    }

    async fn settle_delivery(&self, _: &Delivery) -> Result<()> {
        Ok(())
    }

    async fn defer_delivery(&self, _: &Delivery, _: Millis) -> Result<()> {
        Ok(())
    }
}
